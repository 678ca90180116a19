# What an environment must and must not be. Nothing here asks AWS.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "account" }
  }
}

mock_provider "aws" {
  alias = "recovery"
}

variables {
  environment         = "dev"
  region              = "eu-west-1"
  recovery_region     = null
  owner               = "team"
  cost_center         = null
  log_level           = "DEBUG"
  log_retention_days  = 7
  deletion_protection = false
  cors_origins        = ["*"]
  archive             = { lock_mode = "GOVERNANCE", lock_days = 1 }
  budget_usd          = 500
  package             = { bucket = "artefacts", key = "0000000000000000000000000000000000000000000000000000000000000000.zip", hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" } # pragma: allowlist secret - of the empty file
}

run "dev_has_all_and_no_copies" {
  command = plan

  assert {
    condition     = alltrue([for regions in values(output.copies.tables) : length(regions) == 0]) && output.copies.archive == null
    error_message = "Copies are prod's alone: they double the price."
  }

  assert {
    condition = alltrue(flatten([for name in keys(local.kinds) : [
      for signal in ["errors", "error-rate", "duration", "throttles"] : contains(keys(output.alarms), "bbws-${name}-${signal}-dev")
    ]]))
    error_message = "A function lacks an alarm of products §11."
  }
  assert {
    condition = alltrue(flatten([for consumer in values(local.consumers) : [
      for signal in ["dlq", "age"] : contains(keys(output.alarms), "bbws-${consumer.queue}-${signal}-dev")
    ]]))
    error_message = "A queue lacks an alarm."
  }
  assert {
    condition     = alltrue([for store in keys(local.manifest.stores) : contains(keys(output.alarms), "bbws-${store}-throttled-dev")])
    error_message = "A table lacks an alarm."
  }
  assert {
    condition     = alltrue([for name in ["api-5xx", "api-5xx-rate", "api-latency", "feed-dlq", "feed-feed-lag"] : contains(keys(output.alarms), "bbws-${name}-dev")])
    error_message = "The API or the feed lacks an alarm."
  }
  assert {
    condition = alltrue(flatten([for store, definition in local.manifest.stores : [
      for index in definition.indexes : contains(keys(output.alarms), "bbws-${store}-${index}-throttled-dev")
    ]]))
    error_message = "An index lacks an alarm: a table's own events leave it out."
  }

  assert {
    condition     = toset(local.log_groups) == toset([for name in keys(local.kinds) : "/aws/lambda/bbws-${name}-dev"])
    error_message = "Saved queries leave a function out."
  }

  assert {
    condition     = alltrue([for mapping in aws_lambda_event_source_mapping.feed : mapping.maximum_retry_attempts == -1 && mapping.maximum_record_age_in_seconds == 82800 && mapping.bisect_batch_on_function_error])
    error_message = "An hour without the bus must drop no announcement."
  }
  assert {
    condition     = length(aws_lambda_event_source_mapping.feed) == length(local.streamed) && contains(keys(local.arns), "queue/feed-dlq")
    error_message = "The feed reads each stream once, and may park what is malformed."
  }

  assert {
    condition     = length(output.functions) == length(local.manifest.endpoints) + length(local.manifest.consumers) + length(local.manifest.daily) + 1
    error_message = "A function of the manifest is missing."
  }
}

run "prod_has_a_copy_of_everything" {
  command = plan

  variables {
    environment         = "prod"
    region              = "af-south-1"
    recovery_region     = "eu-west-1"
    cost_center         = "cost"
    log_level           = "WARNING"
    deletion_protection = true
    cors_origins        = []
    archive             = { lock_mode = "COMPLIANCE", lock_days = 30 }
  }

  assert {
    condition     = alltrue([for regions in values(output.copies.tables) : regions == ["eu-west-1"]])
    error_message = "Every table of prod is a global table with a replica in the recovery region (operations §4)."
  }
  assert {
    condition     = length(output.copies.tables) == length(jsondecode(file("manifest.json")).stores)
    error_message = "A table is missing."
  }
  assert {
    condition     = output.copies.archive != null
    error_message = "The archive of prod is copied to the recovery region."
  }
  assert {
    condition     = aws_secretsmanager_secret.this["cursor-key"].recovery_window_in_days == 30
    error_message = "Secrets of prod can be had back for 30 days."
  }
}

run "concurrency_that_there_is_not" {
  command = plan

  variables {
    account_concurrency  = 200
    reserved_concurrency = { feed = 101, nobody = 1 }
  }

  expect_failures = [terraform_data.concurrency]
}

run "prod_open_to_every_origin" {
  command = plan

  variables {
    environment         = "prod"
    region              = "af-south-1"
    recovery_region     = "eu-west-1"
    cost_center         = "cost"
    log_level           = "WARNING"
    deletion_protection = true
    cors_origins        = ["*"]
    archive             = { lock_mode = "COMPLIANCE", lock_days = 30 }
  }

  expect_failures = [var.cors_origins]
}

run "prod_without_protection" {
  command = plan

  variables {
    environment         = "prod"
    region              = "af-south-1"
    recovery_region     = "eu-west-1"
    cost_center         = "cost"
    log_level           = "WARNING"
    deletion_protection = false
    cors_origins        = []
    archive             = { lock_mode = "COMPLIANCE", lock_days = 30 }
  }

  expect_failures = [var.deletion_protection]
}

run "a_copy_in_the_same_region" {
  command = plan

  variables {
    recovery_region = "eu-west-1"
  }

  expect_failures = [var.recovery_region]
}

run "a_package_without_its_checksum" {
  command = plan

  variables {
    package = { bucket = "artefacts", key = "latest.zip", hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" } # pragma: allowlist secret - of the empty file
  }

  expect_failures = [var.package]
}

run "weights_against_the_pipeline" {
  command = plan

  variables {
    alias_weights = { feed = 0.9 }
  }

  expect_failures = [var.alias_weights]
}
