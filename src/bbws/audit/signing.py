"""Signing checkpoints: Ed25519 (RFC 8032)."""

import binascii
import hashlib
import re
from base64 import b64decode, b64encode

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

SEED_BYTES = 32

# A SubjectPublicKeyInfo of Ed25519 has one form: these bytes, then the 32 of the key (RFC 8410, section 4).
_INFO = bytes.fromhex("302a300506032b6570032100")
_KEY_BYTES = 32
_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----")


def key_id_of(public_key: bytes) -> str:
    """The name of a key: the first 16 hexadecimal characters of the SHA-256 of its raw bytes."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def _pem(public_key: bytes) -> bytes:
    return b"-----BEGIN PUBLIC KEY-----\n" + b64encode(_INFO + public_key) + b"\n-----END PUBLIC KEY-----\n"


def _key_in(pem: bytes) -> bytes:
    found = _PEM.search(pem)
    try:
        info = b64decode(b"".join(found[1].split()), validate=True) if found else b""
    except binascii.Error as error:
        raise ValueError("not PEM") from error
    if not info.startswith(_INFO) or len(info) != len(_INFO) + _KEY_BYTES:
        raise ValueError("not an Ed25519 public key in PEM")
    return info.removeprefix(_INFO)


class Ed25519Signer:
    """Signs with a private key that never leaves it.

    Args:
        seed: 32 secret bytes.
    """

    def __init__(self, seed: bytes) -> None:
        self._key = SigningKey(seed)
        public_key = bytes(self._key.verify_key)
        self.key_id = key_id_of(public_key)
        self.public_pem = _pem(public_key)

    def sign(self, root: str) -> str:
        """The signature of a checkpoint's root, hexadecimal."""
        return self._key.sign(bytes.fromhex(root)).signature.hex()


class Verifier:
    """Checks signatures against the public keys that it was given."""

    def __init__(self) -> None:
        self._keys: dict[str, VerifyKey] = {}

    def add(self, pem: bytes) -> str:
        """Trust a public key; its id.

        Raises:
            ValueError: it is not an Ed25519 public key in PEM.
        """
        public_key = _key_in(pem)
        key_id = key_id_of(public_key)
        self._keys[key_id] = VerifyKey(public_key)
        return key_id

    def pem(self, key_id: str) -> bytes:
        """A trusted key, written as keys are."""
        return _pem(bytes(self._keys[key_id]))

    def holds(self, key_id: str, root: str, signature: str) -> bool:
        """Whether a trusted key of that id made this signature."""
        key = self._keys.get(key_id)
        if key is None:
            return False
        try:
            raw = bytes.fromhex(signature)
            key.verify(bytes.fromhex(root), raw)
        except (BadSignatureError, ValueError):
            return False
        # Capitals and spaces would say the same: there is one way to write it, so that no bit can change unseen.
        return raw.hex() == signature
