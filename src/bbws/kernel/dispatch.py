"""The one path of every request. Source: design §2.

match → authenticate → rate limit → authorise → parse → repeated answer → use case → commit → render

Dispatch is a generator that yields the writes it wants committed, so that the same code serves an event loop (which
awaits the commit without holding up others) and a Lambda function (which just commits). See :func:`run`.
"""

import logging
from collections.abc import Generator, Iterable, Sequence
from enum import Enum
from typing import Any, NamedTuple

import orjson

from bbws.kernel.actor import ANONYMOUS, Actor, ActorKind
from bbws.kernel.callers import Authenticator, Authority, Limiter
from bbws.kernel.clock import Clock
from bbws.kernel.conditional import expected_versions, not_modified, require_version
from bbws.kernel.cors import Cors
from bbws.kernel.cursor import Cursors
from bbws.kernel.endpoint import UNLIMITED, Answer, Call, Endpoint, Raw
from bbws.kernel.http import JSON, Request, Response
from bbws.kernel.idempotency import Repeatable
from bbws.kernel.inputs import Inputs, read_inputs
from bbws.kernel.links import Linker
from bbws.kernel.problem import FAULT, UNAVAILABLE, VERSION_CONFLICT, Kind, Problem
from bbws.kernel.rendering import Renderer
from bbws.kernel.router import Router
from bbws.kernel.table import Conflict, Table, Unavailable, Uncertain, Write
from bbws.kernel.work import MAX_RERUNS, UnitOfWork, plan

logger = logging.getLogger("bbws.dispatch")

_FAILED_AUTHENTICATIONS = 10
_WITHOUT_BODY = frozenset({204, 304})


class Offload(Enum):
    """Yielded before work that takes long: an event loop goes on with it in a thread."""

    OFFLOAD = "offload"


type Step = Sequence[Write] | Offload
type Steps = Generator[Step, None, Response]


