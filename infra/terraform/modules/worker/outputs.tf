output "queue" {
  description = "The queue: name, url, arn."
  value       = { name = aws_sqs_queue.this.name, url = aws_sqs_queue.this.url, arn = aws_sqs_queue.this.arn }
}

output "dead_letters" {
  description = "The dead-letter queue: name, url, arn."
  value       = { name = aws_sqs_queue.dead_letters.name, url = aws_sqs_queue.dead_letters.url, arn = aws_sqs_queue.dead_letters.arn }
}

output "log_group" {
  description = "The name of the consumer's log group."
  value       = module.function.log_group
}

output "function" {
  description = "The consumer's function: name, alias, version."
  value       = { name = module.function.name, alias = module.function.alias, version = module.function.version }
}
