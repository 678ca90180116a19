bucket       = "bbws-terraform-state-dev"
key          = "bbws/terraform.tfstate"
region       = "eu-west-1"
encrypt      = true
use_lockfile = true
