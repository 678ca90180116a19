output "name" {
  description = "The bus's name."
  value       = aws_cloudwatch_event_bus.this.name
}

output "arn" {
  description = "The bus's ARN."
  value       = aws_cloudwatch_event_bus.this.arn
}

output "rules" {
  description = "Consumer → the ARN of its rule."
  value       = { for name, rule in aws_cloudwatch_event_rule.this : name => rule.arn }
}
