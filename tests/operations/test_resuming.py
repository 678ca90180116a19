"""What a start resumes: operations that are live though no message speaks of them, and no others."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event

from bbws.bootstrap.embedded import rebuild
from bbws.kernel.canonical import Document
from bbws.kernel.reaction import Message, Policy
from bbws.kernel.table import Unavailable
from bbws.kernel.work import UnitOfWork
from bbws.operations.model import Operation
from tests.operations.world import World, world

WAIT = 60.0


class Resumption:
    """A start that notes what was tried by the time it resumed; ``held`` lets a step wait until a test has looked."""

    def __init__(self) -> None:
        self.begun, self.looked = Event(), Event()
        self.tried: list[list[str]] = []

    def start(self, tested: World) -> None:
        def resume(begun: datetime) -> None:
            self.tried.append(list(tested.steps.tried))
            tested.client.app.resume(begun)

        replace(tested.client.app, resume=resume).start()

    def held(self, _work: UnitOfWork, _operation: Operation) -> Document | None:
        self.begun.set()
        assert self.looked.wait(WAIT)
        return None

    @staticmethod
    def join() -> None:
        for thread in threading.enumerate():
            if thread.name == "resume":
                thread.join(WAIT)
                assert not thread.is_alive()


def _refuse(messages: Sequence[Message]) -> list[str]:
    return [message.id for message in messages]


def test_what_a_message_speaks_of_is_left_to_it(tmp_path: Path) -> None:
    resumption = Resumption()
    with world(tmp_path / "data") as tested:
        operation = tested.accept()
        tested.steps.acts["a"] = [resumption.held]
        resumption.start(tested)
        assert resumption.begun.wait(WAIT)
        assert resumption.tried == []
        resumption.looked.set()
        resumption.join()
        assert resumption.tried == [["a", "b", "c"]]
        ended = tested.read(operation)
        assert (ended["status"], [step["attempts"] for step in ended["steps"]]) == ("COMPLETED", [1, 1, 1])
        assert tested.steps.tried == ["a", "b", "c"]


def test_what_was_in_the_line_at_a_stop_is_left_to_its_message(tmp_path: Path) -> None:
    begun, resumption = Event(), Resumption()

    def fail(_work: UnitOfWork, _operation: Operation) -> Document | None:
        begun.set()
        raise Unavailable("not now")

    with world(tmp_path / "data", attempts=9999, start=True) as tested:
        tested.steps.acts["a"] = [fail] * 9999
        operation = tested.accept()
        assert begun.wait(WAIT)
    with world(tmp_path / "data", attempts=9999) as tested:
        tested.steps.acts["a"] = [resumption.held]
        resumption.start(tested)
        assert resumption.begun.wait(WAIT)
        assert resumption.tried == []
        resumption.looked.set()
        resumption.join()
        assert (tested.read(operation)["status"], resumption.tried) == ("COMPLETED", [["a", "b", "c"]])


def test_what_was_rebuilt_from_the_archive_is_resumed_although_a_first_key_is_announced(tmp_path: Path) -> None:
    resumption = Resumption()
    with world(tmp_path / "data") as tested:
        operation = tested.accept()
        assert tested.client.call("POST", "/v1.0/audit/checkpoints").status == 201  # completes the archive
    rebuild(tmp_path / "data" / "archive", tmp_path / "rebuilt", lambda _count: None)
    with world(tmp_path / "rebuilt") as tested:
        assert tested.client.app.engine.status().feed_waiting > 0
        resumption.start(tested)
        resumption.join()
        assert (tested.read(operation)["status"], resumption.tried) == ("COMPLETED", [[]])


def test_what_was_parked_is_left_to_whoever_looks_into_it(tmp_path: Path) -> None:
    resumption = Resumption()
    with world(tmp_path / "data") as tested:
        operation = tested.accept()
        app, once = tested.client.app, Policy(max_receives=1)
        replace(app, reactions=tuple(replace(each, handler=_refuse, policy=once) for each in app.reactions)).start()
        tested.client.drain()
        assert tested.read(operation)["status"] == "PENDING"
    with world(tmp_path / "data") as tested:
        resumption.start(tested)
        resumption.join()
        assert (resumption.tried, tested.steps.tried) == ([], [])
        assert tested.client.call("POST", "/v1.0/queues/test-work/redrive").json["redriven"] == 1
        tested.client.drain()
        assert tested.read(operation)["status"] == "COMPLETED"


def test_a_stop_ends_the_waiting(tmp_path: Path) -> None:
    resumption = Resumption()
    with world(tmp_path / "data") as tested:
        tested.steps.acts["a"] = [resumption.held]
        tested.accept()
        resumption.start(tested)
        assert resumption.begun.wait(WAIT)
        tested.client.app.engine.stop(0)
        resumption.join()
        resumption.looked.set()
    assert resumption.tried == []
