# The event bus, and a rule for each consumer that puts what it wants into its queue.

resource "aws_cloudwatch_event_bus" "this" {
  name = "bbws-${var.environment}"
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = var.consumers

  name           = "bbws-${each.key}-${var.environment}"
  description    = "What ${each.key} wants to be told."
  event_bus_name = aws_cloudwatch_event_bus.this.name
  event_pattern = jsonencode(merge(
    { source = [{ prefix = "/bbws/" }] },
    { for events in [each.value.events] : "detail-type" => sort(events) if !contains(events, "*") },
  ))
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = var.consumers

  event_bus_name = aws_cloudwatch_event_bus.this.name
  rule           = aws_cloudwatch_event_rule.this[each.key].name
  target_id      = each.key
  arn            = each.value.queue_arn
  # The message is the event's detail, whatever carried it.
  input_path = "$.detail"

  dead_letter_config {
    arn = each.value.dead_letters_arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 24 * 3600
    maximum_retry_attempts       = 185
  }
}
