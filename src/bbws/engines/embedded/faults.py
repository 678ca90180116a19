"""The places where dying is interesting, by name, so that crash tests can enumerate them and die at each."""

from collections.abc import Callable
from enum import StrEnum

type Hook = Callable[[str], None]


class FaultPoint(StrEnum):
    """Every place of the embedded engine at which a process may be killed by a crash test."""

    MIGRATION_BEFORE_COMMIT = "migration.before-commit"
    WRITER_BEFORE_BEGIN = "writer.before-begin"
    WRITER_BEFORE_COMMIT = "writer.before-commit"
    WRITER_AFTER_COMMIT = "writer.after-commit"
    RELAY_BEFORE_MOVE = "relay.before-move"
    RELAY_AFTER_MOVE = "relay.after-move"
    WORKER_AFTER_CLAIM = "worker.after-claim"
    WORKER_AFTER_HANDLER = "worker.after-handler"
    WORKER_AFTER_ACK = "worker.after-ack"
    ARCHIVE_AFTER_TEMPORARY = "archive.after-temporary"
    ARCHIVE_AFTER_LINK = "archive.after-link"
    SWEEPER_BEFORE_SWEEP = "sweeper.before-sweep"
    SCHEDULER_BEFORE_RUN = "scheduler.before-run"
    SCHEDULER_AFTER_RUN = "scheduler.after-run"
    BACKUP_AFTER_SNAPSHOT = "backup.after-snapshot"
    RESTORE_BEFORE_RENAME = "restore.before-rename"


def _nothing(_name: str) -> None:
    """What a fault point does outside of crash tests."""


_hook: Hook = _nothing


def install(hook: Hook) -> None:
    """Have ``hook`` called with the point's name at every point from now on, from whichever thread gets there."""
    global _hook  # noqa: PLW0603 - a point must cost next to nothing and be reachable from everywhere in the engine
    _hook = hook


def uninstall() -> None:
    """Let every point do nothing again."""
    install(_nothing)


def point(name: FaultPoint) -> None:
    """Mark a place where dying is interesting."""
    _hook(name)


def names() -> tuple[str, ...]:
    """Every point, in the order of declaration."""
    return tuple(FaultPoint)
