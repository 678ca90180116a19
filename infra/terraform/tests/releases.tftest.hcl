# What is there beside an environment: a restored table, the release before. Nothing here asks AWS.

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

run "a_restored_table_is_announced_and_watched" {
  command = plan

  variables {
    table_overrides = { products = "products-dev-restored" }
  }

  override_data {
    target = data.aws_dynamodb_table.restored["products"]
    values = {
      name             = "products-dev-restored"
      arn              = "arn:aws:dynamodb:eu-west-1:account:table/products-dev-restored"
      stream_arn       = "arn:aws:dynamodb:eu-west-1:account:table/products-dev-restored/stream/some"
      stream_enabled   = true
      stream_view_type = "NEW_IMAGE"
      ttl              = [{ attribute_name = "ttl", enabled = true }]
    }
  }

  assert {
    condition     = aws_lambda_event_source_mapping.feed["products-restored"].event_source_arn == "arn:aws:dynamodb:eu-west-1:account:table/products-dev-restored/stream/some"
    error_message = "The changes of the restored table are announced to nobody."
  }
  assert {
    condition     = length(aws_lambda_event_source_mapping.feed) == length(local.streamed) + 1
    error_message = "The release before still writes to the first table: its stream is read too."
  }
  assert {
    condition     = local.tables["products"] == "products-dev-restored" && output.tables["products"] == "products-dev-restored"
    error_message = "Alarms and dashboard show a table that nobody uses."
  }
  assert {
    condition     = length(local.arns["table/products"]) == 2 && length(local.arns["table/products/index/ActiveProductsIndex"]) == 2 && length(local.arns["table/audit"]) == 1
    error_message = "Functions may use the restored table, and until they have no traffic those of the release before their own."
  }
}

run "a_restored_table_without_its_stream" {
  command = plan

  variables {
    table_overrides = { products = "products-dev-restored" }
  }

  override_data {
    target = data.aws_dynamodb_table.restored["products"]
    values = { stream_enabled = false, stream_view_type = "", ttl = [{ attribute_name = "ttl", enabled = true }] }
  }

  expect_failures = [data.aws_dynamodb_table.restored]
}

run "a_restored_table_that_forgets_to_expire" {
  command = plan

  variables {
    table_overrides = { platform = "platform-dev-restored" }
  }

  override_data {
    target = data.aws_dynamodb_table.restored["platform"]
    values = { stream_enabled = false, stream_view_type = "", ttl = [{ attribute_name = "", enabled = false }] }
  }

  expect_failures = [data.aws_dynamodb_table.restored]
}

run "a_store_that_there_is_not" {
  command = plan

  variables {
    table_overrides = { nothing = "nothing-dev-restored" }
  }

  override_data {
    target = data.aws_dynamodb_table.restored["nothing"]
    values = { stream_enabled = false, stream_view_type = "", ttl = [{ attribute_name = "ttl", enabled = true }] }
  }

  expect_failures = [var.table_overrides]
}

run "a_table_that_no_role_reaches" {
  command = plan

  variables {
    table_overrides = { products = "restored-products" }
  }

  override_data {
    target = data.aws_dynamodb_table.restored["products"]
    values = { stream_enabled = true, stream_view_type = "NEW_IMAGE", ttl = [{ attribute_name = "ttl", enabled = true }] }
  }

  expect_failures = [var.table_overrides]
}

run "the_release_before_keeps_its_rights_until_it_has_no_traffic" {
  command = plan

  variables {
    previous_manifest = "tests/previous_manifest.json"
  }

  assert {
    condition     = length(local.access["feed"]) == length(local.asked["feed"]) + 1
    error_message = "Of the release before, the feed keeps the one right that the new one does not ask for: nothing twice, and nothing of what is no more."
  }
  assert {
    condition     = [for entry in local.access["feed"] : entry.Sid if can(entry.Sid)] == ["ReleaseBefore0"]
    error_message = "The right that only the release before has is told from the others by its Sid."
  }
  assert {
    condition     = toset(keys(aws_iam_role_policy.usage_plan)) == toset(["keys-create", "keys-list"])
    error_message = "The release before keeps what it may do with the usage plan, which has a policy of its own."
  }
  assert {
    condition     = !contains(keys(local.access), "gone")
    error_message = "A function that is no more has no rights."
  }
}
