"""Lists of tenants: every order, filter and page, for the platform's people and for everybody else."""

import uuid
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from bbws.kernel.canonical import sha256
from bbws.kernel.table import Insert, Replace
from bbws.tenants.store import TENANT, tenant_key
from tests.http.answers import fields
from tests.tenants.world import TENANTS, WHY, World, opened, tenant_path

NAMES = ["Zebra", "acme", "Acme Shop", "Élan", "Beta 2", "beta 10", "Quagga", "Shop of Beta"]
ENVIRONMENTS = ["dev", "sit", "prod"]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, list[dict[str, Any]]]]:
    """Eight tenants of ann's, in turns in each environment, every second one active, one parked; and one of eve's."""
    with opened(tmp_path_factory.mktemp("many")) as world:
        made = []
        for number, name in enumerate(NAMES):
            tenant = world.found("ann", organizationName=name, environment=ENVIRONMENTS[number % 3])
            made.append(world.moved("ann", tenant, "ACTIVE") if number % 2 else tenant)
        made[1] = world.ask("ann", "POST", tenant_path(made[1], "lifecycle", "park"), WHY).json
        eves = world.active("eve", organizationName="Eves")
        yield world, [*made, eves]


def _all_pages(world: World, who: str, query: str, size: int) -> list[str]:
    names: list[str] = []
    target: str | None = f"{TENANTS}?pageSize={size}{query}"
    while target is not None:
        page = world.ask(who, "GET", target).json
        assert len(page["items"]) <= size
        names += [item["organizationName"] for item in page["items"]]
        target = page["_links"].get("next", {}).get("href")
    return names


@pytest.mark.parametrize("who", ["boss", "ann"])
@pytest.mark.parametrize("order", ["createdAt", "organizationName"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_every_order_and_filter_in_pages_of_any_size(
    many: tuple[World, list[dict[str, Any]]], who: str, order: str, direction: str
) -> None:
    world, tenants = many
    visible = [each for each in tenants if who == "boss" or each["createdBy"] == "user-ann"]
    ordered = sorted(visible, key=lambda each: str(each[order]).casefold(), reverse=direction == "desc")
    for status, environment, part in product(
        [None, "ACTIVE", "PARKED", "FAILED"], [None, "dev"], [None, "shop", "BETA"]
    ):
        wanted = [
            each["organizationName"]
            for each in ordered
            if status in {None, each["status"]}
            and environment in {None, each["environment"]}
            and (part is None or part.casefold() in each["organizationName"].casefold())
        ]
        said = {"sortBy": order, "sortOrder": direction, "status": status, "environment": environment}
        said["organizationName"] = part
        query = "".join(f"&{name}={value}" for name, value in said.items() if value is not None)
        for size in (1, 3, 100):
            assert _all_pages(world, who, query, size) == wanted, query


@pytest.mark.parametrize(
    ("query", "bad"),
    [
        ("status=active", "status"),
        ("environment=qa", "environment"),
        ("organizationName=a", "organizationName"),
        ("sortBy=name", "sortBy"),
        ("sortOrder=up", "sortOrder"),
        ("pageSize=0", "pageSize"),
        ("customerId=x", "customerId"),
    ],
)
def test_what_is_wrong_is_named(many: tuple[World, list[dict[str, Any]]], query: str, bad: str) -> None:
    assert fields(many[0].ask("ann", "GET", f"{TENANTS}?{query}")) == {bad}


def test_a_cursor_of_somebody_elses_list_leads_nowhere_else(many: tuple[World, list[dict[str, Any]]]) -> None:
    world, _ = many
    token = world.ask("boss", "GET", f"{TENANTS}?pageSize=2").json["nextToken"]
    mine = world.ask("eve", "GET", f"{TENANTS}?pageSize=2&startAt={token}").json["items"]
    assert {each["organizationName"] for each in mine} <= {"Eves"}


@pytest.mark.parametrize("order", ["createdAt", "organizationName"])
def test_an_admin_of_a_customer_is_shown_all_of_it_page_by_page(world: World, order: str) -> None:
    own = world.active("ann", organizationName="Own 0")
    said = {"customerId": own["customerId"]}
    names = ["Own 0", *(f"Own {number}" for number in range(1, 24))]
    for name in names[1:]:
        world.found("boss", organizationName=name, **said)
    other = world.active("bob", organizationName="Own 12 of bob")
    world.join(other, "ann", "Viewer", by="bob")
    everything = sorted([*names, "Own 12 of bob"]) if order == "organizationName" else [*names, "Own 12 of bob"]
    for size in (1, 7, 100):
        assert _all_pages(world, "ann", f"&sortBy={order}&sortOrder=asc", size) == everything
        assert _all_pages(world, "ann", f"&sortBy={order}", size) == everything[::-1]
        assert _all_pages(world, "ann", f"&sortBy={order}&organizationName=12&sortOrder=asc", size) == [
            name for name in everything if "12" in name
        ]


def test_more_of_a_customer_than_one_look_takes_are_all_there(world: World) -> None:
    own = world.active("ann", organizationName="Own")
    table = world.client.app.engine.table
    row = table.get(tenant_key(own["tenantId"]))
    assert row is not None
    for number in range(1_100):
        tenant = TENANT.load(row.document)._replace(
            tenant_id=f"tenant-{uuid.UUID(int=number, version=4)}", organization_name=f"Many {number:04}"
        )
        made = row._replace(
            key=TENANT.key(tenant),
            document=TENANT.dump(tenant),
            indexes=TENANT.indexes(tenant),
            version=1,
            digest=sha256(tenant.tenant_id.encode()),
        )
        table.commit([Insert(made)])
    found = _all_pages(world, "ann", "&sortBy=organizationName&sortOrder=asc", 100)
    assert found == [*(f"Many {number:04}" for number in range(1_100)), "Own"]
    assert _all_pages(world, "ann", "&organizationName=many+1099", 100) == ["Many 1099"]


def test_what_an_index_shows_and_is_not_so_any_more_is_left_out(world: World) -> None:
    own = world.active("ann", organizationName="Own")
    moved = world.found("boss", organizationName="Moved", customerId=own["customerId"])
    table = world.client.app.engine.table
    row = table.get(tenant_key(moved["tenantId"]))
    assert row is not None
    # The row is another customer's by now, and the index still says that it is this one's.
    document = {**row.document, "customerId": "customer-else"}
    late = row._replace(document=document, version=row.version + 1, digest=sha256(b"late"))
    table.commit([Replace(late, row.version)])
    assert _all_pages(world, "ann", "", 1) == ["Own"]
