"""Commands that speak to an environment on AWS, with the credentials that the AWS SDK finds."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bbws.bootstrap import aws, aws_setup
from bbws.bootstrap.wiring import trusted_key
from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.screen import Screen
from bbws.entrypoints.commands.verification import show
from bbws.kernel.table import Unavailable
from bbws.settings import Settings, SettingsError


def set_up(screen: Screen, settings: Settings) -> None:
    """Give secrets their first values and make the first key."""
    with _failures():
        done = aws_setup.set_up(aws.open_cloud(settings))
    if screen.as_json:
        screen.document({"keyId": done.key_id, "secrets": list(done.secrets)})
        return
    for name in done.secrets:
        screen.write(f"Secret {name} has its value.")
    screen.write(f"The first API key is {done.key_id}. Its secret is in Secrets Manager.")


def rebuild(screen: Screen, settings: Settings) -> None:
    """Write every row again from the environment's archive."""
    with _failures():
        cloud = aws.open_cloud(settings)
        count = aws_setup.rebuild(cloud, lambda _done: None)
    if screen.as_json:
        screen.document({"environment": settings.environment, "archive": cloud.engine.bucket, "changes": count})
        return
    screen.write(f"Rebuilt the tables of {settings.environment} from {count:,} changes in s3://{cloud.engine.bucket}.")
    screen.note("Keys come back without their secrets: `bbws aws setup` makes a first one.")


def verify(screen: Screen, settings: Settings, public_keys: Sequence[Path], checkpoints: Sequence[Path]) -> None:
    """Check the environment's archive, against keys and checkpoints that were kept elsewhere where they are given."""
    with _failures():
        cloud = aws.open_cloud(settings)
        keys = [trusted_key(path) for path in public_keys]
        report = aws_setup.check_archive(cloud, trusted_keys=keys, held=[path.read_bytes() for path in checkpoints])
    show(screen, f"s3://{cloud.engine.bucket}", report)


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what AWS refuses into one clear line."""
    try:
        yield
    except SettingsError as error:
        raise Failure(str(error), ExitCode.USAGE) from error
    except Unavailable as error:
        raise Failure(str(error), ExitCode.FAILED) from error
    except FileExistsError as error:
        detail = f"{error} hold rows; rebuild into empty ones (BBWS_TABLES names others)"
        raise Failure(detail, ExitCode.USAGE) from error
    except ValueError as error:
        raise Failure(str(error), ExitCode.FAILED) from error
