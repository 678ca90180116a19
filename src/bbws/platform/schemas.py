"""The schemas of the platform on the wire."""

from typing import Any, Literal

from pydantic import Field

from bbws.kernel.endpoint import Paging, Query, Resource
from bbws.platform.ports import DeadLetter, QueueState

_QUEUE_PATTERN = r"^[a-z][a-z0-9-]{0,62}$"


class HealthBody(Resource):
    """Whether the service lives and can do its work."""

    status: Literal["ok"] = Field(description="Otherwise the answer is a 503 problem with the same `details`.")
    details: dict[str, Any] = Field(description="Feed lag, queue depths and what else bears on it.")


class QueuePath(Query):
    """Which queue."""

    queue: str = Field(pattern=_QUEUE_PATTERN, examples=["product-audit"], description="Name of the queue.")


class QueueQuery(Paging):
    """Which page of queues."""


class QueueBody(Resource):
    """A consumer's queue."""

    name: str = Field(description="Name of the queue.")
    waiting: int = Field(description="Messages that wait to be handed out.")
    in_flight: int = Field(description="Messages that are being worked on.")
    dead: int = Field(description="Messages parked after failing too often.")
    oldest_seconds: float | None = Field(
        description="Age of the oldest waiting message; null where the queue cannot tell, as on AWS."
    )
    redrivable: bool = Field(
        description="Whether parked messages can be put back. On AWS the `feed` parks the places of changes that it "
        "could not announce: `POST /v1.0/audit/checkpoints` completes the archive from the tables."
    )

    @classmethod
    def of(cls, state: QueueState) -> "QueueBody":
        """The queue as served."""
        return cls(
            name=state.name,
            waiting=state.waiting,
            in_flight=state.in_flight,
            dead=state.dead,
            oldest_seconds=state.oldest_seconds,
            redrivable=state.redrivable,
        )


class DeadLetterBody(Resource):
    """A message that failed too often."""

    id: str = Field(description="Id of the change that it announces, or of the message where that is not known.")
    queue: str = Field(description="The queue it was parked from.")
    message: dict[str, Any] = Field(description="What it says.")
    receives: int = Field(description="How often it was handed out.")
    parked_at: str = Field(description="When it was parked.")
    error: str = Field(description="The last failure in one line.")

    @classmethod
    def of(cls, letter: DeadLetter) -> "DeadLetterBody":
        """The message as served."""
        return cls(
            id=letter.id,
            queue=letter.queue,
            message=letter.message,
            receives=letter.receives,
            parked_at=letter.parked_at,
            error=letter.error,
        )


class Redriven(Resource):
    """What a redrive did."""

    queue: str = Field(description="Name of the queue.")
    redriven: int = Field(description="How many messages were put back; in a plan, how many would be.")


class ProblemPath(Query):
    """Which problem."""

    code: str = Field(pattern=r"^[a-z0-9-]{1,64}$", examples=["validation-error"], description="Code of the problem.")


class AssetPath(Query):
    """Which file of the API page."""

    asset: str = Field(max_length=64, description="Name of the file.")
