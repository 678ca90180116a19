# A role belongs to no region, and the first region's is still there.
resource "aws_iam_role" "this" {
  name = "${local.full_name}-recovery"
}
