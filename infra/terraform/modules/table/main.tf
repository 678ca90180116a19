# One service's table. On demand, so that it costs nothing idle and needs no capacity planned.

locals {
  keys     = concat(["PK", "SK"], flatten([for index in var.indexes : ["${index}PK", "${index}SK"]]))
  replicas = var.recovery_region == null ? [] : [var.recovery_region]
  stream   = var.stream || length(local.replicas) > 0
}

resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_119:encrypted with the key that AWS manages for the account; an own key adds its price and no reader that the roles do not already keep out
  name                        = "${var.store}-${var.environment}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "PK"
  range_key                   = "SK"
  deletion_protection_enabled = var.deletion_protection

  stream_enabled = local.stream
  # A global table replicates from its stream and demands both images; the feed reads the new one of either.
  stream_view_type = !local.stream ? null : length(local.replicas) > 0 ? "NEW_AND_OLD_IMAGES" : "NEW_IMAGE"

  dynamic "attribute" {
    for_each = toset(local.keys)

    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = toset(var.indexes)

    content {
      name            = global_secondary_index.value
      hash_key        = "${global_secondary_index.value}PK"
      range_key       = "${global_secondary_index.value}SK"
      projection_type = "ALL"
    }
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  point_in_time_recovery {
    enabled                 = true
    recovery_period_in_days = 35
  }

  server_side_encryption {
    enabled = true
  }

  dynamic "replica" {
    for_each = toset(local.replicas)

    content {
      region_name            = replica.value
      point_in_time_recovery = true
      propagate_tags         = true
    }
  }

  tags = { BackupPolicy = var.backup_policy }
}
