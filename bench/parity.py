"""Whether a peer answers what BBWS answers: statuses, members, values and links of all five calls."""

from typing import Any

from bench.events import CHANGE, PRODUCT
from bench.subjects import BASE, Reply, Subject

_VARIES = ("productId", "createdAt", "updatedAt", "nextToken")


def answers(subject: Subject) -> dict[str, Any]:
    """What a subject answers to a journey through all five calls, without what differs from run to run."""
    first, second = subject.create(), subject.create()
    one = f"{BASE}/{first}"
    calls = {
        "create": ("POST", BASE, PRODUCT),
        "get": ("GET", one, None),
        "list": ("GET", f"{BASE}?pageSize=2", None),
        "first page": ("GET", f"{BASE}?pageSize=1", None),
        "update": ("PUT", one, CHANGE),
        "delete": ("DELETE", f"{BASE}/{second}", None),
        "delete again": ("DELETE", f"{BASE}/{second}", None),
        "change an inactive one": ("PUT", f"{BASE}/{second}", CHANGE),
        "restore": ("PUT", f"{BASE}/{second}", {"active": True}),
        "get an unknown one": ("GET", f"{BASE}/PROD-NOTFOUND", None),
        "get by a malformed id": ("GET", f"{BASE}/nonsense", None),
        "create without a price": ("POST", BASE, PRODUCT | {"price": "free"}),
        "create with an unknown field": ("POST", BASE, PRODUCT | {"colour": "red"}),
        "list too much": ("GET", f"{BASE}?pageSize=101", None),
    }
    return {name: _comparable(subject.call(*call)) for name, call in calls.items()}


def differences(subject: Subject, reference: Subject) -> list[str]:
    """Each call that ``subject`` answers otherwise than ``reference``, with both answers."""
    mine, theirs = answers(subject), answers(reference)
    return [f"{name}: {mine[name]} instead of {theirs[name]}" for name in theirs if mine[name] != theirs[name]]


def _comparable(reply: Reply) -> dict[str, Any]:
    """An answer without ids, times and cursors; of a refusal the status alone, since its wording is each one's own."""
    if reply.status >= 400:
        return {"status": reply.status}
    location = reply.headers.get("location", "").rpartition("/")[0]
    return {"status": reply.status, "location": location, "json": _plain(reply.json)}


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if not isinstance(value, dict):
        return value
    plain = {name: _plain(member) for name, member in value.items() if name not in _VARIES and name != "_links"}
    plain |= {name: type(value[name]).__name__ for name in _VARIES if name in value}
    links = value.get("_links", {})
    plain |= {"_links": {rel: _link(link, value) for rel, link in links.items()}} if "_links" in value else {}
    return plain


def _link(link: dict[str, Any], of: dict[str, Any]) -> tuple[str, str]:
    href = link["href"].replace(of.get("productId", "{id}"), "{id}")
    return link.get("method") or "GET", href.partition("?")[0]
