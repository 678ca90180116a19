"""Secrets of the deployment, from Secrets Manager: read once, and kept as long as the process lives."""

import threading
from uuid import NAMESPACE_URL, uuid4, uuid5

from bbws.engines.aws.calls import Calls, Refused
from bbws.engines.aws.names import Names
from bbws.kernel.table import Unavailable

_ABSENT = "ResourceNotFoundException"
_DENIED = "AccessDeniedException"
# Marked as deleted; encrypted with a key that is not to be had.
_UNUSABLE = frozenset({"InvalidRequestException", "DecryptionFailure"})
_TAKEN = "ResourceExistsException"


class Secrets:
    """Secrets by the names that :mod:`bbws.engines.aws.names` lists."""

    def __init__(self, calls: Calls, names: Names) -> None:
        self._calls = calls
        self._names = names
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()

    def find(self, name: str) -> str | None:
        """A secret's text as it is now; None where it has no value yet.

        Raises:
            Unavailable: it may not be read, or cannot be just now; says what to do.
        """
        return self._current(name)

    def replace(self, name: str, value: str) -> None:
        """Put a value in the place of one that is good for nothing.

        Raises:
            Unavailable: it may not be written, or cannot be just now.
        """
        # A token of its own: what is sent again by mistake is not put twice.
        self._put(name, value, str(uuid4()))
        with self._lock:
            self._known.pop(name, None)

    def text(self, name: str) -> str:
        """A secret's text.

        Raises:
            Unavailable: it is not there, has no value, may not be read, or cannot be just now; says what to do.
        """
        with self._lock:
            if name not in self._known:
                self._known[name] = self._read(name)
            return self._known[name]

    def key(self, name: str) -> bytes:
        """The bytes of a secret that is written in hexadecimal.

        Raises:
            Unavailable: as :meth:`text`, or it is not hexadecimal.
        """
        try:
            return bytes.fromhex(self.text(name))
        except ValueError:
            # Without the cause: its text may show a part of the value.
            raise Unavailable(
                f"the secret {self._names.secret(name)} is not hexadecimal text: see who set it"
            ) from None

    def put_if_empty(self, name: str, value: str) -> bool:
        """Give a secret its first value; whether it was this one. Of several at once, one wins.

        Raises:
            Unavailable: Terraform has not made it, it may not be written, or cannot be just now.
        """
        if self._current(name) is not None:
            return False
        # Secrets Manager takes a token once and refuses another value with it: a first value is never replaced.
        token = str(uuid5(NAMESPACE_URL, self._names.secret(name)))
        try:
            self._put(name, value, token)
        except Refused as error:
            if error.code != _TAKEN:
                raise
            return False
        return True

    def _put(self, name: str, value: str, token: str) -> None:
        secret = self._names.secret(name)
        request = {"SecretId": secret, "SecretString": value, "ClientRequestToken": token}
        try:
            self._calls.call("PutSecretValue", request)
        except Refused as error:
            if error.code not in {_ABSENT, _DENIED}:
                raise
            check = f"check that Terraform has made the secret {secret}, and that you may write its value"
            raise Unavailable(f"Secrets Manager refuses PutSecretValue: {error.code}: {check}") from error

    def _read(self, name: str) -> str:
        found = self._current(name)
        if found is None:
            raise Unavailable(f"the secret {self._names.secret(name)} has no value yet: run `bbws aws setup`")
        return found

    def _current(self, name: str) -> str | None:
        """The value in use; None where there is none, or no such secret."""
        secret = self._names.secret(name)
        try:
            value: str | None = self._calls.call("GetSecretValue", {"SecretId": secret}).get("SecretString")
        except Refused as error:
            if error.code == _ABSENT:
                return None
            if error.code == _DENIED:
                check = f"check that the function's role may secretsmanager:GetSecretValue of {secret}, and use its key"
                raise Unavailable(f"Secrets Manager refuses GetSecretValue: {error.code}: {check}") from error
            if error.code in _UNUSABLE:
                state = "is marked as deleted, or its key cannot be used: restore it, or have Terraform make it"
                raise Unavailable(f"the secret {secret} {state} ({error.code})") from error
            raise
        return value or None
