"""What Schemathesis cannot know from the document: loaded by ``st run`` through schemathesis.toml."""

import json
import os
from itertools import cycle
from typing import Any

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree

# Codes of rules that the Schema Object of OpenAPI 3.0.3 has no words for.
BEYOND_THE_SCHEMA = {
    "after_from_date",  # two fields together
    "audit-range",  # two parameters together
    "nested",  # a group is of a division, a team of a group
    "past",  # a time that has been
    "search_terms",  # q needs a letter or a digit of any script
    "string_too_short",  # lengths hold after trimming
    "value_error",  # our own validators: exact cents, no control characters, leap seconds
}

# Where something of a tenant is: the tenant that was founded for the walk, and what lies in it.
PLACES: dict[str, str] = json.loads(os.environ["WALKING_PLACES"])
# What was taken back is still there to be read.
KEPT = {
    "/v1.0/products/{productId}",
    "/v1.0/tenants/{tenantId}",
    "/v1.0/tenants/{tenantId}/invitations/{invitationId}",
}

FIRST_TOKEN, *_ = TOKENS = os.environ["WALKING_TOKENS"].split()
turns = cycle(TOKENS)


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Whether a failure counts: refused input does, unless only rules beyond the schema refused it."""
    del context
    if isinstance(failure, UseAfterFree) and case.operation.path in KEPT:
        return False
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    problem = json.loads(response.content)
    codes = {error["code"] for error in problem.get("errors", [problem])}
    return not codes <= BEYOND_THE_SCHEMA


@schemathesis.hook
def map_headers(context: HookContext, headers: dict[str, Any] | None) -> dict[str, Any] | None:
    """Any preference may be sent, and only this one does anything."""
    del context
    return {**headers, "Prefer": "respond-async"} if headers and "Prefer" in headers else headers


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Keep the walk going: it must not revoke its own key, and valid input must get past what it cannot guess."""
    del context, kwargs
    if case.headers.get("Authorization") == f"Bearer {FIRST_TOKEN}":
        case.headers["Authorization"] = f"Bearer {next(turns)}"  # the walk is faster than one person may be
    if case.path_parameters.get("keyId") == os.environ["WALKING_KEY_ID"]:
        case.path_parameters["keyId"] = "key-000000000000"
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    case.path_parameters.update({name: place for name, place in PLACES.items() if name in case.path_parameters})
    case.query.pop("startAt", None)  # signed by the server
    if "q" in case.query:  # has an order of its own
        case.query.pop("sortBy", None)
        case.query.pop("order", None)
    for place in (case.query, case.body):
        if isinstance(place, dict) and "currency" in place:
            place["currency"] = "EUR"
    if isinstance(case.body, dict) and "/admin/campaigns" in case.operation.path:
        known = {"productId": os.environ["WALKING_PRODUCT_ID"], "toDate": "9999-12-31T23:59:59Z"}
        case.body.update({name: value for name, value in known.items() if name in case.body})
