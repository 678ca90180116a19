"""A store that does not answer what it was asked to store: nobody is told that nothing happened."""

from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from bbws.kernel.dispatch import Exchange, run
from bbws.kernel.http import Request
from bbws.kernel.table import Unavailable, Uncertain, Write
from tests import builders
from tests.fakes import TableProxy
from tests.http.answers import PRODUCT


class Silent(TableProxy):
    """A table that stores what it is given and does not say so, or takes nothing and says that."""

    fault: type[Unavailable] = Uncertain

    def commit(self, writes: Sequence[Write]) -> None:
        if self.fault is Uncertain:
            super().commit(writes)
        raise self.fault("no answer")


@pytest.mark.parametrize(("fault", "status", "made"), [(Uncertain, 500, 1), (Unavailable, 503, 0)])
def test_a_lost_answer_is_told_as_what_it_is(tmp_path: Path, fault: type[Unavailable], status: int, made: int) -> None:
    with builders.client(tmp_path / "data", start=False) as client:
        table = Silent(client.app.engine.table)
        table.fault = fault
        headers = {"x-api-key": client.key, "content-type": "application/json"}
        request = Request("POST", "/v1.0/products", headers=headers, body=orjson.dumps(PRODUCT))
        response = run(client.app.dispatcher._replace(table=table).steps(Exchange(request)), table)
        assert response.status == status
        assert isinstance(response.body, bytes)
        assert (b"Nothing was changed" in response.body) is (status == 503)
        assert client.call("GET", "/v1.0/products").json["count"] == made
