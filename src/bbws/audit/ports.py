"""What the audit domain needs from outside: a table, a place for objects that are written once, a key to sign with."""

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from bbws.kernel.access import Store

_SEGMENT = r"[A-Za-z0-9_+=@,~:%()\[\]-][A-Za-z0-9._+=@,~:%()\[\]-]{0,199}"
_NAME = rf"{_SEGMENT}(/{_SEGMENT})*"
_LONGEST_NAME = 1024  # bytes: what S3 allows

BY_ACTOR = "AuditByActorIndex"
BY_TYPE = "AuditByTypeIndex"
STORE = Store("audit", others=("AUDIT",), indexes=(BY_ACTOR, BY_TYPE))


class ArchiveCorrupt(Exception):  # noqa: N818 - names the finding
    """An object is there already with other bytes: the archive was altered, or two histories met."""


class Signer(Protocol):
    """Signs checkpoints."""

    @property
    def key_id(self) -> str:
        """The name of the key."""
        ...

    @property
    def public_pem(self) -> bytes:
        """The public key, in PEM."""
        ...

    def sign(self, root: str) -> str:
        """The signature of a checkpoint's root, hexadecimal."""
        ...


class Archive(Protocol):
    """Immutable objects by name. Names use ``/`` and hold no other character that a file name may not hold."""

    def put(self, name: str, content: bytes) -> None:
        """Store an object durably. The same bytes again are success.

        Raises:
            ArchiveCorrupt: other bytes are there.
        """
        ...

    def put_all(self, objects: Sequence[tuple[str, bytes]]) -> None:
        """Store objects (name, content) durably, waiting for the disk far less often than one by one.

        Not all or nothing.

        Raises:
            ArchiveCorrupt: other bytes are there for one of them; others may be stored.
        """
        ...

    def get(self, name: str) -> bytes | None:
        """The object's bytes, None where there is none."""
        ...

    def names(self, prefix: str) -> Iterator[str]:
        """The names that begin with ``prefix`` (a folder, ending in ``/``, or empty), streamed in no promised order."""
        ...


def check_name(name: str) -> str:
    """The name, once it is sure to stay inside the archive.

    Raises:
        ValueError: an absolute name, a part that is empty, too long or begins with a dot, an unusual character, or too
            long in all.
    """
    if len(name) > _LONGEST_NAME or not re.fullmatch(_NAME, name):
        msg = (
            "names are parts of letters, digits and -._+=@,~:%()[] joined by /, and no part begins with a dot; "
            f"a part has 200 characters at most, a name {_LONGEST_NAME}"
        )
        raise ValueError(msg)
    return name


def check_prefix(prefix: str) -> str:
    """The prefix of a listing, once it is sure to be a folder inside the archive, or empty for all of it.

    Raises:
        ValueError: it does not end in ``/``, or what is before that is no name.
    """
    if prefix and not prefix.endswith("/"):
        msg = "a prefix ends in /"
        raise ValueError(msg)
    return prefix and f"{check_name(prefix[:-1])}/"
