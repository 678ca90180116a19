"""The manifest: what AWS must have, said by the endpoint and reaction tables, so that a new call needs no Terraform.

It is committed as ``infra/terraform/manifest.json``; a test keeps it equal to the tables.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from bbws import tables
from bbws.kernel import idempotency
from bbws.kernel.access import EVERY_ENTITY, Access, Store
from bbws.kernel.actor import ANYONE, of_people
from bbws.kernel.change import BY_DAY
from bbws.kernel.endpoint import Endpoint, Paging
from bbws.kernel.reaction import Daily, Reaction, Sweep
from bbws.kernel.router import allowed
from bbws.keys import store as keys_store
from bbws.operations.reactions import carrying_out
from bbws.operations.store import ACCEPTING
from bbws.people import store as people_store
from bbws.stores import STORES
from bbws.tenants import store as tenants_store

# They speak of one machine's files, keys and counters, or serve the API page, which the functions' package leaves out.
# On AWS the keys of tokens are the user pool's, and Cognito publishes them.
OF_ONE_MACHINE = frozenset({"createBackup", "getMetrics", "getTokenKeys", "getIndex", "getDocs", "getDocsAsset"})
_ACTIONS = {
    "gets": "GetItem",
    "queries": "Query",
    "puts": "PutItem",
    "removes": "DeleteItem",
    "ensures": "ConditionCheckItem",
}
_ARCHIVE = {
    "read": ("s3:GetObject", "archive/objects"),
    "write": ("s3:PutObject", "archive/objects"),
    "list": ("s3:ListBucket", "archive"),
}
_SECRET = "secretsmanager:GetSecretValue"  # noqa: S105 - the name of an action
_CURSORS = {"actions": [_SECRET], "resource": "secret/cursor-key"}
_EMAIL_KEY = {"actions": [_SECRET], "resource": "secret/email-key"}
# A person's address is no part of the token, and with the first call is noted.
_KNOWING_PEOPLE = ({"actions": ["cognito-idp:ListUsers"], "resource": "people"}, _EMAIL_KEY)
# What a port needs beside rows: its name among a handler's parameters → statements.
_PORTS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "signer": [{"actions": [_SECRET], "resource": "secret/checkpoint-signing-key"}],
    "email_key": [_EMAIL_KEY],
    "invitation_key": [_EMAIL_KEY],  # it is made of the other
    "mailer": [{"actions": ["ses:SendEmail"], "resource": "mail"}],
    "directory": [
        {
            "actions": [
                "cognito-idp:AdminAddUserToGroup",
                "cognito-idp:AdminDeleteUser",
                "cognito-idp:AdminListGroupsForUser",
                "cognito-idp:AdminRemoveUserFromGroup",
                "cognito-idp:AdminUpdateUserAttributes",
                "cognito-idp:ListUsers",
            ],
            "resource": "people",
        }
    ],
}
_FEED_LETTERS = "queue/feed-dlq"
_COUNTING = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
# SQS cannot be read without taking: what is looked at is put back.
_LOOKING = ["sqs:ChangeMessageVisibility", *_COUNTING, "sqs:ReceiveMessage"]
_REDRIVING = [*_COUNTING, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage"]
# What a call does with the queues and with the gateway's own keys.
_CALLS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "listQueues": [{"actions": _COUNTING, "resource": "queues"}, {"actions": _COUNTING, "resource": _FEED_LETTERS}],
    "listDeadLetters": [{"actions": _LOOKING, "resource": "queues"}, {"actions": _LOOKING, "resource": _FEED_LETTERS}],
    "redriveQueue": [
        {"actions": _REDRIVING, "resource": "queues"},
        {"actions": _COUNTING, "resource": _FEED_LETTERS},
    ],
    "createKey": [
        {"actions": ["apigateway:GET", "apigateway:POST"], "resource": "gateway/apikeys"},
        {"actions": ["apigateway:GET", "apigateway:POST"], "resource": "gateway/usageplans"},
    ],
    "revokeKey": [{"actions": ["apigateway:GET", "apigateway:DELETE"], "resource": "gateway/apikeys"}],
}
_FEEDING = (
    {"actions": ["events:PutEvents"], "resource": "bus"},
    {"actions": ["sqs:GetQueueUrl", "sqs:SendMessage"], "resource": _FEED_LETTERS},
)
_API_SECONDS = 30
_CONSUMER_SECONDS = 60
_DAILY_SECONDS = 900
# 1 s, 2 s, 4 s, … with up to half of each taken away: after nine receives at least two minutes.
_OUTLASTING = 9


def manifest() -> dict[str, Any]:
    """Everything as plain values, in a fixed order."""
    endpoints = [(api.__name__, each) for api in tables.APIS for each in api.ENDPOINTS if each.id not in OF_ONE_MACHINE]
    return {
        "stores": {store.name: _store(store) for store in STORES},
        "endpoints": {endpoint.id: _endpoint(module, endpoint) for module, endpoint in endpoints},
        "resources": _resources(endpoint for _, endpoint in endpoints),
        "consumers": {
            each.name: _consumer(module.__name__, each)
            for module in tables.CONSUMERS_ON_AWS
            for each in module.REACTIONS
        },
        "daily": {each.name: _daily(module.__name__, each) for module in tables.DAILY_WORKS for each in module.DAILY}
        | {each.name: _sweep(module.__name__, each) for module in tables.SWEEPING for each in module.SWEEPS},
        "feed": _function("feed", "feed", 256, _CONSUMER_SECONDS, [*_FEEDING]),
    }


def _store(store: Store) -> dict[str, Any]:
    by_day = [BY_DAY] if store.entities else []
    return {"indexes": [*store.indexes, *by_day], "stream": bool(store.entities)}


def _function(name: str, runs: str, memory: int, timeout: int, access: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"function": name, "runs": runs, "memory": memory, "timeout": timeout, "access": access}


def _endpoint(module: str, endpoint: Endpoint) -> dict[str, Any]:
    function = _function(
        function_name(endpoint), f"{module}:{endpoint.id}", 256, _API_SECONDS, _endpoint_access(endpoint)
    )
    return function | {
        "method": endpoint.method,
        "path": endpoint.path,
        **credentials(endpoint.permission),
        "rate": endpoint.rate_class,
    }


def credentials(permission: str) -> dict[str, bool]:
    """What the gateway asks for before it calls the function of a call with this permission."""
    person = of_people(permission)
    return {"keyed": permission != ANYONE and not person, "person": person}


def function_name(endpoint: Endpoint) -> str:
    """Noun and verb: those of the command where there is one (specification: products §1)."""
    noun = endpoint.service.removesuffix("-api")
    if endpoint.cli is None:
        return f"{noun}-{re.sub('([A-Z])', r'-\1', endpoint.id).lower()}"
    group, verb = endpoint.cli
    return f"{noun if group.startswith(noun) else group}-{verb}"


def _endpoint_access(endpoint: Endpoint) -> list[Mapping[str, Any]]:
    access = endpoint.access
    person = of_people(endpoint.permission)
    # The gateway lets nobody through to those of people but people with a token.
    access |= people_store.REGISTERING if person else keys_store.CALLING
    if endpoint.id == "cancelOperation":
        access |= Access(removes=_of_kinds("retrying").puts)
    if endpoint.id == "retryOperation":
        access |= _of_kinds("retrying")
    if "subjects" in inspect.signature(endpoint.handler).parameters:
        access |= tenants_store.DECIDING | people_store.SIGNED_IN
    if endpoint.mutates:  # a dry run reads what the real call would write
        access |= Access(gets=access.puts | access.removes | access.ensures)
    if endpoint.queued is not None:
        access |= ACCEPTING
    if endpoint.method == "POST":
        access |= idempotency.ACCESS
    further = [*_CALLS.get(endpoint.id, ()), *(_KNOWING_PEOPLE if person else ())]
    if endpoint.query_schema is not None and issubclass(endpoint.query_schema, Paging):
        further.append(_CURSORS)
    found = _statements(access, endpoint.handler, further)
    return [each for number, each in enumerate(found) if each not in found[:number]]


def _of_kinds(name: str) -> Access:
    """What all kinds of operation touch together."""
    return reduce(or_, (getattr(kind, name) for kind in tables.KINDS), Access())


def _consumer(module: str, reaction: Reaction) -> dict[str, Any]:
    policy = reaction.policy
    access = _statements(reaction.access, reaction.handler)
    return _function(reaction.name, f"{module}:{reaction.name}", 512, _CONSUMER_SECONDS, access) | {
        "queue": reaction.queue,
        "events": sorted(reaction.events),
        "visibility": int(policy.visibility),
        "maxReceives": _receives(reaction),
        "batch": min(policy.batch, 10),
        "window": 5,
    }


def _receives(reaction: Reaction) -> int:
    """Where steps are leased, often enough for the growing delays between them to outlast a lease."""
    leased = "lease" in inspect.signature(reaction.handler).parameters
    return max(reaction.policy.max_receives, _OUTLASTING) if leased else reaction.policy.max_receives


def _daily(module: str, daily: Daily) -> dict[str, Any]:
    access = daily.access
    if "kinds" in inspect.signature(daily.handler).parameters:
        access |= carrying_out(tables.KINDS)
    name, runs = f"daily-{daily.name}", f"{module}:{daily.name}"
    function = _function(name, runs, 1024, _DAILY_SECONDS, _statements(access, daily.handler))
    return function | {"schedule": f"cron({daily.at.minute} {daily.at.hour} * * ? *)"}


def _sweep(module: str, sweep: Sweep) -> dict[str, Any]:
    """As daily work, but every minute: a rule's clock knows nothing shorter."""
    name, runs = f"sweep-{sweep.name}", f"{module}:{sweep.name}"
    access = _statements(sweep.access, sweep.handler)
    return _function(name, runs, 512, _CONSUMER_SECONDS, access) | {"schedule": "rate(1 minute)"}


