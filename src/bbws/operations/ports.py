"""What operations need from outside."""

from typing import Protocol

from bbws.kernel.actor import Actor


class Subjects(Protocol):
    """What operations are about. Each path is some domain's, and so are those who may look at what lies there."""

    def readable(self, actor: Actor, subject: str) -> bool:
        """Whether somebody may read what a path leads to, as of now."""
        ...

    def writable(self, actor: Actor, subject: str) -> bool:
        """Whether somebody may also change it."""
        ...
