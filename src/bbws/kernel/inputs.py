"""What a request says beyond its address: parsed and checked against the endpoint's schemas before any work."""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from pydantic import BaseModel

from bbws.kernel.cursor import Cursors
from bbws.kernel.endpoint import Endpoint, Paging
from bbws.kernel.http import Request
from bbws.kernel.parsing import MAX_BODY, parse_body, parse_json, too_large, validate
from bbws.kernel.problem import MALFORMED_BODY, VALIDATION, FieldError
from bbws.kernel.table import Position


class Inputs(NamedTuple):
    """A request's parsed parts.

    Attributes:
        path, query, body: as the endpoint's schemas; None where it has none.
        names, parameters: the path's and the query's parameters as sent.
        start: where a list goes on.
        dry_run: whether only the plan is wanted.
        prefers_async: whether the caller would rather not wait (RFC 7240).
    """

    path: BaseModel | None
    query: BaseModel | None
    body: BaseModel | None
    names: Mapping[str, str]
    parameters: Mapping[str, str]
    start: Position | None
    dry_run: bool
    prefers_async: bool


class _NoParameters(BaseModel, extra="forbid", defer_build=True):
    pass


def read_inputs(endpoint: Endpoint, request: Request, path: Mapping[str, str], cursors: Cursors, scope: str) -> Inputs:
    """Parse a request. ``scope`` is what a cursor of this list is bound to.

    Raises:
        Problem: 400, 413 or 415.
    """
    if len(request.body) > MAX_BODY:
        raise too_large()
    parameters = request.parameters()
    own = dict(parameters)
    dry_run = endpoint.mutates and _flag(own, "dryRun")
    schema = endpoint.query_schema or _NoParameters
    query = validate(schema, own) if own else _defaults(schema)
    start = None
    if isinstance(query, Paging) and query.start_at is not None:
        start = cursors.read(scope, parameters, query.start_at)
    named = None if endpoint.path_schema is None else _path(endpoint.path_schema, tuple(path.items()))
    prefers_async = "respond-async" in _preferences(request)
    return Inputs(named, query, _body(endpoint, request), path, parameters, start, dry_run, prefers_async)


@cache
def _defaults(schema: type[BaseModel]) -> BaseModel:
    return validate(schema, {})


@lru_cache(maxsize=1024)
def _path(schema: type[BaseModel], values: tuple[tuple[str, str], ...]) -> BaseModel:
    return validate(schema, dict(values))


def _body(endpoint: Endpoint, request: Request) -> BaseModel | None:
    if endpoint.body_schema is not None:
        # Saying nothing is saying {}: the schema decides whether that is enough, and names what is missing.
        return parse_body(endpoint.body_schema, request) if request.body else validate(endpoint.body_schema, {})
    if request.body and endpoint.mutates and parse_json(request.body):
        detail = "This call takes no body; send none, or {}."
        raise MALFORMED_BODY(detail)
    return None


def _flag(parameters: dict[str, str], name: str) -> bool:
    value = parameters.pop(name, "false")
    if value not in {"true", "false"}:
        raise VALIDATION(f"{name} must be true or false.", errors=(FieldError(name, "must be true or false", "bool"),))
    return value == "true"


def _preferences(request: Request) -> set[str]:
    header = request.headers.get("prefer")
    return {part.partition(";")[0].strip().lower() for part in header.split(",")} if header else set()
