"""What the archive does that S3 asks for, beside its contract (tests/contracts/test_archive_contract.py)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError, IncompleteReadError, ReadTimeoutError

from bbws.audit.ports import ArchiveCorrupt
from bbws.engines.aws.archive import S3Archive
from bbws.engines.aws.sdk import Sdk
from bbws.kernel.table import Unavailable
from tests.aws.conftest import BUCKET, locked_archive
from tests.aws.fakes import Altered, Script, refusal

CONFLICT = partial(refusal, "ConditionalRequestConflict", 409, "PutObject")
THERE = partial(refusal, "PreconditionFailed", 412, "PutObject")


def archive_over(sdk: Sdk, **methods: Callable[..., Any]) -> S3Archive:
    locked_archive(sdk)
    return S3Archive(Altered(sdk.client("s3"), **methods), BUCKET, pause=lambda: None)


def test_an_object_is_locked_and_there_in_one_version(sdk: Sdk) -> None:
    archive = locked_archive(sdk)
    archive.put("a/b", b"content")
    archive.put("a/b", b"content")
    with pytest.raises(ArchiveCorrupt):
        archive.put("a/b", b"other")
    s3 = sdk.client("s3")
    [version] = s3.list_object_versions(Bucket=BUCKET)["Versions"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=BUCKET, Key="a/b", VersionId=version["VersionId"])
    assert s3.head_object(Bucket=BUCKET, Key="a/b", ChecksumMode="ENABLED")["ChecksumSHA256"]


def test_a_put_whose_answer_was_lost_is_success_when_it_is_repeated(sdk: Sdk) -> None:
    def stored_and_not_answered(**arguments: Any) -> None:
        sdk.client("s3").put_object(**arguments)
        raise ReadTimeoutError(endpoint_url="https://s3")

    archive = archive_over(sdk, put_object=Script(stored_and_not_answered, sdk.client("s3").put_object))
    with pytest.raises(Unavailable, match="cannot be reached"):
        archive.put("a", b"content")
    archive.put("a", b"content")
    assert archive.get("a") == b"content"


def test_a_put_that_meets_another_is_repeated(sdk: Sdk) -> None:
    put = Script(CONFLICT(), CONFLICT(), sdk.client("s3").put_object)
    archive_over(sdk, put_object=put).put("a", b"content")
    assert len(put.calls) == 3


def test_a_put_that_always_meets_another_gives_up() -> None:
    pauses: list[None] = []
    put = Script(*[CONFLICT()] * 9)
    archive = S3Archive(Altered(None, put_object=put), BUCKET, pause=lambda: pauses.append(None))
    with pytest.raises(Unavailable, match="at the same moment"):
        archive.put("a", b"content")
    assert len(put.calls) == len(pauses) == 5


def test_what_was_there_and_is_gone_is_put_again(sdk: Sdk) -> None:
    put = Script(THERE(), sdk.client("s3").put_object)
    archive = archive_over(sdk, put_object=put)
    archive.put("a", b"content")
    assert archive.get("a") == b"content"


def test_what_is_forbidden_says_what_to_check() -> None:
    denied = Script(*[refusal("AccessDenied", 403)] * 3)
    archive = S3Archive(Altered(None, put_object=denied, get_object=denied, list_objects_v2=denied), BUCKET)
    calls: list[Callable[[], Any]] = [
        lambda: archive.put("a", b""),
        lambda: archive.get("a"),
        lambda: list(archive.names("")),
    ]
    for call in calls:
        with pytest.raises(Unavailable, match=f"AccessDenied.*bucket {BUCKET} exists.*s3:PutObject"):
            call()


def test_a_bucket_that_is_not_there_is_no_empty_archive(sdk: Sdk) -> None:
    archive = S3Archive(sdk.client("s3"), "bbws-none")
    with pytest.raises(Unavailable, match="NoSuchBucket"):
        archive.get("a")
    with pytest.raises(Unavailable, match="NoSuchBucket"):
        list(archive.names(""))


def test_after_a_failure_no_further_object_is_begun() -> None:
    put = Script(*[refusal("SlowDown", 503)] * 400)
    archive = S3Archive(Altered(None, put_object=put), BUCKET)
    with pytest.raises(Unavailable, match="SlowDown"):
        archive.put_all([(str(number), b"") for number in range(400)])
    assert len(put.calls) <= 8  # one for each thread


def test_names_that_are_none_are_refused_before_anything_is_put() -> None:
    put = Script()
    with pytest.raises(ValueError, match="names are parts"):
        S3Archive(Altered(None, put_object=put), BUCKET).put_all([("a", b""), ("../b", b"")])
    assert put.calls == []


def test_an_object_in_glacier_is_not_taken_for_missing() -> None:
    frozen = Script(refusal("InvalidObjectState", 403))
    with pytest.raises(Unavailable, match="2025/a is in Glacier: restore it"):
        S3Archive(Altered(None, get_object=frozen), BUCKET).get("2025/a")


def test_an_answer_that_breaks_off_is_unavailable() -> None:
    class Body:
        def read(self) -> bytes:
            raise IncompleteReadError(actual_bytes=1, expected_bytes=2)

    with pytest.raises(Unavailable, match="cannot be reached"):
        S3Archive(Altered(None, get_object=Script({"Body": Body()})), BUCKET).get("a")


def test_names_are_streamed_page_by_page() -> None:
    pages = Script(
        {"Contents": [{"Key": "a/1"}, {"Key": "a/2"}], "IsTruncated": True, "NextContinuationToken": "t"},
        {"Contents": [{"Key": "a/3"}], "IsTruncated": True, "NextContinuationToken": "u"},
        refusal("SlowDown", 503),
    )
    names = S3Archive(Altered(None, list_objects_v2=pages), BUCKET).names("a/")
    assert [next(names), next(names)] == ["a/1", "a/2"]
    assert len(pages.calls) == 1
    assert next(names) == "a/3"
    assert pages.calls[1]["ContinuationToken"] == "t"
    with pytest.raises(Unavailable):
        next(names)
