"""From a handler's answer to bytes: schema, ``_links``, entity tag, cursor. The same for every endpoint."""

from typing import Any

import orjson

from bbws.kernel.actor import Actor
from bbws.kernel.conditional import entity_tag
from bbws.kernel.cursor import Cursors
from bbws.kernel.endpoint import Answer, Endpoint, Listed, Raw
from bbws.kernel.http import JSON, PROBLEM_JSON, Request, Response
from bbws.kernel.inputs import Inputs
from bbws.kernel.links import Linker, page_links
from bbws.kernel.problem import Problem

_ACCEPTED = 202
_MOST_RENDERED = 2048


class Renderer:
    """Renders answers and refusals."""

    def __init__(self, linker: Linker, cursors: Cursors) -> None:
        self._linker = linker
        self._cursors = cursors
        # What was rendered lately, by everything that goes into it.
        self._rendered: dict[tuple[str, str, frozenset[str], str], tuple[bytes, str]] = {}

    def cursor_scope(self, endpoint: Endpoint, request: Request) -> str:
        """What a cursor of this list is bound to, beside the parameters."""
        return f"{endpoint.id} {request.path}"

    def answer(
        self,
        endpoint: Endpoint,
        request: Request,
        actor: Actor,
        inputs: Inputs,
        answer: Answer | Listed,
        *,
        queued: bool,
    ) -> tuple[Response, dict[str, Any]]:
        """The response, and the body of a change as a document (empty for 204)."""
        if isinstance(answer, Answer) and answer.digest and not endpoint.mutates:
            return self._read(endpoint, request, actor, answer), {}
        queued = queued or (isinstance(answer, Answer) and answer.queued)
        status = _ACCEPTED if queued else endpoint.status
        headers: dict[str, str] = {}
        if isinstance(answer, Listed):
            document = self._list(endpoint, request, actor, inputs, answer)
            version = None
        else:
            headers.update(answer.headers)
            document = self._document(endpoint, request, actor, answer, queued=queued)
            version = answer.version
            if answer.location is not None:
                headers["location"] = request.base_path + answer.location
        if not document:
            return Response(204, headers), document
        body = orjson.dumps(document)
        headers["content-type"] = JSON
        if not queued:
            headers["etag"] = entity_tag(version, body)
        return Response(status, headers, body), document

    def _read(self, endpoint: Endpoint, request: Request, actor: Actor, answer: Answer) -> Response:
        """A state read by a caller with these permissions: rendered once, as long as it is remembered."""
        key = (endpoint.id, answer.digest, actor.permissions, request.base_path)
        found = self._rendered.get(key)
        if found is None:
            body = orjson.dumps(self._document(endpoint, request, actor, answer, queued=False))
            found = body, entity_tag(answer.version, body)
            if len(self._rendered) >= _MOST_RENDERED:
                self._rendered.clear()
            self._rendered[key] = found
        body, etag = found
        return Response(endpoint.status, {"content-type": JSON, "etag": etag}, body)

    def _document(
        self, endpoint: Endpoint, request: Request, actor: Actor, answer: Answer, *, queued: bool
    ) -> dict[str, Any]:
        if answer.body is None:
            return {}
        document = _wire(answer.body() if callable(answer.body) else answer.body)
        if queued:
            document["_links"] = {"operation": {"href": f"{request.base_path}{answer.location}"}}
        elif answer.past:
            document["_links"] = self._linker.past(endpoint, actor, request, document)
        else:
            document["_links"] = self._linker.resource(endpoint, actor, request.base_path, document)
        return document

    def _list(
        self, endpoint: Endpoint, request: Request, actor: Actor, inputs: Inputs, answer: Listed
    ) -> dict[str, Any]:
        items = [_wire(item) for item in answer.items]
        for item in items:
            item["_links"] = self._linker.item(endpoint, actor, request.base_path, item)
        token = None
        if answer.next is not None:
            token = self._cursors.sign(self.cursor_scope(endpoint, request), inputs.parameters, answer.next)
        links = page_links(request.base_path, request.path, inputs.parameters, token)
        return {
            "items": items,
            "count": len(items),
            "moreAvailable": token is not None,
            "nextToken": token,
            "_links": links | self._linker.resource(endpoint, actor, request.base_path, inputs.names),
        }

    @staticmethod
    def raw(raw: Raw) -> Response:
        """A page, metrics or a download."""
        return Response(raw.status, {"content-type": raw.content_type, **raw.headers}, raw.body)

    @staticmethod
    def problem(request: Request, problem: Problem) -> Response:
        """A refusal (RFC 9457)."""
        document = problem.document(
            base_path=request.base_path, instance=request.base_path + request.path, request_id=request.id
        )
        body = orjson.dumps(document, default=str)
        return Response(problem.type.status, {"content-type": PROBLEM_JSON, **problem.headers}, body)


def _wire(body: Any) -> dict[str, Any]:  # noqa: ANN401 - any schema
    document: dict[str, Any] = body.__pydantic_serializer__.to_python(
        body, mode="json", by_alias=True, exclude={"links"}
    )
    return document
