# Least privilege: what the manifest says of each function, in the words of IAM.

locals {
  gateway = "arn:aws:apigateway:${var.region}:"

  # The first table beside a restored one: the release before uses it until it has no traffic any more.
  table_arns = { for store, table in module.table : store => concat([table.arn], try([data.aws_dynamodb_table.restored[store].arn], [])) }

  # The manifest's resource → ARNs. A name that is not here is refused by Terraform with the name.
  arns = merge(
    { for store, arns in local.table_arns : "table/${store}" => arns },
    merge([for store, definition in local.manifest.stores : {
      for index in definition.indexes : "table/${store}/index/${index}" => [for arn in local.table_arns[store] : "${arn}/index/${index}"]
    }]...),
    { for name, secret in aws_secretsmanager_secret.this : "secret/${name}" => [secret.arn] },
    {
      "archive"         = [module.archive.arn]
      "archive/objects" = ["${module.archive.arn}/*"]
      "bus"             = [module.bus.arn]
      "people"          = [module.people.arn]
      # By name: a consumer that may look at all queues would otherwise wait for itself.
      "queues" = flatten([for consumer in values(local.consumers) : [for kind in ["", "-dlq"] :
        "arn:aws:sqs:${var.region}:${local.account}:bbws-${consumer.queue}${kind}-${var.environment}"
      ]])
      "queue/feed-dlq"  = [aws_sqs_queue.feed_dead_letters.arn]
      "mail"            = [for identity in local.mail_identities : "arn:aws:ses:${var.region}:${local.account}:identity/${identity}"]
      "gateway/apikeys" = ["${local.gateway}:/apikeys", "${local.gateway}:/apikeys/*"]
    },
  )

  # What each manifest asks for: this release's, and that of the release before, which has traffic until the alias is moved.
  asked_by = [for manifest in concat([local.manifest], [for path in compact([var.previous_manifest]) : jsondecode(file(path))]) : {
    for part in concat(values(manifest.endpoints), values(manifest.consumers), values(manifest.daily), [manifest.feed]) : part.function => part.access
  }]
  asked      = local.asked_by[0]
  usage_plan = "gateway/usageplans"
  # What the release before asks for beside that, each entry once. What it used and is no more cannot be granted.
  asked_before = { for name, entries in local.asked : name => distinct([
    for entry in try(local.asked_by[1][name], []) : jsonencode(entry)
    if contains(concat(keys(local.arns), [local.usage_plan]), entry.resource) && !contains([for own in entries : jsonencode(own)], jsonencode(entry))
  ]) }
  # By its Sid the pipeline tells such a right from those of this release (infra/pipeline/plans.py): the next may drop it.
  granted = { for name, entries in local.asked : name => concat(
    [for entry in entries : merge(entry, { sid = {} })],
    [for number, text in local.asked_before[name] : merge(jsondecode(text), { sid = { Sid = "ReleaseBefore${number}" } })],
  ) }

  access = { for name, entries in local.granted : name => [for entry in entries : merge(
    entry.sid,
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
  for_each = { for name in keys(local.endpoints) : name => [
    for entry in local.granted[name] : entry if entry.resource == local.usage_plan
  ] if contains(local.granted[name][*].resource, local.usage_plan) }

  name = "usage-plan"
  role = module.endpoint[each.key].role
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = flatten([for entry in each.value : [for number, action in entry.actions : merge(
      { for key, sid in entry.sid : key => "${sid}of${number}" },
      {
        Effect   = "Allow"
        Action   = action
        Resource = action == "apigateway:GET" ? "${local.gateway}:/usageplans" : "${local.gateway}:/usageplans/${module.api.usage_plan}/keys"
      },
    )]])
  })
}
