"""Search by words of the name. Source: specification products, Decision 6."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests import builders
from tests.builders import Client
from tests.http.answers import fields
from tests.products.worlds import PRODUCTS, add, names

LONG = " ".join(f"word{number:02}" for number in range(1, 14))
NAMES = (
    "Café & Büro Paket",
    "Cafeteria Starter",
    "E-commerce Starter",
    "Starter starter STARTER",
    "Straße nach Süden",
    "Premium 24/7 Support",
    "日本語 プラン",
    LONG,
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with builders.client(tmp_path_factory.mktemp("search") / "data", start=False) as client:
        add(client, [{"name": name, "product_id": f"PROD-{n:03}"} for n, name in enumerate(NAMES)])
        add(client, [{"name": "Starter in Euro", "currency": "EUR", "product_id": "PROD-EUR"}])
        add(client, [{"name": "Starter of old", "active": False, "product_id": "PROD-OLD"}])
        yield client


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("cafe", ["Café & Büro Paket", "Cafeteria Starter"]),
        ("CAFÉ", ["Café & Büro Paket", "Cafeteria Starter"]),
        ("Cafe\u0301", ["Café & Büro Paket", "Cafeteria Starter"]),
        ("cafet", ["Cafeteria Starter"]),
        ("afe", []),
        ("buro", ["Café & Büro Paket"]),
        ("strasse", ["Straße nach Süden"]),
        ("STRASSE", ["Straße nach Süden"]),
        ("sud", ["Straße nach Süden"]),
        ("starter", ["Cafeteria Starter", "E-commerce Starter", "Starter starter STARTER", "Starter in Euro"]),
        ("start caf", ["Cafeteria Starter"]),
        ("caf start", ["Cafeteria Starter"]),
        ("paket café büro", ["Café & Büro Paket"]),
        ("e", ["E-commerce Starter", "Starter in Euro"]),
        ("e comm", ["E-commerce Starter"]),
        ("24/7", ["Premium 24/7 Support"]),
        ("7", ["Premium 24/7 Support"]),
        ("日本", ["日本語 プラン"]),
        ("プ", ["日本語 プラン"]),
        ("word12", [LONG]),
        ("word13", []),
        ("word01 word12", [LONG]),
        ("nothing", []),
        ("  cafet  ", ["Cafeteria Starter"]),
        ("x" * 100, []),
    ],
)
def test_words_are_found_by_their_beginnings(shop: Client, q: str, found: list[str]) -> None:
    for size in (1, 100):
        assert sorted(names(shop, f"q={quote(q)}", size)) == sorted(found)


def test_results_are_ordered_by_the_word_that_matches(shop: Client) -> None:
    assert names(shop, "q=caf") == ["Café & Büro Paket", "Cafeteria Starter"]
    assert names(shop, "q=s")[-1] == "Premium 24/7 Support"


def test_currency_and_status_narrow_a_search(shop: Client) -> None:
    assert names(shop, "q=starter&currency=EUR") == ["Starter in Euro"]
    assert names(shop, "q=starter&status=inactive") == ["Starter of old"]
    assert len(names(shop, "q=starter&status=all", 2)) == 5
    assert fields(shop.call("GET", f"{PRODUCTS}?q=starter&sortBy=name")) == {"sortBy"}


def test_a_changed_name_is_found_and_the_old_one_is_not(shop: Client) -> None:
    add(shop, [{"name": "Before the change", "product_id": "PROD-NEW"}])
    shop.call("PUT", f"{PRODUCTS}/PROD-NEW", {"name": "After the change"})
    assert names(shop, "q=before") == []
    assert names(shop, "q=after%20change") == ["After the change"]


def test_a_rare_word_among_many_is_found_page_by_page(shop: Client) -> None:
    crowd = 1150  # more than a page looks at
    add(shop, [{"name": f"Crowd c{number:04}", "product_id": f"PROD-C{number:04}"} for number in range(crowd)], 19)
    add(shop, [{"name": "Crowd zz rare", "product_id": "PROD-RARE"}])
    assert names(shop, "q=crowd%20zz") == ["Crowd zz rare"]
    first = shop.call("GET", f"{PRODUCTS}?q=crowd%20zz").json
    assert (first["items"], first["moreAvailable"]) == ([], True)
    assert len(set(names(shop, "q=crowd"))) == crowd + 1
