"""How much to measure."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """``quick`` for trying, ``full`` with a million products; ``data`` holds databases, filled ones are kept there."""

    quick: bool
    full: bool
    data: Path

    def sized(self, quick: int, usual: int) -> int:
        """One of two sizes."""
        return quick if self.quick else usual
