"""What a call of a webhook says: its body, and the headers that prove whose it is."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from standardwebhooks import Webhook as Signer

from bbws.kernel.canonical import Document
from bbws.kernel.change import Change

# What receivers are shown of what changed, by name: a field that comes later is not told to strangers unasked. Free
# text and what the customer keeps for itself (reason, metadata) may hold anybody's data, and is left out.
SHOWN = frozenset(
    {
        "tenantId",
        "customerId",
        "organizationName",
        "environment",
        "status",
        "division",
        "group",
        "team",
        "createdAt",
        "createdBy",
        "updatedAt",
        "updatedBy",
        "userId",
        "role",
        "units",
        "assignedAt",
        "assignedBy",
        "active",
        "unitId",
        "kind",
        "name",
        "parentId",
        "invitationId",
        "state",
        "expiresAt",
        "webhookId",
        "disabledAt",
        "disabledBecause",
    }
)


def told(change: Change) -> bytes:
    """What is sent of a change: the same bytes at every try."""
    data = {
        "subject": change.subject,
        "version": change.version,
        "actor": change.actor,
        "before": None if change.before is None else _shown(change.before),
        "after": _shown(change.after),
    }
    return orjson.dumps({"type": change.type, "timestamp": change.time, "data": data})


def _shown(document: Document) -> Mapping[str, Any]:
    return {name: value for name, value in document.items() if name in SHOWN}


def signed(body: bytes, name: str, now: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """The headers of Standard Webhooks, with a signature for each secret."""
    signatures = [Signer(secret).sign(name, now.astimezone(UTC), body.decode()) for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
