"""Setting an environment up, and making every row again from its archive."""

from collections.abc import Iterator

import pytest

from bbws.bootstrap.aws_setup import check_archive, rebuild, set_up
from bbws.engines.aws.names import CURSOR_KEY, FIRST_KEY, SIGNING_KEY
from bbws.kernel.table import Row, RowKind
from tests.aws.account import MANIFEST, Account, account
from tests.aws.tables import create_table

PRODUCTS = "/v1.0/products"
BASIC = {"name": "Basic", "description": "For all", "price": "10.00", "period": "per month"}
CAMPAIGNS = "/v1.0/admin/campaigns"
SALE = {
    "code": "SUMMER-26",
    "name": "Summer sale",
    "discountPercent": 20,
    "termsAndConditions": "For new orders.",
    "fromDate": "2026-01-01T00:00:00Z",
    "toDate": "2126-01-01T00:00:00Z",
}
REBUILT = (RowKind.ENTITY, RowKind.DERIVED, RowKind.CHANGE)


@pytest.fixture
def made() -> Iterator[Account]:
    with account() as environment:
        yield environment


def _rows(made: Account) -> list[Row]:
    """Every row that a rebuild makes. That a change was replayed is all that may differ."""
    return sorted(row._replace(replayed=False) for row in made.fresh().engine.bulk.rows(REBUILT))


def _lose_tables(made: Account) -> None:
    dynamo, names = made.fresh().engine.dynamo, made.fresh().engine.names
    for store, entry in MANIFEST["stores"].items():
        dynamo.call("DeleteTable", {"TableName": names.table(store)})
        create_table(dynamo, names.table(store), entry["indexes"])


def test_a_second_set_up_changes_nothing(made: Account) -> None:
    before = {name: made.fresh().engine.secrets.text(name) for name in (CURSOR_KEY, SIGNING_KEY, FIRST_KEY)}
    done = set_up(made.fresh())
    assert done.secrets == ()
    assert {name: made.fresh().engine.secrets.text(name) for name in before} == before
    listed = made.call("listKeys", "/v1.0/keys").json
    assert [key["keyId"] for key in listed["items"]] == [done.key_id]


def test_the_first_key_is_known_to_the_gateway(made: Account) -> None:
    keys = made.sdk("apigateway").get_api_keys(includeValues=True)["items"]
    listed = made.call("listKeys", "/v1.0/keys").json["items"]
    assert made.key in {key["value"] for key in keys}
    assert listed[0]["keyId"] in {key["name"] for key in keys}


def test_every_row_is_made_again_from_the_archive(made: Account) -> None:
    for number in range(12):
        assert made.call("createProduct", PRODUCTS, BASIC | {"productId": f"PROD-N{number:02}"}).status == 201
    made.call("updateProduct", f"{PRODUCTS}/PROD-N03", {"name": "Another"})
    made.call("deleteProduct", f"{PRODUCTS}/PROD-N04")
    assert made.call_as_admin("createCampaign", CAMPAIGNS, SALE | {"productId": "PROD-N03"}).status == 201
    assert made.call_as_admin("disableCampaign", f"{CAMPAIGNS}/SUMMER-26/disable").status == 200
    made.call("createProduct", PRODUCTS, BASIC, prefer="respond-async")
    made.work()
    made.call("createCheckpoint", "/v1.0/audit/checkpoints")
    before = _rows(made)
    _lose_tables(made)
    assert _rows(made) == []

    counted: list[int] = []
    count = rebuild(made.fresh(), counted.append)
    assert _rows(made) == before
    assert count == counted[-1] == sum(row.kind is RowKind.CHANGE for row in before)
    assert all(row.replayed for row in made.fresh().engine.bulk.rows([RowKind.CHANGE]))
    assert check_archive(made.fresh()).sound

    # Secrets are in no archive: the first key is good for nothing until the set-up replaces it.
    assert made.call("listKeys", "/v1.0/keys").status == 401
    set_up(made.fresh())
    made.key = made.fresh().engine.secrets.text(FIRST_KEY)
    assert made.call("listKeys", "/v1.0/keys").json["count"] == 2
    assert made.call("createProduct", PRODUCTS, BASIC).status == 201


def test_tables_with_something_in_them_are_not_written_over(made: Account) -> None:
    with pytest.raises(FileExistsError, match=made.environment):
        rebuild(made.fresh(), lambda _: None)


def test_an_archive_that_was_altered_is_not_built_from(made: Account) -> None:
    made.work()
    archive = made.fresh().engine.archive
    name = next(archive.names(""))
    made.sdk("s3").put_object(Bucket=f"archive-{made.environment}", Key=name, Body=b"{}")
    _lose_tables(made)
    with pytest.raises(ValueError, match="not sound"):
        rebuild(made.fresh(), lambda _: None)
