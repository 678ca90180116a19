# A role belongs to no region, and the first region's is still there.
resource "aws_iam_role" "logs" {
  name = "bbws-api-logs-${var.environment}-recovery"
}
