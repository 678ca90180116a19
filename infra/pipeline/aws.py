"""The one place that makes AWS clients for the pipeline."""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session

# botocore makes the methods of a client at run time, from data.
type Client = Any

# A pipeline can wait: a throttled call is tried again by the SDK, and the job has a limit of its own.
_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 8})


@cache
def session() -> Session:
    """One session: it reads the models of a service once, which takes longer than most calls."""
    return get_session()


def client(service: str) -> Client:
    """A client of ``service`` in the region and with the credentials that the environment names."""
    return session().create_client(service, config=_CONFIG)


def pages(made: Client, operation: str, part: str, **arguments: object) -> list[Any]:
    """Everything that a paginated ``operation`` lists under ``part``."""
    return [item for page in made.get_paginator(operation).paginate(**arguments) for item in page.get(part, ())]
