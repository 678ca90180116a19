"""A consumer, a daily work or a sweep as a Lambda function: handed messages by SQS, or woken by a schedule.

Which: BBWS_RUNS.
"""

import logging
from collections.abc import Mapping
from typing import Any

from bbws.bootstrap.aws import open_cloud, worker
from bbws.entrypoints.lambda_log import configure
from bbws.kernel.reaction import Daily, Sweep
from bbws.settings import Settings

logger = logging.getLogger("bbws.lambda")
_MARGIN = 3.0

_settings = Settings.from_environment()
configure(_settings.log_level)
_cloud = open_cloud(_settings)
_worker = worker(_cloud, _settings.runs)


def handler(event: Mapping[str, Any], context: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - the runtime's object
    """Handle a batch of messages, and say which come again; or do a day's work; or what is due.

    A fault of these is raised: Lambda tries again, and its alarm tells.
    """
    _cloud.engine.deadline.set(context.get_remaining_time_in_millis() / 1000 - _MARGIN)
    if isinstance(_worker, Daily):
        _worker.handler()
        logger.info("daily work done", extra={"daily": _worker.name})
        return None
    if isinstance(_worker, Sweep):
        from bbws.engines.aws.sweeping import sweep  # noqa: PLC0415 - no part of other work

        sweep(_worker, _cloud.engine.seconds_left)
        return None
    from bbws.engines.aws.messages import failures, received, report  # noqa: PLC0415 - no part of a day's work

    batch = received(event["Records"])
    failed = failures(batch, _worker.handler)
    _cloud.engine.queues.settle(_worker.queue, failed)
    logger.info("messages handled", extra={"queue": _worker.queue, "count": len(batch), "failed": len(failed)})
    return report(failed)
