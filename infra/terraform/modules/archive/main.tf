# The audit archive: what is written stays as it was (versions and Object Lock), moves to Glacier after a year, and has
# a copy in the recovery region where that is asked for.

locals {
  # Bucket policy: nobody without TLS.
  policy = { for name, arn in { here = aws_s3_bucket.this.arn, recovery = one(aws_s3_bucket.recovery[*].arn) } : name => jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsAlone"
      Effect    = "Deny"
      Action    = "s3:*"
      Principal = "*"
      Resource  = [arn, "${arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  }) if arn != null }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:access is by one role for each function, and the archive proves its own content (hash chains, signed checkpoints); an access log would be a second bucket to guard
  #checkov:skip=CKV_AWS_145:encrypted with the key of S3; an own key adds its price to every read and no reader that the roles do not already keep out
  #checkov:skip=CKV2_AWS_62:nothing waits for an object of the archive
  bucket              = var.bucket
  object_lock_enabled = true
  force_destroy       = var.force_destroy
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    default_retention {
      mode = var.lock_mode
      days = var.lock_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = local.policy["here"]

  depends_on = [aws_s3_bucket_public_access_block.this]
}

# S3 leaves objects below 128 KB where they are unless a rule's filter names a size (AWS: "Transitioning objects using
# Amazon S3 Lifecycle"). A change is about 1 KB, so without the filter nothing would ever move. What it costs: a class
# of Glacier bills 128 KB for each object (GLACIER_IR) or 40 KB beside it (GLACIER, DEEP_ARCHIVE), and each transition is
# a paid request. For objects of 1 KB that is dearer than leaving them: docs/decisions/0014 has the sum.
resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket                                 = aws_s3_bucket.this.id
  transition_default_minimum_object_size = "varies_by_storage_class"

  rule {
    id     = "cold-after-a-year"
    status = "Enabled"

    filter {
      object_size_greater_than = 0
    }

    transition {
      days          = var.cold_after_days
      storage_class = var.cold_storage_class
    }

    noncurrent_version_transition {
      noncurrent_days = var.cold_after_days
      storage_class   = var.cold_storage_class
    }
  }

  rule {
    id     = "uploads-that-were-given-up"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
