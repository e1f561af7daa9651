"""The SQLite store keeps the laws of a store, and its own promises about files, processes and errors."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from phaseflow.stores import codec, open_store, sql
from phaseflow.stores.base import (
    Ballot,
    HeadQuery,
    PersonalValue,
    Store,
    StoreBusy,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreMisuse,
    StoreReadOnly,
    StoreVersion,
)
from phaseflow.stores.memory import MemoryStore
from phaseflow.stores.sqlite import SqliteStore
from phaseflow.stores.sqlite_tx import _where
from phaseflow.testing.store_laws import NOON, StoreLaws, batch_on

SHORT = timedelta(milliseconds=30)


class TestSqlite(StoreLaws):
    def open(self, place: Path) -> Store:
        return open_store(f"sqlite:///{place / 'campaigns.db'}", durability="normal")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path, busy_timeout=SHORT)
    yield store
    store.close()


def commit(store: Store, run: str = "r", **parts: object) -> None:
    with store.transaction() as tx:
        tx.commit(batch_on(tx, run, **parts))


# --- processes ------------------------------------------------------------------------------------------------------

WRITER = """
import sys
from phaseflow.stores.sqlite import SqliteStore
from phaseflow.testing.store_laws import batch_on
store = SqliteStore(sys.argv[1])
while True:
    with store.transaction() as tx:
        batch = batch_on(tx, sys.argv[2], put={"count": str((tx.head(sys.argv[2]) or batch_on(tx, "x").head).seq)})
        tx.commit(batch)
    print(batch.head.seq, flush=True)
"""


def writer(path: Path, run: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), run], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("acknowledged", [1, 40])
@pytest.mark.failure(1, "SQLite")
def test_what_was_acknowledged_survives_a_kill(path: Path, acknowledged: int) -> None:
    """Law 11: after SIGKILL every commit that was answered is there, at most one more, and the chain holds."""
    with writer(path, "r") as process:
        assert process.stdout is not None
        for _ in range(acknowledged):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        last = max([acknowledged, *(int(line) for line in process.stdout if line.endswith("\n"))])
    store = SqliteStore(path)
    with store.transaction() as tx:
        head = tx.head("r")
        assert head is not None
        assert head.seq in (last, last + 1)
        assert codec.verify_chain(tx.entries("r"), "r", head) == []
        tx.commit(batch_on(tx, "r"))
    store.close()


def test_two_processes_share_a_file(path: Path) -> None:
    """Writers in several processes take turns; none fails and both chains hold."""
    with writer(path, "a") as one, writer(path, "b") as two:
        for process in (one, two):
            assert process.stdout is not None
            assert [int(process.stdout.readline()) for _ in range(15)] == list(range(1, 16))
        one.kill()
        two.kill()
    store = SqliteStore(path)
    with store.transaction(write=False) as tx:
        for head in tx.heads(HeadQuery()):
            assert codec.verify_chain(tx.entries(head.run), head.run, head) == []
    store.close()


def test_a_store_does_not_cross_a_fork(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection carried into a child process is refused, since using it could damage the file."""
    pid = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: pid + 1)
    with pytest.raises(StoreMisuse, match="forked"), store.transaction():
        pass


def test_many_may_open_a_new_file_at_once(path: Path) -> None:
    """Eight threads that open one new file at the same moment all get the whole schema."""
    start = threading.Barrier(8)
    faults: list[BaseException] = []

    def work(run: str) -> None:
        try:
            start.wait()
            store = SqliteStore(path)
            commit(store, run)
            store.close()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    store = SqliteStore(path)
    with store.transaction(write=False) as tx:
        assert len(tx.heads(HeadQuery())) == 8
    store.close()


def test_a_reader_sees_one_instant(store: SqliteStore) -> None:
    """A reader under way does not see a later commit, and does not hold up the writer."""
    commit(store)
    with store.transaction(write=False) as tx:
        assert len(tx.entries("r")) == 1
        thread = threading.Thread(target=commit, args=(store,))
        thread.start()
        thread.join()
        assert len(tx.entries("r")) == 1
    with store.transaction(write=False) as tx:
        assert len(tx.entries("r")) == 2


