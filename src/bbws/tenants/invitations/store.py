"""Keys and queries of invitations. Of a token its hash is kept, in a secret row that leads to its invitation."""

from collections.abc import Iterable
from datetime import datetime

from bbws.kernel.access import Access, Store
from bbws.kernel.canonical import Document
from bbws.kernel.clock import parse_rfc3339, rfc3339
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.table import Insert, Key, Position, Remove, Replace, Row, RowKind, Table
from bbws.kernel.work import UnitOfWork
from bbws.people import store as people_store
from bbws.tenants.invitations.model import REST, Answered, Invitation, State, hash_of
from bbws.tenants.members.store import LETTING_IN
from bbws.tenants.permissions import Role
from bbws.tenants.store import DECIDING
from bbws.tenants.store import path as tenant_path

BASE = "/v1.0/invitations"
BY_TENANT = "InvitationsByTenantIndex"
STORE = Store("invitations", ("INVITATION",), ("INVITATIONTOKEN", "PENDING", "RESTING"), (BY_TENANT,))

SHOWING = DECIDING | Access.to(gets="INVITATION CONTACT")
LISTING = DECIDING | Access.to(gets="CONTACT", indexes=BY_TENANT)
INVITING = (
    SHOWING
    | people_store.KNOWING
    | people_store.FINDING
    | Access.to(gets="PENDING RESTING", puts="INVITATION INVITATIONTOKEN PENDING RESTING", ensures="TENANT")
)
RESENDING = SHOWING | Access.to(
    gets="INVITATIONTOKEN PENDING RESTING",
    puts="INVITATION INVITATIONTOKEN PENDING RESTING",
    removes="INVITATIONTOKEN",
    ensures="TENANT CONTACT",
)
CANCELLING = SHOWING | Access.to(gets="INVITATIONTOKEN", puts="INVITATION", removes="INVITATIONTOKEN PENDING")
LOOKING = Access.to(gets="INVITATIONTOKEN INVITATION TENANT CONTACT")
DECLINING = LOOKING | Access.to(puts="INVITATION", removes="PENDING")
ACCEPTING = DECLINING | people_store.SHOWING | LETTING_IN
ENDING = Access.to(gets="INVITATION", queries="PENDING", puts="INVITATION", removes="PENDING")
MAILING = Access.to(gets="INVITATION TENANT CONTACT")


def invitation_key(invitation_id: str) -> Key:
    """Where an invitation lies."""
    return Key(f"INVITATION#{invitation_id}", "METADATA")


def token_key(token: str) -> Key:
    """Where a token leads to its invitation."""
    return Key(f"INVITATIONTOKEN#{hash_of(token)}", "INVITATION")


def pending_key(tenant_id: str, contact_id: str) -> Key:
    """What keeps an address for one pending invitation of a tenant."""
    return Key(_pending_in(tenant_id), contact_id)


def resting_key(tenant_id: str, contact_id: str) -> Key:
    """What keeps a tenant from writing to an address again so soon."""
    return Key(f"RESTING#{tenant_id}", contact_id)


def _pending_in(tenant_id: str) -> str:
    return f"PENDING#{tenant_id}"


def path(invitation: Invitation) -> str:
    """The resource path, CloudEvents subject."""
    return f"{tenant_path(invitation.tenant_id)}/invitations/{invitation.invitation_id}"


def _dump(invitation: Invitation) -> Document:
    answered = invitation.answered
    return {
        "invitationId": invitation.invitation_id,
        "tenantId": invitation.tenant_id,
        "contactId": invitation.contact_id,
        "role": invitation.role.value,
        "unitId": invitation.unit_id,
        "state": invitation.state.value,
        "issue": invitation.issue,
        "sentAt": rfc3339(invitation.sent_at),
        "expiresAt": rfc3339(invitation.expires_at),
        "createdAt": rfc3339(invitation.created_at),
        "createdBy": invitation.created_by,
        "answered": None if answered is None else {"at": rfc3339(answered.at), "by": answered.by},
        "entityType": "INVITATION",
    }


def _load(document: Document) -> Invitation:
    answered = document["answered"]
    return Invitation(
        document["invitationId"],
        document["tenantId"],
        document["contactId"],
        Role(document["role"]),
        document["unitId"],
        State(document["state"]),
        document["issue"],
        parse_rfc3339(document["sentAt"]),
        parse_rfc3339(document["expiresAt"]),
        parse_rfc3339(document["createdAt"]),
        document["createdBy"],
        None if answered is None else Answered(parse_rfc3339(answered["at"]), answered["by"]),
    )


