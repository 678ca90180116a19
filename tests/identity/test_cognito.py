"""A real issuer that is not ours: a user pool signs somebody in, and BBWS on one machine takes the token."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import jwt
import pytest
import requests
from moto import mock_aws

from bbws.people.service import users_of
from infra.local.state import REGION
from tests import builders
from tests.aws.tables import sdk_client
from tests.builders import Client
from tests.http.answers import problem
from tests.identity.issuer import listening
from tests.identity.world import ADMINS, MEMBERS, WITH_PEOPLE

PASSWORD = "Correct-horse-9"
EMAIL = "ann@example.com"


class Pool(NamedTuple):
    """A user pool and who is in it."""

    issuer: str
    keys: str
    id: str
    client: str
    cognito: Any

    def sign_in(self, name: str) -> dict[str, str]:
        """The tokens of somebody."""
        answer = self.cognito.admin_initiate_auth(
            UserPoolId=self.id,
            ClientId=self.client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        found: dict[str, str] = answer["AuthenticationResult"]
        return found

    def add(self, name: str, *groups: str) -> None:
        """Somebody with a verified address."""
        attributes = [{"Name": "email", "Value": f"{name}@example.com"}, {"Name": "email_verified", "Value": "true"}]
        self.cognito.admin_create_user(UserPoolId=self.id, Username=name, UserAttributes=attributes)
        self.cognito.admin_set_user_password(UserPoolId=self.id, Username=name, Password=PASSWORD, Permanent=True)
        for group in groups:
            self.cognito.create_group(UserPoolId=self.id, GroupName=group)
            self.cognito.admin_add_user_to_group(UserPoolId=self.id, Username=name, GroupName=group)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """A pool in this process. What it publishes is answered over HTTP, as BBWS asks for it."""
    with mock_aws(), listening() as published:
        cognito = sdk_client("cognito-idp")
        pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
        client = cognito.create_user_pool_client(
            UserPoolId=pool, ClientName="people", ReadAttributes=["email", "email_verified"]
        )
        issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{pool}"
        published.answers["/keys"] = 200, requests.get(f"{issuer}/.well-known/jwks.json", timeout=60).content
        made = Pool(issuer, f"{published.url}/keys", pool, client["UserPoolClient"]["ClientId"], cognito)
        made.add("ann")
        made.add("boss", "Admin")
        yield made


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> Iterator[Client]:
    named: dict[str, Any] = {
        "oidc_issuer": pool.issuer,
        "oidc_audience": pool.client,
        "oidc_jwks_url": pool.keys,
        "oidc_admin": "cognito:groups=Admin",
    }
    folder = tmp_path_factory.mktemp("cognito") / "data"
    with builders.client(folder, start=False, endpoints=WITH_PEOPLE, **named) as made:
        yield made


@pytest.mark.parametrize("kind", ["IdToken", "AccessToken"])
def test_who_signed_in_there_is_signed_in_here(pool: Pool, people: Client, kind: str) -> None:
    token = pool.sign_in("ann")[kind]
    reply = people.call("GET", MEMBERS, token=token)
    assert (reply.status, reply.json["kind"]) == (200, "person")
    problem(people.call("GET", ADMINS, token=token), 403, "forbidden")


def test_both_tokens_are_about_the_same_person_whose_address_is_known_from_the_one_that_names_it(
    pool: Pool, people: Client
) -> None:
    signed_in, subjects = pool.sign_in("ann"), set()
    for kind, named in (("AccessToken", False), ("IdToken", True), ("AccessToken", False), ("IdToken", True)):
        subjects.add(people.call("GET", MEMBERS, token=signed_in[kind]).json["subject"])
        known = users_of(people.app.engine.table, lambda: people.app.engine.secret("email-key"), EMAIL.upper())
        assert set(known) == (subjects if named else set())
    assert len(subjects) == 1


def test_a_group_of_the_pool_gives_the_role(pool: Pool, people: Client) -> None:
    assert people.call("GET", ADMINS, token=pool.sign_in("boss")["IdToken"]).status == 200


def test_a_token_of_the_pool_that_was_changed_is_refused(pool: Pool, people: Client) -> None:
    token = pool.sign_in("ann")["IdToken"]
    head, claims, signature = token.split(".")
    other = pool.sign_in("boss")["IdToken"].split(".")[1]
    for forged in (f"{head}.{other}.{signature}", f"{head}.{claims}.{signature[:-8]}AAAAAAAA", token[:-1]):
        problem(people.call("GET", MEMBERS, token=forged, address=forged[-12:]), 401, "unauthorized")


def test_a_token_for_another_client_of_the_pool_is_refused(pool: Pool, people: Client) -> None:
    client = pool.cognito.create_user_pool_client(UserPoolId=pool.id, ClientName="other")["UserPoolClient"]["ClientId"]
    token = pool._replace(client=client).sign_in("ann")["IdToken"]
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == client
    problem(people.call("GET", MEMBERS, token=token), 401, "unauthorized")
