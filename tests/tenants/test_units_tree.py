"""The tree, read in pages while it changes, and where it is too much for one answer."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from bbws.kernel.problem import Problem
from bbws.kernel.table import Page, Table
from bbws.tenants.units import reading
from bbws.tenants.units.reading import MOST
from tests.tenants.forest import ID, Forest, forest


@pytest.fixture
def wood() -> Iterator[Forest]:
    with forest("embedded") as made:
        yield made


@dataclass
class Early:
    """A table whose pages were read before some units were made."""

    table: Table
    hidden: Collection[str]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.table, name)

    def query(self, *question: Any, **further: Any) -> Page:
        """What there was then."""
        page = self.table.query(*question, **further)
        return page._replace(
            rows=tuple(row for row in page.rows if row.key.sort.removeprefix("UNIT#") not in self.hidden)
        )


def test_what_was_moved_to_a_place_that_was_made_since_is_in_the_tree(wood: Forest) -> None:
    north = wood.add("North")
    web = wood.add("Web", north)
    shop = wood.add("Shop", web)
    whole = wood.tree()
    for hidden in ({north}, {web}, {north, web}):
        assert wood.tree(Early(wood.table, hidden)) == whole
    wood.do(wood.deleting(north, cascade=True))
    assert wood.tree(Early(wood.table, {shop})) == {}


@dataclass
class Crowded:
    """A table in which every unit is found many times, under other ids."""

    table: Table
    times: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.table, name)

    def query(self, *question: Any, **further: Any) -> Page:
        """Much."""
        [row] = self.table.query(*question, **further).rows
        many = (row._replace(document=row.document | {"unitId": f"div-{each:016}"}) for each in range(self.times))
        return Page(tuple(many), None)


def test_a_tree_that_is_too_large_for_one_answer_is_refused(wood: Forest) -> None:
    wood.add("North")
    assert len(wood.tree(Crowded(wood.table, MOST))) == MOST
    with pytest.raises(Problem) as refused:
        reading.tree(wood.begin(Crowded(wood.table, MOST + 1)), ID)
    assert (refused.value.type.code, refused.value.type.status) == ("tree-too-large", 422)


def test_units_that_are_no_more_are_not_read_as_parents(wood: Forest) -> None:
    north = wood.add("North")
    wood.add("Web", north)
    assert [len(within) for within in reading.tree(wood.begin(), ID).values()] == [1, 1]
    wood.do(wood.deleting(north, cascade=True))
    assert reading.tree(wood.begin(), ID) == {}
