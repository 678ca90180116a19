"""The plan of a change (``dryRun``) as a readable difference, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from bbws.entrypoints.commands.screen import compact

type Json = Mapping[str, Any]

_MARKS: Mapping[str, str] = {"+": "green", "-": "red", "~": "yellow", " ": "dim"}
_NOTHING = object()
_OF_EVERY_PLAN = frozenset({"dryRun", "changes", "warnings"})


def planned(plan: Json) -> Text:
    """What would be done beside changes, every change and warning; says so where there would be none."""
    changes: Sequence[Json] = plan.get("changes", [])
    besides = [Text(f"{name}: {compact(value)}") for name, value in plan.items() if name not in _OF_EVERY_PLAN]
    warnings = [Text(f"! {warning.get('message')}", style=_MARKS["~"]) for warning in plan.get("warnings", [])]
    if not besides and not changes:
        return Text("Nothing would change.", style="dim")
    count = f"{len(changes)} change{'s' if len(changes) > 1 else ''} planned" if changes else "This is the plan"
    return Text("\n").join([*besides, *_changes(changes), *warnings, Text(f"{count}; nothing was changed.")])


def _changes(changes: Sequence[Json]) -> list[Text]:
    return [line for change in changes for line in _change(change)]


def _change(change: Json) -> Iterator[Text]:
    mark = "+" if change.get("changeType") == "CREATE" else "~"
    version = "" if change.get("version") is None else f", version {change['version']}"
    title = f"{mark} {change.get('subject')}  {change.get('changeType')} ({change.get('type')}{version})"
    yield Text(title, style=f"bold {_MARKS[mark]}")
    yield from _fields(change.get("before") or {}, change.get("after") or {}, "    ")


def _fields(before: Json, after: Json, indent: str) -> Iterator[Text]:
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name, _NOTHING), after.get(name, _NOTHING)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            yield Text(f"{indent}~ {name}:", style=_MARKS["~"])
            yield from _fields(old, new, indent + "    ")
        elif isinstance(old, list) and isinstance(new, list):
            yield Text(f"{indent}~ {name}:", style=_MARKS["~"])
            yield from _items(old, new, indent + "    ")
        else:
            yield _value(name, old, new, indent)


def _items(old: Sequence[Any], new: Sequence[Any], indent: str) -> Iterator[Text]:
    """The items of a list as it would be, with those that leave it in front."""
    kept = [item for item in old if item in new]
    for item in (item for item in old if item not in new):
        yield Text(f"{indent}- {compact(item)}", style=_MARKS["-"])
    for item in new:
        mark = " " if item in kept else "+"
        yield Text(f"{indent}{mark} {compact(item)}", style=_MARKS[mark])


def _value(name: str, old: object, new: object, indent: str) -> Text:
    if old is _NOTHING:
        return Text(f"{indent}+ {name}: {compact(new)}", style=_MARKS["+"])
    if new is _NOTHING:
        return Text(f"{indent}- {name}: {compact(old)}", style=_MARKS["-"])
    return Text.assemble((f"{indent}~ {name}: ", _MARKS["~"]), (compact(old), "red"), " → ", (compact(new), "green"))
