provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

# Where prod keeps its second copy. Without a recovery region nothing is made by it.
provider "aws" {
  alias  = "recovery"
  region = coalesce(var.recovery_region, var.region)

  default_tags {
    tags = local.tags
  }
}
