"""Use cases of tenants. Each takes the unit of work, which carries the actor and collects the effects."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from bbws.kernel.actor import PLATFORM_ADMIN
from bbws.kernel.entity import Stored
from bbws.kernel.problem import FORBIDDEN
from bbws.kernel.work import UnitOfWork
from bbws.people.service import EmailKey, contact_for, require_remembered
from bbws.tenants import events, model, permissions, store
from bbws.tenants.access import closed, not_found
from bbws.tenants.members import store as members_store
from bbws.tenants.members.model import Membership
from bbws.tenants.model import (
    CONFIRMATION,
    DEPENDENCIES,
    MOST_FOUNDED,
    NAME_TAKEN,
    QUOTA_EXCEEDED,
    UNKNOWN_CUSTOMER,
    Environment,
    Quota,
    Status,
    Tenant,
    Transition,
    fold_name,
    guarded_name,
)
from bbws.tenants.permissions import LEFT, Role


def create(work: UnitOfWork, email_key: EmailKey, new: Mapping[str, Any]) -> Stored[Tenant]:
    """Found a tenant; whoever does becomes its Admin. ``new``: what the caller says of it, attribute name → value.

    Raises:
        Problem: 409 where the name is taken; 422 for a customer that is not the caller's, and for one tenant too many.
    """
    now, by = work.now(), work.actor.subject
    customer_id = new.get("customer_id")
    if customer_id is None:
        customer_id = f"customer-{uuid4()}"
    else:
        _require_customer(work, customer_id)
    _require_free_name(work, new["organization_name"])
    require_remembered(work, by)
    tenant_id = f"tenant-{uuid4()}"
    tenant = Tenant(
        tenant_id=tenant_id,
        customer_id=customer_id,
        organization_name=new["organization_name"],
        contact_id=contact_for(work, email_key, tenant_id, new["contact_email"]),
        environment=Environment(new["environment"]),
        status=Status.PENDING,
        division=new.get("division"),
        group=new.get("group"),
        team=new.get("team"),
        metadata=model.merged({}, new.get("metadata") or {}),
        created_at=now,
        created_by=by,
        updated_at=now,
        updated_by=by,
        marks={},
        places=_places(work, customer_id),
    )
    founder = Membership(tenant.tenant_id, by, customer_id, Role.ADMIN, {}, now, by)
    work.create(members_store.MEMBERSHIP, founder, events.ASSIGNED)
    return work.create(store.TENANT, tenant, events.CREATED)


def get(work: UnitOfWork, tenant_id: str) -> Stored[Tenant]:
    """A tenant, whatever its status. That the caller may see it was decided before.

    Raises:
        Problem: 404.
    """
    current = store.load(work, tenant_id)
    if current is None:
        raise not_found(tenant_id)
    return current


def update(work: UnitOfWork, email_key: EmailKey, tenant_id: str, fields: Mapping[str, Any]) -> Stored[Tenant]:
    """Put ``fields`` (attribute name → value) in place of the tenant's own.

    Raises:
        Problem: 404, 409 where the name is taken, 412, or 422 for a deprovisioned one.
    """
    current = _to_change(work, tenant_id)
    fields = dict(fields)
    model.require_not(current.value, Status.DEPROVISIONED)
    name = fields.get("organization_name")
    if name is not None and guarded_name(name) != guarded_name(current.value.organization_name):
        _require_free_name(work, name)
    if "contact_email" in fields:
        fields["contact_id"] = contact_for(work, email_key, tenant_id, fields.pop("contact_email"))
    tenant = model.changed(current.value, fields, work.now(current), work.actor.subject)
    if tenant._replace(updated_at=current.value.updated_at, updated_by=current.value.updated_by) == current.value:
        return current
    return work.update(store.TENANT, current, tenant, events.UPDATED)


def move(work: UnitOfWork, tenant_id: str, transition: Transition, reason: str = "") -> Stored[Tenant]:
    """Take a tenant through a transition.

    Raises:
        Problem: 404, 412, or 422 where the status does not allow it.
    """
    current = _to_change(work, tenant_id)
    tenant = model.moved(current.value, transition, work.now(current), work.actor.subject, reason)
    return work.update(store.TENANT, current, tenant, events.OF_TRANSITIONS[transition], reason=reason or None)


def way_to(work: UnitOfWork, tenant_id: str, status: Status) -> Transition:
    """The transition by which the caller can take a tenant to a status.

    Raises:
        Problem: 403 for one that the caller may not make, or where the tenant is parked and it does not unpark it;
            404; 422 where none leads there.
    """
    tenant, actor = get(work, tenant_id).value, work.actor
    unparks = (tenant.status, status) == (Status.PARKED, Status.ACTIVE)
    needed = permissions.UNPARK if unparks else permissions.LIFECYCLE
    if tenant.status in LEFT and not actor.may(needed):
        raise closed(tenant.status)
    actor.require(needed)
    transition = model.way_to(tenant, status)
    if transition in _OF_THE_PLATFORM and not actor.may(PLATFORM_ADMIN):
        detail = f"Only a person with the platform role Admin may {transition} a tenant."
        raise FORBIDDEN(detail, requiredPermission=PLATFORM_ADMIN)
    return transition


def require_idle(tenant: Tenant) -> None:
    """Refuse to take leave, without force, of a tenant whose environment runs.

    Raises:
        Problem: 422.
    """
    if tenant.status is Status.ACTIVE:
        detail = "The tenant's environment runs. If it is to go all the same, DELETE it with force=true and confirm."
        raise DEPENDENCIES(detail, dependencies=[{"kind": "environment", "id": tenant.environment.value}])


# What an Admin could undo of what the platform decided.
_OF_THE_PLATFORM = frozenset({Transition.RESUME, Transition.FAIL, Transition.RETRY})


def require_confirmed(work: UnitOfWork, tenant_id: str, confirm: str | None, *, force: bool) -> None:
    """Refuse a forced farewell that does not name whom it is to.

    Raises:
        Problem: 404 or 422.
    """
    name = get(work, tenant_id).value.organization_name
    if force and (confirm is None or fold_name(confirm) != fold_name(name)):
        raise CONFIRMATION("force=true cannot be undone. Send confirm with the name of the organisation.")


def _to_change(work: UnitOfWork, tenant_id: str) -> Stored[Tenant]:
    current = get(work, tenant_id)
    work.match(current)
    return current


def _require_free_name(work: UnitOfWork, name: str) -> None:
    if store.holder_of_name(work, name) is not None:
        raise NAME_TAKEN(f"There is a tenant {name} already. Choose another name.", organizationName=name)


def _places(work: UnitOfWork, customer_id: str) -> dict[Quota, int]:
    """The places of a new tenant; what the platform's people found is not counted."""
    if work.actor.may(PLATFORM_ADMIN):
        return {}
    places = {}
    for quota, owner in ((Quota.FOUNDER, work.actor.subject), (Quota.CUSTOMER, customer_id)):
        place = store.free_place(work, quota, owner)
        if place is None:
            whose = "you have founded" if quota is Quota.FOUNDER else f"were founded for {owner}"
            detail = f"{MOST_FOUNDED} tenants that {whose} have not left. Ask the platform's support to found another."
            raise QUOTA_EXCEEDED(detail, quota=MOST_FOUNDED)
        places[quota] = place
    return places


def _require_customer(work: UnitOfWork, customer_id: str) -> None:
    by = work.actor
    if not by.may(PLATFORM_ADMIN) and not members_store.is_admin_of_customer(work.table, customer_id, by.subject):
        raise UNKNOWN_CUSTOMER(f"There is no customer {customer_id} of yours. Leave customerId out to have one made.")
