import pytest

from bbws.kernel.conditional import entity_tag, expected_versions, not_modified
from bbws.kernel.problem import Problem


def test_a_tag_has_the_version_and_changes_with_the_body() -> None:
    tag = entity_tag(3, b"body")
    assert tag.startswith('"3-')
    assert tag == entity_tag(3, b"body") != entity_tag(3, b"another")
    assert entity_tag(None, b"body").startswith('"0-')


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        (None, None),
        ("*", None),
        (" * ", None),
        ('"3-abc0"', {3}),
        ('"3"', {3}),
        ('W/"3-abc0"', {3}),
        ('"3-abc0", "5-0"', {3, 5}),
        ('"somebody-elses"', set()),
        ('"3-xyz"', set()),
        ('""', set()),
        ("", set()),
    ],
)
def test_if_match_is_about_versions(header: str | None, versions: set[int] | None) -> None:
    assert expected_versions(header) == versions


@pytest.mark.parametrize("header", ["3", '"3', "3-abc", '"3" "4"', "**", '"3",,"4"', "W/3"])
def test_a_malformed_if_match_is_refused(header: str) -> None:
    with pytest.raises(Problem) as refused:
        expected_versions(header)
    assert (refused.value.type.status, refused.value.errors[0].field) == (400, "If-Match")


def test_if_none_match_is_about_the_whole_tag() -> None:
    tag = entity_tag(3, b"body")
    assert not_modified(tag, tag)
    assert not_modified(f'"other", W/{tag}', tag)
    assert not_modified("*", tag)
    assert not not_modified('"3"', tag)
    assert not not_modified(entity_tag(3, b"another"), tag)
    assert not not_modified(None, tag)
    with pytest.raises(Problem) as refused:
        not_modified("3", tag)
    assert refused.value.errors[0].field == "If-None-Match"
