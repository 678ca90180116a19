# One environment of BBWS, made from manifest.json (docs/decisions/0014-terraform-from-a-manifest.md).

module "table" {
  source   = "./modules/table"
  for_each = local.manifest.stores

  store               = each.key
  environment         = var.environment
  indexes             = each.value.indexes
  stream              = each.value.stream
  deletion_protection = var.deletion_protection
  recovery_region     = var.recovery_region
}

module "archive" {
  source    = "./modules/archive"
  providers = { aws = aws, aws.recovery = aws.recovery }

  bucket             = local.archive_bucket
  lock_mode          = var.archive.lock_mode
  lock_days          = var.archive.lock_days
  cold_after_days    = var.archive.cold_after_days
  cold_storage_class = var.archive.cold_storage_class
  force_destroy      = var.archive.force_destroy
  replicate          = var.recovery_region != null

  permissions_boundary = local.boundary
}

module "worker" {
  source   = "./modules/worker"
  for_each = local.consumers

  queue                = each.value.queue
  consumer             = each.value
  queues_arn           = "arn:aws:sqs:${var.region}:${local.account}"
  rule_arn             = "arn:aws:events:${var.region}:${local.account}:rule/bbws-${var.environment}/bbws-${each.key}-${var.environment}"
  environment          = var.environment
  visibility_factor    = var.visibility_factor
  batching_window      = var.batching_window
  settings             = local.function_settings
  access               = jsonencode(local.access[each.value.function])
  reserved_concurrency = local.reserved[each.value.function]
}

module "bus" {
  source = "./modules/bus"

  environment = var.environment
  consumers = { for name, consumer in local.consumers : name => {
    events           = consumer.events
    queue_arn        = module.worker[name].queue.arn
    dead_letters_arn = module.worker[name].dead_letters.arn
  } }
}

module "endpoint" {
  source   = "./modules/function"
  for_each = local.endpoints

  name                 = each.key
  environment          = var.environment
  handler              = "bbws.entrypoints.lambda_api.handler"
  runs                 = each.value.runs
  memory               = each.value.memory
  timeout              = each.value.timeout
  settings             = local.function_settings
  access               = jsonencode(local.access[each.key])
  reserved_concurrency = local.reserved[each.key]
}

module "people" {
  source = "./modules/people"

  environment = var.environment
  sign_up     = var.sign_up
}

module "api" {
  source = "./modules/api"

  environment        = var.environment
  resources          = local.manifest.resources
  cors_origins       = var.cors_origins
  throttle           = var.throttle
  log_retention_days = var.log_retention_days
  manage_account     = var.manage_gateway_account
  people             = module.people.arn

  permissions_boundary = local.boundary
  endpoints = { for name, endpoint in local.endpoints : endpoint.operation => {
    method        = endpoint.method
    path          = endpoint.path
    keyed         = endpoint.keyed
    person        = endpoint.person
    rate          = endpoint.rate
    function_name = module.endpoint[name].name
    alias         = module.endpoint[name].alias
    invoke_arn    = module.endpoint[name].invoke_arn
  } }
}

module "alarms" {
  source = "./modules/alarms"

  environment        = var.environment
  runbook            = "docs/runbooks/product_lambda_operations.md"
  functions          = local.kinds
  queues             = [for consumer in values(local.consumers) : consumer.queue]
  dead_letters_alone = [local.feed.function]
  tables             = { for store, table in local.tables : store => { name = table, indexes = local.manifest.stores[store].indexes } }
  api                = module.api.name
  stage              = module.api.stage
  email              = var.alert_email
}

module "dashboard" {
  source = "./modules/dashboard"

  environment = var.environment
  region      = var.region
  api         = module.api.name
  stage       = module.api.stage
  functions   = [for name in sort(keys(local.kinds)) : "bbws-${name}-${var.environment}"]
  queues      = concat(flatten([for worker in module.worker : [worker.queue.name, worker.dead_letters.name]]), [aws_sqs_queue.feed_dead_letters.name])
  tables      = values(local.tables)
  feed        = module.feed.name
  log_groups = {
    access    = module.api.log_group
    functions = local.log_groups
  }
}

# What holds of all functions together, and so of no module alone.
resource "terraform_data" "concurrency" {
  input = var.reserved_concurrency

  lifecycle {
    precondition {
      condition     = length(setsubtract(keys(var.reserved_concurrency), keys(local.kinds))) == 0
      error_message = "reserved_concurrency names functions that the manifest does not have: ${join(", ", setsubtract(keys(var.reserved_concurrency), keys(local.kinds)))}."
    }
    precondition {
      condition     = sum(concat([0], values(var.reserved_concurrency))) <= max(0, var.account_concurrency - 100)
      error_message = "reserved_concurrency asks for ${sum(concat([0], values(var.reserved_concurrency)))} calls at once, of an account that has ${var.account_concurrency}. Lambda keeps 100 of them for functions without a share of their own: reserve less, or have the quota raised and account_concurrency with it."
    }
  }
}
