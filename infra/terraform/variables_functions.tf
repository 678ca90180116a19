# What the functions run, and with what.

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

variable "previous_manifest" {
  type        = string
  default     = null
  description = "A manifest of what has the traffic (python -m infra.pipeline release rights): what its functions may do is allowed beside what the new ones may; null is nothing."

  validation {
    condition     = var.previous_manifest == null || can(jsondecode(file(var.previous_manifest)).endpoints)
    error_message = "That is no manifest: git show RELEASE:infra/terraform/manifest.json writes one."
  }
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

variable "public_url" {
  type        = string
  default     = null
  description = "Where people reach the API, for links in mails; null: the usual domain."

  validation {
    condition     = var.public_url == null || can(regex("^https://[^/?#[:space:]]+(/[^?#[:space:]]*)?$", var.public_url))
    error_message = "An https address without a query."
  }
}

variable "sign_up" {
  type        = bool
  default     = false
  description = "Whether customers make themselves users of the user pool. A token alone opens no tenant and no platform role."
}

variable "mail_from" {
  type        = string
  default     = "BBWS <no-reply@bigbeardweb.solutions>"
  description = "Whom mails are from. Its address or domain is verified in SES by hand, once for an account and region."

  validation {
    condition     = can(regex("^([A-Za-z0-9 ]+<)?[^<>@[:space:]]+@[A-Za-z0-9.-]+>?$", var.mail_from))
    error_message = "An address, or a name and an address in angle brackets."
  }
}
