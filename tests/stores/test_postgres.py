"""The PostgreSQL store keeps the laws of a store, and its own promises about servers, connections and errors."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest

from phaseflow.stores import codec, open_store, sql
from phaseflow.stores.base import (
    Conflict,
    Delivered,
    HeadQuery,
    Retry,
    Store,
    StoreBusy,
    StoreCorrupt,
    StoreError,
    StoreLost,
    StoreMisuse,
    StoreReadOnly,
    StoreUnreachable,
    StoreVersion,
)
from phaseflow.stores.postgres import PostgresStore
from phaseflow.stores.postgres_url import read_url
from phaseflow.testing.store_laws import MINUTE, NOON, StoreLaws, batch_on, notice
from tests import postgres as servers

T = TypeVar("T")

NAME = f"store-of-{os.getpid()}"
"""How the connections of this process's stores are told from those of other tests on the same server."""


def schema_of(place: Path) -> str:
    return "t_" + hashlib.sha256(str(place).encode()).hexdigest()[:16]


class OnServer(StoreLaws):
    """The laws on a server; each place is a schema of its own, dropped in the end."""

    @pytest.fixture(autouse=True)
    def _server(self, server: str) -> Iterator[None]:
        self.server = server
        self.opened: set[str] = set()
        yield
        for url in self.opened:
            with servers.dropped(url):
                pass

    def open(self, place: Path) -> Store:
        url = f"{self.server}&schema={schema_of(place)}"
        self.opened.add(url)
        return open_store(url)


class TestPostgres(OnServer):
    @pytest.fixture
    def server(self, postgres_server: str) -> str:
        return postgres_server


@pytest.fixture(scope="module", params=servers.installed(), ids=str)
def installed(request: pytest.FixtureRequest) -> Iterator[str]:
    with servers.Server(request.param, servers.FAST) as server:
        yield server.url()


if servers.installed():  # Where the system has a PostgreSQL, that version is tested, too.

    @pytest.mark.slow
    class TestInstalledPostgres(OnServer):
        @pytest.fixture
        def server(self, installed: str) -> str:
            return installed


@pytest.fixture
def store(postgres: str) -> Iterator[PostgresStore]:
    store = PostgresStore(f"{postgres}&application_name={NAME}", busy_timeout=timedelta(seconds=5))
    yield store
    store.close()


@pytest.fixture
def admin(postgres_server: str) -> Iterator[psycopg.Connection[Any]]:
    """A second connection, beside the store."""
    with psycopg.connect(read_url(postgres_server).conninfo, autocommit=True) as connection:
        yield connection


def commit(store: Store, run: str = "r", **parts: Any) -> None:
    with store.transaction() as tx:
        tx.commit(batch_on(tx, run, **parts))


def end_others(admin: psycopg.Connection[Any]) -> None:
    """Cut every connection of the store, and see them gone."""
    admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s", (NAME,))


# --- what is committed late -----------------------------------------------------------------------------------------


@pytest.mark.failure(10, "PostgreSQL")
def test_a_reader_of_the_outbox_skips_nothing_that_is_committed_late(store: PostgresStore) -> None:
    """Two writers, the first to draw a place commits last: a reader that goes on behind what it saw gets both."""
    with store.transaction() as early:
        early.commit(batch_on(early, "a", notices=(notice("a", 1),)))
        in_thread(lambda: commit(store, "b", notices=(notice("b", 1),)))
        assert in_thread(lambda: read(store, "", gapless=False)) == ["b:1:1"]
        seen = in_thread(lambda: read(store, ""))
        assert seen == [], "one that is under way may come before it"
    while len(seen) < 2:  # Transactions of other tests put it off, too.
        seen += read(store, seen[-1] if seen else "")
    assert seen == ["a:1:1", "b:1:1"]
    assert read(store, seen[0], gapless=False) == ["b:1:1"], "the order stays"


def read(store: Store, after: str, *, gapless: bool = True) -> list[str]:
    with store.transaction(write=False) as tx:
        return [one.id for one in tx.notices(after=after, gapless=gapless)]


@pytest.mark.failure(10, "PostgreSQL")
def test_a_hook_is_told_what_is_committed_late(store: PostgresStore) -> None:
    """A notice that becomes visible after a later one was delivered is delivered, too."""
    with store.transaction() as tx:
        tx.declare_hooks(["mail"])
    with store.transaction() as early:
        early.commit(batch_on(early, "a", notices=(notice("a", 1),)))
        in_thread(lambda: commit(store, "b", notices=(notice("b", 1),)))
        assert in_thread(lambda: claim(store)) == ["b:1:1/mail"]
    assert claim(store) == ["a:1:1/mail"]


