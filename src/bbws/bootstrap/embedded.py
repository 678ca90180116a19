"""BBWS on one machine: the composition root of server, commands and tests."""

import logging
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Any

from bbws.audit.ports import Archive
from bbws.audit.rebuild import rebuild as rebuild_rows
from bbws.audit.service import latest_checkpoint
from bbws.audit.signing import SEED_BYTES, Ed25519Signer
from bbws.audit.verify import Report, verify
from bbws.bootstrap.health import Health
from bbws.bootstrap.mail import mail_ports
from bbws.bootstrap.people import sign_ins
from bbws.bootstrap.wiring import Catalogue, Documents, bind, bound, build_schemas, invitation_key, trusted_key
from bbws.engines.embedded.archive import FolderArchive
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.engines.embedded.limits import RateLimiter
from bbws.engines.embedded.loop import Loop, sweeping
from bbws.engines.embedded.streaming import BackupStream
from bbws.engines.outbound.sender import HttpSender
from bbws.identity.authentication import PeopleOrKeys
from bbws.kernel.actor import EVERYTHING, Actor, Rate, system
from bbws.kernel.clock import Clock, SteadyClock, SystemClock, parse_rfc3339
from bbws.kernel.cors import Cors
from bbws.kernel.cursor import Cursors
from bbws.kernel.dispatch import Dispatcher
from bbws.kernel.endpoint import Endpoint
from bbws.kernel.http import Request
from bbws.kernel.ids import random_id
from bbws.kernel.reaction import Daily, Reaction, Sweep
from bbws.kernel.table import Unavailable
from bbws.kernel.work import UnitOfWork, transact
from bbws.keys import service as keys_service
from bbws.keys.authentication import ApiKeys
from bbws.keys.ports import NoMeter
from bbws.operations.runner import resume
from bbws.platform.ports import Metrics
from bbws.settings import Settings
from bbws.tables import DAILY, ENDPOINTS, ENTITIES, KINDS, REACTIONS, SWEEPS, permissions
from bbws.tenants.access import Roles, Subjects
from bbws.tenants.webhooks.ports import Sender
from bbws.tenants.webhooks.turns import Shares

logger = logging.getLogger("bbws.bootstrap")

# How long a start waits for messages to be worked off before it leaves what no message speaks of to the daily run.
_RESUME_SECONDS = 600.0


class NoMetrics:
    """Where nobody counts: tests and commands."""

    def render(self) -> bytes:
        """Nothing."""
        return b""


@dataclass(frozen=True, slots=True)
class App:
    """BBWS wired up: what edges need."""

    engine: EmbeddedEngine
    dispatcher: Dispatcher
    reactions: tuple[Reaction, ...]
    daily: tuple[Daily, ...]
    sweeps: tuple[Loop, ...]
    begin: Callable[[Actor, str], UnitOfWork]
    resume: Callable[[datetime], None]
    waits: Callable[[Request], bool]

    def start(self) -> None:
        """Start what works in the background, and once no message waits what is live all the same: after a rebuild."""
        self.engine.start(self.reactions, self.daily, self.sweeps)
        begun = self.begin(system("start"), "start").now()
        threading.Thread(target=self._resume, args=(begun,), name="resume", daemon=True).start()

    def _resume(self, begun: datetime) -> None:
        try:
            quiet = self.engine.drain(_RESUME_SECONDS)
            if quiet and not any(queue.dead for queue in self.engine.status().queues):
                self.resume(begun)
            elif not self.engine.stopped:
                logger.warning("operations not resumed: messages wait or are parked; the daily run does it")
        except Unavailable as error:
            logger.info("operations not resumed, but by the daily run", extra={"error": str(error)})


def build(  # noqa: PLR0913 - each is a seam that tests use
    settings: Settings,
    engine: EmbeddedEngine,
    *,
    clock: Clock | None = None,
    metrics: Metrics | None = None,
    endpoints: Sequence[Endpoint] = ENDPOINTS,
    reactions: Sequence[Reaction] = REACTIONS,
    kinds: Sequence[Any] = KINDS,
    sender: Sender | None = None,
) -> App:
    """Wire every endpoint and reaction to an engine."""
    moving = clock or SystemClock()
    clock, table = SteadyClock(moving, _last_checkpoint(engine)), engine.table
    build_schemas(endpoints)

    def begin(actor: Actor, correlation_id: str) -> UnitOfWork:
        return UnitOfWork(table, clock, actor, correlation_id)

    ports: dict[str, object] = {
        "table": table,
        "clock": clock,
        "products": Catalogue(table),
        "archive": engine.archive,
        "queues": engine.queues,
        "signer": Ed25519Signer(engine.secret("checkpoint-signing-key", SEED_BYTES)),
        "begin": begin,
        "kinds": tuple(kinds),
        "subjects": Subjects(table),
        "lease": timedelta(0),  # one process, and one thread for each queue
        "environment": settings.environment,
        "permissions": permissions(),
        "health": Health(engine),
        "meter": NoMeter(),
        "metrics": metrics or NoMetrics(),
        "backup": BackupStream(engine),
        "documents": Documents(),
        "sender": sender or HttpSender(loopback=settings.webhook_loopback),
        "shares": Shares(table),
    }
    # By the clock as it is: whoever issues tokens knows nothing of the one that stands still.
    people, tokens = sign_ins(settings, engine.folder, moving)
    email_key, cursor_key = _secret(engine, "email-key"), _secret(engine, "cursor-key")
    ports |= {"email_key": email_key, "invitation_key": lambda: invitation_key(email_key)}
    ports |= {"token_keys": tokens.keys, **mail_ports(settings, engine)}
    sweeps = _sweeps(ports)  # first: what they give is a port of others
    dispatcher = Dispatcher.over(
        [bound(endpoint, ports) for endpoint in endpoints],
        table=table,
        clock=clock,
        authenticator=PeopleOrKeys(people, ApiKeys(table, clock), begin, email_key),
        authority=Roles(table),
        cursors=Cursors(cursor_key, clock),
        limiter=RateLimiter(),
        cors=Cors(settings.cors_origins),
        queued_by_default=settings.write_mode == "queued",
    )
    work = _wired(reactions, ports), _wired(DAILY, ports), sweeps
    return App(engine, dispatcher, *work, begin, bind(resume, ports), people.waits)