class Exchange:
    """A request on its way through, and what an edge wants to log of it."""

    __slots__ = ("actor", "endpoint", "headers", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.endpoint: Endpoint | None = None
        self.actor = ANONYMOUS
        self.headers: dict[str, str] = {}


class Dispatcher(NamedTuple):
    """Carries requests to their endpoints."""

    router: Router
    renderer: Renderer
    table: Table
    clock: Clock
    authenticator: Authenticator
    authority: Authority | None
    cursors: Cursors
    limiter: Limiter
    cors: Cors
    queued_by_default: bool

    @classmethod
    def over(  # noqa: PLR0913 - the composition root names each part once
        cls,
        endpoints: Iterable[Endpoint],
        *,
        table: Table,
        clock: Clock,
        authenticator: Authenticator,
        cursors: Cursors,
        limiter: Limiter,
        cors: Cors,
        authority: Authority | None = None,
        queued_by_default: bool = False,
    ) -> "Dispatcher":
        """A dispatcher for an endpoint table."""
        declared = tuple(endpoints)
        router, renderer = Router(declared), Renderer(Linker(declared), cursors)
        return cls(router, renderer, table, clock, authenticator, authority, cursors, limiter, cors, queued_by_default)

    def steps(self, exchange: Exchange) -> Steps:
        """Answer a request; every refusal and every fault becomes a problem answer."""
        request = exchange.request
        try:
            response = yield from self._handle(exchange)
        except Problem as problem:
            response = self._refusal(request, problem)
        except Uncertain:
            logger.exception("commit uncertain", extra={"requestId": request.id})
            detail = "The store did not answer. The change may have been made: look before you send it again."
            response = self._refusal(request, FAULT(detail))
        except Unavailable as error:
            logger.warning("store unavailable", extra={"requestId": request.id, "error": str(error)})
            detail = "The store cannot take this call just now. Nothing was changed; try again."
            response = self._refusal(request, UNAVAILABLE(detail, headers={"retry-after": "1"}))
        except Exception:
            logger.exception("unexpected fault", extra={"requestId": request.id})
            detail = f"Something went wrong on our side; it was logged as {request.id}."
            response = self._refusal(request, FAULT(detail))
        response.headers |= exchange.headers
        return self._finish(request, response)

    def _refusal(self, request: Request, problem: Problem) -> Response:
        return self.renderer.problem(request._replace(path=self.router.shown(request.path)), problem)

    def _finish(self, request: Request, response: Response) -> Response:
        headers = response.headers
        headers["x-request-id"] = request.id
        headers["vary"] = "Authorization, X-Api-Key, Origin" if self.cors.origins else "Authorization, X-Api-Key"
        headers.setdefault("cache-control", "no-cache")
        headers["x-content-type-options"] = "nosniff"
        headers |= self.cors.headers(request)
        if isinstance(response.body, bytes) and response.status not in _WITHOUT_BODY:
            headers["content-length"] = str(len(response.body))
        if request.method == "HEAD":
            response.body = b""
        return response

    def _handle(self, exchange: Exchange) -> Steps:
        request = exchange.request
        if request.method == "OPTIONS":
            return self.cors.preflight(request, self.router.methods(request.path))
        endpoint, path = self.router.match(request.method, request.path)
        exchange.endpoint = endpoint
        if request.repeated:
            raise request.repetition()
        actor = exchange.actor = self._authenticate(request)
        self._limit(exchange, endpoint, actor)
        if self.authority is not None:
            actor = exchange.actor = self.authority.within(actor, endpoint, path)
        actor.require(endpoint.permission)
        scope = self.renderer.cursor_scope(endpoint, request)
        parsed = read_inputs(endpoint, request, path, self.cursors, scope)
        repeatable = Repeatable.of(endpoint, actor, request)
        if parsed.dry_run:
            # A key that the real call would refuse is refused, and that is all.
            repeatable = None
        if endpoint.blocking:
            yield Offload.OFFLOAD
        response = yield from self._perform(exchange, endpoint, parsed, repeatable)
        yield from self._note_use(actor, request)
        return response

    def _authenticate(self, request: Request) -> Actor:
        try:
            return self.authenticator.authenticate(request)
        except Problem as problem:
            if problem.type.kind is Kind.UNAUTHENTICATED:
                self.limiter.take(request.address, "failed authentication", _FAILED_AUTHENTICATIONS)
            raise

    def _limit(self, exchange: Exchange, endpoint: Endpoint, actor: Actor) -> None:
        share = endpoint.rate_class
        if share == UNLIMITED:
            return
        limit = actor.rate.reads if share == "read" else actor.rate.writes
        if limit is not None:
            caller = exchange.request.address if actor.kind is ActorKind.ANONYMOUS else actor.subject
            exchange.headers |= self.limiter.take(caller, share, limit)

    def _perform(self, exchange: Exchange, endpoint: Endpoint, parsed: Inputs, repeatable: Repeatable | None) -> Steps:
        """Run the use case and commit; a lost race runs it again from its reads (design §2)."""
        for _attempt in range(MAX_RERUNS + 1):
            if repeatable is not None and (before := repeatable.answer(self.table)) is not None:
                return before
            work = self._begin(exchange)
            try:
                response, document = self._use_case(exchange, endpoint, parsed, work)
            except Problem:
                # The twin of this request may have been committed since the look above, and be the reason.
                if repeatable is not None and (before := repeatable.answer(self.table)) is not None:
                    return before
                raise
            try:
                if parsed.dry_run:
                    self.table.check(work.writes)
                    return _planned(work, endpoint, {name: document[name] for name in endpoint.planned_fields})
                if repeatable is not None:
                    work.insert(repeatable.row(endpoint, response, document, self.clock.now().timestamp()))
                if work.writes:
                    yield work.writes
            except Conflict:
                continue
            return response
        detail = "Others changed the same thing at the same moment, several times in a row. Repeat the call."
        raise VERSION_CONFLICT(detail, headers={"retry-after": "1"})

    def _begin(self, exchange: Exchange) -> UnitOfWork:
        versions = expected_versions(exchange.request.headers.get("if-match"))
        return UnitOfWork(self.table, self.clock, exchange.actor, exchange.request.id, versions)

    def _use_case(
        self, exchange: Exchange, endpoint: Endpoint, parsed: Inputs, work: UnitOfWork
    ) -> tuple[Response, dict[str, Any]]:
        """The response, and its body as a document."""
        request = exchange.request
        queued = not parsed.dry_run and (parsed.prefers_async or self.queued_by_default)
        handler = endpoint.queued if queued else None
        queued = handler is not None
        answer = (handler or endpoint.handler)(
            Call(work, parsed.path, parsed.query, parsed.body, parsed.start, dry_run=parsed.dry_run)
        )
        if isinstance(answer, Raw):
            return self.renderer.raw(answer), {}
        if not work.matched:
            # A change that matched nothing itself has no version that If-Match could name.
            version = answer.version if isinstance(answer, Answer) and not endpoint.mutates else None
            require_version(work.if_match, version)
        response, document = self.renderer.answer(endpoint, request, work.actor, parsed, answer, queued=queued)
        if queued and parsed.prefers_async:
            response.headers["preference-applied"] = "respond-async"
        etag = response.headers.get("etag", "")
        if not endpoint.mutates and not_modified(request.headers.get("if-none-match"), etag):
            return Response(304, {"etag": etag}), {}
        return response, document

    def _note_use(self, actor: Actor, request: Request) -> Generator[Step]:
        writes = self.authenticator.used(actor)
        if writes:
            try:
                yield writes
            except (Conflict, Unavailable) as error:
                # The answer stands: when a key was last used is a convenience that the next request notes as well.
                self.authenticator.not_noted(actor)
                logger.warning("key use not noted", extra={"requestId": request.id, "error": str(error)})


def run(steps: Steps, table: Table) -> Response:
    """Drive dispatch where waiting for a commit holds nobody up (a Lambda function, a thread, a test)."""
    try:
        step = next(steps)
        while True:
            if not isinstance(step, Offload):
                try:
                    table.commit(step)
                except Exception as error:  # noqa: BLE001 - dispatch answers every one of them
                    step = steps.throw(error)
                    continue
            step = next(steps)
    except StopIteration as finished:
        response: Response = finished.value
        return response


def _planned(work: UnitOfWork, endpoint: Endpoint, besides: dict[str, Any]) -> Response:
    document: dict[str, Any] = {"dryRun": True, "changes": plan(work, content=endpoint.plans_content), **besides}
    return Response(200, {"content-type": JSON}, orjson.dumps(document))
