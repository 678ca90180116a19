"""The smoke tests, against the real program on this machine and against answers that no deployment may give."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from bbws.kernel.ids import random_id
from infra.pipeline.aws import client
from infra.pipeline.smoke import Api, SmokeError, smoke
from tests import builders
from tests.builders import Server
from tests.pipelines.conftest import Account
from tests.server.support import call

KEY = random_id(32)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with builders.server(tmp_path_factory.mktemp("smoke") / "data") as made:
        yield made


def api(server: Server) -> Api:
    # A second passes at every look, so that patience ends by counting. The server answers when it is done.
    looks = iter(range(1_000_000))
    return Api(server.url, server.key, lambda: next(looks) / 1000, lambda _: None)


def test_a_server_that_works_passes(server: Server) -> None:
    assert list(smoke(api(server))) == [
        "health answers 200",
        "products are listed",
        "a change without a key is refused with 401",
        "a product is created",
        "it is read",
        "it is deleted",
    ]


def test_the_integration_tests_go_through_queue_and_audit_log(server: Server) -> None:
    done = list(smoke(api(server), integration=True))
    assert done[-4:] == [
        "it is changed",
        "it is changed through the queue",
        "the audit log has its changes",
        "it is deleted",
    ]


def test_the_probe_product_is_off_sale_afterwards(server: Server) -> None:
    list(smoke(api(server)))
    items = call(server, "GET", "/v1.0/products?status=all&pageSize=100").json["items"]
    assert {item["active"] for item in items if item["name"].startswith("Smoke test ")} == {False}


def test_the_command_takes_the_key_from_its_secret_and_never_shows_it(dev: Account, server: Server) -> None:
    dev.run("smoke", API_URL=server.url, fails="run 'bbws aws setup'")
    client("secretsmanager").create_secret(Name=dev.names.api_key, SecretString=f"{server.key}\n")
    shown = dev.run("smoke", API_URL=server.url).output
    assert shown.count("ok: ") == 6
    assert server.key not in shown


def test_a_wrong_key_fails_without_being_shown(dev: Account, server: Server) -> None:
    client("secretsmanager").create_secret(Name=dev.names.api_key, SecretString=KEY)
    failed = dev.run("smoke", API_URL=server.url, fails="POST /v1.0/products: 401")
    assert KEY not in f"{failed.exception}{failed.output}"


def test_health_is_0_where_nothing_answers(server: Server) -> None:
    assert api(server).health() == 200
    assert Api("http://127.0.0.1:9", KEY, float, lambda _: None).health() == 0


def broken(answer: Callable[[httpx.Request], httpx.Response | None], server: Server) -> Api:
    """The server behind something that answers in its place where ``answer`` has an answer."""

    def handle(request: httpx.Request) -> httpx.Response:
        with httpx.Client() as real:
            return answer(request) or real.send(
                real.build_request(request.method, str(request.url), content=request.content, headers=request.headers)
            )

    looks = iter(range(1_000_000))
    return Api(server.url, server.key, lambda: next(looks) * 10.0, lambda _: None, httpx.MockTransport(handle))


def _at(method: str, end: str, answer: httpx.Response) -> Callable[[httpx.Request], httpx.Response | None]:
    return lambda request: answer if (request.method, request.url.path.endswith(end)) == (method, True) else None


def _unheard(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("no answer", request=request)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (_at("GET", "/health", httpx.Response(503, json={"code": "unavailable"})), "503 unavailable instead of 200"),
        (_at("GET", "/v1.0/products", httpx.Response(200, json={})), "no list"),
        (_at("POST", "/v1.0/products", httpx.Response(201, json={})), "201 instead of 401"),
        (_at("POST", "/v1.0/products", httpx.Response(502, text="<html>secret</html>")), "502 instead of 401"),
        (_unheard, "no answer (ReadTimeout)"),
    ],
)
def test_what_is_wrong_is_named(
    server: Server, answer: Callable[[httpx.Request], httpx.Response | None], message: str
) -> None:
    with pytest.raises(SmokeError) as error:
        list(smoke(broken(answer, server)))
    assert message in str(error.value)
    assert "secret" not in str(error.value)


def test_a_queue_that_stands_still_fails_and_the_probe_is_deleted(server: Server) -> None:
    deleted = []

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.method == "DELETE":
            deleted.append(request.url.path)
        if request.method == "GET" and "/operations/" in request.url.path:
            return httpx.Response(200, json={"status": "PENDING"})
        return None

    with pytest.raises(SmokeError, match="the queued change: not within 120 seconds"):
        list(smoke(broken(answer, server), integration=True))
    assert len(deleted) == 1
