"""Showing a list: one page, or with ``--all`` every page as it comes."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import click

from bbws.entrypoints.commands.client import Ask, document
from bbws.entrypoints.commands.render import Pages, columns_of
from bbws.entrypoints.commands.screen import Screen
from bbws.entrypoints.commands.session import Session
from bbws.entrypoints.commands.text import json_text
from bbws.kernel.endpoint import Endpoint

type Json = Mapping[str, Any]

_LARGEST_PAGE = "100"


def all_option() -> click.Option:
    """``--all``."""
    return click.Option(["--all", "everything"], is_flag=True, help="Every page, not only one.")


def show(session: Session, ask: Ask, endpoint: Endpoint, *, everything: bool) -> None:
    """Ask for the list and show it."""
    if not everything:
        page = _page(session, ask)
        if session.screen.as_json:
            session.screen.document(page)
        else:
            _table(session.screen, endpoint, iter([page]))
            _hint(session.screen, page)
    elif session.screen.as_json:
        _stream(session.screen, _pages(session, ask))
    else:
        _table(session.screen, endpoint, _pages(session, ask))


def _page(session: Session, ask: Ask) -> Json:
    return document(session.client.send(ask).content)


def _pages(session: Session, ask: Ask) -> Iterator[Json]:
    query = {"pageSize": _LARGEST_PAGE, **ask.query}
    while True:
        page = _page(session, replace(ask, query=query))
        yield page
        token = page.get("nextToken")
        if not token:
            return
        query = {**query, "startAt": token}


def _table(screen: Screen, endpoint: Endpoint, pages: Iterator[Json]) -> None:
    table, shown = Pages(columns_of(endpoint), screen.out.width), 0
    for page in pages:
        items = page.get("items", [])
        shown += len(items)
        if items:
            screen.show(table.table(items))
    if not shown:
        screen.note("Nothing found.", "dim")


def _hint(screen: Screen, page: Json) -> None:
    if page.get("nextToken"):
        screen.note(f"There are more: --all shows every page, --start-at {page['nextToken']} the next one.", "dim")


def _stream(screen: Screen, pages: Iterator[Json]) -> None:
    """One JSON document, written while the pages come."""
    count = 0
    screen.out.file.write('{"items": [')
    for page in pages:
        for item in page.get("items", []):
            screen.out.file.write(("," if count else "") + "\n  " + json_text(item))
            count += 1
    screen.write(f'\n], "count": {count}, "moreAvailable": false, "nextToken": null}}')
