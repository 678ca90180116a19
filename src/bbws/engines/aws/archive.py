"""The archive in S3: objects are written once, and a locked bucket sees to it that nobody takes them back."""

import hashlib
import secrets
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from botocore.exceptions import ClientError

from bbws.audit.ports import ArchiveCorrupt, check_name, check_prefix
from bbws.engines.aws.sdk import Client, answered, code_of
from bbws.kernel.table import Unavailable

_WRITERS = 8
_PAGE = 1000
_ATTEMPTS = 5
_LONGEST_WAIT = 0.2
_THERE = frozenset({"412", "PreconditionFailed"})
_MEANWHILE = frozenset({"409", "ConditionalRequestConflict"})
_ABSENT = frozenset({"404", "NoSuchKey"})
_IN_GLACIER = "InvalidObjectState"


def short_wait() -> None:
    """Let somebody else go first, for a moment that no two wait alike."""
    time.sleep(secrets.SystemRandom().uniform(0, _LONGEST_WAIT))


class S3Archive:
    """The audit domain's Archive. ``pause`` is called before a put that met another of the same name is repeated."""

    def __init__(self, client: Client, bucket: str, *, pause: Callable[[], None] = short_wait) -> None:
        self._client = client
        self._bucket = bucket
        self._pause = pause
        self._writers = ThreadPoolExecutor(_WRITERS, "archive")
        self._check = (
            f"check that the bucket {bucket} exists (BBWS_ARCHIVE_BUCKET) and that the function's role may "
            "s3:PutObject and s3:GetObject in it, s3:ListBucket on it (without that S3 forbids to ask for what is not "
            "there) and use its key"
        )

    def put(self, name: str, content: bytes) -> None:
        """Store an object durably. The same bytes again are success.

        Raises:
            ArchiveCorrupt: other bytes are there.
            Unavailable: S3 does not take it now.
            ValueError: not a name.
        """
        self._put(check_name(name), content)

    def put_all(self, objects: Sequence[tuple[str, bytes]]) -> None:
        """Store objects durably, several at a time. Not all or nothing; after a failure no further one is begun.

        Raises:
            ArchiveCorrupt, Unavailable, ValueError: as :meth:`put`.
        """
        failed = threading.Event()

        def store(name: str, content: bytes) -> None:
            if failed.is_set():
                return
            try:
                self._put(name, content)
            except BaseException:
                failed.set()
                raise

        writing = [self._writers.submit(store, *each) for each in _distinct(objects).items()]
        wait(writing)
        for each in writing:
            each.result()

    def get(self, name: str) -> bytes | None:
        """The object's bytes, None where there is none.

        Raises:
            Unavailable: S3 does not give it now.
            ValueError: not a name.
        """
        with answered(self._check):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=check_name(name), ChecksumMode="ENABLED")
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                if code_of(error) == _IN_GLACIER:
                    raise Unavailable(f"{name} is in Glacier: restore it first (aws s3api restore-object)") from error
                raise
            content: bytes = found["Body"].read()
            return content

    def names(self, prefix: str) -> Iterator[str]:
        """The names that begin with ``prefix`` (a folder, ending in ``/``, or empty for all), streamed page by page.

        Raises:
            Unavailable: S3 does not answer now; at any page.
            ValueError: not such a prefix.
        """
        return self._walk(check_prefix(prefix))

    def _walk(self, prefix: str) -> Iterator[str]:
        further: dict[str, str] = {}
        while True:
            with answered(self._check):
                page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, MaxKeys=_PAGE, **further)
            yield from (each["Key"] for each in page.get("Contents", ()))
            if not page.get("IsTruncated"):
                return
            further = {"ContinuationToken": page["NextContinuationToken"]}

    def _put(self, name: str, content: bytes) -> None:
        for _ in range(_ATTEMPTS):
            if self._create(name, content):
                return
            self._pause()
        raise Unavailable(f"others write {name} at the same moment")

    def _create(self, name: str, content: bytes) -> bool:
        """Whether the object is stored; False where others are at it and the outcome is open."""
        # Buckets with Object Lock ask for a checksum. Retention is the bucket's own default.
        checksum = b64encode(hashlib.sha256(content).digest()).decode()
        with answered(self._check):
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=name,
                    Body=content,
                    IfNoneMatch="*",
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=checksum,
                )
            except ClientError as error:
                if code_of(error) in _MEANWHILE:
                    return False
                if code_of(error) not in _THERE:
                    raise
                return self._is_same(name, content)
        return True

    def _is_same(self, name: str, content: bytes) -> bool:
        """Take what is there as stored if it is the same: a repetition, ours perhaps, whose answer was lost."""
        found = self.get(name)
        if found is not None and found != content:
            raise ArchiveCorrupt(f"{name} is in the archive already, with other content")
        return found is not None


def _distinct(objects: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    """The objects by name.

    Raises:
        ArchiveCorrupt: two have one name and not the same bytes: which of them were stored would be chance.
        ValueError: not a name.
    """
    found: dict[str, bytes] = {}
    for name, content in objects:
        if found.setdefault(check_name(name), content) != content:
            raise ArchiveCorrupt(f"{name} is to be put into the archive twice, with different content")
    return found
