"""What tenants cost: a page of many, deciding about a caller, and fifty who sign up at once."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.actor import Actor, ActorKind
from bbws.kernel.endpoint import Endpoint
from bbws.kernel.table import Row
from bbws.tables import ENDPOINTS
from bbws.tenants import events
from bbws.tenants.access import Roles
from bbws.tenants.members.model import Membership
from bbws.tenants.members.store import MEMBERSHIP
from bbws.tenants.model import Environment, Status, Tenant
from bbws.tenants.permissions import Role
from bbws.tenants.store import BASE, TENANT
from bench.fill import created, made
from bench.hierarchy import FOUNDED
from bench.measure import Figures, interleaved, microseconds, ratio, times, us
from bench.options import Options
from bench.report import Finding, Section, Table
from tests import builders
from tests.builders import Client

_PAGE, _MOST = 20, 2.0
_FEW, _MANY = 1_000, 100_000
_SIGN_UPS = 50
_ORDERS = ("", "&sortBy=organizationName", "&status=ACTIVE", "&status=ACTIVE&environment=prod&sortOrder=asc")
_PERSON = Actor("user-bench", ActorKind.PERSON)


def run(options: Options) -> Section:
    section = Section("Tenants and who belongs to them")
    lists, deciding = _measured(options)
    worst = max(_ORDERS, key=lambda order: ratio(lists[_name(order, _MANY)], lists[_name(order, _FEW)]))
    grown = ratio(lists[_name(worst, _MANY)], lists[_name(worst, _FEW)])
    section.findings += [
        Finding(
            f"first page of {_PAGE} of {_MANY:,} tenants, every order and filter",
            f"≤ {_MOST:.0f} × of {_FEW:,}",
            us(max(median(lists[_name(order, _MANY)]) for order in _ORDERS)),
            f"at worst {times(grown)}",
            grown <= _MOST,
        ),
        Finding("deciding about a caller in a tenant", "–", us(median(deciding["own"])), "two rows by key", None),
        _sign_ups(),
    ]
    rows = [(name, us(median(of))) for name, of in (lists | deciding).items()]
    section.tables.append(Table(("", "median"), rows))
    section.notes.append(
        "Processor time of the shipped dispatcher, or of the authority alone, over the embedded engine in this "
        "process, median of rounds that took turns. Signing up is the time until all were answered, over one data "
        "folder that is not synced to disk."
    )
    return section


def _name(order: str, count: int) -> str:
    return f"list{order or ', newest first'} of {count:,}"


def _measured(options: Options) -> tuple[Figures, Figures]:
    rounds, calls = (5, 5) if options.quick else (15, 20)
    lists, deciding = {}, {}
    with ExitStack() as stack:
        for count in (_FEW, _MANY):
            data_dir = made(options.data, f"tenants-{count}", _filling(count))
            client = stack.enter_context(builders.client(data_dir, start=False))
            token = client.token("boss")
            for order in _ORDERS:
                lists[_name(order, count)] = microseconds(
                    _lister(client, f"{BASE}?pageSize={_PAGE}{order}", token), calls
                )
            if count == _MANY:
                deciding["own"] = microseconds(_decider(client, _PERSON), calls)
        return interleaved(lists, rounds), interleaved(deciding, rounds)


def _lister(client: Client, target: str, token: str) -> Callable[[], object]:
    assert len(client.call("GET", target, token=token).json["items"]) == _PAGE
    return lambda: client.call("GET", target, token=token)


def _decider(client: Client, person: Actor) -> Callable[[], object]:
    roles, path = Roles(client.app.engine.table), {"tenantId": _id(0)}
    endpoint: Endpoint = next(each for each in ENDPOINTS if each.id == "listUsers")
    assert roles.within(person, endpoint, path).may(endpoint.permission)
    return lambda: roles.within(person, endpoint, path)


def _sign_ups() -> Finding:
    with TemporaryDirectory() as folder, builders.client(Path(folder) / "data") as client:
        tokens = [client.token(f"p{n}", admin=False, email=f"p{n}@example.com") for n in range(_SIGN_UPS)]

        def sign_up(number: int) -> int:
            said = {
                "organizationName": f"Shop {number}",
                "contactEmail": f"p{number}@example.com",
                "environment": "dev",
            }
            return client.call("POST", BASE, said, token=tokens[number]).status

        begun = perf_counter()
        with ThreadPoolExecutor(_SIGN_UPS) as pool:
            statuses = set(pool.map(sign_up, range(_SIGN_UPS)))
        taken = perf_counter() - begun
    assert statuses == {201}, statuses
    return Finding(f"{_SIGN_UPS} sign-ups at once", "–", f"{taken * 1000:,.0f} ms", "all of them 201", None)


def _filling(count: int) -> Callable[[EmbeddedEngine], Iterable[Row]]:
    def rows(engine: EmbeddedEngine) -> Iterable[Row]:
        return chain(
            created(engine, TENANT, _tenants(count), events.CREATED),
            created(engine, MEMBERSHIP, [_membership()], events.ASSIGNED),
        )

    return rows


def _id(number: int) -> str:
    return f"tenant-00000000-0000-4000-8000-{number:012x}"


def _membership() -> Membership:
    return Membership(_id(0), _PERSON.subject, "customer-0", Role.OPERATOR, {}, FOUNDED, "system-bench")


def _tenants(count: int) -> Iterator[Tenant]:
    environments, statuses = list(Environment), [Status.ACTIVE, Status.ACTIVE, Status.PARKED, Status.DEPROVISIONED]
    for number in range(count):
        yield Tenant(
            _id(number),
            f"customer-{number}",
            f"Shop number {number * 7919 % count}",
            "contact-0123456789ABCDEF",
            environments[number % 3],
            statuses[number % 4],
            None,
            None,
            None,
            {},
            FOUNDED,
            "system-bench",
            FOUNDED,
            "system-bench",
            {},
        )
