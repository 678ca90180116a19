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
    people             = "arn:aws:cognito-idp:eu-west-1:aws:userpool/some"
    throttle           = { read = { rate = 1, burst = 1 }, write = { rate = 1, burst = 1 }, unlimited = { rate = 1, burst = 1 } }
    endpoints          = {}
    resources          = { "/a" = { parent = "/", segment = "a", depth = 1, methods = [], allow = "" }, "/a/b" = { parent = "/a", segment = "b", depth = 13, methods = [], allow = "" } }
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

run "what_the_gateway_serves" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    environment        = "dev"
    cors_origins       = ["https://a.example.org", "https://b.example.org"]
    log_retention_days = 7
    manage_account     = false
    people             = "arn:aws:cognito-idp:eu-west-1:aws:userpool/some"
    throttle           = { read = { rate = 100, burst = 200 }, write = { rate = 50, burst = 100 }, unlimited = { rate = 2500, burst = 1250 } }
    endpoints = {
      getHealth   = { method = "GET", path = "/health", keyed = false, person = false, rate = "unlimited", function_name = "some", alias = "some", invoke_arn = "some" }
      listKeys    = { method = "GET", path = "/keys", keyed = true, person = false, rate = "read", function_name = "some", alias = "some", invoke_arn = "some" }
      openTheDoor = { method = "GET", path = "/doors", keyed = false, person = true, rate = "read", function_name = "some", alias = "some", invoke_arn = "some" }
    }
    resources = {
      "/health" = { parent = "/", segment = "health", depth = 1, methods = ["GET"], allow = "GET" }
      "/keys"   = { parent = "/", segment = "keys", depth = 1, methods = ["GET"], allow = "GET" }
      "/doors"  = { parent = "/", segment = "doors", depth = 1, methods = ["GET"], allow = "GET" }
    }
  }

  assert {
    condition     = strcontains(local.served, jsonencode(local.choose_origin))
    error_message = "Another origin in the place of one would not be deployed."
  }
  assert {
    condition     = aws_api_gateway_method_settings.other["getHealth"].settings[0].throttling_rate_limit == 2500
    error_message = "af-south-1 gives an account 2,500 calls a second."
  }
  assert {
    condition     = aws_cloudwatch_log_group.execution.retention_in_days == 7
    error_message = "What the gateway says of its failures would be kept for ever."
  }

  assert {
    condition = alltrue([for name in ["openTheDoor", "openTheDoor.HEAD"] :
      aws_api_gateway_method.endpoint[name].authorization == "COGNITO_USER_POOLS" &&
      aws_api_gateway_method.endpoint[name].authorization_scopes == toset(["aws.cognito.signin.user.admin"]) &&
      !aws_api_gateway_method.endpoint[name].api_key_required
    ])
    error_message = "What only a person may do takes an access token and no key, HEAD as GET."
  }
  assert {
    condition     = [for name in ["getHealth", "listKeys"] : aws_api_gateway_method.endpoint[name].authorization] == ["NONE", "NONE"]
    error_message = "A token is asked of people alone."
  }
  assert {
    condition     = [for name in ["getHealth", "listKeys"] : aws_api_gateway_method.endpoint[name].api_key_required] == [false, true]
    error_message = "A key is asked of whoever needs one."
  }
  assert {
    condition     = length([for throttle in one(aws_api_gateway_usage_plan.this.api_stages).throttle : throttle if strcontains(throttle.path, "doors")]) == 0
    error_message = "The usage plan meters keys, and a person has none."
  }
  assert {
    condition     = aws_api_gateway_authorizer.people.type == "COGNITO_USER_POOLS" && aws_api_gateway_authorizer.people.provider_arns == toset([var.people])
    error_message = "Tokens of another pool would be taken."
  }
  assert {
    condition = alltrue([for kind, challenge in { INVALID_API_KEY = "ApiKey realm=\"bbws\", header=\"x-api-key\"", UNAUTHORIZED = "Bearer realm=\"bbws\"", EXPIRED_TOKEN = "Bearer realm=\"bbws\"" } : # pragma: allowlist secret - names of refusals
      aws_api_gateway_gateway_response.this[kind].status_code == "401" &&
      jsondecode(aws_api_gateway_gateway_response.this[kind].response_templates["application/json"]).code == "unauthorized" &&
      endswith(jsondecode(aws_api_gateway_gateway_response.this[kind].response_templates["application/json"]).type, "/problems/unauthorized") &&
      aws_api_gateway_gateway_response.this[kind].response_parameters["gatewayresponse.header.WWW-Authenticate"] == "'${challenge}'"
    ])
    error_message = "A refused caller is told what to send: a key, or a person's token."
  }
  assert {
    condition     = alltrue([for headers in values(local.preflight_headers) : strcontains(headers["Access-Control-Allow-Headers"], "Authorization")])
    error_message = "A browser may not send a person's token."
  }
}

run "a_key_and_a_person_at_once" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    environment        = "dev"
    cors_origins       = []
    log_retention_days = 7
    manage_account     = false
    people             = "arn:aws:cognito-idp:eu-west-1:aws:userpool/some"
    throttle           = { read = { rate = 1, burst = 1 }, write = { rate = 1, burst = 1 }, unlimited = { rate = 1, burst = 1 } }
    endpoints          = { some = { method = "GET", path = "/some", keyed = true, person = true, rate = "read", function_name = "some", alias = "some", invoke_arn = "some" } }
    resources          = { "/some" = { parent = "/", segment = "some", depth = 1, methods = ["GET"], allow = "GET" } }
  }

  expect_failures = [var.endpoints]
}

run "an_index_is_watched_under_its_table" {
  command = plan

  module {
    source = "./modules/alarms"
  }

  variables {
    environment        = "dev"
    runbook            = "some.md"
    functions          = {}
    queues             = []
    dead_letters_alone = []
    tables             = { some = { name = "some-dev-restored", indexes = ["SomeIndex"] } }
    api                = "some"
    stage              = "v1"
  }

  assert {
    condition = alltrue([for query in aws_cloudwatch_metric_alarm.throttled_index["some-SomeIndex"].metric_query :
      query.metric[0].dimensions == tomap({ TableName = "some-dev-restored", GlobalSecondaryIndexName = "SomeIndex" }) if length(query.metric) > 0
    ])
    error_message = "CloudWatch knows an index by its table and its name."
  }
  assert {
    condition     = alltrue([for query in aws_cloudwatch_metric_alarm.throttled["some"].metric_query : query.metric[0].dimensions.TableName == "some-dev-restored" if length(query.metric) > 0])
    error_message = "Not the table that the functions use is watched."
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.throttled["some"].metric_query) <= 11
    error_message = "An alarm has ten metrics at most, beside its expression."
  }
}
