"""An environment in the emulator, made as the manifest says, and BBWS on it in this process: nothing is deployed."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Any

from bbws.bootstrap.aws import Cloud, dispatcher, open_cloud, worker
from bbws.bootstrap.aws_setup import set_up
from bbws.bootstrap.manifest import manifest
from bbws.engines.aws.calls import Transport
from bbws.engines.aws.directory import GROUPS
from bbws.engines.aws.names import CURSOR_KEY, EMAIL_KEY, FEED, FIRST_KEY, SIGNING_KEY
from bbws.kernel.actor import Actor, ActorKind
from bbws.kernel.change import Change
from bbws.kernel.dispatch import Exchange, run
from bbws.kernel.http import NO_HEADERS, Request, Response
from bbws.kernel.reaction import Message, Reaction
from bbws.kernel.table import RowKind
from bbws.kernel.work import transact
from bbws.people.service import register
from bbws.settings import AwsVariables, Settings
from infra.local.state import REGION
from tests.aws import shared
from tests.aws.tables import CREDENTIALS, create_table, sdk_client
from tests.tenants.hooks import FakeSender

MANIFEST = manifest()
FUNCTIONS: Mapping[str, Any] = {
    entry["function"]: entry for group in ("endpoints", "consumers", "daily") for entry in MANIFEST[group].values()
} | {MANIFEST["feed"]["function"]: MANIFEST["feed"]}
# What API Gateway hands on of an administrator's token.
ADMIN: Mapping[str, str] = {"sub": "9b2d4c1e-admin", "token_use": "access", "cognito:groups": "Admin"}
type Watch = Callable[[str, Transport], Transport]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as a client sees it."""

    response: Response

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def json(self) -> Any:
        assert isinstance(self.response.body, bytes)
        return json.loads(self.response.body)


class ShiftedClock:
    """The machine's clock, moved on by what a test says."""

    def __init__(self) -> None:
        self.shift = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift


