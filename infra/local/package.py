"""The package that the functions run."""

import base64
import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.local.state import ENVIRONMENT, ROOT, State

BUCKET = f"bbws-artefacts-{ENVIRONMENT}"


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


def find(path: Path | None = None) -> Package:
    """The package at ``path``, or the built one.

    Raises:
        FileNotFoundError: there is none.
    """
    return Package((path or ROOT / "dist" / f"bbws-lambda-{architecture()}.zip").read_bytes(), architecture())


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
