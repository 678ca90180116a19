"""A person on AWS from the first call to being forgotten: the functions, their rows, and the pool."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.aws.account import Account, account

TENANT: Mapping[str, Any] = {"organizationName": "Acme", "contactEmail": "office@acme.example", "environment": "dev"}


@pytest.fixture(scope="module")
def made() -> Iterator[Account]:
    with account() as ready:
        yield ready


def test_somebody_is_known_by_the_address_in_the_pool_until_they_are_forgotten(made: Account) -> None:
    sub = made.enrol("ann")
    claims = {"sub": sub, "token_use": "access"}
    founded = made.call_as(claims, "createTenant", "/v1.0/tenants", TENANT)
    assert founded.status == 201, founded.json
    users = f"/v1.0/tenants/{founded.json['tenantId']}/users/user-{sub}"
    shown = made.call_as(claims, "getTenantUser", users)
    assert (shown.status, shown.json["email"]) == (200, "ann@example.com")
    assert made.call_as_admin("eraseUser", f"/v1.0/users/user-{sub}").status == 204
    assert made.call_as(claims, "getTenantUser", users).status == 401
    assert made.call_as_admin("getTenantUser", users).json["email"] is None


def test_the_pool_is_told_of_the_roles(made: Account) -> None:
    sub, pool = made.enrol("ben"), made.sdk("cognito-idp")
    claims = {"sub": sub, "token_use": "access"}
    tenant = made.call_as(claims, "createTenant", "/v1.0/tenants", {**TENANT, "organizationName": "Ben and Co"}).json
    made.work()
    user = pool.admin_get_user(UserPoolId=made.pool, Username="ben")
    told = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
    assert told["custom:tenantIds"] == tenant["tenantId"]
    groups = pool.admin_list_groups_for_user(UserPoolId=made.pool, Username="ben")["Groups"]
    assert [group["GroupName"] for group in groups] == ["TenantAdmin"]
    assert made.call_as_admin("eraseUser", f"/v1.0/users/user-{sub}").status == 204
    made.work()
    listed = pool.list_users(UserPoolId=made.pool, Filter=f'sub = "{sub}"')["Users"]
    assert listed == []
