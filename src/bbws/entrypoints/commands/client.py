"""The HTTP client of the command line: one call, patient where the server asks for it, failures in words."""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx
import orjson

from bbws.entrypoints.commands.failures import ExitCode, Failure

JSON = "application/json"
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_TOO_MANY, _UNAVAILABLE, _UNAUTHORIZED, _FIRST_FAULT = 429, 503, 401, 500
_TRIES = 4
_LONGEST_PAUSE = 30.0
_PLAIN = "If it does not speak TLS, its URL starts with http://."
_TLS = "If it speaks TLS, its URL starts with https://."

type Sleep = Callable[[float], None]
type Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``path`` may also be a whole URL, as in a ``Location``."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.method != "POST" or "idempotency-key" in self.headers


def _fault_of(url: str) -> str:
    """Why this is not the URL of a server; empty where it is."""
    try:
        parsed, port = httpx.URL(url), urlsplit(url).port
    except (httpx.InvalidURL, ValueError) as error:
        return "It cannot be read." if "@" in url else str(error)
    if parsed.scheme not in {"http", "https"}:
        return "It must start with http:// or https://."
    if not parsed.host or port == 0:
        return f"It names no {'port' if parsed.host else 'host'}."
    if parsed.userinfo:
        return "It holds a user, which BBWS has no use for: the key is BBWS_API_KEY."
    return "Leave out its query and fragment." if "?" in url or "#" in url else ""


@dataclass(frozen=True, slots=True)
class Server:
    """Which server, and with which credentials.

    Attributes:
        url: where it is.
        api_key: the key to send; None sends none.
        token: the token to send; None sends none.
        people: what is asked for is for people alone: a token is sent in place of the key.
    """

    url: str
    api_key: str | None
    token: str | None = None
    people: bool = False

    @classmethod
    def at(cls, url: str, api_key: str | None, *, people: bool = False) -> "Server":
        """The server at a URL.

        Raises:
            Failure: it is no URL of a server.
        """
        fault = _fault_of(url)
        if fault:
            # What may hold a password is not repeated.
            shown = "the address given" if "@" in url else repr(url)
            message = f"{shown} is not the URL of a server, such as http://127.0.0.1:8000"
            raise Failure(message, ExitCode.USAGE, [fault])
        return cls(url, api_key, people=people)

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        if self.people:
            return {"authorization": f"Bearer {self.token}"} if self.token else {}
        return {"x-api-key": self.api_key} if self.api_key else {}

    @property
    def missing(self) -> str:
        """Where credentials come from, if none are sent; else empty."""
        if self.headers:
            return ""
        if self.people and not self.on_this_machine:
            source = "to what `bbws token` prints on the server's machine, or to Cognito's"
            return f"no token was sent: set BBWS_TOKEN, {source}"
        what, setting = ("token", "BBWS_TOKEN") if self.people else ("API key", "BBWS_API_KEY")
        return f"no {what} was sent: set {setting}, or BBWS_DATA_DIR to the server's data folder"

    @property
    def on_this_machine(self) -> bool:
        """Whether it is this machine itself: its proxies are not asked, and its data folder vouches for people."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def address(self, path: str) -> str:
        """The URL of a path, below the path that the server's own URL may have.

        Raises:
            Failure: a whole URL of another server: the key must not go there.
        """
        if "://" not in path:
            return self.url.rstrip("/") + path
        if urlsplit(path)[:2] != urlsplit(self.url)[:2]:
            raise Failure(f"the server named an address elsewhere, {path!r}; not followed", ExitCode.FAULT)
        return path

    def request(self, client: httpx.Client, ask: Ask) -> httpx.Request:
        """The request to send.

        Raises:
            Failure: what is asked for does not fit in a URL.
        """
        headers = {"accept": JSON, **self.headers, **ask.headers}
        if ask.content is not None:
            headers["content-type"] = JSON
        try:
            return client.build_request(
                ask.method, self.address(ask.path), params=ask.query or None, headers=headers, content=ask.content
            )
        except httpx.InvalidURL as error:
            raise Failure(f"this cannot be asked: {error}", ExitCode.USAGE) from error


class Client:
    """Calls the server, one request at a time. Close it by using it as a context."""

    def __init__(self, server: Server, transport: httpx.BaseTransport | None, sleep: Sleep, note: Note) -> None:
        self.server = server
        self._sleep = sleep
        self._note = note
        self._http = httpx.Client(transport=transport, timeout=TIMEOUT, trust_env=not server.on_this_machine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(self, ask: Ask) -> httpx.Response:
        """The answer of success, waiting and trying again where the server asks for it.

        Raises:
            Failure: refused, at fault, or not to be reached.
        """
        tried = 1
        while True:
            with reaching(self.server.url):
                response = self._http.send(self.server.request(self._http, ask))
            pause = pause_before_retry(response) if ask.repeatable and tried < _TRIES else None
            if pause is None:
                return checked(response, self.server.missing)
            self._note(f"the server is busy ({response.status_code}); trying again in {pause:g} s")
            self._sleep(pause)
            tried += 1

    @contextmanager
    def stream(self, ask: Ask) -> Iterator[httpx.Response]:
        """The answer of success, its body yet to be read.

        Raises:
            Failure: refused, at fault, or not to be reached, also while the body is read.
        """
        with reaching(self.server.url):
            response = self._http.send(self.server.request(self._http, ask), stream=True)
            try:
                if not response.is_success:
                    response.read()
                yield checked(response, self.server.missing)
            finally:
                response.close()


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Turn what goes wrong on the way to the server into a failure."""
    try:
        yield
    except httpx.ConnectError as error:
        if "CERTIFICATE" in str(error).upper():
            raise Failure(f"{url} is not trusted: {error}", ExitCode.UNREACHABLE) from error
        hint = [_PLAIN] if "SSL" in str(error) else []
        message = f"cannot reach {url}; start it with `bbws serve` or set BBWS_URL"
        raise Failure(message, ExitCode.UNREACHABLE, hint) from error
    except httpx.LocalProtocolError:
        # Its text repeats what was to be sent, which may be a key.
        raise Failure("what was given cannot be sent as a request", ExitCode.USAGE) from None
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        message = f"lost {url} while waiting for its answer: {reason}"
        # A server that speaks TLS hangs up without a word.
        hint = [_TLS] if isinstance(error, httpx.RemoteProtocolError) and url.startswith("http:") else []
        raise Failure(message, ExitCode.UNREACHABLE, hint) from error
    except httpx.DecodingError as error:
        raise Failure(f"{url} sent an answer that cannot be read: {error}", ExitCode.FAULT) from error


