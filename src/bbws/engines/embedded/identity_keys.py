"""The keys of this machine's tokens: files of the data folder, one in use, and those that it has replaced.

A command replaces the key while the server holds the folder: whoever verifies looks at the files every time.
"""

import base64
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bbws.engines.embedded.private import create_private, make_private
from bbws.engines.embedded.tokens import LEEWAY, LONGEST
from bbws.kernel.clock import Clock
from bbws.kernel.table import Unavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_FILE = "identity-key"
ALGORITHM = "EdDSA"
_SEED_BYTES = 32
_REPLACED = re.compile(rf"{KEY_FILE}\.replaced-(?P<moment>\d{{8}}T\d{{12}})-[0-9a-f]{{8}}")
_MOMENT = "%Y%m%dT%H%M%S%f"


class _Keys(NamedTuple):
    """What the files held. ``state``: of the file in use, by which another one in its place is noticed."""

    state: tuple[int, ...]
    current: "Ed25519PrivateKey"
    kid: str
    replaced: "Mapping[str, tuple[datetime, Ed25519PublicKey]]"


class TokenKeys:
    """The keys of one data folder.

    Args:
        folder: the data folder; the first key is made in it when it is asked for.
        clock: says which of the replaced ones still count.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._file = folder / KEY_FILE
        self._clock = clock
        self._known: _Keys | None = None

    def current(self) -> "tuple[str, Ed25519PrivateKey]":
        """The key that signs, and its id.

        Raises:
            Unavailable: it cannot be read or made.
        """
        keys = self._keys()
        return keys.kid, keys.current

    def public(self, kid: str | None) -> "Ed25519PublicKey | None":
        """The key of an id, as long as a token that it has signed may live.

        Raises:
            Unavailable: as :meth:`current`.
        """
        keys = self._keys()
        if kid == keys.kid:
            return keys.current.public_key()
        found = keys.replaced.get(kid or "")
        return found[1] if found is not None and self._counts(found[0]) else None

    def document(self) -> Mapping[str, Any]:
        """The public halves as a JSON Web Key Set (RFC 7517, RFC 8037).

        Raises:
            Unavailable: as :meth:`current`.
        """
        keys = self._keys()
        known = {keys.kid: keys.current.public_key()}
        known |= {kid: key for kid, (moment, key) in keys.replaced.items() if self._counts(moment)}
        return {"keys": [_published(kid, key) for kid, key in known.items()]}

    def rotate(self) -> str:
        """Put a new key in the place of the one in use, which goes on verifying for a day; the new one's id.

        Raises:
            Unavailable: as :meth:`current`, or the folder cannot be written.
        """
        with _readable(self._file):
            self._keys()  # there is one
            with alone(self._folder):
                # The name first: cut off here, the key is known twice, and in between no token of it is refused.
                os.link(self._file, self._folder / self._replaced_name())
                _made(self._file).replace(self._file)
                for file, moment in _replaced_files(self._folder):
                    if not self._counts(moment):
                        file.unlink()
        return self.current()[0]

    def _replaced_name(self) -> str:
        return f"{KEY_FILE}.replaced-{self._clock.now().astimezone(UTC).strftime(_MOMENT)}-{secrets.token_hex(4)}"

    def _counts(self, replaced: datetime) -> bool:
        return self._clock.now() <= replaced + LONGEST + LEEWAY

    def _keys(self) -> _Keys:
        with _readable(self._file):
            if not self._file.exists():
                _make_first(self._file)
            state = _state(self._file)
            if self._known is None or self._known.state != state:
                self._known = _read(self._folder, self._file)
            return self._known


def _read(folder: Path, file: Path) -> _Keys:
    state = _state(file)  # before what it is of: where it is replaced in between, the next look reads again
    current = _key_in(file)
    replaced = {}
    for each, moment in _replaced_files(folder):
        public = _key_in(each).public_key()
        replaced[_kid(public)] = moment, public
    return _Keys(state, current, _kid(current.public_key()), replaced)


def _key_in(file: Path) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - see tokens.head

    make_private(file)  # it may have been copied here, or be from before a umask was mended
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(file.read_text(encoding="ascii").strip()))


def _state(file: Path) -> tuple[int, ...]:
    found = file.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _replaced_files(folder: Path) -> Iterator[tuple[Path, datetime]]:
    """The files of replaced keys, the oldest first, and when each was replaced."""
    for file in sorted(folder.glob(f"{KEY_FILE}.replaced-*")):
        match = _REPLACED.fullmatch(file.name)
        if match is not None:
            yield file, datetime.strptime(match["moment"], _MOMENT).replace(tzinfo=UTC)


def _kid(public: "Ed25519PublicKey") -> str:
    return _base64url(hashlib.sha256(public.public_bytes_raw()).digest())


def _published(kid: str, key: "Ed25519PublicKey") -> Mapping[str, str]:
    x = _base64url(key.public_bytes_raw())
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": ALGORITHM, "use": "sig"}


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _make_first(file: Path) -> None:
    """Make the key: of several that ask at once, one wins."""
    made = _made(file)
    try:
        os.link(made, file)
        _flush(file.parent)
    except FileExistsError:
        pass  # another process was faster, and its key is the one
    finally:
        made.unlink()


def _made(file: Path) -> Path:
    """A new key's seed, hexadecimal, in a file that has not its name yet."""
    return written(file, f"{secrets.token_hex(_SEED_BYTES)}\n")


def written(file: Path, content: str) -> Path:
    """A private file beside ``file``, whole on the disk: to be given its name.

    Raises:
        OSError: it cannot be written.
    """
    made = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    create_private(made)
    with made.open("w", encoding="ascii") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())  # or a power cut leaves a name without content, and nobody signs in
    return made


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Of several commands that write the same files, one at a time; and their names are on the disk at the end.

    Raises:
        OSError: there is no such folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        msg = f"the key of tokens in {file} cannot be read: {type(error).__name__}"
        raise Unavailable(msg) from error
