# What modules refuse, and what they say to it.

mock_provider "aws" {}

run "a_path_deeper_than_the_blocks" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    environment        = "dev"
    cors_origins       = []
    log_retention_days = 7
    manage_account     = false
    throttle           = { read = { rate = 1, burst = 1 }, write = { rate = 1, burst = 1 } }
    endpoints          = {}
    resources          = { "/a" = { parent = "/", segment = "a", depth = 1, methods = [], allow = "" }, "/a/b" = { parent = "/a", segment = "b", depth = 9, methods = [], allow = "" } }
  }

  expect_failures = [var.resources]
}

run "big_batches_without_a_window" {
  command = plan

  module {
    source = "./modules/worker"
  }

  variables {
    environment       = "dev"
    queue             = "some"
    queues_arn        = "arn:aws:sqs:eu-west-1:account"
    rule_arn          = "arn:aws:events:eu-west-1:account:rule/some"
    visibility_factor = 6
    access            = "[]"
    consumer          = { function = "some", runs = "some:thing", visibility = 60, maxReceives = 3, batch = 11, window = 0, memory = 256, timeout = 60 }
    settings = {
      architecture       = "arm64"
      variables          = {}
      package            = { file = "some.zip", hash = "" }
      log_retention_days = 7
      snap_start         = false
      alias_moved_by     = "pipeline"
      alias_weights      = {}
    }
  }

  expect_failures = [aws_sqs_queue.this]
}

run "a_queue_hides_a_message_for_six_runs_and_a_window" {
  command = plan

  module {
    source = "./modules/worker"
  }

  variables {
    environment       = "dev"
    queue             = "some"
    queues_arn        = "arn:aws:sqs:eu-west-1:account"
    rule_arn          = "arn:aws:events:eu-west-1:account:rule/some"
    visibility_factor = 6
    access            = "[]"
    consumer          = { function = "some", runs = "some:thing", visibility = 60, maxReceives = 3, batch = 10, window = 5, memory = 256, timeout = 60 }
    settings = {
      architecture       = "arm64"
      variables          = {}
      package            = { file = "some.zip", hash = "" }
      log_retention_days = 7
      snap_start         = false
      alias_moved_by     = "pipeline"
      alias_weights      = {}
    }
  }

  assert {
    condition     = aws_sqs_queue.this.visibility_timeout_seconds == 365
    error_message = "AWS advises six times the function's timeout, and the batching window comes on top."
  }
}

run "a_global_table_streams_both_images" {
  command = plan

  module {
    source = "./modules/table"
  }

  variables {
    store               = "some"
    environment         = "prod"
    deletion_protection = true
    recovery_region     = "eu-west-1"
  }

  assert {
    condition     = aws_dynamodb_table.this.stream_view_type == "NEW_AND_OLD_IMAGES"
    error_message = "DynamoDB replicates from a stream with both images alone."
  }
}
