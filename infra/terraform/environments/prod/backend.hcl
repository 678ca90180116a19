bucket       = "bbws-terraform-state-prod"
key          = "bbws/terraform.tfstate"
region       = "af-south-1"
encrypt      = true
use_lockfile = true
