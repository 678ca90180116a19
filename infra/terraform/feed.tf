# From the tables' streams to the bus: only Change rows, at least once.

resource "aws_sqs_queue" "feed_dead_letters" {
  name                      = "bbws-feed-dlq-${var.environment}"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
}

locals {
  streamed = [for store, definition in local.manifest.stores : store if definition.stream]
  # The first table's stream is still read beside a restored one's: the release before writes there until it has no
  # traffic any more, and what it wrote last is announced too.
  streams = merge(
    { for store in local.streamed : store => module.table[store].stream_arn },
    { for store, table in data.aws_dynamodb_table.restored : "${store}-restored" => table.stream_arn if contains(local.streamed, store) },
  )
}

module "feed" {
  source = "./modules/function"

  name                 = local.feed.function
  environment          = var.environment
  handler              = "bbws.entrypoints.lambda_feed.handler"
  runs                 = local.feed.runs
  memory               = local.feed.memory
  timeout              = local.feed.timeout
  settings             = local.function_settings
  access               = jsonencode(local.access[local.feed.function])
  reserved_concurrency = local.reserved[local.feed.function]

  platform_access = jsonencode([
    {
      Effect   = "Allow"
      Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
      Resource = values(local.streams)
    },
    {
      # Streams can be listed of "*" alone.
      Effect   = "Allow"
      Action   = "dynamodb:ListStreams"
      Resource = "*"
    },
    {
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = aws_sqs_queue.feed_dead_letters.arn
    },
  ])
}

resource "aws_lambda_event_source_mapping" "feed" {
  for_each = local.streams

  event_source_arn = each.value
  function_name    = module.feed.alias_arn
  # From the oldest record that the stream still has: what was written before the mapping was made is announced too.
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = var.feed.batch
  maximum_batching_window_in_seconds = var.feed.window
  parallelization_factor             = var.feed.parallelization
  # Without end while the stream has the record: what is tried again is the bus that cannot be had, since a malformed
  # record is parked by the function itself.
  maximum_retry_attempts        = var.feed.retries
  maximum_record_age_in_seconds = var.feed.record_age
  # A record that the function cannot survive is isolated; those before it go on.
  bisect_batch_on_function_error = true
  function_response_types        = ["ReportBatchItemFailures"]

  filter_criteria {
    filter {
      pattern = jsonencode({ eventName = ["INSERT"], dynamodb = { NewImage = { kind = { S = ["change"] } } } })
    }
  }

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.feed_dead_letters.arn
    }
  }

  # Lambda refuses a mapping whose role may not read the stream yet.
  depends_on = [module.feed]
}
