# Secrets without values, and the month's budget. The record of deployments is there before: infra/pipeline/prepare.py.

locals {
  # What the manifest calls it → its name. `bbws aws setup` puts a value in where there is none: none is ever in state.
  secrets = {
    cursor-key             = "bbws/cursor-key-${var.environment}"
    email-key              = "bbws/email-key-${var.environment}"
    checkpoint-signing-key = "bbws/checkpoint-signing-key-${var.environment}"
    "product-api/key"      = "bbws/product-api/key-${var.environment}"
  }
}

resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV_AWS_149:encrypted with the key that AWS manages for secrets; an own key adds its price and no reader that the roles do not already keep out
  #checkov:skip=CKV2_AWS_57:a new cursor key ends every open list and a new signing key starts a new chain of trust: both are changed by hand, by the runbook
  for_each = local.secrets

  name                    = each.value
  description             = "Filled by bbws aws setup."
  recovery_window_in_days = var.deletion_protection ? 30 : 0

  dynamic "replica" {
    for_each = toset(var.recovery_region == null ? [] : [var.recovery_region])

    content {
      region = replica.value
    }
  }
}

resource "aws_budgets_budget" "this" {
  name         = "bbws-${var.environment}"
  budget_type  = "COST"
  limit_amount = tostring(var.budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    notification_type          = "ACTUAL"
    subscriber_sns_topic_arns  = [module.alarms.topics["alerts"]]
    subscriber_email_addresses = var.alert_email == null ? [] : [var.alert_email]
  }
}
