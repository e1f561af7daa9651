"""Backup and restore: a copy taken while others write is whole, and what a restored outbox tells keeps its ids."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from phaseflow import Engine
from phaseflow.hooks import hookimpl
from phaseflow.messages.events import AmountRecorded
from phaseflow.stores import open_store
from phaseflow.stores.base import HeadQuery
from phaseflow.testing.store_laws import batch_on, notice
from tests.databases.record import dump
from tests.engine.test_engine import PEOPLE, Clock, plan

RUNS = ("a", "b", "c")
NOW = datetime(2009, 3, 2, 2, tzinfo=UTC)


class Mail:
    """A hook that notes what it is told, and can be made to fail."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @hookimpl
    def overdue(self, delivery: Any) -> None:
        self.told.append(delivery.id)


# --- places and copies ----------------------------------------------------------------------------------------------


class Place:
    """Where databases are made, copied to and restored from."""

    def __init__(self, kind: str, folder: Path, server: str) -> None:
        self.kind, self.folder, self.server = kind, folder, server
        self.made: list[str] = []

    def fresh(self) -> str:
        """The URL of a new database."""
        name = f"backup_{uuid.uuid4().hex[:12]}"
        if self.kind != "pg_dump":
            return f"sqlite:///{self.folder}/{name}.db"
        with psycopg.connect(self.server, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'".encode())
        self.made.append(name)
        return self.server.replace("@/postgres", f"@/{name}")

    def copy(self, url: str) -> Callable[[], str]:
        """Back a database up while it is in use; calling what comes back restores it, and gives its URL."""
        if self.kind == "pg_dump":
            name = url.partition("@/")[2].partition("?")[0]
            text = dump(Path(self.server.partition("host=")[2]), database=name)
            return lambda: self._load(text)
        kept = self.folder / f"{uuid.uuid4().hex}.backup"
        source = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        if self.kind == "vacuum":
            source.execute("VACUUM INTO ?", (str(kept),))
        else:
            target = sqlite3.connect(kept)
            source.backup(target, pages=5, sleep=0)
            target.close()
        source.close()

        def restore() -> str:
            found = self.fresh()
            Path(found.removeprefix("sqlite:///")).write_bytes(kept.read_bytes())
            return found

        return restore

    def _load(self, text: bytes) -> str:
        url = self.fresh()
        with psycopg.connect(url) as connection:
            connection.execute(text)
        return url

    def close(self) -> None:
        """Drop what was made."""
        with psycopg.connect(self.server, autocommit=True) as admin:
            for name in self.made:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(params=["vacuum", "backup", "pg_dump"])
def place(request: pytest.FixtureRequest, tmp_path: Path, postgres_server: str) -> Iterator[Place]:
    found = Place(request.param, tmp_path, postgres_server)
    yield found
    found.close()


@contextmanager
def writing(url: str) -> Iterator[dict[str, int]]:
    """Writers at work on three runs for the length of the block; how many commands of each were answered so far."""
    answered = dict.fromkeys(RUNS, 0)
    over = threading.Event()
    with Engine(url, clock=lambda: NOW) as engine:
        for run in RUNS:
            engine.start(plan(), start="2009-03-01", roster=PEOPLE, run=run)

        def write(run: str) -> None:
            while not over.is_set():
                engine.run(run).record("notes", by="li", amount="1 page")
                answered[run] += 1

        threads = [threading.Thread(target=write, args=(run,)) for run in RUNS]
        for thread in threads:
            thread.start()
        try:
            yield answered
        finally:
            over.set()
            for thread in threads:
                thread.join()


# --- claims ---------------------------------------------------------------------------------------------------------


def test_a_copy_taken_while_others_write_is_whole(place: Place) -> None:
    """It verifies, has all that was answered before it was begun, and each trail is the beginning of the original."""
    url = place.fresh()
    with writing(url) as answered:
        while min(answered.values()) < 2:
            pass
        before = dict(answered)
        restore = place.copy(url)
    with Engine(url) as original, Engine(restore(), clock=lambda: NOW) as copy:
        for run in RUNS:
            assert copy.run(run).verify() == ()
            kept, all_ = copy.run(run).history(), original.run(run).history()
            assert kept == all_[: len(kept)]
            assert sum(isinstance(entry.event, AmountRecorded) for entry in kept) >= before[run]
            copy.run(run).record("notes", by="li", amount="1 page")
            assert copy.run(run).verify() == ()


def test_what_was_told_since_the_copy_is_told_again_under_its_id(place: Place) -> None:
    """A restored outbox does not know what was told later; a receiver that knows ids finds the repetition by them."""
    clock, mail = Clock(), Mail()
    url = place.fresh()
    with Engine(url, hooks=[mail], clock=clock) as engine:
        engine.relay()
        engine.start(plan(), start="2009-03-01", roster=PEOPLE, run="early")
        clock.to("2009-03-14")
        engine.tick()
        engine.relay()
        first = list(mail.told)
        engine.start(plan(), start="2009-03-01", roster=PEOPLE, run="late")
        clock.to("2009-04-02")
        engine.tick()
        restore = place.copy(url)
        engine.relay()
        since = mail.told[len(first) :]
    assert first
    assert since
    again = Mail()
    with Engine(restore(), hooks=[again], clock=clock) as engine:
        engine.relay()
        assert again.told == since
        engine.relay()
        assert again.told == since
        with engine.store.transaction(write=False) as tx:
            assert not tx.deliveries(status="waiting")
        assert [run.verify() for run in engine.runs()] == [(), ()]


def test_what_was_leased_in_the_copy_is_free_when_the_lease_is_over(place: Place) -> None:
    """The relay that had it is gone; another takes it over as after a crash, and not before."""
    url = place.fresh()
    store = open_store(url)
    with store.transaction() as tx:
        tx.declare_hooks(["mail"])
        tx.commit(batch_on(tx, "r", notices=(notice("r", 1, available_at=NOW),)))
    lease = NOW + timedelta(minutes=1)
    with store.transaction() as tx:
        assert tx.claim_deliveries(["mail"], now=NOW, limit=1, lease_until=lease, worker="gone")
    restore = place.copy(url)
    store.close()
    store = open_store(restore())
    with store.transaction() as tx:
        assert tx.claim_deliveries(["mail"], now=NOW, limit=1, lease_until=lease, worker="new") == []
        (claimed,) = tx.claim_deliveries(["mail"], now=lease, limit=1, lease_until=lease, worker="new")
        assert (claimed.id, claimed.attempts) == ("r:1:1/mail", 2)
    store.close()


def test_a_dump_of_another_server_keeps_the_order_of_the_outbox(postgres: str, postgres_server: str) -> None:
    """Numbers of transactions that this server has not reached hold no reader up; what is new comes last."""
    store = open_store(postgres)
    runs = ("x", "y", "z")
    for number in range(3):
        for run in runs:
            with store.transaction() as tx:
                tx.commit(batch_on(tx, run, notices=(notice(run, number + 1),)))
    schema = postgres.partition("schema=")[2]
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        # Far ahead, and twice with a position that was drawn earlier and committed later.
        ahead = "900000000 + CASE position WHEN 2 THEN 4 WHEN 7 THEN 9 ELSE position END"
        admin.execute(f"UPDATE {schema}.notices SET written = ({ahead})::text::xid8".encode())
    with store.transaction(write=False) as tx:
        order = [one.id for one in tx.notices()]
        assert tx.notices(gapless=True) == []
    store.close()
    store = open_store(postgres)
    with store.transaction() as tx:
        tx.commit(batch_on(tx, "x", notices=(notice("x", 4),)))
    with store.transaction(write=False) as tx:
        assert [one.id for one in tx.notices(gapless=True)] == [*order, "x:4:1"]
        assert [one.id for one in tx.notices(after=order[4], gapless=True)] == [*order[5:], "x:4:1"]
        assert tx.extent(HeadQuery()).entries == 10
    store.close()
    open_store(postgres).close()
