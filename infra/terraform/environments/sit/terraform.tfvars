environment         = "sit"
region              = "eu-west-1"
recovery_region     = null
owner               = "platform-team"
cost_center         = null
log_level           = "INFO"
log_retention_days  = 14
deletion_protection = false
cors_origins        = ["*"]
archive             = { lock_mode = "GOVERNANCE", lock_days = 7 }
budget_usd          = 1000
