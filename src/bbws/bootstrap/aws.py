"""BBWS on AWS: the composition root of functions, and of the commands that speak to an environment.

A function runs one call, one consumer or one daily work, and imports the module that declares it and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache, cached_property, partial
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from bbws.audit.ports import Signer
from bbws.bootstrap.aws_ports import authority, email_key, forget_mail, hasten, mailer, sender, shares, subjects
from bbws.bootstrap.wiring import Catalogue, Documents, bind, bound, invitation_key
from bbws.engines.aws.calls import Transport
from bbws.engines.aws.claims import GatewayClaims
from bbws.engines.aws.engine import AwsEngine
from bbws.engines.aws.limits import GatewayLimits
from bbws.engines.aws.names import CURSOR_KEY, SIGNING_KEY, Names
from bbws.engines.aws.signing import Credentials
from bbws.identity.authentication import PeopleOrKeys
from bbws.kernel.actor import Actor, of_people
from bbws.kernel.clock import Clock, SystemClock
from bbws.kernel.cors import Cors
from bbws.kernel.cursor import Cursors
from bbws.kernel.dispatch import Dispatcher
from bbws.kernel.endpoint import Endpoint
from bbws.kernel.table import Table
from bbws.kernel.work import UnitOfWork
from bbws.keys.authentication import ApiKeys
from bbws.keys.store import lookup_key
from bbws.settings import AwsVariables, Settings, SettingsError
from bbws.stores import STORES

if TYPE_CHECKING:
    from bbws.kernel.reaction import Daily, Reaction, Sweep  # no part of answering a call
    from bbws.platform.ports import Readiness  # the same, but for one

# A function that was killed in a step has its message handed out again after the queue's visibility timeout.
_LEASE = timedelta(seconds=60)


NO_PORTS: Mapping[str, object] = MappingProxyType({})


def _as_it_is[T](given: T) -> T:
    return given


class Ports(Mapping[str, object]):
    """Ports by name, each made when a handler names it."""

    def __init__(self, makers: Mapping[str, Callable[[], object]]) -> None:
        self._makers = {name: cache(maker) for name, maker in makers.items()}

    def __getitem__(self, name: str) -> object:
        """The port of a name."""
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._makers)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._makers)


class Cloud(NamedTuple):
    """One environment on AWS as this process sees it."""

    settings: Settings
    engine: AwsEngine
    table: Table
    clock: Clock
    ports: Ports

    def begin(self, actor: Actor, correlation_id: str) -> UnitOfWork:
        """A unit of work."""
        return UnitOfWork(self.table, self.clock, actor, correlation_id)


def open_cloud(
    settings: Settings,
    variables: AwsVariables | None = None,
    watch: Callable[[Transport], Transport] = _as_it_is,
    clock: Clock | None = None,
    table: Table | None = None,
    ports: Mapping[str, object] = NO_PORTS,
) -> Cloud:
    """The environment that the settings name. Nothing is asked of AWS yet.

    Args:
        settings: which environment, where, under which names.
        variables: AWS's own; None: those of the process.
        watch: put around what sends calls without the SDK.
        clock: the time of changes; None: the machine's.
        table: where rows lie; None: in DynamoDB.
        ports: in place of those of that name.

    Raises:
        SettingsError: a table is named for a store that there is not.
    """
    unknown = sorted(settings.tables.keys() - {store.name for store in STORES})
    if unknown:
        known = ", ".join(store.name for store in STORES)
        raise SettingsError(f"BBWS_TABLES: there is no store {', '.join(unknown)}; there are {known}")
    variables = variables or AwsVariables.read()
    clock = clock or SystemClock()
    engine = AwsEngine(
        names=Names(settings.environment),
        region=settings.region,
        stores=STORES,
        clock=clock,
        credentials=Credentials(variables.access_key, variables.secret_key, variables.token),
        endpoint=variables.endpoint,
        tables=settings.tables,
        bucket=settings.archive_bucket,
        pool=settings.user_pool,
        reactions=_reactions,
        watch=watch,
    )
    table = table or engine.table
    return Cloud(settings, engine, table, clock, _ports(settings, engine, table, clock, ports))


def _reactions() -> "Sequence[Reaction]":
    from bbws.tables import REACTIONS_ON_AWS  # noqa: PLC0415 - only those who look after queues need all of the business

    return REACTIONS_ON_AWS


def _kinds() -> Sequence[Any]:
    from bbws.tables import KINDS  # noqa: PLC0415 - see _reactions

    return KINDS


def _permissions() -> frozenset[str]:
    from bbws.tables import permissions  # noqa: PLC0415 - see _reactions

    return permissions()


class _Signer:
    """The audit domain's Signer. Its secret is read when something is signed, so that a fault there is answered."""

    def __init__(self, engine: AwsEngine) -> None:
        self._engine = engine

    @cached_property
    def _own(self) -> Signer:
        from bbws.audit.signing import Ed25519Signer  # noqa: PLC0415 - none but checkpoints are signed

        return Ed25519Signer(self._engine.secrets.key(SIGNING_KEY))

    @property
    def key_id(self) -> str:
        """The name of the key."""
        return self._own.key_id

    @property
    def public_pem(self) -> bytes:
        """The public key, in PEM."""
        return self._own.public_pem

    def sign(self, root: str) -> str:
        """The signature of a checkpoint's root, hexadecimal."""
        return self._own.sign(root)


