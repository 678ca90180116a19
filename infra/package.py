"""Pack BBWS for Lambda: ``dist/bbws-lambda-{x86_64,arm64}.zip``, the same bytes from the same commit on any machine.

Run by ``make package``, in isolated mode (``python -I``), so that no variable of the environment changes what is
compiled. It needs uv or pip, and Python 3.12, the version of Lambda's runtime. What is left out and why, and what the
bytes depend on: docs/decisions/0013-lambda-package.md.
"""

# ruff: noqa: INP001 - run by its path, never installed

import argparse
import hashlib
import importlib.util
import json
import marshal
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = "requirements-lambda.txt"
BUDGET_BYTES = 25 * 2**20
RUNTIME = (3, 12)

# The names of AWS and of wheels, by the names of AWS.
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}

# botocore and what it alone brings: no part of the budget.
SDK = frozenset({"botocore", "dateutil", "jmespath", "python_dateutil", "six", "urllib3"})
SERVICES = ("apigateway", "dynamodb", "events", "s3", "secretsmanager", "sesv2", "sqs")

# What no Lambda function imports; "*" also matches "/".
LEFT_OUT = (
    "bbws/bootstrap/embedded.py",  # one machine: its engine, its server and the commands
    "bbws/bootstrap/health.py",
    "bbws/bootstrap/mail.py",
    "bbws/bootstrap/people.py",
    "bbws/engines/embedded/*",
    "bbws/entrypoints/asgi.py",
    "bbws/entrypoints/cli.py",
    "bbws/entrypoints/commands/*",
    "bbws/entrypoints/listening.py",
    "bbws/entrypoints/observability.py",
    "bbws/entrypoints/server.py",
    "cffi/*",  # makes bindings; made ones need _cffi_backend alone
    "pycparser*",  # the same
    "pydantic/mypy.py",  # a plugin of mypy
    "pydantic/v1/*",  # the Pydantic of before; version 2 looks at it for its models alone, and there are none
    "botocore/data/*/examples-1.json",  # texts of the documentation
    "urllib3/contrib/emscripten/*",  # for browsers
    "annotated_types/test_cases.py",
    "*.pyi",  # types
    "*/py.typed",
    "bin/*",  # written by the installer
    ".lock",
    "*/__pycache__/*",
    "*.dist-info/INSTALLER",
    "*.dist-info/RECORD",
    "*.dist-info/REQUESTED",
    "*.dist-info/entry_points.txt",
    "*.dist-info/sboms/*",  # lists of what the compiler of the wheel took in; with the wheel, not with its use
    "*.dist-info/top_level.txt",
    "*.dist-info/zip-safe",
)
_MODEL = re.compile(r"botocore/data/(?P<service>[^/]+)/[^/]+/")  # what botocore knows of a service, by version
_FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can say
_UNCHECKED_HASH = (0b01).to_bytes(4, "little")  # PEP 552: the source is not looked at when the byte code is loaded


class NotPackedError(Exception):
    """Why there is no package, for people."""


def main() -> None:
    """Pack, and print the sizes."""
    arguments = _arguments()
    try:
        for architecture in arguments.architecture or MACHINES:
            path = pack(architecture, arguments.out)
            sys.stdout.write(f"{report(path)}\n")
            hold_budget(path)
    except NotPackedError as error:
        sys.exit(f"make package: {error}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Pack BBWS for Lambda.")
    parser.add_argument("--architecture", action="append", choices=MACHINES, help="both, if not said")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    return parser.parse_args()


def host() -> str:
    """AWS's name of this machine's architecture."""
    machine = platform.machine()
    return next((name for name, wheels in MACHINES.items() if machine in {name, wheels}), machine)


def pack(architecture: str, out: Path) -> Path:
    """Write the package of one architecture and its checksum; where it is.

    Raises:
        NotPackedError: this Python is not the runtime's, or what is needed cannot be installed.
    """
    if sys.version_info[:2] != RUNTIME:
        raise NotPackedError(
            f"Lambda runs Python 3.12 and this is {platform.python_version()}: byte code would differ."
        )
    with tempfile.TemporaryDirectory() as folder:
        _install(MACHINES[architecture], Path(folder))
        files = _chosen({**_files(Path(folder), "**/*"), **_files(ROOT / "src", "bbws/**/*.py")})
    files |= _about_bbws(architecture)
    files |= {_compiled_name(name): compiled(name, files[name]) for name in sorted(files) if name.endswith(".py")}
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"bbws-lambda-{architecture}.zip"
    _write(path, files)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n", encoding="ascii")
    return path


def sizes(package: Path) -> dict[str, int]:
    """Unpacked bytes by what they belong to, the largest first."""
    counted: Counter[str] = Counter()
    with zipfile.ZipFile(package) as opened:
        for info in opened.infolist():
            counted[_owner(info.filename)] += info.file_size
    return dict(counted.most_common())


def without_sdk(by_owner: Mapping[str, int]) -> int:
    """The bytes that the budget is about."""
    return sum(size for owner, size in by_owner.items() if owner not in SDK)


