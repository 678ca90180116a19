"""The rules of the house that import-linter cannot express (CONTRIBUTING.md, "Where things go")."""

import ast
import re
import statistics

from tests.architecture.source import PACKAGE, Module, length, modules

SRC = modules("src")
TESTS = modules("tests")
EVERYTHING = SRC + TESTS + modules("bench")

HOUSE_FILES = {"__init__", "model", "events", "store", "service", "reactions", "api", "ports"}
# What a domain has besides, and why it is no part of the seven.
FURTHER_FILES = {
    "audit/reading.py",  # many reads at a time, for all who read an archive whole
    "audit/rebuild.py",  # every row again from the archive: enters from the command line alone
    "audit/signing.py",  # the library behind the Signer port, and what checks its signatures
    "audit/verify.py",  # the offline verifier: needs the archive and nothing else of BBWS
    "identity/authentication.py",  # the kernel's Authenticator over tokens, and behind them over keys
    "keys/authentication.py",  # the kernel's Authenticator over this domain's rows
    "marketing/admin.py",  # the endpoints for administrators: their own document, and together too long for one file
    "marketing/history.py",  # one entry for each field that a change changed, in pages
    "marketing/offers.py",  # what campaigns make of a price: pure, like the model
    "marketing/reading.py",  # what is asked of campaigns, at present and at another time
    "marketing/rendering.py",  # campaigns as served: what a time and a product make of what is stored
    "marketing/schemas.py",  # the schemas of api.py and admin.py, which would not fit beside their endpoints
    "people/schemas.py",  # what an address is on the wire: for every domain that takes one
    "platform/openapi.py",  # the OpenAPI documents, written from the endpoint table
    "platform/openapi_parts.py",  # what all of them share
    "platform/openapi_schemas.py",  # from Pydantic's JSON Schema to that of OpenAPI 3.0.3
    "platform/pages.py",  # the pages' HTML and files
    "platform/schemas.py",  # the schemas of api.py, which would not fit beside its endpoints
    "products/schemas.py",  # the schemas of api.py, which would not fit beside its endpoints
    "operations/schemas.py",  # what other domains' calls answer: no reason to import the endpoints of this one
    "operations/runner.py",  # carries steps out for every domain: neither a rule nor a use case of one
    "products/queued.py",  # the second write path (specification: products §6), whole in one place
    "tenants/access.py",  # the kernel's Authority over this domain's roles
    "tenants/differences.py",  # what a planned change does to access: read from members and units alike
    "tenants/farewell.py",  # what ends with a tenant: an operation over all of the domain's folders
    "tenants/forgetting.py",  # what follows for members and invitations alike where somebody is forgotten
    "tenants/lifecycle.py",  # suspending, resuming, taking leave: a new status, and an operation
    "tenants/lifecycle_schemas.py",  # beside the others too long for one file
    "tenants/operations_api.py",  # operations as a tenant's people see them, on AWS too
    "tenants/lifecycle_api.py",  # the endpoints that lead to a new status: beside the others too long for one file
    "tenants/invitations/schemas.py",  # beside their endpoints too long for one file, as all schemas of the domain
    "tenants/mails.py",  # what is written to people: the same on every engine
    "tenants/members/schemas.py",  # beside their endpoints too long for one file, as all schemas of the domain
    "tenants/permissions.py",  # the one table of who may do what
    "tenants/reading.py",  # which tenants somebody is shown
    "tenants/rendering.py",  # what the calls about a tenant have in common
    "tenants/units/reading.py",  # the tree, whole
    "tenants/units/removal.py",  # deleting with all that lies in it: parts, and an operation
    "tenants/units/schemas.py",  # beside their endpoints too long for one file, as all schemas of the domain
    "tenants/units/team.py",  # use cases of who is in a team: of units and of members alike
    "tenants/units/team_api.py",  # their endpoints
    "tenants/webhooks/body.py",  # what a call says and proves: pure, and a library of its own
    "tenants/webhooks/delivering.py",  # takes deliveries to their ends: neither a rule nor a use case of one
    "tenants/webhooks/turns.py",  # who is looked at when: queries of one row, beside all others too long for one file
    "tenants/webhooks/schemas.py",  # beside their endpoints too long for one file, as all schemas of the domain
    "tenants/signing_in.py",  # a reaction that AWS alone has: told of roles, the user pool tells them in tokens
    "tenants/schemas.py",  # the schemas of api.py and lifecycle_api.py
}
NOT_DOMAINS = {"bootstrap", "kernel", "engines", "entrypoints", "__pycache__"}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
BARE_EXCEPTION = re.compile(
    r"#\s*(?:noqa(?::[\sA-Z0-9,]+)?|type:\s*ignore(?:\[[^\]]*\])?|pragma:\s*no\s+(?:cover|branch))\s*$",
    re.MULTILINE,
)
AVOIDED_TEST = re.compile(r"\bpytest\.(skip|xfail|importorskip|mark\.(skip|skipif|xfail))\b")


