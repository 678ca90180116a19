"""One declaration per API call.

Routes, authorisation, links, OpenAPI, CLI verbs and the Lambda manifest all come from it.

Source: design §3, Endpoint.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from bbws.kernel.access import NOTHING, Access
from bbws.kernel.actor import ANYONE
from bbws.kernel.http import NO_HEADERS
from bbws.kernel.problem import ProblemType
from bbws.kernel.table import Position
from bbws.kernel.work import UnitOfWork

READ = "read"
UNLIMITED = "unlimited"
WRITE = "write"


class Wire(BaseModel):
    """Base of every schema on the wire: camelCase, no unknown fields, no silent conversions."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        strict=True,
        frozen=True,
        populate_by_name=True,
        serialize_by_alias=True,
        # Answers always name every field, null where there is nothing to say, and the API documents say so.
        json_schema_serialization_defaults_required=True,
        # A Lambda function builds the schemas of its own call alone; a server builds all of them at its start.
        defer_build=True,
    )


class Query(BaseModel):
    """Base of query and path parameters: everything arrives as text and is converted."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, populate_by_name=True, defer_build=True
    )


class LinkObject(BaseModel, defer_build=True):
    """One HAL link."""

    href: str = Field(description="Path of the target, with the base path of this deployment.")
    method: str | None = Field(default=None, description="HTTP method, where it is not GET.")


class Resource(Wire):
    """Base of every resource in answers: dispatch fills in ``_links``."""

    links: dict[str, LinkObject] = Field(
        default_factory=dict, alias="_links", description="What can be done from here (HAL)."
    )


def _digits(value: object) -> object:
    """A number as it must be written: Pydantic would also take ``1_0``, ``+5``, ``5.0`` and blanks around it."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        msg = "must be a whole number, in decimal digits alone"
        raise ValueError(msg)
    return value


class Paging(Query):
    """Parameters of every list."""

    page_size: Annotated[int, BeforeValidator(_digits)] = Field(
        default=20, ge=1, le=100, description="Resources on a page."
    )
    start_at: str | None = Field(
        default=None,
        max_length=2048,
        description="The `nextToken` of the page before; the other parameters must be the same.",
    )


_SAME_NAMES: Mapping[str, str] = MappingProxyType({})


class Link(NamedTuple):
    """A link offered beside a resource.

    Attributes:
        rel: its name in ``_links``.
        target: the operation id it leads to; its path parameters are taken from the resource by name.
        when: the resource's own state in which it is offered, given the resource as on the wire.
        parameters: path parameter → resource field, where the names differ.
        past: it leads from an earlier state of the resource to the present, and is offered beside such a state alone.

    It is offered only to callers who hold the permission of the target.
    """

    rel: str
    target: str
    when: Callable[[Mapping[str, Any]], bool] | None = None
    parameters: Mapping[str, str] = _SAME_NAMES
    past: bool = False


class Call[P, Q, B](NamedTuple):
    """What a handler is given: the unit of work, the parsed path, query and body, and where a list goes on.

    On a dry run nothing of the unit of work is committed; a handler whose effect lies elsewhere must hold it back.
    """

    work: UnitOfWork
    path: P
    query: Q
    body: B
    start: Position | None = None
    dry_run: bool = False


class Answer(NamedTuple):
    """What a handler answers.

    Attributes:
        body: the response schema's instance, or what makes it when it is needed; None for 204.
        version: the resource's version, for its ETag.
        digest: names the state that the body shows, where nothing else goes into it: a read of the same state by a
            caller with the same permissions need not be rendered twice.
        location: the path of what was created or accepted, without base path.
        headers: further headers.
        past: the body shows an earlier state, from which nothing can be changed.
        queued: the work was too much for one call: the body is the endpoint's ``accepted``, and says where it goes on.
    """

    body: BaseModel | Callable[[], BaseModel] | None = None
    version: int | None = None
    digest: str = ""
    location: str | None = None
    headers: Mapping[str, str] = NO_HEADERS
    past: bool = False
    queued: bool = False


class Listed(NamedTuple):
    """A page of a list: the items as response schema's instances, and the place after which the next page starts."""

    items: Sequence[BaseModel]
    next: Position | None


class Raw(NamedTuple):
    """An answer that is not a resource: a page, metrics, a download."""

    content_type: str
    body: bytes | Iterable[bytes]
    headers: Mapping[str, str] = NO_HEADERS
    status: int = 200


type Handler = Callable[..., Answer | Listed | Raw]


class Endpoint(NamedTuple):
    """One API call.

    Attributes:
        id: OpenAPI operation id, such as ``createProduct``.
        service: the OpenAPI document it belongs to, such as ``product-api``.
        method: upper case.
        path: with ``{parameters}`` as whole segments.
        summary: one line; ``description`` says more.
        handler: called with a :class:`Call` and the ports that its further parameters name.
        cli: group and verb on the command line; None keeps it off.
        permission: what the caller must hold, or one of the words of :mod:`bbws.kernel.actor`.
        path_schema, query_schema, body_schema: what is parsed; None where there is nothing to send.
        response: schema of the success answer; None for 204 and raw answers.
        status: of success.
        content_type: of a raw answer.
        queued: handler of ``Prefer: respond-async``; None where the call cannot run asynchronously.
        accepted: schema of the answer to what was put in line.
        problems: refusals of its own, beside the common ones.
        links: offered beside the resource; ``item_links`` beside each item of a list.
        rate: READ or WRITE, which share of the caller's rate it uses; UNLIMITED for probes.
        blocking: it takes long; a server runs it off its event loop.
        secret_parameters: parameters of the path that no answer repeats, as ``instance`` would.
        secret_fields: fields of the answer never stored for a repeated Idempotency-Key.
        planned_fields: fields of the answer that a plan has too: what would be done beside changes of rows.
        plans_content: whether a plan shows what it changes; False where a caller may be unable to read all of that.
        documented: whether it is part of the published API documents.
        example: example of the body, as on the wire.
        access: the rows that its handlers touch.
    """

    id: str
    service: str
    method: str
    path: str
    summary: str
    handler: Handler
    cli: tuple[str, str] | None = None
    permission: str = ANYONE
    description: str = ""
    path_schema: type[BaseModel] | None = None
    query_schema: type[BaseModel] | None = None
    body_schema: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    status: int = 200
    content_type: str = ""
    queued: Handler | None = None
    accepted: type[BaseModel] | None = None
    problems: tuple[ProblemType, ...] = ()
    links: tuple[Link, ...] = ()
    item_links: tuple[Link, ...] = ()
    rate: str = ""
    blocking: bool = False
    secret_parameters: tuple[str, ...] = ()
    secret_fields: tuple[str, ...] = ()
    planned_fields: tuple[str, ...] = ()
    plans_content: bool = True
    documented: bool = True
    example: Mapping[str, Any] | None = None
    access: Access = NOTHING

    @property
    def mutates(self) -> bool:
        """Whether the call can change anything."""
        return self.method != "GET"

    @property
    def rate_class(self) -> str:
        """READ or WRITE."""
        return self.rate or (WRITE if self.mutates else READ)
