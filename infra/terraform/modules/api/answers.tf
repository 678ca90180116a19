# What the gateway answers by itself, in the shape and words of src/bbws/kernel/problem.py (design §4, RFC 9457).

locals {
  problem_type = "application/problem+json"

  # A browser may read a refusal from the same origins as an answer. These headers are fixed texts, so several origins
  # become every one: a refusal says nothing that its caller does not know.
  refusal_origin  = length(var.cors_origins) == 0 ? null : length(var.cors_origins) == 1 ? var.cors_origins[0] : "*"
  exposed_headers = "ETag, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
  cors_headers = local.refusal_origin == null ? {} : {
    "Access-Control-Allow-Origin"   = local.refusal_origin
    "Access-Control-Expose-Headers" = local.exposed_headers
  }

  challenge = "ApiKey realm=\"bbws\", header=\"x-api-key\""
  # The gateway does not tell a token that is missing from one that is wrong, so RFC 6750's error code is not sent.
  person_challenge = "Bearer realm=\"bbws\""

  refusals = {
    unauthorized           = { status = 401, title = "Unauthorized", detail = "This API key is missing, unknown or revoked. Send a valid one in the header x-api-key.", headers = { "WWW-Authenticate" = local.challenge } }
    no-person              = { status = 401, title = "Unauthorized", detail = "This token is missing, not valid or no longer valid. Sign in, and send the access token in the header Authorization: Bearer.", headers = { "WWW-Authenticate" = local.person_challenge } }
    forbidden              = { status = 403, title = "Forbidden", detail = "These credentials may not do this.", headers = {} }
    not-found              = { status = 404, title = "Not found", detail = "No such address. The list of calls is at /docs.", headers = {} }
    malformed-request      = { status = 400, title = "Invalid request", detail = "The gateway cannot read this request.", headers = {} }
    body-too-large         = { status = 413, title = "Body too large", detail = "Send 10 KB (10,240 bytes) at most.", headers = {} }
    unsupported-media-type = { status = 415, title = "Unsupported media type", detail = "Send Content-Type: application/json.", headers = { "Accept" = "application/json" } }
    rate-limited           = { status = 429, title = "Too many requests", detail = "Too many calls at once. Wait for a second and try again.", headers = { "Retry-After" = "1" } }
    internal-error         = { status = 500, title = "Internal server error", detail = "Something went wrong on our side. Repeating the call with the same Idempotency-Key is safe.", headers = {} }
  }

  # A refusal that is told from another of the same code → that code.
  shared_codes = { no-person = "unauthorized" }

  # The gateway's own names of what went wrong → our refusal.
  kinds = {
    INVALID_API_KEY = "unauthorized" # pragma: allowlist secret - no secret, the name of a refusal
    # No authorizer but people's is here, so these two are about tokens.
    UNAUTHORIZED  = "no-person"
    EXPIRED_TOKEN = "no-person"
    # Not signed requests, but unknown paths get this from the gateway: nothing here asks for a signature.
    MISSING_AUTHENTICATION_TOKEN = "not-found"
    RESOURCE_NOT_FOUND           = "not-found"
    ACCESS_DENIED                = "forbidden"
    INVALID_SIGNATURE            = "not-found"
    WAF_FILTERED                 = "forbidden"
    BAD_REQUEST_BODY             = "malformed-request"
    BAD_REQUEST_PARAMETERS       = "malformed-request"
    DEFAULT_4XX                  = "malformed-request"
    REQUEST_TOO_LARGE            = "body-too-large"
    UNSUPPORTED_MEDIA_TYPE       = "unsupported-media-type"
    THROTTLED                    = "rate-limited"
    QUOTA_EXCEEDED               = "rate-limited"
    # A call that ran into its time limit may have been carried out: 503 would promise that nothing was changed.
    INTEGRATION_FAILURE            = "internal-error"
    INTEGRATION_TIMEOUT            = "internal-error"
    API_CONFIGURATION_ERROR        = "internal-error"
    AUTHORIZER_FAILURE             = "internal-error"
    AUTHORIZER_CONFIGURATION_ERROR = "internal-error"
    DEFAULT_5XX                    = "internal-error"
  }

  # The route: a path may hold a secret. Of an address that there is not, the path.
  instances = { not-found = "$context.path" }

  bodies = { for name, refusal in local.refusals : name => jsonencode({
    type      = "/$context.stage/problems/${lookup(local.shared_codes, name, name)}"
    title     = refusal.title
    status    = refusal.status
    detail    = refusal.detail
    instance  = lookup(local.instances, name, "/$context.stage$context.resourcePath")
    code      = lookup(local.shared_codes, name, name)
    requestId = "$context.requestId"
  }) }

  gateway_responses = { for kind, name in local.kinds : kind => {
    status = local.refusals[name].status
    body   = local.bodies[name]
    headers = merge(local.cors_headers, local.refusals[name].headers, {
      "Content-Type"           = local.problem_type
      "X-Content-Type-Options" = "nosniff"
    })
  } }
}

resource "aws_api_gateway_gateway_response" "this" {
  for_each = local.gateway_responses

  rest_api_id         = aws_api_gateway_rest_api.this.id
  response_type       = each.key
  status_code         = each.value.status
  response_templates  = { "application/json" = each.value.body }
  response_parameters = { for name, value in each.value.headers : "gatewayresponse.header.${name}" => "'${value}'" }
}

