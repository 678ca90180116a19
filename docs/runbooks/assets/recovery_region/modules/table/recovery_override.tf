# A replica of a global table: to change it here would reach for the region that fails.
resource "aws_dynamodb_table" "this" {
  lifecycle {
    ignore_changes = all
  }
}
