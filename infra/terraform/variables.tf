# What differs between environments has no default; what does not has the specification's figure.

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
  description = "The region that the environment runs in."

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "That is no region's name, such as eu-west-1."
  }
}

variable "recovery_region" {
  type        = string
  description = "The region that holds the second copy of tables, archive and secrets; null is none."

  validation {
    condition     = var.recovery_region == null || can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.recovery_region))
    error_message = "That is no region's name, such as eu-west-1. Without a second copy it is null."
  }

  validation {
    condition     = var.recovery_region != var.region
    error_message = "A copy in the same region is lost with it: name another one, or null."
  }
}

# --- tags (specification: operations §1) ----------------------------------------------------------------------------

variable "project" {
  type        = string
  default     = "BBWS"
  description = "The tag Project."

  validation {
    condition     = length(var.project) > 0
    error_message = "The tag Project is not empty."
  }
}

variable "component" {
  type        = string
  default     = "control-plane"
  description = "The tag Component."

  validation {
    condition     = length(var.component) > 0
    error_message = "The tag Component is not empty."
  }
}

variable "owner" {
  type        = string
  description = "The tag Owner: a team, not a person."

  validation {
    condition     = length(var.owner) > 0
    error_message = "The tag Owner is not empty."
  }
}

variable "cost_center" {
  type        = string
  description = "The tag CostCenter; null is none."

  validation {
    condition     = var.environment != "prod" || var.cost_center != null
    error_message = "In prod every resource carries a CostCenter (operations §1)."
  }
}

# --- functions ------------------------------------------------------------------------------------------------------

variable "architecture" {
  type        = string
  default     = "arm64"
  description = "arm64 (a fifth cheaper) or x86_64; the package must be of the same."

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "The architecture is arm64 or x86_64."
  }
}

variable "package" {
  description = "The package that every function runs: a file of this machine, or bucket and key of the artefact; hash is base64 of its SHA-256."
  type = object({
    file   = optional(string)
    bucket = optional(string)
    key    = optional(string)
    hash   = string
  })

  validation {
    condition     = (var.package.file == null) != (var.package.bucket == null)
    error_message = "The package is either a file, or an object of the artefacts bucket: name file, or bucket and key."
  }

  validation {
    condition     = var.package.bucket == null || can(regex("[0-9a-f]{64}", var.package.key))
    error_message = "The key of an artefact holds its checksum (64 hexadecimal digits), so that sit and prod deploy the very same bytes."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.package.hash))
    error_message = "The hash is base64 of the package's SHA-256: openssl dgst -sha256 -binary FILE | base64."
  }
}

variable "log_level" {
  type        = string
  description = "How much the functions log."

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "The log level is DEBUG, INFO, WARNING or ERROR."
  }
}

variable "log_retention_days" {
  type        = number
  description = "For how many days logs are kept: 7, 14, 30 (operations §1)."

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365], var.log_retention_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 or 365 days."
  }
}

variable "write_mode" {
  type        = string
  default     = "direct"
  description = "direct (a write is applied at once) or queued (through the product creator): products, Decision 1."

  validation {
    condition     = contains(["direct", "queued"], var.write_mode)
    error_message = "The write mode is direct or queued."
  }
}

variable "table_overrides" {
  type        = map(string)
  default     = {}
  description = "Store → table that the functions use in place of {store}-{environment}: after a restore into a new table."

  validation {
    condition     = alltrue([for name in values(var.table_overrides) : can(regex("^[A-Za-z0-9_.-]{3,255}$", name))])
    error_message = "A table's name is 3 to 255 letters, digits, dots, hyphens and underscores."
  }
}

variable "extra_environment" {
  type        = map(string)
  default     = {}
  description = "Further environment variables of every function; an emulator's address comes here. No secrets."

  validation {
    condition     = length(setintersection(keys(var.extra_environment), ["BBWS_ENVIRONMENT", "BBWS_RUNS"])) == 0
    error_message = "BBWS_ENVIRONMENT and BBWS_RUNS follow from what is deployed and cannot be given."
  }
}

