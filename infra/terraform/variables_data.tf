# Tables, the archive, and the way from a change to its consumers.

variable "table_overrides" {
  type        = map(string)
  default     = {}
  description = "Store → table that the functions use in place of {store}-{environment}: after a restore into a new table."

  validation {
    condition     = length(setsubtract(keys(var.table_overrides), keys(local.manifest.stores))) == 0
    error_message = "The manifest has no such store: ${join(", ", setsubtract(keys(var.table_overrides), keys(local.manifest.stores)))}."
  }

  validation {
    condition     = alltrue([for store, name in var.table_overrides : startswith(name, "${store}-${var.environment}-")])
    error_message = "The name of a restored table begins with that of its own and a hyphen: the pipeline and the boundary of every role reach no other. The own table is used where the store is left out."
  }

  validation {
    condition     = alltrue([for name in values(var.table_overrides) : can(regex("^[A-Za-z0-9_.-]{3,255}$", name))])
    error_message = "A table's name is 3 to 255 letters, digits, dots, hyphens and underscores."
  }
}

variable "deletion_protection" {
  type        = bool
  description = "Whether tables refuse to be deleted and secrets wait for 30 days."

  validation {
    condition     = var.environment != "prod" || var.deletion_protection
    error_message = "In prod tables are protected from deletion (operations §1)."
  }
}

variable "archive" {
  description = "The audit archive: bucket (null: made from environment and account), Object Lock mode and days, days until Glacier and its class, and whether destroying empties it."
  type = object({
    bucket             = optional(string)
    lock_mode          = string
    lock_days          = number
    cold_after_days    = optional(number, 365)
    cold_storage_class = optional(string, "GLACIER_IR")
    force_destroy      = optional(bool, false)
  })

  validation {
    condition     = var.environment != "prod" || var.archive.lock_mode == "COMPLIANCE"
    error_message = "In prod nobody may delete from the archive: COMPLIANCE."
  }

  validation {
    condition     = var.environment != "prod" || !var.archive.force_destroy
    error_message = "In prod the archive is never emptied."
  }
}

variable "visibility_factor" {
  type        = number
  default     = 6
  description = "A queue hides a message for at least this many times its function's timeout; AWS advises 6."

  validation {
    condition     = var.visibility_factor >= 1 && var.visibility_factor <= 12
    error_message = "Below 1 a message would be handed out again while its first run still goes on; AWS advises 6."
  }
}

variable "batching_window" {
  type        = number
  default     = null
  description = "Seconds that consumers wait for a full batch; null is what the manifest says."

  validation {
    condition     = var.batching_window == null || try(var.batching_window >= 0 && var.batching_window <= 300, false)
    error_message = "A batching window is 0 to 300 seconds, or null."
  }
}

variable "feed" {
  description = "How the feed reads the streams: records at once, seconds to wait for them, tries before a record is given up (-1: without end), and its greatest age in seconds."
  type = object({
    batch           = number
    window          = number
    retries         = number
    record_age      = number
    parallelization = number
  })
  # The age leaves an hour in which the stream still has what is given up.
  default = { batch = 100, window = 0, retries = -1, record_age = 82800, parallelization = 1 }

  validation {
    condition     = var.feed.record_age >= 60 && var.feed.record_age <= 86400
    error_message = "Streams keep a record for 24 hours: 60 to 86,400 seconds."
  }

  validation {
    condition     = var.feed.retries >= -1 && var.feed.retries <= 10000
    error_message = "A record is tried again 0 to 10,000 times, or -1: until it is too old."
  }
}
