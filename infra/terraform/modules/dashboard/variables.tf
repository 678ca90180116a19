variable "environment" {
  type        = string
  description = "dev, sit or prod: the end of every name."

  validation {
    condition     = contains(["dev", "sit", "prod"], var.environment)
    error_message = "The environment is dev, sit or prod."
  }
}

variable "region" {
  type        = string
  description = "The region whose figures are shown."

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "That is no region's name."
  }
}

variable "api" {
  type        = string
  description = "The REST API's name."

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

variable "functions" {
  type        = list(string)
  description = "Functions by their full names."
}

variable "queues" {
  type        = list(string)
  description = "Queues and dead-letter queues by their full names."
}

variable "tables" {
  type        = list(string)
  description = "Tables by their full names."
}

variable "feed" {
  type        = string
  description = "The feed function's full name."

  validation {
    condition     = length(var.feed) > 0
    error_message = "Name the feed function."
  }
}

variable "log_groups" {
  description = "Log groups by what writes them: functions (many), access (one)."
  type = object({
    functions = list(string)
    access    = string
  })
}
