"""The engines' tables that the contracts are held against, each on nothing but what it needs."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from moto import mock_aws

from bbws.engines.aws.calls import Calls
from bbws.engines.aws.deadline import Deadline
from bbws.engines.aws.layout import Layout
from bbws.engines.aws.table import DynamoTable
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.kernel.clock import Clock
from bbws.kernel.table import Table
from infra.local.state import REGION
from tests.aws import shared
from tests.aws.tables import SdkTransport, create_table, sdk_client
from tests.contracts.rows import INDEXES


class EmbeddedWorld:
    """A data folder."""

    def __init__(self, clock: Clock) -> None:
        self._folder = TemporaryDirectory()
        self._clock = clock
        self._engine: EmbeddedEngine | None = None

    def table(self) -> Table:
        """The table, opened anew."""
        self._stop()
        folder = Path(self._folder.name) / "data"
        self._engine = EmbeddedEngine.open(folder, clock=self._clock, synchronous="OFF")
        return self._engine.table

    def close(self) -> None:
        """Leave nothing behind."""
        self._stop()
        self._folder.cleanup()

    def _stop(self) -> None:
        if self._engine is not None:
            self._engine.stop(10)


class DynamoWorld:
    """A table of DynamoDB, as our own client sees it in an emulator."""

    def __init__(self, clock: Clock, dynamo: Calls, indexes: Sequence[str] = INDEXES) -> None:
        self._clock = clock
        self._indexes = indexes
        self._name = f"contract-{secrets.token_hex(6)}"
        self._dynamo = dynamo
        create_table(self._dynamo, self._name, indexes)

    def table(self) -> Table:
        """The table, as a function that has just been started sees it."""
        layout = Layout({}, dict.fromkeys(self._indexes, (self._name,)), self._name)
        return DynamoTable(self._dynamo, layout, self._clock, REGION)

    def close(self) -> None:
        """Leave nothing behind."""
        self._dynamo.call("DeleteTable", {"TableName": self._name})


def emulated(clock: Clock, indexes: Sequence[str] = INDEXES) -> DynamoWorld:
    """DynamoDB in the emulator, through our own client."""
    return DynamoWorld(clock, shared.dynamo(), indexes)


@contextmanager
def mocked(clock: Clock) -> Iterator[DynamoWorld]:
    """DynamoDB as moto has it, through the SDK: another implementation of both."""
    with mock_aws():
        world = DynamoWorld(clock, Calls(SdkTransport(sdk_client("dynamodb")), Deadline()))
        yield world
        world.close()
