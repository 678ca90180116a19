"""The endpoint table of the platform, and its schemas on the wire."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import orjson
from pydantic import Field

from bbws.kernel.clock import Clock
from bbws.kernel.endpoint import Answer, Call, Endpoint, Link, Listed, Paging, Query, Raw, Resource
from bbws.kernel.problem import NOT_FOUND, UNAVAILABLE, Kind, ProblemType
from bbws.kernel.reaction import DeadLetter, Queues, QueueState
from bbws.platform import pages
from bbws.platform.ports import Backup, Documents, Health, Metrics

SERVICE = "platform-api"
QUEUES_ADMIN = "queues:admin"
BACKUP = "backup:create"
_QUEUES = "/v1.0/queues"
_QUEUE_PATTERN = r"^[a-z][a-z0-9-]{0,62}$"

QUEUE_NOT_FOUND = ProblemType(
    Kind.NOT_FOUND, "queue-not-found", "Queue not found", "There is no queue of this name. `bbws queues` lists them."
)


class HealthBody(Resource):
    """Whether the service lives and can do its work."""

    status: Literal["ok"] = Field(description="Otherwise the answer is a 503 problem with the same `details`.")
    details: dict[str, Any] = Field(description="Feed lag, queue depths and what else bears on it.")


class QueuePath(Query):
    """Which queue."""

    queue: str = Field(pattern=_QUEUE_PATTERN, examples=["product-audit"], description="Name of the queue.")


class QueueQuery(Paging):
    """Which page of queues."""


class QueueBody(Resource):
    """A consumer's queue."""

    name: str = Field(description="Name of the queue.")
    waiting: int = Field(description="Messages that wait to be handed out.")
    in_flight: int = Field(description="Messages that are being worked on.")
    dead: int = Field(description="Messages parked after failing too often.")
    oldest_seconds: float | None = Field(description="Age of the oldest waiting message.")

    @classmethod
    def of(cls, state: QueueState) -> "QueueBody":
        """The queue as served."""
        return cls(
            name=state.name,
            waiting=state.waiting,
            in_flight=state.in_flight,
            dead=state.dead,
            oldest_seconds=state.oldest_seconds,
        )


class DeadLetterBody(Resource):
    """A message that failed too often."""

    id: str = Field(description="Id of the change that it announces.")
    queue: str = Field(description="The queue it was parked from.")
    message: dict[str, Any] = Field(description="What it says.")
    receives: int = Field(description="How often it was handed out.")
    parked_at: str = Field(description="When it was parked.")
    error: str = Field(description="The last failure in one line.")

    @classmethod
    def of(cls, letter: DeadLetter) -> "DeadLetterBody":
        """The message as served."""
        return cls(
            id=letter.id,
            queue=letter.queue,
            message=letter.message,
            receives=letter.receives,
            parked_at=letter.parked_at,
            error=letter.error,
        )


class Redriven(Resource):
    """What a redrive did."""

    queue: str = Field(description="Name of the queue.")
    redriven: int = Field(description="How many messages were put back.")


class ProblemPath(Query):
    """Which problem."""

    code: str = Field(pattern=r"^[a-z0-9-]{1,64}$", examples=["validation-error"], description="Code of the problem.")


class AssetPath(Query):
    """Which file of the API page."""

    asset: str = Field(max_length=64, description="Name of the file.")


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


def _list_queues(call: Call[Any, Any, Any], queues: Queues) -> Listed:
    del call
    return Listed([QueueBody.of(state) for state in queues.states()], None)


def _dead_letters(call: Call[QueuePath, QueueQuery, Any], queues: Queues) -> Listed:
    try:
        letters = queues.dead_letters(call.path.queue, call.query.page_size)
    except KeyError as error:
        raise _no_queue(call.path.queue) from error
    return Listed([DeadLetterBody.of(letter) for letter in letters], None)


def _redrive(call: Call[QueuePath, Any, Any], queues: Queues) -> Answer:
    try:
        count = queues.redrive(call.path.queue)
    except KeyError as error:
        raise _no_queue(call.path.queue) from error
    return Answer(Redriven(queue=call.path.queue, redriven=count))


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
            Link("redrive", "redriveQueue", lambda queue: queue["dead"] > 0, parameters={"queue": "name"}),
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
        problems=(QUEUE_NOT_FOUND,),
        blocking=True,
        outside=True,
    ),
    Endpoint(
        id="createBackup",
        service=SERVICE,
        method="GET",
        path="/v1.0/backup",
        summary="Download a consistent copy of everything, taken while serving",
        description="One tar file that `bbws restore` takes. It holds secrets: keep it as safe as the data folder.",
        handler=_backup,
        permission=BACKUP,
        content_type="application/x-tar",
        blocking=True,
    ),
    Endpoint(
        id="getMetrics",
        service=SERVICE,
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
