variable "bucket" {
  type        = string
  description = "The bucket's name; the copy in the recovery region is {bucket}-recovery."

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,52}[a-z0-9]$", var.bucket))
    error_message = "A bucket's name is 3 to 54 lower-case letters, digits, dots and hyphens: -recovery must still fit into 63."
  }
}

variable "lock_mode" {
  type        = string
  description = "Object Lock: GOVERNANCE (a role with the permission may still delete) or COMPLIANCE (nobody may, the account's owner included)."

  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.lock_mode)
    error_message = "The mode is GOVERNANCE or COMPLIANCE."
  }
}

variable "lock_days" {
  type        = number
  description = "For how many days a written object cannot be deleted or overwritten."

  validation {
    condition     = var.lock_days >= 1 && var.lock_days <= 36500
    error_message = "Object Lock holds for 1 to 36,500 days."
  }
}

variable "cold_after_days" {
  type        = number
  description = "After how many days an object of any size moves to Glacier."

  validation {
    condition     = var.cold_after_days >= 1
    error_message = "Name the days, 365 by specification (products §8)."
  }
}

variable "cold_storage_class" {
  type        = string
  description = "GLACIER_IR (read at once), GLACIER or DEEP_ARCHIVE (to be restored for hours before they can be read)."

  validation {
    condition     = contains(["GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"], var.cold_storage_class)
    error_message = "A Glacier class is GLACIER_IR, GLACIER or DEEP_ARCHIVE."
  }
}

variable "replicate" {
  type        = bool
  description = "Whether every object is copied to a second bucket in the recovery region."
}

variable "force_destroy" {
  type        = bool
  default     = false
  description = "Whether destroying also empties the bucket: for an emulator alone."
}

variable "permissions_boundary" {
  type        = string
  default     = null
  description = "ARN of the policy that bounds the role made here; null: none."

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary))
    error_message = "The permissions boundary is the ARN of a policy."
  }
}
