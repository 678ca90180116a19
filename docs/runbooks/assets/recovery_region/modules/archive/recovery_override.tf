resource "aws_s3_bucket" "this" {
  lifecycle {
    ignore_changes = all
  }
}
