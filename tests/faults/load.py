"""Clients that write without pause through every death of the server, and remember what was acknowledged."""

import http.client
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson

from tests.builders import SAMPLE
from tests.faults.supervision import SECONDS

PRODUCTS = "/v1.0/products"
QUEUED = {"prefer": "respond-async"}
_PAUSE = 0.05
_ACKNOWLEDGED = frozenset({200, 201, 202})


@dataclass(frozen=True, slots=True, eq=False)
class Address:
    """Where the server of one life is, and the key that opens it. Another life is another, even on the same port."""

    host: str
    port: int
    key: str

    @classmethod
    def of(cls, url: str, key: str) -> "Address":
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        return cls(parts.hostname, parts.port, key)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=SECONDS)


def call(
    connection: http.client.HTTPConnection,
    key: str,
    method: str,
    path: str,
    *,
    json: object = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """One request; status and body."""
    body = None if json is None else orjson.dumps(json)
    sent = {"x-api-key": key, "content-type": "application/json"} if json is not None else {"x-api-key": key}
    connection.request(method, path, body, sent | dict(headers or {}))
    response = connection.getresponse()
    return response.status, response.read()


class Target:
    """What all clients aim at; they wait while there is nothing."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._address: Address | None = None
        self.ending = False

    def pause(self) -> None:
        """Breathe between two requests: the series is about many deaths, not about many products."""
        with self._condition:
            self._condition.wait(_PAUSE)

    def set(self, address: Address | None) -> None:
        """Aim there, or wait."""
        with self._condition:
            self._address = address
            self._condition.notify_all()

    def get(self, gone: Address | None) -> Address:
        """The address, once there is another than ``gone``."""
        with self._condition:
            # Identity: the next server may well listen where the last one did.
            found = self._condition.wait_for(lambda: self._address is not None and self._address is not gone, SECONDS)
            assert found, "no server came back"
            assert self._address is not None
            return self._address


class Client(threading.Thread):
    """Sends requests one after the other; at the end it goes on until nothing is left unacknowledged."""

    def __init__(self, name: str, target: Target) -> None:
        super().__init__(name=name, daemon=True)
        self.surprises: list[str] = []
        self._target = target

    def run(self) -> None:
        """Follow the server from life to life."""
        gone: Address | None = None
        try:
            while not (self._target.ending and self.idle()):
                gone = self._speak_with(self._target.get(gone))
        except AssertionError as error:
            self.surprises.append(str(error))

    def _speak_with(self, address: Address) -> Address | None:
        """Send requests until the server is gone (then its address) or the work is done."""
        with ExitStack() as stack:
            connection = address.connect()
            stack.callback(connection.close)
            try:
                while not (self._target.ending and self.idle()):
                    self.send(connection, address.key)
                    self._target.pause()
            except (OSError, http.client.HTTPException):
                self.lost()
                return address
        return None

    def surprised(self, status: int, body: bytes) -> None:
        """Note an answer that nobody should get. A server that stops may say 503."""
        if status != http.HTTPStatus.SERVICE_UNAVAILABLE:
            self.surprises.append(f"{self.name}: {status} {body[:300]!r}")

    def send(self, connection: http.client.HTTPConnection, key: str) -> None:
        raise NotImplementedError

    def lost(self) -> None:
        """The last request was not answered."""

    def idle(self) -> bool:
        """Whether nothing waits for its acknowledgement."""
        return True


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What a client was promised."""

    product_id: str
    operation_id: str | None


class Creator(Client):
    """Creates one product after the other, each with an Idempotency-Key, and repeats what was not answered."""

    def __init__(self, name: str, target: Target, headers: Mapping[str, str]) -> None:
        super().__init__(name, target)
        self.acknowledged: dict[str, Acknowledged] = {}
        self._headers = headers
        self._pending = True

    def idle(self) -> bool:
        return not self._pending

    def send(self, connection: http.client.HTTPConnection, key: str) -> None:
        name = f"{self.name} {len(self.acknowledged)}"
        self._pending = True
        status, body = call(
            connection,
            key,
            "POST",
            PRODUCTS,
            json={**SAMPLE, "name": name},
            headers={"idempotency-key": name, **self._headers},
        )
        if status not in _ACKNOWLEDGED:
            self.surprised(status, body)
            return
        answer = orjson.loads(body)
        self.acknowledged[name] = Acknowledged(answer["productId"], answer.get("operationId"))
        self._pending = False


class Updater(Client):
    """Changes one product again and again. What was not answered is not repeated: it may have happened."""

    def __init__(self, name: str, target: Target, headers: Mapping[str, str]) -> None:
        super().__init__(name, target)
        self.product_id: str | None = None
        self.sent = 0
        self.acknowledged: dict[str, Acknowledged] = {}
        self._headers = headers

    def idle(self) -> bool:
        return bool(self.acknowledged)

    def send(self, connection: http.client.HTTPConnection, key: str) -> None:
        if self.product_id is None:
            self._create(connection, key)
            return
        text = f"{self.name} {self.sent}"
        self.sent += 1
        path = f"{PRODUCTS}/{self.product_id}"
        status, body = call(connection, key, "PUT", path, json={"description": text}, headers=self._headers)
        if status in _ACKNOWLEDGED:
            self.acknowledged[text] = Acknowledged(self.product_id, orjson.loads(body).get("operationId"))
        else:
            self.surprised(status, body)

    def _create(self, connection: http.client.HTTPConnection, key: str) -> None:
        headers = {"idempotency-key": f"product of {self.name}"}
        status, body = call(connection, key, "POST", PRODUCTS, json={**SAMPLE, "name": self.name}, headers=headers)
        if status in _ACKNOWLEDGED:
            self.product_id = orjson.loads(body)["productId"]
        else:
            self.surprised(status, body)


class Saver(Client):
    """Downloads one backup after the other."""

    def __init__(self, target: Target) -> None:
        super().__init__("saver", target)
        self.saved = 0

    def idle(self) -> bool:
        return self.saved > 0

    def send(self, connection: http.client.HTTPConnection, key: str) -> None:
        status, body = call(connection, key, "GET", "/v1.0/backup")
        if status in _ACKNOWLEDGED:
            self.saved += 1
        else:
            self.surprised(status, body)


@dataclass(slots=True)
class Load:
    """The clients of one series."""

    target: Target = field(default_factory=Target)
    creators: list[Creator] = field(default_factory=list)
    updaters: list[Updater] = field(default_factory=list)
    others: list[Client] = field(default_factory=list)

    @classmethod
    def started(cls, *, saves: bool = False) -> "Load":
        """Clients that write at once and through the queue."""
        load = cls()
        load.creators = [Creator("direct", load.target, {}), Creator("queued", load.target, QUEUED)]
        load.updaters = [Updater("changes", load.target, {}), Updater("requests", load.target, QUEUED)]
        load.others = [Saver(load.target)] if saves else []
        for client in load.clients():
            client.start()
        return load

    def clients(self) -> list[Client]:
        return [*self.creators, *self.updaters, *self.others]

    def finish(self) -> None:
        """Wait until everything that was ever sent with a key is acknowledged."""
        self.target.ending = True
        for client in self.clients():
            client.join(SECONDS)
            assert not client.is_alive(), f"{client.name} waits for ever"
        assert [surprise for client in self.clients() for surprise in client.surprises] == []