def _wired[T: (Reaction, Daily, Sweep)](parts: Sequence[T], ports: Mapping[str, object]) -> tuple[T, ...]:
    return tuple(replace(part, handler=bind(part.handler, ports)) for part in parts)


def _secret(engine: EmbeddedEngine, name: str) -> Callable[[], bytes]:
    secret = engine.secret(name)
    return lambda: secret


def _sweeps(ports: dict[str, object]) -> tuple[Loop, ...]:
    """The loops of all sweeps; whoever finds work for one wakes them by the port ``hasten``."""
    loops = tuple(loop for sweep in _wired(SWEEPS, ports) for loop in sweeping(sweep))

    def hasten() -> None:
        for loop in loops:
            loop.signal.notify()

    ports["hasten"] = hasten
    return loops


def _last_checkpoint(engine: EmbeddedEngine) -> datetime | None:
    """The time up to which the archive is signed; None where nothing is, or a checkpoint cannot be read."""
    try:
        checkpoint = latest_checkpoint(engine.archive)
    except ValueError as error:
        logger.warning("the last checkpoint cannot be read; verify the archive", extra={"error": str(error)})
        return None
    return None if checkpoint is None else parse_rfc3339(checkpoint.through)


def ensure_first_key(app: App, settings: Settings) -> bool:
    """Make the first API key and write its secret to the data folder, where no key is good; whether it was made.

    A key file that was moved away stays away: keys that are good are in the store.
    """
    # The secret is on disk before its key is in the store, and gets its name after: killed in between, nobody is locked
    # out, for the next start finds the one or does without the other.
    unfinished = settings.key_file.with_suffix(".unfinished")
    if unfinished.exists() and keys_service.is_usable(app.engine.table, unfinished.read_text(encoding="ascii").strip()):
        unfinished.replace(settings.key_file)
        return True
    if not settings.new_key and (settings.key_file.exists() or keys_service.any_usable(app.engine.table)):
        return False

    def create(work: UnitOfWork) -> None:
        _, secret = keys_service.create(
            work,
            name="First key",
            permissions=[EVERYTHING],
            rate=Rate(None, None),
            environment=settings.environment,
            known=permissions(),
        )
        unfinished.touch(mode=0o600)
        unfinished.write_text(f"{secret}\n", encoding="ascii")

    transact(lambda: app.begin(system("setup"), f"setup-{random_id(8)}"), create)
    unfinished.replace(settings.key_file)
    return True


def verify_archive(archive_dir: Path, *, public_keys: Sequence[Path] = (), checkpoints: Sequence[Path] = ()) -> Report:
    """Check an archive folder offline, against trusted keys and checkpoints kept elsewhere where they are given.

    Raises:
        FileNotFoundError: there is no such folder or file.
        SettingsError: one of ``public_keys`` is no Ed25519 public key.
    """
    if not archive_dir.is_dir():
        raise FileNotFoundError(archive_dir)
    return verify(
        FolderArchive(archive_dir, read_only=True),
        trusted_keys=[trusted_key(path) for path in public_keys],
        held=[path.read_bytes() for path in checkpoints],
    )


def rebuild(archive_dir: Path, data_dir: Path, progress: Callable[[int], None]) -> int:
    """Make a new data folder from an archive folder; how many changes there were.

    Raises:
        FileNotFoundError: there is no such archive.
        FileExistsError: the data folder has something in it.
        ValueError: the archive is not sound.
    """
    if not archive_dir.is_dir():
        raise FileNotFoundError(archive_dir)
    if data_dir.exists() and any(data_dir.iterdir()):
        raise FileExistsError(data_dir)
    source = FolderArchive(archive_dir, read_only=True)
    report = verify(source)
    if not report.sound:
        first = report.findings[0]
        raise ValueError(f"the archive is not sound: {first.name}: {first.reason}")
    # Made beside the target and named at the end: a folder that is half rebuilt must not look like a whole one.
    staging = data_dir.absolute().with_name(f".{data_dir.name}.{random_id(8)}.rebuilding")
    try:
        count = _rebuilt(source, staging, progress)
        staging.rename(data_dir)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return count


def _rebuilt(source: Archive, data_dir: Path, progress: Callable[[int], None]) -> int:
    engine = EmbeddedEngine.open(data_dir, clock=SystemClock())
    try:
        count = rebuild_rows(source, engine.table, engine.load_rows, ENTITIES, progress)
        for names in batched(source.names(""), 100):
            engine.archive.put_all([(name, source.get(name) or b"") for name in names])
    finally:
        engine.stop(timeout=10)
    return count
