"""A folder whose search words lie as the first schema had them: found, changed and taken off sale as any other."""

import sqlite3
from pathlib import Path

from bbws.engines.embedded.schema import DATABASE_FILE
from tests import builders
from tests.products.worlds import PRODUCTS, add, names

_AS_IN_THE_FIRST_SCHEMA = """
    UPDATE rows SET
        partition = 'PRODUCT#' || json_extract(CAST(document AS TEXT), '$.productId'),
        sort = 'WORD#' || substr(sort, 1, instr(sort, char(31)) - 1),
        indexes = CAST(json_set(CAST(indexes AS TEXT), '$.ProductsByWordIndex',
            json_array(substr(partition, length('WORDS#') + 1), sort)) AS BLOB)
        WHERE partition LIKE 'WORDS#%';
    INSERT INTO entries SELECT 'ProductsByWordIndex', json_extract(CAST(indexes AS TEXT), '$.ProductsByWordIndex[0]'),
        json_extract(CAST(indexes AS TEXT), '$.ProductsByWordIndex[1]'), partition, sort, id
        FROM rows WHERE sort LIKE 'WORD#%';
    UPDATE entries SET row_partition = (SELECT r.partition FROM rows AS r WHERE r.id = row_id),
        row_sort = (SELECT r.sort FROM rows AS r WHERE r.id = row_id) WHERE idx = 'CurrencyProductsByWordIndex';
    PRAGMA user_version = 1;
"""


def test_words_of_the_first_schema_are_brought_along(tmp_path: Path) -> None:
    with builders.client(tmp_path / "data") as client:
        add(client, [{"name": "Café & Büro", "product_id": "PROD-001"}, {"name": "Büro", "product_id": "PROD-002"}])
        client.drain()
    with sqlite3.connect(tmp_path / "data" / DATABASE_FILE) as connection:
        connection.executescript(_AS_IN_THE_FIRST_SCHEMA)
        assert connection.execute("SELECT count(*) FROM rows WHERE sort LIKE 'WORD#%'").fetchone() == (3,)
    connection.close()
    with builders.client(tmp_path / "data") as client:
        assert names(client, "q=buro") == ["Café & Büro", "Büro"]
        assert names(client, "q=buro&currency=ZAR") == ["Café & Büro", "Büro"]
        assert client.call("PUT", f"{PRODUCTS}/PROD-001", {"name": "Café"}).status == 200
        assert client.call("DELETE", f"{PRODUCTS}/PROD-002").status == 204
        assert (names(client, "q=buro"), names(client, "q=cafe")) == ([], ["Café"])
