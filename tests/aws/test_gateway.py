"""API keys are made known to API Gateway, which meters them."""

from typing import Any

import pytest

from bbws.engines.aws.gateway import GatewayMeter
from bbws.engines.aws.sdk import Sdk
from bbws.kernel.table import Unavailable
from tests.aws.conftest import NAMES
from tests.aws.fakes import Altered, Script, refusal

KEY = "key-0123456789AB"
SECRET = "bbws_dev_0123456789abcdefghij0123456789abcdefghij"
PLANS = {"items": [{"id": "p0", "name": "other"}, {"id": "p1", "name": NAMES.usage_plan}]}


@pytest.fixture
def gateway(sdk: Sdk) -> Any:
    client = sdk.client("apigateway")
    client.create_usage_plan(name="another")
    client.create_usage_plan(name=NAMES.usage_plan)
    return client


def known(gateway: Any) -> dict[str, str]:
    """The secrets that are in the usage plan, by name."""
    [plan] = [each["id"] for each in gateway.get_usage_plans()["items"] if each["name"] == NAMES.usage_plan]
    members = {each["id"] for each in gateway.get_usage_plan_keys(usagePlanId=plan)["items"]}
    keys = gateway.get_api_keys(includeValues=True)["items"]
    return {each["name"]: each["value"] for each in keys if each["id"] in members and each["enabled"]}


def test_a_key_is_registered_with_its_secret_and_forgotten(gateway: Any) -> None:
    meter = GatewayMeter(gateway, NAMES)
    meter.register(KEY, SECRET)
    assert known(gateway) == {KEY: SECRET}
    meter.forget(KEY)
    assert known(gateway) == {}
    assert gateway.get_api_keys()["items"] == []


def test_registering_again_is_harmless(gateway: Any) -> None:
    for _ in range(2):
        GatewayMeter(gateway, NAMES).register(KEY, SECRET)
    assert known(gateway) == {KEY: SECRET}
    assert len(gateway.get_api_keys()["items"]) == 1


def test_what_is_registered_half_is_completed(gateway: Any) -> None:
    gateway.create_api_key(name=KEY, value=SECRET, enabled=True)
    GatewayMeter(gateway, NAMES).register(KEY, SECRET)
    assert known(gateway) == {KEY: SECRET}


def test_forgetting_what_is_not_known_is_harmless(gateway: Any) -> None:
    meter = GatewayMeter(gateway, NAMES)
    meter.register(KEY, SECRET)
    meter.forget(KEY[:-1])
    meter.forget("key-000000000000")
    assert known(gateway) == {KEY: SECRET}


def test_a_key_that_somebody_else_forgets_at_the_same_moment(gateway: Any) -> None:
    gateway.create_api_key(name=KEY, value=SECRET, enabled=True)
    gone = Script(refusal("NotFoundException", 404))
    GatewayMeter(Altered(gateway, delete_api_key=gone), NAMES).forget(KEY)
    assert len(gone.calls) == 1


def test_keys_and_plans_are_looked_for_on_every_page() -> None:
    plans = Script({"items": [PLANS["items"][0]], "position": "next"}, {"items": [PLANS["items"][1]]})
    keys = Script(
        {"items": [{"id": "k0", "name": f"{KEY}C"}], "position": "on"}, {"items": [{"id": "k1", "name": KEY}]}
    )
    exists, joined = Script(refusal("ConflictException", 409)), Script({})
    client = Altered(
        None, get_usage_plans=plans, get_api_keys=keys, create_api_key=exists, create_usage_plan_key=joined
    )
    GatewayMeter(client, NAMES).register(KEY, SECRET)
    assert joined.calls == [{"usagePlanId": "p1", "keyId": "k1", "keyType": "API_KEY"}]
    assert (plans.calls[1]["position"], keys.calls[1]["position"]) == ("next", "on")


def test_the_plan_is_looked_up_once_and_before_anything_is_made() -> None:
    plans, created = Script(PLANS), Script({"id": "k1"}, {"id": "k2"})
    meter = GatewayMeter(
        Altered(None, get_usage_plans=plans, create_api_key=created, create_usage_plan_key=Script({}, {})), NAMES
    )
    meter.register(KEY, SECRET)
    meter.register("key-2", "other")
    assert len(plans.calls) == 1


def test_without_its_plan_nothing_is_registered(sdk: Sdk) -> None:
    gateway = sdk.client("apigateway")
    with pytest.raises(Unavailable, match=f"no usage plan {NAMES.usage_plan}: check that Terraform"):
        GatewayMeter(gateway, NAMES).register(KEY, SECRET)
    assert gateway.get_api_keys()["items"] == []


def test_a_secret_that_is_another_key_s_is_refused(gateway: Any) -> None:
    gateway.create_api_key(name="somebody", value=SECRET, enabled=True)
    with pytest.raises(Unavailable, match="under another name") as told:
        GatewayMeter(gateway, NAMES).register(KEY, SECRET)
    assert SECRET not in str(told.value)


@pytest.mark.parametrize("code", ["TooManyRequestsException", "LimitExceededException", "AccessDeniedException"])
def test_a_gateway_that_cannot_is_unavailable(gateway: Any, code: str) -> None:
    refused = Script(*[refusal(code, 403)] * 9)
    for method in ("create_api_key", "create_usage_plan_key", "get_usage_plans"):
        with pytest.raises(Unavailable, match=code):
            GatewayMeter(Altered(gateway, **{method: refused}), NAMES).register(KEY, SECRET)
    for method in ("get_api_keys", "delete_api_key"):
        with pytest.raises(Unavailable, match=code):
            GatewayMeter(Altered(gateway, **{method: refused}), NAMES).forget(KEY)
