locals {
  archive_bucket = var.archive_copy
}

resource "aws_secretsmanager_secret" "this" {
  lifecycle {
    ignore_changes = all
  }
}

# A budget belongs to the account and to no region.
resource "aws_budgets_budget" "this" {
  name = "bbws-${var.environment}-recovery"
}