def _owner(name: str) -> str:
    first = next(part for part in PurePosixPath(name).parts if part != "__pycache__")
    return re.split(r"[-.]", first)[0]


def _install(machine: str, folder: Path) -> None:
    """Install what is locked, for that machine, whatever this one is."""
    platforms = [f"manylinux2014_{machine}", f"manylinux_2_17_{machine}"]  # two names of one thing
    if _runs("uv"):
        command = ["uv", "pip", "install", "--quiet", "--python", sys.executable, "--no-compile-bytecode"]
        command += ["--python-platform", f"{machine}-manylinux2014"]
    elif importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--implementation", "cp"]
        command += [word for each in platforms for word in ("--platform", each)]
    else:
        raise NotPackedError("it needs uv or pip.")
    command += ["--target", str(folder), "--python-version", "3.12", "--only-binary", ":all:", "--no-deps"]
    command += ["--require-hashes", "--requirement", REQUIREMENTS]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:  # noqa: S603 - the words above
        raise NotPackedError(f"{REQUIREMENTS} could not be installed for {machine}; what was said above says why.")


def _runs(tool: str) -> bool:
    # A name on the PATH may be a shim of something that this folder does not have.
    if (found := shutil.which(tool)) is None:
        return False
    asked = subprocess.run([found, "--version"], cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - found above
    return asked.returncode == 0


def _files(folder: Path, pattern: str) -> dict[str, bytes]:
    found = (path for path in folder.glob(pattern) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _chosen(files: Mapping[str, bytes]) -> dict[str, bytes]:
    models = [match[0] for name in files if (match := _MODEL.match(name))]
    return {
        name: content
        for name, content in files.items()
        if not any(fnmatchcase(name, pattern) for pattern in LEFT_OUT)
        and not ((match := _MODEL.match(name)) and match[0] != _newest(match["service"], models))
    }


def _newest(service: str, models: Iterable[str]) -> str | None:
    """The folder of the version that botocore reads unless it is asked for another; None for a service not used."""
    if service not in SERVICES:
        return None
    return max(each for each in models if each.startswith(f"botocore/data/{service}/"))


def _about_bbws(architecture: str) -> dict[str, bytes]:
    """What BBWS answers when it is asked for its version, and what made the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    about = f"{project['name']}-{project['version']}.dist-info"
    metadata = f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: {project['version']}\n"
    made = {
        "architecture": architecture,
        "python": platform.python_version(),
        "requirements": hashlib.sha256((ROOT / REQUIREMENTS).read_bytes()).hexdigest(),
    }
    return {
        f"{about}/METADATA": f"{metadata}License-Expression: {project['license']}\n".encode(),
        f"{about}/licenses/LICENSE": (ROOT / "LICENSE").read_bytes(),
        f"{about}/package.json": f"{json.dumps(made, indent=2)}\n".encode(),
    }


def _compiled_name(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_name("__pycache__") / f"{path.stem}.{sys.implementation.cache_tag}.pyc")


@cache  # most sources are those of both architectures
def compiled(name: str, source: bytes) -> bytes:
    """The byte code of a source, which depends on it and the version of Python alone.

    ``marshal`` also writes whether a string is interned and whether somebody else holds an object, which depends on
    what this process has compiled before. So what can be interned is, first: every character by itself, and every
    name in the source, by compiling it once for nothing.
    """
    _intern_characters()
    first = compile(source, name, "exec", dont_inherit=True, optimize=0)
    code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    del first
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(source)
    return header + marshal.dumps(code)


@cache
def _intern_characters() -> tuple[str, ...]:
    return tuple(sys.intern(chr(each)) for each in range(256))


def _write(path: Path, files: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _FIRST_MOMENT)
            info.create_system = 3  # Unix, whose modes follow
            info.external_attr = 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(info, files[name])


def report(package: Path) -> str:
    """The sizes, for people."""
    by_owner = sizes(package)
    parts = ", ".join(f"{owner} {_megabytes(size)}" for owner, size in by_owner.items() if size > 2**17)
    unpacked, without = sum(by_owner.values()), without_sdk(by_owner)
    return (
        f"{package.name}: {_megabytes(package.stat().st_size)} zipped, {_megabytes(unpacked)} unpacked, "
        f"{_megabytes(without)} of it without the AWS SDK\n  {parts}\n"
        f"  Python {platform.python_version()}, sha256 {hashlib.sha256(package.read_bytes()).hexdigest()}"
    )


def hold_budget(package: Path) -> None:
    """Refuse what is too large.

    Raises:
        NotPackedError: it unpacks to more than the budget.
    """
    by_owner = sizes(package)
    if (size := without_sdk(by_owner)) > BUDGET_BYTES:
        largest = max((owner for owner in by_owner if owner not in SDK), key=by_owner.__getitem__)
        raise NotPackedError(
            f"{package.name} unpacks to {_megabytes(size)} without the AWS SDK, above {_megabytes(BUDGET_BYTES)}; "
            f"the largest part is {largest}."
        )


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB"


if __name__ == "__main__":
    main()
