"""What every command is given: the endpoints, the settings, and on each call the server and the screen."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import httpx

from bbws.entrypoints.commands.client import Client, Server, Sleep
from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.screen import Screen
from bbws.entrypoints.commands.tokens import token_to_send
from bbws.entrypoints.commands.values import fits_in_header
from bbws.kernel.endpoint import Endpoint
from bbws.settings import Settings, SettingsError

URL_OPTION = "url"
JSON_OPTION = "as_json"


@dataclass(frozen=True, slots=True)
class App:
    """What the commands are made of.

    Attributes:
        endpoints: the endpoint table, from which the verbs come.
        settings: reads the settings when a command needs them.
        transport: takes the place of the network.
        sleep: waits for a number of seconds.
    """

    endpoints: Sequence[Endpoint]
    settings: Callable[[], Settings] = Settings.from_environment
    transport: httpx.MockTransport | None = None
    sleep: Sleep = time.sleep

    def configured(self) -> Settings:
        """The settings.

        Raises:
            Failure: the environment holds some that cannot be used.
        """
        try:
            return self.settings()
        except SettingsError as error:
            raise Failure(str(error), ExitCode.USAGE) from error

    def server(self, url: str | None, *, people: bool = False) -> Server:
        """The server to speak to: ``url``, else BBWS_URL; the key from BBWS_API_KEY, else from the data folder.

        Args:
            url: of the option.
            people: what is asked for is for people alone: a token in place of the key, and none of this machine's own
                for another machine.

        Raises:
            Failure: the settings, the URL, the token or the key's file cannot be used.
        """
        settings = self.configured()
        if people:
            server = Server.at(url or settings.server_url, None, people=True)
            return replace(server, token=token_to_send(settings, here=server.on_this_machine))
        return Server.at(url or settings.server_url, _key(settings))

    def endpoint(self, name: str) -> Endpoint:
        """The declaration of an API call."""
        return next(endpoint for endpoint in self.endpoints if endpoint.id == name)

    @contextmanager
    def session(self, given: dict[str, Any], *, people: bool = False) -> Iterator["Session"]:
        """Speak to the server; takes what the common options say out of ``given``."""
        server = self.server(given.pop(URL_OPTION), people=people)
        screen = Screen.open(as_json=given.pop(JSON_OPTION))
        with Client(server, self.transport, self.sleep, screen.note) as client:
            yield Session(client, screen, self.sleep)


@dataclass(frozen=True, slots=True)
class Session:
    """One command's conversation with the server."""

    client: Client
    screen: Screen
    sleep: Sleep


def _key(settings: Settings) -> str | None:
    """The key to send. It is never repeated, not even where it cannot be one."""
    source, text = "BBWS_API_KEY", (settings.api_key or "").strip()
    if not text:
        source, text = str(settings.key_file), _first_key(settings.key_file)
    if text and not fits_in_header(text):
        message = f"{source} holds more than an API key: a key is one line of ASCII characters"
        raise Failure(message, ExitCode.USAGE, ["Set BBWS_API_KEY to the key alone; `bbws keys create` makes another."])
    return text or None


def _first_key(path: Path) -> str:
    try:
        # What is no text is no key either, and is told as such.
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        message = f"cannot read the API key in {path}: {error.strerror}; or set BBWS_API_KEY"
        raise Failure(message, ExitCode.USAGE) from error


def json_option() -> click.Option:
    """``--json``, of every command."""
    return click.Option(["--json", JSON_OPTION], is_flag=True, help="Print JSON, for programs.")


def url_option() -> click.Option:
    """``--url``, of every command that speaks to a server."""
    return click.Option(
        ["--url", URL_OPTION], metavar="URL", help="The server; otherwise BBWS_URL, or the one on this machine."
    )


def common_options() -> list[click.Parameter]:
    """The options of every command that speaks to a server."""
    return [json_option(), url_option()]
