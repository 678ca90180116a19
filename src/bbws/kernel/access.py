"""What a call or a consumer touches: declared beside it, for a function of its own that may do this and nothing else.

Rows are named by their family: the word before the first ``#`` of their partition.
"""

from typing import NamedTuple

EVERY_ENTITY = "*"


class Store(NamedTuple):
    """The table of one service.

    Attributes:
        name: such as ``products``.
        entities: families that hold entities, and so changes, which are found by their day and announced.
        others: families of derived, ephemeral and secret rows alone.
        indexes: the names of its indexes, besides that of changes by day.
    """

    name: str
    entities: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()


class Access(NamedTuple):
    """Families of rows that are read by key, queried, written, removed, or whose versions are ensured; index names.

    ``EVERY_ENTITY`` stands for all families of entities; ``archive`` holds ``read``, ``write``, ``list``.
    """

    gets: frozenset[str] = frozenset()
    queries: frozenset[str] = frozenset()
    indexes: frozenset[str] = frozenset()
    puts: frozenset[str] = frozenset()
    removes: frozenset[str] = frozenset()
    ensures: frozenset[str] = frozenset()
    archive: frozenset[str] = frozenset()

    @classmethod
    def to(cls, **names: str) -> "Access":
        """Access to what each argument names, separated by spaces."""
        return cls(**{touch: frozenset(each.split()) for touch, each in names.items()})

    def __or__(self, other: "Access") -> "Access":
        """Both."""
        return Access(*(mine | others for mine, others in zip(self, other, strict=True)))


NOTHING = Access()
