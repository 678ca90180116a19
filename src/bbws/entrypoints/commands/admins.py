"""Commands on who signs in to this machine: `users promote`, `demote`, `promoted`, and `identity rotate`.

They write files of the data folder while its server runs, which sees them with the next request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.screen import Screen
from bbws.entrypoints.commands.session import JSON_OPTION, App, json_option
from bbws.entrypoints.commands.tokens import require_bbws
from bbws.settings import Settings

if TYPE_CHECKING:
    from bbws.engines.embedded.promoted import Promoted

_ISSUED = "issued"


def promote_command(app: App) -> click.Command:
    """``bbws users promote ID``."""

    def run(person: str, **given: Any) -> None:  # noqa: ANN401 - click's parameters
        screen, settings = Screen.open(as_json=given[JSON_OPTION]), app.configured()
        with _opened(settings) as promoted:
            user = _user(settings, person, issued=given[_ISSUED])
            new = promoted.promote(user)
        _tell(screen, user, f"{user} has the platform role Admin" + ("." if new else " already."), admin=True)

    summary = "Give a person the platform role Admin"
    return _command("promote", run, summary, f"{summary}: on this machine, from the next request on.")


def demote_command(app: App) -> click.Command:
    """``bbws users demote ID``."""

    def run(person: str, **given: Any) -> None:  # noqa: ANN401 - click's parameters
        screen, settings = Screen.open(as_json=given[JSON_OPTION]), app.configured()
        with _opened(settings) as promoted:
            user = _user(settings, person, issued=given[_ISSUED])
            held = promoted.demote(user)
        told = f"{user} was not promoted." if not held else f"{user} has the platform role no more."
        _tell(screen, user, told, admin=False)

    summary = "Take the platform role from a person who was promoted"
    about = f"{summary}. A token that holds the role itself (`bbws token --admin`) keeps it until it ends."
    return _command("demote", run, summary, about)


def promoted_command(app: App) -> click.Command:
    """``bbws users promoted``."""

    def run(**given: Any) -> None:  # noqa: ANN401 - click's parameters
        screen = Screen.open(as_json=given[JSON_OPTION])
        with _opened(app.configured()) as promoted:
            people = sorted(promoted.people())
        if screen.as_json:
            screen.document({"people": people})
        else:
            for person in people:
                screen.write(person)

    summary = "List who was promoted on this machine"
    return click.Command("promoted", params=[json_option()], callback=run, short_help=summary, help=f"{summary}.")


def rotate_command(app: App) -> click.Command:
    """``bbws identity rotate``."""

    def run(**given: Any) -> None:  # noqa: ANN401 - click's parameters
        # Loaded here, as with every token: no other command needs what signs them.
        from bbws.engines.embedded.identity import LocalTokens  # noqa: PLC0415 - see above

        screen, settings = Screen.open(as_json=given[JSON_OPTION]), app.configured()
        require_bbws(settings)
        with _failures():
            kid = LocalTokens(settings.data_dir, settings.environment).keys.rotate()
        if screen.as_json:
            screen.document({"kid": kid})
        else:
            screen.write(f"Tokens are signed with the key {kid}. Those of the one before are good until they end.")

    summary = "Sign tokens with a new key from now on"
    about = f"{summary}. The one before verifies for a day, as long as a token of it can live."
    return click.Command("rotate", params=[json_option()], callback=run, short_help=summary, help=about)


def _command(name: str, run: Any, summary: str, about: str) -> click.Command:  # noqa: ANN401 - click's callback
    person = click.Argument(["person"], metavar="ID")
    issued = click.Option(
        ["--issued"], is_flag=True, help="ID is what the issuer in BBWS_OIDC_ISSUER calls the person (sub)."
    )
    params: list[click.Parameter] = [person, issued, json_option()]
    return click.Command(name, params=params, callback=run, short_help=summary, help=about)


def _user(settings: Settings, person: str, *, issued: bool) -> str:
    from bbws.engines.embedded.oidc import subject_of  # noqa: PLC0415 - see _opened
    from bbws.engines.embedded.promoted import user_id  # noqa: PLC0415 - see _opened

    if not issued:
        return user_id(person)
    if not settings.oidc_issuer or not person:
        raise Failure("no issuer is named, or nobody of it: set BBWS_OIDC_ISSUER", ExitCode.USAGE)
    return user_id(subject_of(settings.oidc_issuer, person))


@contextmanager
def _opened(settings: Settings) -> "Iterator[Promoted]":
    # The engine is loaded where one of these runs, and with no other command.
    from bbws.engines.embedded.promoted import Promoted  # noqa: PLC0415 - see above

    require_bbws(settings)
    with _failures():
        yield Promoted(settings.data_dir)


@contextmanager
def _failures() -> Iterator[None]:
    from bbws.kernel.table import Unavailable  # noqa: PLC0415 - see _opened

    try:
        yield
    except Unavailable as error:
        raise Failure(str(error), ExitCode.FAILED) from error
    except ValueError as error:
        raise Failure(str(error), ExitCode.USAGE) from error


def _tell(screen: Screen, user: str, told: str, *, admin: bool) -> None:
    if screen.as_json:
        screen.document({"userId": user, "platformAdmin": admin})
    else:
        screen.write(told)
