"""Tokens of people: the one that a command sends, and those that this machine's data folder vouches for."""

from datetime import timedelta

from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.values import fits_in_header
from bbws.settings import Settings

OPERATOR = "operator"
_FOR_ONE_COMMAND = timedelta(minutes=5)


def token_to_send(settings: Settings, *, here: bool) -> str | None:
    """BBWS_TOKEN, else one of the operator's by the data folder, else None. It is never repeated.

    Args:
        settings: of the command.
        here: the server is on this machine. Another would learn a token that opens the one of this data folder.

    Raises:
        Failure: it cannot be a token, or the data folder's key cannot be used.
    """
    text = (settings.token or "").strip()
    if not text:
        vouched = here and holds_bbws(settings)
        return issue(settings, OPERATOR, _FOR_ONE_COMMAND, admin=True) if vouched else None
    if " " in text or not fits_in_header(text):
        message = "BBWS_TOKEN holds more than a token: a token is one line of ASCII characters without blanks"
        raise Failure(message, ExitCode.USAGE, ["Set BBWS_TOKEN to the token alone; `bbws token` prints one."])
    return text


def issue(
    settings: Settings, subject: str, lifetime: timedelta, *, admin: bool, email: str = "", name: str = ""
) -> str:
    """A token that the server of the data folder takes.

    Raises:
        Failure: no token may say this, or the folder's key cannot be used.
    """
    # Loaded here: no other command needs what signs tokens.
    from bbws.engines.embedded.identity import LocalTokens  # noqa: PLC0415 - see above
    from bbws.kernel.table import Unavailable  # noqa: PLC0415 - see above

    try:
        tokens = LocalTokens(settings.data_dir, settings.environment)
        return tokens.issue(subject, lifetime, admin=admin, email=email, name=name)
    except Unavailable as error:
        raise Failure(str(error), ExitCode.FAILED) from error
    except ValueError as error:
        raise Failure(str(error), ExitCode.USAGE) from error


def require_bbws(settings: Settings) -> None:
    """Refuse where the data folder is none of BBWS.

    Raises:
        Failure: it is none, or cannot be looked into.
    """
    if not holds_bbws(settings):
        message = f"there is no BBWS in {settings.data_dir}: `bbws serve` makes it, or set BBWS_DATA_DIR"
        raise Failure(message, ExitCode.USAGE)


def holds_bbws(settings: Settings) -> bool:
    """Whether the data folder is one of BBWS.

    Raises:
        Failure: it cannot be looked into.
    """
    from bbws.engines.embedded.schema import DATABASE_FILE  # noqa: PLC0415 - see issue

    try:
        return settings.key_file.exists() or (settings.data_dir / DATABASE_FILE).exists()
    except OSError as error:
        message = f"cannot look into {settings.data_dir}: {error.strerror}; or set BBWS_TOKEN"
        raise Failure(message, ExitCode.USAGE) from error
