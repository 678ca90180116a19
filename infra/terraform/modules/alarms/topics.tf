# Two topics, since the specification has two sets of alarms (products §11): who listens to the first wants counts, who
# listens to the second wants rates and dead letters.

data "aws_caller_identity" "this" {}

locals {
  topics = {
    functions = "bbws-product-lambda-alarms-${var.environment}"
    alerts    = "bbws-product-alerts-${var.environment}"
  }
}

resource "aws_sns_topic" "this" {
  #checkov:skip=CKV_AWS_26:what is sent is an alarm's name and state; CloudWatch cannot publish to a topic with the key that AWS manages, and an own key would have to be paid and guarded for it
  for_each = local.topics

  name = each.value
}

resource "aws_sns_topic_policy" "this" {
  for_each = local.topics

  arn = aws_sns_topic.this[each.key].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsAndBudgetsOfThisAccount"
      Effect    = "Allow"
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.this[each.key].arn
      Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  count = var.email == null ? 0 : 1

  topic_arn = aws_sns_topic.this["alerts"].arn
  protocol  = "email"
  endpoint  = var.email
}
