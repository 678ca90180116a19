"""Sweeps as functions run them: woken by their rule, and by whoever found work for them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bbws.bootstrap.aws import Cloud, open_cloud, worker
from bbws.engines.aws.sweeping import sweep
from bbws.kernel.actor import system
from bbws.kernel.reaction import Message, Reaction, Sweep
from bbws.kernel.table import Table
from bbws.settings import AwsVariables, Settings, SettingsError
from bbws.tenants.webhooks import events, model, store
from bbws.tenants.webhooks.model import Delivery, State, Webhook
from tests.aws.tables import CREDENTIALS
from tests.contracts.worlds import EmbeddedWorld
from tests.fakes import FakeClock
from tests.tenants.hooks import keep_active

MODULE = "bbws.tenants.webhooks.reactions"
TENANT = "tenant-5f0c1a52-6a4e-4e0b-9f6e-2f7c7d1f7a10"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def table(clock: FakeClock) -> Iterator[Table]:
    world = EmbeddedWorld(clock)
    yield world.table()
    world.close()


@pytest.fixture
def cloud(table: Table, clock: FakeClock) -> Iterator[Cloud]:
    variables = AwsVariables(None, CREDENTIALS.access_key, CREDENTIALS.secret_key, "")
    made = open_cloud(Settings.of(environment="dev", region="eu-west-1"), variables, clock=clock, table=table)
    yield made
    made.engine.close()


def _announced(cloud: Cloud) -> tuple[str, Message]:
    """A webhook whose address is refused before anything is sent, and a message that it is to be told."""
    webhook = Webhook(
        model.new_id(), TENANT, "https://localhost/", "", ("*",), 0, State.ACTIVE, cloud.clock.now(), "user-ann"
    )

    keep_active(cloud.table, TENANT, cloud.clock.now())
    work = cloud.begin(system("test"), "test")
    store.keep_secret(work, webhook.webhook_id, model.new_secret())
    current = work.create(store.WEBHOOK, webhook, events.CREATED)
    cloud.table.commit(work.writes)

    work = cloud.begin(system("test"), "test")
    work.update(store.WEBHOOK, current, webhook, events.ENABLED)
    cloud.table.commit(work.writes)
    [change] = work.changes
    return webhook.webhook_id, Message(change.id, change.type, change.subject, change.key)


def _delivery(cloud: Cloud, webhook_id: str) -> Delivery:
    [delivery], _ = store.deliveries(cloud.table, webhook_id, None, 10)
    return delivery


def test_the_announcer_tries_at_once_and_the_rule_wakes_who_tries_again(cloud: Cloud, clock: FakeClock) -> None:
    webhook_id, message = _announced(cloud)
    announcer = worker(cloud, f"{MODULE}:webhook-announcer")
    assert isinstance(announcer, Reaction)
    assert not announcer.handler(messages=[message])
    first = _delivery(cloud, webhook_id)
    assert (first.attempts, first.error) == (
        1,
        "The address must name a host in the public Internet, such as hooks.example.com.",
    )
    woken = worker(cloud, f"{MODULE}:webhook-deliveries")
    assert isinstance(woken, Sweep)
    sweep(woken, cloud.engine.seconds_left)
    assert _delivery(cloud, webhook_id).attempts == 1
    clock.advance(model.FIRST_DELAY / timedelta(seconds=1))
    sweep(woken, cloud.engine.seconds_left)
    assert _delivery(cloud, webhook_id).attempts == 2


def test_what_is_no_work_is_no_sweep(cloud: Cloud) -> None:
    with pytest.raises(SettingsError, match="no sweep"):
        worker(cloud, f"{MODULE}:nothing")
