# The copy in the recovery region. It is locked as the first is, so that neither can be rewritten.

resource "aws_s3_bucket" "recovery" {
  #checkov:skip=CKV_AWS_18:as the first bucket
  #checkov:skip=CKV_AWS_145:as the first bucket
  #checkov:skip=CKV2_AWS_62:as the first bucket
  count    = var.replicate ? 1 : 0
  provider = aws.recovery

  bucket              = "${var.bucket}-recovery"
  object_lock_enabled = true
  force_destroy       = var.force_destroy
}

resource "aws_s3_bucket_versioning" "recovery" {
  count    = var.replicate ? 1 : 0
  provider = aws.recovery

  bucket = aws_s3_bucket.recovery[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "recovery" {
  count    = var.replicate ? 1 : 0
  provider = aws.recovery

  bucket = aws_s3_bucket.recovery[0].id

  rule {
    default_retention {
      mode = var.lock_mode
      days = var.lock_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.recovery]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "recovery" {
  count    = var.replicate ? 1 : 0
  provider = aws.recovery

  bucket = aws_s3_bucket.recovery[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "recovery" {
  count    = var.replicate ? 1 : 0
  provider = aws.recovery

  bucket                  = aws_s3_bucket.recovery[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "recovery" {
  count    = var.replicate ? 1 : 0
  provider = aws.recovery

  bucket = aws_s3_bucket.recovery[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "recovery" {
  count    = var.replicate ? 1 : 0
  provider = aws.recovery

  bucket = aws_s3_bucket.recovery[0].id
  policy = local.policy["recovery"]

  depends_on = [aws_s3_bucket_public_access_block.recovery]
}

resource "aws_s3_bucket_lifecycle_configuration" "recovery" {
  count    = var.replicate ? 1 : 0
  provider = aws.recovery

  bucket                                 = aws_s3_bucket.recovery[0].id
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
  }

  rule {
    id     = "uploads-that-were-given-up"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.recovery]
}

# --- who copies -----------------------------------------------------------------------------------------------------

resource "aws_iam_role" "replication" {
  count = var.replicate ? 1 : 0

  name                 = "${var.bucket}-replication"
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "s3.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "replication" {
  count = var.replicate ? 1 : 0

  name = "copy-the-archive"
  role = aws_iam_role.replication[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
        Resource = aws_s3_bucket.this.arn
      },
      {
        # Retention and legal hold: a locked object is copied with its lock.
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging", "s3:GetObjectRetention", "s3:GetObjectLegalHold"]
        Resource = "${aws_s3_bucket.this.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ReplicateObject", "s3:ReplicateTags"]
        Resource = "${aws_s3_bucket.recovery[0].arn}/*"
      },
    ]
  })
}

resource "aws_s3_bucket_replication_configuration" "this" {
  count = var.replicate ? 1 : 0

  bucket = aws_s3_bucket.this.id
  role   = aws_iam_role.replication[0].arn

  rule {
    id     = "everything"
    status = "Enabled"

    filter {}

    # A marker hides an object without deleting it; the copy is to show it still.
    delete_marker_replication {
      status = "Disabled"
    }

    destination {
      bucket        = aws_s3_bucket.recovery[0].arn
      storage_class = "STANDARD"
    }
  }

  depends_on = [aws_s3_bucket_versioning.this, aws_s3_bucket_versioning.recovery, aws_iam_role_policy.replication]
}
