"""Values that are checked before anything is sent: what could not go where it belongs is wrong usage."""

import re

import click

# The entity tags of BBWS are the version, a hyphen and a hash; shells take the quotes around them away.
_BARE_TAG = re.compile(r"\d{1,16}(-[0-9a-f]*)?")
_QUOTED_TAGS = re.compile(r'(W/)?"[^"]*"(\s*,\s*(W/)?"[^"]*")*')


def fits_in_header(text: str) -> bool:
    """Whether a header can carry it as it is: printable ASCII without spaces around it."""
    return text.isascii() and text.isprintable() and text == text.strip() != ""


class Segment(click.ParamType[str]):
    """One segment of a path. An empty one would ask for the list, and one of dots for something else altogether."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value, if it names something."""
        if value in {"", ".", ".."}:
            self.fail(f"{value!r} names nothing.", param, ctx)
        return value


class HeaderText(click.ParamType[str]):
    """What a header carries."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value, if a header can carry it."""
        if not fits_in_header(value):
            self.fail(f"{value!r} must be printable ASCII characters, without spaces around them.", param, ctx)
        return value


class Precondition(HeaderText):
    """What ``If-Match`` takes: a version, entity tags, or ``*``."""

    name = "version or etag"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value as it is sent: a bare version or tag gets its quotes, so that ``3`` works in every shell."""
        text = super().convert(value, param, ctx)
        if _BARE_TAG.fullmatch(text):
            return f'"{text}"'
        if text != "*" and not _QUOTED_TAGS.fullmatch(text):
            self.fail(f"{text!r} is neither a version, such as 3, nor an ETag, such as 3-9f86d081884c7d65.", param, ctx)
        return text
