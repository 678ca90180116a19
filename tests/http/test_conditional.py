import pytest

from tests.builders import Client
from tests.http.answers import PRODUCT, PRODUCTS, changes, fields, key, problem


def test_what_has_not_changed_is_not_sent_again(client: Client) -> None:
    path = f"{PRODUCTS}/{client.create()['productId']}"
    etag = client.call("GET", path).headers["etag"]
    reply = client.call("GET", path, headers={"if-none-match": etag})
    assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", etag)
    assert "content-length" not in reply.headers
    assert reply.headers["vary"] == "Authorization, X-Api-Key"
    head = client.call("HEAD", path, headers={"if-none-match": etag})
    assert (head.status, head.headers.get("content-length")) == (304, None)
    client.call("PUT", path, {"price": "5"})
    assert client.call("GET", path, headers={"if-none-match": etag}).status == 200


def test_another_view_of_the_same_version_is_sent(client: Client) -> None:
    path = f"{PRODUCTS}/{client.create()['productId']}"
    etag = client.call("GET", path).headers["etag"]
    public = client.call("GET", path, key=None, headers={"if-none-match": etag})
    assert public.status == 200
    assert public.headers["etag"] != etag


def test_lists_have_tags_too(client: Client) -> None:
    client.create()
    etag = client.call("GET", PRODUCTS).headers["etag"]
    assert client.call("GET", PRODUCTS, headers={"if-none-match": etag}).status == 304
    client.create()
    assert client.call("GET", PRODUCTS, headers={"if-none-match": etag}).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("dry_run", ["false", "true"])
def test_a_stale_version_is_refused(client: Client, method: str, dry_run: str) -> None:
    made = client.create()
    path = f"{PRODUCTS}/{made['productId']}"
    stale = client.call("GET", path).headers["etag"]
    client.call("PUT", path, {"price": "5"})
    body = {"price": "6"} if method == "PUT" else None
    target = f"{path}?dryRun={dry_run}"
    refused = problem(client.call(method, target, body, headers={"if-match": stale}), 412, "precondition-failed")
    assert (refused["currentVersion"], refused["expectedVersions"]) == (2, [1])
    assert len(changes(client, made["productId"])) == 2
    fresh = client.call("GET", path).headers["etag"]
    for accepted in (fresh, "*", f'"99", {fresh}', '"2"'):
        assert client.call(method, f"{path}?dryRun=true", body, headers={"if-match": accepted}).status == 200
    assert client.call(method, path, body, headers={"if-match": fresh}).status in {200, 204}


def test_the_tag_of_the_public_view_is_good_for_changing(client: Client) -> None:
    path = f"{PRODUCTS}/{client.create()['productId']}"
    etag = client.call("GET", path, key=None).headers["etag"]
    assert client.call("PUT", path, {"price": "5"}, headers={"if-match": etag}).status == 200


def test_deleting_again_holds_the_version_too(client: Client) -> None:
    path = f"{PRODUCTS}/{client.create()['productId']}"
    client.call("DELETE", path)
    problem(client.call("DELETE", path, headers={"if-match": '"1"'}), 412, "precondition-failed")
    assert client.call("DELETE", path, headers={"if-match": '"2"'}).status == 204


def test_a_read_holds_the_version_too(client: Client) -> None:
    path = f"{PRODUCTS}/{client.create()['productId']}"
    assert client.call("GET", path, headers={"if-match": '"1"'}).status == 200
    problem(client.call("GET", path, headers={"if-match": '"2"'}), 412, "precondition-failed")


def test_what_has_no_version_yet_matches_none(client: Client) -> None:
    problem(client.call("POST", PRODUCTS, PRODUCT, headers={"if-match": '"1"'}), 412, "precondition-failed")
    problem(client.call("GET", PRODUCTS, headers={"if-match": '"0"'}), 412, "precondition-failed")
    assert client.call("GET", PRODUCTS).json["count"] == 0


@pytest.mark.parametrize("header", ["1", '"1', "nonsense", '"1" "2"'])
def test_a_malformed_condition_is_named(client: Client, header: str) -> None:
    path = f"{PRODUCTS}/{client.create()['productId']}"
    assert fields(client.call("PUT", path, {"price": "5"}, headers={"if-match": header})) == {"If-Match"}
    assert fields(client.call("GET", path, headers={"if-none-match": header})) == {"If-None-Match"}


def test_revoking_a_key_can_be_conditional(client: Client) -> None:
    made = client.call("POST", "/v1.0/keys", {"name": "A key", "permissions": ["audit:read"]})
    path = made.headers["location"]
    problem(client.call("DELETE", path, headers={"if-match": '"2"'}), 412, "precondition-failed")
    assert client.call("GET", "/v1.0/audit/records", key=made.json["secret"]).status == 200
    assert client.call("DELETE", path, headers={"if-match": made.headers["etag"]}).status == 204
    assert key(client)  # the first key still works
