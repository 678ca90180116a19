"""Nothing in an archive can be changed, dropped, inserted or cut off unseen. Source: design §2."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbws.audit.model import Checkpoint, Entry, parse_checkpoint, parse_record, root_of, signed_part
from bbws.audit.signing import Ed25519Signer, Verifier
from bbws.audit.verify import verify
from bbws.kernel.canonical import canonical
from tests.audit.world import (
    MemoryArchive,
    checkpoints_of,
    found,
    names_of,
    records,
    rewritten,
    small,
    tiny,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=4,
)


@cache
def sound() -> MemoryArchive:
    """Made once: nobody alters it, only copies."""
    with TemporaryDirectory() as folder:
        return small(Path(folder) / "data")


def _key_name() -> str:
    [name] = sound().names("keys/")
    return name


def test_a_sound_archive_passes() -> None:
    report = verify(sound())
    assert report.findings == []
    assert report.sound
    # Two products, and the first API key.
    assert (report.records, report.entities, report.checkpoints, report.newer) == (6, 3, 2, 1)
    assert report.through == "2026-11-20T14:00:00.000000Z"
    assert [f"keys/{key_id}.pem" for key_id in report.key_ids] == [_key_name()]


def test_an_empty_archive_is_sound() -> None:
    assert [finding.name for finding in verify(MemoryArchive()).findings] == ["."]


def _flips(content: bytes) -> Iterator[bytes]:
    for place in range(len(content) * 8):
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        yield bytes(changed)


@pytest.mark.unmeasured  # thousands of times what the tests around it measure
@pytest.mark.parametrize("folder", ["checkpoints/", "keys/"])
def test_every_single_changed_bit_of_checkpoint_and_key_is_found(tmp_path: Path, folder: str) -> None:
    archive = tiny(tmp_path / "data")
    assert verify(archive).sound
    [name] = archive.names(folder)
    for content in _flips(archive.objects[name]):
        assert not verify(archive.copy(**{name: content})).sound, content


@pytest.mark.unmeasured  # the same
def test_every_single_changed_bit_of_a_record_is_found() -> None:
    names = names_of(sound(), "PROD-001")[:2]
    chain = MemoryArchive({name: sound().objects[name] for name in names})
    assert verify(chain).sound
    for content in _flips(chain.objects[names[1]]):
        assert not verify(chain.copy(**{names[1]: content})).sound, content


@given(st.data())
def test_any_changed_bit_and_any_cut_is_found(data: st.DataObject) -> None:
    archive = sound()
    name = data.draw(st.sampled_from(sorted(archive.objects)))
    content = archive.objects[name]
    if data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(content) * 8 - 1))
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        content = bytes(changed)
    else:
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    assert not verify(archive.copy(**{name: content})).sound


def test_a_dropped_record_is_found_at_the_one_behind_it() -> None:
    names = names_of(sound(), "PROD-001")
    for place in range(len(names) - 1):
        findings = verify(sound().without(names[place])).findings
        assert names[place + 1] in {finding.name for finding in findings}
        assert any("missing before it" in finding.reason for finding in findings)


def test_a_cut_off_end_is_found_by_the_checkpoint() -> None:
    names = names_of(sound(), "PROD-001")
    second = checkpoints_of(sound())[1]
    findings = verify(sound().without(*names[2:])).findings
    assert [(finding.name, "cut off" in finding.reason) for finding in findings] == [(second, True)]
    assert found(sound().without(*names_of(sound(), "PROD-002"))) == [second]


def test_the_end_that_no_checkpoint_covers_is_what_the_report_calls_newer() -> None:
    last = names_of(sound(), "PROD-001")[-1]
    report = verify(sound().without(last))
    assert (report.sound, report.newer) == (True, 0)


def test_a_record_under_another_name_is_found() -> None:
    for name in records(sound()):
        moved = sound().without(name)
        moved.objects[name.replace("/20/", "/21/")] = sound().objects[name]
        assert not verify(moved).sound
        twice = sound().copy(**{name.replace("/20/", "/21/"): sound().objects[name]})
        assert not verify(twice).sound


@pytest.mark.parametrize("name", ["stray.txt", "2026/11/20/note", "2026/11/20/PROD-001_x-1.json", "a/b/c"])
def test_what_does_not_belong_there_is_found(name: str) -> None:
    assert found(sound().copy(**{name: b"{}"})) == [name]


def test_swapped_records_are_found() -> None:
    first, second, *_ = names_of(sound(), "PROD-001")
    one, other = sound().objects[first], sound().objects[second]
    assert found(sound().copy(**{first: other, second: one}))[0] == first


def test_a_rewritten_chain_is_found_by_the_checkpoint() -> None:
    for version in (1, 2, 3):
        archive = rewritten(sound(), "PROD-001", version, {"price": "999.00"})
        findings = verify(archive).findings
        assert [finding.name for finding in findings[:1]] == [names_of(archive, "PROD-001")[max(version, 2) - 1]]
        assert "rewritten" in findings[0].reason
    assert verify(rewritten(sound(), "PROD-001", 9, {})).sound  # telling it the same way is telling it the same way


def test_only_what_is_newer_than_every_checkpoint_can_be_rewritten_unseen() -> None:
    report = verify(rewritten(sound(), "PROD-001", 4, {"price": "999.00"}))
    assert (report.sound, report.newer) == (True, 1)


def test_an_inserted_chain_older_than_the_checkpoint_is_found() -> None:
    archive = sound().copy()
    for name in names_of(sound(), "PROD-002"):
        document = orjson.loads(archive.objects[name].replace(b"PROD-002", b"PROD-009"))
        other = rewritten(
            MemoryArchive({name.replace("PROD-002", "PROD-009"): orjson.dumps(document)}), "PROD-009", 9, {}
        )
        archive.objects |= other.objects
    findings = verify(archive).findings
    assert [finding.name for finding in findings] == names_of(archive, "PROD-009")
    assert "inserted" in findings[0].reason


def test_the_first_bad_record_of_each_broken_chain_is_named_and_no_further_one() -> None:
    one, two = names_of(sound(), "PROD-001")[1], names_of(sound(), "PROD-002")[0]
    broken = sound().copy(**{name: sound().objects[name].replace(b"Basic", b"Basil") for name in (one, two)})
    record_findings = [name for name in found(broken) if name in records(sound())]
    assert record_findings == [one, two]


@pytest.mark.parametrize("place", [0, 1])
def test_a_missing_checkpoint_is_found(place: int) -> None:
    assert not verify(sound().without(checkpoints_of(sound())[0])).sound
    last = checkpoints_of(sound())[1]
    if place:  # nothing in the archive itself can tell that the last one was cut off: somebody must hold it
        assert verify(sound().without(last)).sound
        assert found(sound().without(last), held=[sound().objects[last]]) == [last]


def test_a_held_checkpoint_shows_an_archive_that_was_signed_anew() -> None:
    held = [sound().objects[name] for name in checkpoints_of(sound())]
    assert verify(sound(), held=held).sound
    forged = _signed_anew(rewritten(sound(), "PROD-001", 1, {"price": "999.00"}), Ed25519Signer(b"f" * 32))
    assert verify(forged).sound  # on its own it is whole, with a key of its own
    report = verify(forged, held=held)
    assert [finding.reason.rpartition(": ")[2] for finding in report.findings] == ["rewritten", "rewritten"]
    trusted = sound().objects[_key_name()]
    assert len(found(forged, trusted_keys=[trusted])) == 2
    assert verify(sound(), trusted_keys=[trusted], held=held).sound


def test_what_is_held_must_be_a_checkpoint() -> None:
    assert found(sound(), held=[b"nonsense", b""]) == ["held checkpoint", "held checkpoint"]


def test_the_trusted_key_must_be_a_key() -> None:
    with pytest.raises(ValueError, match="PEM"):
        verify(sound(), trusted_keys=[b"nonsense"])


def _signed_anew(archive: MemoryArchive, signer: Ed25519Signer) -> MemoryArchive:
    """The checkpoints made again over a told-differently history, with another key."""
    digests = {}
    for name in records(archive):
        change, _ = parse_record(archive.objects[name])
        digests[change.entity, change.version] = change.digest
    previous = "0" * 64
    forged = archive.without(_key_name(), *checkpoints_of(archive))
    forged.objects[f"keys/{signer.key_id}.pem"] = signer.public_pem
    for name in checkpoints_of(archive):
        old = parse_checkpoint(archive.objects[name])
        entries = tuple(Entry(e.entity, e.version, digests[e.entity, e.version]) for e in old.entries)
        root = root_of(signed_part(old.sequence, old.through, previous, entries))
        made = Checkpoint(old.sequence, old.through, previous, entries, root, signer.key_id, signer.sign(root))
        forged.objects[made.name] = made.content()
        previous = root
    return forged


def test_a_checkpoint_signed_by_nobody_known_is_found() -> None:
    forged = _signed_anew(sound(), Ed25519Signer(b"f" * 32))
    forged.objects = {name: content for name, content in forged.objects.items() if not name.startswith("keys/")}
    forged.objects[_key_name()] = sound().objects[_key_name()]
    assert found(forged) == checkpoints_of(sound())


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"nonsense", "not an Ed25519 public key"), (Ed25519Signer(b"x" * 32).public_pem, "holds the key")],
    ids=["nonsense", "another"],
)
def test_an_exchanged_key_is_found(content: bytes, reason: str) -> None:
    findings = verify(sound().copy(**{_key_name(): content})).findings
    assert (findings[0].name, reason in findings[0].reason) == (_key_name(), True)


def test_a_key_of_another_kind_is_no_key() -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key  # noqa: PLC0415 - here alone
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - here alone

    key = generate_private_key(SECP256R1()).public_key()
    with pytest.raises(ValueError, match="Ed25519"):
        Verifier().add(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


RECORD_FIELDS = (
    "specversion", "id", "source", "type", "subject", "time", "changeType", "entity", "actor", "correlationId",
    "version", "before", "after", "reason", "digest", "timestamp", "user",
)  # fmt: skip


@given(field=st.sampled_from(RECORD_FIELDS), value=JSON, data=st.data(), again=st.booleans())
def test_a_record_with_anything_in_any_field_is_a_finding_and_never_a_fault(
    field: str, value: Any, data: st.DataObject, *, again: bool
) -> None:
    name = data.draw(st.sampled_from(names_of(sound(), "PROD-001")))
    document = orjson.loads(sound().objects[name])
    if document.get(field, "nothing") == value:
        return
    document[field] = value
    if again:
        document["timestamp"], document["user"] = document["time"], document["actor"]
    changed = canonical(document)
    if changed == sound().objects[name]:
        return
    assert not verify(sound().copy(**{name: changed})).sound


@given(st.sampled_from((0, 1, -1)), st.data(), JSON)
def test_a_checkpoint_with_anything_in_it_is_a_finding_and_never_a_fault(
    line: int, data: st.DataObject, value: Any
) -> None:
    name = data.draw(st.sampled_from(checkpoints_of(sound())))
    lines = [orjson.loads(each) for each in sound().objects[name].splitlines()]
    places = sorted(lines[line]) if isinstance(lines[line], dict) else list(range(len(lines[line])))
    lines[line][data.draw(st.sampled_from(places))] = value
    changed = b"".join(canonical(each) + b"\n" for each in lines)
    if changed == sound().objects[name]:
        return
    assert not verify(sound().copy(**{name: changed})).sound
    verify(sound(), held=[changed])


@given(st.binary(max_size=200), st.data())
def test_nonsense_is_a_finding_and_never_a_fault(content: bytes, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(sound().objects)))
    assert not verify(sound().copy(**{name: content})).sound
