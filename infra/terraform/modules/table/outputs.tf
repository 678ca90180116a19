output "name" {
  description = "The table's name."
  value       = aws_dynamodb_table.this.name
}

output "arn" {
  description = "The table's ARN."
  value       = aws_dynamodb_table.this.arn
}

output "stream_arn" {
  description = "The ARN of the table's stream; null when its changes do not go to the feed."
  value       = var.stream ? aws_dynamodb_table.this.stream_arn : null
}

output "replicas" {
  description = "The regions that hold a copy."
  value       = [for replica in aws_dynamodb_table.this.replica : replica.region_name]
}
