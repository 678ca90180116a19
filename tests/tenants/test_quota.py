"""How many tenants can be founded: twenty by one person, and twenty for one customer, that have not left."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bbws.tenants.model import MOST_FOUNDED
from tests.builders import Reply
from tests.http.answers import problem
from tests.tenants.world import ACME, TENANTS, World, tenant_path


def found(world: World, who: str, name: str, **fields: Any) -> Reply:
    return world.ask(who, "POST", TENANTS, {**ACME, "organizationName": name, **fields})


def test_one_person_founds_twenty_and_one_more_for_each_that_left(world: World) -> None:
    made = [world.found("ann", organizationName=f"Ann {number}") for number in range(MOST_FOUNDED)]
    refused = problem(found(world, "ann", "One more"), 422, "quota-exceeded")
    assert "support" in refused["detail"]
    assert refused["quota"] == MOST_FOUNDED
    problem(
        world.ask("ann", "POST", f"{TENANTS}?dryRun=true", {**ACME, "organizationName": "More"}), 422, "quota-exceeded"
    )
    world.found("ben", organizationName="Ben")
    assert world.ask("ann", "DELETE", tenant_path(made[7])).status == 202
    world.found("ann", organizationName="One more")
    problem(found(world, "ann", "Yet another"), 422, "quota-exceeded")


def test_a_customer_has_twenty_whoever_founds_them_but_for_the_platform(world: World) -> None:
    own = world.active("ann", organizationName="Own")
    world.join(own, "eve", "Admin", by="ann")
    said = {"customerId": own["customerId"]}
    for number in range(1, MOST_FOUNDED):
        world.found("ann" if number % 2 else "eve", organizationName=f"Own {number}", **said)
    for who in ("ann", "eve"):
        refused = problem(found(world, who, "One more", **said), 422, "quota-exceeded")
        assert own["customerId"] in refused["detail"]
    world.found("eve", organizationName="For another customer")
    assert found(world, "boss", "One more", **said).status == 201


def test_those_who_found_at_the_same_moment_do_not_exceed_it(world: World) -> None:
    for number in range(MOST_FOUNDED - 3):
        world.found("ann", organizationName=f"Ann {number}")
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda number: found(world, "ann", f"Late {number}"), range(16)))
    assert {reply.status for reply in replies} <= {201, 409, 422}
    assert 1 <= sum(reply.status == 201 for reply in replies) <= 3
    rows = world.client.app.engine.table.query("FOUNDER#user-ann").rows
    assert len(rows) == len(world.ask("ann", "GET", f"{TENANTS}?pageSize=100").json["items"]) <= MOST_FOUNDED
