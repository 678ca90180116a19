"""What a product may hold. Source: specification products, Decision 4."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import builders
from tests.builders import SAMPLE, Client
from tests.http.answers import fields
from tests.products.worlds import PRODUCTS


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with builders.client(tmp_path_factory.mktemp("fields") / "data", start=False) as made:
        yield made


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("name", "abc", "abc"),
        ("name", "x" * 100, "x" * 100),
        ("name", "  Café  ", "Café"),
        ("name", "Cafe\u0301 Bu\u0308ro", "Café Büro"),
        ("name", "日本語プラン", "日本語プラン"),
        ("name", "🎉🎉🎉", "🎉🎉🎉"),
        ("name", "👨‍👩‍👧", "👨‍👩‍👧"),
        ("name", "می‌خواهم", "می‌خواهم"),
        ("description", "x", "x"),
        ("description", "x" * 500, "x" * 500),
        ("description", "First line\n\tSecond line", "First line\n\tSecond line"),
        ("period", "daily", "daily"),
        ("period", "x" * 100, "x" * 100),
        ("features", [], []),
        ("features", ["ab"] * 20, ["ab"] * 20),
        ("features", ["x" * 200, " ab "], ["x" * 200, "ab"]),
        ("currency", "EUR", "EUR"),
        ("active", False, False),
        ("price", 5000, "5000.00"),
        ("price", "899.5", "899.50"),
        ("price", "0.01", "0.01"),
        ("price", "999999.99", "999999.99"),
        ("productId", "PROD-ABCDEFGHIJKL", "PROD-ABCDEFGHIJKL"),
    ],
    ids=repr,
)
def test_a_field_is_kept_as_it_should_be(app: Client, field: str, sent: Any, kept: Any) -> None:
    made = app.create(**{field: sent})
    assert made[field] == kept
    assert app.call("GET", f"{PRODUCTS}/{made['productId']}").json[field] == kept
    if field != "productId":
        path = f"{PRODUCTS}/{app.create()['productId']}"
        assert app.call("PUT", path, {field: sent}).json[field] == kept


@pytest.mark.parametrize("blank", ["\u200b\u200b\u200b", "\ufeff\ufeff\ufeff", "\u00ad\u2060 \ufe0f"], ids=ascii)
def test_a_name_can_be_seen(app: Client, blank: str) -> None:
    path = f"{PRODUCTS}/{app.create()['productId']}"
    assert fields(app.call("POST", PRODUCTS, {**SAMPLE, "name": blank})) == {"name"}
    assert fields(app.call("PUT", path, {"name": blank})) == {"name"}


def test_what_may_be_left_out_has_its_default(app: Client) -> None:
    wanted = {name: SAMPLE[name] for name in ("name", "description", "price", "period")}
    made = app.call("POST", PRODUCTS, wanted).json
    assert (made["currency"], made["features"], made["active"]) == ("ZAR", [], True)


def test_a_name_is_nobodys_own(app: Client) -> None:
    assert app.create(name="Twins")["productId"] != app.create(name="Twins")["productId"]


def test_a_given_id_has_six_characters_of_crockford(app: Client) -> None:
    product_id = app.create()["productId"]
    assert product_id.startswith("PROD-")
    assert len(product_id) == 11
    assert set("ILOU").isdisjoint(product_id[5:])


def test_id_and_date_of_creation_never_change(app: Client) -> None:
    made = app.create()
    path = f"{PRODUCTS}/{made['productId']}"
    for change in ({"price": "5"}, {"active": False}, {"active": True}):
        changed = app.call("PUT", path, change).json
        assert (changed["productId"], changed["createdAt"]) == (made["productId"], made["createdAt"])
        assert changed["updatedAt"] > made["updatedAt"]
        made = changed
