"""What people do with invitations, for the rights of each function."""

from datetime import timedelta
from typing import Any

from bbws.engines.aws.names import EMAIL_KEY
from bbws.tenants.invitations.model import LIFETIME, REST, key_of, token_of
from tests.aws.account import Account
from tests.aws.tenants_story import active, ask
from tests.tenants.invited import RECEIVED


def tell(made: Account) -> None:
    """Every call about invitations, by those who invite and those who are invited; and the mails."""
    own = active(made, "Inviting")
    division = ask(made, "createDivision", f"{own}/divisions", {"name": "One"}, status=201).json["divisionId"]
    _sent(made, own)
    _accepted(made, own, division)
    _declined(made, own)
    _expired(made, own)


def _invite(made: Account, own: str, name: str, role: str = "Operator", **at: str) -> dict[str, Any]:
    body = {"email": f"{name}@example.com", "role": role, **at}
    return dict(ask(made, "createInvitation", f"{own}/invitations", body, status=201).json)


def _one(own: str, invitation: dict[str, Any]) -> str:
    return f"{own}/invitations/{invitation['invitationId']}"


def _received(made: Account, invitation: dict[str, Any], issue: int = 1) -> str:
    """Where the invited one looks: the token as the mailer makes it."""
    key = key_of(made.cloud("terraform").engine.secrets.key(EMAIL_KEY))
    return f"{RECEIVED}/{token_of(key, invitation['invitationId'], issue)}"


def _sent(made: Account, own: str) -> None:
    first = _invite(made, own, "pia")
    second = _invite(made, own, "quin")
    made.work()
    listed = f"{own}/invitations?pageSize=1"
    token = ask(made, "listInvitations", listed).json["nextToken"]
    ask(made, "listInvitations", f"{listed}&startAt={token}")
    ask(made, "getInvitation", _one(own, first))
    made.clock.shift += REST
    ask(made, "resendInvitation", f"{_one(own, first)}/resend")
    for key in ("", None):
        assert made.call("lookUpInvitation", _received(made, first, 2), key=key).status == 200
    ask(made, "cancelInvitation", _one(own, first))
    ask(made, "forgetAddress", "/v1.0/users/forget", {"email": "quin@example.com"}, by="boss")
    made.work()
    assert ask(made, "getInvitation", _one(own, second)).json["status"] == "CANCELLED"


def _accepted(made: Account, own: str, division: str) -> None:
    """Into the tenant as its Admin, and into a unit of it; then forgotten, and with that or before taken out."""
    for name, role, at in (("rob", "Admin", {}), ("sue", "Viewer", {"divisionId": division})):
        sub = made.enrol(name)
        received = f"{_received(made, _invite(made, own, name, role, **at))}/accept"
        joined = ask(made, "acceptInvitation", received, by=sub)
        assert joined.json["email"] == f"{name}@example.com"
        made.work()  # the pool is told of each role
        one = f"{own}/users/user-{sub}"
        ask(made, "getTenantUser", one, by=sub if role == "Admin" else "ann")
        if role == "Admin":
            ask(made, "forgetAddress", "/v1.0/users/forget", {"email": f"{name}@example.com"}, by="boss")
        else:
            ask(made, "removeUser", one, status=204)
            made.work()
            ask(made, "eraseUser", f"/v1.0/users/user-{sub}", by="boss", status=204)
        made.work()
        ask(made, "getTenantUser", one, status=404)


def _declined(made: Account, own: str) -> None:
    for name, key in (("tim", ""), ("una", None)):
        received = f"{_received(made, _invite(made, own, name))}/decline"
        for query, after in (("?dryRun=true", 200), ("", 400)):
            declined = made.call("declineInvitation", received + query, key=key, idempotency_key=f"d{name}{query}")
            assert declined.status == 200, declined.json
            assert made.call("lookUpInvitation", received.removesuffix("/decline"), key=key).status == after
    made.work()


def _expired(made: Account, own: str) -> None:
    """Of two invitations of one address the later is in the place of the first, until that is sent again."""
    first = _invite(made, own, "vic")
    made.clock.shift += LIFETIME + timedelta(hours=1)
    second = _invite(made, own, "vic", "Viewer")
    made.clock.shift += LIFETIME + timedelta(hours=1)
    ask(made, "resendInvitation", f"{_one(own, first)}/resend")
    shown = ask(made, "getInvitation", _one(own, second))
    assert shown.json["status"] == "EXPIRED"
    ask(made, "cancelInvitation", _one(own, second))
    made.work()
