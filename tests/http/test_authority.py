"""What a caller may do where a request leads: asked on every request, before anything else is told of it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bbws.kernel.actor import IN_TENANT, Actor
from bbws.kernel.endpoint import Answer, Call, Endpoint, Link, Query, Resource
from bbws.kernel.problem import NOT_FOUND
from tests import builders
from tests.builders import Client
from tests.http.answers import problem

READ, WRITE = f"{IN_TENANT}read", f"{IN_TENANT}write"


class ShopPath(Query):
    """Which shop."""

    shop: str


class Shop(Resource):
    """A shop."""

    shop: str


def _show(call: Call[ShopPath, Any, Any]) -> Answer:
    return Answer(Shop(shop=call.path.shop))


def _endpoint(name: str, method: str, permission: str) -> Endpoint:
    return Endpoint(
        name,
        "shops-api",
        method,
        "/v1.0/shops/{shop}",
        name,
        _show,
        permission=permission,
        path_schema=ShopPath,
        response=Shop,
        links=(Link("self", "getShop"), Link("close", "closeShop")),
    )


GET, CLOSE = _endpoint("getShop", "GET", READ), _endpoint("closeShop", "DELETE", WRITE)


class Owners:
    """Ann owns one shop, and Ben visits it; nobody else may know that there is one."""

    ROLES: Mapping[tuple[str, str], frozenset[str]] = {
        ("user-ann", "one"): frozenset({READ, WRITE}),
        ("user-ben", "one"): frozenset({READ}),
    }

    def within(self, actor: Actor, endpoint: Endpoint, path: Mapping[str, str]) -> Actor:
        if not endpoint.permission.startswith(IN_TENANT):
            return actor
        held = self.ROLES.get((actor.subject, path["shop"]))
        if held is None:
            raise NOT_FOUND("There is no such shop.")
        return actor._replace(permissions=held)


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[Client]:
    with builders.client(tmp_path / "data", endpoints=(GET, CLOSE), start=False) as made:
        dispatcher = made.app.dispatcher._replace(authority=Owners())
        yield replace(made, app=replace(made.app, dispatcher=dispatcher))


def test_a_role_is_good_where_it_is_held(shops: Client) -> None:
    ann, ben = (shops.token(name, admin=False) for name in ("ann", "ben"))
    assert shops.call("DELETE", "/v1.0/shops/one", token=ann).status == 200
    refused = problem(shops.call("DELETE", "/v1.0/shops/one", token=ben), 403, "forbidden")
    assert refused["requiredPermission"] == WRITE


def test_who_has_no_role_is_told_that_there_is_nothing(shops: Client) -> None:
    ann = shops.token("ann", admin=False)
    problem(shops.call("GET", "/v1.0/shops/two", token=ann), 404, "not-found")


def test_links_are_those_of_the_role(shops: Client) -> None:
    for name, expected in (("ann", {"self", "close"}), ("ben", {"self"})):
        shop = shops.call("GET", "/v1.0/shops/one", token=shops.token(name, admin=False))
        assert set(shop.json["_links"]) == expected
