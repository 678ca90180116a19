"""Checking an archive offline, from the archive alone: every chain, every checkpoint, every byte. Source: design §2."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bbws.audit.model import (
    CHECKPOINTS,
    NO_ROOT,
    PUBLIC_KEYS,
    Checkpoint,
    archive_name,
    chain_of,
    parse_checkpoint,
    parse_record,
    root_of,
)
from bbws.audit.ports import Archive
from bbws.audit.reading import ahead
from bbws.audit.signing import Verifier
from bbws.kernel.canonical import canonical, sha256
from bbws.kernel.change import GENESIS, Change, digest_of
from bbws.kernel.clock import parse_rfc3339
from bbws.kernel.table import Key, Unavailable

# A change may be committed a moment after the time it carries, so one this young may have missed a checkpoint.
GRACE_SECONDS = 60.0
_NOTHING = sha256(canonical(None))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written: the object, and what is wrong with it."""

    name: str
    reason: str


class Unreadable(ValueError):  # noqa: N818 - names the finding
    """An object is there and could not be read: it may be sound."""


@dataclass(slots=True)
class Report:
    """What a verification found. ``newer`` counts records that no checkpoint covers yet."""

    records: int = 0
    entities: int = 0
    checkpoints: int = 0
    through: str | None = None
    newer: int = 0
    key_ids: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


@dataclass(slots=True)
class _Chain:
    entity: Key | None = None
    version: int = 0
    digest: str = GENESIS
    time: str = ""
    after: str = _NOTHING
    broken: bool = False


