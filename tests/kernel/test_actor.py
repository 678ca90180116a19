import pytest

from bbws.kernel.actor import ANONYMOUS, Actor, ActorKind, Rate, system
from bbws.kernel.problem import Problem


def _key(*permissions: str) -> Actor:
    return Actor("key-1", ActorKind.API_KEY, frozenset(permissions))


def test_an_actor_may_what_it_holds_and_nothing_else() -> None:
    assert _key("products:write").may("products:write")
    assert not _key("products:write").may("audit:read")
    assert not _key("products:write").may("products")


def test_everything_is_everything() -> None:
    assert _key("*").may("whatever:there-is")


def test_who_lacks_a_permission_is_told_which() -> None:
    with pytest.raises(Problem) as refused:
        _key("products:write").require("audit:read")
    assert refused.value.type.status == 403
    assert refused.value.members == {"requiredPermission": "audit:read"}
    assert "audit:read" in refused.value.detail


def test_who_says_nothing_is_asked_for_a_key() -> None:
    with pytest.raises(Problem) as refused:
        ANONYMOUS.require("audit:read")
    assert refused.value.type.status == 401
    assert refused.value.headers["www-authenticate"].startswith("ApiKey ")


def test_the_system_is_named_and_unlimited() -> None:
    actor = system("setup")
    assert (actor.subject, actor.kind, actor.rate) == ("system-setup", ActorKind.SYSTEM, Rate(None, None))
    actor.require("anything:at-all")
