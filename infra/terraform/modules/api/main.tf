# One REST API for the environment. It routes, asks for keys (metering), limits and logs; every rule about what is in a
# request is dispatch's, since the gateway cannot name every bad field.

locals {
  name = "bbws-api-${var.environment}"

  # HEAD is answered by what answers GET; the gateway leaves the body out.
  methods = merge(
    { for operation, endpoint in var.endpoints : operation => endpoint },
    { for operation, endpoint in var.endpoints : "${operation}.HEAD" => merge(endpoint, { method = "HEAD" }) if endpoint.method == "GET" },
  )
  # With a scope named, the gateway takes an access token; without one, an ID token. An access token is what an API is for,
  # and says nothing of a person but ids and groups, where an ID token would bring the e-mail address into every event.
  # Whoever signs in with a name and a password has this scope, without a domain for sign-in pages or a function that
  # writes tokens. It lets the API's caller into its methods, and its role is still dispatch's to ask for.
  scope = "aws.cognito.signin.user.admin"
  # A stage serves what was deployed last, so everything that it serves is part of this.
  served = jsonencode([
    var.resources, local.methods, var.people, local.scope, local.preflight_headers, local.gateway_responses, local.not_allowed_body, local.choose_origin,
    [for file in sort(fileset(path.module, "*.tf")) : filesha256("${path.module}/${file}")],
  ])
  answering = { for path, resource in var.resources : path => resource if length(resource.methods) > 0 }
}

resource "aws_api_gateway_rest_api" "this" {
  #checkov:skip=CKV_AWS_237:create_before_destroy would make a second API with another address beside the first; what changes is deployed in place
  name        = local.name
  description = "BBWS control plane, ${var.environment}. Made from infra/terraform/manifest.json."

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_authorizer" "people" {
  name          = "people"
  rest_api_id   = aws_api_gateway_rest_api.this.id
  type          = "COGNITO_USER_POOLS"
  provider_arns = [var.people]
}

resource "aws_api_gateway_method" "endpoint" {
  #checkov:skip=CKV_AWS_59:who may call is decided by dispatch, against the hashed keys or by what the gateway has verified of a token; public reads are public by specification (products §3)
  #checkov:skip=CKV2_AWS_53:bodies are checked by dispatch, which names every bad field; the gateway would name the first
  for_each = local.methods

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = local.resource_ids[each.value.path]
  http_method          = each.value.method
  authorization        = each.value.person ? "COGNITO_USER_POOLS" : "NONE"
  authorizer_id        = each.value.person ? aws_api_gateway_authorizer.people.id : null
  authorization_scopes = each.value.person ? [local.scope] : null
  api_key_required     = each.value.keyed
}

resource "aws_api_gateway_integration" "endpoint" {
  for_each = local.methods

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = local.resource_ids[each.value.path]
  http_method             = aws_api_gateway_method.endpoint[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = each.value.invoke_arn
}

# For this path alone, whatever the method: GET's function answers HEAD too.
resource "aws_lambda_permission" "endpoint" {
  for_each = var.endpoints

  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = each.value.function_name
  qualifier     = each.value.alias
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/${var.stage}/*${replace(each.value.path, "/\\{[^}]+\\}/", "*")}"
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  description = "What the manifest and modules/api said at the time."

  triggers = { content = sha256(local.served) }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [
    aws_api_gateway_integration.endpoint,
    aws_api_gateway_integration_response.options,
    aws_api_gateway_integration_response.not_allowed,
    aws_api_gateway_gateway_response.this,
    aws_lambda_permission.endpoint,
  ]
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key; the access log holds no personal value
  #checkov:skip=CKV_AWS_338:retention is 7, 14 or 30 days by specification (operations §1)
  name              = "/aws/apigateway/${local.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_api_gateway_stage" "this" {
  #checkov:skip=CKV_AWS_120:a cache costs by the hour and would answer with rows that were changed since
  #checkov:skip=CKV2_AWS_51:the functions trust the gateway by IAM; no server of ours checks a client certificate of the gateway
  #checkov:skip=CKV_AWS_73:a trace of the gateway keeps address and path of a call, and the path may hold the token of an invitation; the functions are traced
  #checkov:skip=CKV2_AWS_29:no firewall by specification; the limits of the usage plan and the stage are there, and variable in size
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = var.stage
  xray_tracing_enabled = false

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    # No path: it may hold a secret; `resource` is the route. No address of a caller: that is a personal value (design §1), and the key's id says who it was.
    format = jsonencode({
      requestId          = "$context.requestId"
      time               = "$context.requestTimeEpoch"
      method             = "$context.httpMethod"
      resource           = "$context.resourcePath"
      status             = "$context.status"
      latency            = "$context.responseLatency"
      integrationLatency = "$context.integration.latency"
      integrationStatus  = "$context.integration.status"
      responseLength     = "$context.responseLength"
      gatewayKey         = "$context.identity.apiKeyId"
      error              = "$context.error.responseType"
    })
  }

  depends_on = [aws_api_gateway_account.this]
}

# Where the gateway says why it failed. It would make the group itself with the first line, and keep it for ever.
resource "aws_cloudwatch_log_group" "execution" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key; errors alone are logged, without what was sent
  #checkov:skip=CKV_AWS_338:retention is 7, 14 or 30 days by specification (operations §1)
  name              = "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.this.id}/${var.stage}"
  retention_in_days = var.log_retention_days
}

resource "aws_api_gateway_method_settings" "all" {
  #checkov:skip=CKV_AWS_225:no cache, see the stage
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    logging_level          = "ERROR"
    data_trace_enabled     = false
    throttling_rate_limit  = var.throttle["read"].rate
    throttling_burst_limit = var.throttle["read"].burst
  }

  depends_on = [aws_cloudwatch_log_group.execution]
}

resource "aws_api_gateway_method_settings" "other" {
  #checkov:skip=CKV_AWS_225:no cache, see the stage
  for_each = { for operation, endpoint in var.endpoints : operation => endpoint if endpoint.rate != "read" }

  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "${trimprefix(each.value.path, "/")}/${each.value.method}"

  settings {
    metrics_enabled        = true
    logging_level          = "ERROR"
    data_trace_enabled     = false
    throttling_rate_limit  = var.throttle[each.value.rate].rate
    throttling_burst_limit = var.throttle[each.value.rate].burst
  }

  # Settings of one stage are one document: changed one after another, they cannot overwrite each other.
  depends_on = [aws_api_gateway_method_settings.all]
}

resource "aws_api_gateway_usage_plan" "this" {
  name        = "bbws-standard-${var.environment}"
  description = "What each key may do in a second, by method."

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name

    dynamic "throttle" {
      for_each = { for operation, endpoint in local.methods : operation => endpoint if endpoint.keyed }

      content {
        path        = "${throttle.value.path}/${throttle.value.method}"
        rate_limit  = var.throttle[throttle.value.rate].rate
        burst_limit = var.throttle[throttle.value.rate].burst
      }
    }
  }
}
