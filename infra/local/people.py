"""People of the environment on this machine: ``admin``, who has the platform role, and tokens to call the API with."""

import secrets
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from botocore.session import get_session

from infra.local.state import CREDENTIALS, FOLDER, REGION, State

ADMIN = "admin"
GROUP = "Admin"
# One of each kind that the pool asks for, after what nobody guesses.
_EACH_KIND = "-Aa1"


class SignInError(Exception):
    """The user pool refuses; says what it said."""


def make_admin(running: State, folder: Path = FOLDER) -> None:
    """Put ``admin`` into the user pool, or leave them as they are, with the password that the folder keeps.

    Raises:
        SignInError: the pool refuses.
    """
    pool = client(running)
    who = {"UserPoolId": running.user_pool, "Username": ADMIN}
    try:
        _create(pool, who)
        pool.admin_set_user_password(**who, Password=password(folder), Permanent=True)
        pool.admin_add_user_to_group(**who, GroupName=GROUP)
    except ClientError as error:
        raise SignInError(f"the user pool refuses {ADMIN}: {error}") from error


def access_token(running: State, folder: Path = FOLDER) -> str:
    """An access token of ``admin``, good for an hour.

    Raises:
        SignInError: the pool refuses.
    """
    return sign_in(running, ADMIN, password(folder))["AccessToken"]


def sign_in(running: State, name: str, secret: str) -> dict[str, str]:
    """What the pool gives a person who signs in: ``AccessToken``, ``IdToken``, ``RefreshToken``.

    Raises:
        SignInError: the pool refuses.
    """
    try:
        answer = client(running).initiate_auth(
            ClientId=running.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": secret},
        )
    except ClientError as error:
        raise SignInError(f"the user pool does not sign {name} in: {error}") from error
    found: dict[str, str] = answer["AuthenticationResult"]
    return found


def password(folder: Path = FOLDER) -> str:
    """The password of ``admin``, made with the first question. Only its owner may read the file."""
    kept = file(folder)
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(f"{secrets.token_urlsafe(24)}{_EACH_KIND}\n", encoding="ascii")
    return kept.read_text(encoding="ascii").strip()


def file(folder: Path) -> Path:
    """Where the password is kept."""
    return folder / "admin-password"


def forget(folder: Path = FOLDER) -> None:
    """Remember no password."""
    file(folder).unlink(missing_ok=True)


def _create(pool: Any, who: dict[str, str]) -> None:  # noqa: ANN401 - botocore makes a client's methods from data
    try:
        # Nobody is written to: there is no address.
        pool.admin_create_user(**who, MessageAction="SUPPRESS")
    except pool.exceptions.UsernameExistsException:
        return


def client(running: State, service: str = "cognito-idp") -> Any:  # noqa: ANN401 - see above
    """The SDK's client of a service of the emulator."""
    return get_session().create_client(
        service,
        region_name=REGION,
        endpoint_url=running.endpoint,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
