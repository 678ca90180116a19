variable "environment" {
  type        = string
  description = "dev, sit or prod: the end of every name."

  validation {
    condition     = contains(["dev", "sit", "prod"], var.environment)
    error_message = "The environment is dev, sit or prod."
  }
}

variable "runbook" {
  type        = string
  description = "The runbook that every alarm's description points to; its section is the alarm's signal."

  validation {
    condition     = endswith(var.runbook, ".md")
    error_message = "The runbook is a Markdown file of this repository."
  }
}

variable "functions" {
  description = "Function, short name → its kind (api, worker, daily, feed) and its time limit in seconds."
  type = map(object({
    kind    = string
    timeout = number
  }))

  validation {
    condition     = alltrue([for function in var.functions : contains(["api", "worker", "daily", "feed"], function.kind)])
    error_message = "A function's kind is api, worker, daily or feed."
  }
}

variable "queues" {
  type        = list(string)
  description = "Queues by short name: each has a queue that may grow old and dead letters."
}

variable "dead_letters_alone" {
  type        = list(string)
  description = "Short names that have dead letters without a queue of ours before them: the feed."
}

variable "tables" {
  description = "Store → the table that the functions use, and its indexes."
  type = map(object({
    name    = string
    indexes = list(string)
  }))
}

variable "api" {
  type        = string
  description = "The REST API's name, by which CloudWatch knows it."

  validation {
    condition     = length(var.api) > 0
    error_message = "Name the API."
  }
}

variable "stage" {
  type        = string
  description = "The API's stage."

  validation {
    condition     = length(var.stage) > 0
    error_message = "Name the stage."
  }
}

variable "email" {
  type        = string
  default     = null
  description = "Who is told by e-mail of the second set of alarms; null is nobody. AWS asks the address to confirm."

  validation {
    condition     = var.email == null || can(regex("^[^@\\s]+@[^@\\s]+$", var.email))
    error_message = "That is no e-mail address."
  }
}
