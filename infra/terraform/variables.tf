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

# --- tags (specification: operations §1) -------------------------------------------------------------------------------

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

# --- money and people --------------------------------------------------------------------------------------------------

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

variable "permissions_boundary" {
  type        = string
  default     = null
  description = "Name of the policy that bounds every role made here (infra/pipeline/policies/boundary.json); null: none."

  validation {
    condition     = var.permissions_boundary == null || can(regex("^[A-Za-z0-9+=,.@_-]{1,128}$", var.permissions_boundary))
    error_message = "The permissions boundary is the name of a policy in this account, not its ARN."
  }
}