def _ports(settings: Settings, engine: AwsEngine, table: Table, clock: Clock, given: Mapping[str, object]) -> Ports:
    def begin(actor: Actor, correlation_id: str) -> UnitOfWork:
        return UnitOfWork(table, clock, actor, correlation_id)

    ports: Ports = Ports(
        {
            "table": lambda: table,
            "clock": lambda: clock,
            "products": lambda: Catalogue(table),
            "archive": lambda: engine.archive,
            "queues": lambda: engine.queues,
            "signer": lambda: _Signer(engine),
            "begin": lambda: begin,
            "kinds": _kinds,
            "subjects": lambda: subjects(table),
            "lease": lambda: _LEASE,
            "meter": lambda: engine.meter,
            "environment": lambda: settings.environment,
            "permissions": _permissions,
            "health": lambda: _Health(table, settings.region),
            "documents": Documents,
            "email_key": lambda: email_key(engine),
            "sender": sender,
            "shares": lambda: shares(table),
            "hasten": lambda: hasten(engine, ports),
            "invitation_key": lambda: partial(invitation_key, email_key(engine)),
            "mailer": lambda: mailer(settings, engine),
            "forget_mail": forget_mail,
            "public_url": lambda: settings.people_url,
            "directory": lambda: engine.directory,
        }
        | {name: partial(_as_it_is, port) for name, port in given.items()}
    )
    return ports


class _Health:
    def __init__(self, table: Table, region: str) -> None:
        self._table = table
        self._region = region

    def readiness(self) -> "Readiness":
        """That the store answers; how far feed and queues are behind is CloudWatch's to say, and its alarms'."""
        from bbws.platform.ports import Readiness  # noqa: PLC0415 - see _reactions

        self._table.get(lookup_key("ready"))
        return Readiness(ready=True, details={"region": self._region})


def dispatcher(cloud: Cloud, runs: str) -> Dispatcher:
    """What answers the call that ``runs`` names (``module:operation``).

    Raises:
        SettingsError: there is no such call.
    """
    module, name = _named(runs)
    endpoints: Sequence[Endpoint] = module.ENDPOINTS
    if name not in {endpoint.id for endpoint in endpoints}:
        raise SettingsError(f"BBWS_RUNS: there is no call {runs}")
    endpoint = next(endpoint for endpoint in endpoints if endpoint.id == name)
    # Those that it links to are declared with it, but nobody calls them here.
    own = [bound(endpoint, cloud.ports) if endpoint.id == name else endpoint for endpoint in endpoints]
    return Dispatcher.over(
        own,
        table=cloud.table,
        clock=cloud.clock,
        authenticator=_authenticator(cloud, endpoint.permission),
        authority=authority(cloud.table, endpoint.permission),
        cursors=Cursors(lambda: cloud.engine.secrets.key(CURSOR_KEY), cloud.clock),
        limiter=GatewayLimits(),
        cors=Cors(cloud.settings.cors_origins),
        queued_by_default=cloud.settings.write_mode == "queued",
    )


def _authenticator(cloud: Cloud, permission: str) -> PeopleOrKeys:
    """Only calls for people get claims from the gateway, and may ask the pool."""
    directory = cloud.engine.directory if cloud.settings.user_pool and of_people(permission) else None
    keys = ApiKeys(cloud.table, cloud.clock)
    return PeopleOrKeys(GatewayClaims(), keys, cloud.begin, email_key(cloud.engine), directory)


def worker(cloud: Cloud, runs: str) -> "Reaction | Daily | Sweep":
    """The consumer, daily work or sweep that ``runs`` names (``module:name``), with its ports.

    Raises:
        SettingsError: there is none.
    """
    module, name = _named(runs)
    kinds = ("REACTIONS", "DAILY", "SWEEPS")
    declared: Sequence[Any] = [each for kind in kinds for each in getattr(module, kind, ())]
    for each in declared:
        if each.name == name:
            found: Reaction | Daily | Sweep = replace(each, handler=bind(each.handler, cloud.ports))
            return found
    raise SettingsError(f"BBWS_RUNS: there is no consumer, no daily work and no sweep {runs}")


def _named(runs: str) -> tuple[Any, str]:
    module, _, name = runs.partition(":")
    if not module.startswith("bbws.") or not name:
        raise SettingsError(f"BBWS_RUNS: {runs!r} is not a module and a name, as in infra/terraform/manifest.json")
    return import_module(module), name
