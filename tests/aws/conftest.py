"""AWS in this process (moto), and clients of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto import mock_aws

from bbws.engines.aws.archive import S3Archive
from bbws.engines.aws.names import Names
from bbws.engines.aws.sdk import Sdk
from tests.aws.tables import session

REGION = "eu-west-1"
NAMES = Names("dev")
BUCKET = "bbws-product-audit-logs-dev-test"


@contextmanager
def cloud() -> Iterator[Sdk]:
    """An account with nothing in it."""
    with mock_aws():
        yield Sdk(REGION, session=session())


def locked_archive(sdk: Sdk) -> S3Archive:
    """An archive in a bucket as Terraform makes it: versioned, with Object Lock and a default retention."""
    s3 = sdk.client("s3")
    place = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=True)
    retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    s3.put_object_lock_configuration(
        Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention}
    )
    return S3Archive(s3, BUCKET, pause=lambda: None)


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    with cloud() as made:
        yield made
