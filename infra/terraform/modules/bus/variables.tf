variable "environment" {
  type        = string
  description = "dev, sit or prod: the end of every name."

  validation {
    condition     = contains(["dev", "sit", "prod"], var.environment)
    error_message = "The environment is dev, sit or prod."
  }
}

variable "consumers" {
  description = "Consumer → the events it wants and where they go."
  type = map(object({
    events           = list(string)
    queue_arn        = string
    dead_letters_arn = string
  }))

  validation {
    condition     = alltrue([for consumer in var.consumers : length(consumer.events) > 0])
    error_message = "A consumer that wants no event would never be called: name its events, or * for every one."
  }
}
