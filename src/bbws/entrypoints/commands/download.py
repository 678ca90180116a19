"""Saving an answer that is a file, whole or not at all."""

import os
from collections.abc import Iterator
from pathlib import Path

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from bbws.entrypoints.commands.client import Ask, reaching
from bbws.entrypoints.commands.failures import ExitCode, Failure
from bbws.entrypoints.commands.session import Session


def parameters() -> Iterator[click.Parameter]:
    """Where to save it."""
    yield click.Argument(["file"], type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
    yield click.Option(["--force"], is_flag=True, help="Replace FILE where it exists.")


def save(session: Session, ask: Ask, file: Path, *, overwrite: bool) -> None:
    """Write the answer to ``file``: first to ``FILE.part``, which takes its name once all of it is there.

    Raises:
        Failure: it exists already, cannot be written, or the server failed.
    """
    if file.exists() and not overwrite:
        raise Failure(f"{file} exists already; choose another name or add --force", ExitCode.USAGE)
    part = file.with_name(file.name + ".part")
    try:
        size = _receive(session, ask, part)
        part.replace(file)
    except OSError as error:
        raise Failure(f"cannot write {part}: {error.strerror or error}", ExitCode.USAGE) from error
    finally:
        part.unlink(missing_ok=True)
    if session.screen.as_json:
        session.screen.document({"file": str(file), "bytes": size})
    else:
        session.screen.write(f"Saved {size:,} bytes to {file}.")


def _receive(session: Session, ask: Ask, part: Path) -> int:
    columns = (TextColumn("receiving"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bar = Progress(*columns, console=session.screen.err, transient=True, disable=not session.screen.err.is_terminal)
    size = 0
    with session.client.stream(ask) as response, open(part, "wb", opener=_private) as target, bar:
        total = response.headers.get("content-length")
        task = bar.add_task("", total=int(total) if total else None)
        with reaching(session.client.server.url):
            for chunk in response.iter_bytes():
                size += target.write(chunk)
                bar.update(task, completed=size)
        target.flush()
        os.fsync(target.fileno())
    return size


def _private(path: str, flags: int) -> int:
    # What is saved may hold secrets, as a backup does.
    return os.open(path, flags, 0o600)
