"""Lines of a file that may hold anything, each by itself, in bounded memory."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAX_LINE = 64 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end. ``fault`` says why it has no text.

    Attributes:
        number: from 1.
        end: the offset in bytes at which the next line starts.
    """

    number: int
    text: str
    end: int
    fault: str = ""


class Lines:
    """The lines of a stream, with a look ahead: what was seen can be put back."""

    def __init__(self, stream: BinaryIO) -> None:
        self._fresh = _lines(stream)
        self._returned: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        return self._returned.popleft() if self._returned else next(self._fresh)

    def put_back(self, lines: list[Line]) -> None:
        """Let these come again, in their order, before all others."""
        self._returned.extendleft(reversed(lines))


def _lines(stream: BinaryIO) -> Iterator[Line]:
    number = end = 0
    while raw := stream.readline(MAX_LINE):
        number += 1
        end += len(raw)
        if len(raw) == MAX_LINE and not raw.endswith(b"\n"):
            end += _rest_of_line(stream)
            yield Line(number, "", end, f"the line is longer than {MAX_LINE:,} bytes")
            continue
        yield _decoded(raw.removeprefix(_BYTE_ORDER_MARK) if number == 1 else raw, number, end)


def _rest_of_line(stream: BinaryIO) -> int:
    size = 0
    while raw := stream.readline(MAX_LINE):
        size += len(raw)
        if raw.endswith(b"\n"):
            break
    return size


def _decoded(raw: bytes, number: int, end: int) -> Line:
    content = raw.rstrip(b"\r\n")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return Line(number, "", end, f"the line is not valid UTF-8 (byte {error.start + 1} of it)")
    if "\0" in text:
        return Line(number, "", end, "the line holds a NUL character")
    return Line(number, text, end)
