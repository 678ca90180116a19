"""``python -m infra.pipeline``: one command for each step of a workflow. Later steps read name=value."""

import sys

from infra.pipeline.commands import main
from infra.pipeline.model import PipelineError
from infra.pipeline.smoke import SmokeError

if __name__ == "__main__":
    try:
        main()
    except (PipelineError, SmokeError) as error:
        sys.exit(f"error: {error}")
