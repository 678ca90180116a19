"""People: the user pool signs them in, the gateway looks at their tokens, and functions are told what these claim."""

import base64
import json
import re
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bbws.bootstrap.manifest import OF_ONE_MACHINE
from bbws.tables import ENDPOINTS
from infra.local import people
from tests.aws.account import MANIFEST
from tests.cloud.environment import Cloud
from tests.cloud.test_gateway import problem

# What the gateway asks of an access token, so that it takes that kind and no other.
SCOPE = "aws.cognito.signin.user.admin"
PEOPLES: Mapping[str, Any] = {name: entry for name, entry in MANIFEST["endpoints"].items() if entry.get("person")}
# Calls for the platform's people alone; what others may do in a tenant is told in the story of one.
ADMINS = {endpoint.id for endpoint in ENDPOINTS if endpoint.permission == "platform-admin"}
FORGED = "x" * 43
_AT_ONCE = 3


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def _forged(token: str) -> str:
    """The same claims under a signature that nobody made."""
    return ".".join([*token.split(".")[:2], FORGED])


def _bystander(cloud: Cloud) -> str:
    """An access token of somebody without the platform role."""
    pool, name, secret = cloud.sdk("cognito-idp"), f"bystander-{secrets.token_hex(4)}", secrets.token_urlsafe() + "-Aa1"
    who = {"UserPoolId": cloud.known.user_pool, "Username": name}
    pool.admin_create_user(**who, MessageAction="SUPPRESS")
    pool.admin_set_user_password(**who, Password=secret, Permanent=True)
    return people.sign_in(cloud.known, name, secret)["AccessToken"]


def test_the_manifest_names_every_call_that_only_people_may_make() -> None:
    asked = {each.id for each in ENDPOINTS if each.permission.startswith(("platform-admin", "tenant:"))}
    assert set(PEOPLES) == asked - OF_ONE_MACHINE


def test_every_method_asks_for_what_the_manifest_says(cloud: Cloud) -> None:
    gateway, api = cloud.sdk("apigateway"), cloud.known.host.partition(".")[0]
    [authorizer] = gateway.get_authorizers(restApiId=api)["items"]
    pool = cloud.sdk("cognito-idp").describe_user_pool(UserPoolId=cloud.known.user_pool)["UserPool"]
    assert (authorizer["type"], authorizer["providerARNs"]) == ("COGNITO_USER_POOLS", [pool["Arn"]])
    pages = gateway.get_paginator("get_resources").paginate(restApiId=api, embed=["methods"])
    methods = {
        (resource["path"], name): (
            method["authorizationType"],
            method.get("authorizerId"),
            method.get("authorizationScopes") or [],
            method["apiKeyRequired"],
        )
        for page in pages
        for resource in page["items"]
        for name, method in resource.get("resourceMethods", {}).items()
    }
    for name, entry in MANIFEST["endpoints"].items():
        by_token = ("COGNITO_USER_POOLS", authorizer["id"], [SCOPE], False)
        wanted = by_token if name in PEOPLES else ("NONE", None, [], entry["keyed"])
        for verb in (entry["method"], *(["HEAD"] if entry["method"] == "GET" else [])):
            assert methods[entry["path"], verb] == wanted, name


def test_admin_gets_an_access_token_for_an_hour_without_an_address(cloud: Cloud) -> None:
    token = people.access_token(cloud.known)
    claims = _claims(token)
    assert claims["token_use"] == "access"
    assert claims["cognito:groups"] == ["Admin"]
    assert claims["client_id"] == cloud.known.client
    assert SCOPE in claims["scope"].split()
    assert claims["exp"] - claims["iat"] == 3600
    assert "email" not in claims
    assert cloud.sdk("cognito-idp").get_user(AccessToken=token)["Username"] == people.ADMIN


def test_nobody_else_signs_in_or_up(cloud: Cloud) -> None:
    with pytest.raises(people.SignInError, match="NotAuthorizedException"):
        people.sign_in(cloud.known, people.ADMIN, "Wrong-password-1")
    # The emulator keeps this and signs people up all the same (decision 0020).
    pool = cloud.sdk("cognito-idp").describe_user_pool(UserPoolId=cloud.known.user_pool)["UserPool"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"]


def test_a_person_without_the_role_and_anything_but_a_persons_token_is_refused(cloud: Cloud) -> None:
    tokens = people.sign_in(cloud.known, people.ADMIN, people.password())
    admin, bystander = tokens["AccessToken"], _bystander(cloud)

    def refuse(name: str) -> None:
        entry = PEOPLES[name]
        path = re.sub(r"\{\w+\}", "unknown", entry["path"])
        body: object = None if entry["method"] in {"GET", "DELETE"} else {}
        for wrong in (None, _forged(admin), tokens["IdToken"], "nonsense"):
            headers = {} if wrong is None else {"authorization": f"Bearer {wrong}"}
            refused = cloud.do(entry["method"], path, body, headers)  # the first key is sent too, and does not help
            assert problem(refused) == (401, "unauthorized")
            assert refused.headers["www-authenticate"] == 'Bearer realm="bbws"'
        if name in ADMINS:
            refused = cloud.do(entry["method"], path, body, {"authorization": f"Bearer {bystander}"}, key=False)
            assert problem(refused) == (403, "forbidden")
        answered = cloud.do(entry["method"], path, body, {"authorization": f"Bearer {admin}"}, key=False)
        assert answered.status not in {401, 403}, answered.body
        assert answered.status < 500, answered.body

    # Each is the first call of its function, which takes a second to start.
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        assert len(list(pool.map(refuse, PEOPLES))) == len(PEOPLES)
