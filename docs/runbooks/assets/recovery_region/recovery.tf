# What global tables, replication and replicas have made here already is taken over as it is.

variable "archive_copy" {
  type        = string
  description = "The archive's second bucket, which becomes the archive."

  validation {
    condition     = endswith(var.archive_copy, "-recovery")
    error_message = "The copy's name ends with -recovery."
  }
}

data "aws_secretsmanager_secret" "copy" {
  for_each = local.secrets
  name     = each.value
}

import {
  for_each = local.manifest.stores
  to       = module.table[each.key].aws_dynamodb_table.this
  id       = "${each.key}-${var.environment}"
}

import {
  to = module.archive.aws_s3_bucket.this
  id = var.archive_copy
}

import {
  for_each = local.secrets
  to       = aws_secretsmanager_secret.this[each.key]
  id       = data.aws_secretsmanager_secret.copy[each.key].arn
}
