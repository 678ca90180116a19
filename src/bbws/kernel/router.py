"""From method and path to endpoint.

A dict lookup per segment, so the cost does not grow with the number of endpoints.
"""

from collections.abc import Iterable

from bbws.kernel.endpoint import Endpoint
from bbws.kernel.http import decode_segment
from bbws.kernel.problem import METHOD_NOT_ALLOWED, NOT_FOUND, Problem

_MAX_PATH = 2048


class _Node:
    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.secret = ""
        self.methods: dict[str, tuple[Endpoint, tuple[str, ...]]] = {}


class Router:
    """A tree of segments. A fixed segment wins over a parameter at the same place."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._root = _Node()
        for endpoint in endpoints:
            self._add(endpoint)

    def _add(self, endpoint: Endpoint) -> None:
        node, names = self._root, []
        for segment in endpoint.path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.parameter = node.parameter or _Node()
                node = node.parameter
                node.secret = segment if names[-1] in endpoint.secret_parameters else node.secret
            else:
                node = node.fixed.setdefault(segment, _Node())
        if endpoint.method in node.methods:
            msg = f"{endpoint.method} {endpoint.path} is declared twice"
            raise ValueError(msg)
        node.methods[endpoint.method] = (endpoint, tuple(names))

    def match(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        """The endpoint and its path parameters.

        Raises:
            Problem: 404 for an unknown path, 405 with ``Allow`` for an unknown method on a known one.
        """
        node, values = self._walk(path)
        found = node.methods.get("GET" if method == "HEAD" else method)
        if found is None:
            allow = ", ".join(allowed(node.methods))
            detail = f"This address knows {allow}."
            raise METHOD_NOT_ALLOWED(detail, headers={"allow": allow})
        endpoint, names = found
        return endpoint, dict(zip(names, values, strict=True))

    def methods(self, path: str) -> list[str]:
        """The methods that a path knows, for ``OPTIONS``.

        Raises:
            Problem: 404 for an unknown path.
        """
        return allowed(self._walk(path)[0].methods)

    def shown(self, path: str) -> str:
        """A path as an answer may repeat it, known or not: names stand in the place of secret parameters."""
        node, shown = self._root, []
        for segment in path.split("/")[1:]:
            node = node.fixed.get(segment, node.parameter) or _Node()
            shown.append(node.secret or segment)
        return "/" + "/".join(shown)

    def _walk(self, path: str) -> tuple[_Node, list[str]]:
        node, values = self._root, []
        if len(path) > _MAX_PATH or path[:1] not in {"/", ""}:
            raise _unknown()
        segments = path[1:].split("/")
        for segment in segments:
            child = node.fixed.get(segment)
            if child is None:
                value = decode_segment(segment)
                child = node.parameter
                if child is None or not value:
                    break
                values.append(value)
            node = child
        else:
            if node.methods:
                return node, values
        raise _unknown()


def _unknown() -> Problem:
    return NOT_FOUND("No such address. The list of calls is at /docs.")


def allowed(methods: Iterable[str]) -> list[str]:
    """What ``Allow`` says of a path with these methods."""
    names = set(methods)
    return sorted(names | {"OPTIONS"} | ({"HEAD"} if "GET" in names else set()))
