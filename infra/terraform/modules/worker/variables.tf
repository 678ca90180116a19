variable "queue" {
  type        = string
  description = "The queue's name without prefix and environment, such as product-change."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.queue))
    error_message = "A queue's name is lower-case words joined by hyphens."
  }
}

variable "queues_arn" {
  type        = string
  description = "The front of every queue's ARN: arn:aws:sqs:{region}:{account}."

  validation {
    condition     = startswith(var.queues_arn, "arn:")
    error_message = "That is no ARN."
  }
}

variable "rule_arn" {
  type        = string
  description = "The rule of the event bus that alone may send to the queue and, what it cannot deliver, to the dead letters."

  validation {
    condition     = startswith(var.rule_arn, "arn:")
    error_message = "That is no ARN."
  }
}

variable "consumer" {
  description = "The consumer as the manifest has it."
  type = object({
    function    = string
    runs        = string
    visibility  = number
    maxReceives = number
    batch       = number
    window      = number
    memory      = number
    timeout     = number
  })

  validation {
    condition     = var.consumer.batch >= 1 && var.consumer.batch <= 10000
    error_message = "A batch has 1 to 10,000 messages."
  }

  validation {
    condition     = var.consumer.maxReceives >= 1 && var.consumer.maxReceives <= 1000
    error_message = "A message is received 1 to 1,000 times before it is parked."
  }
}

variable "environment" {
  type        = string
  description = "dev, sit or prod: the end of every name."

  validation {
    condition     = contains(["dev", "sit", "prod"], var.environment)
    error_message = "The environment is dev, sit or prod."
  }
}

variable "visibility_factor" {
  type        = number
  description = "The queue hides a message for at least this many times the function's timeout; AWS advises 6."

  validation {
    condition     = var.visibility_factor >= 1 && var.visibility_factor <= 12
    error_message = "Below 1 a message would be handed out again while its first run still goes on; AWS advises 6."
  }
}

variable "batching_window" {
  type        = number
  default     = null
  description = "Seconds to wait for a full batch; null is what the manifest says."

  validation {
    condition     = var.batching_window == null || (coalesce(var.batching_window, 0) >= 0 && coalesce(var.batching_window, 0) <= 300)
    error_message = "A batching window is 0 to 300 seconds, or null."
  }
}

variable "settings" {
  # HCL cannot name a type: it is written once, in modules/function/variables.tf, which this is handed on to.
  type        = any
  description = "What all functions of the environment share, as modules/function has it."

  validation {
    condition     = can(keys(var.settings.variables))
    error_message = "The settings are local.function_settings of the root."
  }
}

variable "access" {
  type        = string
  description = "IAM statements (JSON list) of what the consumer uses beside its queue."

  validation {
    condition     = can(length(jsondecode(var.access)))
    error_message = "The access is a JSON list of IAM statements."
  }
}

variable "reserved_concurrency" {
  type        = number
  default     = -1
  description = "How many calls at once are kept for this function alone; -1 is none."

  validation {
    condition     = var.reserved_concurrency >= -1
    error_message = "Reserved concurrency is -1 (none), 0 (switched off) or more."
  }
}
