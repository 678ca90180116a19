# Least privilege: what the manifest says of each function, in the words of IAM.

locals {
  gateway = "arn:aws:apigateway:${var.region}:"

  # The manifest's resource → ARNs. A name that is not here is refused by Terraform with the name.
  arns = merge(
    { for store, table in module.table : "table/${store}" => distinct([table.arn, replace(table.arn, "/table/.*$/", "table/${lookup(var.table_overrides, store, table.name)}")]) },
    merge([for store, definition in local.manifest.stores : {
      for index in definition.indexes : "table/${store}/index/${index}" => distinct([for arn in [
        module.table[store].arn, replace(module.table[store].arn, "/table/.*$/", "table/${lookup(var.table_overrides, store, module.table[store].name)}")
      ] : "${arn}/index/${index}"])
    }]...),
    { for name, secret in aws_secretsmanager_secret.this : "secret/${name}" => [secret.arn] },
    {
      "archive"         = [module.archive.arn]
      "archive/objects" = ["${module.archive.arn}/*"]
      "bus"             = [module.bus.arn]
      # By name: a consumer that may look at all queues would otherwise wait for itself.
      "queues" = flatten([for consumer in values(local.consumers) : [for kind in ["", "-dlq"] :
        "arn:aws:sqs:${var.region}:${local.account}:bbws-${consumer.queue}${kind}-${var.environment}"
      ]])
      "gateway/apikeys" = ["${local.gateway}:/apikeys", "${local.gateway}:/apikeys/*"]
    },
  )

  asked = merge(
    { for name, endpoint in local.endpoints : name => endpoint.access },
    { for consumer in values(local.consumers) : consumer.function => consumer.access },
    { for name, work in local.daily : name => work.access },
    { (local.feed.function) = local.feed.access },
  )
  usage_plan = "gateway/usageplans"

  access = { for name, entries in local.asked : name => [for entry in entries : merge(
    { Effect = "Allow", Action = entry.actions, Resource = local.arns[entry.resource] },
    # ForAllValues is true of a call that names no key at all, so such a call is excluded beside it.
    try({ Condition = {
      "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = entry.keys }
      "Null"                    = { "dynamodb:LeadingKeys" = "false" }
    } }, {}),
  ) if entry.resource != local.usage_plan] }
}

# Apart from the other access: the usage plan needs the stage, which needs the functions, whose mappings need their
# access. Plans are looked up by name, and keys are put into this one alone.
resource "aws_iam_role_policy" "usage_plan" {
  for_each = { for name in keys(local.endpoints) : name => flatten([
    for entry in local.asked[name] : entry.actions if entry.resource == local.usage_plan
  ]) if contains(local.asked[name][*].resource, local.usage_plan) }

  name = "usage-plan"
  role = module.endpoint[each.key].role
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for action in each.value : {
      Effect   = "Allow"
      Action   = action
      Resource = action == "apigateway:GET" ? "${local.gateway}:/usageplans" : "${local.gateway}:/usageplans/${module.api.usage_plan}/keys"
    }]
  })
}
