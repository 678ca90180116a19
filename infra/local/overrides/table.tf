# ministack 1.5.33 does not tell for how many days it could restore.
resource "aws_dynamodb_table" "this" {
  lifecycle {
    ignore_changes = [point_in_time_recovery]
  }
}
