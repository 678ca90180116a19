"""The endpoint of identity: the public keys by which anybody verifies our tokens. Source: tenants, Decision 14."""

from typing import Any

import orjson

from bbws.identity.ports import TokenKeys
from bbws.kernel.endpoint import Call, Endpoint, Raw

SERVICE = "users-api"
# A new key signs at once: whoever keeps the set asks again where it does not know a token's key.
_CACHE = "public, max-age=300"


def _keys(call: Call[Any, Any, Any], token_keys: TokenKeys) -> Raw:
    del call
    return Raw("application/json", orjson.dumps(token_keys.document()), {"cache-control": _CACHE})


ENDPOINTS = (
    Endpoint(
        id="getTokenKeys",
        service=SERVICE,
        method="GET",
        path="/.well-known/jwks.json",
        summary="The public keys of tokens",
        description="A JSON Web Key Set (RFC 7517). A key that was replaced stays in it for a day, as long as a token "
        "of it may live.",
        handler=_keys,
        content_type="application/json",
    ),
)
