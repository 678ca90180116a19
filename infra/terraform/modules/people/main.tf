# Who people are: a user pool for the environment, made without a person in it. People are put in by an operator
# (docs/runbooks/product_lambda_operations.md), since a token of the group Admin opens everything that is asked of it.

resource "aws_cognito_user_pool" "this" {
  name = "bbws-people-${var.environment}"

  # A name of its own that never changes, and the verified e-mail address in its place. Neither minds the case.
  alias_attributes         = ["email"]
  auto_verified_attributes = ["email"]

  username_configuration {
    case_sensitive = false
  }

  admin_create_user_config {
    allow_admin_create_user_only = !var.sign_up
  }

  password_policy {
    minimum_length                   = 12
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = true
    require_uppercase                = true
    temporary_password_validity_days = 7
  }

  # A password alone opens nothing that matters. In dev the emulator signs in, which has no app.
  mfa_configuration = var.environment == "dev" ? "OPTIONAL" : "ON"

  software_token_mfa_configuration {
    enabled = true
  }

  # No mail makes a new password: whoever reads somebody's mail would be them.
  account_recovery_setting {
    recovery_mechanism {
      name     = "admin_only"
      priority = 1
    }
  }

  # The tenants that somebody belongs to, for who reads tokens (src/bbws/tenants/signing_in.py). No right follows from it.
  # An attribute once added stays: Cognito takes none away.
  schema {
    name                = "tenantIds"
    attribute_data_type = "String"
    mutable             = true

    string_attribute_constraints {
      min_length = 0
      max_length = 2048
    }
  }

  # An address that nobody has proved to be theirs signs nobody in.
  user_attribute_update_settings {
    attributes_require_verification_before_update = ["email"]
  }

  # People are not replicated and come back from nowhere: dev alone may lose them.
  deletion_protection = var.environment == "dev" ? "INACTIVE" : "ACTIVE"
}

# Of the command line and the console, which cannot keep a secret.
resource "aws_cognito_user_pool_client" "this" {
  name         = "bbws-people-${var.environment}"
  user_pool_id = aws_cognito_user_pool.this.id

  generate_secret               = false
  explicit_auth_flows           = ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true

  # The gateway does not ask whether a token was revoked, so none lives for longer than the specification says.
  access_token_validity  = 1
  id_token_validity      = 1
  refresh_token_validity = 30

  token_validity_units {
    access_token  = "hours"
    id_token      = "hours"
    refresh_token = "days"
  }

  # The token that the API takes lets its bearer change what is named here: who stole one must not move the address. None
  # named would be all of them, so it is one that nobody reads.
  read_attributes  = ["custom:tenantIds", "email", "email_verified"]
  write_attributes = ["zoneinfo"]
}

# Where people make themselves users. It may say an address, and signs nobody in: there is no token of it to change one by.
resource "aws_cognito_user_pool_client" "sign_up" {
  count = var.sign_up ? 1 : 0

  name         = "bbws-people-sign-up-${var.environment}"
  user_pool_id = aws_cognito_user_pool.this.id

  generate_secret               = false
  explicit_auth_flows           = ["ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  write_attributes              = ["email"]
}

resource "aws_cognito_user_group" "this" {
  for_each = var.groups

  name         = each.key
  description  = each.value
  user_pool_id = aws_cognito_user_pool.this.id
}
