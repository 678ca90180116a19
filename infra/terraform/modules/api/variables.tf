variable "environment" {
  type        = string
  description = "dev, sit or prod: the end of every name."

  validation {
    condition     = contains(["dev", "sit", "prod"], var.environment)
    error_message = "The environment is dev, sit or prod."
  }
}

variable "stage" {
  type        = string
  default     = "v1"
  description = "The stage's name: the first segment of every raw address."

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,128}$", var.stage))
    error_message = "A stage's name is letters, digits, hyphens and underscores."
  }
}

variable "resources" {
  description = "Path → its place in the tree, as the manifest has it."
  type = map(object({
    parent  = string
    segment = string
    depth   = number
    methods = list(string)
    allow   = string
  }))

  validation {
    condition     = alltrue([for resource in var.resources : resource.depth <= 12])
    error_message = "A path has more than 12 segments. A resource needs its parent's id, so modules/api/resources.tf has one block for each depth: copy block depth12 to depth13, add it to local.resource_ids, and raise this limit."
  }

  validation {
    condition     = alltrue([for path, resource in var.resources : resource.depth <= 1 || contains(keys(var.resources), resource.parent)])
    error_message = "A path's parent is missing among the resources: write the manifest again (make docs)."
  }
}

variable "endpoints" {
  description = "Operation → its method, path and function."
  type = map(object({
    method        = string
    path          = string
    keyed         = bool
    person        = bool
    rate          = string
    function_name = string
    alias         = string
    invoke_arn    = string
  }))

  validation {
    condition     = alltrue([for endpoint in var.endpoints : contains(["read", "write", "unlimited"], endpoint.rate)])
    error_message = "An endpoint's rate class is read, write or unlimited."
  }

  validation {
    condition     = alltrue([for endpoint in var.endpoints : !(endpoint.keyed && endpoint.person)])
    error_message = "An endpoint asks for a key or for a person: the gateway would ask for both at once."
  }

  validation {
    condition     = length(distinct([for endpoint in var.endpoints : "${endpoint.method} ${endpoint.path}"])) == length(var.endpoints)
    error_message = "Two endpoints have the same method and path."
  }
}

variable "people" {
  type        = string
  description = "ARN of the user pool whose tokens prove who a person is."

  validation {
    condition     = can(regex("^arn:[a-z-]+:cognito-idp:[a-z0-9-]+:[^:]+:userpool/", var.people))
    error_message = "People are in a user pool, which is named by its ARN."
  }
}

variable "cors_origins" {
  type        = list(string)
  description = "Origins that a browser may call from; * is every one."

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^(\\*|https?://[A-Za-z0-9.:-]+)$", origin))])
    error_message = "An origin is * or a scheme and a host without path, such as https://console.example.org."
  }
}

variable "throttle" {
  description = "Calls a second and burst by rate class, for each method of the stage and again for each key of the usage plan."
  type = map(object({
    rate  = number
    burst = number
  }))

  validation {
    condition     = toset(keys(var.throttle)) == toset(["read", "write", "unlimited"])
    error_message = "Name every rate class: read, write and unlimited."
  }
}

variable "log_retention_days" {
  type        = number
  description = "For how many days the access log is kept."

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365], var.log_retention_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 or 365 days."
  }
}

variable "manage_account" {
  type        = bool
  description = "Whether to set the role by which API Gateway writes logs: one for an account and region, so exactly one environment of an account sets it."
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
