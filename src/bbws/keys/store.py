"""Keys and queries of API keys. Hashes are secret rows: never in changes, events or the archive."""

from bbws.kernel.access import Access, Store
from bbws.kernel.actor import Actor, ActorKind, Rate
from bbws.kernel.canonical import Document
from bbws.kernel.clock import moment_or_none, parse_rfc3339, rfc3339, rfc3339_or_none
from bbws.kernel.entity import EntityType, Stored
from bbws.kernel.table import Key, Position, Row, RowKind, Table
from bbws.kernel.work import UnitOfWork
from bbws.keys.model import ApiKey

BASE = "/v1.0/keys"
BY_AGE = "KeysIndex"

STORE = Store("keys", ("KEY",), ("KEYHASH",), (BY_AGE,))
CALLING = Access.to(gets="KEYHASH KEY", puts="KEY")
LISTING = Access.to(gets="KEY", indexes=BY_AGE)
CREATING = Access.to(puts="KEY KEYHASH")
REVOKING = Access.to(gets="KEY", puts="KEY", removes="KEY KEYHASH")


def api_key_key(key_id: str) -> Key:
    """Where a key lies."""
    return Key(f"KEY#{key_id}", "METADATA")


def hash_key(key_id: str) -> Key:
    """Where the hash of a key's secret lies, for revoking."""
    return Key(f"KEY#{key_id}", "HASH")


def used_key(key_id: str) -> Key:
    """Where the time of a key's last use lies."""
    return Key(f"KEY#{key_id}", "USED")


def lookup_key(digest: str) -> Key:
    """Where a secret's hash leads to what its holder may do."""
    return Key(f"KEYHASH#{digest}", "KEY")


def path(key_id: str) -> str:
    """The resource path."""
    return f"{BASE}/{key_id}"


def _dump(key: ApiKey) -> Document:
    return {
        "keyId": key.key_id,
        "name": key.name,
        "permissions": list(key.permissions),
        "readsPerSecond": key.rate.reads,
        "writesPerSecond": key.rate.writes,
        "createdBy": key.created_by,
        "createdAt": rfc3339(key.created_at),
        "revokedAt": rfc3339_or_none(key.revoked_at),
        "entityType": "KEY",
    }


def _load(document: Document) -> ApiKey:
    revoked_at = document["revokedAt"]
    return ApiKey(
        document["keyId"],
        document["name"],
        tuple(document["permissions"]),
        Rate(document["readsPerSecond"], document["writesPerSecond"]),
        document["createdBy"],
        parse_rfc3339(document["createdAt"]),
        moment_or_none(revoked_at),
    )


API_KEY = EntityType(
    name="key",
    source="/bbws/keys",
    key=lambda key: api_key_key(key.key_id),
    subject=lambda key: path(key.key_id),
    dump=_dump,
    load=_load,
    indexes=lambda key: {BY_AGE: Key("KEY", f"{rfc3339(key.created_at)}#{key.key_id}")},
)


def secret_rows(key: ApiKey, digest: str) -> tuple[Row, Row]:
    """The two rows that let a secret's holder in, and let the key be revoked."""
    grant: Document = {
        "keyId": key.key_id,
        "permissions": list(key.permissions),
        "readsPerSecond": key.rate.reads,
        "writesPerSecond": key.rate.writes,
    }
    return (
        Row(lookup_key(digest), RowKind.SECRET, grant),
        Row(hash_key(key.key_id), RowKind.SECRET, {"hash": digest}),
    )


def actor_of(row: Row) -> Actor:
    """Whom the row that a secret leads to lets in."""
    grant = row.document
    rate = Rate(grant["readsPerSecond"], grant["writesPerSecond"])
    return Actor(grant["keyId"], ActorKind.API_KEY, frozenset(grant["permissions"]), rate)


def load(work: UnitOfWork, key_id: str) -> Stored[ApiKey] | None:
    """The key."""
    return work.load(API_KEY, api_key_key(key_id))


def listed(table: Table, start: Position | None, limit: int) -> tuple[list[Stored[ApiKey]], Position | None]:
    """A page of keys, newest first."""
    page = table.query("KEY", index=BY_AGE, start=start, limit=limit, descending=True)
    return [API_KEY.stored(row) for row in page.rows], page.next


def last_used(table: Table, key_id: str) -> str | None:
    """When the key was last used, to about five minutes (RFC 3339)."""
    row = table.get(used_key(key_id))
    return None if row is None else row.document["at"]