def claim(store: Store, *, settle: bool = True) -> list[str]:
    with store.transaction() as tx:
        found = tx.claim_deliveries(["mail"], now=NOON, limit=9, lease_until=NOON + MINUTE, worker="w")
        for delivery in found if settle else ():
            assert tx.settle(delivery, Delivered(), now=NOON)
        return [delivery.id for delivery in found]


def test_no_turn_is_lost_between_settling_and_telling(store: PostgresStore) -> None:
    """While one relay settles and another makes deliveries of the same run, the next always gets its turn."""
    with store.transaction() as tx:
        tx.declare_hooks(["mail"])
    commit(store, "r", notices=(notice("r", 1),))
    for seq in range(2, 12):
        with store.transaction() as tx:
            (delivery,) = tx.claim_deliveries(["mail"], now=NOON, limit=9, lease_until=NOON + MINUTE, worker="w")
        commit(store, "r", notices=(notice("r", seq),))
        with store.transaction() as settling:
            assert settling.settle(delivery, Delivered(), now=NOON)
            other = threading.Thread(target=claim, args=(store,), kwargs={"settle": False})
            other.start()  # It makes the delivery of the new notice, and has to wait for what happens here.
            other.join(0.02)
        other.join()
        with store.transaction() as tx:  # Whoever claimed it: it is claimable when that lease is over.
            later = NOON + 2 * MINUTE
            (again,) = tx.claim_deliveries(["mail"], now=later, limit=9, lease_until=later, worker="w")
            assert tx.settle(again, Retry(at=NOON), now=later)


# --- several at once ------------------------------------------------------------------------------------------------


def test_pollers_share_what_is_due(store: PostgresStore) -> None:
    """Runs that one transaction claims are left out by another until it ends."""
    for run in "abcd":
        commit(store, run, due_at=NOON)
    with store.transaction() as one:
        assert [head.run for head in one.claim_due(by=NOON, limit=2)] == ["a", "b"]
        assert in_thread(lambda: due(store)) == ["c", "d"]
        one.commit(batch_on(one, "a", due_at=None))
    assert due(store) == ["b", "c", "d"]


def due(store: Store) -> list[str]:
    with store.transaction() as tx:
        return [head.run for head in tx.claim_due(by=NOON, limit=9)]


def test_writers_of_different_runs_do_not_wait(store: PostgresStore) -> None:
    """One run being written holds up nobody else."""
    commit(store, "a")
    with store.transaction() as tx:
        assert tx.head("a") is not None
        in_thread(lambda: commit(store, "b"))


