# ministack 1.5.33 tells POST of a mock integration, where AWS tells nothing: the next apply would make each anew, and
# lose its answers on the way.
resource "aws_api_gateway_integration" "not_allowed" {
  integration_http_method = "POST"
}

resource "aws_api_gateway_integration" "options" {
  integration_http_method = "POST"
}

# It tells limits and a quota of 0 where none are set.
resource "aws_api_gateway_usage_plan" "this" {
  lifecycle {
    ignore_changes = [quota_settings, throttle_settings]
  }
}
