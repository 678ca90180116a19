import pytest

from tests.builders import Client
from tests.http.answers import PRODUCT, PRODUCTS, changes, fields, key, problem


def test_a_product_is_created(client: Client) -> None:
    reply = client.call("POST", PRODUCTS, PRODUCT)
    made = reply.json
    assert reply.status == 201
    assert reply.headers["location"] == f"{PRODUCTS}/{made['productId']}"
    assert reply.headers["etag"].startswith('"1-')
    assert {name: made[name] for name in PRODUCT} == PRODUCT
    assert (made["currency"], made["active"], made["version"]) == ("ZAR", True, 1)
    assert made["createdAt"] == made["updatedAt"]
    assert set(made) == {
        "productId", "name", "description", "price", "currency", "period", "features", "active", "createdAt",
        "updatedAt", "version", "_links",
    }  # fmt: skip
    assert client.call("GET", reply.headers["location"]).json == made


def test_everybody_reads_an_active_product_but_is_offered_no_change(client: Client) -> None:
    made = client.create()
    reply = client.call("GET", f"{PRODUCTS}/{made['productId']}", key=None)
    assert reply.status == 200
    assert set(reply.json["_links"]) == {"self", "collection"}


def test_links_follow_state_permission_and_base_path(client: Client) -> None:
    made = client.create()
    path = f"{PRODUCTS}/{made['productId']}"
    assert made["_links"] == {
        "self": {"href": path},
        "update": {"href": path, "method": "PUT"},
        "delete": {"href": path, "method": "DELETE"},
        "history": {"href": f"{path}/history"},
        "collection": {"href": PRODUCTS},
    }
    client.call("DELETE", path)
    inactive = client.call("GET", path, base_path="/stage").json["_links"]
    assert set(inactive) == {"self", "restore", "history", "collection"}
    assert inactive["restore"] == {"href": f"/stage{path}", "method": "PUT"}


def test_a_product_is_changed_field_by_field(client: Client) -> None:
    made = client.create()
    path = f"{PRODUCTS}/{made['productId']}"
    reply = client.call("PUT", path, {"price": "1650.00", "features": []})
    changed = reply.json
    assert (reply.status, changed["version"]) == (200, 2)
    assert changed["updatedAt"] > made["updatedAt"]
    expected = made | {"price": "1650.00", "features": [], "updatedAt": changed["updatedAt"], "version": 2}
    assert changed == expected


def test_deleting_takes_off_sale_and_can_be_repeated(client: Client) -> None:
    made = client.create()
    path = f"{PRODUCTS}/{made['productId']}"
    for _ in range(2):
        reply = client.call("DELETE", path)
        assert (reply.status, reply.body) == (204, b"")
        assert "content-length" not in reply.headers
    problem(client.call("GET", path, key=None), 404, "product-not-found")
    problem(client.call("GET", path, key=key(client)), 404, "product-not-found")
    kept = client.call("GET", path).json
    assert (kept["active"], kept["version"]) == (False, 2)


def test_an_inactive_product_is_changed_only_by_restoring_it(client: Client) -> None:
    path = f"{PRODUCTS}/{client.create()['productId']}"
    client.call("PUT", path, {"active": False})
    refused = problem(client.call("PUT", path, {"price": "5"}), 422, "product-inactive")
    assert (refused["currentStatus"], refused["allowedTransitions"]) == ("inactive", ["active"])
    problem(client.call("PUT", path, {"active": False}), 422, "product-inactive")
    restored = client.call("PUT", path, {"active": True, "price": "5"}).json
    assert (restored["active"], restored["price"], restored["version"]) == (True, "5.00", 3)
    types = [change["type"] for change in changes(client, restored["productId"])]
    assert types == ["product.created", "product.deleted", "product.restored"]


def test_an_id_may_be_chosen_once(client: Client) -> None:
    assert client.create(productId="PROD-001")["productId"] == "PROD-001"
    taken = problem(client.call("POST", PRODUCTS, {**PRODUCT, "productId": "PROD-001"}), 409, "product-exists")
    assert taken["productId"] == "PROD-001"


