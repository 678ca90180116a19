"""The engine for AWS: DynamoDB, Streams, EventBridge, SQS, S3, Secrets Manager."""
