from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate

from bbws.bootstrap.wiring import openapi_documents
from bbws.entrypoints.commands.yaml_text import to_yaml
from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.kernel.endpoint import Endpoint, Raw, Wire
from bbws.platform.openapi import documents, merged
from bbws.tables import ENDPOINTS

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "api" / "openapi"
MERGED = merged(ENDPOINTS, version="0.0.0")
DOCUMENTS = {**openapi_documents(), "merged": MERGED}
DOCUMENTED = [endpoint for endpoint in ENDPOINTS if endpoint.documented]
# What JSON Schema 2020-12 has and the Schema Object of OpenAPI 3.0.3 has not.
FOREIGN = {"$defs", "const", "examples", "prefixItems", "propertyNames", "patternProperties", "contentMediaType"}
ALWAYS = {"400", "401", "413", "429", "500", "503"}


def _nodes(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _nodes(member)
    elif isinstance(value, list):
        for member in value:
            yield from _nodes(member)


def _pointed(document: Mapping[str, Any], pointer: str) -> Any:
    found: Any = document
    for part in pointer.removeprefix("#").removeprefix("/").split("/"):
        found = found[unquote(part).replace("~1", "/")]
    return found


def _operation(operation_id: str) -> dict[str, Any]:
    operations = (operation for item in MERGED["paths"].values() for operation in item.values())
    return next(operation for operation in operations if operation["operationId"] == operation_id)


def _parameters(operation_id: str) -> set[str]:
    parameters = _operation(operation_id)["parameters"]
    return {(_pointed(MERGED, p["$ref"]) if "$ref" in p else p)["name"] for p in parameters}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_valid_openapi(name: str) -> None:
    assert DOCUMENTS[name]["openapi"] == "3.0.3"
    validate(DOCUMENTS[name])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_schemas_speak_the_dialect_of_3_0_3(name: str) -> None:
    document = DOCUMENTS[name]
    places = [*_nodes(document["components"]["schemas"]), *_nodes([p["schema"] for p in _all_parameters(document)])]
    keywords = [node for node in places if {"type", "anyOf", "allOf", "$ref"} & node.keys() and "in" not in node]
    assert keywords
    assert [node for node in keywords if FOREIGN & node.keys()] == []
    assert [node for node in keywords if node.get("type") == "null" or isinstance(node.get("type"), list)] == []
    assert [node for node in keywords if "$ref" in node and len(node) > 1] == []
    assert [node for node in keywords if "nullable" in node and "type" not in node and "anyOf" not in node] == []


def _all_parameters(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from document["components"]["parameters"].values()
    for item in document["paths"].values():
        for operation in item.values():
            yield from (p for p in operation["parameters"] if "$ref" not in p)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_reference_leads_somewhere(name: str) -> None:
    references = [node["$ref"] for node in _nodes(DOCUMENTS[name]) if "$ref" in node]
    assert references
    assert [reference for reference in references if not _pointed(DOCUMENTS[name], reference)] == []


def test_every_documented_call_is_in_the_document_of_its_service_and_no_other_call_is() -> None:
    found = {
        (service, operation["operationId"])
        for service, document in openapi_documents().items()
        for item in document["paths"].values()
        for operation in item.values()
    }
    assert found == {(endpoint.service, endpoint.id) for endpoint in DOCUMENTED}
    assert {endpoint.id for endpoint in ENDPOINTS if not endpoint.documented} >= {"getDocs", "getOpenapi"}


def test_links_lead_to_calls_and_fill_in_their_path() -> None:
    for name, document in openapi_documents().items():
        for link in _links(document):
            target = _target(name, link)
            in_path = {p["name"] for p in target["parameters"] if p.get("in") == "path"}
            assert set(link.get("parameters", {})) == in_path
            assert all(v.startswith("$response.body#/") for v in link.get("parameters", {}).values())


def _links(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in document["paths"].values():
        for operation in item.values():
            for response in operation["responses"].values():
                yield from response.get("links", {}).values()


def _target(name: str, link: Mapping[str, Any]) -> dict[str, Any]:
    if "operationId" in link:
        items = openapi_documents()[name]["paths"].values()
        return next(o for item in items for o in item.values() if o["operationId"] == link["operationId"])
    file, _, pointer = link["operationRef"].partition("#")
    target: dict[str, Any] = _pointed(openapi_documents()[file.removesuffix(".yaml")], pointer)
    return target


def test_an_accepted_change_links_to_its_operation_in_the_other_document() -> None:
    product = openapi_documents()["product-api"]["paths"]["/v1.0/products"]["post"]["responses"]["202"]
    assert product["links"]["operation"] == {
        "operationRef": "operations-api.yaml#/paths/~1v1.0~1operations~1%7BoperationId%7D/get",
        "parameters": {"operationId": "$response.body#/operationId"},
    }
    assert _operation("createProduct")["responses"]["202"]["links"]["operation"]["operationId"] == "getOperation"


def test_the_first_item_of_a_list_links_to_its_own_calls() -> None:
    links = _operation("listProducts")["responses"]["200"]["links"]
    assert links["item.self"] == {
        "operationId": "getProduct",
        "parameters": {"productId": "$response.body#/items/0/productId"},
    }
    assert links["create"] == {"operationId": "createProduct"}


def test_examples_fit_their_schemas() -> None:
    checked = 0
    for endpoint in DOCUMENTED:
        if endpoint.body_schema is not None:
            content = _operation(endpoint.id)["requestBody"]["content"]["application/json"]
            _check(content["schema"], content["example"])
            checked += 1
    for example in MERGED["components"]["examples"].values():
        _check({"$ref": "#/components/schemas/Problem"}, example["value"])
    assert checked > 2


def _check(schema: Mapping[str, Any], value: object) -> None:
    OAS30Validator({**schema, "components": MERGED["components"]}).validate(value)


@pytest.mark.parametrize(
    ("operation_id", "statuses"),
    [
        ("listProducts", {"200", "304"}),
        ("getProduct", {"200", "304", "404"}),
        ("createProduct", {"200", "201", "202", "403", "409", "415", "422"}),
        ("updateProduct", {"200", "202", "403", "404", "409", "412", "415", "422"}),
        ("deleteProduct", {"200", "202", "204", "403", "404", "409", "412"}),
        ("cancelOperation", {"200", "404", "409", "412", "422"}),
        ("getMetrics", {"200"}),
    ],
)
def test_a_call_names_every_status_it_may_answer(operation_id: str, statuses: set[str]) -> None:
    assert set(_operation(operation_id)["responses"]) >= statuses | ALWAYS
    assert set(_operation(operation_id)["responses"]) <= statuses | ALWAYS | {"403"}


def test_problems_of_one_status_stand_together_with_an_example_each() -> None:
    response = _pointed(MERGED, _operation("createProduct")["responses"]["409"]["$ref"])
    assert response["description"] == "Version conflict or Product exists"
    content = response["content"]["application/problem+json"]
    assert set(content["examples"]) == {"version-conflict", "product-exists"}
    example = _pointed(MERGED, content["examples"]["product-exists"]["$ref"])["value"]
    assert (example["type"], example["status"]) == ("/problems/product-exists", 409)


def test_headers_are_offered_where_they_mean_something() -> None:
    assert _parameters("createProduct") == {"dryRun", "Idempotency-Key", "Prefer"}
    assert _parameters("updateProduct") == {"productId", "dryRun", "If-Match", "Prefer"}
    assert _parameters("getProduct") == {"productId", "asOf", "If-None-Match"}
    assert _parameters("redriveQueue") == {"queue", "dryRun", "Idempotency-Key"}
    assert _parameters("getMetrics") == set()


def test_what_is_shown_once_may_be_missing_from_a_repeated_answer() -> None:
    schema = MERGED["components"]["schemas"]["NewKey"]
    assert "secret" in schema["properties"]
    assert set(schema["properties"]) - set(schema["required"]) == {"secret"}


def test_only_a_plan_or_what_was_shown_once_may_lack_an_entity_tag() -> None:
    update, read = (_operation(name)["responses"]["200"] for name in ("updateProduct", "getProduct"))
    assert update["headers"]["ETag"]["required"] is False
    created = MERGED["paths"]["/v1.0/keys"]["post"]["responses"]["201"]  # repeated, it has no secret and no tag of one
    assert created["headers"]["ETag"]["required"] is False
    assert _pointed(MERGED, read["headers"]["ETag"]["$ref"])["required"] is True
    assert {"$ref": "#/components/schemas/Plan"} in update["content"]["application/json"]["schema"]["anyOf"]


def test_credentials_are_asked_for_where_they_are_needed() -> None:
    assert _operation("listProducts")["security"] == [{}, {"apiKey": []}]
    create = _operation("createProduct")
    assert (create["security"], create["x-permission"]) == ([{"apiKey": []}], "products:write")
    assert (create["x-rate-class"], _operation("getProduct")["x-rate-class"]) == ("write", "read")
    assert "Needs the permission `products:write`." in create["description"]
    assert "x-permission" not in _operation("getOperation")
    assert _operation("getOperation")["security"] == [{"apiKey": []}]


def test_what_is_for_people_asks_for_a_token_and_for_no_key() -> None:
    def who(_call: object) -> Raw:
        return Raw("text/plain", b"")

    alone = Endpoint("who", "people-api", "GET", "/who", "Who", who, permission=PLATFORM_ADMIN, content_type="text/x")
    for document in (documents([alone], version="1")["people-api"], merged([*ENDPOINTS, alone], version="1")):
        validate(document)
        call = document["paths"]["/who"]["get"]
        assert (call["security"], call["x-permission"]) == ([{"bearer": []}], "platform-admin")
        assert call["description"] == "Needs a token of a person with the platform role Admin."
        bearer = document["components"]["securitySchemes"]["bearer"]
        assert (bearer["type"], bearer["scheme"], bearer["bearerFormat"]) == ("http", "bearer", "JWT")
        assert {"401", "403"} <= call["responses"].keys()
    assert document["components"]["securitySchemes"].keys() == {"apiKey", "bearer"}
    assert document["paths"]["/v1.0/keys"]["get"]["security"] == [{"apiKey": []}]


def test_a_document_offers_only_credentials_that_a_call_asks_for() -> None:
    for document in DOCUMENTS.values():
        calls = [call for item in document["paths"].values() for call in item.values()]
        asked = {scheme for call in calls for each in call["security"] for scheme in each}
        assert document["components"]["securitySchemes"].keys() == asked


def test_a_refusal_names_both_ways_to_say_who_one_is() -> None:
    example = MERGED["components"]["headers"]["WWW-Authenticate"]["example"]
    assert example == 'ApiKey realm="bbws", header="x-api-key", Bearer realm="bbws"'


def test_raw_answers_have_their_own_media_type() -> None:
    def page(_call: object) -> Raw:
        return Raw("text/html", b"")

    def endpoint(name: str, content_type: str) -> Endpoint:
        return Endpoint(name, "pages", "GET", f"/{name}", "A page", page, content_type=content_type)

    table = (endpoint("page", "text/html"), endpoint("file", "application/x-tar"))
    paths = documents(table, version="1")["pages"]["paths"]
    content = [paths[path]["get"]["responses"]["200"]["content"] for path in ("/page", "/file")]
    assert content == [
        {"text/html": {"schema": {"type": "string"}}},
        {"application/x-tar": {"schema": {"type": "string", "format": "binary"}}},
    ]


def test_a_table_without_operations_and_examples_makes_a_valid_document() -> None:
    def later(_call: object) -> Raw:
        return Raw("text/plain", b"")

    endpoint = Endpoint(
        "doLater", "later", "POST", "/later", "Do it", later, body_schema=Wire, accepted=Wire, queued=later, status=204
    )
    document = documents([endpoint], version="1")["later"]
    validate(document)
    operation = document["paths"]["/later"]["post"]
    assert "links" not in operation["responses"]["202"]
    assert "example" not in operation["requestBody"]["content"]["application/json"]


def test_servers_can_be_named() -> None:
    document = merged(DOCUMENTED, version="1", servers=["https://api.example/v1"])
    assert document["servers"] == [{"url": "https://api.example/v1"}]


def test_yaml_says_the_same_without_anchors() -> None:
    text = to_yaml(MERGED)
    read = yaml.load(text, yaml.CSafeLoader)
    assert read == MERGED
    assert "&id" not in text
    assert list(read) == list(MERGED)


def test_committed_documents_are_those_of_the_endpoint_table() -> None:
    committed = {path.stem: path.read_text(encoding="utf-8") for path in COMMITTED.glob("*.yaml")}
    assert committed == {name: to_yaml(document) for name, document in openapi_documents().items()}
