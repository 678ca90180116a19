"""Where the environment on this machine lives, and what is remembered of it between two commands."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Another folder is another environment: tests do not touch the one that somebody works with.
FOLDER = ROOT / "var" / os.environ.get("BBWS_LOCAL_AWS", "aws")
ENVIRONMENT = "dev"
REGION = "eu-west-1"
# What the emulator takes for credentials; it checks none.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass(frozen=True, slots=True)
class State:
    """A running emulator, and what Terraform made in it (empty before the first apply).

    ``host`` is the header by which the emulator knows the API, ``client`` what people sign in to ``user_pool`` by.
    """

    pid: int
    port: int
    endpoint: str
    api_url: str = ""
    host: str = ""
    key_secret: str = ""
    archive_bucket: str = ""
    mail_sender: str = ""
    user_pool: str = ""
    client: str = ""

    def save(self, folder: Path = FOLDER) -> None:
        """Write it to ``state.json``, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / "state.json.new"
        fresh.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        fresh.replace(folder / "state.json")

    def variables(self) -> dict[str, str]:
        """The environment of a ``bbws`` command that is to reach the emulator."""
        return CREDENTIALS | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "BBWS_ENVIRONMENT": ENVIRONMENT,
            "BBWS_REGION": REGION,
            "BBWS_ARCHIVE_BUCKET": self.archive_bucket,
        }


def load(folder: Path = FOLDER) -> State | None:
    """What is remembered; None if nothing is, or nothing that can be read."""
    try:
        return State(**json.loads((folder / "state.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, TypeError, ValueError):
        return None


def forget(folder: Path = FOLDER) -> None:
    """Remember nothing."""
    (folder / "state.json").unlink(missing_ok=True)


def is_alive(pid: int) -> bool:
    """Whether there is a process of that number and it is an emulator's, not another's that got its number since."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return _answers_signals(pid) and not Path("/proc/self").exists()
    return b"ministack" in command


def _answers_signals(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
