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
    found = {architecture: out / f"bbws-lambda-{architecture}.zip" for architecture in MACHINES}
    with (shared / "packages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / "task").exists():
            subprocess.run([sys.executable, "-I", ROOT / "infra/package.py", "--out", out], check=True)
            with zipfile.ZipFile(found[host()]) as package:
                package.extractall(out / "task")
    return found


@pytest.fixture(scope="session")
def unpacked(packages: dict[str, Path]) -> Path:
    """This machine's package, as Lambda has it; nobody writes to it."""
    return packages[host()].parent / "task"
