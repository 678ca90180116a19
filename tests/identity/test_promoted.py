"""Who was made an Admin on this machine, with tokens that do not say so."""

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bbws.engines.embedded.promoted import FILE, Promoted, user_id
from bbws.kernel.table import Unavailable
from tests import builders
from tests.builders import Client
from tests.http.answers import problem
from tests.identity.world import ADMINS, WITH_PEOPLE


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Client]:
    with builders.client(tmp_path / "data", start=False, endpoints=WITH_PEOPLE) as made:
        yield made


def test_a_promotion_holds_from_the_next_request_to_the_demotion(people: Client) -> None:
    token, other = people.token("ann", admin=False), people.token("ben", admin=False)
    promoted = Promoted(people.settings.data_dir)
    problem(people.call("GET", ADMINS, token=token), 403, "forbidden")
    assert promoted.promote("user-ann")
    assert people.call("GET", ADMINS, token=token).status == 200
    problem(people.call("GET", ADMINS, token=other), 403, "forbidden")
    assert promoted.demote("user-ann")
    problem(people.call("GET", ADMINS, token=token), 403, "forbidden")


def test_repeating_it_changes_nothing(tmp_path: Path) -> None:
    promoted = Promoted(tmp_path)
    assert [promoted.promote("user-ann"), promoted.promote("user-ann"), promoted.promote("user-ben")] == [
        True,
        False,
        True,
    ]
    assert promoted.people() == {"user-ann", "user-ben"}
    assert [promoted.demote("user-ann"), promoted.demote("user-ann")] == [True, False]
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_of_several_at_once_none_is_lost(tmp_path: Path) -> None:
    names = [f"user-{number}" for number in range(12)]
    threads = [threading.Thread(target=Promoted(tmp_path).promote, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Promoted(tmp_path).people() == set(names)


def test_a_list_that_cannot_be_read_lets_nobody_in(people: Client) -> None:
    (people.settings.data_dir / FILE).write_bytes(b"\xff")
    problem(people.call("GET", ADMINS, token=people.token()), 503, "service-unavailable")
    with pytest.raises(Unavailable, match="the list of Admins"):
        Promoted(people.settings.data_dir).promote("user-ann")


@pytest.mark.parametrize(("written", "meant"), [("ann", "user-ann"), ("user-ann", "user-ann"), ("9b-2", "user-9b-2")])
def test_people_are_named_by_their_ids(written: str, meant: str) -> None:
    assert user_id(written) == meant


@pytest.mark.parametrize("written", ["", "user-", "ann@example.com", "a b", "ann\n", "ü", "x" * 65])
def test_and_by_nothing_else(written: str) -> None:
    with pytest.raises(ValueError, match="never by an e-mail address"):
        user_id(written)
