import pytest

from bbws.kernel.problem import COMMON, STATUS, FieldError, Kind, ProblemType

ODD = ProblemType(Kind.REFUSED, "odd", "Odd", "It is odd.")


def test_every_kind_has_a_status() -> None:
    assert set(STATUS) == set(Kind)
    assert {400 <= status < 600 for status in STATUS.values()} == {True}


def test_the_codes_of_problems_are_distinct() -> None:
    codes = [problem.code for problem in COMMON]
    assert len(set(codes)) == len(codes)


def test_a_problem_is_written_as_rfc_9457_says() -> None:
    problem = ODD("Make it even.", errors=(FieldError("number", "must be even", "even"),), currentStatus="odd")
    assert problem.document(base_path="/v1", instance="/v1/things/7", request_id="R1") == {
        "type": "/v1/problems/odd",
        "title": "Odd",
        "status": 422,
        "detail": "Make it even.",
        "code": "odd",
        "instance": "/v1/things/7",
        "requestId": "R1",
        "errors": [{"field": "number", "message": "must be even", "code": "even"}],
        "currentStatus": "odd",
    }


def test_a_problem_says_nothing_that_is_not_there() -> None:
    assert set(ODD("No.").document()) == {"type", "title", "status", "detail", "code"}


def test_a_problem_is_an_exception_with_its_detail() -> None:
    with pytest.raises(Exception, match=r"^Make it even\.$"):
        raise ODD("Make it even.", headers={"x": "y"})
