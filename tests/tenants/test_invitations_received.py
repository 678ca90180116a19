"""Invitations as those see them who received one: looking up, accepting, declining, and what is good for nothing."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import Reply
from tests.fakes import FakeClock
from tests.http.answers import fields, problem, with_stopwatch
from tests.tenants.invited import RECEIVED, invite, one, received, token
from tests.tenants.world import TENANTS, World, opened, tenant_path

WEEK, MINUTE = timedelta(days=7).total_seconds(), 60
GUESSED = "A" * 43
CONFIDENTIAL = ("Acme", "ben@", "Operator", "2026-11", "ACCEPTED", "DECLINED", "accepted", "declined")


@pytest.fixture
def world(timed: World) -> World:
    return timed


def test_a_plan_says_no_more_than_the_answer_would(world: World) -> None:
    tenant = world.active("ann")
    sent = token(world, invite(world, tenant, "ben", "Viewer"))
    for verb, who in (("decline", None), ("accept", "ben")):
        planned = received(world, sent, f"{verb}?dryRun=true", who)
        assert planned.status == 200, planned.body
        assert planned.json["changes"]
        assert {each[name] for each in planned.json["changes"] for name in ("before", "after", "version")} == {None}
        assert b"contact-" not in planned.body
        assert b"user-ann" not in planned.body


def _without_times(reply: Reply) -> dict[str, Any]:
    return {name: value for name, value in reply.json.items() if name != "requestId"}


def test_whoever_has_a_token_sees_what_it_is_for(world: World) -> None:
    tenant = world.active("ann")
    invitation = invite(world, tenant, "ben", "Viewer")
    seen = received(world, token(world, invitation))
    assert seen.json == {
        "email": "ben@example.com",
        "organizationName": "Acme",
        "role": "Viewer",
        "status": "PENDING",
        "expiresAt": invitation["expiresAt"],
        "isValid": True,
        "_links": {},
    }
    world.moved("ann", tenant, "PARKED")
    assert received(world, token(world, invitation)).json["isValid"] is False


def test_accepting_gives_the_role_once(world: World) -> None:
    tenant = world.active("ann")
    invitation = invite(world, tenant, "ben")
    sent = token(world, invitation)
    world.known("ben")
    problem(world.ask("ben", "GET", tenant_path(tenant)), 404, "tenant-not-found")
    joined = received(world, sent, "accept", "ben")
    assert joined.status == 200
    user = joined.json
    assert (user["tenantId"], user["userId"], user["role"]) == (tenant["tenantId"], "user-ben", "Operator")
    assert user["email"] == "ben@example.com"
    assert {"tenant", "self"} <= set(user["_links"])
    assert world.ask("ben", "GET", user["_links"]["tenant"]["href"]).status == 200
    for verb, who in (("accept", "ben"), ("accept", "eve"), ("decline", "ben"), ("decline", None), ("", None)):
        _says_only_that_it_is_over(received(world, sent, verb, who), "invitation-used")
    shown = world.ask("ann", "GET", one(invitation)).json
    assert (shown["status"], shown["answeredBy"]) == ("ACCEPTED", "user-ben")
    # Once out, the same token does not let anybody in again.
    assert world.ask("ann", "DELETE", tenant_path(tenant, "users", "user-ben")).status == 204
    problem(received(world, sent, "accept", "ben"), 400, "invitation-used")


def _says_only_that_it_is_over(reply: Reply, code: str) -> None:
    problem(reply, 400, code)
    assert [word for word in CONFIDENTIAL if word in reply.body.decode()] == []


def test_somebody_who_comes_for_the_first_time_can_accept(world: World) -> None:
    tenant = world.active("ann")
    sent = token(world, invite(world, tenant, "ben"))
    joined = received(world, sent, "accept", "ben")
    assert (joined.status, joined.json["email"], joined.json["name"]) == (200, "ben@example.com", "Ben")
    [ann, ben] = world.ask("ann", "GET", tenant_path(tenant, "users")).json["items"]
    assert (ann["userId"], ben["userId"], ben["email"]) == ("user-ann", "user-ben", "ben@example.com")


def test_declining_needs_the_token_alone_and_is_final(world: World, clock: FakeClock) -> None:
    tenant = world.active("ann")
    invitation = invite(world, tenant, "ben")
    sent = token(world, invitation)
    assert received(world, sent, "decline").json["status"] == "DECLINED"
    for verb in ("accept", "decline", ""):
        _says_only_that_it_is_over(received(world, sent, verb, "ben"), "invitation-used")
    assert world.ask("ann", "GET", one(invitation)).json["answeredBy"] is None
    assert world.ask("ann", "GET", tenant_path(tenant, "users")).json["count"] == 1
    clock.advance(MINUTE)
    assert invite(world, tenant, "ben")["status"] == "PENDING"


def test_two_without_credentials_do_not_meet_in_a_key_that_both_chose(world: World) -> None:
    tenant = world.active("ann")
    for name in ("ben", "eve"):
        sent = token(world, invite(world, tenant, name))
        first, again = (received(world, sent, "decline", idempotency_key="1") for _ in range(2))
        assert first.json["status"] == "DECLINED", first.body
        assert (again.json["status"], again.headers["idempotency-replayed"]) == ("DECLINED", "true")


# Who they are, and what their tokens prove.
WRONG: Sequence[tuple[str, dict[str, str]]] = (
    ("eve", {"email": "eve@example.com"}),
    ("eve", {}),
    ("ben", {"email": "ben@example.org"}),
    ("ben", {"email": "\uff42en@example.com"}),
)


def test_an_invitation_is_for_the_address_that_it_was_sent_to(world: World) -> None:
    tenant = world.active("ann")
    sent = token(world, invite(world, tenant, "ben"))
    nobody = received(world, sent, "accept")
    assert nobody.status == 401
    problem(world.client.call("POST", f"{RECEIVED}/{sent}/accept"), 403, "forbidden")
    for who, claims in WRONG:
        bearer = world.client.token(who, admin=False, **claims)
        refused = problem(world.client.call("POST", f"{RECEIVED}/{sent}/accept", token=bearer), 403, "not-invited")
        assert "ben@" not in refused["detail"]
    for name, email, status in (("Capitals", "BEN@Example.COM", 200), ("Wide", "\uff42en@example.com", 403)):
        other = invite(world, world.active("ann", organizationName=name), "ben")
        bearer = world.client.token("ben", admin=False, email=email)
        path = f"{RECEIVED}/{token(world, other)}/accept"
        assert world.client.call("POST", path, token=bearer).status == status


def test_an_expired_token_is_good_for_nothing(world: World, clock: FakeClock) -> None:
    sent = token(world, invite(world, world.active("ann"), "ben"))
    clock.advance(WEEK - 0.000001)
    assert received(world, sent).json["isValid"] is True
    clock.advance(0.000001)
    for verb, who in (("", None), ("accept", "ben"), ("decline", None)):
        _says_only_that_it_is_over(received(world, sent, verb, who), "invitation-expired")


def _cancelled(world: World, _clock: FakeClock, invitation: dict[str, Any]) -> None:
    assert world.ask("ann", "DELETE", one(invitation)).status == 200


def _sent_again(world: World, clock: FakeClock, invitation: dict[str, Any]) -> None:
    clock.advance(MINUTE)
    assert world.ask("ann", "POST", one(invitation, "resend")).status == 200


@pytest.mark.parametrize("ended", [_cancelled, _sent_again])
@pytest.mark.parametrize("verb", ["", "accept", "decline"])
def test_a_token_that_is_dead_is_as_one_that_never_was(
    world: World, clock: FakeClock, verb: str, ended: Callable[[World, FakeClock, dict[str, Any]], None]
) -> None:
    invitation = invite(world, world.active("ann"), "ben")
    sent = token(world, invitation)
    ended(world, clock, invitation)
    dead, unknown = received(world, sent, verb, "ben"), received(world, GUESSED, verb, "ben")
    assert problem(dead, 404, "invitation-not-found")["instance"] == "/".join(
        filter(None, ("/v1.0/invitations/{token}", verb))
    )
    assert _without_times(dead) == _without_times(unknown)
    counted = {"x-request-id", "ratelimit"}
    assert {name: value for name, value in dead.headers.items() if name not in counted} == {
        name: value for name, value in unknown.headers.items() if name not in counted
    }


@pytest.mark.parametrize(
    "sent", ["x", "A" * 42, "A" * 44, "A" * 42 + "=", "%00" * 14, "A" * 1000, "\u00c4" * 43, "..%2f" * 8]
)
def test_what_is_no_token_is_named_and_not_repeated(world: World, sent: str) -> None:
    for method, tail in (("GET", ""), ("POST", "/decline")):
        reply = world.client.call(method, f"{RECEIVED}/{sent}{tail}", key=None)
        assert fields(reply) == {"token"}
        assert reply.json["instance"] == f"{RECEIVED}/{{token}}{tail}"
        assert sent == "x" or sent not in reply.body.decode()


def test_no_answer_repeats_a_token(world: World) -> None:
    sent = token(world, invite(world, world.active("ann"), "ben"))
    calls = [
        ("PUT", ""),
        ("DELETE", ""),
        ("GET", "/accept"),
        ("GET", "/nowhere"),
        ("OPTIONS", "/nowhere/else"),
        ("GET", "/"),
    ]
    for method, tail in calls:
        reply = world.client.call(method, f"{RECEIVED}/{sent}{tail}", key=None)
        assert reply.status in {404, 405}
        assert sent not in reply.body.decode() + str(reply.headers)
    for method, tail, who in (
        ("GET", "", None),
        ("POST", "accept", "eve"),
        ("POST", "accept", "ben"),
        ("POST", "decline", None),
    ):
        reply = received(world, sent, tail if method == "POST" else "", who)
        assert sent not in reply.body.decode() + str(reply.headers)


def test_a_repeated_call_with_a_key_is_answered_again_without_the_address(world: World) -> None:
    tenant = world.active("ann")
    sent = token(world, invite(world, tenant, "ben"))
    world.known("ben")
    first = received(world, sent, "accept", "ben", idempotency_key="once")
    again = received(world, sent, "accept", "ben", idempotency_key="once")
    assert (first.status, again.status, again.headers["idempotency-replayed"]) == (200, 200, "true")
    assert again.json == {name: value for name, value in first.json.items() if name not in {"email", "name"}}


def test_who_has_a_role_by_now_keeps_it(world: World) -> None:
    tenant = world.active("ann")
    invitation = invite(world, tenant, "ben", "Admin")
    sent = token(world, invitation)
    world.join(tenant, "ben", "Viewer")
    problem(received(world, sent, "accept", "ben"), 409, "already-assigned")
    assert received(world, sent).json["status"] == "PENDING"
    assert world.ask("ann", "GET", tenant_path(tenant, "users", "user-ben")).json["role"] == "Viewer"
    assert received(world, sent, "decline", "ben").json["status"] == "DECLINED"


@pytest.mark.parametrize("status", ["PARKED", "SUSPENDED", "DEPROVISIONED"])
def test_nobody_joins_a_tenant_that_is_not_active(world: World, status: str) -> None:
    tenant = world.active("ann")
    sent = token(world, invite(world, tenant, "ben"))
    world.set_status_of_row(tenant, status)
    refused = problem(received(world, sent, "accept", "ben"), 422, "not-accepted-now")
    assert not refused.keys() & {"currentStatus", "allowedTransitions"}
    assert not any(said in refused["detail"] for said in ("Acme", status, status.lower()))
    assert received(world, sent).json["isValid"] is False
    problem(received(world, sent, "accept", "eve"), 403, "not-invited")
    assert received(world, sent, "decline").status == 200


def test_guesses_are_limited_by_address(world: World) -> None:
    client, _ = with_stopwatch(world.client)
    statuses = [client.call("GET", f"{RECEIVED}/{GUESSED}", key=None).status for _ in range(101)]
    assert (set(statuses[:100]), statuses[100]) == ({404}, 429)
    assert client.call("GET", f"{RECEIVED}/{GUESSED}", key=None, address="192.0.2.7").status == 404


def test_an_older_token_accepts_nothing_for_a_former_address_after_a_restart_either(
    tmp_path: Path, clock: FakeClock
) -> None:
    def accepts(world: World, bearer: str, name: str) -> Reply:
        target = "/".join((RECEIVED, sent[name], "accept"))
        return world.client.call("POST", target, token=bearer)

    with opened(tmp_path, clock=clock) as world:
        tenant = world.active("ann")
        sent = {name: token(world, invite(world, tenant, name, "Admin")) for name in ("mover.old", "mover.new")}
        old = world.client.token("mover", admin=False, email="mover.old@example.com")
        clock.advance(1)
        new = world.client.token("mover", admin=False, email="mover.new@example.com")
        assert world.client.call("GET", TENANTS, token=new).status == 200
        problem(accepts(world, old, "mover.old"), 403, "not-invited")
    for _ in range(2):
        with opened(tmp_path, clock=clock) as world:
            problem(accepts(world, old, "mover.old"), 403, "not-invited")
    with opened(tmp_path, clock=clock) as world:
        joined = accepts(world, new, "mover.new")
        assert (joined.status, joined.json["email"]) == (200, "mover.new@example.com")
