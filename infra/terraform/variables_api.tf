# Who may call the API, and how often.

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
  # Probes (unlimited) have what every region gives an account by default, af-south-1 too; most others give 10,000.
  default = { read = { rate = 100, burst = 200 }, write = { rate = 50, burst = 100 }, unlimited = { rate = 2500, burst = 1250 } }

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