@pytest.mark.failure(8, "PostgreSQL")
def test_two_that_stand_in_each_others_way_are_told_so(store: PostgresStore) -> None:
    """A deadlock ends as a conflict, and the one that was let through commits."""
    commit(store, "a")
    commit(store, "b")
    meet = threading.Barrier(2)
    ends: list[type | None] = []

    def work(first: str, second: str) -> None:
        try:
            with store.transaction() as tx:
                tx.commit(batch_on(tx, first))
                meet.wait()
                tx.commit(batch_on(tx, second))
            ends.append(None)
        except StoreError as fault:
            ends.append(type(fault))

    threads = [threading.Thread(target=work, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(ends) == {None, Conflict}


@pytest.mark.failure(8, "PostgreSQL")
def test_a_pool_that_is_used_up_says_so(postgres: str) -> None:
    """The last connection is waited for, and then named."""
    store = PostgresStore(f"{postgres}&pool=1", busy_timeout=timedelta(milliseconds=50))
    with store.transaction(), pytest.raises(StoreBusy, match="all 1 connections"):
        in_thread(lambda: due(store))
    store.close()


def test_a_run_that_is_held_too_long_is_named(postgres: str) -> None:
    """A writer waits for its turn as long as it was told to, and no longer."""
    store = PostgresStore(postgres, busy_timeout=timedelta(milliseconds=300))
    with store.transaction() as tx:
        assert tx.head("r") is None
        with pytest.raises(StoreBusy, match="another writer"):
            in_thread(lambda: commit(store))
    store.close()


# --- connections ----------------------------------------------------------------------------------------------------


@pytest.mark.failure(3, "PostgreSQL")
def test_dead_connections_are_replaced_unnoticed(store: PostgresStore, admin: psycopg.Connection[Any]) -> None:
    """A pool full of dead connections costs no command: the first statement finds out and takes another."""
    hold = threading.Barrier(4)

    def work(run: str) -> None:
        with store.transaction() as tx:
            tx.commit(batch_on(tx, run))
            hold.wait()

    threads = [threading.Thread(target=work, args=(run,)) for run in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end_others(admin)
    for wait, write in ((False, True), (True, True), (True, False)):
        with store.transaction(wait=wait, write=write) as tx:
            assert tx.head("a") is not None
        end_others(admin)
    commit(store, "a")


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.failure(3, "PostgreSQL")
def test_a_connection_cut_in_a_transaction_undoes_it(
    store: PostgresStore, admin: psycopg.Connection[Any], wait: bool
) -> None:
    """The commit that cannot be made is told as lost, nothing of it is there, and the next command is carried out."""
    commit(store)
    with pytest.raises(StoreLost, match="was lost") as caught, store.transaction(wait=wait) as tx:  # noqa: PT012
        tx.commit(batch_on(tx, "r", put={"a": "1"}, notices=(notice("r", 2),)))
        end_others(admin)
    assert "same id" in caught.value.problem.fix
    with store.transaction() as tx:
        assert (tx.rows("r", ["a"]), tx.notices(), len(tx.entries("r"))) == ({}, [], 1)
    commit(store)


@pytest.mark.slow
@pytest.mark.failure(3, "PostgreSQL")
def test_a_server_that_comes_back_is_found_again() -> None:
    """After an immediate stop a command waits for the server, is carried out, and all that was answered is there."""
    with servers.Server() as server:
        store = PostgresStore(server.url(), busy_timeout=timedelta(seconds=30))
        commit(store, "a")
        server.stop(signal.SIGQUIT)
        back = threading.Timer(0.3, server.start)
        back.start()
        commit(store, "a")
        back.join()
        with store.transaction() as tx:
            assert codec.verify_chain(tx.entries("a"), "a", tx.head("a")) == []
            assert len(tx.entries("a")) == 2
        impatient = PostgresStore(server.url(), busy_timeout=timedelta(milliseconds=200))
        server.stop()
        with pytest.raises(StoreUnreachable, match="does not answer"):
            commit(impatient, "a")
        impatient.close()
        store.close()
        with pytest.raises(StoreUnreachable, match="does not answer"):
            PostgresStore(server.url())


@pytest.mark.failure(4, "PostgreSQL")
def test_a_listener_hears_other_processes_and_comes_back(postgres: str, admin: psycopg.Connection[Any]) -> None:
    """A hint crosses from store to store; a listener that was cut off connects again, and calls, to be sure."""
    name = f"{NAME}-listener"
    here, there = PostgresStore(f"{postgres}&application_name={name}"), PostgresStore(postgres)
    woken = threading.Event()
    listening = here.listen(woken.set)
    try:
        assert listening.listening.wait(20)  # type: ignore[attr-defined]
        assert woken.wait(20), "it calls at once, since something may have been there before it"
        woken.clear()
        commit(there, due_at=NOON)
        assert woken.wait(20)
        woken.clear()
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", (name,))
        assert woken.wait(20)
    finally:
        listening.stop()
        here.close()
        there.close()


# --- places ---------------------------------------------------------------------------------------------------------


def test_a_url_says_where_and_keeps_its_secret() -> None:
    """Schema and pool are phaseflow's own options; the rest goes to the driver, and no password is shown."""
    place = read_url("postgresql://office:s%40cret@db.example:5433/campaigns?schema=north&pool=3&sslmode=require")
    assert (
        place.conninfo
        == "postgresql://office:s%40cret@db.example:5433/campaigns?sslmode=require&application_name=phaseflow"
    )
    assert (place.schema, place.pool, place.hold) == ("north", 3, 60)
    assert "cret" not in f"{place!r}{place.shown}"
    with pytest.raises(StoreUnreachable) as caught:
        open_store("postgresql://office:s%40cret@localhost:1/campaigns")
    assert "cret" not in str(caught.value)


WRONG = ["schema=North", "schema=a-b", "schema=pg_mine", "schema=", "pool=0", "pool=many", "hold=0", "hold=ever"]


@pytest.mark.parametrize("option", WRONG)
def test_a_wrong_option_is_refused(option: str) -> None:
    """A schema is a plain name, so that it needs no quoting anywhere; a pool and a time are numbers."""
    with pytest.raises(StoreMisuse, match="cannot be"):
        open_store(f"postgresql://localhost/db?{option}")


def test_schemas_are_apart(postgres: str, postgres_server: str) -> None:
    """Two stores in one database know nothing of each other; a schema may bear a reserved word as its name."""
    with servers.dropped(f"{postgres_server}&schema=user") as url:
        one, other = open_store(postgres), open_store(url)
        commit(one, "r")
        with one.transaction() as tx:
            assert tx.head("r") is not None
            commit(other, "r")
        with other.transaction() as tx:
            assert len(tx.entries("r")) == 1
        one.close()
        other.close()


def test_many_may_make_a_schema_at_once(postgres: str) -> None:
    """Migrations are done by one, and the others wait for it."""
    stores: list[Store] = []
    threads = [threading.Thread(target=lambda: stores.append(open_store(postgres))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores) == 6
    for number, store in enumerate(stores):
        commit(store, str(number))
        store.close()


def test_a_failed_migration_changes_nothing(
    postgres: str, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Migrations are one transaction: when the second fails the first is undone, and a later try does both."""
    first = sql.migrations("postgres", read_url(postgres).schema)[0]
    schema = read_url(postgres).schema
    twice = f"CREATE TABLE {schema}.extra (a int); CREATE TABLE {schema}.heads (a int)"
    monkeypatch.setattr(sql, "migrations", lambda *_: (first, twice))
    with pytest.raises(StoreError, match="already exists"):
        PostgresStore(postgres)
    assert admin.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone() is None
    monkeypatch.setattr(sql, "migrations", lambda *_: (first,))
    store = PostgresStore(postgres)
    commit(store)
    store.close()
    monkeypatch.setattr(sql, "migrations", lambda *_: (first, f"CREATE TABLE {schema}.extra (a int)"))
    store = PostgresStore(postgres)
    with store.transaction() as tx:
        assert tx.head("r") is not None
    store.close()


@pytest.mark.parametrize(
    ("spoil", "error", "what"),
    [
        ("INSERT INTO {schema}.versions (number) VALUES (999)", StoreVersion, "knows schemas up to"),
        ("DROP TABLE {schema}.versions", StoreCorrupt, "not phaseflow's"),
    ],
)
def test_a_wrong_schema_is_refused(
    postgres: str, admin: psycopg.Connection[Any], spoil: str, error: type[StoreError], what: str
) -> None:
    """A schema that is newer or somebody else's is refused with its cause and a remedy."""
    PostgresStore(postgres).close()
    admin.execute(spoil.format(schema=read_url(postgres).schema).encode())
    with pytest.raises(error, match=what) as caught:
        PostgresStore(postgres)
    assert caught.value.problem.fix


def test_damage_and_missing_rights_are_named(store: PostgresStore, admin: psycopg.Connection[Any]) -> None:
    """A table that is gone is StoreCorrupt; a user without rights, or a standby, is StoreReadOnly."""
    schema = store.place.schema
    commit(store)

    def on_each(text: bytes) -> None:
        """On the one connection that the store has kept."""
        if not store.pool._idle:  # One that had a fault in the middle of several statements is not kept.
            commit(store)
        (connection,) = store.pool._idle
        connection.execute(text)

    on_each(b"SET default_transaction_read_only = on")
    with pytest.raises(StoreReadOnly, match="cannot be written"), store.transaction(wait=False) as tx:
        tx.commit(batch_on(tx, "r"))
    on_each(b"RESET default_transaction_read_only")
    on_each(b"CREATE ROLE nobody_much")
    try:
        on_each(b"SET ROLE nobody_much")
        with pytest.raises(StoreReadOnly, match="permission denied"), store.transaction() as tx:
            tx.head("r")
        on_each(b"RESET ROLE")
    finally:
        admin.execute("DROP ROLE nobody_much")
    admin.execute(f'DROP TABLE "{schema}".entries'.encode())
    with pytest.raises(StoreCorrupt, match="no sound database"), store.transaction() as tx:
        tx.entries("r")


def test_what_cannot_be_stored_is_refused(store: PostgresStore) -> None:
    """A text with a null character is nothing PostgreSQL takes; it is refused before anything is written."""
    with pytest.raises(StoreMisuse, match="cannot be stored"):
        commit(store, put={"a": "x\0y"})
    with store.transaction() as tx:
        assert tx.head("r") is None


def test_a_store_does_not_cross_a_fork(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection carried into a child process is refused: two would read each other's answers."""
    pid = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: pid + 1)
    with pytest.raises(StoreMisuse, match="forked"), store.transaction():
        pass


def test_queries_over_heads_walk_an_index(store: PostgresStore, admin: psycopg.Connection[Any]) -> None:
    """What is due is found in proportion to what is due, and claims do not read what waits behind."""
    found = sql.statements("postgres", store.place.schema)
    admin.execute("SET enable_seqscan = off")
    claimed = found["claim"].replace("%(", "'{").replace(")s", "}'")
    plan = explain(admin, found["claim_due"].replace("%s", "now()", 2).replace("%s", "'a'", 1).replace("%s", "5"))
    assert "heads_due" in plan
    assert "Sort" not in plan
    ready = claimed.partition("WITH first AS (")[2].partition("FOR UPDATE")[0]
    ready = ready.replace("'{letters}'", "false").replace("'{now}'", "now()").replace("'{limit}'", "5")
    assert "deliveries_turn" in explain(admin, ready.replace("'{hooks}'", "'{a}'"))


def explain(admin: psycopg.Connection[Any], text: str) -> str:
    return "\n".join(row[0] for row in admin.execute(f"EXPLAIN {text}".encode()))


def in_thread(act: Callable[[], T]) -> T:
    """Do it in another thread, as another process would, and give back what it gave or raised."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result(20)


def test_a_schema_that_changes_under_an_open_store_stops_it(
    store: PostgresStore, admin: psycopg.Connection[Any]
) -> None:
    """A newer version may come while the store is open: commits and claims say so, and nothing is written."""
    commit(store, "a")
    admin.execute(f"INSERT INTO {store.place.schema}.versions (number) VALUES (999)".encode())
    for wait in (True, False):
        for run in ("a", "new"):
            with pytest.raises(StoreVersion, match="knows schemas up to"):
                in_turn(store, run, wait=wait)
    with pytest.raises(StoreVersion), store.transaction() as tx:
        tx.claim_deliveries(["mail"], now=NOON, limit=1, lease_until=NOON, worker="w")
    admin.execute(f"DELETE FROM {store.place.schema}.versions WHERE number = 999".encode())
    with store.transaction(write=False) as tx:
        assert [(head.run, head.seq) for head in tx.heads(HeadQuery())] == [("a", 1)]


def in_turn(store: PostgresStore, run: str, *, wait: bool) -> None:
    """One commit on a run."""
    with store.transaction(wait=wait) as tx:
        tx.commit(batch_on(tx, run))


# --- a run that many write ------------------------------------------------------------------------------------------


def test_a_crowded_run_is_held_even_in_haste(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lost a race on a run stands in line next time; then haste is tried again, and other runs are free."""
    commit(store, "a")
    commit(store, "b")

    def overtaken() -> None:
        with store.transaction(wait=False) as tx:
            batch = batch_on(tx, "a")
            in_thread(lambda: commit(store, "a"))
            tx.commit(batch)

    with pytest.raises(Conflict):
        overtaken()
    with store.transaction(wait=False) as tx:
        assert tx.head("a") is not None
        assert tx.begun
        assert store.crowded("a")
    with store.transaction(wait=False) as tx:
        assert tx.head("b") is not None
        assert not tx.begun
    since = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: since + 60)
    assert not store.crowded("a")


def test_a_commit_that_waits_for_the_end_is_read_and_undone_like_any(store: PostgresStore) -> None:
    """On a run that is held it goes out with what comes next; what is read then sees it, and an error undoes it."""
    commit(store, "a")
    with store.transaction() as tx:
        tx.commit(batch_on(tx, "a", put={"k": "1"}))
        assert tx._pending is not None
        assert tx.rows("a", ["k"]) == {"k": "1"}
        assert tx._pending is None

    def undone() -> None:
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "a", put={"k": "2"}))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    for number in ("3", "4"):
        with store.transaction() as tx:
            for run in ("a", "b", "c"):
                looked = tx.look(run, command_id=number)
                assert looked is None or looked.answer is None
                tx.commit(batch_on(tx, run, put={"k": number}))
    with store.transaction(write=False) as tx:
        assert [row for _head, row in tx.rows_of(HeadQuery(), "k")] == ["4", "4", "4"]
        assert all(codec.verify_chain(tx.entries(run), run, tx.head(run)) == [] for run in ("a", "b", "c"))
