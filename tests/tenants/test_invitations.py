"""Invitations as Admins see them: making, reading, cancelling, sending again."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tests.http.answers import fields, problem
from tests.tenants.invited import ask, invite, one, received, token
from tests.tenants.world import World, opened, tenant_path

WEEK, MINUTE = timedelta(days=7).total_seconds(), 60
ID = "0123456789ABCDEF"


@pytest.fixture
def world(timed: World) -> World:
    return timed


def test_an_invitation_says_who_is_asked_what_to_be_and_until_when(world: World) -> None:
    tenant = world.active("ann")
    reply = ask(world, tenant, "Ben@Example.com", "Viewer")
    made = reply.json
    assert reply.status == 201
    assert made["tenantId"] == tenant["tenantId"]
    assert (made["email"], made["role"], made["status"]) == ("Ben@example.com", "Viewer", "PENDING")
    assert (made["createdBy"], made["answeredAt"], made["answeredBy"]) == ("user-ann", None, None)
    assert (made["divisionId"], made["groupId"], made["teamId"]) == (None, None, None)
    assert set(made["_links"]) == {"self", "resend", "cancel", "tenant", "collection"}
    read = world.ask("ann", "GET", reply.headers["location"])
    assert (read.json, read.headers["etag"]) == (made, reply.headers["etag"])
    assert "token" not in reply.body.decode().lower()


def test_invitations_are_listed_the_newest_first_in_pages(tmp_path: Path) -> None:
    clock = FakeClock()
    with opened(tmp_path, clock=clock) as world:
        tenant, other = world.active("ann"), world.active("eve", organizationName="Other")
        invite(world, {**tenant}, "ben")
        for name in ("carl", "dora"):
            clock.advance(1)
            invite(world, tenant, name)
        assert ask(world, other, "fay@example.com", by="eve").status == 201
        path = tenant_path(tenant, "invitations")
        first = world.ask("ann", "GET", f"{path}?pageSize=2").json
        assert [each["email"] for each in first["items"]] == ["dora@example.com", "carl@example.com"]
        rest = world.ask("ann", "GET", first["_links"]["next"]["href"]).json
        assert [each["email"] for each in rest["items"]] == ["ben@example.com"]
        assert set(rest["items"][0]["_links"]) == {"self", "resend", "cancel"}
        assert set(rest["_links"]) == {"self", "create", "tenant"}


@pytest.mark.parametrize(
    ("said", "bad"),
    [
        ({}, {"email", "role"}),
        ({"email": "nobody", "role": "Owner"}, {"email", "role"}),
        ({"email": "", "role": ""}, {"email", "role"}),
        ({"email": "a" * 300 + "@example.com", "role": "Viewer"}, {"email"}),
        ({"email": "a@b.example\r\nBcc: c@d.example", "role": "Viewer"}, {"email"}),
        ({"email": ["a@b.example"], "role": 1}, {"email", "role"}),
        ({"email": "a@b.example", "role": "viewer"}, {"role"}),
        ({"email": "a@b.example", "role": "Viewer", "teamId": "div-1"}, {"teamId"}),
        ({"email": "a@b.example", "role": "Viewer", "teamId": "team-" + "1" * 100}, {"teamId"}),
        ({"email": "a@b.example", "role": "Viewer", "teamId": f"team-{ID}", "divisionId": f"div-{ID}"}, {"body"}),
        ({"email": "a@b.example", "role": "Viewer", "tenantId": "tenant-1", "token": "x"}, {"tenantId", "token"}),
    ],
)
def test_what_is_wrong_is_named(world: World, said: dict[str, object], bad: set[str]) -> None:
    tenant = world.active("ann")
    assert fields(world.ask("ann", "POST", tenant_path(tenant, "invitations"), said)) == bad


def test_an_address_is_invited_once_at_a_time_however_it_is_written(world: World) -> None:
    tenant, other = world.active("ann"), world.active("ann", organizationName="Other")
    first = invite(world, tenant, "ben")
    for email in ("ben@example.com", "BEN@EXAMPLE.COM"):
        refused = problem(ask(world, tenant, email, "Viewer"), 409, "already-invited")
        assert refused["invitationId"] == first["invitationId"]
    for email in ("ben+two@example.com", "\uff42en@example.com"):  # other mailboxes, for all that anybody knows
        assert ask(world, tenant, email).status == 201
    assert ask(world, other, "ben@example.com").status == 201


def test_who_belongs_to_the_tenant_is_not_invited(world: World) -> None:
    tenant = world.active("ann")
    world.join(tenant, "ben", "Viewer")
    for email in ("ben@example.com", "ANN@example.com"):
        problem(ask(world, tenant, email), 409, "already-assigned")
    assert world.ask("ann", "DELETE", tenant_path(tenant, "users", "user-ben")).status == 204
    assert ask(world, tenant, "ben@example.com").status == 201


def test_only_an_active_tenant_invites(world: World) -> None:
    tenant = world.found("ann")
    refused = problem(ask(world, tenant, "ben@example.com"), 422, "tenant-status")
    assert refused["currentStatus"] == "PENDING"
    invitation = invite(world, world.moved("ann", tenant, "ACTIVE"), "ben")
    world.moved("ann", tenant, "PARKED")
    for method, path in (("GET", one(invitation)), ("POST", one(invitation, "resend")), ("DELETE", one(invitation))):
        problem(world.ask("ann", method, path), 403, "account-suspended")
        assert world.ask("boss", method, path).status == (422 if path.endswith("resend") else 200)
    problem(ask(world, tenant, "carl@example.com", by="boss"), 422, "tenant-status")


def test_a_unit_that_is_not_there_is_refused(world: World) -> None:
    tenant = world.active("ann")
    reply = ask(world, tenant, "ben@example.com", teamId="team-0123456789ABCDEF")
    assert problem(reply, 422, "unknown-unit")["unitId"] == "team-0123456789ABCDEF"


def test_none_but_an_admin_has_to_do_with_invitations(world: World) -> None:
    tenant, other = world.active("ann"), world.active("eve", organizationName="Other")
    invitation = invite(world, tenant, "ben")
    calls = [
        ("GET", tenant_path(tenant, "invitations"), None),
        ("POST", tenant_path(tenant, "invitations"), {"email": "x@example.com", "role": "Viewer"}),
        ("GET", one(invitation), None),
        ("POST", one(invitation, "resend"), None),
        ("DELETE", one(invitation), None),
    ]
    for name, role in (("carl", "Operator"), ("dora", "Viewer")):
        world.join(tenant, name, role)
        for method, path, body in calls:
            problem(world.ask(name, method, path, body), 403, "forbidden")
    for method, path, body in calls:
        stranger = problem(world.ask("eve", method, path, body), 404, "tenant-not-found")
        assert tenant["tenantId"] in stranger["detail"]
        problem(world.client.call(method, path, body), 403, "forbidden")
        assert world.client.call(method, path, body, key=None).status == 401
    # Of another tenant, below one's own: as one that is not there.
    foreign = one({**invitation, "tenantId": other["tenantId"]})
    gone = problem(world.ask("eve", "GET", foreign), 404, "invitation-not-found")
    unknown = foreign[:-4] + "0000"
    missing = problem(world.ask("eve", "GET", unknown), 404, "invitation-not-found")
    same = gone["detail"].replace(invitation["invitationId"], "X"), gone.keys()
    assert same == (missing["detail"].replace(unknown.rpartition("/")[2], "X"), missing.keys())


def test_a_cancelled_invitation_is_dead_and_makes_room(world: World, clock: FakeClock) -> None:
    tenant = world.active("ann")
    invitation = invite(world, tenant, "ben")
    sent = token(world, invitation)
    cancelled = world.ask("ann", "DELETE", one(invitation))
    assert (cancelled.status, cancelled.json["status"], cancelled.json["answeredBy"]) == (200, "CANCELLED", "user-ann")
    again = world.ask("ann", "DELETE", one(invitation))
    assert (again.json, again.headers["etag"]) == (cancelled.json, cancelled.headers["etag"])
    assert set(cancelled.json["_links"]) == {"self", "tenant", "collection"}
    assert received(world, sent).status == 404
    refused = problem(world.ask("ann", "POST", one(invitation, "resend")), 422, "invitation-status")
    assert refused["currentStatus"] == "CANCELLED"
    clock.advance(MINUTE)
    assert invite(world, tenant, "ben")["invitationId"] != invitation["invitationId"]


def test_sending_again_kills_the_token_and_restarts_the_week(tmp_path: Path) -> None:
    clock = FakeClock()
    with opened(tmp_path, clock=clock) as world:
        invitation = invite(world, world.active("ann"), "ben")
        first = token(world, invitation)
        clock.advance(WEEK - 1)
        again = world.ask("ann", "POST", one(invitation, "resend"))
        assert again.status == 200
        assert again.json["expiresAt"] > invitation["expiresAt"]
        second = token(world, invitation)
        assert first != second
        problem(received(world, first), 404, "invitation-not-found")
        clock.advance(WEEK - 1)
        assert received(world, second).json["isValid"] is True
        assert received(world, second, "accept", "ben").status == 200
        problem(world.ask("ann", "POST", one(invitation, "resend")), 422, "invitation-status")
        problem(world.ask("ann", "DELETE", one(invitation)), 422, "invitation-status")


def test_it_is_sent_once_in_a_minute_at_most(world: World, clock: FakeClock) -> None:
    invitation = invite(world, world.active("ann"), "ben")
    resend = one(invitation, "resend")
    clock.advance(0.5)
    sent = token(world, invitation)
    for query in ("", "?dryRun=true"):
        early = world.ask("ann", "POST", resend + query)
        problem(early, 429, "rate-limited")
        assert early.headers["retry-after"] == "60"
    clock.advance(MINUTE - 0.5 - 0.000001)
    early = world.ask("ann", "POST", resend)
    assert (problem(early, 429, "rate-limited")["code"], early.headers["retry-after"]) == ("rate-limited", "1")
    assert received(world, sent).json["isValid"] is True
    clock.advance(0.000001)
    assert world.ask("ann", "POST", resend).status == 200
    problem(world.ask("ann", "POST", resend), 429, "rate-limited")


def test_cancelling_and_inviting_again_sends_no_further_mail_within_the_minute(world: World, clock: FakeClock) -> None:
    tenant, other = world.active("ann"), world.active("eve", organizationName="Other")
    first = invite(world, tenant, "ben")
    assert world.ask("ann", "DELETE", one(first)).status == 200
    clock.advance(MINUTE - 1)
    early = ask(world, tenant, "BEN@example.com")
    assert (problem(early, 429, "rate-limited")["status"], early.headers["retry-after"]) == (429, "1")
    invite(world, tenant, "carl")
    assert ask(world, other, "ben@example.com", by="eve").status == 201
    clock.advance(1)
    second = invite(world, tenant, "ben")
    problem(world.ask("ann", "POST", one(second, "resend")), 429, "rate-limited")
    assert world.ask("ann", "DELETE", one(second)).status == 200
    problem(ask(world, tenant, "ben@example.com"), 429, "rate-limited")


def test_an_invitation_outlives_the_power_of_who_made_it(world: World) -> None:
    tenant = world.active("ann")
    world.join(tenant, "dan", "Admin")
    kept, taken_back = (ask(world, tenant, f"{name}@example.com", by="dan").json for name in ("ben", "carl"))
    assert world.ask("ann", "DELETE", tenant_path(tenant, "users", "user-dan")).status == 204
    items = world.ask("ann", "GET", tenant_path(tenant, "invitations")).json["items"]
    assert {(each["status"], each["createdBy"]) for each in items} == {("PENDING", "user-dan")}
    problem(world.ask("dan", "DELETE", one(taken_back)), 404, "tenant-not-found")
    assert world.ask("ann", "DELETE", one(taken_back)).json["status"] == "CANCELLED"
    assert received(world, token(world, taken_back), "accept", "carl").status == 404
    assert received(world, token(world, kept), "accept", "ben").status == 200


def test_an_expired_invitation_is_sent_again_or_another_takes_its_place(tmp_path: Path) -> None:
    clock = FakeClock()
    with opened(tmp_path, clock=clock) as world:
        tenant = world.active("ann")
        old = invite(world, tenant, "ben")
        clock.advance(WEEK)
        assert world.ask("ann", "GET", one(old)).json["status"] == "EXPIRED"
        assert world.ask("ann", "POST", one(old, "resend")).json["status"] == "PENDING"
        clock.advance(WEEK)
        sent = token(world, old)
        new = invite(world, tenant, "ben", "Viewer")
        assert world.ask("ann", "GET", one(old)).json["status"] == "EXPIRED"
        problem(received(world, sent, "accept", "ben"), 400, "invitation-expired")
        problem(ask(world, tenant, "ben@example.com"), 409, "already-invited")
        # Its place is taken, until the other one has gone or has expired as well.
        problem(world.ask("ann", "POST", one(old, "resend")), 409, "already-invited")
        clock.advance(WEEK)
        assert world.ask("ann", "POST", one(old, "resend")).json["status"] == "PENDING"
        problem(world.ask("ann", "POST", one(new, "resend")), 409, "already-invited")
        assert world.ask("ann", "DELETE", one(new)).json["status"] == "CANCELLED"
        problem(ask(world, tenant, "ben@example.com"), 409, "already-invited")
        assert world.ask("ann", "DELETE", one(old)).json["status"] == "CANCELLED"
        clock.advance(MINUTE)
        assert ask(world, tenant, "ben@example.com").status == 201


def test_a_change_of_what_was_changed_meanwhile_is_refused(world: World, clock: FakeClock) -> None:
    invitation = invite(world, world.active("ann"), "ben")
    clock.advance(MINUTE)
    stale = world.ask("ann", "GET", one(invitation)).headers["etag"]
    assert world.ask("ann", "POST", one(invitation, "resend"), if_match=stale).status == 200
    for method, path in (("POST", one(invitation, "resend")), ("DELETE", one(invitation))):
        problem(world.ask("ann", method, path, if_match=stale), 412, "precondition-failed")


def test_a_repeated_call_invites_once_and_keeps_no_address(world: World) -> None:
    tenant = world.active("ann")
    path, said = tenant_path(tenant, "invitations"), {"email": "ben@example.com", "role": "Viewer"}
    first = world.ask("ann", "POST", path, said, idempotency_key="one")
    again = world.ask("ann", "POST", path, said, idempotency_key="one")
    assert (again.status, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json == {name: value for name, value in first.json.items() if name != "email"}
    assert world.ask("ann", "GET", path).json["count"] == 1


def test_what_is_only_planned_is_not_done(world: World) -> None:
    tenant = world.active("ann")
    path = tenant_path(tenant, "invitations")
    planned = world.ask("ann", "POST", f"{path}?dryRun=true", {"email": "ben@example.com", "role": "Viewer"})
    assert [change["type"] for change in planned.json["changes"]] == ["contact.added", "invitation.created"]
    assert "ben@" not in planned.body.decode()
    assert world.ask("ann", "GET", path).json["count"] == 0
    invitation = invite(world, tenant, "ben")
    taken = world.ask("ann", "POST", f"{path}?dryRun=true", {"email": "ben@example.com", "role": "Viewer"})
    problem(taken, 409, "already-invited")
    sent = token(world, invitation)
    assert received(world, f"{sent}", "accept?dryRun=true", "ben").json["dryRun"] is True
    assert received(world, sent).json["status"] == "PENDING"


def test_who_was_forgotten_is_shown_nowhere_and_written_to_no_more(world: World) -> None:
    tenant = world.active("ann")
    world.known("ben")
    invitation = invite(world, tenant, "ben")
    sent = token(world, invitation)
    assert world.ask("boss", "DELETE", "/v1.0/users/user-ben").status == 204
    assert world.ask("ann", "GET", one(invitation)).json["email"] is None
    looked = received(world, sent).json
    assert (looked["email"], looked["isValid"]) == (None, False)
    problem(world.ask("ann", "POST", one(invitation, "resend")), 422, "invitee-forgotten")
    assert received(world, sent, "accept", "ben").status == 401
    # Whoever has the address by now is somebody else to BBWS.
    newcomer = world.client.token("ben-two", admin=False, email="ben@example.com")
    reply = world.client.call("POST", f"/v1.0/invitations/{sent}/accept", token=newcomer)
    problem(reply, 403, "not-invited")
    assert ask(world, tenant, "ben@example.com").status == 201
