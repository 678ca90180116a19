"""Least privilege: a function may do what it really does in the stories of its call or consumer, and nothing else."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from bbws.kernel.clock import rfc3339
from bbws.people.store import REGISTERING
from tests.aws import invitations_story, tenants_story, units_story, webhooks_story
from tests.aws.account import FUNCTIONS, Account, Reply, account
from tests.aws.recording import Right, Rights
from tests.aws.test_bus import record

PRODUCTS = "/v1.0/products"
CAMPAIGNS = "/v1.0/admin/campaigns"
BASIC = {"name": "Basic plan", "description": "For all", "price": "10.00", "period": "per month"}
ASYNC = {"prefer": "respond-async"}
# Needed where the gateway's answer to a new key was lost: it is asked which key that was.
RARE: set[Right] = {("apigateway:GET", "gateway/apikeys", "")}
# Of the functions that people call, the first notes who it is (test_people.py).
RARE |= {("secretsmanager:GetSecretValue", "secret/email-key", "")}
RARE |= {
    (f"dynamodb:{action}", "table/people", family)
    for action, families in (
        ("GetItem", REGISTERING.gets),
        ("PutItem", REGISTERING.puts),
        ("DeleteItem", REGISTERING.removes),  # where the address is another by then
    )
    for family in families
}


@pytest.mark.unmeasured  # the other tests of this folder run the same
def test_a_function_may_do_what_it_does_and_nothing_else() -> None:
    rights = _rights()
    allowed = {name: _allowed(entry["access"]) for name, entry in FUNCTIONS.items()}
    assert {name: missing for name in FUNCTIONS if (missing := rights.used[name] - allowed[name])} == {}
    needless = {name: allowed[name] - rights.used[name] - RARE for name in FUNCTIONS}
    assert {name: some for name, some in needless.items() if some} == {}


def _rights() -> Rights:
    """What was used once every story was told."""
    recorded = Rights()
    with account(recorded.watch) as made:
        for name in FUNCTIONS:
            recorded.watch_sdk(name, made.cloud(name).engine.sdk)
        _products(made)
        _queued(made, recorded)
        _operations(made, recorded)
        _keys(made)
        _campaigns(made)
        tenants_story.tell(made, recorded)
        units_story.tell(made, recorded)
        invitations_story.tell(made)
        webhooks_story.tell(made)
        _audit(made)
        _platform(made)
        _feed(made)
    return recorded


def _allowed(access: list[Mapping[str, Any]]) -> set[Right]:
    return {
        (action, statement["resource"], key.removesuffix("#*"))
        for statement in access
        for action in statement["actions"]
        for key in statement.get("keys", [""])
    }


def _products(made: Account) -> None:
    for price in ("10.00", "20.00"):
        made.call("createProduct", f"{PRODUCTS}?dryRun=true", BASIC)
        made.call("createProduct", PRODUCTS, BASIC | {"price": price}, idempotency_key=price)
    product = made.call("createProduct", PRODUCTS, BASIC | {"productId": "PROD-OWN"}).json["productId"]
    one = f"{PRODUCTS}/{product}"
    for query in ("", "sortBy=price", "sortBy=name", "q=basic"):
        for currency in ("", "&currency=ZAR"):
            listed = made.call("listProducts", f"{PRODUCTS}?pageSize=1&{query}{currency}")
            assert listed.status == 200, listed.json
            token = listed.json["nextToken"]
            made.call("listProducts", f"{PRODUCTS}?pageSize=1&{query}{currency}&startAt={token}")
    made.call("getProduct", one, key="")
    made.call("getProduct", f"{one}?asOf=2030-01-01T00:00:00Z")
    made.call("updateProduct", f"{one}?dryRun=true", {"name": "Another name"})
    assert made.call("updateProduct", one, {"name": "Another name"}).status == 200
    made.call("deleteProduct", f"{one}?dryRun=true")
    assert made.call("deleteProduct", one).status == 204
    made.call("getProductHistory", f"{one}/history?pageSize=1")
    token = made.call("getProductHistory", f"{one}/history?pageSize=1").json["nextToken"]
    assert made.call("getProductHistory", f"{one}/history?pageSize=1&startAt={token}").status == 200


def _queued(made: Account, recorded: Rights) -> None:
    product = made.call("createProduct", PRODUCTS, BASIC, **ASYNC).json["productId"]
    made.work()
    one = f"{PRODUCTS}/{product}"
    for _ in range(2):
        made.call("updateProduct", one, {"name": "Queued name"}, **ASYNC)
    made.call("deleteProduct", one, **ASYNC)
    made.work()
    assert made.call("getProduct", one).json["active"] is False
    # One that is begun and stands still, for the daily resumption.
    recorded.broken.add("product-creator")
    made.call("createProduct", PRODUCTS, BASIC, **ASYNC)
    renaming = f"{PRODUCTS}/{made.call('createProduct', PRODUCTS, BASIC).json['productId']}"
    stuck = made.call("updateProduct", renaming, {"name": "Yet another"}, **ASYNC).json["operationId"]
    made.try_to_work()
    recorded.broken.clear()
    made.clock.shift += timedelta(hours=2)
    made.daily("operations-resume")
    assert made.call("getOperation", f"/v1.0/operations/{stuck}").json["status"] == "COMPLETED"


def _operations(made: Account, recorded: Rights) -> None:
    own = made.call("createKey", "/v1.0/keys", {"name": "Writer", "permissions": ["products:write"]}).json["secret"]
    operations = "/v1.0/operations"
    recorded.broken.add("product-creator")
    begun = made.call("createProduct", PRODUCTS, BASIC, key=own, **ASYNC).json["operationId"]
    made.try_to_work()
    for status in ("", "&status=PENDING"):
        for key in (own, None):
            made.call("listOperations", f"{operations}?pageSize=1{status}", key=key)
    token = made.call("listOperations", f"{operations}?pageSize=1").json["nextToken"]
    assert made.call("listOperations", f"{operations}?pageSize=1&startAt={token}").status == 200
    made.call("cancelOperation", f"{operations}/{begun}/cancel?dryRun=true")
    assert (
        made.call("cancelOperation", f"{operations}/{begun}/cancel", idempotency_key="c").json["status"] == "CANCELLED"
    )
    failing = made.call("createProduct", PRODUCTS, BASIC, **ASYNC).json["operationId"]
    for _ in range(3):
        made.try_to_work()
        made.clock.shift += timedelta(minutes=2)
    recorded.broken.clear()
    made.call("retryOperation", f"{operations}/{failing}/retry?dryRun=true")
    assert made.call("retryOperation", f"{operations}/{failing}/retry", idempotency_key="r").status == 200
    made.work()


def _keys(made: Account) -> None:
    made.call("createKey", "/v1.0/keys?dryRun=true", {"name": "Shop", "permissions": ["products:write"]})
    key = made.call("createKey", "/v1.0/keys", {"name": "Shop", "permissions": ["*"]}, idempotency_key="k").json
    token = made.call("listKeys", "/v1.0/keys?pageSize=1").json["nextToken"]
    made.call("listKeys", f"/v1.0/keys?pageSize=1&startAt={token}", key=key["secret"])
    made.call("revokeKey", f"/v1.0/keys/{key['keyId']}?dryRun=true")
    assert made.call("revokeKey", f"/v1.0/keys/{key['keyId']}").status == 204
    made.work()


def _campaigns(made: Account) -> None:
    product = made.call("createProduct", PRODUCTS, BASIC).json["productId"]
    begun = made.clock.now()
    assert made.call("updateProduct", f"{PRODUCTS}/{product}", {"price": "12.00"}).status == 200
    for code in ("AAA", "BBB"):
        _changed(made, "createCampaign", "", _campaign(made, code, product), 201)
    _changed(made, "updateCampaign", "/AAA", {"version": 1, "discountPercent": 30})
    held = made.clock.now()
    _changed(made, "disableCampaign", "/AAA/disable", {"reason": "Out of stock"})
    _campaigns_read(made, product, begun, held)
    _changed(made, "reactivateCampaign", "/AAA/reactivate", {})
    _next(made.call, "listCampaigns", "/v1.0/campaigns?pageSize=1")
    _changed(made, "createCampaign", "", _campaign(made, "CCC", product) | {"draft": True}, 201)
    _changed(made, "publishCampaign", "/CCC/publish", None)
    _changed(made, "deleteCampaign", "/CCC", None, 204)
    made.work()


def _campaign(made: Account, code: str, product: str) -> dict[str, Any]:
    dates = {"fromDate": rfc3339(made.clock.now()), "toDate": rfc3339(made.clock.now() + timedelta(days=9))}
    told = {"name": "Summer sale", "termsAndConditions": "For new orders.", "discountPercent": 20}
    return {"code": code, "productId": product, **dates, **told}


def _changed(made: Account, operation: str, path: str, body: object, status: int = 200) -> None:
    """After a look at what would happen."""
    for query, expected in (("?dryRun=true", 200), ("", status)):
        repeatable = {"idempotency_key": f"{operation}{path}{body}"[:40]}
        made_of_it = made.call_as_admin(operation, f"{CAMPAIGNS}{path}{query}", body, **repeatable)
        assert made_of_it.status == expected, made_of_it.json


def _campaigns_read(made: Account, product: str, begun: datetime, held: datetime) -> None:
    """One campaign runs, one is disabled; both by those who ask for what is and by those who ask for what was."""
    before, since, admin = rfc3339(begun), rfc3339(held), made.call_as_admin
    assert made.call("getCampaign", "/v1.0/campaigns/BBB").json["status"] == "ACTIVE"
    assert made.call("getCampaign", f"/v1.0/campaigns/AAA?heldSince={since}", key="").json["heldUntil"]
    assert made.call("listCampaigns", "/v1.0/campaigns").json["count"] == 1
    assert made.call("listOffers", f"{PRODUCTS}/{product}/offers?at={before}").json["regularPrice"] == "10.00"
    assert admin("listAdminOffers", f"/v1.0/admin/products/{product}/offers").json["winner"] == "BBB"
    assert admin("getAdminCampaign", f"{CAMPAIGNS}/AAA?asOf={since}").json["discountPercent"] == 30
    for query in ("pageSize=1", "pageSize=1&status=ACTIVE"):
        assert admin("listAdminCampaigns", f"{CAMPAIGNS}?{query}").json["count"] == 1
    _next(admin, "listAdminCampaigns", f"{CAMPAIGNS}?pageSize=1")
    _next(admin, "getCampaignHistory", f"{CAMPAIGNS}/AAA/history?pageSize=1")


def _next(call: Callable[[str, str], Reply], operation: str, path: str) -> None:
    token = call(operation, path).json["nextToken"]
    assert call(operation, f"{path}&startAt={token}").status == 200


def _audit(made: Account) -> None:
    records = "/v1.0/audit/records?pageSize=1"
    for query in (
        "",
        "&actor=system-setup",
        "&type=product.created",
        "&type=operation.completed",
        "&type=campaign.created",
        "&type=tenant.created",
        "&type=user.registered",
        "&type=contact.added",
        "&type=hierarchy.created",
        "&type=invitation.created",
        "&type=webhook.created",
        f"&subject={PRODUCTS}/PROD-OWN",
    ):
        page = made.call("listAuditRecords", f"{records}{query}")
        assert page.status == 200, page.json
        made.call("listAuditRecords", f"{records}{query}&startAt={page.json['nextToken']}")
    # The second finds what the first put where something is missing from the archive's index.
    made.call("createProduct", PRODUCTS, BASIC)
    assert made.call("createCheckpoint", "/v1.0/audit/checkpoints", idempotency_key="p").status == 201
    made.call("createProduct", PRODUCTS, BASIC)
    made.daily("audit-checkpoint")
    made.work()


def _platform(made: Account) -> None:
    assert made.call("getHealth", "/health").status == 200
    assert made.call("getOpenapi", "/openapi.json").status == 200
    assert made.call("getProblem", "/problems/product-not-found").status == 200
    assert made.call("listQueues", "/v1.0/queues?pageSize=1").json["count"] == 1
    token = made.call("listQueues", "/v1.0/queues?pageSize=1").json["nextToken"]
    made.call("listQueues", f"/v1.0/queues?pageSize=1&startAt={token}")
    names = made.cloud("terraform").engine.names
    sqs = made.sdk("sqs")
    dead = sqs.get_queue_url(QueueName=names.dead_letters("product-audit"))["QueueUrl"]
    for number in range(2):
        change = {"partition": "PRODUCT#PROD-OWN", "sort": "CHANGE#METADATA#0000000001"}
        message = {"id": f"PROD-OWN.{number}", "type": "t", "subject": "s", "change": change}
        sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(message))
    letters = "/v1.0/queues/product-audit/dead-letters?pageSize=1"
    token = made.call("listDeadLetters", letters).json["nextToken"]
    made.call("listDeadLetters", f"{letters}&startAt={token}")
    plan = made.call("redriveQueue", "/v1.0/queues/product-audit/redrive?dryRun=true")
    assert plan.json["redriven"] == 2
    redriven = made.call("redriveQueue", "/v1.0/queues/product-audit/redrive", idempotency_key="q")
    assert redriven.json["redriven"] == 2


def _feed(made: Account) -> None:
    """One change is announced, and what is none is parked, seen, and not put back."""
    bus = made.cloud("feed").engine.bus
    assert bus.announce([record(1), record(2, document=None)]) == {"batchItemFailures": []}
    [state] = [each for each in made.call("listQueues", "/v1.0/queues").json["items"] if each["name"] == "feed"]
    assert (state["dead"], state["redrivable"], set(state["_links"])) == (1, False, {"deadLetters"})
    queues = "/v1.0/queues/feed"
    [letter] = made.call("listDeadLetters", f"{queues}/dead-letters").json["items"]
    assert "none of ours" in letter["error"]
    for query in ("?dryRun=true", ""):
        refused = made.call("redriveQueue", f"{queues}/redrive{query}")
        assert (refused.status, refused.json["code"]) == (422, "queue-not-redrivable")
