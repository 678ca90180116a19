"""Identifiers from a cryptographic random source, in Crockford's base 32 (no I, L, O, U)."""

import os

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Eight bytes lead to each character, so that all are as likely.
_CHARACTER_OF = CROCKFORD.encode() * 8


def random_id(length: int) -> str:
    """``length`` upper-case Crockford characters, five random bits each."""
    return os.urandom(length).translate(_CHARACTER_OF).decode()
