"""BBWS as its functions on AWS: the shipped handlers with the shipped wiring, rows in memory in place of DynamoDB."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from bbws.bootstrap.aws import open_cloud
from bbws.engines.aws.names import CURSOR_KEY, Names
from bbws.entrypoints.api_gateway import make_handler
from bbws.kernel.actor import EVERYTHING, Rate, system
from bbws.kernel.clock import SystemClock
from bbws.kernel.table import Table
from bbws.kernel.work import UnitOfWork, transact
from bbws.keys import service as keys
from bbws.products.api import ENDPOINTS
from bbws.settings import AwsVariables, Settings
from bench.stub import stub

ENVIRONMENT = "bench"
REGION = "eu-west-1"
# What the functions of an environment are started with; credentials are nobody's.
VARIABLES = {
    "BBWS_ENGINE": "aws",
    "BBWS_ENVIRONMENT": ENVIRONMENT,
    "BBWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_DEFAULT_REGION": REGION,
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
_SECRET = {"Name": Names(ENVIRONMENT).secret(CURSOR_KEY), "SecretString": "5e" * 32}

type Invoke = Callable[[Mapping[str, Any], object], Mapping[str, Any]]


@contextmanager
def functions(table: Table) -> Iterator[Invoke]:
    """Every call of products, each a function of its own, chosen by what the gateway chooses by: method and path.

    Each request is logged as shipped, to nowhere.
    """
    with stub({"GetSecretValue": _SECRET}) as address, _logged_to_nowhere():
        cloud = open_cloud(
            Settings.of(environment=ENVIRONMENT, region=REGION),
            AwsVariables(address, VARIABLES["AWS_ACCESS_KEY_ID"], VARIABLES["AWS_SECRET_ACCESS_KEY"], ""),
            table=table,
        )
        handlers = {
            # The events name the path parameter as the peers' frameworks want it.
            (endpoint.method, endpoint.path.replace("productId", "product_id")): make_handler(
                cloud, f"bbws.products.api:{endpoint.id}"
            )
            for endpoint in ENDPOINTS
        }
        yield lambda event, context: handlers[event["httpMethod"], event["resource"]](event, context)
        cloud.engine.close()


@contextmanager
def _logged_to_nowhere() -> Iterator[None]:
    logger = logging.getLogger("bbws")
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            yield
    finally:
        logger.setLevel(level)


def make_key(table: Table) -> str:
    """A key that may do everything."""

    def create(work: UnitOfWork) -> str:
        _, secret = keys.create(
            work,
            name="Benchmark",
            permissions=[EVERYTHING],
            rate=Rate(1000, 1000),
            environment=ENVIRONMENT,
            known=frozenset(),
        )
        return secret

    return transact(lambda: UnitOfWork(table, SystemClock(), system("bench"), "bench"), create)
