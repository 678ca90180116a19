"""AWS: DynamoDB, its stream as the feed, EventBridge, SQS, S3, Secrets Manager."""
