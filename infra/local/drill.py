"""The recovery drill: an environment loses every table, and each row is made again from the archive."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from bbws.bootstrap.aws import Cloud, open_cloud
from bbws.engines.aws.codec import item_of
from bbws.engines.aws.names import FIRST_KEY
from bbws.kernel.change import Change
from bbws.kernel.clock import parse_rfc3339
from bbws.kernel.table import Key, RowKind
from bbws.settings import AwsVariables, Settings
from bbws.stores import STORES
from infra.local import package, terraform
from infra.local.state import CREDENTIALS, ENVIRONMENT, REGION, State

_PRODUCTS = 40
_WRITERS = 4
_PATIENCE = 300.0
# The tables, and what reads their streams.
_TABLES = ("module.table", "aws_lambda_event_source_mapping.feed")
_KINDS = (RowKind.ENTITY, RowKind.DERIVED, RowKind.CHANGE)

type Say = Callable[[str], object]


class DrillError(Exception):
    """The drill failed: what was made again is not what was lost."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a drill found.

    Attributes:
        rows: how many rows were lost and are there again, each the same byte by byte.
        changes: how many of them are changes.
        rpo: seconds from the last change to its being in the archive: what a loss at any moment costs at most.
        rto: seconds from the loss to the first answered read of a product.
        stages: what the time went into, in seconds.
    """

    rows: int
    changes: int
    rpo: float
    rto: float
    stages: Mapping[str, float]


def run(known: State, mirror: Path, say: Say) -> Outcome:
    """Hold the drill in the environment on this machine.

    Raises:
        DrillError: rows differ, or the archive is never complete.
        TerraformError: Terraform failed.
    """
    with _cloud(known) as cloud:
        say(f"{_PRODUCTS} products are made and changed ...")
        _use(known, cloud.engine.secrets.text(FIRST_KEY))
        rpo = _archived(cloud)
        before = _rows(cloud)
        say(f"All is in the archive, {rpo:.1f} s after the last change. Every table is deleted ...")
        for store in STORES:
            cloud.engine.dynamo.call("DeleteTable", {"TableName": cloud.engine.names.table(store.name)})
    stages: dict[str, float] = {}
    begun = time.monotonic()
    with _timed(stages, "tables made again (terraform apply)"):
        terraform.apply(known, package.find(), mirror, only=_TABLES)
    with _timed(stages, "rows made again (bbws audit rebuild --engine aws)"):
        _command(known, "audit", "rebuild", "--engine", "aws")
    with _timed(stages, "first key made again (bbws aws setup)"):
        _command(known, "aws", "setup")
    with _cloud(known) as cloud:
        with _timed(stages, "first answer"):
            _read(known, cloud.engine.secrets.text(FIRST_KEY))
        rto = time.monotonic() - begun
        again = _rows(cloud)
    _compare(before, again)
    changes = sum(key.sort.startswith("CHANGE#") for key in before)
    return Outcome(len(before), changes, rpo, rto, stages)


@contextmanager
def _cloud(known: State) -> Iterator[Cloud]:
    settings = Settings.of(environment=ENVIRONMENT, region=REGION, archive_bucket=known.archive_bucket)
    who = CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
    variables = AwsVariables(known.endpoint, who[0], who[1], "")
    cloud = open_cloud(settings, variables)
    try:
        yield cloud
    finally:
        cloud.engine.close()


def _use(known: State, key: str) -> None:
    """Products made, changed and taken off sale, by several at once."""
    body = {"name": "Drill", "description": "Made to be lost", "price": "10.00", "period": "per month"}
    headers = {"host": known.host, "x-api-key": key}

    def one(client: httpx.Client, number: int) -> None:
        made = client.post("/v1.0/products", json=body | {"name": f"Drill {number}"}).raise_for_status().json()
        path = f"/v1.0/products/{made['productId']}"
        client.put(path, json={"price": f"{number + 1}.00"}).raise_for_status()
        if number % 3 == 0:
            client.delete(path).raise_for_status()

    with (
        httpx.Client(base_url=known.api_url, headers=headers, timeout=60) as client,
        ThreadPoolExecutor(_WRITERS) as writers,
    ):
        for done in [writers.submit(partial(one, client), number) for number in range(_PRODUCTS)]:
            done.result()


def _archived(cloud: Cloud) -> float:
    """Wait until the archive has every change; seconds from the last change to that.

    Raises:
        DrillError: it never has.
    """
    changes = [Change.from_document(row.document) for row in cloud.engine.bulk.rows([RowKind.CHANGE])]
    last = max(parse_rfc3339(change.time) for change in changes)
    deadline = time.monotonic() + _PATIENCE
    names: list[str] = []
    while time.monotonic() < deadline:
        names = [name for name in cloud.engine.archive.names("") if name[:1].isdigit()]
        if len(names) >= len(changes):
            return max(0.0, (cloud.clock.now() - last).total_seconds())
        time.sleep(0.5)
    raise DrillError(f"the archive has {len(names)} of {len(changes)} changes after {_PATIENCE:.0f} s")


def _rows(cloud: Cloud) -> Mapping[Key, object]:
    """Every row as DynamoDB has it. That a change was replayed is said in it afterwards, and all that may differ."""
    rows = (row._replace(replayed=False) for row in cloud.engine.bulk.rows(_KINDS))
    return {row.key: item_of(row, cloud.engine.region) for row in rows}


def _compare(before: Mapping[Key, object], again: Mapping[Key, object]) -> None:
    missing = before.keys() - again.keys()
    altered = [key for key in before.keys() & again.keys() if before[key] != again[key]]
    # Secrets are in no archive: the set-up has made another first key, and that is a change like any other.
    added = [key for key in again.keys() - before.keys() if not key.partition.startswith(("KEY#", "AUDIT#/v1.0/keys/"))]
    if missing or altered or added:
        raise DrillError(f"{len(missing)} rows are missing, {len(altered)} differ, {len(added)} were never there")


def _read(known: State, key: str) -> None:
    headers = {"host": known.host, "x-api-key": key}
    with httpx.Client(base_url=known.api_url, headers=headers, timeout=60) as client:
        client.get("/v1.0/products", params={"status": "all"}).raise_for_status()


def _command(known: State, *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "bbws.entrypoints.cli", *arguments],
        env=os.environ | known.variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DrillError(f"bbws {' '.join(arguments)} failed:\n{done.stderr[-3000:]}")


@contextmanager
def _timed(stages: dict[str, float], name: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    stages[name] = time.monotonic() - begun
