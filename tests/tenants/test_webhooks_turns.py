"""Turns of webhooks: one is at each at a time, holds up nobody else, and loses nothing that happens meanwhile."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from bbws.kernel.table import Key, Remove
from bbws.tenants.webhooks import turns
from bbws.tenants.webhooks.delivering import deliver_next
from bbws.tenants.webhooks.model import MOST_WEBHOOKS
from bbws.tenants.webhooks.reactions import SWEEPS
from bbws.tenants.webhooks.turns import MOST_AT_ONCE, MOST_PASSED, Shares
from tests.tenants.hooks import URL, FakeSender, Hooks

OTHER = "https://other.example.org/in"
SECOND = timedelta(seconds=1)


def test_what_is_asked_for_again_while_it_is_sent_is_sent_again(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    hooks.update(tenant)
    hooks.announce()
    [waiting] = hooks.deliveries(webhook)

    def replay() -> None:
        hooks.sender.meanwhile = lambda: None
        hooks.post(webhook, "deliveries", waiting["deliveryId"], "replay")

    hooks.sender.meanwhile = replay
    hooks.deliver()
    assert len(hooks.sender.calls) == 2
    assert hooks.deliveries(webhook)[0]["outcome"] == "DELIVERED"


def test_what_happens_while_something_is_sent_is_sent_next(hooks: Hooks) -> None:
    tenant, _ = hooks.tenant(events=["tenant.updated"])
    hooks.update(tenant)
    hooks.announce()

    def happen() -> None:
        hooks.sender.meanwhile = lambda: None
        hooks.clock.advance(1)
        hooks.update(tenant)
        hooks.announce()

    hooks.sender.meanwhile = happen
    hooks.deliver()
    assert hooks.sender.events() == ["tenant.updated"] * 2


def test_who_is_at_a_webhook_keeps_others_from_it_and_from_no_other(hooks: Hooks) -> None:
    tenant, _ = hooks.tenant()
    hooks.make(tenant, url=OTHER)
    hooks.forget()
    app, called = hooks.world.client.app, FakeSender()
    for _ in range(2):
        hooks.clock.advance(1)
        hooks.update(tenant)
    hooks.announce()

    def others() -> None:
        hooks.sender.meanwhile = lambda: None
        while deliver_next(app.engine.table, app.begin, called, Shares(app.engine.table)):
            pass

    hooks.sender.meanwhile = others
    assert deliver_next(app.engine.table, app.begin, hooks.sender, Shares(app.engine.table))
    hung = hooks.sender.calls[0].url
    assert [call.url for call in called.calls] == [{URL: OTHER, OTHER: URL}[hung]] * 2


def test_an_address_with_a_backlog_waits_behind_the_others(hooks: Hooks) -> None:
    tenant, _ = hooks.tenant()
    for _ in range(5):
        hooks.clock.advance(1)
        hooks.update(tenant)
    hooks.announce()
    hooks.make(tenant, url=OTHER)
    hooks.forget()
    hooks.clock.advance(1)
    hooks.update(tenant)
    hooks.announce()
    hooks.sender.meanwhile = lambda: hooks.clock.advance(1)
    hooks.deliver()
    assert [call.url for call in hooks.sender.calls].index(OTHER) <= 1


def _told_by_many(hooks: Hooks, founder: str, tenants: int) -> None:
    """Have something to send to all webhooks of tenants that one founded, before anything of others."""
    made = [hooks.world.active(founder, organizationName=f"{founder} {number}") for number in range(tenants)]
    for tenant in made:
        for _ in range(MOST_WEBHOOKS):
            hooks.make(tenant, who=founder)
    hooks.forget()
    for tenant in made:
        hooks.update(tenant, who=founder)
    hooks.announce()
    hooks.clock.advance(1)


def _told_later(hooks: Hooks, tenant: Mapping[str, Any], who: str) -> None:
    hooks.make(tenant, who=who, url=OTHER)
    hooks.announced.update(change.key for change in hooks.changes())
    hooks.update(tenant, who=who)
    hooks.announce()


def _called_while_all_hang(hooks: Hooks, most_passed: int = MOST_PASSED) -> list[str]:
    """Who is called by threads that come one after the other, while each finds that its address hangs."""
    app = hooks.world.client.app
    look = partial(deliver_next, app.engine.table, app.begin, hooks.sender, Shares(app.engine.table, most_passed))
    hooks.sender.meanwhile = look
    assert look()
    hooks.sender.meanwhile = lambda: None
    return [call.url for call in hooks.sender.calls]


def test_addresses_of_one_founder_that_hang_leave_threads_for_others(hooks: Hooks) -> None:
    _told_by_many(hooks, "ann", tenants=3)
    _told_later(hooks, hooks.world.active("ben", organizationName="Other"), "ben")
    assert _called_while_all_hang(hooks) == [URL] * MOST_AT_ONCE + [OTHER]
    assert SWEEPS[0].parallel > MOST_AT_ONCE
    hooks.deliver()
    assert len(hooks.sender.calls) == 3 * MOST_WEBHOOKS + 1


def test_what_is_too_much_to_be_passed_every_time_is_put_off(hooks: Hooks) -> None:
    _told_by_many(hooks, "ann", tenants=3)
    _told_later(hooks, hooks.world.active("ben", organizationName="Other"), "ben")
    assert _called_while_all_hang(hooks, most_passed=5) == [URL] * MOST_AT_ONCE + [OTHER]
    assert len(list(turns.waiting(hooks.world.client.app.engine.table, hooks.clock.now()))) == 5
    hooks.clock.advance(3600)
    hooks.deliver()
    assert len(hooks.sender.calls) == 3 * MOST_WEBHOOKS + 1


def test_tenants_that_the_platform_founds_take_threads_each_for_itself(hooks: Hooks) -> None:
    _told_by_many(hooks, "boss", tenants=1)
    _told_later(hooks, hooks.world.active("boss", organizationName="Other"), "boss")
    assert _called_while_all_hang(hooks) == [URL] * MOST_AT_ONCE + [OTHER]


def test_who_fails_at_a_webhook_leaves_its_founder_a_thread_more(hooks: Hooks) -> None:
    tenant, _ = hooks.tenant()
    hooks.update(tenant)
    hooks.announce()
    app = hooks.world.client.app
    look = partial(deliver_next, app.engine.table, app.begin, hooks.sender, Shares(app.engine.table))

    def die() -> None:
        raise KeyboardInterrupt

    hooks.sender.meanwhile = die
    for _ in range(MOST_AT_ONCE + 1):
        with pytest.raises(KeyboardInterrupt):
            look()
        hooks.clock.advance(60)


def test_a_delivery_whose_sender_was_killed_is_sent_after_a_minute(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    hooks.update(tenant)
    hooks.announce()

    def die() -> None:
        hooks.sender.meanwhile = lambda: None
        raise KeyboardInterrupt

    hooks.sender.meanwhile = die
    with pytest.raises(KeyboardInterrupt):
        hooks.deliver()
    assert hooks.deliver() == 0
    assert hooks.wait(timedelta(minutes=1)) == 1
    assert hooks.deliveries(webhook)[0]["outcome"] == "DELIVERED"


def test_what_waits_for_a_deleted_webhook_is_dropped(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    hooks.update(tenant)
    hooks.announce()
    assert hooks.world.ask("ann", "DELETE", hooks.of(webhook)).status == 204
    assert hooks.deliver() == 1
    assert hooks.wait(timedelta(days=1)) == 0
    assert hooks.sender.calls == []


def test_without_its_secret_nothing_is_sent(hooks: Hooks) -> None:
    tenant, webhook = hooks.tenant()
    table = hooks.world.client.app.engine.table
    table.commit([Remove(Key(f"WEBHOOK#{webhook['webhookId']}", "SECRET"), 1)])
    hooks.update(tenant)
    hooks.pass_on()
    assert hooks.sender.calls == []
    [delivery] = hooks.deliveries(webhook)
    assert delivery["outcome"] == "PENDING"
    assert "secret" in delivery["error"]
