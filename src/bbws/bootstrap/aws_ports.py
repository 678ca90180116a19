"""What calls about tenants and people need on AWS: imported by the function that does, and by no other."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bbws.bootstrap.wiring import bind
from bbws.engines.aws.engine import AwsEngine
from bbws.engines.aws.names import EMAIL_KEY
from bbws.kernel.actor import IN_TENANT
from bbws.kernel.callers import Authority
from bbws.kernel.table import Table
from bbws.settings import Settings

if TYPE_CHECKING:
    from bbws.tenants.ports import ForgetMail, Mailer  # no part of answering a call


def sender() -> object:
    """Who calls webhooks."""
    from bbws.engines.outbound.sender import HttpSender  # noqa: PLC0415 - no other call leads outside

    return HttpSender()


def shares(table: Table) -> object:
    """Whose webhooks this process's threads are at."""
    from bbws.tenants.webhooks.turns import Shares  # noqa: PLC0415 - see sender

    return Shares(table)


def hasten(engine: AwsEngine, ports: Mapping[str, object]) -> Callable[[], None]:
    """Nobody waits in the background of a function: whoever finds work for a sweep does it."""
    from bbws.engines.aws.sweeping import sweep  # noqa: PLC0415 - no part of answering a call
    from bbws.tenants.webhooks.reactions import SWEEPS  # noqa: PLC0415 - the same

    bound_sweeps = [replace(each, handler=bind(each.handler, ports)) for each in SWEEPS]

    def hasten() -> None:
        for each in bound_sweeps:
            sweep(each, engine.seconds_left)

    return hasten


def mailer(settings: Settings, engine: AwsEngine) -> "Mailer":
    """Who sends mails."""
    from bbws.engines.aws.mail import SesMailer  # noqa: PLC0415 - none but one consumer sends mails

    return SesMailer(engine.sdk.client("sesv2"), settings.mail_from)


def forget_mail() -> "ForgetMail":
    """What forgets the mails to somebody: nothing is kept of them here."""
    from bbws.engines.aws.mail import forget_nothing  # noqa: PLC0415 - see mailer

    return forget_nothing


def email_key(engine: AwsEngine) -> Callable[[], bytes]:
    """The key under which addresses are looked up, read when it is needed."""
    return partial(engine.secrets.key, EMAIL_KEY)


def subjects(table: Table) -> object:
    """Who may look at what operations are about."""
    from bbws.tenants.access import Subjects  # noqa: PLC0415 - none but calls about operations ask

    return Subjects(table)


def authority(table: Table, permission: str) -> Authority | None:
    """Who reads roles, where the call asks for one."""
    if not permission.startswith(IN_TENANT):
        return None
    from bbws.tenants.access import Roles  # noqa: PLC0415 - no other call reads roles

    return Roles(table)
