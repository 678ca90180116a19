"""Tenants: founding, reading, changing."""

import re

import pytest

from bbws.tenants.model import ID_PATTERN
from tests.http.answers import fields, problem
from tests.tenants.world import ACME, TENANTS, World, tenant_path

NAME_TAKEN = "organization-name-taken"


def test_whoever_founds_a_tenant_is_its_admin(world: World) -> None:
    tenant = world.found("ann", metadata={"crm": {"id": 7}}, division="North", group="Web", team="Shop")
    assert re.fullmatch(ID_PATTERN, tenant["tenantId"])
    assert (tenant["status"], tenant["environment"], tenant["createdBy"]) == ("PENDING", "dev", "user-ann")
    assert tenant["contactEmail"] == "office@acme.example"
    assert tenant["metadata"] == {"crm": {"id": 7}}
    assert (tenant["division"], tenant["group"], tenant["team"]) == ("North", "Web", "Shop")
    [user] = world.ask("ann", "GET", tenant_path(tenant, "users")).json["items"]
    assert (user["userId"], user["role"], user["email"]) == ("user-ann", "Admin", "ann@example.com")


def test_a_tenant_is_where_it_says(world: World) -> None:
    reply = world.ask("ann", "POST", TENANTS, ACME)
    read = world.ask("ann", "GET", reply.headers["location"])
    summary = {"users": {"count": 1, "more": False}, "units": {"count": 0, "more": False}}
    assert read.json == reply.json | {"summary": summary}
    # What is counted is no part of the tenant's version.
    assert read.headers["etag"].partition("-")[0] == reply.headers["etag"].partition("-")[0] == '"1'


@pytest.mark.parametrize("name", ["Acme Shop", "ACME SHOP", " acme  shop "])
def test_a_name_is_one_tenants(world: World, name: str) -> None:
    world.found("ann", organizationName="Acme Shop")
    refused = problem(world.ask("ben", "POST", TENANTS, {**ACME, "organizationName": name}), 409, NAME_TAKEN)
    assert "Choose another name" in refused["detail"]


@pytest.mark.parametrize(
    ("said", "bad"),
    [
        ({"organizationName": "A"}, {"organizationName"}),
        ({"organizationName": "A" * 101}, {"organizationName"}),
        ({"organizationName": "\u0410cme"}, {"organizationName"}),
        ({"organizationName": "Ac\u0131d"}, {"organizationName"}),
        ({"organizationName": "-Acme"}, {"organizationName"}),
        ({"organizationName": "Acme; DROP"}, {"organizationName"}),
        ({"organizationName": None}, {"organizationName"}),
        ({"contactEmail": "nobody"}, {"contactEmail"}),
        ({"contactEmail": "a@b"}, {"contactEmail"}),
        ({"contactEmail": f"{'a' * 65}@example.com"}, {"contactEmail"}),
        ({"contactEmail": 7}, {"contactEmail"}),
        ({"environment": "production"}, {"environment"}),
        ({"group": "Web"}, {"body"}),
        ({"division": "North", "team": "Shop"}, {"body"}),
        ({"metadata": {"share": 0.5}}, {"metadata"}),
        ({"metadata": {"n": 2**60}}, {"metadata"}),
        ({"metadata": {"": 1}}, {"metadata"}),
        ({"metadata": []}, {"metadata"}),
        ({"tenantId": "tenant-1"}, {"tenantId"}),
        ({"status": "ACTIVE"}, {"status"}),
        (
            {"organizationName": "", "contactEmail": "", "environment": ""},
            {"organizationName", "contactEmail", "environment"},
        ),
    ],
)
def test_what_is_wrong_is_named(world: World, said: dict[str, object], bad: set[str]) -> None:
    assert fields(world.ask("ann", "POST", TENANTS, {**ACME, **said})) == bad


@pytest.mark.parametrize(
    "email",
    ["ann+tag@example.com", '"ann b"@example.com', "ånn@example.com", "ann@bücher.example", "O'Neil@example.com"],
)
def test_addresses_of_all_kinds_are_kept_as_they_are(world: World, email: str) -> None:
    assert world.found("ann", contactEmail=email)["contactEmail"] == email


