output "name" {
  description = "The function's full name."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "The function's ARN without version."
  value       = aws_lambda_function.this.arn
}

output "version" {
  description = "The version that the last apply published."
  value       = aws_lambda_function.this.version
}

output "alias" {
  description = "The alias that callers call."
  value       = local.alias.name
}

output "alias_arn" {
  description = "The ARN of the alias."
  value       = local.alias.arn
}

output "invoke_arn" {
  description = "What API Gateway calls: the alias."
  value       = local.alias.invoke_arn
}

output "role" {
  description = "The name of the function's role."
  value       = aws_iam_role.this.name
}

output "log_group" {
  description = "The name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}
