"""Cross-origin requests from the origins that the settings name; none by default. Source: design §4."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bbws.kernel.http import Request, Response

_ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, X-Api-Key"
_EXPOSED_HEADERS = "ETag, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"


class Cors(NamedTuple):
    """Which origins a browser may call from; ``*`` is every one."""

    origins: frozenset[str] = frozenset()

    def headers(self, request: Request) -> Mapping[str, str]:
        """What an answer to this request adds."""
        origin = request.headers.get("origin")
        if origin is None or not (origin in self.origins or "*" in self.origins):
            return {}
        return {"access-control-allow-origin": origin, "access-control-expose-headers": _EXPOSED_HEADERS}

    def preflight(self, request: Request, methods: Sequence[str]) -> Response:
        """The answer to ``OPTIONS``: what the address knows, and what a browser may send there."""
        names = ", ".join(methods)
        headers = {"allow": names} | dict(self.headers(request))
        if "access-control-request-method" in request.headers and "access-control-allow-origin" in headers:
            headers |= {
                "access-control-allow-methods": names,
                "access-control-allow-headers": _ALLOWED_HEADERS,
                "access-control-max-age": "600",
            }
        return Response(200, headers)
