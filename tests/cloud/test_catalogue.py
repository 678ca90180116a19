"""The journey of one machine, on AWS: gateway, functions, DynamoDB, streams, bus, queues, functions, S3."""

from tests.cloud.environment import Cloud, soon
from tests.stories import catalogue

RECORDS = "/v1.0/audit/records"


def test_a_catalogue_from_its_file_to_a_verified_archive(cloud: Cloud) -> None:
    catalogue.tell(cloud)

    # Everything that happened reaches the archive by itself: stream, bus, queue, function, S3.
    changes = catalogue.ask(cloud, f"{RECORDS}?pageSize=100")["items"]
    wanted = len({change["id"] for change in changes})
    soon(cloud.archived, lambda names: len(names) >= wanted)
    assert cloud.do("POST", "/v1.0/audit/checkpoints").status == 201
    report = cloud.command("audit", "verify", "--engine", "aws")
    assert (report["sound"], report["newer"]) == (True, 0)
