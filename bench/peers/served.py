"""The peers as applications that a server loads, their rows in the SQLite file that BENCH_DATABASE names."""

import os
from pathlib import Path

from fastapi import FastAPI
from starlette.applications import Starlette

from bench.peers import fastapi_app, starlette_app
from bench.peers.catalogue import SqliteRows


def fastapi() -> FastAPI:
    return fastapi_app.make(_rows())


def starlette() -> Starlette:
    return starlette_app.make(_rows())


def constant() -> Starlette:
    return starlette_app.make_constant()


def _rows() -> SqliteRows:
    return SqliteRows(Path(os.environ["BENCH_DATABASE"]))
