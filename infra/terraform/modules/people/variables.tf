variable "environment" {
  type        = string
  description = "dev, sit or prod: the end of every name."

  validation {
    condition     = contains(["dev", "sit", "prod"], var.environment)
    error_message = "The environment is dev, sit or prod."
  }
}

variable "sign_up" {
  type        = bool
  default     = false
  description = "Whether people make themselves users of the pool, by an address that they prove to be theirs."
}

variable "groups" {
  type = map(string)
  default = {
    Admin          = "The platform role Admin (src/bbws/identity/model.py)."
    TenantAdmin    = "Admin in some tenant. No right follows from it."
    TenantOperator = "Operator in some tenant. No right follows from it."
    TenantViewer   = "Viewer in some tenant. No right follows from it."
  }
  description = "Group → what it stands for. A token names the groups of its person."

  validation {
    # The gateway hands a list of groups on as one text.
    condition     = alltrue([for name in keys(var.groups) : can(regex("^[A-Za-z0-9]{1,128}$", name))])
    error_message = "A group's name is letters and digits, as API Gateway hands it on unharmed."
  }
}
