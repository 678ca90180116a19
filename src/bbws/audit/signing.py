"""Signing checkpoints: Ed25519 (RFC 8032)."""

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

SEED_BYTES = 32


def key_id_of(public_key: Ed25519PublicKey) -> str:
    """The name of a key: the first 16 hexadecimal characters of the SHA-256 of its raw bytes."""
    raw = public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def _pem(public_key: Ed25519PublicKey) -> bytes:
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Ed25519Signer:
    """Signs with a private key that never leaves it.

    Args:
        seed: 32 secret bytes.
    """

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.key_id = key_id_of(self._key.public_key())
        self.public_pem = _pem(self._key.public_key())

    def sign(self, root: str) -> str:
        """The signature of a checkpoint's root, hexadecimal."""
        return self._key.sign(bytes.fromhex(root)).hex()


class Verifier:
    """Checks signatures against the public keys that it was given."""

    def __init__(self) -> None:
        self._keys: dict[str, Ed25519PublicKey] = {}

    def add(self, pem: bytes) -> str:
        """Trust a public key; its id.

        Raises:
            ValueError: it is not an Ed25519 public key in PEM.
        """
        try:
            key = load_pem_public_key(pem)
        except UnsupportedAlgorithm as error:
            raise ValueError("not a key that is known here") from error
        if not isinstance(key, Ed25519PublicKey):
            msg = "not an Ed25519 public key"
            raise ValueError(msg)  # noqa: TRY004 - what is wrong is the content, not a Python type
        key_id = key_id_of(key)
        self._keys[key_id] = key
        return key_id

    def pem(self, key_id: str) -> bytes:
        """A trusted key, written as keys are."""
        return _pem(self._keys[key_id])

    def holds(self, key_id: str, root: str, signature: str) -> bool:
        """Whether a trusted key of that id made this signature."""
        key = self._keys.get(key_id)
        if key is None:
            return False
        try:
            raw = bytes.fromhex(signature)
            key.verify(raw, bytes.fromhex(root))
        except (InvalidSignature, ValueError):
            return False
        # Capitals and spaces would say the same: there is one way to write it, so that no bit can change unseen.
        return raw.hex() == signature
