"""People on the wire."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from bbws.kernel.endpoint import Query, Resource, Wire
from bbws.people.model import MOST_CHARACTERS

# What begins an encoded word (RFC 2047): programs decode it in headers, to whatever it hides.
_ENCODED_WORD = "=?"


def address(text: str) -> str:
    """An e-mail address as it is kept: one form for every way to write it, but for case.

    Raises:
        ValueError: it is none; says why.
    """
    # Imported with the first address: most functions never see one.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - see above

    if _ENCODED_WORD in text:
        msg = f"must be an e-mail address: {_ENCODED_WORD} in it would be read as something else in a mail"
        raise ValueError(msg)
    try:
        return validate_email(text.strip(), check_deliverability=False, allow_quoted_local=True, strict=True).normalized
    except EmailNotValidError as error:
        msg = f"must be an e-mail address: {str(error)[:1].lower()}{str(error)[1:].removesuffix('.')}"
        raise ValueError(msg) from error


type Email = Annotated[
    str,
    Field(
        max_length=MOST_CHARACTERS,
        json_schema_extra={"format": "email"},
        examples=["thandi@example.com"],
        description="E-mail address. Case makes no difference.",
    ),
    BeforeValidator(lambda value: address(value) if isinstance(value, str) else value),
]
type ShownEmail = Annotated[
    str | None, Field(examples=["thandi@example.com"], description="E-mail address; null once it is forgotten.")
]
type UserId = Annotated[
    str,
    Field(pattern=r"^user-[A-Za-z0-9-]{1,64}$", examples=["user-thandi"], description="Subject id of the person."),
]


class PersonPath(Query):
    """Which person."""

    user_id: UserId


class ForgetAddress(Wire):
    """An address of which nothing is to be known any more."""

    email: Email


class ForgottenBody(Resource):
    """What was forgotten."""

    contacts: int = Field(ge=0, examples=[3], description="How many contacts of the address there were, now erased.")
