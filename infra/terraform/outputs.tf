output "api_url" {
  description = "Where the API answers."
  value       = module.api.url
}

output "api_id" {
  description = "The REST API's id."
  value       = module.api.id
}

output "usage_plan" {
  description = "The usage plan that keys are metered by."
  value       = module.api.usage_plan
}

output "api_key_secret" {
  description = "Where the first API key lies (Secrets Manager)."
  value       = aws_secretsmanager_secret.this["product-api/key"].name
}

output "mail_sender" {
  description = "Whom mails are from: an identity of SES that somebody has to have verified."
  value       = local.mail_address
}

output "user_pool" {
  description = "The id of the user pool that people are in."
  value       = module.people.pool
}

output "user_pool_sign_up_client" {
  description = "The id of the client by which people make themselves users of it; null where they cannot."
  value       = module.people.sign_up_client
}

output "user_pool_client" {
  description = "The id of the client that people sign in by."
  value       = module.people.client
}

output "archive_bucket" {
  description = "The bucket of the audit archive."
  value       = module.archive.name
}

output "functions" {
  description = "Function → its published version and alias."
  value = merge(
    { for endpoint in module.endpoint : endpoint.name => { version = endpoint.version, alias = endpoint.alias } },
    { for worker in module.worker : worker.function.name => { version = worker.function.version, alias = worker.function.alias } },
    { for work in module.daily : work.name => { version = work.version, alias = work.alias } },
    { (module.feed.name) = { version = module.feed.version, alias = module.feed.alias } },
  )
}

output "queues" {
  description = "Queue → its dead letters."
  value       = { for worker in module.worker : worker.queue.name => worker.dead_letters.name }
}

output "tables" {
  description = "Store → the table that the functions use."
  value       = local.tables
}

output "alarms" {
  description = "Every alarm → the section of the runbook that it points to."
  value       = module.alarms.alarms
}

output "dashboard" {
  description = "The dashboard's name."
  value       = module.dashboard.name
}

output "copies" {
  description = "What has a copy in the recovery region: table → regions, and the archive's second bucket."
  value = {
    tables  = { for table in module.table : table.name => table.replicas }
    archive = module.archive.recovery
  }
}
