"""The feed as a Lambda function: what DynamoDB's stream tells of, announced on the event bus."""

from collections.abc import Mapping
from typing import Any

from bbws.bootstrap.aws import open_cloud
from bbws.entrypoints.lambda_log import configure
from bbws.settings import Settings

_MARGIN = 2.0

_settings = Settings.from_environment()
configure(_settings.log_level)
_cloud = open_cloud(_settings)
_bus = _cloud.engine.bus


def handler(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401 - the runtime's own object
    """Announce the changes of a batch of stream records; which of them come again."""
    _cloud.engine.deadline.set(context.get_remaining_time_in_millis() / 1000 - _MARGIN)
    return _bus.announce(event["Records"])
