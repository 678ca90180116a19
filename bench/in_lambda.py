"""API Gateway event → response, against the frameworks that answer such events, in one process."""

from collections.abc import Callable
from statistics import median

from bench.events import PRODUCT
from bench.measure import Figures, interleaved, microseconds, ratio, times, us
from bench.options import Options
from bench.parity import differences
from bench.report import Finding, Section, Table
from bench.subjects import BASE, BBWS, CONTEXT, FASTAPI, POWERTOOLS, Subject, subjects

_BUDGETED = (FASTAPI, POWERTOOLS)


def run(options: Options) -> Section:
    rounds, calls = (9, 100) if options.quick else (25, 200)
    with subjects() as everyone:
        _require_parity(everyone)
        get = interleaved({name: microseconds(_getter(each), calls) for name, each in everyone.items()}, rounds)
        post = interleaved({name: microseconds(_poster(each), calls) for name, each in everyone.items()}, rounds)
    section = Section("API Gateway event → response, rows in memory")
    section.findings += [
        _finding("event → response, GET product", get, 0.5),
        _finding("event → response, POST product, ours with Change and digest", post, 1.0),
    ]
    section.tables.append(_table(get, post))
    section.notes.append(
        f"Processor time, median of {rounds} interleaved rounds of {calls} calls each. The shipped handlers of BBWS "
        "authenticate a key, render links and an ETag and log a line (the gateway counts rate limits); the peers do "
        "none of these but the links. Every peer gave the same statuses, members, values and links as BBWS to fourteen "
        "calls before anything was measured. Verdicts are against the faster of FastAPI + Mangum and the Powertools "
        "resolver."
    )
    return section


def _require_parity(everyone: dict[str, Subject]) -> None:
    reference = everyone[BBWS]
    found = {name: differences(each, reference) for name, each in everyone.items() if each is not reference}
    assert not any(found.values()), found


def _getter(subject: Subject) -> Callable[[], object]:
    event = subject.event("GET", f"{BASE}/{subject.create()}")
    return lambda: subject.invoke(event, CONTEXT)


def _poster(subject: Subject) -> Callable[[], object]:
    event = subject.event("POST", BASE, PRODUCT)
    return lambda: subject.invoke(event, CONTEXT)


def _finding(what: str, figures: Figures, budget: float) -> Finding:
    faster = min(_BUDGETED, key=lambda name: median(figures[name]))
    measured = ratio(figures[BBWS], figures[faster])
    return Finding(
        what,
        f"≤ {budget} × the faster",
        us(median(figures[BBWS])),
        f"{times(measured)} {faster} ({us(median(figures[faster]))})",
        measured <= budget,
    )


def _table(get: Figures, post: Figures) -> Table:
    rows = [
        (name, *(cell for of in (get, post) for cell in (us(median(of[name])), times(ratio(of[BBWS], of[name])))))
        for name in get
    ]
    return Table(("", "GET", "BBWS to it", "POST", "BBWS to it"), rows)
