from bench.measure import interleaved, ratio
from bench.report import Finding, Section, Table, as_markdown, as_text, document, summary

FAST = Finding("fast", "≤ 2 ×", "1 ms", "1.00 ×", met=True)
SLOW = Finding("slow | loud", "≤ 2 ×", "9 ms", "9.00 ×", met=False)


def test_a_miss_is_called_a_miss() -> None:
    table = summary([Section("One", [FAST]), Section("Two", [SLOW, Finding("size", "–", "9 MB", "", met=None)])])
    assert [row[-1] for row in table.rows] == ["pass", "MISS", "–"]


def test_a_table_lines_up_and_is_valid_markdown() -> None:
    table = Table(("a", "long header"), [("wide cell", "1"), ("x | y", "2")])
    assert as_text(table).splitlines()[0].index("long") == as_text(table).splitlines()[2].index("1")
    assert as_markdown(table).splitlines()[-1] == "| x / y | 2 |"


def test_the_document_holds_every_finding() -> None:
    text = document([Section("One", [FAST], [Table(("n",), [("1",)])], ["A note."]), Section("Two", [SLOW])], ["Here."])
    assert text.index("Here.") < text.index("fast") < text.index("slow") < text.index("## One") < text.index("A note.")


def test_rounds_take_turns() -> None:
    order: list[str] = []

    def measure(name: str) -> float:
        order.append(name)
        return float(len(order))

    figures = interleaved({"a": lambda: measure("a"), "b": lambda: measure("b")}, 2)
    assert (order, figures) == (["a", "b", "a", "b"], {"a": [1.0, 3.0], "b": [2.0, 4.0]})


def test_a_ratio_is_between_the_figures_of_one_round() -> None:
    assert ratio([10.0, 200.0, 30.0], [20.0, 400.0, 10.0]) == 0.5
