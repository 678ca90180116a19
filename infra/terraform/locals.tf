# What the manifest says, in the form that the modules take. Written by `make docs` from the endpoint and reaction
# tables: a new endpoint, consumer or daily work needs no change here.

data "aws_caller_identity" "this" {}

locals {
  manifest = jsondecode(file("${path.module}/manifest.json"))

  tags = merge(
    { Environment = var.environment, Project = var.project, ManagedBy = "Terraform", Component = var.component, Owner = var.owner },
    var.cost_center == null ? {} : { CostCenter = var.cost_center },
  )

  endpoints = { for operation, endpoint in local.manifest.endpoints : endpoint.function => merge(endpoint, { operation = operation }) }
  consumers = local.manifest.consumers
  daily     = { for work in values(local.manifest.daily) : work.function => work }
  feed      = local.manifest.feed

  kinds = merge(
    { for name, endpoint in local.endpoints : name => { kind = "api", timeout = endpoint.timeout } },
    { for consumer in values(local.consumers) : consumer.function => { kind = "worker", timeout = consumer.timeout } },
    { for name, work in local.daily : name => { kind = "daily", timeout = work.timeout } },
    { (local.feed.function) = { kind = "feed", timeout = local.feed.timeout } },
  )
  reserved = { for name in keys(local.kinds) : name => lookup(var.reserved_concurrency, name, -1) }

  # Of every function, whatever its kind.
  log_groups = concat(
    [for endpoint in module.endpoint : endpoint.log_group], [for worker in module.worker : worker.log_group],
    [for work in module.daily : work.log_group], [module.feed.log_group],
  )

  account  = data.aws_caller_identity.this.account_id
  boundary = var.permissions_boundary == null ? null : "arn:aws:iam::${local.account}:policy/${var.permissions_boundary}"
  # Names of buckets are the world's: a few digits of the account's hash make ours its own without telling the account.
  archive_bucket = coalesce(var.archive.bucket, "bbws-product-audit-logs-${var.environment}-${substr(sha256("${local.account}/${var.region}"), 0, 8)}")

  public_url = coalesce(var.public_url, "https://api${var.environment == "prod" ? "" : "-${var.environment}"}.bigbeardweb.solutions")
  # What SES may have verified: the address alone, or its domain.
  mail_address    = trimsuffix(reverse(split("<", var.mail_from))[0], ">")
  mail_identities = [local.mail_address, split("@", local.mail_address)[1]]

  function_settings = {
    architecture       = var.architecture
    package            = var.package
    log_retention_days = var.log_retention_days
    snap_start         = var.snap_start
    alias_moved_by     = var.alias_moved_by
    alias_weights      = var.alias_weights
    boundary           = local.boundary
    variables = merge(var.extra_environment, {
      # There are none in the package, and looking for them is a twentieth of a start.
      PYDANTIC_DISABLE_PLUGINS = "__all__"

      BBWS_ENVIRONMENT    = var.environment
      BBWS_REGION         = var.region
      BBWS_LOG_LEVEL      = var.log_level
      BBWS_WRITE_MODE     = var.write_mode
      BBWS_CORS_ORIGINS   = join(",", var.cors_origins)
      BBWS_ARCHIVE_BUCKET = local.archive_bucket
      BBWS_PUBLIC_URL     = local.public_url
      BBWS_MAIL_FROM      = var.mail_from
      BBWS_USER_POOL      = module.people.pool
      }, length(var.table_overrides) == 0 ? {} : {
      BBWS_TABLES = join(",", [for store, table in var.table_overrides : "${store}=${table}"])
    })
  }
}
