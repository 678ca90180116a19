"""What an account needs before its first deployment: state, artefacts, deployment records. Done once, by a person."""

import json
from collections.abc import Iterator
from contextlib import suppress

from infra.pipeline.aws import Client
from infra.pipeline.model import Environment, Names

# Artefact retention in days (specification: operations §1). A saved plan is of use on the day it was made.
RETENTION: dict[Environment, int] = {"dev": 7, "sit": 14, "prod": 30}
_PLANS_LAST, _OLD_STATES_LAST = 7, 90
_BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def prepare(s3: Client, dynamodb: Client, names: Names, region: str) -> Iterator[str]:
    """Make what is missing and set what is there; say each thing once it is done. Can be repeated."""
    for bucket, rules in ((names.state, _STATE_RULES), (names.artefacts, _artefact_rules(names.environment))):
        _make_bucket(s3, bucket, region)
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
        yield f"bucket {bucket}"
    _make_table(dynamodb, names)
    yield f"table {names.deployments}"


def _rule(name: str, prefix: str, **what: object) -> dict[str, object]:
    return {"ID": name, "Status": "Enabled", "Filter": {"Prefix": prefix}, **what}


_STATE_RULES = [_rule("old-states", "", NoncurrentVersionExpiration={"NoncurrentDays": _OLD_STATES_LAST})]


def _artefact_rules(environment: Environment) -> list[dict[str, object]]:
    days = RETENTION[environment]
    return [
        _rule("plans", "plans/", Expiration={"Days": _PLANS_LAST}),
        _rule("packages", "lambda/", Expiration={"Days": days}),
        _rule("deleted", "", NoncurrentVersionExpiration={"NoncurrentDays": _PLANS_LAST}),
    ]


def _make_bucket(s3: Client, bucket: str, region: str) -> None:
    # The first region of AWS is the one that may not be named.
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    # Repeated: what follows sets it right.
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=bucket, **place)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(_BLOCKED, True))
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_encrypted_transport(bucket)))


def _encrypted_transport(bucket: str) -> dict[str, object]:
    arn = f"arn:aws:s3:::{bucket}"
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _make_table(dynamodb: Client, names: Names) -> None:
    table = {"TableName": names.deployments}
    with suppress(dynamodb.exceptions.ResourceInUseException):
        dynamodb.create_table(
            **table,
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
            BillingMode="PAY_PER_REQUEST",
            DeletionProtectionEnabled=names.environment == "prod",
        )
    dynamodb.get_waiter("table_exists").wait(**table)
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(**table, PointInTimeRecoverySpecification=recovery)
