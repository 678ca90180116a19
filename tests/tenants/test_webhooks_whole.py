"""From a request to a receiver that verifies the signature: the shipped composition, over real connections."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from standardwebhooks import Webhook as Verifier

from tests.tenants.world import opened, tenant_path

WAIT = 60


class Taken(NamedTuple):
    """A call as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@contextmanager
def receiving(hang: threading.Event | None = None) -> Iterator[tuple[str, "queue.Queue[Taken]"]]:
    """A receiver's address, and what it takes. ``hang``: it answers nothing before that."""
    taken: queue.Queue[Taken] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            taken.put(Taken(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if hang is not None:
                hang.wait(WAIT)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *_arguments: Any) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/in", taken
        server.shutdown()
        thread.join(WAIT)


def test_a_receiver_is_told_and_can_verify_it(tmp_path: Path) -> None:
    with receiving() as (url, taken), opened(tmp_path, start=True, webhook_loopback=True) as world:
        tenant = world.active("ann")
        target = tenant_path(tenant, "webhooks")
        webhook = world.ask("ann", "POST", target, {"url": url, "events": ["tenant.updated"]}).json
        assert world.ask("ann", "PUT", tenant_path(tenant), {"organizationName": "Acme Two"}).status == 200
        call = taken.get(timeout=WAIT)
        told = Verifier(webhook["secret"]).verify(call.body, call.headers)
        assert (told["type"], told["data"]["after"]["organizationName"]) == ("tenant.updated", "Acme Two")
        asked = world.ask("ann", "POST", f"{target}/{webhook['webhookId']}/test")
        tested = taken.get(timeout=WAIT)
        assert (json.loads(tested.body)["type"], asked.status) == ("webhook.tested", 202)
        assert tested.headers["webhook-id"] == asked.json["deliveryId"]


def test_a_receiver_that_hangs_holds_up_nobody_else(tmp_path: Path) -> None:
    go_on = threading.Event()
    with (
        receiving(go_on) as (hanging, stuck),
        receiving() as (url, taken),
        opened(tmp_path, start=True, webhook_loopback=True) as world,
    ):
        tenant = world.active("ann")
        target = tenant_path(tenant, "webhooks")
        for each in (hanging, url):
            assert world.ask("ann", "POST", target, {"url": each, "events": ["tenant.updated"]}).status == 201
        told = 4
        for number in range(told):
            world.ask("ann", "PUT", tenant_path(tenant), {"metadata": {"number": number}})
        for _ in range(told):
            assert taken.get(timeout=WAIT)
        assert stuck.get(timeout=WAIT)
        # It is still being waited for: whoever has its turn has no other's.
        assert stuck.empty()
        go_on.set()


def test_loopback_is_refused_unless_a_setting_says_otherwise(tmp_path: Path) -> None:
    with opened(tmp_path) as world:
        tenant = world.active("ann")
        for url in ("http://127.0.0.1:8000/", "https://localhost/", "https://[::1]/"):
            refused = world.ask("ann", "POST", tenant_path(tenant, "webhooks"), {"url": url})
            assert (refused.status, refused.json["code"]) == (422, "webhook-address-refused")