def test_the_rules_have_something_to_look_at() -> None:
    assert {module.path for module in SRC} >= {"src/bbws/settings.py", "src/bbws/bootstrap/embedded.py"}


def test_only_settings_reads_the_environment() -> None:
    assert [module.path for module in SRC if _reads_the_environment(module)] == ["src/bbws/settings.py"]


def _reads_the_environment(module: Module) -> bool:
    attributes = (node for node in ast.walk(module.tree) if isinstance(node, ast.Attribute))
    used = {f"{ast.unparse(node.value)}.{node.attr}" for node in attributes if node.attr in ENVIRONMENT}
    return not {f"os.{name}" for name in ENVIRONMENT}.isdisjoint(used | set(module.imports()))


def test_a_file_has_at_most_300_lines() -> None:
    sizes = {module.path: len(module.text.splitlines()) for module in EVERYTHING}
    assert {path: size for path, size in sizes.items() if size > 300} == {}


def test_the_kernel_stays_small() -> None:
    # The design aims at 1,500; what makes it grow belongs to a library, an engine or a domain.
    assert sum(module.code_lines() for module in modules("src/bbws/kernel")) <= 1920


def test_no_function_has_more_than_60_lines() -> None:
    sizes = {f"{module.path}:{node.name}": length(node) for module in EVERYTHING for node in module.functions()}
    assert {name: size for name, size in sizes.items() if size > 60} == {}


def test_functions_are_short() -> None:
    lengths = [length(function) for module in SRC for function in module.functions()]
    assert statistics.median(lengths) <= 10
    assert statistics.quantiles(lengths, n=10)[-1] <= 25


def test_a_domain_uses_the_names_of_the_house() -> None:
    domains = (path for path in PACKAGE.iterdir() if path.is_dir() and path.name not in NOT_DOMAINS)
    files = (path for domain in domains for path in domain.rglob("*.py"))
    others = {path.relative_to(PACKAGE).as_posix() for path in files if path.stem not in HOUSE_FILES}
    assert others == FURTHER_FILES


def test_every_exception_from_a_rule_has_its_reason_beside_it() -> None:
    bare = {module.path: BARE_EXCEPTION.findall(module.text) for module in EVERYTHING}
    assert {path: found for path, found in bare.items() if found} == {}


def test_no_test_patches() -> None:
    mocks = {"unittest.mock", "mock", "pytest_mock"}
    importing = [module.path for module in TESTS if any(name.startswith(tuple(mocks)) for name in module.imports())]
    fixtures = [
        f"{module.path}:{function.name}"
        for module in TESTS
        for function in module.functions()
        if {"monkeypatch", "mocker"} & {argument.arg for argument in function.args.args}
    ]
    assert importing + fixtures == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    assert [module.path for module in TESTS if AVOIDED_TEST.search(module.text)] == []
