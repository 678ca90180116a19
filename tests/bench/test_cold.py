"""What the benchmark of imports starts can be started."""

import pytest

from bench import cold

OURS = [name for name, (statement, _) in cold.IMPORTS.items() if "bbws" in statement]


@pytest.mark.parametrize("name", OURS)
def test_an_entrypoint_starts_with_the_variables_it_is_given(name: str) -> None:
    statement, variables = cold.IMPORTS[name]
    assert cold.fresh(statement, **variables)() > 0


def test_the_three_entrypoints_are_measured() -> None:
    started = " ".join(statement for statement, _ in cold.IMPORTS.values())
    assert all(f"lambda_{kind}" in started for kind in ("api", "worker", "feed"))
