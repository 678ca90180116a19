"""What the calls of other domains answer that put work in line: their functions need no more of operations.api."""

from pydantic import Field

from bbws.kernel.endpoint import Resource
from bbws.operations.model import Status

EXAMPLE_ID = "op-0123456789ABCDEF"


class Accepted(Resource):
    """Work that was accepted: follow `Location`."""

    operation_id: str = Field(examples=[EXAMPLE_ID], description="Id of the operation.")
    status: Status = Field(description="PENDING.")
