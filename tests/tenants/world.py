"""Organisations and their people, for tests of tenants."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bbws.kernel.canonical import sha256
from bbws.kernel.table import Replace
from bbws.tenants.model import Status
from bbws.tenants.store import TENANT, tenant_key
from tests import builders
from tests.builders import Client, Reply

TENANTS = "/v1.0/tenants"
ACME: Mapping[str, Any] = {"organizationName": "Acme", "contactEmail": "office@acme.example", "environment": "dev"}
WHY = {"reason": "Because the test says so"}


def tenant_path(tenant: Mapping[str, Any], *further: str) -> str:
    """Where something of a tenant is."""
    return "/".join((TENANTS, tenant["tenantId"], *further))


@dataclass(frozen=True, slots=True)
class World:
    """BBWS and people: the address of ``ann`` is ann@example.com, her id user-ann, or what ``subjects`` says."""

    client: Client
    subjects: dict[str, str] = field(default_factory=dict)

    def token(self, name: str) -> str:
        """Somebody's token; ``boss`` has the platform role."""
        said = {"email": f"{name}@example.com", "name": name.capitalize()}
        return self.client.token(self.subjects.get(name, name), admin=name == "boss", **said)

    def ask(self, who: str, method: str, target: str, json: Any = None, **headers: str) -> Reply:
        """A call of somebody's. Headers are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.call(method, target, json, token=self.token(who), headers=sent)

    def found(self, who: str, **fields: Any) -> dict[str, Any]:
        """A tenant that somebody founds."""
        reply = self.ask(who, "POST", TENANTS, {**ACME, **fields})
        assert reply.status == 201, reply.body
        document: dict[str, Any] = reply.json
        return document

    def active(self, who: str, **fields: Any) -> dict[str, Any]:
        """A tenant of somebody's that is ready."""
        tenant = self.found(who, **fields)
        return self.moved(who, tenant, "ACTIVE")

    def moved(self, who: str, tenant: Mapping[str, Any], status: str) -> dict[str, Any]:
        """A tenant in another status."""
        reply = self.ask(who, "PATCH", tenant_path(tenant, "status"), {"status": status, **WHY})
        if reply.status == 202:
            reply = self.ask(who, "GET", tenant_path(tenant))
        assert reply.status == 200, reply.body
        document: dict[str, Any] = reply.json
        assert document["status"] == status
        return document

    def set_status_of_row(self, tenant: Mapping[str, Any], status: str) -> None:
        """A tenant in a status to which no call leads from where it stands, with those who belong to it."""
        table = self.client.app.engine.table
        row = table.get(tenant_key(tenant["tenantId"]))
        assert row is not None
        moved = TENANT.stored(row).value._replace(status=Status(status))
        indexes = TENANT.indexes(moved)
        table.commit(
            [
                Replace(
                    row._replace(
                        document=TENANT.dump(moved),
                        version=row.version + 1,
                        indexes=indexes,
                        digest=sha256(f"{status} {row.key.partition}".encode()),
                    ),
                    row.version,
                )
            ]
        )

    def known(self, *names: str) -> None:
        """People who have signed in."""
        for name in names:
            assert self.ask(name, "GET", TENANTS).status == 200

    def join(self, tenant: Mapping[str, Any], name: str, role: str, by: str = "boss") -> Reply:
        """Somebody who has signed in gets a role."""
        self.known(name)
        return self.ask(by, "POST", tenant_path(tenant, "users"), {"email": f"{name}@example.com", "role": role})


class Unlimited:
    """A Limiter that lets a test ask as fast as it can."""

    def take(self, caller: str, share: str, limit: int) -> Mapping[str, str]:
        assert caller
        assert limit > 0
        return {"ratelimit": share}


@contextmanager
def opened(folder: Path, **further: Any) -> Iterator[World]:
    """A new world, in which nobody asks too often."""
    with builders.client(folder / "data", **{"start": False, **further}) as client:
        dispatcher = client.app.dispatcher._replace(limiter=Unlimited())
        yield World(replace(client, app=replace(client.app, dispatcher=dispatcher)))
