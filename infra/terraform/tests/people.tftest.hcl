# Who people are, and what a token of theirs must not do. Nothing here asks AWS.

mock_provider "aws" {}

run "people_of_dev" {
  command = plan

  module {
    source = "./modules/people"
  }

  variables {
    environment = "dev"
  }

  assert {
    condition     = aws_cognito_user_pool.this.deletion_protection == "INACTIVE"
    error_message = "dev may lose its people."
  }
  assert {
    condition     = aws_cognito_user_pool.this.admin_create_user_config[0].allow_admin_create_user_only
    error_message = "Nobody makes themselves a person of the platform."
  }
  assert {
    condition     = aws_cognito_user_pool_client.this.access_token_validity == 1 && one(aws_cognito_user_pool_client.this.token_validity_units).access_token == "hours"
    error_message = "A token opens the API for an hour."
  }
  assert {
    condition     = aws_cognito_user_pool_client.this.write_attributes == toset(["zoneinfo"])
    error_message = "A stolen token changes nothing by which a person is known."
  }
  assert {
    condition     = [for mechanism in one(aws_cognito_user_pool.this.account_recovery_setting).recovery_mechanism : mechanism.name] == ["admin_only"]
    error_message = "An operator alone gives a new password."
  }
  assert {
    condition     = aws_cognito_user_pool.this.mfa_configuration == "OPTIONAL"
    error_message = "The emulator signs in without a second factor."
  }
  assert {
    condition     = keys(aws_cognito_user_group.this) == ["Admin", "TenantAdmin", "TenantOperator", "TenantViewer"]
    error_message = "The platform role is a group of the pool, and no role in a tenant has its name."
  }
}

run "people_who_sign_up" {
  command = plan

  module {
    source = "./modules/people"
  }

  variables {
    environment = "dev"
    sign_up     = true
  }

  assert {
    condition     = !aws_cognito_user_pool.this.admin_create_user_config[0].allow_admin_create_user_only
    error_message = "Customers can make themselves users where that is asked for."
  }
  assert {
    condition     = one(aws_cognito_user_pool_client.sign_up).explicit_auth_flows == toset(["ALLOW_REFRESH_TOKEN_AUTH"])
    error_message = "The client that may say an address gives no token."
  }
  assert {
    condition     = aws_cognito_user_pool_client.this.write_attributes == toset(["zoneinfo"])
    error_message = "A stolen token changes nothing by which a person is known."
  }
}

run "people_of_sit" {
  command = plan

  module {
    source = "./modules/people"
  }

  variables {
    environment = "sit"
  }

  assert {
    condition     = aws_cognito_user_pool.this.deletion_protection == "ACTIVE"
    error_message = "People come back from nowhere."
  }
  assert {
    condition     = aws_cognito_user_pool.this.mfa_configuration == "ON" && aws_cognito_user_pool.this.software_token_mfa_configuration[0].enabled
    error_message = "A password alone must sign nobody in."
  }
}

run "people_of_prod" {
  command = plan

  module {
    source = "./modules/people"
  }

  variables {
    environment = "prod"
  }

  assert {
    condition     = aws_cognito_user_pool.this.deletion_protection == "ACTIVE"
    error_message = "People come back from nowhere."
  }
  assert {
    condition     = aws_cognito_user_pool.this.mfa_configuration == "ON" && aws_cognito_user_pool.this.software_token_mfa_configuration[0].enabled
    error_message = "A password alone must sign nobody in."
  }
}

run "a_group_that_the_gateway_would_cut" {
  command = plan

  module {
    source = "./modules/people"
  }

  variables {
    environment = "dev"
    groups      = { "two words" = "some" }
  }

  expect_failures = [var.groups]
}