def test_what_is_left_out_of_a_change_stays(world: World) -> None:
    tenant = world.found("ann", metadata={"a": 1, "b": {"c": 2, "d": 3}}, division="North")
    said = {"organizationName": "Acme Two", "metadata": {"a": None, "b": {"c": 5}, "e": []}}
    changed = world.ask("ann", "PUT", tenant_path(tenant), said).json
    assert changed["metadata"] == {"b": {"c": 5, "d": 3}, "e": []}
    assert (changed["organizationName"], changed["division"]) == ("Acme Two", "North")
    assert changed["contactEmail"] == "office@acme.example"
    assert world.ask("ann", "GET", tenant_path(tenant)).json.items() >= changed.items()


def test_a_name_that_was_given_up_is_free_and_one_own_can_be_written_otherwise(world: World) -> None:
    tenant = world.found("ann")
    assert world.ask("ann", "PUT", tenant_path(tenant), {"organizationName": "ACME"}).status == 200
    assert world.ask("ann", "PUT", tenant_path(tenant), {"organizationName": "Zeta"}).status == 200
    world.found("ben", organizationName="acme")
    problem(world.ask("ann", "PUT", tenant_path(tenant), {"organizationName": "Acme"}), 409, NAME_TAKEN)


def test_a_change_that_changes_nothing_makes_no_version(world: World) -> None:
    tenant = world.ask("ann", "GET", tenant_path(world.found("ann")))
    same = world.ask("ann", "PUT", tenant_path(tenant.json), {"organizationName": "Acme"})
    assert tenant.json.items() >= same.json.items()
    assert same.headers["etag"].startswith('"1-')


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"group": "Web"}, {"group"}),
        ({"team": "Shop"}, {"team"}),
        ({"division": "North", "team": "Shop"}, {"division", "team"}),
    ],
)
def test_a_change_leaves_no_group_without_its_division(world: World, said: dict[str, str], named: set[str]) -> None:
    path = tenant_path(world.found("ann"))
    assert fields(world.ask("ann", "PUT", path, said)) == named
    assert world.ask("ann", "PUT", path, {"division": "North", "group": "Web", "team": "Shop"}).status == 200
    assert fields(world.ask("ann", "PUT", path, {"division": None})) == {"division"}
    assert world.ask("ann", "PUT", path, {"division": None, "group": None, "team": None}).status == 200


def test_a_change_of_what_was_changed_meanwhile_is_refused(world: World) -> None:
    reply = world.ask("ann", "POST", TENANTS, ACME)
    path = tenant_path(reply.json)
    assert world.ask("ann", "PUT", path, {"division": "North"}).status == 200
    problem(
        world.ask("ann", "PUT", path, {"division": "South"}, if_match=reply.headers["etag"]), 412, "precondition-failed"
    )


def test_a_customer_is_that_of_its_admins(world: World) -> None:
    first = world.found("ann")
    second = world.found("ann", organizationName="Acme Shop", customerId=first["customerId"])
    assert second["customerId"] == first["customerId"]
    said = {**ACME, "organizationName": "Spy"}
    for customer in (first["customerId"], "customer-nobodys"):
        refused = problem(world.ask("eve", "POST", TENANTS, {**said, "customerId": customer}), 422, "unknown-customer")
        assert (
            refused["detail"].replace(customer, "X")
            == "There is no customer X of yours. Leave customerId out to have one made."
        )
    assert world.ask("boss", "POST", TENANTS, {**said, "customerId": first["customerId"]}).status == 201


def test_an_admin_reads_all_of_the_customers_tenants_and_changes_none_of_the_others(world: World) -> None:
    first = world.active("ann")
    other = world.ask(
        "boss", "POST", TENANTS, {**ACME, "organizationName": "Two", "customerId": first["customerId"]}
    ).json
    assert world.ask("ann", "GET", tenant_path(other)).status == 200
    problem(world.ask("ann", "PUT", tenant_path(other), {"division": "X Y"}), 403, "forbidden")
    world.join(first, "ben", "Operator", by="ann")
    problem(world.ask("ben", "GET", tenant_path(other)), 404, "tenant-not-found")


def test_keys_and_nobody_have_no_business_with_tenants(world: World) -> None:
    tenant = world.found("ann")
    for path in (TENANTS, tenant_path(tenant), tenant_path(tenant, "users")):
        assert problem(world.client.call("GET", path), 403, "forbidden")["detail"].startswith("These credentials lack")
        assert world.client.call("GET", path, key=None).status == 401
