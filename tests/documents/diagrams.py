"""Draws every diagram of the repository: ``python -m tests.documents.diagrams`` (``make diagrams-check``).

Mermaid is installed by npm into ``build/diagrams`` from the locked list in ``docs/diagrams/.render``; one headless
Chromium draws all blocks on one page and tells which it could not read. The pictures stay beside it.
"""

import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "build" / "diagrams"
LOCKED = ROOT / "docs" / "diagrams" / ".render"
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_BLOCK = re.compile(r"^ *```mermaid\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_RESULT = re.compile(r'<pre id="result">(.*?)</pre>', re.DOTALL)
_SECONDS = 120
_PAGE = """<!doctype html><meta charset="utf-8"><body><script src="{script}"></script><script>
const blocks = {blocks};
(async () => {{
  mermaid.initialize({{startOnLoad: false, securityLevel: "strict"}});
  const found = {{}};
  for (const [name, text] of Object.entries(blocks)) {{
    try {{ found[name] = {{svg: (await mermaid.render("d" + Object.keys(found).length, text)).svg}}; }}
    catch (error) {{ found[name] = {{error: String(error.message ?? error)}}; }}
  }}
  const result = Object.assign(document.createElement("pre"), {{id: "result"}});
  result.textContent = JSON.stringify(found);
  document.body.replaceChildren(result);
}})();
</script>"""


class MissingError(Exception):
    """A tool is missing; says which."""


class DrawingError(Exception):
    """The browser did not get through; has what it said."""


def pages() -> list[Path]:
    """Every page that may have a diagram."""
    top = (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CLAUDE.md"))
    return sorted([*(page for page in top if page.exists()), *(ROOT / "docs").rglob("*.md")])


def blocks() -> Iterator[tuple[str, str]]:
    """Every diagram: a name for its picture, and its text."""
    for page in pages():
        for number, text in enumerate(_BLOCK.findall(page.read_text(encoding="utf-8")), 1):
            yield f"{page.relative_to(ROOT).with_suffix('').as_posix().replace('/', '-')}-{number}", text


class Drawn(NamedTuple):
    """What became of a diagram: its picture, or why there is none."""

    svg: str
    error: str


def draw(texts: Mapping[str, str], browser: str, script: Path) -> dict[str, Drawn]:
    """All diagrams, by one browser.

    Raises:
        DrawingError: it gave nothing back.
    """
    with TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        # Within a script, "</" could end it.
        page.write_text(
            _PAGE.format(script=script.as_uri(), blocks=json.dumps(texts).replace("</", "<\\/")), encoding="utf-8"
        )
        done = subprocess.run(
            [browser, *_flags(folder), "--dump-dom", page.as_uri()],
            env={**os.environ, "HOME": folder},
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    found = _RESULT.search(done.stdout)
    if found is None:
        raise DrawingError(f"{browser} drew nothing: {done.stderr[-2000:]}")
    results = json.loads(html.unescape(found[1]))
    return {name: Drawn(each.get("svg", ""), each.get("error", "")) for name, each in results.items()}


def _flags(folder: str) -> Sequence[str]:
    # In a container there is no sandbox for root; what is shown is our own text. Virtual time: until all is drawn.
    return (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions"),
        *(f"--user-data-dir={folder}/profile", "--virtual-time-budget=60000"),
    )


def install() -> tuple[str, Path]:
    """The browser, and Mermaid.

    Raises:
        MissingError: one of them, or npm, is missing.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise MissingError("no Chromium (Debian: apt-get install chromium)")
    npm = shutil.which("npm")
    if npm is None:
        raise MissingError("no npm (Debian: apt-get install npm)")
    TARGET.mkdir(parents=True, exist_ok=True)
    script = TARGET / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
    lock = TARGET / "package-lock.json"
    if not script.exists() or not lock.exists() or lock.read_bytes() != (LOCKED / lock.name).read_bytes():
        shutil.copytree(LOCKED, TARGET, dirs_exist_ok=True)
        # npm's own scripts are run for none of the packages: what is used is one file of one of them.
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=TARGET, check=True)
    return browser, script


def main() -> int:
    """Draw all; 1 where a diagram cannot be read."""
    try:
        browser, script = install()
    except MissingError as error:
        print(f"*** DIAGRAMS WERE NOT DRAWN: {error}. ***", file=sys.stderr)  # noqa: T201 - it has to be seen
        return 0
    texts = dict(blocks())
    drawn = draw(texts, browser, script)
    for name, (svg, fault) in drawn.items():
        if fault:
            print(f"{name}: {fault}", file=sys.stderr)  # noqa: T201 - what is wrong
        else:
            (TARGET / f"{name}.svg").write_text(svg, encoding="utf-8")
    bad = sum(bool(each.error) for each in drawn.values())
    print(f"{len(drawn)} diagrams, {bad} that cannot be drawn")  # noqa: T201 - what was done
    return int(bad > 0 or set(drawn) != set(texts))


if __name__ == "__main__":
    sys.exit(main())
