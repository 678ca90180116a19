output "topics" {
  description = "The topics: functions (first set) and alerts (second set), by ARN."
  value       = { for kind, topic in aws_sns_topic.this : kind => topic.arn }
}

output "alarms" {
  description = "Every alarm's name → the section of the runbook that it points to."
  value = merge(
    { for alarm in aws_cloudwatch_metric_alarm.simple : alarm.alarm_name => element(split("What to do: ", alarm.alarm_description), 1) },
    { for alarm in aws_cloudwatch_metric_alarm.error_rate : alarm.alarm_name => element(split("What to do: ", alarm.alarm_description), 1) },
    { for alarm in aws_cloudwatch_metric_alarm.throttled : alarm.alarm_name => element(split("What to do: ", alarm.alarm_description), 1) },
    { for alarm in aws_cloudwatch_metric_alarm.throttled_index : alarm.alarm_name => element(split("What to do: ", alarm.alarm_description), 1) },
  )
}