# --- 405: what no method of a path takes, the gateway answers by itself ---------------------------------------------

locals {
  # A body whose type has no template here is refused with 415 in our shape, not handed on to nowhere.
  request_types = ["application/json", "application/merge-patch+json", "application/octet-stream", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]

  not_allowed_body = { for path, resource in local.answering : path => jsonencode({
    type      = "/$context.stage/problems/method-not-allowed"
    title     = "Method not allowed"
    status    = 405
    detail    = "This address knows ${resource.allow}."
    instance  = "/$context.stage$context.resourcePath"
    code      = "method-not-allowed"
    requestId = "$context.requestId"
  }) }
  not_allowed_headers = { for path, resource in local.answering : path => merge(local.cors_headers, {
    "Allow"                  = resource.allow
    "Content-Type"           = local.problem_type
    "X-Content-Type-Options" = "nosniff"
  }) }
}

resource "aws_api_gateway_method" "not_allowed" {
  #checkov:skip=CKV_AWS_59:it answers 405 to everybody
  #checkov:skip=CKV2_AWS_53:it answers 405 whatever is sent
  for_each = local.answering

  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = local.resource_ids[each.key]
  http_method   = "ANY"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "not_allowed" {
  for_each = local.answering

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = local.resource_ids[each.key]
  http_method          = aws_api_gateway_method.not_allowed[each.key].http_method
  type                 = "MOCK"
  passthrough_behavior = "NEVER"
  request_templates    = { for type in local.request_types : type => jsonencode({ statusCode = 405 }) }
}

resource "aws_api_gateway_method_response" "not_allowed" {
  for_each = local.answering

  rest_api_id         = aws_api_gateway_rest_api.this.id
  resource_id         = local.resource_ids[each.key]
  http_method         = aws_api_gateway_method.not_allowed[each.key].http_method
  status_code         = "405"
  response_parameters = { for name, value in local.not_allowed_headers[each.key] : "method.response.header.${name}" => false }
}

resource "aws_api_gateway_integration_response" "not_allowed" {
  for_each = local.answering

  rest_api_id         = aws_api_gateway_rest_api.this.id
  resource_id         = local.resource_ids[each.key]
  http_method         = aws_api_gateway_method_response.not_allowed[each.key].http_method
  status_code         = "405"
  response_templates  = { "application/json" = local.not_allowed_body[each.key] }
  response_parameters = { for name, value in local.not_allowed_headers[each.key] : "method.response.header.${name}" => "'${value}'" }

  depends_on = [aws_api_gateway_integration.not_allowed]
}

# --- OPTIONS: what a path knows, and what a browser may send there --------------------------------------------------

locals {
  preflight_headers = { for path, resource in local.answering : path => merge(
    { "Allow" = resource.allow },
    length(var.cors_origins) == 0 ? {} : {
      "Access-Control-Allow-Origin"   = var.cors_origins[0]
      "Access-Control-Allow-Methods"  = resource.allow
      "Access-Control-Allow-Headers"  = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, X-Api-Key"
      "Access-Control-Expose-Headers" = local.exposed_headers
      "Access-Control-Max-Age"        = "600"
    },
  ) }

  # Of several origins the one that asks is named; a browser takes one only. Without a match the header names the first, which is not the one that asked.
  choose_origin = <<-EOT
    #set($origin = $input.params().header.get("origin"))
    #if(!$origin) #set($origin = $input.params().header.get("Origin")) #end
    #set($known = ${jsonencode(var.cors_origins)})
    #if($known.contains($origin) || $known.contains("*"))
    #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
    #end
  EOT
}

resource "aws_api_gateway_method" "options" {
  #checkov:skip=CKV2_AWS_53:a preflight has no body
  for_each = local.answering

  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = local.resource_ids[each.key]
  http_method   = "OPTIONS"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "options" {
  for_each = local.answering

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = local.resource_ids[each.key]
  http_method          = aws_api_gateway_method.options[each.key].http_method
  type                 = "MOCK"
  passthrough_behavior = "NEVER"
  request_templates    = { for type in local.request_types : type => jsonencode({ statusCode = 200 }) }
}

resource "aws_api_gateway_method_response" "options" {
  for_each = local.answering

  rest_api_id         = aws_api_gateway_rest_api.this.id
  resource_id         = local.resource_ids[each.key]
  http_method         = aws_api_gateway_method.options[each.key].http_method
  status_code         = "200"
  response_parameters = { for name, value in local.preflight_headers[each.key] : "method.response.header.${name}" => false }
}

resource "aws_api_gateway_integration_response" "options" {
  for_each = local.answering

  rest_api_id         = aws_api_gateway_rest_api.this.id
  resource_id         = local.resource_ids[each.key]
  http_method         = aws_api_gateway_method_response.options[each.key].http_method
  status_code         = "200"
  response_templates  = { "application/json" = length(var.cors_origins) > 1 ? local.choose_origin : "" }
  response_parameters = { for name, value in local.preflight_headers[each.key] : "method.response.header.${name}" => "'${value}'" }

  depends_on = [aws_api_gateway_integration.options]
}