def pause_before_retry(response: httpx.Response) -> float | None:
    """Seconds to wait before a busy server may be asked again; None where asking again is pointless."""
    if response.status_code not in {_TOO_MANY, _UNAVAILABLE}:
        return None
    text = response.headers.get("retry-after", "1")
    seconds = float(text) if text.isascii() and text.isdigit() else 1.0
    return min(seconds, _LONGEST_PAUSE)


def checked(response: httpx.Response, missing: str) -> httpx.Response:
    """The response, if it is one of success. ``missing`` says of a 401 where credentials come from.

    Raises:
        Failure: the server's problem in words.
    """
    if response.is_success:
        return response
    failure = refusal(response)
    if response.status_code == _UNAUTHORIZED and missing:
        failure.hints = (*failure.hints, missing)
    raise failure


def refusal(response: httpx.Response) -> Failure:
    """What an answer that is not one of success says."""
    code = ExitCode.FAULT if response.status_code >= _FIRST_FAULT else ExitCode.REFUSED
    problem = document(response.content)
    if "detail" not in problem:
        reason = f"{response.status_code} {response.reason_phrase}".strip()
        return Failure(f"{response.url} answered {reason}, and not in the way of BBWS", code)
    return Failure(sentence(problem), code, hints(problem))


def sentence(problem: Mapping[str, Any]) -> str:
    """A problem in one line."""
    title, detail = str(problem.get("title", "Refused")), str(problem.get("detail", ""))
    return f"{title}: {detail}" if detail else title


def hints(problem: Mapping[str, Any]) -> list[str]:
    """One line for each bad field of a problem."""
    errors = problem.get("errors")
    if not isinstance(errors, list):
        return []
    return [f"{error.get('field')}: {error.get('message')}" for error in errors if isinstance(error, dict)]


def document(content: bytes) -> dict[str, Any]:
    """A body as a JSON object; empty where it is none."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def location(response: httpx.Response) -> str | None:
    """The whole URL that ``Location`` names."""
    target = response.headers.get("location")
    return None if target is None else urljoin(str(response.url), target)