class Account:
    """One environment. Every function has its own cloud, as it would have its own process."""

    def __init__(self, environment: str, watch: Watch) -> None:
        self.environment = environment
        self._watch = watch
        self._clouds: dict[str, Cloud] = {}
        self._announced: set[str] = set()
        self.clock = ShiftedClock()
        self.sender = FakeSender()
        self.key = ""
        self.pool = ""
        self._fresh = 0

    def cloud(self, function: str) -> Cloud:
        """What a function sees."""
        if function not in self._clouds:
            settings = Settings.of(
                environment=self.environment,
                region=REGION,
                archive_bucket=f"archive-{self.environment}",
                user_pool=self.pool,
            )
            variables = AwsVariables(shared.address(), CREDENTIALS.access_key, CREDENTIALS.secret_key, "")
            self._clouds[function] = open_cloud(
                settings,
                variables,
                lambda sender: self._watch(function, sender),
                self.clock,
                ports={"sender": self.sender},
            )
        return self._clouds[function]

    def fresh(self) -> Cloud:
        """What an operator's command sees that was just started."""
        self._fresh += 1
        return self.cloud(f"command-{self._fresh}")

    def make(self) -> None:
        """What Terraform makes, and the set-up after it."""
        cognito = sdk_client("cognito-idp", shared.address())
        self.pool = cognito.create_user_pool(PoolName=self.environment)["UserPool"]["Id"]
        for group in GROUPS.values():
            cognito.create_group(UserPoolId=self.pool, GroupName=group)
        cognito.close()
        cloud = self.cloud("terraform")
        for store, entry in MANIFEST["stores"].items():
            create_table(cloud.engine.dynamo, cloud.engine.names.table(store), entry["indexes"])
        for name in (CURSOR_KEY, EMAIL_KEY, SIGNING_KEY, FIRST_KEY):
            self.sdk("secretsmanager").create_secret(Name=cloud.engine.names.secret(name))
        self.sdk("apigateway").create_usage_plan(name=cloud.engine.names.usage_plan)
        place = {"LocationConstraint": REGION}
        self.sdk("s3").create_bucket(Bucket=f"archive-{self.environment}", CreateBucketConfiguration=place)
        for queue in (consumer["queue"] for consumer in MANIFEST["consumers"].values()):
            self.sdk("sqs").create_queue(QueueName=cloud.engine.names.queue(queue))
            self.sdk("sqs").create_queue(QueueName=cloud.engine.names.dead_letters(queue))
        self.sdk("sqs").create_queue(QueueName=cloud.engine.names.dead_letters(FEED))
        self.sdk("events").create_event_bus(Name=cloud.engine.names.bus)
        sender = parseaddr(cloud.settings.mail_from)[1]
        self.sdk("sesv2").create_email_identity(EmailIdentity=sender)
        set_up(cloud)
        self.key = cloud.engine.secrets.text(FIRST_KEY)

    def sdk(self, service: str) -> Any:
        """The SDK's client of a service."""
        return self.cloud("terraform").engine.sdk.client(service)

    def call(self, operation: str, path: str, body: object = None, *, key: str | None = None, **headers: str) -> Reply:
        """What the function of a call answers."""
        key = self.key if key is None else key
        return self._answer(operation, path, body, headers | ({"x-api-key": key} if key else {}))

    def call_as_admin(self, operation: str, path: str, body: object = None, **headers: str) -> Reply:
        """What it answers to an administrator, whose token API Gateway has verified."""
        return self.call_as(ADMIN, operation, path, body, **headers)

    def call_as(
        self, claims: Mapping[str, str], operation: str, path: str, body: object = None, **headers: str
    ) -> Reply:
        """What it answers to the person of whom a token of the pool claims this."""
        return self._answer(operation, path, body, headers, claims)

    def enrol(self, name: str) -> str:
        """Somebody in the pool, with a verified address; the ``sub``."""
        attributes = [{"Name": "email", "Value": f"{name}@example.com"}, {"Name": "email_verified", "Value": "true"}]
        user = self.sdk("cognito-idp").admin_create_user(UserPoolId=self.pool, Username=name, UserAttributes=attributes)
        [sub] = [each["Value"] for each in user["User"]["Attributes"] if each["Name"] == "sub"]
        return str(sub)

    def know(self, person: str, email: str) -> None:
        """Somebody whose verified address is known."""
        actor = Actor(f"user-{person}", ActorKind.PERSON, email=email)
        cloud = self.cloud("terraform")
        transact(
            lambda: cloud.begin(actor, "known"),
            lambda work: register(work, lambda: cloud.engine.secrets.key(EMAIL_KEY), cloud.clock.now()),
        )

    def call_as_person(self, name: str, operation: str, path: str, body: object = None, **headers: str) -> Reply:
        """What it answers to somebody without the platform role."""
        return self.call_as({"sub": name, "token_use": "access"}, operation, path, body, **headers)

    def _answer(
        self,
        operation: str,
        path: str,
        body: object,
        headers: Mapping[str, str],
        claims: Mapping[str, str] = NO_HEADERS,
    ) -> Reply:
        entry = MANIFEST["endpoints"][operation]
        cloud = self.cloud(entry["function"])
        target, _, query = path.partition("?")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(
            entry["method"],
            target,
            query,
            {"content-type": "application/json"} | sent,
            b"" if body is None else json.dumps(body).encode(),
            "192.0.2.1",
            "/v1",
            secrets.token_hex(8),
            claims=claims,
        )
        return Reply(run(dispatcher(cloud, entry["runs"]).steps(Exchange(request)), cloud.engine.table))

    def work(self) -> None:
        """Have the consumers handle what was announced since, until nothing more is."""
        while messages := self._new():
            for entry in MANIFEST["consumers"].values():
                consumer = worker(self.cloud(entry["function"]), entry["runs"])
                assert isinstance(consumer, Reaction)
                wanted = [message for message in messages if consumer.wants(message.type)]
                assert not consumer.handler(messages=wanted)

    def try_to_work(self, name: str = "product-creator") -> None:
        """Hand every change that waits for a consumer to it once, whatever comes of it."""
        entry = MANIFEST["consumers"][name]
        consumer = worker(self.cloud(entry["function"]), entry["runs"])
        assert isinstance(consumer, Reaction)
        messages = self._messages(lambda change: change.id not in self._announced and consumer.wants(change.type))
        consumer.handler(messages=messages)

    def daily(self, name: str) -> None:
        """Do a day's work."""
        entry = MANIFEST["daily"][name]
        worker(self.cloud(entry["function"]), entry["runs"]).handler()

    def _new(self) -> Sequence[Message]:
        found = self._messages(lambda change: change.id not in self._announced)
        self._announced |= {message.id for message in found}
        return found

    def _messages(self, chosen: Callable[[Change], bool]) -> Sequence[Message]:
        rows = self.cloud("terraform").engine.bulk.rows({RowKind.CHANGE})
        changes = [change for row in rows if chosen(change := Change.from_document(row.document))]
        return [Message(change.id, change.type, change.subject, change.key) for change in changes]

    def close(self) -> None:
        """Leave no connection open."""
        for cloud in self._clouds.values():
            cloud.engine.close()


@contextmanager
def account(watch: Watch = lambda _function, sender: sender) -> Iterator[Account]:
    """A new environment."""
    made = Account(f"t{secrets.token_hex(4)}", watch)
    made.make()
    yield made
    made.close()
