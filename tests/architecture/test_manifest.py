"""The manifest: what AWS must have follows from the endpoint and reaction tables (infra/terraform/manifest.json)."""

import json
from itertools import chain

from bbws.bootstrap.manifest import OF_ONE_MACHINE, credentials, manifest
from bbws.kernel.access import Access
from bbws.kernel.actor import ANYONE, PLATFORM_ADMIN, SIGNED_IN
from bbws.kernel.endpoint import Endpoint
from bbws.kernel.reaction import Daily, Reaction, Sweep
from bbws.stores import STORES
from bbws.tables import DAILY, ENDPOINTS, REACTIONS_ON_AWS, SWEEPS
from tests.architecture.source import ROOT

MANIFEST = manifest()


def _access(declared: Endpoint | Reaction | Daily | Sweep) -> Access:
    return declared.access


FUNCTIONS = [
    *MANIFEST["endpoints"].values(),
    *MANIFEST["consumers"].values(),
    *MANIFEST["daily"].values(),
    MANIFEST["feed"],
]


def test_the_committed_manifest_is_that_of_the_tables() -> None:
    assert json.loads((ROOT / "infra/terraform/manifest.json").read_bytes()) == MANIFEST


def test_everything_has_a_function_of_its_own() -> None:
    assert set(MANIFEST["endpoints"]) == {endpoint.id for endpoint in ENDPOINTS} - OF_ONE_MACHINE
    assert set(MANIFEST["consumers"]) == {reaction.name for reaction in REACTIONS_ON_AWS}
    assert set(MANIFEST["daily"]) == {daily.name for daily in DAILY} | {sweep.name for sweep in SWEEPS}
    names = [function["function"] for function in FUNCTIONS]
    assert len(set(names)) == len(names)


def test_the_functions_of_products_are_named_as_specified() -> None:
    named = [each["function"] for each in MANIFEST["endpoints"].values()]
    assert named[:5] == [f"product-{verb}" for verb in ("list", "get", "create", "update", "delete")]


def test_every_row_and_index_that_is_touched_belongs_to_a_store() -> None:
    families = {family for store in STORES for family in (*store.entities, *store.others)} | {"*"}
    indexes = {index for entry in MANIFEST["stores"].values() for index in entry["indexes"]}
    for access in (
        *map(_access, ENDPOINTS),
        *map(_access, REACTIONS_ON_AWS),
        *map(_access, DAILY),
        *map(_access, SWEEPS),
    ):
        assert access.gets | access.queries | access.puts | access.removes | access.ensures <= families
        assert access.indexes <= indexes


def test_the_gateway_asks_for_a_key_a_person_or_nothing() -> None:
    declared = {endpoint.id: endpoint.permission for endpoint in ENDPOINTS}
    for name, call in MANIFEST["endpoints"].items():
        assert call.items() >= credentials(declared[name]).items()
    kinds = {PLATFORM_ADMIN: (False, True), ANYONE: (False, False), SIGNED_IN: (True, False), "a:b": (True, False)}
    for permission, (keyed, person) in kinds.items():
        assert credentials(permission) == {"keyed": keyed, "person": person}


def test_no_function_may_do_everything() -> None:
    for statement in chain.from_iterable(function["access"] for function in FUNCTIONS):
        assert "*" not in statement["resource"]
        assert all("*" not in action for action in statement["actions"])
        assert "*" not in statement.get("keys", ())


def test_every_path_hangs_on_one_above() -> None:
    resources = MANIFEST["resources"]
    for path, resource in resources.items():
        assert path == f"{resource['parent'].rstrip('/')}/{resource['segment']}"
        assert resource["parent"] == "/" or resource["parent"] in resources
        assert resource["depth"] <= 12
