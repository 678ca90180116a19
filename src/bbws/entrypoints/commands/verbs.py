"""The verbs of the API, generated from the endpoint table: arguments, options, the call, and showing its answer."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import quote

import click
import orjson

from bbws.entrypoints.commands import download, listing
from bbws.entrypoints.commands.client import Ask, document, location
from bbws.entrypoints.commands.difference import planned
from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.follow import follow
from bbws.entrypoints.commands.parameters import Field, fields_of
from bbws.entrypoints.commands.render import record
from bbws.entrypoints.commands.session import App, Session, common_options
from bbws.entrypoints.commands.values import HeaderText, Precondition
from bbws.kernel.actor import of_people
from bbws.kernel.endpoint import Endpoint, Paging

_ACCEPTED, _NO_CONTENT = 202, 204


@dataclass(frozen=True, slots=True)
class Verb:
    """An endpoint as a command."""

    endpoint: Endpoint
    path: tuple[Field, ...]
    query: tuple[Field, ...]
    body: tuple[Field, ...]

    @classmethod
    def of(cls, endpoint: Endpoint) -> "Verb":
        """The verb of an endpoint."""
        return cls(
            endpoint,
            fields_of(endpoint.path_schema, "path"),
            fields_of(endpoint.query_schema, "query"),
            fields_of(endpoint.body_schema, "body"),
        )

    @property
    def lists(self) -> bool:
        """Whether it answers pages of a list."""
        schema = self.endpoint.query_schema
        return schema is not None and issubclass(schema, Paging)

    @property
    def downloads(self) -> bool:
        """Whether its answer is a file."""
        return bool(self.endpoint.content_type)

    def parameters(self) -> Iterator[click.Parameter]:
        """Arguments and options, in the order in which help shows them."""
        yield from (field.argument() for field in self.path)
        if self.downloads:
            yield from download.parameters()
        flags = [field.flag for field in (*self.query, *self.body)]
        yield from (field.option(flags) for field in (*self.query, *self.body))
        if self.lists:
            yield listing.all_option()
        if self.body:
            body = "Send this JSON instead of the options; - reads standard input."
            yield click.Option(["--body", "content"], type=click.File("rb"), metavar="FILE", help=body)
        if self.endpoint.mutates and not self.downloads:
            yield from self._changing()
        yield from common_options()

    def _changing(self) -> Iterator[click.Parameter]:
        if self.endpoint.queued is not None:
            queued = "Have it done in a queue, and follow it until it has ended."
            yield click.Option(["--async", "queued"], is_flag=True, help=queued)
            yield click.Option(["--no-wait"], is_flag=True, help="Do not follow what goes on in a queue.")
        yield click.Option(["--dry-run"], is_flag=True, help="Show what would change, and change nothing.")
        if self.path:
            match = "Only if it is still at this version or ETag, such as 3."
            yield click.Option(["--if-match"], type=Precondition(), metavar="ETAG", help=match)
        if self.endpoint.method == "POST":
            key = "Repeating the call with the same key does nothing more."
            yield click.Option(["--idempotency-key"], type=HeaderText(), metavar="KEY", help=key)

    def ask(self, given: dict[str, Any]) -> Ask:
        """The request that the parameters describe."""
        query = {field.name: _query_text(value) for field, value in _said(self.query, given)}
        if given.get("dry_run"):
            query["dryRun"] = "true"
        return Ask(self.endpoint.method, self._path(given), query, self._headers(given), self._content(given))

    def _path(self, given: dict[str, Any]) -> str:
        path = self.endpoint.path
        for field in self.path:
            path = path.replace("{" + field.name + "}", quote(given[field.key], safe=""))
        return path

    def _headers(self, given: dict[str, Any]) -> dict[str, str]:
        headers = {}
        if given.get("queued"):
            headers["prefer"] = "respond-async"
        if given.get("if_match"):
            headers["if-match"] = given["if_match"]
        if self.endpoint.method == "POST":
            # Always keyed, so that a call may be repeated when the server was busy.
            headers["idempotency-key"] = given.get("idempotency_key") or str(uuid.uuid4())
        return headers

    def _content(self, given: dict[str, Any]) -> bytes | None:
        if not self.body:
            return None
        said = _said(self.body, given)
        source: BinaryIO | None = given.get("content")
        if source is not None:
            if said:
                raise click.UsageError(f"--body replaces the options; leave out {_flags(f for f, _ in said)}.")
            return source.read()
        missing = [field for field in self.body if field.required and field not in [f for f, _ in said]]
        if missing:
            raise click.UsageError(f"Missing {_flags(missing)} (or --body FILE).")
        return _encoded({field.name: field.wire(value) for field, value in said})


def command(app: App, endpoint: Endpoint, name: str) -> click.Command:
    """The command of an endpoint."""
    verb = Verb.of(endpoint)
    return click.Command(
        name,
        params=list(verb.parameters()),
        callback=partial(_run, app, verb),
        short_help=endpoint.summary.replace("`", ""),
        help=f"{endpoint.summary}.\n\n{endpoint.description}".replace("`", "").strip(),
    )


def _run(app: App, verb: Verb, **given: Any) -> None:  # noqa: ANN401 - click's parameters
    with app.session(given, people=of_people(verb.endpoint.permission)) as session:
        ask = verb.ask(given)
        if verb.downloads:
            download.save(session, ask, given["file"], overwrite=given["force"])
        elif verb.lists:
            listing.show(session, ask, verb.endpoint, everything=given["everything"])
        else:
            _call(session, verb, ask, given)


def _call(session: Session, verb: Verb, ask: Ask, given: dict[str, Any]) -> None:
    response = session.client.send(ask)
    answer = document(response.content)
    operation = location(response)
    if response.status_code == _ACCEPTED and operation and not given.get("no_wait"):
        session.screen.note(f"accepted as {answer.get('operationId')}; following it")
        follow(session, operation)
    elif session.screen.as_json:
        session.screen.document(answer)
    elif given.get("dry_run"):
        session.screen.show(planned(answer))
    elif response.status_code == _NO_CONTENT:
        session.screen.write(f"{verb.endpoint.summary}: done.")
    else:
        session.screen.show(record(answer))


def _said(fields: Iterable[Field], given: dict[str, Any]) -> list[tuple[Field, Any]]:
    """The fields that were given, with their values."""
    return [(field, given[field.key]) for field in fields if given[field.key] not in (None, ())]


def _query_text(value: Any) -> str:  # noqa: ANN401 - what click parsed
    return str(value).lower() if isinstance(value, bool) else str(value)


def _flags(fields: Iterable[Field]) -> str:
    return ", ".join(field.flag for field in fields)


def _encoded(values: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(values)
    except TypeError as error:
        raise Failure(f"the options cannot be sent as JSON: {error}", ExitCode.USAGE) from error
