"""The key of tokens: one file of the data folder, made once, its owner's alone."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bbws.engines.embedded.identity import KEY_FILE, LocalTokens
from bbws.identity.model import Claims
from bbws.kernel.table import Unavailable
from tests import builders
from tests.http.answers import problem
from tests.identity.world import ADMINS, WITH_PEOPLE, admin_token, signed, verified


def test_the_key_is_its_owners_alone_and_stays(tmp_path: Path) -> None:
    token = admin_token(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
    assert verified(LocalTokens(tmp_path, "local"), token) == Claims("someone", admin=True)


def test_a_key_that_others_could_read_is_its_owners_alone_again(tmp_path: Path) -> None:
    token = admin_token(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    assert verified(LocalTokens(tmp_path, "local"), token) == Claims("someone", admin=True)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_of_several_that_make_the_key_at_once_one_wins(tmp_path: Path) -> None:
    code = (
        "import sys; from datetime import timedelta; from pathlib import Path\n"
        "from bbws.engines.embedded.identity import LocalTokens\n"
        "import jwt, cryptography.hazmat.primitives.asymmetric.ed25519\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "print(LocalTokens(Path(sys.argv[1]), 'local').issue('someone', timedelta(hours=1)))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    issued = [process.communicate()[0].strip() for process in processes]
    tokens = LocalTokens(tmp_path, "local")
    assert [verified(tokens, token) for token in issued] == [Claims("someone")] * 4
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


@pytest.mark.parametrize("content", [b"", b"no key", b"\xff\xfe", b"ab" * 31, b"ab" * 33, None])
def test_a_key_that_cannot_be_read_lets_nobody_in_and_is_not_shown(tmp_path: Path, content: bytes | None) -> None:
    with builders.client(tmp_path / "data", start=False, endpoints=WITH_PEOPLE) as made:
        file = tmp_path / "data" / KEY_FILE
        if content is None:
            file.mkdir()
        else:
            file.write_bytes(content)
        reply = made.call(
            "GET", ADMINS, headers={"authorization": f"Bearer {signed(Ed25519PrivateKey.generate())}"}, key=None
        )
        problem(reply, 503, "service-unavailable")
        assert KEY_FILE.encode() not in reply.body
        assert b"data" not in reply.body
        assert made.call("GET", "/v1.0/keys").status == 200  # keys go on
    with pytest.raises(Unavailable, match=r"the key of tokens in .* cannot be read"):
        admin_token(tmp_path / "data")


def test_a_folder_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        admin_token(tmp_path / "gone")
    assert not (tmp_path / "gone").exists()
