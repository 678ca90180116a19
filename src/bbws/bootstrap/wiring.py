"""What every composition root does alike: give handlers their ports, and describe the API."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bbws.kernel.clock import rfc3339
from bbws.kernel.endpoint import Endpoint
from bbws.kernel.history import as_of
from bbws.kernel.problem import COMMON, ProblemType
from bbws.kernel.table import Table
from bbws.marketing.ports import Sold
from bbws.platform.model import BEFORE_DISPATCH
from bbws.products.store import PRODUCT, product_key
from bbws.settings import SettingsError

# What callers of handlers give by name.
_GIVEN = frozenset({"messages"})


def bind[F: Callable[..., Any]](function: F, ports: Mapping[str, object]) -> Callable[..., Any]:
    """``function`` with the ports that its parameters name.

    Raises:
        LookupError: it names one that there is not.
    """
    parameters = inspect.signature(function).parameters
    names = parameters.keys() & ports.keys()
    for each in parameters.values():
        if each.kind is each.KEYWORD_ONLY and each.default is each.empty and each.name not in names | _GIVEN:
            msg = f"there is no port {each.name}, which {function} asks for"
            raise LookupError(msg)
    return partial(function, **{name: ports[name] for name in names}) if names else function


def bound(endpoint: Endpoint, ports: Mapping[str, object]) -> Endpoint:
    """The endpoint with the ports that its handlers name."""
    queued = None if endpoint.queued is None else bind(endpoint.queued, ports)
    return endpoint._replace(handler=bind(endpoint.handler, ports), queued=queued)


def build_schemas(endpoints: Sequence[Endpoint]) -> None:
    """Build the schemas that were deferred, before several threads meet them."""
    for endpoint in endpoints:
        schemas = (endpoint.path_schema, endpoint.query_schema, endpoint.body_schema, endpoint.response)
        for schema in filter(None, (*schemas, endpoint.accepted)):
            schema.model_rebuild()


def invitation_key(email_key: Callable[[], bytes]) -> bytes:
    """The key of invitations' tokens: made from another, so that no deployment needs one more secret."""
    from bbws.tenants.invitations.model import key_of  # noqa: PLC0415 - see Documents

    return key_of(email_key())


class Catalogue:
    """The marketing domain's Products: the products domain, read from the same table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, product_id: str, at: datetime | None = None) -> Sold | None:
        """The product as it was at a time, or as it is now; None where there was none."""
        key = product_key(product_id)
        row = self._table.get(key)
        if row is None:
            return None
        product = PRODUCT.stored(row).value
        if at is not None and rfc3339(at) < row.changed_at:
            change = as_of(self._table, key, row.version, rfc3339(at))
            if change is None:
                return None
            product = PRODUCT.load(change.after)
        return Sold(product.price, product.currency, product.active)


class Documents:
    """The platform's Documents. What it describes is imported when it is asked: a function for one call never is."""

    @staticmethod
    @cache
    def openapi() -> Mapping[str, Any]:
        """The merged OpenAPI document."""
        from bbws.platform import openapi  # noqa: PLC0415 - see the class
        from bbws.tables import ENDPOINTS  # noqa: PLC0415 - see the class

        return openapi.merged(ENDPOINTS, version=version("bbws"))

    @staticmethod
    def problems() -> Sequence[ProblemType]:
        """Every problem that any call can answer."""
        from bbws.tables import ENDPOINTS  # noqa: PLC0415 - see the class

        own = (problem for endpoint in ENDPOINTS for problem in endpoint.problems)
        return tuple(dict.fromkeys((*COMMON, *BEFORE_DISPATCH, *own)))


@cache
def openapi_documents() -> dict[str, dict[str, Any]]:
    """The OpenAPI document of each service."""
    from bbws.platform import openapi  # noqa: PLC0415 - see Documents
    from bbws.tables import ENDPOINTS  # noqa: PLC0415 - see Documents

    return openapi.documents(ENDPOINTS, version=version("bbws"))


def trusted_key(path: Path) -> bytes:
    """The public key in a file, for a verification to trust.

    Raises:
        FileNotFoundError: there is no such file.
        SettingsError: it is no Ed25519 public key.
    """
    from bbws.audit.signing import Verifier  # noqa: PLC0415 - see Documents

    pem = path.read_bytes()
    try:
        Verifier().add(pem)
    except ValueError as error:
        raise SettingsError(f"{path} is not an Ed25519 public key in PEM, as those in an archive are") from error
    return pem
