"""One call of the API as a Lambda function behind API Gateway (REST, proxy integration).

``BBWS_RUNS`` says which call; everything that can be done before the first request is done while the function starts.
"""

# ruff: noqa: E402 - the collector stands still meanwhile: nothing that an import makes is garbage, and looking costs time

import gc

gc.disable()

from bbws.bootstrap.aws import open_cloud
from bbws.entrypoints.api_gateway import make_handler
from bbws.entrypoints.lambda_log import configure
from bbws.settings import Settings

_settings = Settings.from_environment()
configure(_settings.log_level)
handler = make_handler(open_cloud(_settings), _settings.runs)

gc.freeze()
gc.enable()
