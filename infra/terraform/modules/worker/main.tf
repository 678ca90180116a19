# One consumer: its queue, its dead letters, its function, and the role that may read this queue and no other.

locals {
  # SQS hands out more than 10 messages at once only to who waits for a second at least.
  window = var.batching_window == null ? var.consumer.window : max(var.batching_window, var.consumer.batch > 10 ? 1 : 0)
  # A message waits for its batch to fill while it is already hidden, so the window comes on top.
  visibility = max(var.consumer.visibility, var.visibility_factor * var.consumer.timeout + local.window)
}

# Who may send: the consumer's rule, and nobody without TLS. All of a queue is said in one call, since each change of a
# queue takes SQS up to a minute.
locals {
  queue_arn        = "${var.queues_arn}:bbws-${var.queue}-${var.environment}"
  dead_letters_arn = "${var.queues_arn}:bbws-${var.queue}-dlq-${var.environment}"

  policy = { for arn in [local.queue_arn, local.dead_letters_arn] : arn => jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "WhatTheConsumerWants"
        Effect    = "Allow"
        Action    = "sqs:SendMessage"
        Resource  = arn
        Principal = { Service = "events.amazonaws.com" }
        Condition = { ArnEquals = { "aws:SourceArn" = var.rule_arn } }
      },
      {
        Sid       = "TlsAlone"
        Effect    = "Deny"
        Action    = "sqs:*"
        Resource  = arn
        Principal = "*"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  }) }
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "bbws-${var.queue}-dlq-${var.environment}"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
  policy                    = local.policy[local.dead_letters_arn]

  redrive_allow_policy = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [local.queue_arn] })
}

resource "aws_sqs_queue" "this" {
  name                       = "bbws-${var.queue}-${var.environment}"
  message_retention_seconds  = 4 * 24 * 3600
  visibility_timeout_seconds = local.visibility
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true
  policy                     = local.policy[local.queue_arn]

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = var.consumer.maxReceives
  })

  lifecycle {
    precondition {
      condition     = local.visibility >= var.consumer.timeout
      error_message = "Queue ${var.queue} would hand a message out again after ${local.visibility} s while its function may still run for ${var.consumer.timeout} s: raise visibility in the reaction's policy or lower the function's timeout."
    }
    precondition {
      condition     = local.visibility <= 43200
      error_message = "SQS hides a message for 12 hours at most; ${local.visibility} s are asked for queue ${var.queue}: lower the function's timeout or visibility_factor."
    }
    precondition {
      condition     = var.consumer.batch <= 10 || local.window >= 1
      error_message = "SQS hands out more than 10 messages at once (${var.consumer.batch} for ${var.queue}) only with a batching window of 1 second or more."
    }
  }
}

module "function" {
  source = "../function"

  name                 = var.consumer.function
  environment          = var.environment
  handler              = "bbws.entrypoints.lambda_worker.handler"
  runs                 = var.consumer.runs
  memory               = var.consumer.memory
  timeout              = var.consumer.timeout
  settings             = var.settings
  reserved_concurrency = var.reserved_concurrency
  access               = var.access

  platform_access = jsonencode([{
    Effect = "Allow"
    # ChangeMessageVisibility: a failed message waits longer with every receive.
    Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ChangeMessageVisibility"]
    Resource = aws_sqs_queue.this.arn
  }])
}

resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn                   = aws_sqs_queue.this.arn
  function_name                      = module.function.alias_arn
  batch_size                         = var.consumer.batch
  maximum_batching_window_in_seconds = local.window
  function_response_types            = ["ReportBatchItemFailures"]

  # Lambda refuses a mapping whose role may not read the queue yet.
  depends_on = [module.function]
}
