"""A comparison is fair only between those who answer the same."""

from collections.abc import Iterator

import pytest

from bench.events import CHANGE, PRODUCT
from bench.parity import answers, differences
from bench.subjects import BASE, BBWS, CHALICE, FASTAPI, POWERTOOLS, STARLETTE, Subject, subjects


@pytest.fixture
def everyone() -> Iterator[dict[str, Subject]]:
    with subjects() as made:
        yield made


@pytest.mark.parametrize("peer", [FASTAPI, POWERTOOLS, STARLETTE, CHALICE])
def test_a_peer_answers_what_bbws_answers(everyone: dict[str, Subject], peer: str) -> None:
    assert differences(everyone[peer], everyone[BBWS]) == []


def test_the_journey_ends_as_it_should(everyone: dict[str, Subject]) -> None:
    found = {name: answer["status"] for name, answer in answers(everyone[BBWS]).items()}
    assert found == {
        "create": 201,
        "get": 200,
        "list": 200,
        "first page": 200,
        "update": 200,
        "delete": 204,
        "delete again": 204,
        "change an inactive one": 422,
        "restore": 200,
        "get an unknown one": 404,
        "get by a malformed id": 400,
        "create without a price": 400,
        "create with an unknown field": 400,
        "list too much": 400,
    }


@pytest.mark.parametrize("name", [BBWS, FASTAPI, POWERTOOLS, STARLETTE, CHALICE])
def test_what_was_written_is_read_again(everyone: dict[str, Subject], name: str) -> None:
    subject = everyone[name]
    product_id = subject.create()
    subject.call("PUT", f"{BASE}/{product_id}", CHANGE)
    read = subject.call("GET", f"{BASE}/{product_id}").json
    assert {member: read[member] for member in PRODUCT} == PRODUCT | CHANGE
    assert read["version"] == 2
    assert read["_links"]["self"]["href"] == f"{BASE}/{product_id}"


def test_a_difference_is_found(everyone: dict[str, Subject]) -> None:
    liar = Subject("liar", lambda event, context: {**everyone[CHALICE].invoke(event, context), "statusCode": 201}, "")
    assert [difference.split(":")[0] for difference in differences(liar, everyone[BBWS])] == [
        name for name, answer in answers(everyone[BBWS]).items() if answer["status"] != 201
    ]
