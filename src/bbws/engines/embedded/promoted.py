"""Who has the platform role on this machine: ids in a file of the data folder, which a command writes.

It is read with every token, so that a change holds on the next request.
"""

import re
from pathlib import Path

from bbws.engines.embedded.identity_keys import alone, written
from bbws.engines.embedded.private import make_private
from bbws.identity.model import SUBJECT
from bbws.kernel.table import Unavailable

FILE = "platform-admins"
_PREFIX = "user-"


def user_id(subject: str) -> str:
    """The id of a person, from itself or from a token's subject, which is the same without ``user-``.

    Raises:
        ValueError: it is neither.
    """
    bare = subject.removeprefix(_PREFIX)
    if not re.fullmatch(SUBJECT, bare):
        msg = "a person is named by an id such as user-thandi, never by an e-mail address"
        raise ValueError(msg)
    return f"{_PREFIX}{bare}"


class Promoted:
    """The people of one data folder who have the platform role, whatever their tokens say."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / FILE

    def people(self) -> frozenset[str]:
        """Their ids.

        Raises:
            Unavailable: the file is there and cannot be read.
        """
        try:
            return frozenset(self._file.read_text(encoding="ascii").split())
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError) as error:
            raise self._unusable(error) from error

    def promote(self, person: str) -> bool:
        """Give somebody the role; whether it is new.

        Raises:
            Unavailable: the file cannot be read or written.
        """
        return self._become(add=frozenset({person}))

    def demote(self, person: str) -> bool:
        """Take the role away; whether it was there.

        Raises:
            Unavailable: the file cannot be read or written.
        """
        return self._become(remove=frozenset({person}))

    def _become(self, add: frozenset[str] = frozenset(), remove: frozenset[str] = frozenset()) -> bool:
        try:
            with alone(self._folder):
                before = self.people()
                after = (before | add) - remove
                if after == before:
                    return False
                written(self._file, "".join(f"{each}\n" for each in sorted(after))).replace(self._file)
                make_private(self._file)
                return True
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> Unavailable:
        return Unavailable(f"the list of Admins in {self._file} cannot be used: {type(error).__name__}")
