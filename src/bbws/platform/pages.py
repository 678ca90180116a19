"""The pages that explain the API to people: the interactive page (Swagger UI) and one page for each problem.

Nothing is fetched from elsewhere and no script stands in a page, so that a strict Content-Security-Policy can hold. The
addresses in the pages are relative: they work below any base path.
"""

import re
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.metadata import distribution
from pathlib import Path

import orjson

from bbws.kernel.http import PROBLEM_JSON
from bbws.kernel.problem import ProblemType
from bbws.platform.openapi_parts import problem_example

_CLOSED = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Swagger UI draws its icons from data: addresses; scripts and styles come as files only.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    f"font-src 'self' data:; connect-src 'self'; {_CLOSED}"
)
PAGE_POLICY = f"default-src 'none'; style-src 'self'; img-src data:; {_CLOSED}"
_ALWAYS: Mapping[str, str] = {"referrer-policy": "no-referrer", "x-frame-options": "DENY"}
DOCS_HEADERS: Mapping[str, str] = {"content-security-policy": DOCS_POLICY, **_ALWAYS}
PAGE_HEADERS: Mapping[str, str] = {"content-security-policy": PAGE_POLICY, **_ALWAYS}

_JAVASCRIPT = "text/javascript; charset=utf-8"
_CSS = "text/css; charset=utf-8"
# Our name → type and file in the package that ships Swagger UI (docs/dependencies.md, "The API page").
_SHIPPED: Mapping[str, tuple[str, str]] = {
    "swagger-ui-bundle.js": (_JAVASCRIPT, "offapi/swagger_bundle.js"),
    "swagger-ui.css": (_CSS, "offapi/swagger_style.css"),
}
# The validator would send the document's address to its maker; keys stay in the memory of the page.
_INITIALISER = """\
window.addEventListener("load", () => {
  window.ui = SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayRequestDuration: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
});
"""
_PAGE_STYLE = """\
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 45rem; padding: 0 1rem; color: #1b1f24; }
code, pre { font-family: ui-monospace, monospace; background: #f3f4f6; border-radius: 0.25rem; }
code { padding: 0.1rem 0.3rem; }
pre { padding: 1rem; white-space: pre-wrap; }
.status { color: #57606a; }
"""
_OWN: Mapping[str, tuple[str, str]] = {
    "initialise.js": (_JAVASCRIPT, _INITIALISER),
    "page.css": (_CSS, _PAGE_STYLE),
}

_DOCS = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>BBWS API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<noscript>This page needs JavaScript. The document that it shows is <a href="openapi.json">openapi.json</a>.</noscript>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/initialise.js"></script>
</body>
</html>
"""
_PROBLEM = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – BBWS API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="../docs/page.css">
</head>
<body>
<h1>{title}</h1>
<p class="status">HTTP status {status} · code <code>{code}</code></p>
<p>{explanation}</p>
<h2>What the answer looks like</h2>
<p>Its <code>detail</code> says what was wrong this time. Please name its <code>requestId</code> when you report it.</p>
<pre>Content-Type: {content_type}

{example}</pre>
<p><a href="../docs">All calls of the API</a></p>
</body>
</html>
"""
_CODE = re.compile(r"`([^`]+)`")


def docs_page() -> bytes:
    """The interactive page, to be served at ``/docs`` with :data:`DOCS_HEADERS`; its files are at ``/docs/{name}``."""
    return _DOCS.encode()


def asset(name: str) -> tuple[str, bytes] | None:
    """Media type and content of a file that the pages refer to, None where there is no such file."""
    if name in _OWN:
        content_type, text = _OWN[name]
        return content_type, text.encode()
    if name not in _SHIPPED:
        return None
    content_type, file = _SHIPPED[name]
    return content_type, _shipped(file)


@cache
def _shipped(file: str) -> bytes:
    # Found through the package's metadata: importing the package would read all its files into memory.
    return Path(str(distribution("offapi").locate_file(file))).read_bytes()


def problem_page(problem: ProblemType) -> bytes:
    """The page at ``/problems/{code}``, to be served with :data:`PAGE_HEADERS`."""
    example = orjson.dumps(problem_example(problem)["value"], option=orjson.OPT_INDENT_2).decode()
    page = _PROBLEM.format(
        title=escape(problem.title),
        status=problem.status,
        code=escape(problem.code),
        explanation=_CODE.sub(r"<code>\1</code>", escape(problem.explanation)),
        content_type=escape(PROBLEM_JSON),
        example=escape(example),
    )
    return page.encode()
