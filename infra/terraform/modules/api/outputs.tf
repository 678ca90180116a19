output "id" {
  description = "The REST API's id."
  value       = aws_api_gateway_rest_api.this.id
}

output "name" {
  description = "The REST API's name, by which CloudWatch knows it."
  value       = aws_api_gateway_rest_api.this.name
}

output "stage" {
  description = "The stage's name."
  value       = aws_api_gateway_stage.this.stage_name
}

output "url" {
  description = "Where the API answers."
  value       = aws_api_gateway_stage.this.invoke_url
}

output "usage_plan" {
  description = "The id of the usage plan that keys are metered by."
  value       = aws_api_gateway_usage_plan.this.id
}

output "log_group" {
  description = "The name of the access log's group."
  value       = aws_cloudwatch_log_group.access.name
}
