"""What the runbooks tell an operator to type prints what they say, in their order."""

from pathlib import Path

import pytest

from infra.local.state import ENVIRONMENT, REGION
from tests import builders
from tests.cloud.environment import Cloud
from tests.documents.relay import relay
from tests.documents.runbooks import RUNBOOKS, prints, run, runbook_commands

PAGES = sorted(page for page in RUNBOOKS.rglob("*.md") if runbook_commands(page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(RUNBOOKS).as_posix())
def test_every_command_prints_what_the_runbook_says(cloud: Cloud, page: Path) -> None:
    with relay(cloud.known.api_url, cloud.known.host) as url:
        here = {"ENVIRONMENT": ENVIRONMENT, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
        known = builders.inherited() | cloud.known.variables() | here | {"API_URL": url, "BBWS_URL": url}
        for command, printed in run(page, known):
            assert prints(printed, command.output), f"{command.line}\n{printed}"