# --- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.failure(8, "SQLite")
def test_another_writer_is_waited_for_and_then_named(store: SqliteStore, path: Path) -> None:
    """A lock held elsewhere ends in StoreBusy after the waiting time, in this process and across processes."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="held by another writer"), store.transaction():
        pass
    other.execute("ROLLBACK")
    other.close()
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store.transaction():
            inside.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    with pytest.raises(StoreBusy, match="held by another thread"), store.transaction():
        pass
    with store.transaction(write=False) as tx:
        assert tx.head("r") is None, "readers are not held up"
    done.set()
    thread.join()
    commit(store)


@pytest.mark.failure(8, "SQLite")
def test_a_full_disk_leaves_nothing_half_written(store: SqliteStore) -> None:
    """When there is no room the whole transaction is undone, and the store goes on when there is room again."""
    commit(store, put={"a": "1"})
    connection = store._idle[0]
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreFull, match="no room"):
        commit(store, put={"a": "2", "b": "x" * 100_000})
    with store.transaction() as tx:
        assert tx.scan("r", "") == [("a", "1")]
    connection.execute("PRAGMA max_page_count = 1000000")
    commit(store, put={"b": "x" * 100_000})


def _newer(path: Path) -> None:
    SqliteStore(path).close()
    _sql(path, f"PRAGMA user_version = {len(sql.migrations('sqlite')) + 1}")


def _sql(path: Path, text: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(text)
    connection.commit()
    connection.close()


def _damaged(path: Path) -> None:
    path.write_bytes(b"this is not a database, whatever its name may say" * 100)


def _of_somebody_else(path: Path) -> None:
    _sql(path, "CREATE TABLE theirs (a)")


def _in_no_directory(path: Path) -> None:
    path.parent.rmdir()


@pytest.mark.parametrize(
    ("spoil", "error", "what"),
    [
        (_newer, StoreVersion, "knows schemas up to"),
        (_damaged, StoreCorrupt, "no sound database"),
        (_of_somebody_else, StoreCorrupt, "not one of phaseflow"),
        (_in_no_directory, StoreError, "cannot be opened"),
    ],
)
def test_a_wrong_file_is_refused(path: Path, spoil: Callable[[Path], None], error: type[StoreError], what: str) -> None:
    """A file that is newer, damaged, somebody else's or nowhere is refused with its cause and a remedy, untouched."""
    spoil(path)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(error, match=what) as caught:
        SqliteStore(path)
    assert caught.value.problem.why
    assert caught.value.problem.fix
    assert before == (path.read_bytes() if path.exists() else None)


def test_damage_inside_is_named(store: SqliteStore, path: Path) -> None:
    """A page that was overwritten shows as StoreCorrupt, not as an error of the driver."""
    for number in range(100):
        commit(store, put={f"k{number}": "x" * 5000})
    store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size - 100 * 4096)  # Behind the schema, which would be missed on opening already.
        file.write(b"\xff" * 100 * 4096)
    store = SqliteStore(path)
    with pytest.raises(StoreCorrupt, match="no sound database"), store.transaction() as tx:
        tx.scan("r", "k")
    store.close()


def test_a_file_that_may_not_be_written_says_so(store: SqliteStore) -> None:
    """A write the system forbids is StoreReadOnly."""
    commit(store)
    store._idle[0].execute("PRAGMA query_only = ON")
    with pytest.raises(StoreReadOnly, match="cannot be written"):
        commit(store)


def test_every_store_error_has_its_own_code() -> None:
    """Codes are never shared; each class says what, why and how to mend it."""
    classes = StoreError.__subclasses__()
    assert len({cls.code for cls in [StoreError, *classes]}) == len(classes) + 1
    assert all(cls("what").problem.why and cls("what").problem.fix for cls in classes if cls is not StoreMisuse)


# --- schema ---------------------------------------------------------------------------------------------------------


