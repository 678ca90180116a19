"""The packages of this commit, made once for every test and worker process."""

import fcntl
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.package import MACHINES, ROOT, host


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that every worker process of this run has."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def packages(shared: Path) -> dict[str, Path]:
    """The package of each architecture, by AWS's name of it."""
    out = shared / "packages"
    with (shared / "packages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / "done").exists():
            subprocess.run([sys.executable, "-I", ROOT / "infra/package.py", "--out", out], check=True)
            (out / "done").touch()
    return {architecture: out / f"bbws-lambda-{architecture}.zip" for architecture in MACHINES}


@pytest.fixture
def unpacked(packages: dict[str, Path], tmp_path: Path) -> Path:
    """This machine's package, as Lambda has it."""
    folder = tmp_path / "task"
    with zipfile.ZipFile(packages[host()]) as package:
        package.extractall(folder)
    return folder
