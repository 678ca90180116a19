import pytest

from bbws.kernel.actor import ANONYMOUS, ANYONE, PLATFORM_ADMIN, SIGNED_IN, Actor, ActorKind, Rate, system
from bbws.kernel.problem import Problem


def _key(*permissions: str) -> Actor:
    return Actor("key-1", ActorKind.API_KEY, frozenset(permissions))


def _person(*permissions: str) -> Actor:
    return Actor("user-1", ActorKind.PERSON, frozenset(permissions))


def _refused(actor: Actor, permission: str) -> Problem:
    with pytest.raises(Problem) as refused:
        actor.require(permission)
    return refused.value


def test_an_actor_may_what_it_holds_and_nothing_else() -> None:
    assert _key("products:write").may("products:write")
    assert not _key("products:write").may("audit:read")
    assert not _key("products:write").may("products")


def test_everything_is_everything() -> None:
    assert _key("*").may("whatever:there-is")


def test_everything_is_not_the_platform_role() -> None:
    assert not _key("*").may(PLATFORM_ADMIN)
    assert not _person("*").may(PLATFORM_ADMIN)
    assert _person(PLATFORM_ADMIN).may(PLATFORM_ADMIN)
    assert not _person(PLATFORM_ADMIN).may("products:write")
    assert _refused(_key("*"), PLATFORM_ADMIN).members == {"requiredPermission": "platform-admin"}


def test_anyone_may_what_is_for_anyone() -> None:
    for actor in (ANONYMOUS, _key(), _person(), system("setup")):
        actor.require(ANYONE)


def test_who_is_signed_in_is_anybody_but_nobody() -> None:
    for actor in (_key(), _person(), system("setup")):
        actor.require(SIGNED_IN)
    assert not ANONYMOUS.may(SIGNED_IN)
    assert _refused(ANONYMOUS, SIGNED_IN).type.status == 401


def test_who_lacks_a_permission_is_told_which() -> None:
    refused = _refused(_key("products:write"), "audit:read")
    assert refused.type.status == 403
    assert refused.members == {"requiredPermission": "audit:read"}
    assert "audit:read" in refused.detail


def test_who_lacks_the_platform_role_is_not_sent_for_a_key() -> None:
    assert _told(_key("*")).endswith("Only a person with the platform role Admin may do this.")
    assert _told(ANONYMOUS).startswith("Send the token of a person with the platform role Admin")


def _told(actor: Actor) -> str:
    return _refused(actor, PLATFORM_ADMIN).detail


def test_who_says_nothing_is_asked_for_a_key() -> None:
    refused = _refused(ANONYMOUS, "audit:read")
    assert refused.type.status == 401
    assert refused.detail == "Send an API key in x-api-key."


def test_a_refusal_has_both_challenges_whatever_was_asked_for() -> None:
    for permission in ("audit:read", SIGNED_IN, PLATFORM_ADMIN):
        challenges = _refused(ANONYMOUS, permission).headers["www-authenticate"]
        assert challenges == 'ApiKey realm="bbws", header="x-api-key", Bearer realm="bbws"'


def test_the_system_is_named_and_unlimited() -> None:
    actor = system("setup")
    assert (actor.subject, actor.kind, actor.rate) == ("system-setup", ActorKind.SYSTEM, Rate(None, None))
    actor.require("anything:at-all")
    actor.require(PLATFORM_ADMIN)
