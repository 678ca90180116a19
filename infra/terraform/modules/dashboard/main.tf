# What an operator looks at first, and the questions asked of the logs most often.

locals {
  api = ["ApiName", var.api, "Stage", var.stage]
  charts = [
    { title = "Calls", stat = "Sum", metrics = [concat(["AWS/ApiGateway", "Count"], local.api)] },
    { title = "Refused and failed", stat = "Sum", metrics = [for metric in ["4XXError", "5XXError"] : concat(["AWS/ApiGateway", metric], local.api)] },
    { title = "Latency p95, ms", stat = "p95", metrics = [for metric in ["Latency", "IntegrationLatency"] : concat(["AWS/ApiGateway", metric], local.api)] },
    { title = "Errors by function", stat = "Sum", metrics = [for name in var.functions : ["AWS/Lambda", "Errors", "FunctionName", name]] },
    { title = "Duration p95 by function, ms", stat = "p95", metrics = [for name in var.functions : ["AWS/Lambda", "Duration", "FunctionName", name]] },
    { title = "Throttles by function", stat = "Sum", metrics = [for name in var.functions : ["AWS/Lambda", "Throttles", "FunctionName", name]] },
    { title = "Messages waiting", stat = "Maximum", metrics = [for name in var.queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name]] },
    { title = "Oldest message, s", stat = "Maximum", metrics = [for name in var.queues : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", name]] },
    { title = "Feed behind, ms", stat = "Maximum", metrics = [["AWS/Lambda", "IteratorAge", "FunctionName", var.feed]] },
    { title = "Capacity used by table", stat = "Sum", metrics = concat([for name in var.tables : ["AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", name]], [for name in var.tables : ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", name]]) },
    { title = "Throttled by table", stat = "Sum", metrics = concat([for name in var.tables : ["AWS/DynamoDB", "ReadThrottleEvents", "TableName", name]], [for name in var.tables : ["AWS/DynamoDB", "WriteThrottleEvents", "TableName", name]]) },
    { title = "Functions at once", stat = "Maximum", metrics = [["AWS/Lambda", "ConcurrentExecutions"]] },
  ]

  queries = {
    errors             = { groups = var.log_groups.functions, text = "fields @timestamp, @log, @message | filter level = 'error' or @message like /Traceback|Task timed out/ | sort @timestamp desc | limit 100" }
    one-request        = { groups = var.log_groups.functions, text = "fields @timestamp, @log, @message | filter requestId = 'PASTE-THE-REQUEST-ID' or @requestId = 'PASTE-THE-REQUEST-ID' | sort @timestamp asc | limit 200" }
    slowest-calls      = { groups = var.log_groups.functions, text = "filter @type = 'REPORT' | stats count() as calls, avg(@duration) as average, pct(@duration, 95) as p95, max(@duration) as longest by @log | sort p95 desc" }
    cold-starts        = { groups = var.log_groups.functions, text = "filter @type = 'REPORT' and ispresent(@initDuration) | stats count() as starts, avg(@initDuration) as average, max(@initDuration) as longest by @log | sort starts desc" }
    memory             = { groups = var.log_groups.functions, text = "filter @type = 'REPORT' | stats max(@memorySize / 1000000) as given, max(@maxMemoryUsed / 1000000) as used by @log | sort used desc" }
    refused-by-gateway = { groups = [var.log_groups.access], text = "fields @timestamp, method, resource, status, error, requestId | filter ispresent(error) and error != '-' | stats count() as times by error, status, resource | sort times desc" }
    answers-by-status  = { groups = [var.log_groups.access], text = "stats count() as times, pct(latency, 95) as p95 by status, method, resource | sort times desc" }
    busiest-keys       = { groups = [var.log_groups.access], text = "filter gatewayKey != '-' | stats count() as calls by gatewayKey | sort calls desc | limit 20" }
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "bbws-${var.environment}"
  dashboard_body = jsonencode({
    widgets = [for number, chart in local.charts : {
      type   = "metric"
      x      = (number % 3) * 8
      y      = floor(number / 3) * 6
      width  = 8
      height = 6
      properties = {
        title   = chart.title
        region  = var.region
        stat    = chart.stat
        period  = 300
        metrics = chart.metrics
      }
    }]
  })
}

resource "aws_cloudwatch_query_definition" "this" {
  for_each = local.queries

  name = "bbws-${var.environment}/${each.key}"
  # CloudWatch asks 50 groups in one query at most.
  log_group_names = slice(sort(each.value.groups), 0, min(50, length(each.value.groups)))
  query_string    = each.value.text
}
