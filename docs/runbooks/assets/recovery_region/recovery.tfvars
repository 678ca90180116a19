# After environments/prod/terraform.tfvars, which it corrects.
region          = "eu-west-1"
recovery_region = null
