"""What is done once for an environment on AWS, after Terraform, and after a loss: secrets, the first key, all rows."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bbws.audit.rebuild import rebuild as rebuild_rows
from bbws.audit.signing import SEED_BYTES
from bbws.audit.verify import Report, verify
from bbws.bootstrap.aws import Cloud
from bbws.engines.aws.names import CURSOR_KEY, EMAIL_KEY, FIRST_KEY, SIGNING_KEY
from bbws.kernel.actor import EVERYTHING, Rate, system
from bbws.kernel.ids import random_id
from bbws.kernel.work import UnitOfWork, transact
from bbws.keys import service as keys_service
from bbws.keys.model import secret_hash
from bbws.keys.store import lookup_key
from bbws.tables import ENTITIES, permissions

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Done:
    """What a set-up made: the names of the secrets that got a value, and the first key's id."""

    secrets: tuple[str, ...]
    key_id: str


def set_up(cloud: Cloud) -> Done:
    """Give every secret its first value, and make the first API key. Repeating it changes nothing that is good.

    A first key that is good for nothing (its table was lost, or its set-up was cut off) is replaced by a new one.

    Raises:
        Unavailable: AWS does not answer, or Terraform has not made what is needed; says what to do.
    """
    made = []
    for name, size in ((CURSOR_KEY, _KEY_BYTES), (EMAIL_KEY, _KEY_BYTES), (SIGNING_KEY, SEED_BYTES)):
        if cloud.engine.secrets.put_if_empty(name, secrets.token_hex(size)):
            made.append(cloud.engine.names.secret(name))
    current = cloud.engine.secrets.find(FIRST_KEY)
    row = None if current is None else cloud.engine.table.get(lookup_key(secret_hash(current)))
    if current is not None and row is not None:
        key_id: str = row.document["keyId"]
        cloud.engine.meter.register(key_id, current)
        return Done(tuple(made), key_id)
    key_id = _first_key(cloud)
    return Done((*made, cloud.engine.names.secret(FIRST_KEY)), key_id)


def _first_key(cloud: Cloud) -> str:
    def create(work: UnitOfWork) -> str:
        key, secret = keys_service.create(
            work,
            name="First key",
            permissions=[EVERYTHING],
            rate=Rate(),
            environment=cloud.settings.environment,
            known=permissions(),
        )
        # Before the rows are committed: cut off in between, the next set-up finds a key that is good for nothing.
        cloud.engine.meter.register(key.value.key_id, secret)
        cloud.engine.secrets.replace(FIRST_KEY, secret)
        return key.value.key_id

    return transact(lambda: cloud.begin(system("setup"), f"setup-{random_id(8)}"), create)


def rebuild(cloud: Cloud, progress: Callable[[int], None]) -> int:
    """Write every row again into empty tables, from the archive; how many changes there were.

    Keys come back without their secrets: run the set-up afterwards for a first key.

    Raises:
        FileExistsError: a table has something in it.
        ValueError: the archive is not sound.
        Unavailable: AWS does not answer.
    """
    if not cloud.engine.bulk.is_empty():
        raise FileExistsError(f"the tables of {cloud.settings.environment}")
    report = check_archive(cloud)
    if not report.sound:
        first = report.findings[0]
        raise ValueError(f"the archive is not sound: {first.name}: {first.reason}")
    return rebuild_rows(cloud.engine.archive, cloud.engine.table, cloud.engine.bulk.load, ENTITIES, progress)


def check_archive(cloud: Cloud, *, trusted_keys: Sequence[bytes] = (), held: Sequence[bytes] = ()) -> Report:
    """Check the environment's archive; see :func:`bbws.audit.verify.verify`.

    Raises:
        Unavailable: S3 does not answer.
    """
    return verify(cloud.engine.archive, trusted_keys=trusted_keys, held=held)
