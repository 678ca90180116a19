"""Tokens and states of invitations, by property and against a state machine written by hand."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bbws.kernel.problem import Problem
from bbws.tenants.invitations import model
from bbws.tenants.invitations.model import TOKEN_PATTERN, Invitation, State, hash_of, key_of, state_at, token_of
from bbws.tenants.permissions import Role
from tests.fakes import NOON

_IDS = st.uuids(version=4).map(lambda each: f"invitation-{each}")
_ISSUES = st.integers(1, 2**40)
_KEYS = st.binary(min_size=16, max_size=64)
type Ask = tuple[bytes, str, int]


@given(_KEYS, _IDS, _ISSUES)
def test_a_token_is_made_again_from_what_is_stored_and_the_key(key: bytes, invitation_id: str, issue: int) -> None:
    token = token_of(key, invitation_id, issue)
    assert token == token_of(key, invitation_id, issue)
    assert re.fullmatch(TOKEN_PATTERN, token)
    assert invitation_id not in token


@given(st.tuples(_KEYS, _IDS, _ISSUES), st.tuples(_KEYS, _IDS, _ISSUES))
def test_tokens_and_their_hashes_differ_where_anything_does(one: Ask, other: Ask) -> None:
    assume(one != other)
    # HMAC pads keys with zero bytes.
    assume(one[0].rstrip(b"\0") != other[0].rstrip(b"\0") or one[1:] != other[1:])
    assert token_of(*one) != token_of(*other)
    assert hash_of(token_of(*one)) != hash_of(token_of(*other))


def test_a_token_is_hmac_sha_256_of_id_and_issue_in_url_safe_base_64() -> None:
    # Made with `openssl dgst -sha256 -mac HMAC`, so that tokens of mails already sent stay good.
    key = key_of(bytes(range(32)))
    assert key.hex() == "ef7fa417b4910f553de89f550bb04d1ea368548ca10ee06adb3084e906979ed2"  # pragma: allowlist secret
    token = token_of(key, "invitation-0b7c9a1e-3f52-4c7e-9a64-2f7c7d1f7a10", 1)
    assert token == "CICXW6_VakAZ9tagBjX_eEQBXCeIni8cMBnJWNWEdeU"  # pragma: allowlist secret
    looked_up_by = "b509aa99c6815ff00380b2190ad00fb91fa2e07ce4b6034a78894bc14fe939cb"  # pragma: allowlist secret
    assert hash_of(token) == looked_up_by


def _invitation() -> Invitation:
    expires = NOON + model.LIFETIME
    at = "invitation-1", "tenant-1", "contact-1"
    return Invitation(*at, Role.VIEWER, None, State.PENDING, 1, NOON, expires, NOON, "user-ann")


def _answer(state: State) -> Callable[[Invitation, datetime], Invitation]:
    def answer(invitation: Invitation, now: datetime) -> Invitation:
        model.require_open(invitation, now)
        return model.answered(invitation, state, now, "user-ben")

    return answer


_STEPS: dict[str, Callable[[Invitation, datetime], Invitation]] = {
    "accept": _answer(State.ACCEPTED),
    "decline": _answer(State.DECLINED),
    "cancel": lambda invitation, now: model.cancelled(invitation, now, "user-ann"),
    "resend": model.resent,
}
# By hand: what each step leads to from each state; what is not here is refused with this status.
_WAYS = {
    State.PENDING: {
        "accept": State.ACCEPTED,
        "decline": State.DECLINED,
        "cancel": State.CANCELLED,
        "resend": State.PENDING,
    },
    State.EXPIRED: {"cancel": State.CANCELLED, "resend": State.PENDING},
}
_REFUSED = {
    (State.CANCELLED, "accept"): 404,
    (State.CANCELLED, "decline"): 404,
    (State.ACCEPTED, "accept"): 400,
    (State.ACCEPTED, "decline"): 400,
    (State.DECLINED, "accept"): 400,
    (State.DECLINED, "decline"): 400,
    (State.EXPIRED, "accept"): 400,
    (State.EXPIRED, "decline"): 400,
}


@given(
    st.lists(st.tuples(st.sampled_from(sorted(_STEPS)), st.timedeltas(timedelta(0), timedelta(days=8))), max_size=12)
)
def test_an_invitation_goes_only_where_it_may(steps: list[tuple[str, timedelta]]) -> None:
    invitation, now = _invitation(), NOON
    for verb, wait in steps:
        now += wait
        state = state_at(invitation, now)
        assert (state is State.EXPIRED) == (invitation.state is State.PENDING and now >= invitation.expires_at)
        leads_to = _WAYS.get(state, {}).get(verb)
        if leads_to is None:
            with pytest.raises(Problem) as refused:
                _STEPS[verb](invitation, now)
            assert refused.value.type.status == _REFUSED.get((state, verb), 422)
            continue
        before, invitation = invitation, _STEPS[verb](invitation, now)
        assert state_at(invitation, now) is leads_to
        again = verb == "resend"
        assert invitation.issue == before.issue + again
        assert invitation.expires_at == (now + timedelta(days=7) if again else before.expires_at)
        assert (invitation.answered is None) == (leads_to is State.PENDING)


def test_one_that_another_took_the_place_of_stays_expired_until_it_is_sent_again() -> None:
    invitation = model.expired(_invitation())
    assert state_at(invitation, NOON) is State.EXPIRED
    assert state_at(model.resent(invitation, NOON), NOON) is State.PENDING
