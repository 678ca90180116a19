"""Commands that work on this machine's files and speak to no server: serve, verify, rebuild, restore, openapi."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bbws import bootstrap
from bbws.audit.verify import Report
from bbws.engines.embedded.archive import ARCHIVE_FOLDER
from bbws.engines.embedded.backup import restore
from bbws.engines.embedded.errors import StoreError
from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.screen import Screen
from bbws.entrypoints.commands.session import JSON_OPTION, App, json_option
from bbws.platform.openapi import to_yaml
from bbws.settings import Settings, SettingsError

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, exists=True, path_type=Path)


def serve_command() -> click.Command:
    """``bbws serve``."""
    options = (
        click.Option(["--host"], help="Address to listen on (BBWS_HOST; 127.0.0.1)."),
        click.Option(["--port"], type=click.IntRange(0, 65535), help="Port; 0 takes a free one (BBWS_PORT; 8000)."),
        click.Option(["--data-dir"], type=_FOLDER, help="The data folder (BBWS_DATA_DIR; ./var)."),
        click.Option(["--write-mode"], type=click.Choice(["direct", "queued"]), help="BBWS_WRITE_MODE; direct."),
        click.Option(["--tls-cert"], type=_FILE, help="PEM file of the certificate chain (BBWS_TLS_CERT)."),
        click.Option(["--tls-key"], type=_FILE, help="PEM file of its key (BBWS_TLS_KEY)."),
        click.Option(["--new-key"], is_flag=True, default=None, help="Make a first API key though there are others."),
        click.Option(["--insecure-bind"], is_flag=True, default=None, help="Listen beyond this machine without TLS."),
    )
    summary = "Serve API, queues and archive from one data folder"
    return click.Command("serve", params=list(options), callback=_serve, short_help=summary, help=f"{summary}.")


def _serve(**given: Any) -> None:  # noqa: ANN401 - click's parameters
    # The HTTP server is loaded here: no other command needs it.
    from bbws.entrypoints.server import CannotListen, serve  # noqa: PLC0415 - see above

    with _local_failures():
        settings = Settings.from_environment(**given)
        try:
            code = serve(settings)
        except CannotListen as error:
            hint = "Choose another place with --host or --port (BBWS_HOST, BBWS_PORT); port 0 takes a free one."
            raise Failure(str(error), ExitCode.FAILED, [hint]) from error
    click.get_current_context().exit(code)


def audit_commands(app: App) -> Iterator[click.Command]:
    """``bbws audit verify`` and ``bbws audit rebuild``."""
    archive = click.Option(["--archive"], type=_FOLDER, help="The archive; otherwise that of the data folder.")
    key = click.Option(
        ["--public-key", "public_keys"],
        type=_FILE,
        multiple=True,
        help="A key to trust, repeat it after a rebuild; otherwise those in the archive.",
    )
    held = click.Option(
        ["--checkpoint", "checkpoints"], type=_FILE, multiple=True, help="One kept elsewhere; repeat it."
    )

    def verify(**given: Any) -> None:  # noqa: ANN401 - click's parameters
        _verify(app, Screen.open(as_json=given[JSON_OPTION]), given)

    summary = "Check every chain and checkpoint of an archive, offline"
    yield click.Command(
        "verify",
        params=[archive, key, held, json_option()],
        callback=verify,
        short_help=summary,
        help=f"{summary}. Exit code 5 where anything is not as it was written.",
    )
    source = click.Option(["--archive"], type=_FOLDER, required=True, help="The archive to build from.")
    target = click.Option(["--into", "data_dir"], type=_FOLDER, required=True, help="A data folder that is to be made.")
    summary = "Make a new data folder from an archive"
    yield click.Command(
        "rebuild", params=[source, target, json_option()], callback=_rebuild, short_help=summary, help=f"{summary}."
    )


def _verify(app: App, screen: Screen, given: dict[str, Any]) -> None:
    archive = given["archive"] or app.configured().data_dir / ARCHIVE_FOLDER
    with _local_failures():
        report = bootstrap.verify_archive(archive, public_keys=given["public_keys"], checkpoints=given["checkpoints"])
    if screen.as_json:
        screen.document(_report(report))
    else:
        for line in _told(archive, report):
            screen.write(line)
    if not report.sound:
        findings = [f"{finding.name}: {finding.reason}" for finding in report.findings]
        raise Failure(f"the archive is not sound: {len(findings)} found", ExitCode.FAILED, findings)


def _report(report: Report) -> dict[str, Any]:
    return {
        "sound": report.sound,
        "records": report.records,
        "entities": report.entities,
        "checkpoints": report.checkpoints,
        "through": report.through,
        "newer": report.newer,
        "keyIds": report.key_ids,
        "findings": [{"name": finding.name, "reason": finding.reason} for finding in report.findings],
    }


def _told(archive: Path, report: Report) -> Iterator[str]:
    yield f"{archive}: {report.records:,} records of {report.entities:,} entities, {report.checkpoints:,} checkpoints"
    if report.through is None:
        yield "There is no checkpoint yet, so that a cut-off end would not show. `bbws audit checkpoint` makes one."
    else:
        yield f"Held against checkpoint {report.checkpoints} (through {report.through})"
        yield f"Newer than that: {report.newer:,} records"
    keys: Sequence[str] = report.key_ids
    yield f"Signatures: {', '.join(keys)}" if keys else "Signatures: none"
    if report.sound:
        yield "Everything is as it was written."


def _rebuild(archive: Path, data_dir: Path, **given: Any) -> None:  # noqa: ANN401 - click's parameters
    screen = Screen.open(as_json=given[JSON_OPTION])
    columns = (TextColumn("changes"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=screen.err, transient=True, disable=not screen.err.is_terminal)
    with _local_failures(), bar:
        task = bar.add_task("", total=None)
        count = bootstrap.rebuild(archive, data_dir, lambda done: bar.update(task, completed=done))
    if screen.as_json:
        screen.document({"changes": count, "dataDir": str(data_dir)})
    else:
        screen.write(
            f"Built {data_dir} from {count:,} changes. API keys are not in an archive; serving makes a first one."
        )


def restore_command(app: App) -> click.Command:
    """``bbws restore FILE``."""

    def run(file: Path, data_dir: Path | None, **given: Any) -> None:  # noqa: ANN401 - click's parameters
        screen, target = Screen.open(as_json=given[JSON_OPTION]), data_dir or app.configured().data_dir
        with _local_failures():
            restore(file, target)
        if screen.as_json:
            screen.document({"dataDir": str(target)})
        else:
            screen.write(f"Restored {target}. Start it with `bbws serve --data-dir {target}`.")

    file = click.Argument(["file"], type=click.Path(path_type=Path), metavar="FILE")
    folder = click.Option(["--data-dir"], type=_FOLDER, help="The folder that is to be made; otherwise BBWS_DATA_DIR.")
    summary = "Make a data folder from a backup"
    return click.Command(
        "restore", params=[file, folder, json_option()], callback=run, short_help=summary, help=f"{summary}."
    )


def openapi_command() -> click.Command:
    """``bbws openapi``."""
    service = click.Argument(["service"], required=False, metavar="[SERVICE]")
    out = click.Option(["--out"], type=_FOLDER, help="Write one file per service into this folder.")
    summary = "Print the OpenAPI documents"
    return click.Command(
        "openapi",
        params=[service, out, json_option()],
        callback=_openapi,
        short_help=summary,
        help=f"{summary} of all services or of one, as YAML.",
    )


def _openapi(service: str | None, out: Path | None, **given: Any) -> None:  # noqa: ANN401 - click's parameters
    documents = bootstrap.openapi_documents()
    if service is not None and service not in documents:
        raise click.UsageError(f"There is no service {service!r}; there are {', '.join(documents)}.")
    chosen = {name: document for name, document in documents.items() if service in (None, name)}
    screen = Screen.open(as_json=given[JSON_OPTION])
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