# A kept snapshot of a version is paid by memory and time (US East at the time of writing: USD 0.0000015046 for a
# GB-second, so about USD 1 a month for each kept version of 256 MB; and USD 0.00014 for each GB restored). With three
# versions of 28 functions that is about USD 85 a month whether anybody calls or not.
variable "snap_start" {
  type        = bool
  default     = false
  description = "Whether versions start from a snapshot (SnapStart). Off: each kept version is paid by the hour."
}

variable "alias_moved_by" {
  type        = string
  default     = "pipeline"
  description = "Who moves the alias latest-{env}: pipeline (step by step, and back) or terraform (at once, with every apply)."

  validation {
    condition     = contains(["pipeline", "terraform"], var.alias_moved_by)
    error_message = "The alias is moved by pipeline or by terraform."
  }
}

variable "alias_weights" {
  type        = map(number)
  default     = {}
  description = "Function → share of its calls (0 to 1) that the version before keeps. Only where terraform moves the alias."

  validation {
    condition     = alltrue([for share in values(var.alias_weights) : share > 0 && share < 1])
    error_message = "A share lies between 0 and 1."
  }

  validation {
    condition     = length(var.alias_weights) == 0 || var.alias_moved_by == "terraform"
    error_message = "The pipeline routes by itself (infra/pipeline/release.py): weights need alias_moved_by = \"terraform\"."
  }
}

variable "reserved_concurrency" {
  type        = map(number)
  default     = {}
  description = "Function → calls at once that are kept for it alone and taken from all others. None by default."

  validation {
    condition     = alltrue([for number in values(var.reserved_concurrency) : number >= 0])
    error_message = "Reserved concurrency is 0 (switched off) or more."
  }
}

variable "account_concurrency" {
  type        = number
  default     = 1000
  description = "The account's limit of calls at once in this region (Service Quotas, Lambda, Concurrent executions)."

  validation {
    condition     = var.account_concurrency >= 10
    error_message = "New accounts have 10 at least."
  }
}

# --- feed and queues ------------------------------------------------------------------------------------------------

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
  description = "How the feed reads the streams: records at once, seconds to wait for them, tries before a record is given up, and its greatest age in seconds."
  type = object({
    batch           = number
    window          = number
    retries         = number
    record_age      = number
    parallelization = number
  })
  default = { batch = 100, window = 0, retries = 10, record_age = 21600, parallelization = 1 }

  validation {
    condition     = var.feed.record_age >= 60 && var.feed.record_age <= 86400
    error_message = "Streams keep a record for 24 hours: 60 to 86,400 seconds."
  }

  validation {
    condition     = var.feed.retries >= 0 && var.feed.retries <= 10000
    error_message = "A record is tried again 0 to 10,000 times; without end it would hold up its shard for a day."
  }
}

# --- API ------------------------------------------------------------------------------------------------------------

variable "cors_origins" {
  type        = list(string)
  description = "Origins that a browser may call from; * is every one."

  validation {
    condition     = var.environment != "prod" || !contains(var.cors_origins, "*")
    error_message = "In prod the origins are named one by one."
  }
}

variable "throttle" {
  description = "Calls a second and burst by rate class, for each key by method and for each method of the stage (products §3)."
  type = map(object({
    rate  = number
    burst = number
  }))
  default = { read = { rate = 100, burst = 200 }, write = { rate = 50, burst = 100 } }

  validation {
    condition     = alltrue([for limit in values(var.throttle) : limit.rate > 0 && limit.burst >= 1])
    error_message = "A rate of 0 would refuse every call."
  }
}

variable "manage_gateway_account" {
  type        = bool
  default     = true
  description = "Whether this environment sets the account's role by which API Gateway writes logs: exactly one of an account and region does."
}

# --- data -----------------------------------------------------------------------------------------------------------

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

# --- money and people -----------------------------------------------------------------------------------------------

variable "budget_usd" {
  type        = number
  description = "The month's budget in USD: 500, 1,000, 5,000 (operations §1); told at 80 %."

  validation {
    condition     = var.budget_usd > 0
    error_message = "A budget is more than nothing."
  }
}

variable "alert_email" {
  type        = string
  default     = null
  description = "Who is told of the second set of alarms and of the budget by e-mail; null is nobody."

  validation {
    condition     = var.alert_email == null || can(regex("^[^@\\s]+@[^@\\s]+$", var.alert_email))
    error_message = "That is no e-mail address."
  }
}
