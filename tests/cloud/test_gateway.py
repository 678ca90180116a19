"""What the gateway and the functions behind it answer, over HTTP."""

from tests.cloud.environment import STAGE, Cloud
from tests.stories import catalogue
from tests.stories.catalogue import PRODUCTS


def problem(answer: object) -> tuple[int, str]:
    status, body = answer.status, answer.json  # type: ignore[attr-defined] # an Answer of tests.server.support
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined] # the same
    assert {"type", "title", "status", "detail", "instance", "code", "requestId"} <= body.keys()
    assert body["status"] == status
    return status, body["code"]


def test_links_can_be_followed_through_the_stage(cloud: Cloud) -> None:
    made = cloud.do("POST", PRODUCTS, {"name": "Linked", "description": "x", "price": "1.00", "period": "per month"})
    assert made.status == 201
    assert made.headers["location"].startswith(f"{STAGE}{PRODUCTS}/")
    found = catalogue.ask(cloud, made.json["_links"]["self"]["href"])
    assert found["productId"] == made.json["productId"]
    further = {"name": "Further", "description": "x", "price": "1.00", "period": "per month"}
    assert cloud.do("POST", PRODUCTS, further).status == 201  # a list of one has no next page
    first = catalogue.ask(cloud, f"{PRODUCTS}?pageSize=1")
    second = catalogue.ask(cloud, first["_links"]["next"]["href"])
    assert first["items"][0]["productId"] != second["items"][0]["productId"]


def test_an_answer_is_repeated_for_the_same_idempotency_key(cloud: Cloud) -> None:
    body = {"name": "Once", "description": "x", "price": "1.00", "period": "per month"}
    answers = [cloud.do("POST", PRODUCTS, body, {"idempotency-key": "once"}) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json["productId"] == answers[1].json["productId"]


def test_a_key_that_is_made_works_and_one_that_is_revoked_does_not(cloud: Cloud) -> None:
    made = cloud.do("POST", "/v1.0/keys", {"name": "Web shop", "permissions": ["products:write"]}).json
    own = made["secret"]
    body = {"name": "By another key", "description": "x", "price": "1.00", "period": "per month"}
    assert cloud.do("POST", PRODUCTS, body, key=own).status == 201
    assert problem(cloud.do("GET", "/v1.0/keys", key=own)) == (403, "forbidden")
    assert cloud.do("DELETE", f"/v1.0/keys/{made['keyId']}").status == 204
    assert problem(cloud.do("POST", PRODUCTS, body, key=own))[0] == 401


def test_a_missing_key_is_a_problem_with_a_challenge(cloud: Cloud) -> None:
    for key in (False, "bbws_dev_WRONG"):
        refused = cloud.do("POST", PRODUCTS, {}, key=key)
        assert problem(refused) == (401, "unauthorized")
        assert refused.headers["www-authenticate"].startswith("ApiKey")


def test_unknown_paths_and_methods(cloud: Cloud) -> None:
    assert problem(cloud.do("GET", "/v1.0/nothing")) == (404, "not-found")
    refused = cloud.do("PATCH", f"{PRODUCTS}/PROD-002")
    assert problem(refused) == (405, "method-not-allowed")
    assert "PUT" in refused.headers["allow"]


def test_head_and_options(cloud: Cloud) -> None:
    head = cloud.do("HEAD", f"{PRODUCTS}?pageSize=1")
    assert (head.status, head.body) == (200, b"")
    asked = {"origin": "https://shop.example", "access-control-request-method": "PUT"}
    options = cloud.do("OPTIONS", f"{PRODUCTS}/PROD-002", headers=asked, key=False)
    assert options.status in {200, 204}


def test_bad_input_is_named_field_by_field(cloud: Cloud) -> None:
    refused = cloud.do("POST", PRODUCTS, {"name": "x", "price": "free", "colour": "red"})
    assert problem(refused)[0] == 400
    assert {error["field"] for error in refused.json["errors"]} >= {"name", "price", "colour", "description", "period"}


def test_health_problem_pages_and_the_document(cloud: Cloud) -> None:
    assert cloud.do("GET", "/health", key=False).json["status"] == "ok"
    assert b"<html" in cloud.do("GET", "/problems/product-not-found", key=False).body
    assert cloud.do("GET", "/openapi.json", key=False).json["openapi"] == "3.0.3"
