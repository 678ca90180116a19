"""OpenAPI 3.0.3 documents from the endpoint table: one for each service, and one of everything for the server.

What dispatch does for every endpoint (problems, conditional requests, idempotency, plans) is added to each operation
that it applies to. Source: design §3, Endpoint; design §4.
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from itertools import groupby

from pydantic import BaseModel, ValidationError

from bbws.kernel import problem as problems
from bbws.kernel.actor import ANYONE, PLATFORM_ADMIN, SIGNED_IN, of_people
from bbws.kernel.endpoint import Endpoint, Link, Paging
from bbws.kernel.http import JSON, PROBLEM_JSON
from bbws.kernel.problem import ProblemType
from bbws.platform import openapi_parts as parts
from bbws.platform.openapi_schemas import Json, Schemas, Used, listing

_OPERATION = Link("operation", "getOperation")


def documents(endpoints: Iterable[Endpoint], *, version: str, servers: Sequence[str] = ("/",)) -> dict[str, Json]:
    """One document for each service, by its name.

    Args:
        endpoints: the whole endpoint table; a link into another service refers to the document of that service.
        version: of the program.
        servers: URLs under which the service is reached.
    """
    published = [endpoint for endpoint in endpoints if endpoint.documented]
    names = dict.fromkeys(endpoint.service for endpoint in published)
    return {name: _Document(published, name).build(f"BBWS {name}", version, servers) for name in names}


def merged(endpoints: Iterable[Endpoint], *, version: str, servers: Sequence[str] = ("/",)) -> Json:
    """One document of every service; arguments as of :func:`documents`."""
    published = [endpoint for endpoint in endpoints if endpoint.documented]
    return _Document(published).build("BBWS", version, servers)


class _Document:
    """One document in the making; it notes which components its operations refer to."""

    def __init__(self, endpoints: Sequence[Endpoint], service: str | None = None) -> None:
        self._all = {endpoint.id: endpoint for endpoint in endpoints}
        self._endpoints = [endpoint for endpoint in endpoints if service in {None, endpoint.service}]
        self._schemas = Schemas(use for endpoint in self._endpoints for use in _used(endpoint))
        self._examples: dict[str, Json] = {}
        self._refusals: dict[str, Json] = {}
        self._referred: set[tuple[str, str]] = set()

    def build(self, title: str, version: str, servers: Sequence[str]) -> Json:
        paths: Json = {}
        for endpoint in self._endpoints:
            paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = self._operation(endpoint)
        return {
            "openapi": "3.0.3",
            "info": {
                "title": title,
                "version": version,
                "description": parts.INTRODUCTION,
                "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            },
            "servers": [{"url": url} for url in servers],
            "tags": [{"name": name} for name in dict.fromkeys(_tag(endpoint) for endpoint in self._endpoints)],
            "paths": paths,
            "components": {
                "schemas": self._components(),
                "responses": dict(sorted(self._refusals.items())),
                "parameters": self._chosen("parameters", parts.PARAMETERS),
                "headers": self._chosen("headers", parts.HEADERS),
                "examples": dict(sorted(self._examples.items())),
                "securitySchemes": self._chosen("securitySchemes", parts.SECURITY_SCHEMES),
            },
        }

    def _components(self) -> Json:
        components = self._schemas.components()
        for endpoint in self._endpoints:
            if endpoint.secret_fields and endpoint.response is not None:
                # The answer to a repeated Idempotency-Key comes without them.
                schema = components[self._schemas.name(endpoint.response, "serialization")]
                schema["required"] = [name for name in schema["required"] if name not in endpoint.secret_fields]
        return components

    def _chosen(self, kind: str, available: parts.Parts) -> Json:
        return {name: part for name, part in available.items() if (kind, name) in self._referred}

    def _refer(self, kind: str, name: str) -> Json:
        self._referred.add((kind, name))
        return {"$ref": f"#/components/{kind}/{name}"}

    def _operation(self, endpoint: Endpoint) -> Json:
        operation: Json = {"operationId": endpoint.id, "tags": [_tag(endpoint)], "summary": endpoint.summary}
        if description := " ".join(filter(None, (endpoint.description, _needs(endpoint)))):
            operation["description"] = description
        operation["parameters"] = self._parameters(endpoint)
        if endpoint.body_schema is not None:
            content: Json = {"schema": self._schemas.reference(endpoint.body_schema, "validation")}
            if endpoint.example is not None:
                content["example"] = dict(endpoint.example)
            operation["requestBody"] = {"required": _is_needed(endpoint.body_schema), "content": {JSON: content}}
        operation["responses"] = self._responses(endpoint)
        operation["security"] = self._security(endpoint)
        if endpoint.permission not in {ANYONE, SIGNED_IN}:
            operation["x-permission"] = endpoint.permission
        return {**operation, "x-rate-class": endpoint.rate_class}

    def _security(self, endpoint: Endpoint) -> list[Json]:
        scheme = parts.BEARER if of_people(endpoint.permission) else parts.API_KEY
        self._refer("securitySchemes", scheme)
        return [*([{}] if endpoint.permission == ANYONE else []), {scheme: []}]

    def _parameters(self, endpoint: Endpoint) -> list[Json]:
        own: list[Json] = []
        if endpoint.path_schema is not None:
            own += self._schemas.parameters(endpoint.path_schema, "path")
        if endpoint.query_schema is not None:
            own += self._schemas.parameters(endpoint.query_schema, "query")
        return own + [self._refer("parameters", name) for name in _common_parameters(endpoint)]

    def _responses(self, endpoint: Endpoint) -> Json:
        responses = {str(endpoint.status): self._success(endpoint)}
        if endpoint.mutates:
            responses.setdefault("200", self._response("What would change, for `dryRun`.", (), _json(self._plan())))
        if endpoint.accepted is not None:
            responses["202"] = self._accepted(endpoint.accepted)
        if not endpoint.mutates and _is_resource(endpoint):
            responses["304"] = self._response("Not modified since the `ETag` in `If-None-Match`.", ("ETag",))
        for status, group in groupby(sorted(_problems(endpoint), key=_status), key=_status):
            responses[str(status)] = self._refused(status, list(group))
        return dict(sorted(responses.items()))

    def _success(self, endpoint: Endpoint) -> Json:
        names = ["ETag"] if _is_resource(endpoint) else []
        names += ["Location"] if endpoint.status == HTTPStatus.CREATED else []
        names += ["Idempotency-Replayed"] if endpoint.method == "POST" else []
        response = self._response(HTTPStatus(endpoint.status).phrase, names, self._content(endpoint))
        if "ETag" in names and (_plans_instead(endpoint) or endpoint.secret_fields):
            # A plan has none, nor has a repeated answer without its secret.
            response["headers"]["ETag"] = {**parts.HEADERS["ETag"], "required": False}
        if links := self._links(endpoint):
            response["links"] = links
        return response

    def _content(self, endpoint: Endpoint) -> Json:
        schema = _answered(endpoint)
        if schema is None:
            return {endpoint.content_type: {"schema": _raw_schema(endpoint)}} if endpoint.content_type else {}
        reference = self._schemas.reference(schema, "serialization")
        return _json({"anyOf": [reference, self._plan()]} if _plans_instead(endpoint) else reference)

    def _plan(self) -> Json:
        return self._schemas.reference(parts.PlanBody, "serialization")

    def _accepted(self, schema: type[BaseModel]) -> Json:
        content = _json(self._schemas.reference(schema, "serialization"))
        names = ("Location", "Preference-Applied", "Idempotency-Replayed")
        response = self._response("Accepted: the operation at `Location` carries it out.", names, content)
        if _OPERATION.target in self._all:
            response["links"] = {_OPERATION.rel: self._link(_OPERATION, "")}
        return response

    def _refused(self, status: int, group: Sequence[ProblemType]) -> Json:
        name = "-or-".join(problem.code for problem in group)
        self._examples |= {problem.code: parts.problem_example(problem) for problem in group}
        examples = {problem.code: {"$ref": f"#/components/examples/{problem.code}"} for problem in group}
        schema = self._schemas.reference(parts.ProblemBody, "serialization")
        headers = ("X-Request-Id", *parts.PROBLEM_HEADERS.get(status, ()))
        self._refusals[name] = {
            "description": " or ".join(problem.title for problem in group),
            "headers": dict(map(self._header, headers)),
            "content": {PROBLEM_JSON: {"schema": schema, "examples": examples}},
        }
        return {"$ref": f"#/components/responses/{name}"}

    def _response(self, description: str, headers: Sequence[str], content: Json | None = None) -> Json:
        names = (*headers, "X-Request-Id", "RateLimit", "RateLimit-Policy")
        response = {"description": description, "headers": dict(map(self._header, names))}
        return {**response, "content": content} if content else response

    def _header(self, name: str) -> tuple[str, Json]:
        return name, self._refer("headers", name)

    def _links(self, endpoint: Endpoint) -> Json:
        own = {link.rel: self._link(link, "") for link in endpoint.links if link.target in self._all}
        items = {f"item.{x.rel}": self._link(x, "/items/0") for x in endpoint.item_links if x.target in self._all}
        return own | items

    def _link(self, link: Link, place: str) -> Json:
        target = self._all[link.target]
        if target in self._endpoints:
            pointer = {"operationId": target.id}
        else:
            path = target.path.replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
            pointer = {"operationRef": f"{target.service}.yaml#/paths/{path}/{target.method.lower()}"}
        names = [segment[1:-1] for segment in target.path.split("/") if segment.startswith("{")]
        values = {name: f"$response.body#{place}/{link.parameters.get(name, name)}" for name in names}
        return {**pointer, "parameters": values} if values else pointer


def _tag(endpoint: Endpoint) -> str:
    return endpoint.service.removesuffix("-api")


def _json(schema: Json) -> Json:
    return {JSON: {"schema": schema}}


def _raw_schema(endpoint: Endpoint) -> Json:
    if endpoint.content_type == JSON:
        return {"type": "object"}
    text = endpoint.content_type.startswith("text/")
    return {"type": "string"} if text else {"type": "string", "format": "binary"}


def _is_resource(endpoint: Endpoint) -> bool:
    """Whether the answer is rendered with an entity tag (a raw one is passed on as it is)."""
    return endpoint.response is not None and not endpoint.content_type


def _is_versioned(endpoint: Endpoint) -> bool:
    """Whether the call is about one resource that has a version to match: one it answers with, or removes."""
    return "{" in endpoint.path and (endpoint.response is None or "version" in endpoint.response.model_fields)


def _plans_instead(endpoint: Endpoint) -> bool:
    """Whether a plan has the same status as success, so that one response describes both."""
    return endpoint.mutates and endpoint.status == HTTPStatus.OK


def _is_needed(body: type[BaseModel]) -> bool:
    try:
        body.model_validate({})
    except ValidationError:
        return True
    return False


def _needs(endpoint: Endpoint) -> str:
    needs = {
        ANYONE: "",
        SIGNED_IN: "Needs an API key.",
        PLATFORM_ADMIN: "Needs a token of a person with the platform role Admin.",
    }
    return needs.get(endpoint.permission, f"Needs the permission `{endpoint.permission}`.")


def _answered(endpoint: Endpoint) -> type[BaseModel] | None:
    paged = endpoint.query_schema is not None and issubclass(endpoint.query_schema, Paging)
    return endpoint.response if endpoint.response is None or not paged else listing(endpoint.response)


def _used(endpoint: Endpoint) -> Iterable[Used]:
    for request in (endpoint.path_schema, endpoint.query_schema, endpoint.body_schema):
        if request is not None:
            yield request, "validation"
    plan = parts.PlanBody if endpoint.mutates else None
    for answer in (_answered(endpoint), endpoint.accepted, plan, parts.ProblemBody):
        if answer is not None:
            yield answer, "serialization"


def _common_parameters(endpoint: Endpoint) -> Iterable[str]:
    if endpoint.mutates:
        yield "DryRun"
        if _is_versioned(endpoint):
            yield "IfMatch"
    elif _is_resource(endpoint):
        yield "IfNoneMatch"
    if endpoint.method == "POST":
        yield "IdempotencyKey"
    if endpoint.queued is not None:
        yield "Prefer"


def _problems(endpoint: Endpoint) -> list[ProblemType]:
    """What dispatch itself can refuse of a call to this endpoint, and what the endpoint declares."""
    applies = {
        problems.FORBIDDEN: endpoint.permission not in {ANYONE, SIGNED_IN},
        problems.NOT_FOUND: "{" in endpoint.path,
        problems.METHOD_NOT_ALLOWED: False,
        problems.MALFORMED_BODY: endpoint.mutates,
        problems.VERSION_CONFLICT: endpoint.mutates,
        problems.PRECONDITION_FAILED: endpoint.mutates and _is_versioned(endpoint),
        problems.UNSUPPORTED_MEDIA_TYPE: endpoint.body_schema is not None,
        problems.IDEMPOTENCY_MISMATCH: endpoint.method == "POST",
    }
    common = (problem for problem in problems.COMMON if applies.get(problem, True))
    return list(dict.fromkeys((*common, *endpoint.problems)))


def _status(problem: ProblemType) -> int:
    return problem.status
