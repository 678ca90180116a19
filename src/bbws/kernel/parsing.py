"""From bytes and text to schemas: strict JSON, and every bad field named at once. Source: design §4."""

import codecs
import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Never

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bbws.kernel.http import JSON, NO_NAME, Request
from bbws.kernel.problem import BODY_TOO_LARGE, MALFORMED_BODY, UNSUPPORTED_MEDIA_TYPE, VALIDATION, FieldError, Problem

MAX_BODY = 10 * 1024
_MAX_DIGITS = 40
_CHARSET = "utf-8"
# By hand: the standard library's parser takes seconds for a few thousand semicolons, and fails on odd numbers.
# Compiled when first needed, as the other one below is.
_CHARSETS = r"(?i);\s*charset\s*\*?=\s*([^\s;]*)"
_PLAIN = frozenset({"", "identity"})

_MESSAGES: Mapping[str, str] = {
    "missing": "is required",
    "extra_forbidden": "is not a known field; remove it",
    "string_type": "must be a string",
    "string_unicode": "must be valid Unicode without lone surrogates",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "datetime_type": "must be a string with an RFC 3339 date-time such as 2026-11-20T10:00:00Z",
}
# Pydantic says "Input should be …", "List should have at most 2 items after validation, not 3", or "Value error, …".
_SHOULD = r"(?s)(?:Value error, )?(?:\w+ should (?P<rule>.*?)(?: after validation, not .*)?|(?P<own>.*))"


class _DuplicateKeyError(ValueError):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKeyError(next(name for name in names if names.count(name) > 1))
    return members


def _refuse_constant(name: str) -> Never:
    msg = f"{name} is not a JSON number"
    raise ValueError(msg)


def _short(text: str) -> str:
    if len(text) > _MAX_DIGITS:
        msg = "a number may have 40 digits at most"
        raise ValueError(msg)
    return text


def _whole(text: str) -> int:
    return int(_short(text))


def _fraction(text: str) -> Decimal:
    try:
        return Decimal(_short(text))
    except InvalidOperation:
        msg = "a number has an exponent beyond all measure"
        raise ValueError(msg) from None


_decoder = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=_fraction, parse_int=_whole, parse_constant=_refuse_constant
)


def parse_json(body: bytes) -> dict[str, Any]:
    """One JSON object. Numbers with a fraction or exponent become exact decimals.

    Raises:
        Problem: 400 saying what is wrong with the text and where.
    """
    if body.startswith(codecs.BOM_UTF8):
        raise MALFORMED_BODY("The body begins with a byte order mark; send plain UTF-8.")
    try:
        value = _decoder.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise MALFORMED_BODY(f"The body is not UTF-8: byte {error.start} cannot stand there.") from error
    except _DuplicateKeyError as error:
        name = str(error).encode("utf-8", "backslashreplace").decode()
        raise MALFORMED_BODY(
            f"The key {name!r} stands twice in one object; send it once.",
            errors=(FieldError(name, "stands twice in one object; send it once", "duplicate_key"),),
        ) from error
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at") if body.strip() else "it is empty, and an object was expected"
        raise MALFORMED_BODY(f"The body is not JSON: {what} at character {error.pos}.") from error
    except RecursionError as error:
        raise MALFORMED_BODY("The body nests too deeply.") from error
    except ValueError as error:
        raise MALFORMED_BODY(f"The body is not JSON: {error}.") from error
    if not isinstance(value, dict):
        detail = 'The body must be a JSON object, such as {"name": "…"}.'
        raise MALFORMED_BODY(detail)
    return value


def parse_body(schema: type[BaseModel], request: Request) -> BaseModel:
    """The request's body as its schema.

    Raises:
        Problem: 413, 415 or 400.
    """
    if len(request.body) > MAX_BODY:
        raise too_large()
    content_type = request.headers.get("content-type", "")
    if content_type != JSON or "content-encoding" in request.headers:
        _require_plain_json(content_type, request.headers.get("content-encoding", ""))
    return validate(schema, parse_json(request.body))


def _require_plain_json(content_type: str, coding: str) -> None:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != JSON:
        sent = f"it was {media_type}" if media_type else "there was none"
        detail = f"Send the header Content-Type: application/json ({sent})."
        raise UNSUPPORTED_MEDIA_TYPE(detail, headers={"accept": JSON})
    if any(charset.strip('"').lower() != _CHARSET for charset in re.findall(_CHARSETS, content_type)):
        detail = "Send JSON in UTF-8, whatever else it could be written in."
        raise UNSUPPORTED_MEDIA_TYPE(detail, headers={"accept": JSON})
    if coding.strip().lower() not in _PLAIN:
        detail = f"Send the body as it is, without Content-Encoding (it was {coding})."
        raise UNSUPPORTED_MEDIA_TYPE(detail, headers={"accept-encoding": "identity"})


def too_large() -> Problem:
    """The 413 problem, also for edges that stop reading early."""
    return BODY_TOO_LARGE("Send 10 KB (10,240 bytes) at most.")


def validate[M: BaseModel](schema: type[M], values: Mapping[str, Any]) -> M:
    """``values`` as ``schema``.

    Raises:
        Problem: 400 naming every bad field and what is allowed.
    """
    try:
        # Python's own names are for our code alone.
        return schema.model_validate(values, by_alias=True, by_name=False)
    except ValidationError as error:
        errors = tuple(_field_error(detail) for detail in error.errors(include_url=False, include_context=False))
        names = ", ".join(dict.fromkeys(e.field for e in errors))
        count = "1 field is" if len(errors) == 1 else f"{len(errors)} fields are"
        raise VALIDATION(f"{count} not as required: {names}.", errors=errors) from error


def _field_error(error: ErrorDetails) -> FieldError:
    code = error["type"].removeprefix("value_error.")
    return FieldError(_named(error).encode("utf-8", "backslashreplace").decode()[:200], _message(error), code)


def _named(error: ErrorDetails) -> str:
    if not error["loc"] and error["type"] == "string_unicode":
        return str(error["input"])  # a key, which can be no name
    return ".".join(str(part) or NO_NAME for part in error["loc"]) or "body"


def _message(error: ErrorDetails) -> str:
    known = _MESSAGES.get(error["type"])
    said = re.fullmatch(_SHOULD, error["msg"])
    if known is not None or said is None:
        return known or error["msg"]
    rule = said["rule"]
    if rule is None:
        return said["own"] or error["msg"]
    # Where a text was trimmed first, Pydantic counts its characters as items.
    return "must " + (rule.replace(" item", " character") if isinstance(error["input"], str) else rule)
