"""The benchmarks' table in memory keeps the promises of the port, so that BBWS over it does what it does elsewhere.

Threads and keys that are no valid Unicode are left out: it serves one thread, with keys from the stores.
"""

import pytest

from bench.memory_table import MemoryTable
from tests.contracts.test_table_contract import (
    test_a_commit_without_writes_is_fine,
    test_a_failed_expectation_names_its_key_and_nothing_is_stored,
    test_a_page_begins_after_a_place_whose_row_is_gone,
    test_a_prefix_finds_what_begins_with_it,
    test_a_removed_key_can_be_used_again,
    test_a_replacement_moves_the_row_in_its_indexes,
    test_a_row_comes_back_as_it_was_written,
    test_a_start_outside_the_prefix_bounds_nothing_more,
    test_an_expired_row_is_absent_everywhere_at_once,
    test_every_kind_of_row_can_be_kept,
    test_expectations_that_hold_are_stored_together,
    test_indexes_do_not_see_each_other,
    test_next_is_none_only_at_the_end,
    test_order_is_that_of_code_points,
    test_the_limits_of_a_commit,
    test_ties_in_an_index_are_ordered_by_key,
    test_what_is_not_there_is_none,
)
from tests.fakes import FakeClock

__all__ = [
    "test_a_commit_without_writes_is_fine",
    "test_a_failed_expectation_names_its_key_and_nothing_is_stored",
    "test_a_page_begins_after_a_place_whose_row_is_gone",
    "test_a_prefix_finds_what_begins_with_it",
    "test_a_removed_key_can_be_used_again",
    "test_a_replacement_moves_the_row_in_its_indexes",
    "test_a_row_comes_back_as_it_was_written",
    "test_a_start_outside_the_prefix_bounds_nothing_more",
    "test_an_expired_row_is_absent_everywhere_at_once",
    "test_every_kind_of_row_can_be_kept",
    "test_expectations_that_hold_are_stored_together",
    "test_indexes_do_not_see_each_other",
    "test_next_is_none_only_at_the_end",
    "test_order_is_that_of_code_points",
    "test_the_limits_of_a_commit",
    "test_ties_in_an_index_are_ordered_by_key",
    "test_what_is_not_there_is_none",
]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def table(clock: FakeClock) -> MemoryTable:
    return MemoryTable(clock)
