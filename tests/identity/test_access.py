"""What is for people is for no key, and what a key may do is not for everybody who has a token."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bbws.engines.embedded.identity import KEY_FILE, LocalTokens
from bbws.kernel.actor import ANYONE, PLATFORM_ADMIN, SIGNED_IN, Rate, system
from bbws.kernel.problem import Problem
from bbws.keys import service
from bbws.tables import permissions
from tests import builders
from tests.builders import Client
from tests.http.answers import fields, key, problem
from tests.identity.world import ADMINS, HOUR, MEMBERS, WITH_PEOPLE, admin_token


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with builders.client(tmp_path_factory.mktemp("people") / "data", start=False, endpoints=WITH_PEOPLE) as made:
        yield made


def _bearer(people: Client, *, admin: bool) -> dict[str, str]:
    token = LocalTokens(people.settings.data_dir, "local").issue("someone", HOUR, admin=admin)
    return {"authorization": f"Bearer {token}"}


def test_no_key_holds_the_platform_role_not_even_one_that_holds_everything(people: Client) -> None:
    for secret in (people.key, key(people, "*")):
        refused = problem(people.call("GET", ADMINS, key=secret), 403, "forbidden")
        assert refused["requiredPermission"] == "platform-admin"


@pytest.mark.parametrize("word", [PLATFORM_ADMIN, SIGNED_IN, ANYONE])
def test_no_key_can_be_given_it(people: Client, word: str) -> None:
    asked = people.call("POST", "/v1.0/keys", {"name": "A key", "permissions": ["*", word]})
    assert fields(asked) == {"permissions.1"}
    work = people.app.begin(system("test"), "given")
    with pytest.raises(Problem) as refused:  # nor by whoever comes another way than the schema's
        service.create(
            work, name="A key", permissions=["*", word], rate=Rate(), environment="local", known=permissions()
        )
    assert (refused.value.type.code, refused.value.type.status) == ("unknown-permission", 422)


def test_who_says_nothing_is_asked_for_a_token(people: Client) -> None:
    reply = people.call("GET", ADMINS, key=None)
    assert "Authorization: Bearer" in problem(reply, 401, "unauthorized")["detail"]
    assert reply.headers["www-authenticate"] == 'ApiKey realm="bbws", header="x-api-key", Bearer realm="bbws"'


def test_an_admin_may_everything(people: Client) -> None:
    header = _bearer(people, admin=True)
    for path in (ADMINS, MEMBERS, "/v1.0/keys", "/v1.0/products"):
        assert people.call("GET", path, headers=header, key=None).status == 200


def test_a_person_without_the_role_is_signed_in_and_no_more(people: Client) -> None:
    header = _bearer(people, admin=False)
    member = people.call("GET", MEMBERS, headers=header, key=None)
    assert member.json["subject"] == "user-someone"
    assert people.call("GET", "/v1.0/products", headers=header, key=None).status == 200
    for path in (ADMINS, "/v1.0/keys"):
        problem(people.call("GET", path, headers=header, key=None), 403, "forbidden")


def test_the_token_counts_where_a_key_is_sent_too(people: Client) -> None:
    member = people.call("GET", MEMBERS, headers=_bearer(people, admin=False))
    assert (member.json["subject"], member.json["kind"]) == ("user-someone", "person")
    assert people.call("GET", MEMBERS).json["kind"] == "api-key"


def test_changes_name_the_person_by_id(people: Client) -> None:
    made = people.call(
        "POST", "/v1.0/products", {**builders.SAMPLE}, headers=_bearer(people, admin=True), key=None
    ).json
    history = people.call("GET", f"/v1.0/products/{made['productId']}/history").json
    assert [change["actor"] for change in history["items"]] == ["user-someone"]


def test_a_backup_leaves_the_key_of_tokens_out(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data") as made:
        admin_token(tmp_path / "data")
        secret = (tmp_path / "data" / KEY_FILE).read_bytes().strip()
        copy = made.call("GET", "/v1.0/backup").body
    assert KEY_FILE.encode() not in copy
    assert secret not in copy