def _statements(
    access: Access, handler: Callable[..., Any], further: Iterable[Mapping[str, Any]] = ()
) -> list[Mapping[str, Any]]:
    """One statement per table and set of actions, one for all indexes of a table, then what is no row."""
    found: list[Mapping[str, Any]] = []
    for store in STORES:
        found += _on_table(store, access)
    for touch in sorted(access.archive):
        action, resource = _ARCHIVE[touch]
        found.append({"actions": [action], "resource": resource})
    for port in inspect.signature(handler).parameters:
        found += [each for each in _PORTS.get(port, ()) if each not in found]
    return [*found, *further]


def _on_table(store: Store, access: Access) -> list[Mapping[str, Any]]:
    actions: dict[str, list[str]] = {}
    for touch, action in _ACTIONS.items():
        families: frozenset[str] = getattr(access, touch)
        for family in (*store.entities, *store.others):
            if family in families or (EVERY_ENTITY in families and family in store.entities):
                actions.setdefault(family, []).append(f"dynamodb:{action}")
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for family, some in actions.items():
        by_actions.setdefault(tuple(some), []).append(f"{family}#*")
    found: list[Mapping[str, Any]] = [
        {"actions": list(some), "resource": f"table/{store.name}", "keys": keys} for some, keys in by_actions.items()
    ]
    own = {*store.indexes, *([BY_DAY] if store.entities else ())}
    found += [
        {"actions": ["dynamodb:Query"], "resource": f"table/{store.name}/index/{index}"}
        for index in sorted(access.indexes & own)
    ]
    return found


def _resources(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """Every path and the paths above it, with the methods that each knows."""
    methods: dict[str, list[str]] = {}
    for endpoint in endpoints:
        segments = endpoint.path.strip("/").split("/")
        for depth in range(1, len(segments) + 1):
            methods.setdefault("/" + "/".join(segments[:depth]), [])
        methods[endpoint.path].append(endpoint.method)
    return {
        path: {
            "parent": path.rpartition("/")[0] or "/",
            "segment": path.rpartition("/")[2],
            "depth": path.count("/"),
            "methods": sorted(known),
            "allow": ", ".join(allowed(known)) if known else "",
        }
        for path, known in sorted(methods.items())
    }
