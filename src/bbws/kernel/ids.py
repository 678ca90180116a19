"""Identifiers from a cryptographic random source, in Crockford's base 32 (no I, L, O, U)."""

import secrets
from collections.abc import Callable

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

type IdSource = Callable[[int], str]


def random_id(length: int) -> str:
    """``length`` upper-case Crockford characters, five random bits each."""
    bits = secrets.randbits(5 * length)
    return "".join(CROCKFORD[(bits >> shift) & 31] for shift in range(0, 5 * length, 5))
