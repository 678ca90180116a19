"""Mails of one machine: how they are sent, and how what was known of somebody leaves the disk."""

from bbws.engines.embedded.connections import empty_log
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.mail import MAIL_FOLDER, FolderMailer, SmtpMailer
from bbws.engines.embedded.schema import DATABASE_FILE
from bbws.settings import Settings


def mail_ports(settings: Settings, engine: EmbeddedEngine) -> dict[str, object]:
    """The ports of mail, by name."""
    folder = FolderMailer(engine.folder / MAIL_FOLDER, settings.mail_from)
    mailer = folder if settings.smtp_url is None else SmtpMailer(settings.smtp_url, settings.mail_from)

    def forget(contact_id: str) -> None:
        # What was written before a server was named is forgotten too, and what the log holds of the contact's values.
        folder.forget(contact_id)
        empty_log(engine.folder / DATABASE_FILE)

    return {"mailer": mailer, "forget_mail": forget, "public_url": settings.people_url}
