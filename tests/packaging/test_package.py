"""What is in the packages: of the right machine, nothing besides, the same bytes every time."""

import hashlib
import importlib.util
import json
import marshal
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from infra.package import (
    BUDGET_BYTES,
    MACHINES,
    ROOT,
    SERVICES,
    NotPackedError,
    compiled,
    hold_budget,
    host,
    sizes,
    without_sdk,
)

INPUTS = ("infra/package.py", "requirements-lambda.txt", "pyproject.toml", "LICENSE", ".python-version")
# AArch64 and x86-64 in the header of an ELF file (e_machine, little-endian, at byte 18).
ELF_MACHINES = {"arm64": 183, "x86_64": 62}
DISTRIBUTIONS = {
    "annotated_types", "bbws", "botocore", "cffi", "dnspython", "email_validator", "idna", "jmespath", "orjson",
    "pydantic", "pydantic_core", "pynacl", "python_dateutil", "six", "standardwebhooks", "typing_extensions",
    "typing_inspection", "urllib3",
}  # fmt: skip
MODULES = {
    "_cffi_backend", "annotated_types", "bbws", "botocore", "dateutil", "dns", "email_validator", "idna", "jmespath",
    "nacl", "orjson", "pydantic", "pydantic_core", "six", "standardwebhooks", "typing_extensions", "typing_inspection",
    "urllib3",
}  # fmt: skip


