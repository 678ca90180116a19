"""Ed25519 signatures and key files: what was written before is read, and written again to the byte."""

from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from bbws.audit.signing import SEED_BYTES, Ed25519Signer, Verifier

# Written by pyca/cryptography 50.0.2, which signed every checkpoint before PyNaCl did.
SEED = bytes(range(SEED_BYTES))
KEY_ID = "56475aa75463474c"
PEM = (
    b"-----BEGIN PUBLIC KEY-----\n"
    b"MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n"  # pragma: allowlist secret
    b"-----END PUBLIC KEY-----\n"
)
ROOT = "8c51bcbcf387d1f00d73035db73bc8d356a5ad7b123e0af1d8cecb8107c58cd7"  # pragma: allowlist secret
SIGNATURE = (
    "15add38f073eba2bc3e78dfa89fb4db87bbc5dc52eccc3b2388b86db34ca7e6c"  # pragma: allowlist secret
    "f6a00bae22e39e81f0fba4a80221fa1e9b0403f5312f044ab090cc432fe0f50e"  # pragma: allowlist secret
)
_BODY = PEM.splitlines()[1]


def test_a_checkpoint_of_the_library_before_is_sound() -> None:
    verifier = Verifier()
    assert verifier.add(PEM) == KEY_ID
    assert verifier.holds(KEY_ID, ROOT, SIGNATURE)


def test_key_files_and_signatures_are_those_of_the_library_before() -> None:
    signer = Ed25519Signer(SEED)
    assert (signer.key_id, signer.public_pem, signer.sign(ROOT)) == (KEY_ID, PEM, SIGNATURE)


@given(seed=st.binary(min_size=SEED_BYTES, max_size=SEED_BYTES), root=st.binary(min_size=32, max_size=32))
def test_two_libraries_write_the_same_bytes(seed: bytes, root: bytes) -> None:
    ours, other = Ed25519Signer(seed), Ed25519PrivateKey.from_private_bytes(seed)
    assert ours.public_pem == other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert ours.sign(root.hex()) == other.sign(root).hex()


@pytest.mark.parametrize(
    "pem",
    [
        PEM.replace(b"\n", b"\r\n"),
        b"of the archive, 2026\n" + PEM,
        PEM.rstrip(),
        PEM.replace(_BODY, _BODY[:30] + b"\n" + _BODY[30:]),
        PEM + PEM,
    ],
    ids=["Windows lines", "a note before", "no last line feed", "other line lengths", "twice"],
)
def test_a_key_that_an_editor_or_a_mail_has_touched_is_the_same(pem: bytes) -> None:
    verifier = Verifier()
    assert verifier.add(pem) == KEY_ID
    assert verifier.pem(KEY_ID) == PEM


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        PEM.replace(b"PUBLIC", b"PRIVATE"),
        PEM.replace(b"=\n", b"\n"),
        PEM.replace(_BODY, b""),
        PEM.replace(_BODY, b64encode(b64decode(_BODY)[:-1])),
        PEM.replace(_BODY, b64encode(b64decode(_BODY) + b"\0")),
        PEM.replace(_BODY, b64encode(b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x6e" + b64decode(_BODY)[9:])),
    ],
    ids=["nothing", "a private key", "no padding", "no content", "short", "long", "X25519"],
)
def test_what_is_no_ed25519_key_is_refused(pem: bytes) -> None:
    with pytest.raises(ValueError, match="PEM"):
        Verifier().add(pem)


@pytest.mark.parametrize(
    ("root", "signature"),
    [
        (ROOT, "00" + SIGNATURE[2:]),
        (ROOT, SIGNATURE[:-2]),
        (ROOT, SIGNATURE + "00"),
        (ROOT, SIGNATURE.upper()),
        (ROOT, "no hexadecimal"),
        (ROOT, ""),
        ("00" + ROOT[2:], SIGNATURE),
        ("no hexadecimal", SIGNATURE),
    ],
)
def test_nothing_but_the_signature_holds(root: str, signature: str) -> None:
    verifier = Verifier()
    verifier.add(PEM)
    assert not verifier.holds(KEY_ID, root, signature)


def test_a_key_that_nobody_trusts_signs_nothing() -> None:
    assert not Verifier().holds(KEY_ID, ROOT, SIGNATURE)


@pytest.mark.parametrize("size", [0, SEED_BYTES - 1, SEED_BYTES + 1])
def test_a_seed_has_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="32"):
        Ed25519Signer(b"s" * size)
