"""What the audit domain needs from outside: a place for objects that are written once, and a key to sign with."""

from collections.abc import Iterator, Sequence
from typing import Protocol


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
