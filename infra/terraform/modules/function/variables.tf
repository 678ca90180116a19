variable "name" {
  type        = string
  description = "The function's name without prefix and environment, such as product-get."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.name))
    error_message = "A function's name is lower-case words joined by hyphens, at most 41 characters: it becomes part of names that AWS limits to 64."
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

variable "handler" {
  type        = string
  description = "The entrypoint in the package, as module.function."

  validation {
    condition     = startswith(var.handler, "bbws.entrypoints.")
    error_message = "A handler is one of the package's entrypoints: bbws.entrypoints.*."
  }
}

variable "runs" {
  type        = string
  description = "What the function runs: the manifest's key runs, handed on as BBWS_RUNS."

  validation {
    condition     = length(var.runs) > 0
    error_message = "The manifest must say what a function runs."
  }
}

variable "memory" {
  type        = number
  description = "Memory in MB; processor time grows with it."

  validation {
    condition     = var.memory >= 128 && var.memory <= 10240
    error_message = "Lambda has 128 to 10,240 MB."
  }
}

variable "timeout" {
  type        = number
  description = "Seconds after which Lambda ends a call."

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900
    error_message = "Lambda ends a call after 900 seconds at most."
  }
}

variable "access" {
  type        = string
  description = "The policy of what it may do in our own tables, queues, bucket and secrets: JSON of IAM statements, exact and least."

  validation {
    condition     = can(length(jsondecode(var.access)))
    error_message = "The access is a JSON list of IAM statements."
  }
}

variable "platform_access" {
  type        = string
  default     = "[]"
  description = "IAM statements (JSON list) that what calls the function needs: reading a queue or a stream."

  validation {
    condition     = can(length(jsondecode(var.platform_access)))
    error_message = "The access is a JSON list of IAM statements."
  }
}

variable "settings" {
  description = "What all functions of the environment share; made once in the root (local.function_settings)."
  type = object({
    architecture = string
    variables    = map(string)
    package = object({
      file   = optional(string)
      bucket = optional(string)
      key    = optional(string)
      hash   = string
    })
    log_retention_days = number
    snap_start         = bool
    alias_moved_by     = string
    alias_weights      = map(number)
    boundary           = optional(string)
  })

  validation {
    condition     = (var.settings.package.file == null) != (var.settings.package.bucket == null)
    error_message = "The package is either a file of this machine or an object of the artefacts bucket (bucket and key)."
  }
}

variable "reserved_concurrency" {
  type        = number
  default     = -1
  description = "How many calls at once are kept for this function alone; -1 is none, and the account's pool is shared."

  validation {
    condition     = var.reserved_concurrency >= -1
    error_message = "Reserved concurrency is -1 (none), 0 (switched off) or more."
  }
}
