"""Packages, saved plans and manifests by checksum: built once, and the very same bytes in every environment."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from infra.pipeline.aws import Client
from infra.pipeline.model import Names, PipelineError, checked

_MISSING = {"404", "NoSuchKey", "NotFound"}


def checksum_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal.

    Raises:
        PipelineError: it is not there.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise PipelineError(f"{path} is missing.") from error


def package_key(checksum: str) -> str:
    """Where a package is in the bucket of artefacts."""
    return f"lambda/{checked(checksum)}.zip"


def plan_key(checksum: str) -> str:
    """Where a saved plan is in the bucket of artefacts."""
    return f"plans/{checked(checksum)}.tfplan"


def manifest_key(checksum: str) -> str:
    """Where a manifest of rights is in the bucket of artefacts. It stays: who looks for drift needs it."""
    return f"manifests/{checked(checksum)}.json"


def variable(names: Names, checksum: str) -> str:
    """The value of Terraform's variable ``package``: the object that the functions run, and its hash for Lambda."""
    package = {"bucket": names.artefacts, "key": package_key(checksum), "hash": in_base64(checksum)}
    return json.dumps(package)


def in_base64(checksum: str) -> str:
    """A checksum as S3 and Lambda write it."""
    return base64.b64encode(bytes.fromhex(checksum)).decode()


def from_base64(code: str) -> str:
    """The checksum that Lambda writes as ``code``."""
    return base64.b64decode(code).hex()


def store(s3: Client, names: Names, path: Path, key: str, metadata: Mapping[str, str]) -> None:
    """Upload a file under a key that names its content. S3 checks the checksum; once there it is never overwritten.

    Raises:
        PipelineError: ``key`` does not name the content of the file.
    """
    checksum = checksum_of(path)
    if checksum not in key:
        raise PipelineError(f"{path} has the checksum {checksum}, which is not the one that was asked for.")
    sent = {"Bucket": names.artefacts, "Key": key, "Metadata": dict(metadata)}
    try:
        s3.put_object(**sent, Body=path.read_bytes(), ChecksumSHA256=in_base64(checksum), IfNoneMatch="*")
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise


def fetch(s3: Client, names: Names, key: str, path: Path) -> dict[str, str]:
    """Download what ``key`` names, check its content, and give its metadata.

    Raises:
        PipelineError: it is not there, or its content is not what its key says.
    """
    try:
        found = s3.get_object(Bucket=names.artefacts, Key=key)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
        raise PipelineError(f"{names.artefacts} has no {key}: it was never stored there, or expired.") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(found["Body"].read())
    if checksum_of(path) not in key:
        path.unlink()
        raise PipelineError(f"{key} of {names.artefacts} is not what its name says. Deploy nothing; tell security.")
    metadata: dict[str, str] = found["Metadata"]
    return metadata
