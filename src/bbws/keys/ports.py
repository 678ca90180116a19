"""What API keys need from outside: who counts their calls."""

from typing import Protocol


class Meter(Protocol):
    """A gateway before BBWS that counts the calls of a key. It grants nothing: dispatch decides who is let in."""

    def register(self, key_id: str, secret: str) -> None:
        """Have the calls of the key's holder pass and counted. Repeating it is harmless.

        Raises:
            Unavailable: not just now.
        """
        ...

    def forget(self, key_id: str) -> None:
        """Have its calls pass no more. Where it is not known that is so already.

        Raises:
            Unavailable: not just now.
        """
        ...


class NoMeter:
    """Where there is no gateway."""

    def register(self, key_id: str, secret: str) -> None:
        """Nothing."""

    def forget(self, key_id: str) -> None:
        """Nothing."""
