environment         = "prod"
region              = "af-south-1"
recovery_region     = "eu-west-1"
owner               = "platform-team"
cost_center         = "bbws"
log_level           = "WARNING"
log_retention_days  = 30
deletion_protection = true
cors_origins        = []
archive             = { lock_mode = "COMPLIANCE", lock_days = 2557 }
budget_usd          = 5000