@pytest.mark.parametrize("product_id", ["PROD-NOTFOUND", "PROD-000", "PROD-ABCDEFGHIJKL"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_is_not_there_is_not_found(client: Client, method: str, product_id: str) -> None:
    body = {"price": "5"} if method == "PUT" else None
    problem(client.call(method, f"{PRODUCTS}/{product_id}", body), 404, "product-not-found")


@pytest.mark.parametrize("product_id", ["prod-001", "PROD-12", "PROD-ABCDEFGHIJKLM", "PROD-a01", "001", "PROD-%0A01"])
def test_what_cannot_be_an_id_is_malformed(client: Client, product_id: str) -> None:
    for path in (f"{PRODUCTS}/{product_id}", f"{PRODUCTS}/{product_id}/history"):
        assert fields(client.call("GET", path)) == {"productId"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", PRODUCTS, PRODUCT),
        ("PUT", f"{PRODUCTS}/PROD-001", {"price": "5"}),
        ("DELETE", f"{PRODUCTS}/PROD-001", None),
        ("GET", f"{PRODUCTS}/PROD-001/history", None),
        ("GET", f"{PRODUCTS}/PROD-001?asOf=2026-11-20T10:00:00Z", None),
        ("GET", f"{PRODUCTS}?status=all", None),
        ("GET", f"{PRODUCTS}?status=inactive", None),
        ("GET", f"{PRODUCTS}?status=inactive&q=basic", None),
    ],
)
def test_strangers_are_kept_out(client: Client, method: str, path: str, body: object) -> None:
    client.create(productId="PROD-001")
    nobody = problem(client.call(method, path, body, key=None), 401, "unauthorized")
    assert "x-api-key" in nobody["detail"]
    wrong = client.call(method, path, body, key="bbws_local_WRONG")
    problem(wrong, 401, "unauthorized")
    assert wrong.headers["www-authenticate"] == 'ApiKey realm="bbws", header="x-api-key", Bearer realm="bbws"'
    lacking = problem(client.call(method, path, body, key=key(client, "audit:read")), 403, "forbidden")
    assert lacking["requiredPermission"] == "products:write"
    assert [change["version"] for change in changes(client, "PROD-001")] == [1]


def test_a_wrong_key_is_refused_where_none_is_needed(client: Client) -> None:
    problem(client.call("GET", PRODUCTS, key="wrong"), 401, "unauthorized")


def test_a_key_with_the_permission_is_enough(client: Client) -> None:
    assert client.call("POST", PRODUCTS, PRODUCT, key=key(client, "products:write")).status == 201


def test_a_list_says_where_it_goes_on(client: Client) -> None:
    for number in range(3):
        client.create(name=f"Product {number}")
    first = client.call("GET", f"{PRODUCTS}?pageSize=2&currency=ZAR").json
    assert [item["name"] for item in first["items"]] == ["Product 2", "Product 1"]
    assert (first["count"], first["moreAvailable"]) == (2, True)
    assert first["_links"]["next"]["href"].startswith(f"{PRODUCTS}?pageSize=2&currency=ZAR&startAt=")
    assert first["_links"]["self"] == {"href": f"{PRODUCTS}?pageSize=2&currency=ZAR"}
    assert first["_links"]["create"] == {"href": PRODUCTS, "method": "POST"}
    last = client.call("GET", first["_links"]["next"]["href"]).json
    assert [item["name"] for item in last["items"]] == ["Product 0"]
    assert (last["moreAvailable"], last["nextToken"]) == (False, None)
    assert "next" not in last["_links"]


def test_an_empty_list_is_a_list(client: Client) -> None:
    empty = client.call("GET", PRODUCTS, key=None).json
    assert (empty["items"], empty["count"], empty["moreAvailable"], empty["nextToken"]) == ([], 0, False, None)
    assert set(empty["_links"]) == {"self"}


def test_history_shows_who_did_what(client: Client) -> None:
    made = client.create()
    client.call("PUT", f"{PRODUCTS}/{made['productId']}", {"price": "5"})
    first, second = changes(client, made["productId"])
    assert (first["type"], first["changeType"], first["before"]) == ("product.created", "CREATE", None)
    assert (second["type"], second["before"]["price"], second["after"]["price"]) == (
        "product.updated",
        "1500.00",
        "5.00",
    )
    assert first["actor"] == second["actor"]
    assert first["actor"].startswith("key-")
    assert first["time"] == made["createdAt"]


def test_head_is_get_without_the_body(client: Client) -> None:
    path = f"{PRODUCTS}/{client.create()['productId']}"
    get, head = client.call("GET", path), client.call("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    for name in ("etag", "content-length", "content-type", "vary"):
        assert head.headers[name] == get.headers[name]
    assert head.headers["content-length"] == str(len(get.body))
    missing = client.call("HEAD", f"{PRODUCTS}/PROD-NOTFOUND")
    assert (missing.status, missing.body) == (404, b"")
