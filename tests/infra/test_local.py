"""AWS on one machine: what can be tested without Terraform. `make aws-up` itself is the rest."""

import hashlib
import os
import re
import stat
from pathlib import Path

import pytest

from infra.local import package, people, state, terraform
from infra.local.state import State

MIRROR = Path("plugins", terraform.PROVIDER, "5.100.0")


def test_a_mirror_is_found_below_a_usual_place(tmp_path: Path) -> None:
    (tmp_path / MIRROR).mkdir(parents=True)
    assert terraform.find_mirror({}, [str(tmp_path)]) == tmp_path / "plugins"
    assert terraform.find_mirror({}, [str(tmp_path / "plugins")]) == tmp_path / "plugins"


def test_a_mirror_that_is_named_is_the_only_one_looked_at(tmp_path: Path) -> None:
    (tmp_path / MIRROR).mkdir(parents=True)
    named = {"TF_PROVIDER_MIRROR": str(tmp_path / "plugins")}
    assert terraform.find_mirror(named, []) == tmp_path / "plugins"
    assert terraform.find_mirror({"TF_PROVIDER_MIRROR": str(tmp_path)}, [str(tmp_path)]) is None


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(terraform.TerraformMissingError, match="terraform is not installed"):
        terraform.require({"PATH": str(tmp_path)})
    (tmp_path / "terraform").write_text("#!/bin/sh\n")
    (tmp_path / "terraform").chmod(0o755)
    with pytest.raises(terraform.TerraformMissingError, match="TF_PROVIDER_MIRROR"):
        terraform.require({"PATH": str(tmp_path), "TF_PROVIDER_MIRROR": str(tmp_path)})


def test_the_configuration_knows_the_mirror_alone(tmp_path: Path) -> None:
    text = terraform.write_config(Path("/somewhere"), tmp_path).read_text(encoding="utf-8")
    assert 'path = "/somewhere"' in text
    assert "direct" not in text


def test_state_is_kept_and_forgotten(tmp_path: Path) -> None:
    assert state.load(tmp_path) is None
    running = State(1, 2, "http://127.0.0.1:2", archive_bucket="bucket")
    running.save(tmp_path)
    assert state.load(tmp_path) == running
    state.forget(tmp_path)
    assert state.load(tmp_path) is None


def test_a_state_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("[")
    assert state.load(tmp_path) is None
    (tmp_path / "state.json").write_text('{"unknown": 1}')
    assert state.load(tmp_path) is None


def test_another_process_is_not_taken_for_the_emulator() -> None:
    assert not state.is_alive(os.getpid())


def test_a_command_for_the_emulator_knows_where_it_is() -> None:
    variables = State(1, 2, "http://127.0.0.1:2", archive_bucket="bucket").variables()
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:2"
    assert variables["BBWS_ARCHIVE_BUCKET"] == "bucket"


def test_a_package_is_named_by_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    path.write_bytes(b"zip")
    found = package.find(path)
    assert found.content == b"zip"
    assert found.key == f"{hashlib.sha256(b'zip').hexdigest()}.zip"
    with pytest.raises(FileNotFoundError):
        package.find(tmp_path / "nothing.zip")


def test_the_terraform_names_entrypoints_that_are_there() -> None:
    named = [
        line.split('"')[1].removesuffix(".handler")
        for path in sorted(terraform.SOURCE.rglob("*.tf"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "handler  " in line and "bbws.entrypoints" in line
    ]
    assert named
    assert [name for name in named if not (state.ROOT / "src" / f"{name.replace('.', '/')}.py").is_file()] == []


def test_an_override_changes_something_that_is_there() -> None:
    for path in terraform.OVERRIDES.glob("*.tf"):
        module = terraform.SOURCE / "modules" / path.stem
        committed = "\n".join(file.read_text(encoding="utf-8") for file in module.glob("*.tf"))
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# ministack"), "an override says why"
        for line in text.splitlines():
            assert not line.startswith("resource") or line in committed


def test_the_password_of_admin_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    made = people.password(tmp_path)
    assert people.password(tmp_path) == made
    assert stat.S_IMODE(people.file(tmp_path).stat().st_mode) == 0o600
    assert len(made) > 12
    assert all(re.search(kind, made) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[-_]"))
    people.forget(tmp_path)
    assert people.password(tmp_path) != made
