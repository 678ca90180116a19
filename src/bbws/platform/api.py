"""The endpoint table of the platform, and its schemas on the wire."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from bbws.kernel.clock import Clock
from bbws.kernel.endpoint import UNLIMITED, Answer, Call, Endpoint, Link, Listed, Raw
from bbws.kernel.problem import NOT_FOUND, UNAVAILABLE, Kind, ProblemType
from bbws.kernel.table import Key, Position
from bbws.platform import pages
from bbws.platform.ports import Backup, Documents, Health, Metrics, Queues
from bbws.platform.schemas import (
    AssetPath,
    DeadLetterBody,
    HealthBody,
    ProblemPath,
    QueueBody,
    QueuePath,
    QueueQuery,
    Redriven,
)

SERVICE = "platform-api"
QUEUES_ADMIN = "queues:admin"
BACKUP = "backup:create"
_QUEUES = "/v1.0/queues"

QUEUE_NOT_FOUND = ProblemType(
    Kind.NOT_FOUND, "queue-not-found", "Queue not found", "There is no queue of this name. `bbws queues` lists them."
)
QUEUE_NOT_REDRIVABLE = ProblemType(
    Kind.REFUSED,
    "queue-not-redrivable",
    "Queue cannot be redriven",
    "What this queue parks is no message, but the place of changes that could not be announced. The changes themselves "
    "are kept: `bbws audit checkpoint` archives those that the archive lacks, and the daily work resumes operations.",
)


def _health(call: Call[Any, Any, Any], health: Health) -> Answer:
    del call
    state = health.readiness()
    if not state.ready:
        detail = "BBWS lives but cannot do its work just now; `details` says what is behind."
        raise UNAVAILABLE(detail, headers={"retry-after": "1"}, details=dict(state.details))
    return Answer(HealthBody(status="ok", details=dict(state.details)))


def _metrics(call: Call[Any, Any, Any], metrics: Metrics) -> Raw:
    del call
    return Raw("text/plain; version=0.0.4; charset=utf-8", metrics.render())


def _list_queues(call: Call[Any, QueueQuery, Any], queues: Queues) -> Listed:
    after = "" if call.start is None else call.start.sort
    states = [state for state in queues.states() if state.name > after]
    shown = states[: call.query.page_size]
    following = Position(shown[-1].name, Key("", "")) if len(states) > len(shown) else None
    return Listed([QueueBody.of(state) for state in shown], following)


def _dead_letters(call: Call[QueuePath, QueueQuery, Any], queues: Queues) -> Listed:
    try:
        letters = queues.dead_letters(call.path.queue, call.start, call.query.page_size + 1)
    except KeyError as error:
        raise _no_queue(call.path.queue) from error
    shown = letters[: call.query.page_size]
    following = shown[-1].position if len(letters) > len(shown) else None
    return Listed([DeadLetterBody.of(letter) for letter in shown], following)


def _redrive(call: Call[QueuePath, Any, Any], queues: Queues) -> Answer:
    name = call.path.queue
    state = next((each for each in queues.states() if each.name == name), None)
    if state is None:
        raise _no_queue(name)
    if not state.redrivable:
        raise QUEUE_NOT_REDRIVABLE(
            f"What {name} parks is the place of changes, not messages. Have the archive completed from the tables "
            "(`POST /v1.0/audit/checkpoints`, `bbws audit checkpoint`); operations are resumed by the daily work."
        )
    return Answer(Redriven(queue=name, redriven=state.dead if call.dry_run else queues.redrive(name)))


def _can_be_redriven(queue: Mapping[str, Any]) -> bool:
    return queue["dead"] > 0 and queue["redrivable"] is True


def _no_queue(name: str) -> Exception:
    return QUEUE_NOT_FOUND(f"There is no queue {name}. `bbws queues` lists them.")


def _backup(call: Call[Any, Any, Any], backup: Backup, clock: Clock) -> Raw:
    del call
    name = f"bbws-{_stamp(clock.now())}.tar"
    chunks: Iterator[bytes] = backup.stream()
    return Raw("application/x-tar", chunks, {"content-disposition": f'attachment; filename="{name}"'})


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"


def _openapi(call: Call[Any, Any, Any], documents: Documents) -> Raw:
    del call
    return Raw("application/json", orjson.dumps(documents.openapi()))


def _index(call: Call[Any, Any, Any]) -> Raw:
    del call
    # Relative, so that it is right behind a proxy's prefix as well.
    return Raw("text/plain", b"", {"location": "docs"}, status=307)


def _docs(call: Call[Any, Any, Any]) -> Raw:
    del call
    return Raw("text/html; charset=utf-8", pages.docs_page(), pages.DOCS_HEADERS)


def _asset(call: Call[AssetPath, Any, Any]) -> Raw:
    found = pages.asset(call.path.asset)
    if found is None:
        detail = "There is no such file of the API page."
        raise NOT_FOUND(detail)
    content_type, content = found
    return Raw(content_type, content, {"cache-control": "max-age=86400"})


def _problem(call: Call[ProblemPath, Any, Any], documents: Documents) -> Raw:
    known: Mapping[str, ProblemType] = {problem.code: problem for problem in documents.problems()}
    problem = known.get(call.path.code)
    if problem is None:
        detail = "There is no problem of this code."
        raise NOT_FOUND(detail)
    return Raw("text/html; charset=utf-8", pages.problem_page(problem), pages.PAGE_HEADERS)


ENDPOINTS = (
    Endpoint(
        id="getHealth",
        service=SERVICE,
        rate=UNLIMITED,
        method="GET",
        path="/health",
        summary="Whether the service lives and is ready",
        handler=_health,
        response=HealthBody,
    ),
    Endpoint(
        id="listQueues",
        service=SERVICE,
        method="GET",
        path=_QUEUES,
        summary="List queues with their depths",
        handler=_list_queues,
        cli=("queues", "list"),
        permission=QUEUES_ADMIN,
        query_schema=QueueQuery,
        response=QueueBody,
        item_links=(
            Link("deadLetters", "listDeadLetters", parameters={"queue": "name"}),
            Link("redrive", "redriveQueue", _can_be_redriven, parameters={"queue": "name"}),
        ),
    ),
    Endpoint(
        id="listDeadLetters",
        service=SERVICE,
        method="GET",
        path=f"{_QUEUES}/{{queue}}/dead-letters",
        summary="List the messages that failed too often, oldest first",
        handler=_dead_letters,
        cli=("queues", "dead-letters"),
        permission=QUEUES_ADMIN,
        path_schema=QueuePath,
        query_schema=QueueQuery,
        response=DeadLetterBody,
        problems=(QUEUE_NOT_FOUND,),
    ),
    Endpoint(
        id="redriveQueue",
        service=SERVICE,
        method="POST",
        path=f"{_QUEUES}/{{queue}}/redrive",
        summary="Put parked messages back in their queue",
        handler=_redrive,
        cli=("queues", "redrive"),
        permission=QUEUES_ADMIN,
        path_schema=QueuePath,
        response=Redriven,
        problems=(QUEUE_NOT_FOUND, QUEUE_NOT_REDRIVABLE),
        blocking=True,
        planned_fields=("queue", "redriven"),
    ),
    Endpoint(
        id="createBackup",
        service=SERVICE,
        method="GET",
        path="/v1.0/backup",
        summary="Download a consistent copy of everything, taken while serving",
        description="One tar file that `bbws restore` takes. Keep it as safe as the data folder.",
        handler=_backup,
        permission=BACKUP,
        content_type="application/x-tar",
        blocking=True,
    ),
    Endpoint(
        id="getMetrics",
        service=SERVICE,
        rate=UNLIMITED,
        method="GET",
        path="/metrics",
        summary="Metrics for Prometheus",
        handler=_metrics,
        content_type="text/plain",
    ),
    Endpoint(
        id="getOpenapi",
        service=SERVICE,
        method="GET",
        path="/openapi.json",
        summary="The OpenAPI document of everything",
        handler=_openapi,
        content_type="application/json",
        documented=False,
    ),
    Endpoint(
        id="getIndex",
        service=SERVICE,
        method="GET",
        path="/",
        summary="To the API page",
        handler=_index,
        content_type="text/plain",
        documented=False,
    ),
    Endpoint(
        id="getDocs",
        service=SERVICE,
        method="GET",
        path="/docs",
        summary="The interactive API page",
        handler=_docs,
        content_type="text/html",
        documented=False,
    ),
    Endpoint(
        id="getDocsAsset",
        service=SERVICE,
        method="GET",
        path="/docs/{asset}",
        summary="A file of the API page",
        handler=_asset,
        path_schema=AssetPath,
        content_type="application/octet-stream",
        documented=False,
    ),
    Endpoint(
        id="getProblem",
        service=SERVICE,
        method="GET",
        path="/problems/{code}",
        summary="What a problem means",
        handler=_problem,
        path_schema=ProblemPath,
        content_type="text/html",
        documented=False,
    ),
)
