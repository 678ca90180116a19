# One Lambda function: its role with exactly what it uses, its log group, versions, and the alias that callers call.

locals {
  full_name = "bbws-${var.name}-${var.environment}"
  statements = concat(jsondecode(var.access), jsondecode(var.platform_access), [
    {
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.this.arn}:*"
    },
    {
      # X-Ray knows no resources: its documentation asks for "*".
      Effect   = "Allow"
      Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      Resource = "*"
    },
  ])
  alias = var.settings.alias_moved_by == "pipeline" ? aws_lambda_alias.pipeline[0] : aws_lambda_alias.terraform[0]
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key; logs hold no personal value and no secret, and an own key costs for each of them
  #checkov:skip=CKV_AWS_338:retention is 7, 14 or 30 days by specification (operations §1); what must be kept for years is in the archive
  name              = "/aws/lambda/${local.full_name}"
  retention_in_days = var.settings.log_retention_days
}

resource "aws_iam_role" "this" {
  name                 = local.full_name
  permissions_boundary = var.settings.boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

# Nothing of the function waits for it, so that a policy may name what itself waits for the function (the usage plan).
resource "aws_iam_role_policy" "this" {
  name   = "exactly-what-it-uses"
  role   = aws_iam_role.this.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_117:the functions call AWS's public endpoints alone; a VPC would add NAT gateways and gain nothing
  #checkov:skip=CKV_AWS_116:API functions are called synchronously; workers' and the feed's dead letters are at their queue and their mapping
  #checkov:skip=CKV_AWS_272:what is deployed is checked by checksum against the artefact that the pipeline built, in place of a signing profile
  #checkov:skip=CKV_AWS_173:the environment holds names and settings, no secret; Lambda encrypts it with its own key
  function_name = local.full_name
  role          = aws_iam_role.this.arn
  runtime       = "python3.12"
  handler       = var.handler
  architectures = [var.settings.architecture]
  memory_size   = var.memory
  timeout       = var.timeout
  publish       = true

  filename         = var.settings.package.file
  s3_bucket        = var.settings.package.bucket
  s3_key           = var.settings.package.key
  source_code_hash = var.settings.package.hash

  reserved_concurrent_executions = var.reserved_concurrency

  environment {
    variables = merge(var.settings.variables, { BBWS_RUNS = var.runs })
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "snap_start" {
    for_each = var.settings.snap_start ? [true] : []

    content {
      apply_on = "PublishedVersions"
    }
  }

  depends_on = [aws_cloudwatch_log_group.this]
}

# Two resources, since lifecycle rules take no variable. Changing alias_moved_by needs a `terraform state mv` from one to
# the other: the alias itself is one and the same.
resource "aws_lambda_alias" "pipeline" {
  count = var.settings.alias_moved_by == "pipeline" ? 1 : 0

  name             = "latest-${var.environment}"
  description      = "What callers call. Moved by the deployment pipeline."
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  lifecycle {
    # A release moves the alias step by step and back if an alarm fires; Terraform must not undo that.
    ignore_changes = [function_version, routing_config]
  }
}

resource "aws_lambda_alias" "terraform" {
  count = var.settings.alias_moved_by == "terraform" ? 1 : 0

  name             = "latest-${var.environment}"
  description      = "What callers call. Moved by every apply."
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  dynamic "routing_config" {
    for_each = contains(keys(var.settings.alias_weights), var.name) ? [var.settings.alias_weights[var.name]] : []

    content {
      # The version before this one keeps this share of the calls.
      additional_version_weights = { (tostring(max(1, tonumber(aws_lambda_function.this.version) - 1))) = routing_config.value }
    }
  }
}
