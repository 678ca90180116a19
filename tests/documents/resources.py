"""What there is: the names that a page may call something by, from the places that make them."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from bbws.engines.aws.names import CURSOR_KEY, FIRST_KEY, SIGNING_KEY, Names
from tests.documents.runbooks import ROOT

TERRAFORM = ROOT / "infra" / "terraform"
# In place of an environment's name, whichever a page uses.
ENV = "ENV"
_ENVIRONMENTS = r"(?:\{env\}|\$ENVIRONMENT|dev|sit|prod)"
_OURS = re.compile(rf"\bbbws[-/](?:[\w$/{{}}-]*?[-/])?{_ENVIRONMENTS}(?![\w-])(?:(?<=\}})/[a-z-]+)?")
_SHORT = re.compile(rf"(?<![\w$/{{}}-])(?!bbws-)([a-z]+)-{_ENVIRONMENTS}(?![\w-])")


@cache
def manifest() -> dict[str, Any]:
    """The manifest of functions, queues and tables."""
    found: dict[str, Any] = json.loads((TERRAFORM / "manifest.json").read_text("utf-8"))
    return found


def text_of(path: str) -> str:
    """The text of a file of ``infra/terraform``."""
    return (TERRAFORM / path).read_text("utf-8")


def signals() -> set[str]:
    """The signals of every alarm."""
    text = text_of("modules/alarms/main.tf")
    return set(re.findall(r'signal *= "([a-z0-9-]+)"', text)) | set(re.findall(r"runbook\}#([a-z0-9-]+)\"", text))


def queries() -> set[str]:
    """The saved log queries."""
    return set(re.findall(r"^ +([a-z-]+) += \{ groups = ", text_of("modules/dashboard/main.tf"), re.MULTILINE))


def all_variables() -> str:
    """The text of every file that declares them."""
    return "\n".join(text_of(path.name) for path in sorted(TERRAFORM.glob("variables*.tf")))


def variables() -> set[str]:
    """The variables of the root."""
    return set(re.findall(r'^variable "(\w+)"', all_variables(), re.MULTILINE))


def outputs() -> set[str]:
    """The outputs of the root."""
    return set(re.findall(r'^output "(\w+)"', text_of("outputs.tf"), re.MULTILINE))


def targets() -> set[str]:
    """The commands of the Makefile."""
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def workflows() -> set[str]:
    """The workflows."""
    return {path.stem for path in (ROOT / ".github" / "workflows").glob("*.yml")}


@cache
def names() -> frozenset[str]:
    """Everything in an account that has a name of its own, of the environment ``ENV``."""
    own = Names(ENV)
    functions = _functions()
    queues = [consumer["queue"] for consumer in manifest()["consumers"].values()]
    found = {own.function(name) for name in functions}
    found |= {name for queue in queues for name in (own.queue(queue), own.dead_letters(queue))}
    found |= {own.rule(name) for name in (*manifest()["consumers"], *_daily())}
    found |= {own.secret(name) for name in (CURSOR_KEY, SIGNING_KEY, FIRST_KEY)}
    found |= {own.bus, own.archive, own.api, own.usage_plan, own.lambda_alarms, own.alerts, own.dashboard}
    found |= {own.deployments, own.state, own.artefacts, own.dead_letters("feed")}
    found |= {f"{own.dashboard}/{query}" for query in queries()}
    # Of the pipelines: made by hand, once (infra/pipeline/policies).
    made_by_hand = ("plan", "deploy", "deploy-roles", "keep-data", "boundary")
    found |= {f"bbws-{name}-{ENV}" for name in made_by_hand}
    return frozenset(found | set(_alarms(own, functions, queues)))


@cache
def short_names() -> frozenset[str]:
    """Names that end with the environment and are of no family of ours: tables, the alias, workflows."""
    deployments = {name.rpartition("-")[0] for name in workflows() if re.search(f"-{_ENVIRONMENTS}$", name)}
    return frozenset({*manifest()["stores"], "latest", *deployments})


def _daily() -> list[str]:
    return [each["function"] for each in manifest()["daily"].values()]


def _functions() -> list[str]:
    found = [each["function"] for part in ("endpoints", "consumers", "daily") for each in manifest()[part].values()]
    return [*found, manifest()["feed"]["function"]]


def _alarms(own: Names, functions: list[str], queues: list[str]) -> Iterator[str]:
    """As modules/alarms has them; tests/infra holds that module against its plan."""
    subjects = {
        "errors": functions,
        "error-rate": functions,
        "duration": functions,
        "duration-p95": [each["function"] for each in manifest()["endpoints"].values()],
        "throttles": functions,
        "dlq": [*queues, "feed"],
        "age": queues,
        "feed-lag": ["feed"],
        "failures": ["tenant-park", "tenant-unpark"],
        "throttled": list(manifest()["stores"]),
    }
    for signal in signals():
        for subject in subjects.get(signal, ["api"]):
            yield own.alarm(subject, signal)


def unknown(text: str) -> list[str]:
    """The names in a text that nothing has. What a reader fills in (``$QUEUE``, ``{queue}``) stands for any."""
    missing = [name for name in _OURS.findall(text) if not _known(name)]
    return missing + [match[0] for match in _SHORT.finditer(text) if match[1] not in short_names()]


def _known(name: str) -> bool:
    pattern = "".join(
        ENV if re.fullmatch(_ENVIRONMENTS, part) else "[a-z0-9/-]+" if part[:1] in {"{", "$"} else re.escape(part)
        for part in re.split(rf"({_ENVIRONMENTS}(?![\w-])|\{{\w+\}}|\$\w+)", name)
    )
    return any(re.fullmatch(pattern, known) for known in names())
