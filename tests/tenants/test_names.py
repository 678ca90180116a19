"""Names of organisations and units that look alike are one name; what could pass for another letter is refused."""

import re
import string
import sys
import unicodedata
from collections.abc import Callable

import pytest

from bbws.tenants.schemas import NAME_PATTERN
from tests.builders import Reply
from tests.http.answers import fields, problem
from tests.tenants.world import ACME, TENANTS, World, tenant_path

# What Unicode's table of confusables (UTS 39) says of the letters that names may have, those of ASCII apart.
ALIKE = [
    ("\u00d0an", "\u0110an"),  # eth, D with stroke
    ("\u00c6on", "AEon"),
    ("C\u0153ur", "Coeur"),
    ("\u00d6re", "\u0150re"),  # diaeresis, double acute
    ("B\u0115n", "B\u011bn"),  # breve, caron
    ("\u0132s", "IJs"),
    ("Stra\u00dfe", "STRASSE"),
    ("Caf\u00e9", "CAFE\u0301"),
    ("O'Neil", "O\u2019Neil"),
    ("O'Hara", "o\u02bchara"),
    ("Web  Shop", " web shop "),
    ("Big-Beard", "BigBeard"),
    ("Green Tree", "Greentree"),
    ("\u013duba", "L'uba"),  # caron, which these three letters write as an apostrophe
    ("Hra\u010fa", "Hrad'a"),
    ("Ko\u0165a", "Kot'a"),
    ("Dell'Oro", "DellOro"),
    ("Big-Shop", "Big - Shop"),
    ("Co'Op", "Co-op"),
]
REFUSED = [
    "\u0410cme",  # Cyrillic A
    "\u0391cme",  # Greek Alpha
    "\u0189an",  # African D, which looks like eth
    "Acm\u212e",  # estimated sign
    "\uff21cme",  # full width
    "Ac\u0131d",  # dotless i
    "\u017fhop",  # long s
    "O`Neil",
    "O''Neil",
    "Acme'",
    "O\u2019'Neil",
    "O\u00b4Neil",
    "O\u2018Neil",
    "O\u2032Neil",
    "O\ua78cNeil",
    "Web\u2010Shop",
    "Web\u2212Shop",
    "Web\u00a0Shop",
    "We\u200bb",
    "We\u00adb",
    "A\u0338cme",
    "Acme\u0336",
]

type Ask = Callable[[str], Reply]


def _organisation(world: World) -> Ask:
    return lambda name: world.ask("ann", "POST", TENANTS, {**ACME, "organizationName": name})


def _division(world: World) -> Ask:
    divisions = tenant_path(world.active("ann", organizationName="Whole"), "divisions")
    return lambda name: world.ask("ann", "POST", divisions, {"name": name})


KINDS = pytest.mark.parametrize(
    ("kind", "field", "taken"),
    [(_organisation, "organizationName", "organization-name-taken"), (_division, "name", "unit-name-taken")],
    ids=["organisation", "division"],
)


@KINDS
def test_names_that_look_alike_are_one(world: World, kind: Callable[[World], Ask], field: str, taken: str) -> None:
    ask = kind(world)
    for one, other in ALIKE:
        first = ask(one)
        assert (first.status, first.json.get(field)) == (201, one)
        problem(ask(other), 409, taken)
        problem(ask(one), 409, taken)


@KINDS
def test_what_could_pass_for_another_letter_is_refused_in_plain_words(
    world: World, kind: Callable[[World], Ask], field: str, taken: str
) -> None:
    ask = kind(world)
    for name in REFUSED:
        refused = ask(name)
        assert fields(refused) == {field}, (name, taken)
        [error] = refused.json["errors"]
        assert "Latin letters, digits, blanks, hyphens and apostrophes" in error["message"]
        assert "^[" not in error["message"]


def test_an_apostrophe_as_telephones_write_it_is_kept_as_an_apostrophe(world: World) -> None:
    assert world.found("ann", organizationName="O\u2019Neil")["organizationName"] == "O'Neil"


def test_every_letter_that_names_may_have_is_latin() -> None:
    """Held against Unicode's names of all characters there are."""
    taken = [char for char in map(chr, range(sys.maxunicode + 1)) if re.fullmatch(NAME_PATTERN, char * 2)]
    assert len(taken) > 180
    others = {char for char in taken if not unicodedata.name(char).startswith("LATIN ")}
    assert others == set(string.digits)
