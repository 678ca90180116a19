variable "store" {
  type        = string
  description = "The store's name, such as products; the table is {store}-{environment}."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.store))
    error_message = "A store's name is lower-case words joined by hyphens."
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

variable "indexes" {
  type        = list(string)
  default     = []
  description = "Global secondary indexes: index X has the keys XPK and XSK and projects everything."

  validation {
    condition     = length(var.indexes) <= 20
    error_message = "DynamoDB has 20 global secondary indexes to a table; a store that needs more must be split, or its quota raised."
  }

  validation {
    condition     = length(distinct(var.indexes)) == length(var.indexes)
    error_message = "An index is named twice."
  }
}

variable "stream" {
  type        = bool
  default     = false
  description = "Whether the table's changes go to the feed."
}

variable "deletion_protection" {
  type        = bool
  description = "Whether the table refuses to be deleted."
}

variable "recovery_region" {
  type        = string
  default     = null
  description = "The region that holds a replica (a global table); null is none."

  validation {
    condition     = var.recovery_region == null || can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.recovery_region))
    error_message = "That is no region's name, such as eu-west-1."
  }
}

variable "backup_policy" {
  type        = string
  default     = "pitr-35-days"
  description = "The value of the tag BackupPolicy."

  validation {
    condition     = length(var.backup_policy) > 0
    error_message = "Name the backup policy."
  }
}
