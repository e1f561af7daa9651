"""The laws of a store, as tests. Subclass `StoreLaws`, say how your store is made, and run pytest.

    class TestMine(StoreLaws):
        def open(self, place: Path) -> Store:
            return MyStore(place / "campaigns")

Each test is a law and its docstring is what it claims. Never override a law: a store that needs another one is
another kind of thing. No adapter is named here. For values in the messages of failed laws, put
``pytest.register_assert_rewrite("phaseflow.testing.store_laws")`` into your conftest.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest

from phaseflow.stores import codec
from phaseflow.stores.base import (
    Answer,
    Ballot,
    Batch,
    Conflict,
    Dead,
    Delivered,
    Delivery,
    Expanded,
    Extent,
    Head,
    HeadQuery,
    Letter,
    PersonalValue,
    Retry,
    Skipped,
    Store,
    StoreClosed,
    StoredNotice,
    StoreMisuse,
    StoreReadOnly,
    Tx,
)

NOON = datetime(2009, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def batch_on(tx: Tx, run: str, *bodies: str, **parts: Any) -> Batch:
    """The next batch of *run*: one entry for each body (at least one), chained on what is stored.

    Args:
        tx: Where the run's head is read.
        run: The run; a new one if it is not stored.
        bodies: The texts of the entries; without any, one entry ``{}``.
        parts: Fields of the head (``due_at``, ``campaign``, ...) and of the batch (``put``, ``notices``, ...).
    """
    old = tx.head(run)
    of_head: dict[str, Any] = {field.name: parts.pop(field.name) for field in attrs.fields(Head) if field.name in parts}
    base = old or Head(run=run, campaign="c", plan="p", seq=0, chain=codec.genesis(run), status="open")
    entries = codec.link(run, base.chain, base.seq, bodies or ("{}",))
    head = attrs.evolve(base, seq=entries[-1].seq, chain=entries[-1].hash, **of_head)
    return Batch(head=head, expected_seq=base.seq, entries=entries, **parts)


def notice(run: str, seq: int, k: int = 1, *, available_at: datetime = NOON, **more: Any) -> StoredNotice:
    """A notice with a recognisable body."""
    return StoredNotice(
        id=f"{run}:{seq}:{k}", run=run, seq=seq, body=f'"{run}/{seq}/{k}"', available_at=available_at, **more
    )


def letters(*persons: str, at: datetime = NOON) -> tuple[Letter, ...]:
    """Letters to these persons, each on a line of its own."""
    return tuple(Letter(recipient=person, line=f"~{person}", ready_at=at) for person in persons)


def _personal(owner: str, ref: str = "1/name") -> PersonalValue:
    return PersonalValue(ref=ref, owner=owner, salt="s", value="李娜")


class Broken(Exception):
    """What the laws raise inside a transaction to see it undone."""


class StoreLaws:
    """What every store must do. Override `open`, and `durable` where a store forgets on purpose."""

    durable: bool = True

    def open(self, place: Path) -> Store:
        """Open the store that lives in the directory *place*; the same place is the same store."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        """A fresh store, closed afterwards."""
        store = self.open(tmp_path)
        yield store
        store.close()

    # --- transactions and commits -----------------------------------------------------------------------------------

    def test_a_commit_is_read_back_whole(self, store: Store) -> None:
        """Head, rows, trail and answer come back as they were given."""
        answer = Answer(command_id="k1", digest="d", seq_first=1, seq_last=2, body='{"ok":true}')
        with store.transaction() as tx:
            batch = batch_on(
                tx,
                "r",
                '{"n":1}',
                '{"n":2}',
                put={"head": "h", "visit/a/1": "v"},
                answer=answer,
                unit="north",
                parent="top",
                level="unit",
                due_at=NOON,
            )
            tx.commit(batch)
            assert tx.head("r") == batch.head, "a transaction sees its own writes"
        with store.transaction(write=False) as tx:
            assert tx.head("r") == batch.head
            assert tx.rows("r", ["head", "visit/a/1", "none"]) == {"head": "h", "visit/a/1": "v"}
            assert tx.entries("r") == list(batch.entries)
            assert tx.answer("r", "k1") == answer
            assert (tx.head("s"), tx.answer("r", "k2"), tx.answer("s", "k1"), tx.entries("s")) == (None, None, None, [])

    def test_an_exception_undoes_everything(self, store: Store) -> None:
        """Atomicity: a block that raises leaves no trace in any part of the store."""
        with store.transaction() as tx:
            tx.declare_hooks(["mail"])
            tx.commit(batch_on(tx, "r", put={"a": "1", "b": "2"}, due_at=NOON, personal=(_personal("li"),)))
        before = self.all_of(store)
        with pytest.raises(Broken), store.transaction() as tx:  # noqa: PT012
            tx.declare_hooks(["log"])
            tx.keep_plan("d", "text")
            box = (Ballot("r/poll", "x", "{}"),)
            answer = Answer(command_id="k", digest="d", seq_first=2, seq_last=2, body="{}")
            tx.commit(
                batch_on(
                    tx,
                    "r",
                    put={"a": "9", "c": "3"},
                    drop=["b"],
                    answer=answer,
                    ballots=box,
                    erase=("li",),
                    notices=(notice("r", 2),),
                    due_at=NOON - MINUTE,
                )
            )
            tx.commit(batch_on(tx, "new"))
            assert len(self.claim(tx)) == 1
            raise Broken
        assert self.all_of(store) == before
        with store.transaction() as tx:
            assert (tx.plan("d"), tx.answer("r", "k"), tx.ballots("r/poll")) == (None, None, [])
            tx.commit(batch_on(tx, "r", notices=(notice("r", 2),)))
            assert [d.hook for d in self.claim(tx, "log", "mail")] == ["mail"]

    def test_a_commit_on_an_old_state_is_a_conflict(self, store: Store) -> None:
        """Optimistic control: of two decisions on one seq only the first is stored; nothing of the second is."""
        with store.transaction() as tx:
            first, second = batch_on(tx, "r", "1"), batch_on(tx, "r", "2", put={"a": "1"})
            tx.commit(first)
        with pytest.raises(Conflict, match="exists already, at seq 1"), store.transaction() as tx:
            tx.commit(second)
        with store.transaction() as tx:
            late = batch_on(tx, "r", "3", put={"a": "1"})
            tx.commit(batch_on(tx, "r", "4"))
        with pytest.raises(Conflict, match="at seq 2, and the commit builds on seq 1"), store.transaction() as tx:
            tx.commit(late)
        ghost = attrs.evolve(late.head, run="ghost")
        with pytest.raises(Conflict, match="not stored"), store.transaction() as tx:
            tx.commit(attrs.evolve(late, head=ghost, entries=tuple(attrs.evolve(e, run="ghost") for e in late.entries)))
        with store.transaction() as tx:
            assert [entry.body for entry in tx.entries("r")] == ["1", "4"]
            assert tx.rows("r", ["a"]) == {}
            assert tx.head("ghost") is None

    def test_a_failed_call_spends_the_transaction(self, store: Store) -> None:
        """After a call raised nothing more can be done in the block, and swallowing the error does not commit it."""
        with pytest.raises(StoreMisuse, match="has failed"), store.transaction() as tx:  # noqa: PT012
            first = batch_on(tx, "a")
            tx.commit(first)
            with pytest.raises(Conflict):
                tx.commit(first)
            with pytest.raises(StoreMisuse, match="has failed"):
                tx.head("a")
        with store.transaction() as tx:
            assert tx.head("a") is None

    def test_several_commits_are_one_transaction(self, store: Store) -> None:
        """Group commit: several batches, of one run and of many, become visible together and stay chained."""
        with store.transaction() as tx:
            for run in ("a", "b", "a", "a"):
                tx.commit(batch_on(tx, run, put={"last": run}))
        with store.transaction() as tx:
            assert [(head.run, head.seq) for head in tx.heads(HeadQuery())] == [("a", 3), ("b", 1)]
            assert codec.verify_chain(tx.entries("a"), "a", tx.head("a")) == []

    def test_several_batches_are_one_commit(self, store: Store) -> None:
        """Batches handed in together are written in their order, all or none of them."""
        with store.transaction() as tx:
            for run in ("a", "b"):
                tx.commit(batch_on(tx, run))
        with store.transaction() as tx:
            tx.commit()
            tx.commit(*(batch_on(tx, run, put={"k": run}, due_at=NOON) for run in ("b", "c", "a")))
            assert [(head.run, head.seq) for head in tx.heads(HeadQuery())] == [("a", 2), ("b", 2), ("c", 1)]
            assert tx.rows("c", ["k"]) == {"k": "c"}
        with store.transaction() as tx:
            good, late = batch_on(tx, "a"), batch_on(tx, "b")
            tx.commit(batch_on(tx, "b"))
        with pytest.raises(Conflict), store.transaction() as tx:
            tx.commit(good, late)
        with store.transaction() as tx:
            assert [(head.run, head.seq) for head in tx.heads(HeadQuery())] == [("a", 2), ("b", 3), ("c", 1)]
            assert codec.verify_chain(tx.entries("b"), "b", tx.head("b")) == []

    def test_a_batch_without_entries_changes_rows_alone(self, store: Store) -> None:
        """Rows and the due instant can move without an event; seq and chain stay."""
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "r"))
            head = tx.head("r")
            assert head is not None
            tx.commit(Batch(head=attrs.evolve(head, due_at=NOON), expected_seq=1, put={"a": "1"}))
            assert tx.head("r") == attrs.evolve(head, due_at=NOON)

    def test_what_a_run_is_never_changes(self, store: Store) -> None:
        """Campaign, level, unit and parent are written once."""
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "r", unit="north"))
        for change in ({"unit": "south"}, {"campaign": "d"}, {"level": "x"}, {"parent": "p"}):
            with pytest.raises(StoreMisuse, match="campaign, level, unit or parent"), store.transaction() as tx:
                tx.commit(batch_on(tx, "r", **change))

    def test_a_command_is_answered_once(self, store: Store) -> None:
        """Idempotence rests on this: one command id of a run has one answer; another run may use the same id."""
        answer = Answer(command_id="k", digest="d", seq_first=1, seq_last=1, body="1")
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "r", answer=answer))
            tx.commit(batch_on(tx, "s", answer=answer))
        with pytest.raises(Conflict, match="answered already"), store.transaction() as tx:
            tx.commit(batch_on(tx, "r", answer=attrs.evolve(answer, body="2")))
        with store.transaction() as tx:
            assert tx.answer("r", "k") == answer

    def test_transactions_do_not_nest(self, store: Store) -> None:
        """A transaction inside a transaction is refused, and the outer one is not hurt by that."""
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "r"))
            for write in (True, False):
                with pytest.raises(StoreMisuse, match="inside a transaction"), store.transaction(write=write):
                    pass
        with store.transaction(write=False) as tx:
            assert tx.head("r") is not None

    def test_a_reading_transaction_writes_nothing(self, store: Store) -> None:
        """Each write in a transaction that only reads is refused by name."""
        with store.transaction() as tx:
            batch = batch_on(tx, "r")
        for write in (
            lambda tx: tx.commit(batch),
            lambda tx: tx.keep_plan("d", "t"),
            lambda tx: tx.declare_hooks(["h"]),
            lambda tx: tx.seal_ballots("p"),
            lambda tx: tx.revive("r:1:1/h", at=NOON),
            lambda tx: tx.discard("r:1:1/h", reason="", now=NOON),
            lambda tx: self.claim(tx),
            lambda tx: tx.claim_due(by=NOON, limit=1),
        ):
            with pytest.raises(StoreReadOnly), store.transaction(write=False) as tx:
                write(tx)

    def test_what_has_ended_is_closed(self, store: Store) -> None:
        """A transaction after its block, and a closed store, say so; closing twice is no fault."""
        with store.transaction() as tx:
            pass
        with pytest.raises(StoreClosed):
            tx.head("r")
        store.close()
        store.close()
        with pytest.raises(StoreClosed), store.transaction():
            pass

    def test_threads_take_turns(self, store: Store) -> None:
        """Four threads that read, add one and commit lose no step and need no retry: a writer is alone."""
        faults: list[BaseException] = []

        def work() -> None:
            try:
                for _ in range(25):
                    with store.transaction() as tx:
                        count = tx.rows("r", ["count"]).get("count", "0")
                        tx.commit(batch_on(tx, "r", put={"count": str(int(count) + 1)}))
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        with store.transaction() as tx:
            assert tx.rows("r", ["count"]) == {"count": "100"}
            assert codec.verify_chain(tx.entries("r"), "r", tx.head("r")) == []

    def test_threads_in_haste_lose_nothing(self, store: Store) -> None:
        """Writers that do not wait lose no step either: whoever was overtaken gets a conflict, and then waits."""
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "r", put={"count": "0", "moved": "0"}))
        faults: list[BaseException] = []

        def step(number: int, *, wait: bool) -> None:
            with store.transaction(wait=wait) as tx:
                looked = tx.look("r", keys=["count", "moved"])
                assert looked is not None
                if number % 5:
                    tx.commit(batch_on(tx, "r", put={"count": str(int(looked.rows["count"]) + 1)}))
                else:  # Rows alone; seq stays.
                    put = {"moved": str(int(looked.rows["moved"]) + 1)}
                    tx.commit(Batch(head=looked.head, expected_seq=looked.head.seq, put=put))

        def work() -> None:
            try:
                for number in range(25):
                    try:
                        step(number, wait=False)
                    except Conflict:
                        step(number, wait=True)
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        with store.transaction() as tx:
            assert tx.rows("r", ["count", "moved"]) == {"count": "80", "moved": "20"}
            assert codec.verify_chain(tx.entries("r"), "r", tx.head("r")) == []

    def test_haste_is_whole_as_well(self, store: Store) -> None:
        """In haste, too, a block commits all it wrote or nothing, sees its own writes, and may write several runs."""
        with pytest.raises(Broken), store.transaction(wait=False) as tx:  # noqa: PT012
            tx.commit(batch_on(tx, "a"))
            raise Broken
        with store.transaction(wait=False) as tx:
            assert tx.head("a") is None
            tx.commit(batch_on(tx, "a", put={"k": "1"}))
            assert tx.rows("a", ["k"]) == {"k": "1"}
            tx.commit(batch_on(tx, "b"))
            tx.commit(batch_on(tx, "a"))
        with store.transaction() as tx:
            assert [(head.run, head.seq) for head in tx.heads(HeadQuery())] == [("a", 2), ("b", 1)]
            late = batch_on(tx, "a")
            tx.commit(batch_on(tx, "a"))
        with pytest.raises(Conflict), store.transaction(wait=False) as tx:  # noqa: PT012
            tx.commit(batch_on(tx, "c"))
            tx.commit(late)
        with pytest.raises(Conflict), store.transaction(wait=False) as tx:
            tx.commit(late)
        with store.transaction() as tx:
            assert [(head.run, head.seq) for head in tx.heads(HeadQuery())] == [("a", 3), ("b", 1)]

    def test_a_look_is_the_single_reads(self, store: Store) -> None:
        """One look gives head, answer, rows and the beginnings of ranges, as single reads would."""
        answer = Answer(command_id="k", digest="d", seq_first=1, seq_last=1, body="1")
        rows = {"a/1": "1", "a/2": "2", "a/3": "3", "b": "b"}
        with store.transaction() as tx:
            assert tx.look("r") is None
            tx.commit(batch_on(tx, "r", put=rows, answer=answer, due_at=NOON))
            tx.commit(batch_on(tx, "s", put={"a/9": "9"}))
            asked = {"command_id": "k", "keys": ["b", "x"], "prefixes": ["a/", "c/", "\U0010ffff"]}
            looked = tx.look("r", **asked, limit=2)  # type: ignore[arg-type]
            assert looked is not None
            assert (looked.head, looked.answer, looked.rows) == (tx.head("r"), answer, {"b": "b"})
            assert looked.scans == {"a/": [("a/1", "1"), ("a/2", "2")], "c/": []}
        with store.transaction(write=False) as tx:
            looked = tx.look("r")
            assert looked is not None
            assert (looked.head.due_at, looked.answer, looked.rows, looked.scans) == (NOON, None, {}, {})

    def test_who_listens_is_woken(self, store: Store) -> None:
        """A commit of a notice or a due instant wakes who listens; undone, or stopped, nobody has to be."""
        woken = threading.Event()
        listening = store.listen(woken.set)
        try:
            for due in (True, False):
                for number in range(100):  # A hint may be left out, so soon after the last, or before all is set up.
                    woken.clear()
                    told = () if due else (notice("r", 1, number),)
                    with store.transaction(wait=due) as tx:
                        tx.commit(batch_on(tx, "r", due_at=NOON if due else None, notices=told))
                    if woken.wait(0.2):
                        break
                assert woken.is_set()
        finally:
            listening.stop()
            listening.stop()

    def test_a_store_is_not_touched_through_its_values(self, store: Store) -> None:
        """Changing a mapping that was given, or one that was got, changes nothing that is kept."""
        put = {"a": "1"}
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "r", put=put))
            put["a"] = "2"
            tx.rows("r", ["a"])["a"] = "3"
            tx.entries("r").clear()
            assert tx.rows("r", ["a"]) == {"a": "1"}
            assert len(tx.entries("r")) == 1

    # --- rows ------------------------------------------------------------------------------------------------------

    def test_scans_go_by_code_point(self, store: Store) -> None:
        """A scan gives exactly the keys with the prefix, in code point order, in pages, of one run."""
        keys = [
            "a",
            "a/",
            "a/1",
            "a/10",
            "a/2",
            "a/B",
            "a/b",
            "a/é",
            "a/中",
            "a/\ud7ff",
            "a/\ud7ffx",
            "a/\ue000",
            "a/😀",
            "a0",
            "b",
            "é",
            "a/\u007f",
        ]
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "r", put={key: key.upper() for key in keys}))
            tx.commit(batch_on(tx, "s", put={"a/other": ""}))
            for prefix in ("", "a", "a/", "a/1", "a/\ud7ff", "\U0010ffff", "a/\U0001f600", "zz", "é"):
                wanted = sorted(key for key in keys if key.startswith(prefix))
                assert [key for key, _ in tx.scan("r", prefix)] == wanted, prefix
                for after in ("", "a/10", "a/zzz", "zzz"):
                    page = [key for key in wanted if key > after]
                    assert [key for key, _ in tx.scan("r", prefix, after=after)] == page
                    assert [key for key, _ in tx.scan("r", prefix, after=after, limit=2)] == page[:2]
            assert tx.scan("r", "a/é") == [("a/é", "A/É")]

    def test_rows_are_replaced_and_dropped(self, store: Store) -> None:
        """Putting replaces, dropping removes, and dropping what is not there is no fault."""
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "r", put={"a": "1", "b": "1", "c": "1"}))
            tx.commit(batch_on(tx, "r", put={"a": "2"}, drop=["b", "never"]))
            assert tx.scan("r", "") == [("a", "2"), ("c", "1")]
            many = [f"k{n:03}" for n in range(100)]
            tx.commit(batch_on(tx, "r", put=dict.fromkeys(many, "x"), drop={"c"}))
            assert tx.rows("r", [*many, "a", "b"]) == dict.fromkeys(many, "x") | {"a": "2"}

    def test_texts_come_back_byte_for_byte(self, store: Store) -> None:
        """Any Unicode text of any common size survives, in keys, bodies, ids and names."""
        odd = "中文 é e\u0301 😀 \u2028 ' \" % \\ \r\n\t;--"
        long = "现场安全" * 90_000  # above one megabyte in UTF-8
        with store.transaction() as tx:
            tx.commit(batch_on(tx, odd, odd, long, put={odd: odd, "long": long}, unit=odd, status=odd))
        with store.transaction(write=False) as tx:
            assert [entry.body for entry in tx.entries(odd)] == [odd, long]
            assert tx.rows(odd, [odd, "long"]) == {odd: odd, "long": long}
            assert [head.unit for head in tx.heads(HeadQuery(unit=odd, status=odd))] == [odd]
            assert codec.verify_chain(tx.entries(odd), odd, tx.head(odd)) == []

    def test_half_a_character_is_refused(self, store: Store) -> None:
        """A lone surrogate cannot be stored; the refusal is the store's own."""
        with store.transaction() as tx:
            good = batch_on(tx, "r")
        with pytest.raises(StoreMisuse), store.transaction() as tx:
            tx.commit(attrs.evolve(good, put={"a": "\ud800"}))

    def test_a_trail_is_read_in_pages(self, store: Store) -> None:
        """Entries come in the order of seq, from behind any seq, at most as many as asked for."""
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "r", *(str(n) for n in range(1, 13))))
            assert [entry.seq for entry in tx.entries("r")] == list(range(1, 13))
            assert [entry.body for entry in tx.entries("r", after=9)] == ["10", "11", "12"]
            assert [entry.seq for entry in tx.entries("r", after=3, limit=2)] == [4, 5]
            assert tx.entries("r", after=12) == []

    # --- heads -----------------------------------------------------------------------------------------------------

    def test_heads_are_found_by_each_field(self, store: Store) -> None:
        """A query gives exactly the heads that fit all of its fields, by run id."""
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "top", campaign="c1", level="programme"))
            for n, (campaign, unit) in enumerate([("c1", "north"), ("c1", "south"), ("c2", "north")]):
                tx.commit(batch_on(tx, f"u{n}", campaign=campaign, unit=unit, parent="top", status=f"s{n % 2}"))
            expected = {
                HeadQuery(): ["top", "u0", "u1", "u2"],
                HeadQuery(campaign="c1"): ["top", "u0", "u1"],
                HeadQuery(parent="top"): ["u0", "u1", "u2"],
                HeadQuery(unit="north"): ["u0", "u2"],
                HeadQuery(level="programme"): ["top"],
                HeadQuery(parent="top", status="s0"): ["u0", "u2"],
                HeadQuery(campaign="c1", unit="north", level="unit"): ["u0"],
                HeadQuery(campaign="none"): [],
                HeadQuery(limit=2): ["top", "u0"],
                HeadQuery(campaign="c1", limit=0): [],
                HeadQuery(after=tx.head("u0")): ["u1", "u2"],
                HeadQuery(after=tx.head("u0"), parent="top", limit=1): ["u1"],
            }
            for where, runs in expected.items():
                assert [head.run for head in tx.heads(where)] == runs, where

    def test_one_row_of_many_runs_comes_in_one_read(self, store: Store) -> None:
        """Heads as a query gives them, each with its row of that key; the extent counts the same heads and entries."""
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "top", put={"head": "of the top"}))
            tx.commit(batch_on(tx, "u0", "1", "2", parent="top", put={"head": "of u0", "other": "x"}))
            tx.commit(batch_on(tx, "u1", parent="top", put={"other": "y"}, due_at=NOON))
            tx.commit(batch_on(tx, "u2", "1", "2", "3", parent="top", put={"head": ""}, due_at=NOON + MINUTE))
            units = HeadQuery(parent="top")
            kept = {"top": "of the top", "u0": "of u0", "u1": None, "u2": ""}
            for where in (
                HeadQuery(),
                units,
                attrs.evolve(units, limit=2),
                attrs.evolve(units, limit=0),
                attrs.evolve(units, after=tx.head("u0")),
                attrs.evolve(units, due_by=NOON),
                attrs.evolve(units, order="due"),
                attrs.evolve(units, runs=("u2", "u0", "top", "nobody", "u2")),
                attrs.evolve(units, runs=("u2", "u1"), order="due", due_by=NOON),
                HeadQuery(runs=()),
                HeadQuery(parent="nobody"),
            ):
                heads = tx.heads(where)
                assert tx.rows_of(where, "head") == [(head, kept[head.run]) for head in heads], where
                assert tx.chains(where) == [(head.run, head.chain) for head in heads], where
                assert tx.extent(where) == Extent(len(heads), sum(head.seq for head in heads)), where
            assert tx.extent(units) == Extent(3, 6)
            assert [head.run for head in tx.heads(attrs.evolve(units, runs=("u2", "u0", "top")))] == ["u0", "u2"]
            tx.commit(batch_on(tx, "u1", put={"head": "at last"}))
            assert [row for _head, row in tx.rows_of(units, "head")] == ["of u0", "at last", ""]

    def test_due_runs_come_by_instant(self, store: Store) -> None:
        """What is due comes by instant, then run id, to the microsecond and in any zone; in pages without loss."""
        tick = timedelta(microseconds=1)
        at = {"a": NOON, "b": NOON - tick, "c": NOON + tick, "d": NOON, "e": None, "f": NOON - timedelta(days=400)}
        far = timezone(timedelta(hours=8))
        with store.transaction() as tx:
            for run, due_at in at.items():
                tx.commit(batch_on(tx, run, due_at=None if due_at is None else due_at.astimezone(far)))
            tx.commit(batch_on(tx, "g", due_at=NOON, campaign="other"))
            due = HeadQuery(due_by=NOON, order="due")
            assert [head.run for head in tx.heads(due)] == ["f", "b", "a", "d", "g"]
            assert [head.run for head in tx.heads(HeadQuery(order="due"))] == ["f", "b", "a", "d", "g", "c"]
            assert [head.run for head in tx.heads(HeadQuery(due_by=NOON))] == ["a", "b", "d", "f", "g"]
            assert [head.run for head in tx.heads(attrs.evolve(due, campaign="c"))] == ["f", "b", "a", "d"]
            assert {head.due_at for head in tx.heads(HeadQuery())} == {*at.values()}
            assert all(head.due_at is None or head.due_at.tzinfo is UTC for head in tx.heads(HeadQuery()))
            seen: list[str] = []
            while page := tx.heads(attrs.evolve(due, limit=2, after=tx.head(seen[-1]) if seen else None)):
                seen += [head.run for head in page]
            assert seen == ["f", "b", "a", "d", "g"]

    def test_due_runs_are_claimed_longest_due_first(self, store: Store) -> None:
        """A claim takes runs by their instant, up to the one named, and no more than asked for."""
        with store.transaction() as tx:
            for run, due in (("a", NOON + MINUTE), ("b", NOON), ("c", NOON + 2 * MINUTE), ("d", None)):
                tx.commit(batch_on(tx, run, due_at=due))
        with store.transaction() as tx:
            assert [head.run for head in tx.claim_due(by=NOON + MINUTE, limit=5)] == ["b", "a"]
            (first,) = tx.claim_due(by=NOON + 2 * MINUTE, limit=1)
            behind = tx.claim_due(by=NOON + 2 * MINUTE, limit=5, after=first)
            assert [first.run, *(head.run for head in behind)] == ["b", "a", "c"]

    def test_a_settled_run_is_due_no_more(self, store: Store) -> None:
        """Moving or clearing the due instant moves the run in the query."""
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "r", due_at=NOON))
            tx.commit(batch_on(tx, "r", due_at=NOON + MINUTE))
            assert tx.heads(HeadQuery(due_by=NOON)) == []
            assert len(tx.heads(HeadQuery(due_by=NOON + MINUTE))) == 1
            tx.commit(batch_on(tx, "r", due_at=None))
            assert tx.heads(HeadQuery(order="due")) == []

    # --- plans, personal values, ballots -----------------------------------------------------------------------------

    def test_a_plan_is_kept_for_ever(self, store: Store) -> None:
        """A digest has one text: the same again is no change, another is refused, and the first stays."""
        with store.transaction() as tx:
            tx.keep_plan("d", "text")
            tx.keep_plan("d", "text")
        with pytest.raises(StoreMisuse, match="another plan"), store.transaction() as tx:
            tx.keep_plan("d", "other")
        with store.transaction() as tx:
            assert (tx.plan("d"), tx.plan("e")) == ("text", None)

    def test_a_person_can_be_erased(self, store: Store) -> None:
        """R16: erasing removes the values of one owner in one run and nothing else, and the chain still holds."""
        with store.transaction() as tx:
            values = (_personal("li", "1/name"), _personal("li", "2/name"), _personal("wang", "3/name"))
            sealed = codec.commit("s", "李娜")
            tx.commit(batch_on(tx, "r", codec.dumps({"name": sealed}), personal=values))
            tx.commit(batch_on(tx, "s", personal=values))
            assert tx.personal("r", ["1/name", "9/name"]) == {"1/name": values[0]}
            tx.commit(batch_on(tx, "r", '{"erased":"li"}', erase=("li",)))
        with store.transaction() as tx:
            refs = ["1/name", "2/name", "3/name"]
            assert tx.personal("r", refs) == {"3/name": values[2]}
            assert len(tx.personal("s", refs)) == 3
            assert codec.verify_chain(tx.entries("r"), "r", tx.head("r")) == []

    def test_ballots_keep_no_order(self, tmp_path: Path) -> None:
        """R14: the box reads the same whatever the order of casting, before and after it is sealed."""
        ids = ["7f", "03", "c1", "aa"]
        read = []
        for number, order in enumerate([ids, sorted(ids), sorted(ids, reverse=True)]):
            place = tmp_path / str(number)
            place.mkdir()
            store = self.open(place)
            for id_ in order:
                with store.transaction() as tx:
                    tx.commit(batch_on(tx, "r", ballots=(Ballot("r/p", id_, f'"{id_}"'), Ballot("r/q", id_, '""'))))
            for seal in (False, True):
                with store.transaction() as tx:
                    if seal:
                        tx.seal_ballots("r/p")
                    read.append(tx.ballots("r/p"))
            store.close()
        assert read == [['"03"', '"7f"', '"aa"', '"c1"']] * 6

    def test_a_ballot_is_not_overwritten(self, store: Store) -> None:
        """A ballot id that is taken is a conflict, and the first ballot stays."""
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "r", ballots=(Ballot("p", "1", "yes"),)))
        with pytest.raises(Conflict), store.transaction() as tx:
            tx.commit(batch_on(tx, "r", ballots=(Ballot("p", "1", "no"),)))
        with store.transaction() as tx:
            assert tx.ballots("p") == ["yes"]

    # --- outbox ----------------------------------------------------------------------------------------------------

    def test_a_hook_is_told_what_comes_after_it(self, store: Store) -> None:
        """A declared hook gets every later notice, whoever relays first; declaring again moves nothing."""
        with store.transaction() as tx:
            tx.commit(batch_on(tx, "r", notices=(notice("r", 1),)))
            tx.declare_hooks(["mail"])
            tx.declare_hooks(["all"], from_start=True)
            tx.commit(batch_on(tx, "r", notices=(notice("r", 2),)))
            tx.declare_hooks(["mail", "all"])
            assert [d.id for d in self.claim(tx, "all")] == ["r:1:1/all"]
            assert [d.id for d in tx.deliveries(hook="mail")] == ["r:2:1/mail"], "an absent hook's deliveries wait"
            assert [d.id for d in self.claim(tx, "mail", "undeclared")] == ["r:2:1/mail"]
        with pytest.raises(StoreMisuse, match="name of a hook"), store.transaction() as tx:
            tx.declare_hooks(["a/b"])

    def test_the_outbox_is_read_in_order(self, store: Store) -> None:
        """Notices come as they were committed, in pages, of all runs or of one."""
        with store.transaction() as tx:
            full = notice("b", 1, useless_after=NOON + MINUTE, coalesce="k")
            for run, told in [("b", full), ("a", notice("a", 1)), ("b", notice("b", 2))]:
                tx.commit(batch_on(tx, run, notices=(told,)))
            assert [n.id for n in tx.notices()] == ["b:1:1", "a:1:1", "b:2:1"]
            assert {n.id for n in tx.notices(gapless=True)} <= {"b:1:1", "a:1:1", "b:2:1"}
            assert tx.notices(limit=1) == [full]
            assert [n.id for n in tx.notices(after="b:1:1", limit=5)] == ["a:1:1", "b:2:1"]
            assert [n.id for n in tx.notices(run="b", after="b:1:1")] == ["b:2:1"]
        with pytest.raises(Conflict), store.transaction() as tx:
            tx.commit(batch_on(tx, "b", notices=(notice("b", 2),)))

    def test_one_run_is_told_in_order(self, store: Store) -> None:
        """Per run and hook nothing is claimable while an earlier delivery is open; other runs and hooks go on."""
        with self.told(store, ("a", 1), ("a", 2), ("b", 1)) as tx:
            first = self.claim(tx, "log", "mail")
            assert sorted(d.id for d in first) == ["a:1:1/log", "a:1:1/mail", "b:1:1/log", "b:1:1/mail"]
            assert self.claim(tx, "log", "mail") == []
            tx.commit(batch_on(tx, "a", notices=(notice("a", 3),)))
            assert self.claim(tx, "log", "mail") == [], "a notice of a later commit waits as well"
            mail = next(d for d in first if d.id == "a:1:1/mail")
            assert tx.settle(mail, Delivered(), now=NOON)
            assert [d.id for d in self.claim(tx, "log", "mail")] == ["a:2:1/mail"]

    def test_an_available_time_is_waited_for(self, store: Store) -> None:
        """A notice is not claimed before its instant, and holds back the later ones of its run."""
        with store.transaction() as tx:
            tx.declare_hooks(["mail"])
            later = notice("r", 1, available_at=NOON + MINUTE)
            tx.commit(batch_on(tx, "r", notices=(later, notice("r", 1, 2))))
            assert self.claim(tx) == []
            assert [d.id for d in self.claim(tx, now=NOON + MINUTE)] == ["r:1:1/mail"]

    def test_a_lease_runs_out(self, store: Store) -> None:
        """What a dead worker held is claimable again at the end of its lease; the late worker can settle nothing."""
        with self.told(store, ("r", 1)) as tx:
            (lost,) = self.claim(tx)
            assert (lost.status, lost.attempts, lost.worker) == ("leased", 1, "w")
            assert self.claim(tx, now=NOON + MINUTE - timedelta(microseconds=1)) == []
            (again,) = self.claim(tx, now=NOON + MINUTE)
            assert (again.id, again.attempts) == (lost.id, 2)
            assert not tx.settle(lost, Delivered(), now=NOON)
            assert tx.settle(again, Delivered(), now=NOON + MINUTE)
            assert not tx.settle(again, Dead("late"), now=NOON + MINUTE)
            (done,) = tx.deliveries(hook="mail")
            assert (done.status, done.settled_at, done.attempts) == ("delivered", NOON + MINUTE, 2)

    def test_a_retry_waits_and_remembers(self, store: Store) -> None:
        """A failed attempt is claimable again from the instant named, with its error and progress; order holds."""
        with self.told(store, ("r", 1), ("r", 2)) as tx:
            (first,) = self.claim(tx)
            assert tx.settle(first, Retry(at=NOON + MINUTE, error="refused", progress="page 2"), now=NOON)
            assert self.claim(tx) == []
            assert [d.error for d in tx.deliveries(status="waiting", hook="mail")] == ["refused", ""]
            (again,) = self.claim(tx, now=NOON + MINUTE)
            assert (again.id, again.attempts, again.progress) == (first.id, 2, "page 2")

    def test_dead_and_skipped_do_not_block(self, store: Store) -> None:
        """A dead or skipped delivery lets the next of its run go on, and stays on show with its reason."""
        with self.told(store, ("r", 1), ("r", 2), ("r", 3)) as tx:
            for outcome in (Dead("no such address"), Skipped("stale"), Delivered()):
                (delivery,) = self.claim(tx)
                assert tx.settle(delivery, outcome, now=NOON)
            assert self.claim(tx) == []
            shown = [(d.status, d.error) for d in tx.deliveries(hook="mail")]
            assert shown == [("dead", "no such address"), ("skipped", "stale"), ("delivered", "")]
            assert [d.id for d in tx.deliveries(status="dead", run="r", limit=5)] == ["r:1:1/mail"]

    def test_a_dead_delivery_can_be_revived(self, store: Store) -> None:
        """Revived, it is claimable again before the later ones; only dead ones can be revived."""
        with self.told(store, ("r", 1), ("r", 2)) as tx:
            (first,) = self.claim(tx)
            assert tx.settle(first, Dead("down"), now=NOON)
            assert not tx.revive("r:2:1/mail", at=NOON)
            assert not tx.revive("nothing", at=NOON)
            assert tx.revive("r:1:1/mail", at=NOON)
            (again,) = self.claim(tx)
            assert (again.id, again.attempts, again.settled_at) == (first.id, 2, None)
            assert self.claim(tx) == []
            assert tx.settle(again, Delivered(), now=NOON)
            assert [d.id for d in self.claim(tx)] == ["r:2:1/mail"]

    def test_a_dead_delivery_can_be_discarded(self, store: Store) -> None:
        """Discarded, it is skipped for the reason given, for good; only dead ones can be discarded."""
        with self.told(store, ("r", 1), ("r", 2)) as tx:
            (first,) = self.claim(tx)
            assert not tx.discard(first.id, reason="no", now=NOON)
            assert tx.settle(first, Dead("down"), now=NOON)
            assert not tx.discard("nothing", reason="no", now=NOON)
            assert tx.discard(first.id, reason="told by telephone", now=NOON + MINUTE)
            assert not tx.revive(first.id, at=NOON)
            (kept, _) = tx.deliveries(hook="mail")
            assert (kept.status, kept.error, kept.settled_at) == ("skipped", "told by telephone", NOON + MINUTE)
            assert [d.id for d in self.claim(tx)] == ["r:2:1/mail"]

    def test_those_of_a_line_can_be_claimed_together(self, store: Store) -> None:
        """One claim takes the first open ones of a line without a gap, as far as they are ready; each settles alone."""
        with store.transaction() as tx:
            tx.declare_hooks(["mail"])
            for run, seq, later in (("a", 1, 0), ("b", 1, 0), ("a", 2, 0), ("a", 3, 1), ("a", 4, 0)):
                tx.commit(batch_on(tx, run, notices=(notice(run, seq, available_at=NOON + later * MINUTE),)))
            claimed = self.claim(tx, together=9)
            assert [d.id for d in claimed] == ["a:1:1/mail", "a:2:1/mail", "b:1:1/mail"]
            assert [d.line for d in claimed] == ["a", "a", "b"]
            assert tx.settle(claimed[1], Delivered(), now=NOON)
            assert self.claim(tx, together=9) == [], "the first of the line is still leased"
            assert tx.settle(claimed[0], Retry(at=NOON + MINUTE), now=NOON)
            again = self.claim(tx, now=NOON + MINUTE, together=2)
            assert [d.id for d in again] == ["a:1:1/mail", "a:3:1/mail", "b:1:1/mail"], "b's lease has run out"
            last = self.claim(tx, now=NOON + 2 * MINUTE, together=9, limit=1)
            assert [d.id for d in last] == ["a:1:1/mail", "a:3:1/mail", "a:4:1/mail"], "a limit is of lines"

    def test_a_notice_becomes_letters(self, store: Store) -> None:
        """A whole is settled as letters, page by page; a second letter to one person is not made, and each is claimed
        in the order of its own line, which wholes do not share."""
        with self.told(store, ("a", 1), ("a", 2), ("b", 1)) as tx:
            first, other = self.claim(tx)
            assert tx.settle(other, Expanded(letters=letters("chen", "li")), now=NOON)
            assert tx.settle(first, Expanded(letters=letters("li"), progress="li", over=False), now=NOON)
            assert [d.id for d in self.claim(tx)] == ["a:1:1/mail"], "more pages come before the next notice"
            (again,) = self.claim(tx, now=NOON + MINUTE)
            assert (again.progress, again.attempts) == ("li", 3)
            assert not tx.settle(first, Expanded(letters=letters("nobody")), now=NOON)
            assert tx.settle(again, Expanded(letters=letters("li", "wang")), now=NOON + MINUTE)
            assert [d.id for d in tx.deliveries(status="expanded")] == ["a:1:1/mail", "b:1:1/mail"]
            taken = self.claim(tx, letters=True, together=1)
            assert [d.id for d in taken] == ["a:1:1/mail/li", "a:1:1/mail/wang", "b:1:1/mail/chen"]
            assert [(d.recipient, d.line) for d in taken] == [("li", "~li"), ("wang", "~wang"), ("chen", "~chen")]
            assert self.claim(tx, letters=True) == [], "li has one of a, which was committed first"
            assert tx.settle(taken[0], Dead("no such address"), now=NOON)
            assert [d.id for d in self.claim(tx, letters=True)] == ["b:1:1/mail/li"]
            assert [d.id for d in tx.deliveries(recipient="li")] == ["a:1:1/mail/li", "b:1:1/mail/li"]
            assert tx.revive("a:1:1/mail/li", at=NOON)
            assert [d.status for d in tx.deliveries(recipient="", run="b", hook="mail")] == ["expanded"]

    def test_an_earlier_letter_takes_the_turn(self, store: Store) -> None:
        """A notice that is expanded late comes before a later one of the same line that was not claimed yet."""
        with self.told(store, ("a", 1), ("b", 1)) as tx:
            first, other = self.claim(tx)
            assert tx.settle(other, Expanded(letters=letters("li")), now=NOON)
            assert tx.settle(first, Expanded(letters=letters("li")), now=NOON)
            claimed = self.claim(tx, letters=True)
            assert [d.id for d in claimed] == ["a:1:1/mail/li"]
            assert tx.settle(claimed[0], Delivered(), now=NOON)
            assert [d.id for d in self.claim(tx, letters=True)] == ["b:1:1/mail/li"]

    def test_a_superseded_notice_says_so(self, store: Store) -> None:
        """A claim reports a later notice of the same coalescing key, of any run, once that one is available."""
        with store.transaction() as tx:
            tx.declare_hooks(["mail"])
            tx.commit(batch_on(tx, "a", notices=(notice("a", 1, coalesce="k"), notice("a", 1, 2))))
            tx.commit(batch_on(tx, "b", notices=(notice("b", 1, coalesce="k"),)))
            future = notice("c", 1, coalesce="k", available_at=NOON + MINUTE)
            tx.commit(batch_on(tx, "c", notices=(future, notice("c", 1, 2, coalesce="l"))))
            assert [(d.notice.id, d.superseded) for d in self.claim(tx)] == [("a:1:1", True), ("b:1:1", False)]

    def test_the_longest_ready_goes_first(self, store: Store) -> None:
        """Claims go by the instant of being ready, then by order of commit, and keep to their limit."""
        with store.transaction() as tx:
            tx.declare_hooks(["mail", "log"])
            for run, minutes in (("a", 0), ("b", 1), ("c", 2)):
                tx.commit(batch_on(tx, run, notices=(notice(run, 1, available_at=NOON - minutes * MINUTE),)))
            claimed = self.claim(tx, "mail", "log", limit=3)
            assert [d.id for d in claimed] == ["c:1:1/log", "c:1:1/mail", "b:1:1/log"]
            assert self.claim(tx, "mail", limit=0) == []

    # --- lasting ---------------------------------------------------------------------------------------------------

    def test_everything_lasts(self, tmp_path: Path) -> None:
        """A store that was closed and opened again holds all that was committed and nothing that was not."""
        if not self.durable:
            pytest.skip("this store forgets on purpose")
        store = self.open(tmp_path)
        with store.transaction() as tx:
            tx.declare_hooks(["mail"])
            tx.keep_plan("d", "text")
            box = (Ballot("p", "1", "yes"),)
            answer = Answer(command_id="k", digest="d", seq_first=1, seq_last=1, body="1")
            told = (notice("r", 1), notice("r", 1, 2))
            tx.commit(
                batch_on(
                    tx,
                    "r",
                    put={"a": "1"},
                    due_at=NOON,
                    notices=told,
                    personal=(_personal("li"),),
                    ballots=box,
                    answer=answer,
                )
            )
            tx.settle(self.claim(tx)[0], Retry(at=NOON, error="x"), now=NOON)
        with pytest.raises(Broken), store.transaction() as tx:  # noqa: PT012
            tx.commit(batch_on(tx, "r", put={"a": "2"}))
            raise Broken
        before = self.all_of(store)
        store.close()
        store = self.open(tmp_path)
        assert self.all_of(store) == before
        with store.transaction() as tx:
            assert (tx.plan("d"), tx.answer("r", "k"), tx.ballots("p")) == ("text", answer, ["yes"])
            assert [d.attempts for d in self.claim(tx)] == [2]
        store.close()

    # --- what the laws use -------------------------------------------------------------------------------------------

    def claim(self, tx: Tx, *hooks: str, now: datetime = NOON, limit: int = 10, **more: Any) -> list[Delivery]:
        """Claim for one minute, for the hook ``mail`` unless others are named."""
        until = now + MINUTE
        return tx.claim_deliveries(hooks or ("mail",), now=now, limit=limit, lease_until=until, worker="w", **more)

    @contextlib.contextmanager
    def told(self, store: Store, *notices: tuple[str, int]) -> Iterator[Tx]:
        """A transaction in which the hooks ``log`` and ``mail`` have these notices, (run, seq), before them."""
        with store.transaction() as tx:
            tx.declare_hooks(["log", "mail"])
            for run, seq in notices:
                tx.commit(batch_on(tx, run, notices=(notice(run, seq),)))
            yield tx

    def all_of(self, store: Store) -> dict[str, object]:
        """All that can be listed in a store, for comparing."""
        with store.transaction(write=False) as tx:
            heads = tx.heads(HeadQuery())
            return {
                "heads": heads,
                "due": [head.run for head in tx.heads(HeadQuery(order="due"))],
                "rows": {head.run: tx.scan(head.run, "") for head in heads},
                "entries": {head.run: tx.entries(head.run) for head in heads},
                "personal": {head.run: tx.personal(head.run, ["1/name"]) for head in heads},
                "notices": tx.notices(),
                "deliveries": tx.deliveries(),
            }
