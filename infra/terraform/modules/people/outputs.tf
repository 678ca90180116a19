output "arn" {
  description = "The user pool's ARN."
  value       = aws_cognito_user_pool.this.arn
}

output "pool" {
  description = "The user pool's id."
  value       = aws_cognito_user_pool.this.id
}

output "client" {
  description = "The id of the client that people sign in by."
  value       = aws_cognito_user_pool_client.this.id
}

output "sign_up_client" {
  description = "The id of the client by which people make themselves users; null where they cannot."
  value       = one(aws_cognito_user_pool_client.sign_up[*].id)
}
