"""That a person can be forgotten, proven: no byte that a server keeps or says holds the address or the name again."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bbws.engines.embedded.identity import LocalTokens
from bbws.engines.embedded.schema import DATABASE_FILE
from tests import builders
from tests.builders import Server
from tests.identity.world import HOUR
from tests.server.support import Answer, call
from tests.tenants.world import ACME, TENANTS, WHY, tenant_path

EMAIL, NAME = "Zanele.Vergeet-My@sleutelwoord.example", "Zanele Onthou Nooit"
OTHER = "Thandi.Bly-Hier@sleutelwoord.example"
# Parts by which either would be recognised, in whatever case.
TRACES = ("zanele", "vergeet-my", "onthou nooit", "onthou")


@dataclass(frozen=True)
class Place:
    """A server process, and people by name."""

    server: Server

    def ask(self, who: str, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """A call of somebody's."""
        told: Mapping[str, str] = {"ann": EMAIL, "ben": OTHER}
        said = {"email": told[who], "name": NAME if who == "ann" else "Thandi"} if who in told else {}
        token = LocalTokens(self.server.data_dir, "local").issue(who, HOUR, admin=who == "boss", **said)
        sent = {name.replace("_", "-"): value for name, value in headers.items()} | {"authorization": f"Bearer {token}"}
        return call(self.server, method, path, body, headers=sent, key=False)

    def waits_for_nothing(self) -> None:
        """Wait until every consumer has done what follows."""
        busy = True
        while busy:
            health = call(self.server, "GET", "/health").json["details"]
            queues = health["queues"].values()
            busy = health["feedWaiting"] or any(queue["waiting"] or queue["inFlight"] for queue in queues)

    def traces(self) -> dict[str, set[str]]:
        """Where anything of the person is: bytes of all files of the data folder, and what was logged."""
        places = {str(path): path.read_bytes() for path in self.server.data_dir.rglob("*") if path.is_file()}
        places["log"] = self.server.logged().encode()
        found = {place: _found(content) for place, content in places.items()}
        return {place: words for place, words in found.items() if words}


def _found(content: bytes) -> set[str]:
    """Which traces bytes hold, in any of the ways that text is written."""
    lower = content.lower()
    found = {word for word in TRACES for written in _written(word) if written.lower() in lower}
    # Of a text that is packed in base64 every third beginning is looked for, as it stands.
    return found | {text for text in (EMAIL, NAME) for each in range(3) if _packed(text, each) in content}


def _written(word: str) -> Iterator[bytes]:
    yield word.encode()
    yield word.encode("utf-16-le")
    yield quote(word).encode()
    yield json.dumps(word).strip('"').encode()
    yield word.encode().hex().encode()


def _packed(text: str, offset: int) -> bytes:
    packed = base64.b64encode(b"\0" * offset + text.encode())
    return packed[4 if offset else 0 : len(packed) - 4]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with builders.server(tmp_path / "data", environment={"BBWS_LOG_LEVEL": "DEBUG"}) as server:
        yield Place(server)


def _live(place: Place) -> dict[str, Any]:
    """What a person does, and what is done to them; some of it refused."""
    made = place.ask("ann", "POST", TENANTS, {**ACME, "contactEmail": EMAIL}, idempotency_key="founded-1")
    assert made.status == 201, made.body
    tenant: dict[str, Any] = made.json
    assert place.ask("boss", "PATCH", tenant_path(tenant, "status"), {"status": "ACTIVE", **WHY}).status == 200
    assert place.ask("ben", "GET", TENANTS).status == 200
    assert place.ask("ann", "POST", tenant_path(tenant, "users"), {"email": OTHER, "role": "Admin"}).status == 201
    users, keys = tenant_path(tenant, "users"), {"idempotency_key": "added-1"}
    assert place.ask("ben", "POST", users, {"email": EMAIL, "role": "Admin"}, **keys).status == 409
    assert place.ask("ben", "POST", users, {"email": f"x{EMAIL}", "role": "Admin"}).status == 404
    assert place.ask("ben", "POST", users, {"email": NAME, "role": "Admin"}).status == 400
    assert place.ask("ben", "PUT", f"{users}/user-ann", {"role": "Operator"}).status == 200
    assert place.ask("boss", "POST", f"/v1.0/audit/checkpoints?who={EMAIL}").status == 400
    changed = place.ask("ann", "POST", TENANTS, {**ACME, "organizationName": "Other", "contactEmail": EMAIL.upper()})
    assert changed.status == 201
    return tenant


def test_nothing_of_a_person_who_was_erased_is_anywhere(place: Place) -> None:
    tenant = _live(place)
    shown = place.ask("ben", "GET", tenant_path(tenant, "users", "user-ann")).json
    assert (shown["email"].lower(), shown["name"]) == (EMAIL.lower(), NAME)
    assert place.traces(), "there must be something to forget"
    assert place.ask("boss", "DELETE", "/v1.0/users/user-ann").status == 204
    assert place.ask("boss", "DELETE", "/v1.0/users/user-ann").status == 204
    assert place.ask("ann", "GET", TENANTS).status == 401
    assert place.ask("boss", "POST", "/v1.0/audit/checkpoints").status == 201
    assert place.ask("ben", "GET", tenant_path(tenant)).json["contactEmail"] is None
    place.waits_for_nothing()
    assert place.ask("ben", "GET", tenant_path(tenant, "users", "user-ann")).status == 404
    assert place.traces() == {}
    place.server.stop()
    assert place.traces() == {}
    assert list((place.server.data_dir / "archive").rglob("*.json*")) != []


def test_nothing_but_the_database_ever_holds_it(place: Place) -> None:
    _live(place)
    assert place.ask("boss", "POST", "/v1.0/audit/checkpoints").status == 201
    place.server.stop()
    assert place.traces().keys() == {str(place.server.data_dir / DATABASE_FILE)}


def test_and_the_others_are_remembered(place: Place) -> None:
    tenant = _live(place)
    assert place.ask("boss", "DELETE", "/v1.0/users/user-ann").status == 204
    shown = place.ask("ben", "GET", tenant_path(tenant, "users", "user-ben")).json
    assert shown["email"].lower() == OTHER.lower()
