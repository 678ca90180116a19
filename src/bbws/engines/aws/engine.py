"""The engine for AWS: table, archive, queues, bus, secrets of one environment.

Everything but the table and the secrets speaks to AWS through its SDK, whose import takes longer than all of BBWS: it
is imported by the first that needs it, which most calls never do.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from bbws.engines.aws.calls import COGNITO, DYNAMODB, SECRETS_MANAGER, Calls, HttpTransport, Service, Transport
from bbws.engines.aws.deadline import Deadline
from bbws.engines.aws.layout import Layout
from bbws.engines.aws.names import FEED, Names
from bbws.engines.aws.secrets import Secrets
from bbws.engines.aws.signing import Credentials
from bbws.engines.aws.table import DynamoTable
from bbws.kernel.access import Store
from bbws.kernel.clock import Clock, SystemClock
from bbws.kernel.table import Unavailable

if TYPE_CHECKING:
    from botocore.credentials import Credentials as SdkCredentials

    from bbws.engines.aws.archive import S3Archive
    from bbws.engines.aws.bulk import Bulk
    from bbws.engines.aws.bus import Bus
    from bbws.engines.aws.directory import UserPool
    from bbws.engines.aws.gateway import GatewayMeter
    from bbws.engines.aws.queues import SqsQueues
    from bbws.engines.aws.sdk import Sdk
    from bbws.kernel.reaction import Reaction


class AwsEngine:
    """Everything that BBWS needs from outside itself.

    Args:
        names: of the environment.
        region: where.
        stores: those of the business; ``tables``: store → table, where that is not the usual one.
        clock: says what has expired.
        credentials: empty ones are looked for where the SDK looks.
        endpoint: another address than AWS's.
        bucket: the archive's.
        pool: of people; empty where none was named.
        reactions: gives those whose queues there are.
        watch: put around what sends calls without the SDK.

    Attributes:
        table: the kernel's Table.
        secrets: of the deployment.
        bucket: of the archive; empty where none was named.
        deadline: how long the work at hand may take.
    """

    def __init__(  # noqa: PLR0913 - each is a part of where it runs
        self,
        *,
        names: Names,
        region: str,
        stores: Sequence[Store],
        clock: Clock,
        credentials: Credentials,
        endpoint: str | None = None,
        tables: Mapping[str, str] | None = None,
        bucket: str = "",
        pool: str = "",
        reactions: Callable[[], "Sequence[Reaction]"],
        watch: Callable[[Transport], Transport],
    ) -> None:
        self.names = names
        self.region = region
        self.deadline = Deadline()
        self._endpoint = endpoint
        self._credentials = credentials
        self.bucket = bucket
        self._pool = pool
        self._clock = clock
        self._reactions = reactions
        own = {store.name: names.table(store.name) for store in stores} | dict(tables or {})
        self._watch = watch
        self._transports: list[HttpTransport] = []
        self.dynamo = self._calls(DYNAMODB)
        self.secrets = Secrets(self._calls(SECRETS_MANAGER), names)
        self._layout = Layout.of(stores, own)
        self.table = DynamoTable(self.dynamo, self._layout, clock, region)

    @cached_property
    def bulk(self) -> "Bulk":
        """All tables as a whole."""
        from bbws.engines.aws.bulk import Bulk  # noqa: PLC0415 - nothing that serves a request needs it

        return Bulk(self.dynamo, self._layout, self.region)

    @cached_property
    def sdk(self) -> "Sdk":
        """Clients of everything else."""
        from botocore.session import Session  # noqa: PLC0415 - see the module

        from bbws.engines.aws.sdk import Sdk  # noqa: PLC0415 - the same

        session = Session()
        if self._credentials.access_key:
            session.set_credentials(*self._credentials)
        return Sdk(self.region, self._endpoint, seconds_left=self.seconds_left, session=session)

    @cached_property
    def archive(self) -> "S3Archive":
        """The audit domain's Archive."""
        from bbws.engines.aws.archive import S3Archive  # noqa: PLC0415 - see the module

        if not self.bucket:
            raise Unavailable("no archive: set BBWS_ARCHIVE_BUCKET to its bucket (terraform output archive_bucket)")
        return S3Archive(self.sdk.client("s3"), self.bucket)

    @cached_property
    def queues(self) -> "SqsQueues":
        """The kernel's Queues."""
        from bbws.engines.aws.queues import SqsQueues  # noqa: PLC0415 - see the module

        client, reactions = self.sdk.client("sqs"), self._reactions()
        return SqsQueues(client, self.names, reactions, seconds_left=self.seconds_left)

    @cached_property
    def bus(self) -> "Bus":
        """Where changes are announced."""
        from bbws.engines.aws.bus import Bus, Parking  # noqa: PLC0415 - see the module

        park = Parking(self.sdk.client("sqs"), self.names.dead_letters(FEED))
        return Bus(self.sdk.client("events"), self.names.bus, self.region, park)

    @cached_property
    def directory(self) -> "UserPool":
        """The people domain's Directory.

        Raises:
            Unavailable: no pool was named.
        """
        from bbws.engines.aws.directory import UserPool  # noqa: PLC0415 - of those that people call, or that look after them

        if not self._pool:
            raise Unavailable("no user pool: set BBWS_USER_POOL to its id (terraform output user_pool)")
        return UserPool(self._calls(COGNITO), self._pool, self._clock)

    @cached_property
    def meter(self) -> "GatewayMeter":
        """The keys domain's Meter."""
        from bbws.engines.aws.gateway import GatewayMeter  # noqa: PLC0415 - see the module

        return GatewayMeter(self.sdk.client("apigateway"), self.names)

    def close(self) -> None:
        """Let go of connections."""
        for transport in self._transports:
            transport.close()
        if "sdk" in vars(self):
            self.sdk.close()

    def _calls(self, service: Service) -> Calls:
        own = self._credentials
        known = (lambda: own) if own.access_key else self._found_credentials
        transport = HttpTransport(self.region, known, SystemClock(), self._endpoint, service)
        self._transports.append(transport)
        return Calls(self._watch(transport), self.deadline, service)

    def seconds_left(self) -> float:
        """How long the work at hand may still take."""
        return self.deadline.left(self.deadline.until())

    def _found_credentials(self) -> Credentials:
        found = self._sdk_credentials.get_frozen_credentials()
        return Credentials(found.access_key or "", found.secret_key or "", found.token or "")

    @cached_property
    def _sdk_credentials(self) -> "SdkCredentials":
        from botocore.session import Session  # noqa: PLC0415 - see the module

        from bbws.engines.aws.sdk import NO_CREDENTIALS, answered  # noqa: PLC0415 - the same

        with answered(NO_CREDENTIALS):
            found = Session().get_credentials()
        if found is None:
            raise Unavailable(NO_CREDENTIALS)
        return found
