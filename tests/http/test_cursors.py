"""A cursor is good for the list it came from, asked with the same parameters, and for nothing else."""

from pathlib import Path

from tests import builders
from tests.builders import Client
from tests.http.answers import PRODUCTS, fields


def test_a_cursor_of_another_list_is_refused(client: Client) -> None:
    for number in range(3):
        client.create(productId=f"PROD-00{number}")
    token = client.call("GET", f"{PRODUCTS}?pageSize=1").json["nextToken"]
    assert client.call("GET", f"{PRODUCTS}?pageSize=2&startAt={token}").json["count"] == 2
    for other in (
        f"{PRODUCTS}?pageSize=1&currency=ZAR&startAt={token}",
        f"{PRODUCTS}?pageSize=1&order=asc&startAt={token}",
        f"{PRODUCTS}?pageSize=1&status=all&startAt={token}",
        f"{PRODUCTS}?q=basic&startAt={token}",
        f"{PRODUCTS}/PROD-001/history?startAt={token}",
        f"/v1.0/operations?startAt={token}",
        f"/v1.0/keys?startAt={token}",
        f"/v1.0/audit/records?startAt={token}",
        f"{PRODUCTS}?startAt={token[:-4]}",
        f"{PRODUCTS}?startAt={token}AAAA",
        f"{PRODUCTS}?startAt={token.swapcase()}",
    ):
        assert fields(client.call("GET", other)) == {"startAt"}
    for place in range(0, len(token) - 1, 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert fields(client.call("GET", f"{PRODUCTS}?pageSize=1&startAt={changed}")) == {"startAt"}


def test_a_cursor_of_another_products_history_is_refused(client: Client) -> None:
    for product_id in ("PROD-001", "PROD-002"):
        client.create(productId=product_id)
        client.call("PUT", f"{PRODUCTS}/{product_id}", {"price": "5"})
    token = client.call("GET", f"{PRODUCTS}/PROD-001/history?pageSize=1").json["nextToken"]
    assert client.call("GET", f"{PRODUCTS}/PROD-001/history?pageSize=1&startAt={token}").json["count"] == 1
    assert fields(client.call("GET", f"{PRODUCTS}/PROD-002/history?pageSize=1&startAt={token}")) == {"startAt"}


def test_a_cursor_of_another_server_is_refused(client: Client, tmp_path: Path) -> None:
    for _ in range(2):
        client.create()
    token = client.call("GET", f"{PRODUCTS}?pageSize=1").json["nextToken"]
    with builders.client(tmp_path / "other", start=False) as other:
        assert fields(other.call("GET", f"{PRODUCTS}?pageSize=1&startAt={token}")) == {"startAt"}