def test_deliveries_of_the_first_schema_go_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waited, was leased or had ended before letters came stands as it was; only half-told cohorts begin anew."""
    both = sql.migrations("sqlite")[:2]
    monkeypatch.setattr(sql, "migrations", lambda _: both[:1])
    SqliteStore(path).close()
    at = NOON.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    for position, (status, at_turn) in enumerate((("dead", 0), ("leased", 1), ("waiting", 0)), start=1):
        _sql(
            path,
            f"INSERT INTO notices VALUES ({position}, 'r:{position}:1', 'r', {position}, '{{}}', '{at}', NULL, NULL)",
        )
        settled = f"'{at}'" if status == "dead" else "NULL"
        row = f"'mail', {position}, 'r', '{status}', {at_turn}, '{at}', 1, 'w', '', 'page 3', {settled}"
        _sql(path, f"INSERT INTO deliveries VALUES ({row})")
    _sql(path, "INSERT INTO hooks VALUES ('mail', 3)")
    monkeypatch.undo()
    with SqliteStore(path).transaction() as tx:
        assert [d.status for d in tx.deliveries()] == ["dead", "leased", "waiting"]
        claimed = tx.claim_deliveries(["mail"], now=NOON, limit=9, lease_until=NOON, worker="w", together=9)
        assert [(d.id, d.line, d.attempts, d.progress) for d in claimed] == [
            ("r:2:1/mail", "r", 2, ""),
            ("r:3:1/mail", "r", 2, ""),
        ]


def test_a_failed_migration_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrations are one transaction: when the second fails the first is undone, and a later try does both."""
    first = sql.migrations("sqlite")[0]
    monkeypatch.setattr(sql, "migrations", lambda _: (first, "CREATE TABLE extra (a);\nCREATE TABLE heads (a);\n"))
    with pytest.raises(StoreError, match="heads already exists"):
        SqliteStore(path)
    monkeypatch.setattr(sql, "migrations", lambda _: (first, "CREATE TABLE extra (a);\n"))
    store = SqliteStore(path)
    commit(store)
    store.close()
    monkeypatch.setattr(sql, "migrations", lambda _: (first, "CREATE TABLE extra (a);\n", "ALTER TABLE extra ADD b;\n"))
    store = SqliteStore(path)
    with store.transaction() as tx:
        assert tx.head("r") is not None
    assert store._idle[0].execute("SELECT count(*) FROM pragma_table_info('extra')").fetchone() == (2,)
    store.close()


def test_a_schema_that_changes_under_an_open_store_stops_it(path: Path) -> None:
    """A newer version may come while the file is open: the next transaction says so, and holds nothing."""
    store = SqliteStore(path)
    commit(store)
    _sql(path, "PRAGMA user_version = 999")
    for write in (True, False, True):
        with pytest.raises(StoreVersion, match="knows schemas up to"), store.transaction(write=write):
            raise AssertionError("it was let in")
    _sql(path, f"PRAGMA user_version = {len(sql.migrations('sqlite'))}")
    commit(store)
    store.close()


def test_the_file_is_sound_and_ours(store: SqliteStore) -> None:
    """The file is in WAL mode, synced in full, marked, and passes SQLite's own check."""
    commit(store)
    ask = store._idle[0].execute
    assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
    assert ask("PRAGMA synchronous").fetchone() == (2,)
    assert ask("PRAGMA application_id").fetchone() == (int.from_bytes(b"phfw", "big"),)
    assert ask("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize(
    ("where", "index"),
    [
        (HeadQuery(due_by=NOON, order="due"), "heads_due"),
        (HeadQuery(due_by=NOON, order="due", campaign="c", status="open", limit=5), "heads_due"),
        (HeadQuery(due_by=NOON), "heads_due"),
        (HeadQuery(campaign="c"), "heads_campaign"),
        (HeadQuery(parent="p"), "heads_parent"),
        (HeadQuery(unit="u"), "heads_unit"),
    ],
)
def test_queries_over_heads_walk_an_index(store: SqliteStore, where: HeadQuery, index: str) -> None:
    """What is due is found in proportion to what is due: no query over heads reads the whole table."""
    clauses, values = _where(where)
    text = f"EXPLAIN QUERY PLAN {sql.statements('sqlite')['heads']} {clauses}"
    plan = " ".join(row[3] for row in store._idle[0].execute(text, values))
    assert f"SEARCH heads USING INDEX {index}" in plan
    assert ("TEMP B-TREE" in plan) == (where.due_by is not None and where.order == "run")


