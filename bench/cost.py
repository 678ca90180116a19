"""What a million reads and a million creations cost on AWS: measured work at list prices."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bbws.bootstrap.aws import worker
from bbws.engines.aws.codec import item_of
from bbws.entrypoints.api_gateway import make_handler
from bbws.kernel.change import Change
from bbws.kernel.reaction import Message, Reaction
from bbws.kernel.table import RowKind
from bench import bill
from bench.bill import Work
from bench.events import PRODUCT, Context, event
from bench.functions import REGION, VARIABLES
from bench.one_function import MARK
from bench.options import Options
from bench.report import Finding, Section
from bench.request_units import Call, Recorder
from tests.aws import shared
from tests.aws.account import MANIFEST, Account, account

PRICES = Path(__file__).with_name("prices.json")
BASE = "/v1.0/products"


def run(options: Options) -> Section:
    invocations = options.sized(10, 60)
    prices = json.loads(PRICES.read_text(encoding="utf-8"))["regions"][REGION]
    recorder = Recorder()
    with account(recorder.watch) as made:
        works = _measured(made, recorder, invocations)
    section = Section("Cost of a million calls on AWS")
    for what, lines in {"reads": bill.read(works["read"]), "creations": bill.creation(works)}.items():
        shares = {line.component: bill.usd(line, prices) for line in lines}
        total, dearest = sum(shares.values()), max(shares, key=lambda name: shares[name])
        told = f"{shares[dearest] / total:.0%} is {dearest}"
        section.findings.append(
            Finding(f"a million {what} of a product, {REGION}", "–", f"USD {total:.2f}", told, None)
        )
        section.tables.append(bill.priced(f"a million {what}", lines, prices))
    section.tables += [
        bill.items(works["create"].calls),
        bill.projections(works["create"].calls, prices),
        bill.functions(works, prices),
    ]
    section.notes += bill.notes(invocations)
    return section


def _measured(made: Account, recorder: Recorder, invocations: int) -> dict[str, Work]:
    product = json.loads(_answer(made, "createProduct", "POST", BASE, PRODUCT)["body"])["productId"]
    reading, creating = event("GET", f"{BASE}/{product}", key=made.key), event("POST", BASE, PRODUCT, key=made.key)
    listing = event("GET", BASE, key=made.key)
    works = {
        "create": _api(made, recorder, "createProduct", [creating] * invocations),
        "read": _api(made, recorder, "getProduct", [reading] * invocations),
        "list": _api(made, recorder, "listProducts", [listing] * invocations),
    }
    rows = list(made.cloud("terraform").engine.bulk.rows({RowKind.CHANGE}))[-invocations:]
    records = [
        {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": item_of(r, REGION)}} for r in rows
    ]
    fed = _process(made, "lambda_feed", "feed", [{"Records": [record]} for record in records])
    changes = [Change.from_document(row.document) for row in rows]
    works["feed"] = _work(fed, 256, [], 1)
    works["logger"] = _logger(made, recorder, changes)
    return works


def _answer(made: Account, operation: str, method: str, target: str, body: object = None) -> Mapping[str, Any]:
    entry = MANIFEST["endpoints"][operation]
    handler = make_handler(made.cloud(entry["function"]), entry["runs"])
    return handler(event(method, target, body, key=made.key), Context())


def _api(made: Account, recorder: Recorder, operation: str, events: list[dict[str, Any]]) -> Work:
    entry = MANIFEST["endpoints"][operation]
    handler = make_handler(made.cloud(entry["function"]), entry["runs"])
    handler(events[0], Context())  # notes that the key was used, which is done once in five minutes
    calls = recorder.calls.setdefault(entry["function"], [])
    before = len(calls)
    handler(events[0], Context())
    found = _process(made, "lambda_api", entry["runs"], events)
    return _work(found, entry["memory"], calls[before:])


def _logger(made: Account, recorder: Recorder, changes: list[Change]) -> Work:
    entry = MANIFEST["consumers"]["audit-logger"]
    messages = [Message(change.id, change.type, change.subject, change.key) for change in changes]
    bodies = [
        {"id": m.id, "type": m.type, "subject": m.subject, "change": {"partition": m.change[0], "sort": m.change[1]}}
        for m in messages
    ]
    found = _process(made, "lambda_worker", entry["runs"], [{"Records": [_record(body)]} for body in bodies[1:]])
    others: list[str] = []
    cloud = made.cloud(entry["function"])
    cloud.engine.sdk.client("s3").meta.events.register(
        "before-call.*", lambda model, **_event: others.append(model.name)
    )
    consumer = worker(cloud, entry["runs"])
    assert isinstance(consumer, Reaction)
    assert not consumer.handler(messages=messages[:1])
    return _work(found, entry["memory"], recorder.calls[entry["function"]], len(others))


def _record(body: object) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": "1"}
    return {"messageId": "M", "receiptHandle": "R", "body": json.dumps(body), "attributes": attributes}


def _process(
    made: Account, module: str, runs: str, events: Iterable[Mapping[str, Any]]
) -> tuple[dict[str, Any], float]:
    lines = [json.dumps(each) for each in events]
    environment = os.environ | VARIABLES
    environment |= {
        "AWS_ENDPOINT_URL": shared.address(),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "BBWS_ENVIRONMENT": made.environment,
        "BBWS_ARCHIVE_BUCKET": f"archive-{made.environment}",
        "BBWS_RUNS": runs,
    }
    command = [sys.executable, "-m", "bench.one_function", module]
    told = subprocess.run(
        command, input="\n".join(lines), env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    log, _, cost = told.partition(MARK)
    return json.loads(cost), len(log.encode()) / len(lines)


def _work(found: tuple[dict[str, Any], float], memory: int, calls: Sequence[Call], others: int = 0) -> Work:
    cost, logged = found
    return Work(memory, cost["cpu"], cost["first"], cost["memory"], logged, cost["answered"], list(calls), others)
