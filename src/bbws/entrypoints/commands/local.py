"""Commands that work on this machine's files and speak to no server: serve, verify, rebuild, restore, openapi, token.

What they do is in :mod:`bbws.entrypoints.commands.offline`, imported only where one of them runs: it needs the engine,
with which every other command would take half as long again to start.
"""

from pathlib import Path
from typing import Any

import click

from bbws.entrypoints.commands.screen import Screen
from bbws.entrypoints.commands.session import JSON_OPTION, App, json_option
from bbws.entrypoints.commands.tokens import OPERATOR

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, exists=True, path_type=Path)
_ENGINE = click.Option(
    ["--engine"],
    type=click.Choice(["embedded", "aws"]),
    default="embedded",
    help="aws: the archive and tables of BBWS_ENVIRONMENT, with the credentials that AWS's SDK finds.",
)


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
    from bbws.entrypoints.commands import offline  # noqa: PLC0415 - as said above

    offline.serve_folder(**given)


def verify_command(app: App) -> click.Command:
    """``bbws audit verify``."""
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
        screen = Screen.open(as_json=given[JSON_OPTION])
        if given["engine"] == "aws":
            from bbws.entrypoints.commands import cloud  # noqa: PLC0415 - as said above

            if given["archive"]:
                raise click.UsageError("--archive is for folders; with --engine aws leave it out.")
            return cloud.verify(screen, app.configured(), given["public_keys"], given["checkpoints"])
        from bbws.entrypoints.commands import offline  # noqa: PLC0415 - as said above

        return offline.verify(app, screen, given)

    summary = "Check every chain and checkpoint of an archive, offline"
    return click.Command(
        "verify",
        params=[archive, key, held, _ENGINE, json_option()],
        callback=verify,
        short_help=summary,
        help=f"{summary}. Exit code 5 where anything is not as it was written.",
    )


def rebuild_command(app: App) -> click.Command:
    """``bbws audit rebuild``."""
    source = click.Option(["--archive"], type=_FOLDER, help="The archive to build from.")
    target = click.Option(["--into", "data_dir"], type=_FOLDER, help="A data folder that is to be made.")

    def rebuild(engine: str, archive: Path | None, data_dir: Path | None, **given: Any) -> None:  # noqa: ANN401 - click's
        screen = Screen.open(as_json=given[JSON_OPTION])
        if engine == "aws":
            if archive or data_dir:
                raise click.UsageError("--archive and --into are for folders; with --engine aws leave them out.")
            from bbws.entrypoints.commands import cloud  # noqa: PLC0415 - as said above

            return cloud.rebuild(screen, app.configured())
        if archive is None or data_dir is None:
            raise click.UsageError("Name the archive with --archive, and the folder that is to be made with --into.")
        from bbws.entrypoints.commands import offline  # noqa: PLC0415 - as said above

        return offline.rebuild(screen, archive, data_dir)

    summary = "Make every row again from an archive"
    return click.Command(
        "rebuild",
        params=[source, target, _ENGINE, json_option()],
        callback=rebuild,
        short_help=summary,
        help=f"{summary}: a new data folder, or with --engine aws the empty tables of an environment.",
    )


def aws_setup_command(app: App) -> click.Command:
    """``bbws aws setup``."""

    def run(**given: Any) -> None:  # noqa: ANN401 - click's parameters
        from bbws.entrypoints.commands import cloud  # noqa: PLC0415 - as said above

        cloud.set_up(Screen.open(as_json=given[JSON_OPTION]), app.configured())

    summary = "Give an environment's secrets their first values and make its first key"
    return click.Command(
        "setup",
        params=[json_option()],
        callback=run,
        short_help=summary,
        help=f"{summary}: after Terraform, and again at will. BBWS_ENVIRONMENT and BBWS_REGION say which.",
    )


def restore_command(app: App) -> click.Command:
    """``bbws restore FILE``."""

    def run(file: Path, data_dir: Path | None, **given: Any) -> None:  # noqa: ANN401 - click's parameters
        from bbws.entrypoints.commands import offline  # noqa: PLC0415 - as said above

        offline.restore(Screen.open(as_json=given[JSON_OPTION]), file, data_dir or app.configured().data_dir)

    file = click.Argument(["file"], type=click.Path(path_type=Path), metavar="FILE")
    folder = click.Option(["--data-dir"], type=_FOLDER, help="The folder that is to be made; otherwise BBWS_DATA_DIR.")
    summary = "Make a data folder from a backup"
    return click.Command(
        "restore", params=[file, folder, json_option()], callback=run, short_help=summary, help=f"{summary}."
    )


def token_command(app: App) -> click.Command:
    """``bbws token``."""

    def run(subject: str, minutes: int, **given: Any) -> None:  # noqa: ANN401 - click's parameters
        from bbws.entrypoints.commands import offline  # noqa: PLC0415 - as said above

        screen = Screen.open(as_json=given.pop(JSON_OPTION))
        offline.token(screen, app.configured(), subject, minutes, **given)

    whose = click.Option(["--subject"], default=OPERATOR, show_default=True, metavar="ID", help="Whom it is about.")
    address = click.Option(["--email"], default="", help="The person's address; it counts as verified.")
    called = click.Option(["--name"], default="", help="What the person is called.")
    role = click.Option(["--admin"], is_flag=True, help="Give the platform role Admin.")
    lasts = click.Option(
        ["--minutes"], type=click.IntRange(1, 24 * 60), default=60, show_default=True, help="How long it is good."
    )
    summary = "Print a token for a person, signed with the data folder's key"
    return click.Command(
        "token",
        params=[whose, address, called, role, lasts, json_option()],
        callback=run,
        short_help=summary,
        help=f"{summary}.",
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
    from bbws.entrypoints.commands import offline  # noqa: PLC0415 - as said above

    offline.openapi(Screen.open(as_json=given[JSON_OPTION]), service, out)


def manifest_command() -> click.Command:
    """``bbws manifest``."""
    summary = "Print what AWS must have, for Terraform"
    return click.Command(
        "manifest", params=[], callback=_manifest, short_help=summary, help=f"{summary}, as JSON.", hidden=True
    )


def _manifest() -> None:
    from bbws.entrypoints.commands import offline  # noqa: PLC0415 - as said above

    offline.manifest(Screen.open(as_json=True))
