"""Crews on every waker and store; servers are the session's, and Temporal's test server is one for all."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from phaseflow.stores.postgres_url import read_url
from tests.failures.crew import Crew, Orders
from tests.notifiers.test_smtp import free_port

PAIRS = [
    ("poller", "sqlite"),
    ("poller", "postgres"),
    ("serve", "sqlite"),
    ("serve", "postgres"),
    ("dbos", "postgres"),
    ("temporal", "postgres"),
]
"""Wakers and stores that tests with processes run on; DBOS and Temporal on SQLite are in tests/runners as well."""


@pytest.fixture(scope="session")
def temporal() -> Iterator[str]:
    """Temporal's test server, which keeps everything in memory."""
    port = free_port()
    server = subprocess.Popen(
        [os.path.join(os.path.dirname(sys.executable), "temporal-test-server"), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"127.0.0.1:{port}"
    server.kill()
    server.wait()


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of the store that the parameter names."""
    kind: str = request.param
    return f"sqlite:///{tmp_path}/runs.db" if kind == "sqlite" else request.getfixturevalue("postgres")


@pytest.fixture
def engine_behind(request: pytest.FixtureRequest, tmp_path: Path, store: str) -> Iterator[str]:
    """What the waker works on: a database of DBOS's own beside the store, a queue of its own on Temporal."""
    kind: str = request.param
    if kind == "temporal":
        yield f"{request.getfixturevalue('temporal')}/{uuid.uuid4().hex}"
    elif kind == "dbos" and store.startswith("postgresql"):
        with database(store) as url:
            yield url
    else:
        yield f"sqlite:///{tmp_path}/dbos.db"


@pytest.fixture
def crew(request: pytest.FixtureRequest, tmp_path: Path, store: str, engine_behind: str) -> Iterator[Crew]:
    """A crew of this waker on this store; nobody works yet."""
    kind: str = request.param
    with Crew(Orders(waker=kind, store=store, place=tmp_path, engine=engine_behind)) as crew:
        yield crew


@contextlib.contextmanager
def database(url: str) -> Iterator[str]:
    """A database of its own on the server of a store, as DBOS takes it."""
    name = f"dbos_{uuid.uuid4().hex[:12]}"
    place = read_url(url).conninfo
    host = url.partition("host=")[2].partition("&")[0]
    try:
        yield f"postgresql+psycopg://postgres@/{name}?host={host}"
    finally:
        with psycopg.connect(place, autocommit=True) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for a crew is run on each pair, or on those that it names with ``pairs``."""
    if "crew" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("pairs")
        chosen = list(mark.args) if mark else PAIRS
        values = [(waker, store, waker) for waker, store in chosen]
        metafunc.parametrize(
            ("crew", "store", "engine_behind"), values, indirect=True, ids=[f"{w}-{s}" for w, s in chosen]
        )
