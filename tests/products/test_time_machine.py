"""What a product was at any time. Source: design §2, specification products, Decision 7."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bbws.kernel.clock import parse_rfc3339, rfc3339
from tests import builders
from tests.builders import Client
from tests.fakes import NOON, FakeClock
from tests.http.answers import problem
from tests.products.worlds import PRODUCTS

TICK = timedelta(microseconds=1)
# Seconds between changes: standing still and going back included.
GAPS = st.lists(st.sampled_from([-5.0, 0.0, 0.000001, 1.0, 86_400.0]), min_size=1, max_size=9)


def _at(client: Client, product_id: str, moment: datetime) -> int | None:
    """The version that the product had, None where there was none."""
    reply = client.call("GET", f"{PRODUCTS}/{product_id}?asOf={quote(rfc3339(moment))}")
    if reply.status == 404:
        problem(reply, 404, "product-not-found")
        return None
    document = reply.json
    assert document["price"] == f"{document['version']}.00"
    assert parse_rfc3339(document["updatedAt"]) <= moment
    version: int = document["version"]
    return version


@given(GAPS)
@example([0.0] * 8)
@example([-5.0] * 8)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_boundary_between_versions_is_exact(tmp_path_factory: pytest.TempPathFactory, gaps: list[float]) -> None:
    clock = FakeClock()
    with builders.client(tmp_path_factory.mktemp("time") / "data", clock=clock, start=False) as client:
        product_id = client.create(price="1")["productId"]
        times = [NOON]
        for version, gap in enumerate(gaps, 2):
            clock.advance(gap)
            changed = client.call("PUT", f"{PRODUCTS}/{product_id}", {"price": str(version)}).json
            times.append(parse_rfc3339(changed["updatedAt"]))
        assert times == sorted(set(times))
        for version, moment in enumerate(times, 1):
            assert _at(client, product_id, moment) == version
            assert _at(client, product_id, moment - TICK) == (version - 1 or None)
        assert _at(client, product_id, times[-1] + timedelta(days=999)) == len(times)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(tmp_path: Path, clock: FakeClock) -> Iterator[Client]:
    with builders.client(tmp_path / "data", clock=clock, start=False) as made:
        yield made


def test_any_zone_will_do(client: Client) -> None:
    client.create(productId="PROD-001")
    for moment, status in (("2026-11-20T14:00:00+02:00", 200), ("2026-11-20T13:59:59.999999+02:00", 404)):
        assert client.call("GET", f"{PRODUCTS}/PROD-001?asOf={quote(moment)}").status == status


def test_a_product_off_sale_is_seen_as_it_was(client: Client, clock: FakeClock) -> None:
    client.create(productId="PROD-001")
    clock.advance(60)
    client.call("DELETE", f"{PRODUCTS}/PROD-001")
    before = client.call("GET", f"{PRODUCTS}/PROD-001?asOf={rfc3339(NOON)}").json
    after = client.call("GET", f"{PRODUCTS}/PROD-001?asOf={rfc3339(clock.now())}").json
    assert (before["active"], after["active"]) == (True, False)


def test_the_past_is_read_where_it_was_asked_for_and_cannot_be_changed(client: Client, clock: FakeClock) -> None:
    path = f"{PRODUCTS}/PROD-001"
    client.create(productId="PROD-001")
    present = client.call("GET", path)
    clock.advance(60)
    for moment in (NOON, clock.now()):  # the present, too, where it is asked for as the state of a moment
        target = f"{path}?asOf={quote(rfc3339(moment), safe='')}"
        reply = client.call("GET", target, base_path="/stage")
        assert reply.json["_links"] == {
            "self": {"href": f"/stage{target}"},
            "latest-version": {"href": f"/stage{path}"},
            "history": {"href": f"/stage{path}/history"},
            "collection": {"href": f"/stage{PRODUCTS}"},
        }
        assert client.call("GET", target).json["_links"]["self"]["href"] == target
        assert (
            client.call("GET", target, headers={"if-none-match": client.call("GET", target).headers["etag"]}).status
            == 304
        )
    assert client.call("GET", path).json == present.json
    assert set(present.json["_links"]) == {"self", "update", "delete", "history", "collection"}


def test_what_never_was_was_at_no_time(client: Client) -> None:
    problem(client.call("GET", f"{PRODUCTS}/PROD-999?asOf={rfc3339(NOON)}"), 404, "product-not-found")
    problem(client.call("GET", f"{PRODUCTS}/PROD-999/history"), 404, "product-not-found")


def test_history_names_actor_request_and_both_sides(client: Client, clock: FakeClock) -> None:
    client.create(productId="PROD-001")
    clock.advance(1)
    reply = client.call("PUT", f"{PRODUCTS}/PROD-001", {"price": "5"})
    [change, first] = client.call("GET", f"{PRODUCTS}/PROD-001/history").json["items"]
    assert change["correlationId"] == reply.headers["x-request-id"]
    assert (change["id"], change["subject"], change["version"]) == ("PROD-001.2", f"{PRODUCTS}/PROD-001", 2)
    assert (change["time"], first["time"]) == (rfc3339(clock.now()), rfc3339(NOON))
    assert change["before"] == first["after"]
    assert change["after"]["price"] == "5.00"
    assert len(change["digest"]) == 64


def test_history_comes_in_pages(client: Client) -> None:
    client.create(productId="PROD-001")
    for price in range(2, 8):
        client.call("PUT", f"{PRODUCTS}/PROD-001", {"price": str(price)})
    target, versions = f"{PRODUCTS}/PROD-001/history?pageSize=3", []
    while target:
        page = client.call("GET", target).json
        versions += [change["version"] for change in page["items"]]
        target = page["_links"]["next"]["href"] if page["moreAvailable"] else ""
    assert versions == [7, 6, 5, 4, 3, 2, 1]
