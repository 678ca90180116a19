"""Rate limits on AWS: API Gateway's usage plans count and refuse before a function is called (design §4)."""

from collections.abc import Mapping

from bbws.kernel.http import NO_HEADERS


class GatewayLimits:
    """The kernel's Limiter where the gateway has limited already."""

    def take(self, caller: str, share: str, limit: int) -> Mapping[str, str]:
        """Nothing: a function sees but a part of a caller's requests."""
        del caller, share, limit
        return NO_HEADERS
