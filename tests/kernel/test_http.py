import pytest

from bbws.kernel.http import Request, decode_segment
from bbws.kernel.problem import Problem


def _parameters(query: str) -> dict[str, str]:
    return Request("GET", "/", query).parameters()


def test_parameters_are_decoded() -> None:
    assert _parameters("") == {}
    assert _parameters("q=caf%C3%A9+x&status=all&empty=&bare") == {
        "q": "café x",
        "status": "all",
        "empty": "",
        "bare": "",
    }


@pytest.mark.parametrize("query", ["q=%ff", "%80=1", "&".join(f"p{n}=1" for n in range(51))])
def test_a_malformed_query_is_refused(query: str) -> None:
    with pytest.raises(Problem) as refused:
        _parameters(query)
    assert [error.field for error in refused.value.errors] == ["query"]


def test_each_parameter_given_twice_is_named() -> None:
    with pytest.raises(Problem) as refused:
        _parameters("a=1&b=2&a=3&c=4&c=4")
    assert [error.field for error in refused.value.errors] == ["a", "c"]


def test_a_segment_is_decoded() -> None:
    assert decode_segment("PROD-1") == "PROD-1"
    assert decode_segment("%50ROD-1") == "PROD-1"
    assert decode_segment("%2F") == "/"
    assert decode_segment("PROD-%ff") == "PROD-\ufffd"
