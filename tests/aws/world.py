"""The queues of an environment, and SQS's own view of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bbws.engines.aws.messages import Received, received
from bbws.engines.aws.names import FEED
from bbws.engines.aws.queues import SqsQueues
from bbws.kernel.reaction import EVERY_EVENT, Policy, Reaction
from bbws.platform.ports import QueueState
from tests.aws.conftest import NAMES
from tests.aws.fakes import Altered

QUEUE = "product-audit"
POLICY = Policy(max_receives=3, first_delay=10, longest_delay=100)
REACTIONS = [Reaction(name, name, frozenset({EVERY_EVENT}), lambda _: None, POLICY) for name in (QUEUE, "alone")]


@dataclass
class World:
    """What a test does to them, and what it sees."""

    sqs: Any
    urls: dict[str, str]
    queues: SqsQueues = field(init=False)

    def __post_init__(self) -> None:
        self.queues = self.over()

    @classmethod
    def made(cls, sqs: Any) -> "World":
        names = [name(each) for each in (QUEUE, "alone") for name in (NAMES.queue, NAMES.dead_letters)]
        names.append(NAMES.dead_letters(FEED))
        return cls(sqs, {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in names})

    def over(self, seconds_left: float = 60.0, **methods: Callable[..., Any]) -> SqsQueues:
        return SqsQueues(
            Altered(self.sqs, **methods), NAMES, REACTIONS, seconds_left=lambda: seconds_left, jitter=lambda: 0.0
        )

    def send(self, *bodies: str, queue: str = QUEUE, dead: bool = True, **attributes: Any) -> list[str]:
        url = self.urls[NAMES.dead_letters(queue) if dead else NAMES.queue(queue)]
        return [self.sqs.send_message(QueueUrl=url, MessageBody=body, **attributes)["MessageId"] for body in bodies]

    def receive(self, queue: str = QUEUE) -> list[Received]:
        answer = self.sqs.receive_message(
            QueueUrl=self.urls[NAMES.queue(queue)], MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        return received([_record(each) for each in answer.get("Messages", ())])

    def state(self) -> QueueState:
        return next(each for each in self.queues.states() if each.name == QUEUE)


def _record(found: dict[str, Any]) -> dict[str, Any]:
    """A message of SQS as Lambda writes it."""
    return {
        "messageId": found["MessageId"],
        "receiptHandle": found["ReceiptHandle"],
        "body": found["Body"],
        "attributes": found.get("Attributes", {}),
        "eventSource": "aws:sqs",
    }
