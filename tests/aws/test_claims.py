"""From the claims of a token that API Gateway has verified to an actor."""

from collections.abc import Mapping

import pytest

from bbws.engines.aws.claims import GatewayClaims
from bbws.identity.authentication import PeopleOrKeys
from bbws.identity.model import Claims
from bbws.kernel.actor import ANONYMOUS, PLATFORM_ADMIN, Actor, ActorKind
from bbws.kernel.http import Request
from bbws.kernel.problem import Problem
from bbws.kernel.table import Key, Write
from bbws.kernel.work import UnitOfWork
from tests.fakes import FakeClock, TableProxy

SUBJECT = "9b2d4c1e-0000-4000-8000-000000000001"
CLAIMS = {"sub": SUBJECT, "token_use": "access", "email": "somebody@example.com"}


class Keys:
    """An authenticator that knows nobody, and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[Actor] = []

    def authenticate(self, request: Request) -> Actor:
        assert not request.claims
        return ANONYMOUS

    def used(self, actor: Actor) -> list[Write]:
        self.told.append(actor)
        return []

    def not_noted(self, actor: Actor) -> None:
        self.told.append(actor)


class Nothing(TableProxy):
    """A table without rows."""

    def __init__(self) -> None:
        """There is none below it."""

    def get(self, key: Key) -> None:
        del key


def _claimed(claims: Mapping[str, str]) -> Claims | None:
    return GatewayClaims().claims(Request("GET", "/", claims=claims))


def _people(keys: Keys) -> PeopleOrKeys:
    def begin(actor: Actor, correlation_id: str) -> UnitOfWork:
        return UnitOfWork(Nothing(), FakeClock(), actor, correlation_id)

    return PeopleOrKeys(GatewayClaims(), keys, begin, lambda: b"key")


def _person(claims: Mapping[str, str]) -> Actor:
    return _people(Keys()).authenticate(Request("GET", "/", claims=claims))


def test_a_person_is_known_by_id_and_never_by_address() -> None:
    actor = _person(CLAIMS)
    assert (actor.subject, actor.kind, actor.permissions) == (f"user-{SUBJECT}", ActorKind.PERSON, frozenset())


@pytest.mark.parametrize(
    ("groups", "admin"),
    [
        ("Admin", True),
        ("[Admin]", True),
        ("[Admin Support]", True),
        ("[Support, Admin]", True),
        ("Support,Admin", True),
        ("", False),
        ("Administrators", False),
        ("admin", False),
        ("[NotAdmin]", False),
    ],
)
def test_the_platform_role_is_that_of_a_group(groups: str, *, admin: bool) -> None:
    actor = _person(CLAIMS | {"cognito:groups": groups})
    assert actor.may(PLATFORM_ADMIN) is admin
    assert actor.may("products:write") is admin


@pytest.mark.parametrize(
    "claims",
    [
        {"token_use": "access"},
        {"sub": "", "token_use": "access"},
        {"sub": "a#b", "token_use": "access"},
        {"sub": "somebody@example.com", "token_use": "access"},
        {"sub": "x" * 65, "token_use": "access"},
        {"sub": "sömebody", "token_use": "access"},
        {"sub": SUBJECT},
        {"sub": SUBJECT, "token_use": "id"},
        {"sub": SUBJECT, "token_use": "id", "cognito:groups": "Admin"},
        {"sub": SUBJECT, "token_use": "refresh"},
        {"sub": SUBJECT, "token_use": "refresh", "cognito:groups": "Admin"},
    ],
)
def test_a_token_about_nobody_is_refused(claims: Mapping[str, str]) -> None:
    with pytest.raises(Problem) as problem:
        _claimed(claims)
    assert problem.value.type.code == "unauthorized"


def test_a_token_that_the_gateway_has_not_looked_at_proves_nothing() -> None:
    unseen = Request("GET", "/", headers={"authorization": "Bearer eyJhbGciOiJub25lIn0.e30."})
    assert GatewayClaims().claims(unseen) is None


def test_without_a_token_keys_decide() -> None:
    keys = Keys()
    both = _people(keys)
    assert both.authenticate(Request("GET", "/")) is ANONYMOUS
    assert both.authenticate(Request("GET", "/", claims=CLAIMS)).kind is ActorKind.PERSON
    both.used(ANONYMOUS)
    both.not_noted(ANONYMOUS)
    assert keys.told == [ANONYMOUS, ANONYMOUS]
