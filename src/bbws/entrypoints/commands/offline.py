"""What the commands on this machine's files do (:mod:`bbws.entrypoints.commands.local`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bbws.bootstrap import embedded, wiring
from bbws.bootstrap import manifest as aws_manifest
from bbws.engines.embedded import backup
from bbws.engines.embedded.archive import ARCHIVE_FOLDER
from bbws.engines.embedded.errors import StoreError
from bbws.entrypoints.commands import tokens
from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.screen import Screen
from bbws.entrypoints.commands.session import App
from bbws.entrypoints.commands.verification import show
from bbws.entrypoints.commands.yaml_text import to_yaml
from bbws.settings import Settings, SettingsError


def serve_folder(**given: Any) -> None:  # noqa: ANN401 - click's parameters
    """Serve until told to stop; ends the command with the server's exit code."""
    # The HTTP server is loaded here: no other command needs it.
    from bbws.entrypoints.listening import CannotListen  # noqa: PLC0415 - see above
    from bbws.entrypoints.server import serve  # noqa: PLC0415 - see above

    with _local_failures():
        settings = Settings.from_environment(**given)
        try:
            code = serve(settings)
        except CannotListen as error:
            hint = "Choose another place with --host or --port (BBWS_HOST, BBWS_PORT); port 0 takes a free one."
            raise Failure(str(error), ExitCode.FAILED, [hint]) from error
    click.get_current_context().exit(code)


def verify(app: App, screen: Screen, given: dict[str, Any]) -> None:
    """Check an archive and tell what was found."""
    archive = given["archive"] or app.configured().data_dir / ARCHIVE_FOLDER
    with _local_failures():
        report = embedded.verify_archive(archive, public_keys=given["public_keys"], checkpoints=given["checkpoints"])
    show(screen, str(archive), report)


def rebuild(screen: Screen, archive: Path, data_dir: Path) -> None:
    """Make a data folder from an archive, with progress."""
    columns = (TextColumn("changes"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=screen.err, transient=True, disable=not screen.err.is_terminal)
    with _local_failures(), bar:
        task = bar.add_task("", total=None)
        count = embedded.rebuild(archive, data_dir, lambda done: bar.update(task, completed=done))
    if screen.as_json:
        screen.document({"changes": count, "dataDir": str(data_dir)})
    else:
        screen.write(
            f"Built {data_dir} from {count:,} changes. API keys are not in an archive; serving makes a first one."
        )


def restore(screen: Screen, file: Path, target: Path) -> None:
    """Make a data folder from a backup."""
    with _local_failures():
        backup.restore(file, target)
    if screen.as_json:
        screen.document({"dataDir": str(target)})
    else:
        screen.write(f"Restored {target}. Start it with `bbws serve --data-dir {target}`.")


def token(screen: Screen, settings: Settings, subject: str, minutes: int, **said: Any) -> None:  # noqa: ANN401 - as it is issued
    """Print a token."""
    tokens.require_bbws(settings)
    made = tokens.issue(settings, subject, timedelta(minutes=minutes), **said)
    if screen.as_json:
        screen.document({"token": made})
    else:
        screen.write(made)


def openapi(screen: Screen, service: str | None, out: Path | None) -> None:
    """Print the OpenAPI documents, or write them into a folder."""
    documents = wiring.openapi_documents()
    if service is not None and service not in documents:
        raise click.UsageError(f"There is no service {service!r}; there are {', '.join(documents)}.")
    chosen = {name: document for name, document in documents.items() if service in (None, name)}
    if out is not None:
        with _local_failures():
            out.mkdir(parents=True, exist_ok=True)
            for name, document in chosen.items():
                (out / f"{name}.yaml").write_text(to_yaml(document), encoding="utf-8")
        screen.note(f"wrote {len(chosen)} documents to {out}")
    elif screen.as_json:
        screen.document(chosen if service is None else chosen[service])
    else:
        screen.write("---\n".join(to_yaml(document) for document in chosen.values()).rstrip("\n"))


def manifest(screen: Screen) -> None:
    """Print the manifest."""
    screen.document(aws_manifest.manifest())


@contextmanager
def _local_failures() -> Iterator[None]:
    """Turn what goes wrong with files and settings into one clear line."""
    try:
        yield
    except SettingsError as error:
        raise Failure(str(error), ExitCode.USAGE) from error
    except StoreError as error:
        raise Failure(str(error), ExitCode.FAILED, [error.hint]) from error
    except FileNotFoundError as error:
        raise Failure(f"there is no {error.filename or error}", ExitCode.USAGE) from error
    except FileExistsError as error:
        raise Failure(f"{error.filename or error} has something in it; name a new folder", ExitCode.USAGE) from error
    except OSError as error:
        raise Failure(f"{error.filename or 'files'}: {error.strerror or error}", ExitCode.FAILED) from error
    except ValueError as error:
        raise Failure(str(error), ExitCode.FAILED) from error
