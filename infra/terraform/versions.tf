terraform {
  # 1.10 is the first version whose S3 backend locks by itself, without a table.
  required_version = ">= 1.10.0, < 2.0.0"

  # Partial: environments/{env}/backend.hcl has the rest (terraform init -backend-config=environments/dev/backend.hcl).
  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
