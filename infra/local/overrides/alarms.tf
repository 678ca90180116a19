# ministack 1.5.33 keeps nothing of metric mathematics: such an alarm would never fire.
resource "aws_cloudwatch_metric_alarm" "error_rate" {
  for_each = {}
}

resource "aws_cloudwatch_metric_alarm" "throttled" {
  for_each = {}
}

resource "aws_cloudwatch_metric_alarm" "throttled_index" {
  for_each = {}
}
