import re

import pytest

from bbws.kernel.problem import COMMON, Kind, ProblemType
from bbws.platform.pages import DOCS_HEADERS, DOCS_POLICY, PAGE_HEADERS, asset, docs_page, problem_page

HOSTILE = ProblemType(Kind.REFUSED, "odd", "<script>alert(1)</script>", 'Say `<b>` & "go".')


def _addresses(page: str) -> set[str]:
    return set(re.findall(r'(?:src|href)="([^"]*)"', page))


def test_the_api_page_is_made_of_our_own_files() -> None:
    addresses = _addresses(docs_page().decode()) - {"data:,", "openapi.json"}
    assert addresses == {"docs/swagger-ui.css", "docs/swagger-ui-bundle.js", "docs/initialise.js"}
    assert all(asset(address.removeprefix("docs/")) for address in addresses)


def test_files_come_with_their_media_type() -> None:
    script, style = asset("swagger-ui-bundle.js"), asset("swagger-ui.css")
    assert script is not None
    assert style is not None
    assert (script[0], style[0]) == ("text/javascript; charset=utf-8", "text/css; charset=utf-8")
    assert b"SwaggerUIBundle" in script[1]
    assert b".swagger-ui" in style[1]


@pytest.mark.parametrize("name", ["redoc.js", "../offapi/redoc.js", "offapi/swagger_bundle.js", "", "__init__.py"])
def test_no_other_file_is_given_away(name: str) -> None:
    assert asset(name) is None


@pytest.mark.parametrize("page", [docs_page(), *(problem_page(problem) for problem in COMMON)])
def test_nothing_in_a_page_needs_a_looser_policy(page: bytes) -> None:
    text = page.decode()
    assert re.findall(r"<script(?! src=)|<style|\son\w+=|\sstyle=|javascript:|https?://", text) == []


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    assert DOCS_HEADERS["content-security-policy"] == DOCS_POLICY
    sources = {source for rule in DOCS_POLICY.split("; ") for source in rule.split(" ")[1:]}
    assert sources == {"'none'", "'self'", "data:"}
    assert "script-src" not in PAGE_HEADERS["content-security-policy"]


def test_a_key_stays_in_the_page_and_no_validator_is_asked() -> None:
    initialiser = asset("initialise.js")
    assert initialiser is not None
    assert b"persistAuthorization: false" in initialiser[1]
    assert b"validatorUrl: null" in initialiser[1]
    assert b'url: "openapi.json"' in initialiser[1]


@pytest.mark.parametrize("problem", COMMON, ids=lambda problem: problem.code)
def test_a_problem_page_says_what_the_problem_is(problem: ProblemType) -> None:
    text = problem_page(problem).decode()
    assert f"<h1>{problem.title}</h1>" in text
    assert f"HTTP status {problem.status}" in text
    assert f"<code>{problem.code}</code>" in text
    assert _addresses(text) - {"data:,"} == {"../docs/page.css", "../docs"}


def test_texts_are_escaped_and_code_is_marked() -> None:
    text = problem_page(HOSTILE).decode()
    assert "<script>alert" not in text
    assert "<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>" in text
    assert "Say <code>&lt;b&gt;</code> &amp; &quot;go&quot;." in text
