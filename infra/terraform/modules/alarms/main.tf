# Both sets of alarms of the specification: products §11 and operations §3. An alarm's name ends with its signal, and
# its description leads to the signal's section of the runbook.

locals {
  env = var.environment

  # Longer work is judged by its own limit: a checkpoint of a million products may take minutes.
  slow_ms = { for name, function in var.functions : name => function.timeout <= 60 ? 25000 : floor(function.timeout * 800) }

  of_functions = merge([for name, function in var.functions : {
    "${name}-errors" = {
      signal     = "errors", topic = "functions", says = "More than 5 errors within 5 minutes.", namespace = "AWS/Lambda", metric = "Errors"
      dimensions = { FunctionName = "bbws-${name}-${local.env}" }, statistic = "Sum", period = 300, evaluations = 1, threshold = 5
    }
    "${name}-duration" = {
      signal     = "duration", topic = "functions", says = "On average longer than ${local.slow_ms[name]} ms, for 2 minutes.", namespace = "AWS/Lambda", metric = "Duration"
      dimensions = { FunctionName = "bbws-${name}-${local.env}" }, statistic = "Average", period = 60, evaluations = 2, threshold = local.slow_ms[name]
    }
    "${name}-throttles" = {
      signal     = "throttles", topic = "functions", says = "More than 5 calls throttled within 5 minutes.", namespace = "AWS/Lambda", metric = "Throttles"
      dimensions = { FunctionName = "bbws-${name}-${local.env}" }, statistic = "Sum", period = 300, evaluations = 1, threshold = 5
    }
  }]...)

  # What a caller waits for. A worker's batch and a daily run take as long as they have to do.
  of_api_functions = { for name, function in var.functions : "${name}-duration-p95" => {
    signal     = "duration-p95", topic = "alerts", says = "One call in twenty takes longer than 300 ms.", namespace = "AWS/Lambda", metric = "Duration"
    dimensions = { FunctionName = "bbws-${name}-${local.env}" }, statistic = "p95", period = 300, evaluations = 1, threshold = 300
  } if function.kind == "api" }

  of_api = {
    "api-5xx" = {
      signal     = "5xx", topic = "functions", says = "More than 10 answers of 5xx within 5 minutes.", namespace = "AWS/ApiGateway", metric = "5XXError"
      dimensions = { ApiName = var.api, Stage = var.stage }, statistic = "Sum", period = 300, evaluations = 1, threshold = 10
    }
    "api-5xx-rate" = {
      # The average of this metric is the share of the calls.
      signal     = "5xx-rate", topic = "alerts", says = "More than 1 % of the answers are 5xx.", namespace = "AWS/ApiGateway", metric = "5XXError"
      dimensions = { ApiName = var.api, Stage = var.stage }, statistic = "Average", period = 300, evaluations = 1, threshold = 0.01
    }
    "api-latency" = {
      signal     = "latency", topic = "functions", says = "On average slower than 5 s, for 2 minutes.", namespace = "AWS/ApiGateway", metric = "Latency"
      dimensions = { ApiName = var.api, Stage = var.stage }, statistic = "Average", period = 60, evaluations = 2, threshold = 5000
    }
  }

  # Specification: tenants §9. Which call it was the gateway counts, since its functions answer faults themselves.
  of_parking = { for verb in ["park", "unpark"] : "tenant-${verb}-failures" => {
    signal     = "failures", topic = "alerts", says = "More than 3 calls to ${verb} a tenant failed within 5 minutes.", namespace = "AWS/ApiGateway", metric = "5XXError"
    dimensions = { ApiName = var.api, Stage = var.stage, Method = "POST", Resource = "/v1.0/tenants/{tenantId}/lifecycle/${verb}" }, statistic = "Sum", period = 300, evaluations = 1, threshold = 3
  } }

  of_dead_letters = { for queue in concat(var.queues, var.dead_letters_alone) : "${queue}-dlq" => {
    signal     = "dlq", topic = "alerts", says = "A message was given up and is parked.", namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible"
    dimensions = { QueueName = "bbws-${queue}-dlq-${local.env}" }, statistic = "Maximum", period = 60, evaluations = 1, threshold = 0
  } }

  of_queues = { for queue in var.queues : "${queue}-age" => {
    signal     = "age", topic = "alerts", says = "The oldest message waits for more than 5 minutes.", namespace = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage"
    dimensions = { QueueName = "bbws-${queue}-${local.env}" }, statistic = "Maximum", period = 60, evaluations = 1, threshold = 300
  } }

  of_feed = { for name, function in var.functions : "${name}-feed-lag" => {
    signal     = "feed-lag", topic = "alerts", says = "Changes are announced more than 5 minutes late.", namespace = "AWS/Lambda", metric = "IteratorAge"
    dimensions = { FunctionName = "bbws-${name}-${local.env}" }, statistic = "Maximum", period = 60, evaluations = 1, threshold = 300000
  } if function.kind == "feed" }

  simple = merge(local.of_functions, local.of_api_functions, local.of_api, local.of_parking, local.of_dead_letters, local.of_queues, local.of_feed)

  percentile = { for name, alarm in local.simple : name => startswith(alarm.statistic, "p") }

  # A call is counted as throttled whether its table or one of its indexes was short, so what the engine calls is counted
  # beside the table's own events: eight metrics, of the ten that an alarm may have.
  table_calls = ["GetItem", "Query", "PutItem", "DeleteItem", "TransactGetItems", "TransactWriteItems"]

  indexes = merge([for store, table in var.tables : { for index in table.indexes : "${store}-${index}" => { table = table.name, index = index } }]...)
}

