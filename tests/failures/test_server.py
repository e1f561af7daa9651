"""The server under a worker stops at once, or its connections are cut: failure mode 3, on every waker and in the store.

DBOS has its own database on the same server, so both go down together. No worker is started anew.
"""

from __future__ import annotations

import signal
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from phaseflow.stores.postgres_url import read_url
from tests import postgres as servers
from tests.failures.conftest import database
from tests.failures.crew import Crew, Orders, faults, fired, settled
from tests.runners.laws import DUE

pytestmark = pytest.mark.slow

LEASE = timedelta(minutes=11)
BURST = 30


@pytest.fixture(scope="module")
def server() -> Iterator[servers.Server]:
    """A server that may be stopped."""
    with servers.Server() as server:
        yield server


@pytest.fixture
def victim(server: servers.Server, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Crew]:
    """A crew whose store, and whose DBOS, are on that server."""
    waker: str = request.param
    schema = f"t_{uuid.uuid4().hex[:12]}"
    with servers.dropped(server.url(schema=schema)) as url, database(url) as own:
        behind = f"{request.getfixturevalue('temporal')}/{schema}" if waker == "temporal" else own
        with Crew(Orders(waker=waker, store=url, place=tmp_path, engine=behind)) as crew:
            yield crew


AT_WORK = "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

each_waker = pytest.mark.parametrize("victim", ["poller", "serve", "dbos", "temporal"], indirect=True)


@pytest.mark.failure(3, "PostgreSQL", "poller", "serve", "DBOS", "Temporal")
@each_waker
def test_a_server_that_stops_at_once_in_the_middle_of_a_burst(victim: Crew, server: servers.Server) -> None:
    """An immediate stop (SIGQUIT) when the first was fired, and the server is back in a second: the worker lives on.

    Every deadline is fired once and told under one id; what was being told is told again, at most.
    """
    runs = victim.runs(BURST)
    worker = victim.begin()
    victim.clock.to(DUE - timedelta(seconds=1))
    victim.wait(lambda: any(fired(runs)))
    server.stop(signal.SIGQUIT)
    server.start()
    victim.clock.step(LEASE)
    victim.wait(lambda: settled(victim, runs))
    assert worker.is_alive()
    victim.end(worker)
    assert faults(victim, runs) == []


@pytest.mark.failure(3, "PostgreSQL", "poller", "serve", "DBOS", "Temporal")
@each_waker
def test_connections_cut_again_and_again(victim: Crew, server: servers.Server) -> None:
    """Every connection is cut, idle or in mid-transaction, while a burst is worked off: nothing is lost or doubled."""
    runs = victim.runs(BURST)
    worker = victim.begin()
    with psycopg.connect(read_url(server.url()).conninfo, autocommit=True) as admin:
        victim.wait(lambda: admin.execute(AT_WORK).fetchone() == (True,))
        victim.clock.to(DUE - timedelta(seconds=0.2))
        cut = 0
        while cut < 40 and not all(fired(runs)):
            cut += len(admin.execute(CUT).fetchall())
            time.sleep(0.02)
    assert cut > 5
    victim.clock.step(LEASE)
    victim.wait(lambda: settled(victim, runs))
    assert worker.is_alive()
    victim.end(worker)
    assert faults(victim, runs) == []
