# Work that is due once a day.

module "daily" {
  source   = "./modules/function"
  for_each = local.daily

  name                 = each.key
  environment          = var.environment
  handler              = "bbws.entrypoints.lambda_worker.handler"
  runs                 = each.value.runs
  memory               = each.value.memory
  timeout              = each.value.timeout
  settings             = local.function_settings
  access               = jsonencode(local.access[each.key])
  reserved_concurrency = local.reserved[each.key]
}

# On the default bus, which alone has a clock.
resource "aws_cloudwatch_event_rule" "daily" {
  for_each = local.daily

  name                = "bbws-${each.key}-${var.environment}"
  description         = "Starts ${each.key}."
  schedule_expression = each.value.schedule
}

resource "aws_cloudwatch_event_target" "daily" {
  for_each = local.daily

  rule      = aws_cloudwatch_event_rule.daily[each.key].name
  target_id = each.key
  arn       = module.daily[each.key].alias_arn

  depends_on = [aws_lambda_permission.daily]
}

resource "aws_lambda_permission" "daily" {
  for_each = local.daily

  statement_id  = "clock"
  action        = "lambda:InvokeFunction"
  function_name = module.daily[each.key].name
  qualifier     = module.daily[each.key].alias
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.daily[each.key].arn
}
