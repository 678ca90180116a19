output "name" {
  description = "The bucket's name."
  value       = aws_s3_bucket.this.bucket
}

output "arn" {
  description = "The bucket's ARN."
  value       = aws_s3_bucket.this.arn
}

output "recovery" {
  description = "The name of the copy in the recovery region; null without one."
  value       = one(aws_s3_bucket.recovery[*].bucket)
}