class _Verification:
    def __init__(self, archive: Archive, trusted: Sequence[bytes], held: Sequence[bytes]) -> None:
        self._archive = archive
        self._verifier = Verifier()
        self._trusted = trusted
        self._held = held
        self._chains: dict[str, _Chain] = {}
        # Entity and version → the digests that checkpoints state, with the checkpoint's name.
        self._stated: dict[tuple[Key, int], tuple[str, str]] = {}
        self._covered: dict[Key, int] = {}
        # Day → the sorts there, or how they begin, of changes that checkpoints passed by: nobody could read them.
        self._passed: dict[str, list[str]] = {}
        self._lost: set[Key] = set()
        self.report = Report()

    def run(self) -> Report:
        self._keys()
        checkpoints = self._checkpoints()
        self._held_ones(checkpoints)
        for name, content in ahead(self._content_or_fault, record_names(self._archive)):
            self._record(name, content)
        for (entity, version), (_, name) in sorted(self._stated.items()):
            self._find(name, f"version {version} of {entity.partition} is stated here but not in the archive: cut off")
        for day, sort in sorted(self._lost):
            reason = f"the change at {sort or day} could not be read in the store, and no record is known to hold it"
            self._find(checkpoints[max(checkpoints)].name, reason)
        self.report.entities = len(self._chains)
        if not (self.report.records or self.report.checkpoints or self.report.findings):
            self._find(".", "there is no record and no checkpoint here: not an archive, or one that was emptied")
        return self.report

    def _content(self, name: str) -> bytes:
        """An object's bytes; none where it is not there, which no record, checkpoint or key is."""
        try:
            return self._archive.get(name) or b""
        except ValueError:
            return b""
        except Unavailable as error:
            raise Unreadable(f"cannot be read, so nothing is said of it: {error}") from error

    def _content_or_fault(self, name: str) -> bytes | Unreadable:
        try:
            return self._content(name)
        except Unreadable as error:
            return error

    def _find(self, name: str, reason: str) -> None:
        self.report.findings.append(Finding(name, reason))

    def _keys(self) -> None:
        if self._trusted:
            self.report.key_ids.extend(self._verifier.add(pem) for pem in self._trusted)
            return
        for name in sorted(self._archive.names(PUBLIC_KEYS)):
            try:
                content = self._content(name)
                key_id = self._verifier.add(content)
            except Unreadable as error:
                self._find(name, str(error))
                continue
            except ValueError:
                self._find(name, "not an Ed25519 public key")
                continue
            if name != f"{PUBLIC_KEYS}{key_id}.pem":
                self._find(name, f"holds the key {key_id}")
            elif content != self._verifier.pem(key_id):
                self._find(name, "not written as keys are")
            self.report.key_ids.append(key_id)

    def _checkpoints(self) -> dict[int, Checkpoint]:
        found: dict[int, Checkpoint] = {}
        previous = NO_ROOT
        for number, name in enumerate(sorted(self._archive.names(CHECKPOINTS)), 1):
            try:
                checkpoint = parse_checkpoint(self._content(name))
            except ValueError as error:
                self._find(name, str(error))
                continue
            reason = self._judge(checkpoint, name, number, previous)
            if reason:
                self._find(name, reason)
            previous = checkpoint.root
            found[checkpoint.sequence] = checkpoint
            self._state(checkpoint)
        self.report.checkpoints = len(found)
        if found:
            self.report.through = found[max(found)].through
            self._lost = set(found[max(found)].unreadable)
        return found

    def _judge(self, checkpoint: Checkpoint, name: str, number: int, previous: str) -> str | None:
        if checkpoint.name != name or checkpoint.sequence != number:
            return f"checkpoint {number} is missing or has another's name"
        if root_of(checkpoint.signed_part()) != checkpoint.root:
            return "its root is not that of its lines"
        if checkpoint.previous != previous:
            return "it does not follow the checkpoint before it"
        if not self._verifier.holds(checkpoint.key_id, checkpoint.root, checkpoint.signature):
            return "its signature is not by a trusted key"
        return None

    def _state(self, checkpoint: Checkpoint) -> None:
        for entry in checkpoint.entries:
            self._stated[entry.entity, entry.version] = (entry.digest, checkpoint.name)
            self._covered[entry.entity] = max(entry.version, self._covered.get(entry.entity, 0))

        for day, sort in checkpoint.unreadable:
            self._passed.setdefault(day, []).append(sort)

    def _held_ones(self, found: dict[int, Checkpoint]) -> None:
        """A checkpoint that somebody kept elsewhere must be the very one that the archive has."""
        for content in self._held:
            try:
                held = parse_checkpoint(content)
            except ValueError as error:
                self._find("held checkpoint", str(error))
                continue
            if held.sequence not in found:
                self._find(held.name, "the archive lacks this checkpoint, which is held elsewhere: cut off")
                self._state(held)
            elif found[held.sequence].root != held.root:
                self._find(held.name, "the archive's checkpoint is not the one held elsewhere: rewritten")

    def _record(self, name: str, content: bytes | Unreadable) -> None:
        self.report.records += 1
        chain_id = chain_of(name)
        if chain_id is None:
            self._find(name, "no record, checkpoint or key has such a name")
            return
        chain = self._chains.setdefault(chain_id, _Chain())
        if chain.broken:
            return
        try:
            if isinstance(content, Unreadable):
                raise content
            change, record = parse_record(content)
        except ValueError as error:
            self._break(chain, name, str(error))
            return
        reason = _link(chain, name, change) or self._against_checkpoint(change)
        if reason is None and digest_of(record, chain.digest) != change.digest:
            reason = "its digest does not follow from the record before it: altered"
        if reason is not None:
            self._break(chain, name, reason)
            return
        chain.entity, chain.version, chain.digest = change.entity, change.version, change.digest
        self._lost.discard(Key(change.time[:10], f"{change.time}#{change.id}"))
        chain.time, chain.after = change.time, sha256(canonical(change.after))

    def _break(self, chain: _Chain, name: str, reason: str) -> None:
        chain.broken = True
        self._find(name, reason)

    def _against_checkpoint(self, change: Change) -> str | None:
        digest, checkpoint = self._stated.pop((change.entity, change.version), (change.digest, ""))
        if digest != change.digest:
            return f"{checkpoint} states another digest for version {change.version}: rewritten"
        if change.version > self._covered.get(change.entity, 0):
            self.report.newer += 1
            if self._should_be_covered(change) and not self._was_passed(change):
                return "older than the last checkpoint, which does not know it: inserted"
        return None

    def _should_be_covered(self, change: Change) -> bool:
        through = self.report.through
        return (
            through is not None
            and (parse_rfc3339(through) - parse_rfc3339(change.time)).total_seconds() > GRACE_SECONDS
        )

    def _was_passed(self, change: Change) -> bool:
        place = f"{change.time}#{change.id}"
        return any(sort and place.startswith(sort) for sort in self._passed.get(change.time[:10], ()))


def _link(chain: _Chain, name: str, change: Change) -> str | None:
    """What is wrong with a record as the successor of its chain, besides its digest."""
    if archive_name(change) != name:
        return f"it is the record of {archive_name(change)}: moved or altered"
    if change.version != chain.version + 1:
        return f"version {chain.version + 1} is missing before it: dropped, or this one inserted"
    if chain.entity not in (None, change.entity):
        return "it is of another entity than the record before it"
    if change.time <= chain.time:
        return "it is not younger than the record before it"
    if sha256(canonical(change.before)) != chain.after:
        return "its `before` is not the `after` of the record before it"
    return None


def record_names(archive: Archive) -> list[str]:
    """The names of all records: day by day, within a day by entity, and of one entity in the order of its history."""
    return sorted(name for name in archive.names("") if not name.startswith((CHECKPOINTS, PUBLIC_KEYS)))


def verify(archive: Archive, *, trusted_keys: Sequence[bytes] = (), held: Sequence[bytes] = ()) -> Report:
    """Check all of an archive.

    Args:
        archive: what to check.
        trusted_keys: the public keys (PEM) to trust; none: those that lie in the archive itself.
        held: checkpoints that were kept elsewhere, as bytes.

    Raises:
        ValueError: one of ``trusted_keys`` is no Ed25519 public key.
    """
    return _Verification(archive, trusted_keys, held).run()
