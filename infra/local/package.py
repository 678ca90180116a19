"""The package that the functions run: the built one, or until there is one a stand-in that answers every call."""

import base64
import hashlib
import platform
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.local.state import ENVIRONMENT, ROOT, State

BUCKET = f"bbws-artefacts-{ENVIRONMENT}"
_STAND_IN = '''"""Stands in for the package: run `make package` first."""
import json


def handler(event, context):
    if "Records" in event:
        return {"batchItemFailures": []}
    body = json.dumps({"standIn": True, "path": event.get("path")})
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body}
'''


@dataclass(frozen=True, slots=True)
class Package:
    """A package's bytes, its checksum in the two forms that are asked for, and what machine it is for."""

    content: bytes
    architecture: str

    @property
    def key(self) -> str:
        """Its name among the artefacts: its checksum, as the pipeline names it."""
        return f"{hashlib.sha256(self.content).hexdigest()}.zip"

    @property
    def hash(self) -> str:
        """Base64 of its SHA-256, as Lambda names it."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()


def architecture() -> str:
    """This machine's, in Lambda's words: the emulator runs the functions here."""
    return "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"


def find(path: Path | None, folder: Path) -> tuple[Package, str]:
    """The package at ``path`` or the built one, and where it comes from; else the stand-in.

    Raises:
        FileNotFoundError: there is nothing at ``path``.
    """
    built = ROOT / "dist" / f"bbws-lambda-{architecture()}.zip"
    source = path or built
    if path is None and not built.exists():
        return Package(stand_in(folder), architecture()), "a stand-in, since there is no package: run `make package`"
    return Package(source.read_bytes(), architecture()), str(source)


def upload(package: Package, emulator: State) -> None:
    """Lay the package where the pipeline lays it on AWS.

    Lambda then takes it from there. (From a file the provider uploads one function after another, five seconds each.)

    Raises:
        httpx.HTTPError: the emulator refuses.
    """
    with httpx.Client(base_url=emulator.endpoint, timeout=60) as client:
        bucket = client.put(f"/{BUCKET}")
        if bucket.status_code != httpx.codes.CONFLICT:
            bucket.raise_for_status()
        client.put(f"/{BUCKET}/{package.key}", content=package.content).raise_for_status()


def stand_in(folder: Path) -> bytes:
    """A package whose entrypoints answer every call, as bytes."""
    path = folder / "stand-in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("bbws/__init__.py", "bbws/entrypoints/__init__.py"):
            archive.writestr(zipfile.ZipInfo(name), "")
        for name in ("api", "feed", "worker"):
            archive.writestr(zipfile.ZipInfo(f"bbws/entrypoints/lambda_{name}.py"), _STAND_IN)
    return path.read_bytes()
