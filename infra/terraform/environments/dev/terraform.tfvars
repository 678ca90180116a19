environment         = "dev"
region              = "eu-west-1"
recovery_region     = null
owner               = "platform-team"
cost_center         = null
log_level           = "DEBUG"
log_retention_days  = 7
deletion_protection = false
cors_origins        = ["*"]
archive             = { lock_mode = "GOVERNANCE", lock_days = 1 }
budget_usd          = 500