resource "aws_cloudwatch_metric_alarm" "simple" {
  for_each = local.simple

  alarm_name        = "bbws-${each.key}-${local.env}"
  alarm_description = "${each.value.says} What to do: ${var.runbook}#${each.value.signal}"

  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = local.percentile[each.key] ? null : each.value.statistic
  extended_statistic  = local.percentile[each.key] ? each.value.statistic : null
  period              = each.value.period
  evaluation_periods  = each.value.evaluations
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"

  # A handful of calls has no meaningful percentile.
  evaluate_low_sample_count_percentiles = local.percentile[each.key] ? "ignore" : null

  alarm_actions = [aws_sns_topic.this[each.value.topic].arn]
  ok_actions    = [aws_sns_topic.this[each.value.topic].arn]
}

resource "aws_cloudwatch_metric_alarm" "error_rate" {
  for_each = var.functions

  alarm_name        = "bbws-${each.key}-error-rate-${local.env}"
  alarm_description = "More than 5 % of the calls within 5 minutes fail. What to do: ${var.runbook}#error-rate"

  evaluation_periods  = 1
  threshold           = 5
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "rate"
    label       = "errors in 100 calls"
    expression  = "100 * errors / calls"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "Errors", calls = "Invocations" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/Lambda"
        metric_name = metric_query.value
        dimensions  = { FunctionName = "bbws-${each.key}-${local.env}" }
        stat        = "Sum"
        period      = 300
      }
    }
  }

  alarm_actions = [aws_sns_topic.this["alerts"].arn]
  ok_actions    = [aws_sns_topic.this["alerts"].arn]
}

resource "aws_cloudwatch_metric_alarm" "throttled" {
  for_each = var.tables

  alarm_name        = "bbws-${each.key}-throttled-${local.env}"
  alarm_description = "The table refused calls for want of capacity. What to do: ${var.runbook}#throttled"

  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "throttled"
    label       = "throttled"
    expression  = "SUM(METRICS())"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = ["ReadThrottleEvents", "WriteThrottleEvents"]

    content {
      id = lower(metric_query.value)

      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = metric_query.value
        dimensions  = { TableName = each.value.name }
        stat        = "Sum"
        period      = 60
      }
    }
  }

  dynamic "metric_query" {
    for_each = local.table_calls

    content {
      id = lower(metric_query.value)

      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = "ThrottledRequests"
        dimensions  = { TableName = each.value.name, Operation = metric_query.value }
        stat        = "Sum"
        period      = 60
      }
    }
  }

  alarm_actions = [aws_sns_topic.this["alerts"].arn]
  ok_actions    = [aws_sns_topic.this["alerts"].arn]
}

# A table's events leave its indexes out: theirs are told by table and index together, and by no call that is answered
# before the index is written.
resource "aws_cloudwatch_metric_alarm" "throttled_index" {
  for_each = local.indexes

  alarm_name        = "bbws-${each.key}-throttled-${local.env}"
  alarm_description = "The index holds up its table's calls for want of capacity. What to do: ${var.runbook}#throttled"

  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "throttled"
    label       = "throttled"
    expression  = "SUM(METRICS())"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = ["ReadThrottleEvents", "WriteThrottleEvents"]

    content {
      id = lower(metric_query.value)

      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = metric_query.value
        dimensions  = { TableName = each.value.table, GlobalSecondaryIndexName = each.value.index }
        stat        = "Sum"
        period      = 60
      }
    }
  }

  alarm_actions = [aws_sns_topic.this["alerts"].arn]
  ok_actions    = [aws_sns_topic.this["alerts"].arn]
}
