"""``_links`` (HAL): what can be done from a resource, by this caller, in the state it is in."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from bbws.kernel.actor import Actor
from bbws.kernel.endpoint import Endpoint, Link
from bbws.kernel.http import Request

type _Href = Callable[[Mapping[str, Any]], str]


class _Offer(NamedTuple):
    """A link with what its target says of it: who may follow it, and how (no method is GET)."""

    rel: str
    permission: str
    when: Callable[[Mapping[str, Any]], bool] | None
    href: _Href
    method: str | None


class Linker:
    """Links compiled once from the endpoint table."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._endpoints = {endpoint.id: endpoint for endpoint in endpoints}
        self._compiled: dict[str, tuple[tuple[_Offer, ...], ...]] = {
            endpoint.id: (
                self._compile(link for link in endpoint.links if not link.past),
                self._compile(endpoint.item_links),
                self._compile(link for link in endpoint.links if not self._endpoints[link.target].mutates),
            )
            for endpoint in self._endpoints.values()
        }

    def _compile(self, links: Iterable[Link]) -> tuple[_Offer, ...]:
        with_targets = ((link, self._endpoints[link.target]) for link in links)
        return tuple(
            _Offer(
                link.rel, target.permission, link.when, _href(link, target), target.method if target.mutates else None
            )
            for link, target in with_targets
        )

    def resource(self, endpoint: Endpoint, actor: Actor, base: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The links beside the endpoint's own answer."""
        return _offered(self._compiled[endpoint.id][0], actor, base, body)

    def item(self, endpoint: Endpoint, actor: Actor, base: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The links beside one item of the endpoint's list."""
        return _offered(self._compiled[endpoint.id][1], actor, base, body)

    def past(self, endpoint: Endpoint, actor: Actor, request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
        """The links beside an earlier state of the endpoint's resource: none that changes anything."""
        links = _offered(self._compiled[endpoint.id][2], actor, request.base_path, body)
        # Without its parameters the address would be that of the present.
        return links | page_links(request.base_path, request.path, request.parameters(), None)


def _offered(offers: tuple[_Offer, ...], actor: Actor, base: str, body: Mapping[str, Any]) -> dict[str, Any]:
    links: dict[str, Any] = {}
    for rel, permission, when, href, method in offers:
        if (when is None or when(body)) and actor.may(permission):
            links[rel] = (
                {"href": base + href(body)} if method is None else {"href": base + href(body), "method": method}
            )
    return links


@lru_cache(maxsize=1024)
def _quoted(value: str) -> str:
    return quote(value, safe="")


def _href(link: Link, target: Endpoint) -> _Href:
    names = [segment[1:-1] for segment in target.path.split("/") if segment.startswith("{")]
    fields = [link.parameters.get(name, name) for name in names]
    template = target.path
    for name in names:
        template = template.replace("{" + name + "}", "%s")
    if len(fields) == 1:
        head, _, tail = template.partition("%s")
        only = fields[0]
        return lambda body: f"{head}{_quoted(str(body[only]))}{tail}"
    if not fields:
        return lambda _body: template
    return lambda body: template % tuple([_quoted(str(body[name])) for name in fields])


def page_links(base: str, path: str, parameters: Mapping[str, str], next_token: str | None) -> dict[str, Any]:
    """``self`` and ``next`` of a list, with the parameters it was asked with."""
    links = {"self": {"href": _with_query(base + path, parameters)}}
    if next_token is not None:
        links["next"] = {"href": _with_query(base + path, {**parameters, "startAt": next_token})}
    return links


def _with_query(path: str, parameters: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path
