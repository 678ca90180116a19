# Tables that the functions use in place of their own, after a restore into a new table (var.table_overrides). What is
# restored has no stream and no time to live until somebody puts them on, and Terraform does not own it.

data "aws_dynamodb_table" "restored" {
  for_each = var.table_overrides

  name = each.value

  lifecycle {
    postcondition {
      condition     = !contains(local.streamed, each.key) || (self.stream_enabled && contains(["NEW_IMAGE", "NEW_AND_OLD_IMAGES"], self.stream_view_type))
      error_message = "Table ${each.value} has no stream with new images, so its changes would be announced to nobody. Run: aws dynamodb update-table --region ${var.region} --table-name ${each.value} --stream-specification StreamEnabled=true,StreamViewType=NEW_IMAGE."
    }
    postcondition {
      condition     = anytrue([for ttl in self.ttl : ttl.enabled && ttl.attribute_name == "ttl"])
      error_message = "Table ${each.value} would keep for ever what is due to expire. Run: aws dynamodb update-time-to-live --region ${var.region} --table-name ${each.value} --time-to-live-specification Enabled=true,AttributeName=ttl."
    }
  }
}

locals {
  # Store → the table that the functions use.
  tables = { for store, table in module.table : store => try(data.aws_dynamodb_table.restored[store].name, table.name) }
}
