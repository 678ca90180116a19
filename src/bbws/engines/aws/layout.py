"""Which row lies in which of DynamoDB's tables: every service has its own."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bbws.kernel.access import Store
from bbws.kernel.change import BY_DAY
from bbws.kernel.table import InvalidCommit, Key


class Layout(NamedTuple):
    """Tables by family of rows and by index.

    Attributes:
        families: the word before the first ``#`` of a partition → table.
        indexes: name of an index → the tables that have it.
        others: the table of every other family; none where that is an error.
    """

    families: Mapping[str, str]
    indexes: Mapping[str, tuple[str, ...]]
    others: str = ""

    @classmethod
    def of(cls, stores: Iterable[Store], tables: Mapping[str, str]) -> "Layout":
        """The layout of the business. ``tables``: name of a store → name of its table."""
        families: dict[str, str] = {}
        indexes: dict[str, tuple[str, ...]] = {}
        for store in stores:
            table = tables[store.name]
            families |= dict.fromkeys((*store.entities, *store.others), table)
            for index in (*store.indexes, *([BY_DAY] if store.entities else ())):
                indexes[index] = (*indexes.get(index, ()), table)
        return cls(families, indexes)

    def table(self, partition: str) -> str:
        """The table of a partition.

        Raises:
            InvalidCommit: no store declares its family.
        """
        found = self.families.get(partition.partition("#")[0], self.others)
        if not found:
            msg = f"no store declares the family of {Key(partition, '').partition.partition('#')[0]!r}"
            raise InvalidCommit(msg)
        return found