def _indexes(invitation: Invitation) -> dict[str, Key]:
    place = f"{rfc3339(invitation.created_at)}#{invitation.invitation_id}"
    return {BY_TENANT: Key(f"TENANT#{invitation.tenant_id}", place)}


def _pending_row(invitation: Invitation) -> Iterable[Row]:
    if invitation.state is State.PENDING:
        key = pending_key(invitation.tenant_id, invitation.contact_id)
        yield Row(key, RowKind.DERIVED, {"invitationId": invitation.invitation_id})


INVITATION = EntityType(
    name="invitation",
    source="/bbws/tenants/invitations",
    key=lambda invitation: invitation_key(invitation.invitation_id),
    subject=path,
    dump=_dump,
    load=_load,
    indexes=_indexes,
    derived=_pending_row,
)


def load(work: UnitOfWork, invitation_id: str) -> Stored[Invitation] | None:
    """The invitation, whatever its state."""
    return work.load(INVITATION, invitation_key(invitation_id))


def of_token(work: UnitOfWork, token: str) -> Stored[Invitation] | None:
    """The invitation that a token leads to, whatever its state."""
    row = work.table.get(token_key(token))
    current = None if row is None else load(work, row.document["invitationId"])
    if current is None or row is None:
        return None
    # It may have been sent again between the two reads, or cancelled with its tenant.
    stale = row.document["issue"] != current.value.issue or current.value.state is State.CANCELLED
    return None if stale else current


def of_address(work: UnitOfWork, tenant_id: str, contact_id: str) -> Stored[Invitation] | None:
    """The invitation that holds an address's place in a tenant, though its time may be over."""
    row = work.table.get(pending_key(tenant_id, contact_id))
    return None if row is None else load(work, row.document["invitationId"])


def waiting(
    table: Table, tenant_id: str, start: Position | None, limit: int
) -> tuple[list[Stored[Invitation]], Position | None]:
    """A page of the invitations that hold an address's place in a tenant, as of now."""
    page = table.query(_pending_in(tenant_id), start=start, limit=limit)
    rows = (table.get(invitation_key(row.document["invitationId"])) for row in page.rows)
    return [INVITATION.stored(row) for row in rows if row is not None], page.next


def add_token(work: UnitOfWork, token: str, invitation: Invitation) -> None:
    """Have a token lead to an invitation."""
    document: Document = {"invitationId": invitation.invitation_id, "issue": invitation.issue}
    work.insert(Row(token_key(token), RowKind.SECRET, document))


def drop_token(work: UnitOfWork, token: str) -> None:
    """Have a token lead nowhere any more."""
    row = work.table.get(token_key(token))
    if row is not None:  # after a rebuild there is none: tokens are in no archive
        work.remove(row.key, row.version)


def resting_until(work: UnitOfWork, tenant_id: str, contact_id: str) -> datetime | None:
    """Until when a tenant does not write to an address; None where it may."""
    row = work.table.get(resting_key(tenant_id, contact_id))
    return None if row is None else parse_rfc3339(row.document["until"])


def add_rest(work: UnitOfWork, invitation: Invitation) -> None:
    """Keep its tenant from writing again so soon to the address that an invitation is sent to."""
    until = invitation.sent_at + REST
    key = resting_key(invitation.tenant_id, invitation.contact_id)
    work.insert(Row(key, RowKind.EPHEMERAL, {"until": rfc3339(until)}, expires_at=until.timestamp()))


def hand_over(work: UnitOfWork, tenant_id: str, contact_id: str) -> None:
    """Make one write of an address's place where one invitation gives it up and another takes it."""
    key = pending_key(tenant_id, contact_id)
    given = [write for write in work.writes if write.key == key and isinstance(write, Remove)]
    taken = [write for write in work.writes if write.key == key and isinstance(write, Insert)]
    if given and taken:
        others = [write for write in work.writes if write.key != key]
        work.writes[:] = [*others, Replace(taken[0].row, given[0].expected_version)]


def listed(
    table: Table, tenant_id: str, start: Position | None, limit: int
) -> tuple[list[Stored[Invitation]], Position | None]:
    """A page of a tenant's invitations, the newest first."""
    page = table.query(f"TENANT#{tenant_id}", index=BY_TENANT, start=start, limit=limit, descending=True)
    return [INVITATION.stored(row) for row in page.rows], page.next
