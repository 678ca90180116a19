"""What things are called: the names that infra/terraform gives them."""

from bbws.engines.aws.names import CURSOR_KEY, FIRST_KEY, SIGNING_KEY, Names


def test_every_name_follows_from_the_environment() -> None:
    names = Names("sit")
    assert [names.table("products"), names.deployments] == ["products-sit", "bbws-deployments-sit"]
    assert names.function("product-get") == "bbws-product-get-sit"
    assert names.log_group("product-get") == "/aws/lambda/bbws-product-get-sit"
    assert (names.alias, names.bus, names.dashboard) == ("latest-sit", "bbws-sit", "bbws-sit")
    assert names.rule("audit-logger") == "bbws-audit-logger-sit"
    assert names.queue("product-audit") == "bbws-product-audit-sit"
    assert names.dead_letters("feed") == "bbws-feed-dlq-sit"
    assert [names.secret(each) for each in (CURSOR_KEY, SIGNING_KEY, FIRST_KEY)] == [
        "bbws/cursor-key-sit",
        "bbws/checkpoint-signing-key-sit",
        "bbws/product-api/key-sit",
    ]
    assert (names.api, names.usage_plan) == ("bbws-api-sit", "bbws-standard-sit")
    assert (names.lambda_alarms, names.alerts) == ("bbws-product-lambda-alarms-sit", "bbws-product-alerts-sit")
    assert names.alarm("product-audit", "dlq") == "bbws-product-audit-dlq-sit"
    assert (names.archive, names.state, names.artefacts) == (
        "bbws-product-audit-logs-sit",
        "bbws-terraform-state-sit",
        "bbws-artefacts-sit",
    )