def test_a_claim_does_not_read_what_waits_behind(store: SqliteStore) -> None:
    """Ready deliveries come from the index of those whose turn it is, without a sort."""
    text = f"EXPLAIN QUERY PLAN {sql.statements('sqlite')['ready']}"
    plan = [row[3] for row in store._idle[0].execute(text, ("h", 0, "t", 1))]
    assert plan == ["SEARCH deliveries USING INDEX deliveries_turn (hook=? AND letter=? AND ready_at<?)"]
    text = f"EXPLAIN QUERY PLAN {sql.statements('sqlite')['behind']}"
    plan = [row[3] for row in store._idle[0].execute(text, ("h", 1, "l", 1))]
    assert plan == ["SEARCH deliveries USING INDEX deliveries_line (hook=? AND letter=? AND line=?)"]


# --- what must not stay ---------------------------------------------------------------------------------------------


def _bytes(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm"))


def test_an_erased_name_is_in_no_file(store: SqliteStore, path: Path) -> None:
    """R16: after erasing, the value stands neither in the database nor in its log."""
    commit(store, personal=(PersonalValue(ref="1/name", owner="li", salt="s", value="Li Na of North"),))
    assert b"Li Na of North" in _bytes(path)
    commit(store, erase=("li",))
    assert b"Li Na of North" not in _bytes(path)


def test_a_sealed_box_does_not_lie_in_the_order_of_casting(store: SqliteStore, path: Path) -> None:
    """R14: after sealing, the ballots stand once in the file, in the order of their random ids."""
    cast = [f"{n * 37 % 101:03}" for n in range(100)]
    for id_ in cast:
        commit(store, ballots=(Ballot("r/p", id_, f"ballot-{id_}-end"),))
    with store.transaction() as tx:
        tx.seal_ballots("r/p")
    content = _bytes(path)
    pages = [content[at : at + 4096] for at in range(0, len(content), 4096)]
    boxes = [re.findall(rb"ballot-(\d+)-end", page) for page in pages]
    assert sum(map(len, boxes)) == 100
    for box in boxes:  # SQLite fills a page from its end.
        assert box == sorted(box, reverse=True)


# --- naming a store -------------------------------------------------------------------------------------------------


def test_urls_name_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """memory:, a relative and an absolute SQLite path are what they say."""
    monkeypatch.chdir(tmp_path)
    for url, kind, path in [
        ("memory:", MemoryStore, None),
        ("sqlite:///a.db", SqliteStore, tmp_path / "a.db"),
        (f"sqlite:///{tmp_path}/b c.db", SqliteStore, tmp_path / "b c.db"),
    ]:
        store = open_store(url)
        assert type(store) is kind
        assert path is None or path.exists()
        store.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql:/db", "two slashes"),
        ("sqlite://a.db", "three slashes"),
        ("sqlite:///", "three slashes"),
        ("sqlite:///:memory:", "memory:"),
        ("sqlit:///a.db", "did you mean 'sqlite'"),
        ("a.db", "sqlite:///path/to/file.db"),
        ("", "sqlite:///path/to/file.db"),
    ],
)
def test_a_wrong_url_is_explained(url: str, said: str) -> None:
    """A URL that names no store is refused with the way to write it."""
    with pytest.raises(StoreMisuse, match="names no store") as caught:
        open_store(url)
    assert said in str(caught.value)


@pytest.mark.parametrize("change", [{"seq": 3}, {"chain": "x"}, {"run": "other"}])
def test_a_batch_must_fit_together(change: dict[str, object]) -> None:
    """A batch whose head, entries and seq do not fit is refused when it is built."""
    store = MemoryStore()
    with store.transaction() as tx:
        batch = batch_on(tx, "r")
    with pytest.raises(StoreMisuse, match="does not fit together"):
        attrs.evolve(batch, head=attrs.evolve(batch.head, **change))
    with pytest.raises(StoreMisuse, match="put and dropped"):
        attrs.evolve(batch, put={"a": "1"}, drop=["a"])
    with pytest.raises(StoreMisuse, match="at least one entry"):
        attrs.evolve(batch, head=attrs.evolve(batch.head, seq=0), entries=())