def _contents(package: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(package) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture(params=MACHINES)
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def contents(packages: dict[str, Path], architecture: str) -> dict[str, bytes]:
    return _contents(packages[architecture])


def test_the_checksum_beside_a_package_is_its_own(packages: dict[str, Path], architecture: str) -> None:
    package = packages[architecture]
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    assert package.with_name(f"{package.name}.sha256").read_text() == f"{digest}  {package.name}\n"


def test_a_package_is_of_one_architecture(contents: dict[str, bytes], architecture: str) -> None:
    libraries = {name: content for name, content in contents.items() if content.startswith(b"\x7fELF")}
    assert {name.split("/")[0].split(".")[0] for name in libraries} == {
        "_cffi_backend",
        "nacl",
        "orjson",
        "pydantic_core",
    }
    machines = {int.from_bytes(content[18:20], "little") for content in libraries.values()}
    assert machines == {ELF_MACHINES[architecture]}
    assert {name for name in contents if ".so" in name} == set(libraries)


def test_the_wheels_of_a_package_are_for_its_architecture(contents: dict[str, bytes], architecture: str) -> None:
    wheels = [content.decode() for name, content in contents.items() if name.endswith(".dist-info/WHEEL")]
    tags = {line.removeprefix("Tag: ") for wheel in wheels for line in wheel.splitlines() if line.startswith("Tag: ")}
    platforms = {tag.rsplit("-", 1)[1] for tag in tags}
    machine = MACHINES[architecture]
    assert platforms == {"any", f"manylinux2014_{machine}", f"manylinux_2_17_{machine}"}
    assert len(wheels) == len(DISTRIBUTIONS) - 1  # BBWS itself comes from the sources


def test_a_package_holds_what_is_listed_and_nothing_else(contents: dict[str, bytes]) -> None:
    tops = {next(part for part in name.split("/") if part != "__pycache__") for name in contents}
    about = {top.split("-")[0] for top in tops if top.endswith(".dist-info")}
    modules = {top.split(".")[0] for top in tops if not top.endswith(".dist-info")}
    assert (about, modules) == (DISTRIBUTIONS, MODULES)
    services = {name.split("/")[2] for name in contents if name.startswith("botocore/data/") and name.count("/") > 2}
    assert services == set(SERVICES)
    kinds = {Path(name).suffix for name in contents if ".dist-info/" not in name}
    assert kinds == {".py", ".pyc", ".so", ".json", ".gz", ".pem"}
    assert [name for name in contents if "test" in name.split("/")[-1].split("_")] == []


def test_every_source_of_bbws_that_is_not_left_out_is_packed(contents: dict[str, bytes]) -> None:
    folder = ROOT / "src"
    packed = {name: content for name, content in contents.items() if name.startswith("bbws/") and name.endswith(".py")}
    assert packed == {name: (folder / name).read_bytes() for name in packed}
    missing = {path.relative_to(folder).as_posix() for path in (folder / "bbws").rglob("*.py")} - set(packed)
    assert {name.split("/")[1] for name in missing} == {"bootstrap", "engines", "entrypoints"}


def test_a_package_tells_what_made_it(contents: dict[str, bytes], architecture: str) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    made = json.loads(contents[f"bbws-{version}.dist-info/package.json"])
    requirements = hashlib.sha256((ROOT / "requirements-lambda.txt").read_bytes()).hexdigest()
    assert (made["architecture"], made["requirements"]) == (architecture, requirements)
    assert made["python"].startswith("3.12.")


def test_the_byte_code_is_there_and_needs_no_look_at_the_source(contents: dict[str, bytes]) -> None:
    sources = {name: content for name, content in contents.items() if name.endswith(".py")}
    compiled = {name: content for name, content in contents.items() if name.endswith(".pyc")}
    assert compiled.keys() == {importlib.util.cache_from_source(name) for name in sources}
    for name, source in sources.items():
        header = importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + importlib.util.source_hash(source)
        assert compiled[importlib.util.cache_from_source(name)].startswith(header)


def test_no_path_of_this_machine_is_in_the_byte_code(contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        if name.endswith(".pyc"):
            code = marshal.loads(content[16:])  # noqa: S302 - compiled by the fixture
            assert {importlib.util.cache_from_source(each.co_filename) for each in _codes(code)} == {name}
            assert str(ROOT).encode() not in content


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def test_the_same_sources_give_the_same_bytes(packages: dict[str, Path], tmp_path: Path) -> None:
    elsewhere = tmp_path / "a folder, elsewhere"
    for name in INPUTS:
        (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, elsewhere / name)  # with another time than the original
    shutil.copytree(ROOT / "src/bbws", elsewhere / "src/bbws", copy_function=shutil.copy)
    (elsewhere / "src/bbws/kernel/left-by-an-editor.txt").write_text("no part of BBWS")
    other = {
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "7",
        "PYTHONOPTIMIZE": "2",
        "PYTHONNODEBUGRANGES": "1",
        "TMPDIR": str(elsewhere),
    }
    command = [sys.executable, "-I", "infra/package.py", "--architecture", host()]
    subprocess.run(command, cwd=elsewhere, env=os.environ | other, umask=0o077, check=True)
    again = elsewhere / "dist" / packages[host()].name
    assert _contents(again) == _contents(packages[host()])
    assert again.read_bytes() == packages[host()].read_bytes()


def test_byte_code_does_not_depend_on_what_a_process_has_done_before() -> None:
    # Two functions share a constant unless its words are known already; a known character is written in another way.
    source = b"""
def one(word: str) -> bool:
    return word in {"heard_of_by_nobody", "nor_of_this"} or word == "\\x85"


def two(word: str) -> bool:
    return word in {"heard_of_by_nobody", "nor_of_this"}
"""
    unknown = compiled("module.py", source)
    compiled.cache_clear()
    # Put together here, since a name that stands in this file would be known from the start.
    known = [sys.intern("_".join(words)) for words in (("heard", "of", "by", "nobody"), ("nor", "of", "this"), "\x85")]
    assert compiled("module.py", source) == unknown
    assert known


def test_a_package_is_within_its_budget(packages: dict[str, Path], architecture: str) -> None:
    by_owner = sizes(packages[architecture])
    assert 0 < without_sdk(by_owner) < sum(by_owner.values())
    hold_budget(packages[architecture])


@pytest.mark.parametrize(
    ("name", "refused"), [("pydantic/large.py", True), ("__pycache__/large.pyc", True), ("botocore/large.py", False)]
)
def test_what_is_above_the_budget_is_refused_with_the_largest_part(tmp_path: Path, name: str, *, refused: bool) -> None:
    package = tmp_path / "large.zip"
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("bbws/small.py", b"")
        opened.writestr(name, bytes(BUDGET_BYTES + 1))
    if not refused:
        hold_budget(package)
        return
    owner = "pydantic" if "pydantic" in name else "large"
    with pytest.raises(NotPackedError, match=f"largest part is {owner}"):
        hold_budget(package)
