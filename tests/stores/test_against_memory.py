"""Each durable store and memory answer alike, whatever is done to them, with rollbacks and crashes in between."""

from __future__ import annotations

import tempfile
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from phaseflow.stores import codec
from phaseflow.stores.base import (
    Answer,
    Ballot,
    Batch,
    Dead,
    Delivered,
    Delivery,
    Expanded,
    HeadQuery,
    Letter,
    PersonalValue,
    Retry,
    Skipped,
    Store,
    StoreError,
    Tx,
)
from phaseflow.stores.memory import MemoryStore
from phaseflow.stores.postgres import PostgresStore
from phaseflow.stores.sqlite import SqliteStore
from phaseflow.testing.store_laws import MINUTE, NOON, batch_on, notice
from tests import postgres as servers

runs = st.sampled_from(["a", "b", "b/1", "村"])
keys = st.sampled_from(["duty/1", "duty/10", "duty/2", "duty", "timer/x", "é", "中/😀"])
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
minutes = st.integers(-3, 3).map(lambda n: NOON + n * MINUTE)
hooks = st.sampled_from(["mail", "log", "chat"])
outcomes = st.one_of(
    st.just(Delivered()),
    st.builds(
        Expanded,
        letters=st.lists(
            st.builds(
                Letter,
                recipient=st.sampled_from(["li", "wang", "é"]),
                line=st.sampled_from(["a", "x"]),
                ready_at=minutes,
            ),
            max_size=3,
        ).map(tuple),
        progress=texts,
        over=st.booleans(),
    ),
    st.builds(Skipped, texts),
    st.builds(Dead, texts),
    st.builds(Retry, at=minutes, error=texts),
)
queries = st.builds(
    HeadQuery,
    campaign=st.sampled_from([None, None, "c"]),
    unit=st.sampled_from([None, None, "north"]),
    status=st.sampled_from([None, "open", "shut"]),
    due_by=st.none() | minutes,
    order=st.sampled_from(["run", "due"]),
    limit=st.none() | st.integers(0, 3),
)


class Undone(Exception):
    """Raised in a block to see it undone."""


class BothStores(RuleBasedStateMachine):
    """Each rule is one transaction on both; their answers, and their errors, must be equal."""

    def open(self) -> Store:
        raise NotImplementedError

    def crash(self, transaction: Any) -> None:
        """End a transaction as the operating system ends it for a process that was killed."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.memory = MemoryStore()
        self.durable = self.open()
        self.claimed: list[Delivery] = []
        self.told = 0

    def teardown(self) -> None:
        self.durable.close()

    def both(self, act: Any, *, undo: bool = False, wait: bool = True) -> Any:
        results = []
        for store in (self.memory, self.durable):
            try:
                with store.transaction(wait=wait) as tx:
                    result = act(tx)
                    if undo:
                        raise Undone
            except Undone:
                pass
            except StoreError as fault:
                result = type(fault)
            results.append(result)
        assert results[0] == results[1]
        return results[0]

    @initialize(names=st.sets(hooks, min_size=1))
    def declare_first(self, names: set[str]) -> None:
        self.both(lambda tx: tx.declare_hooks(sorted(names)))

    @rule(
        run=runs,
        put=st.dictionaries(keys, texts, max_size=3),
        drop=st.sets(keys, max_size=2),
        due=st.none() | minutes,
        status=st.sampled_from(["open", "shut"]),
        command=st.sampled_from(["k1", "k2", "k3", None, None]),
        told=st.lists(st.tuples(minutes, st.sampled_from([None, "x", "y"])), max_size=2),
        late=st.sampled_from([0, 0, 0, 0, 1]),
        undo=st.sampled_from([False, False, True]),
        bodies=st.lists(texts.map(codec.dumps), max_size=2),
        wait=st.booleans(),
    )
    def commit(self, run: str, put: Any, drop: Any, due: Any, status: str, command: Any, told: Any, late: int,
               undo: bool, bodies: Any, wait: bool) -> None:  # fmt: skip
        self.told += 1

        def act(tx: Tx) -> None:
            built = batch_on(tx, run, *bodies, put=put, drop=drop - put.keys(), due_at=due, status=status, unit="north")
            seq = built.head.seq
            answer = None
            if command is not None:
                answer = Answer(command_id=command, digest="d", seq_first=seq, seq_last=seq, body="{}")
            notices = tuple(
                attrs.evolve(notice(run, seq, k, available_at=at, coalesce=key), id=f"{run}:{self.told}:{k}")
                for k, (at, key) in enumerate(told)
            )
            batch = attrs.evolve(built, answer=answer, notices=notices)
            if late and built.expected_seq:
                wrong = codec.link(run, "", built.expected_seq - 1, ["{}"])
                head = attrs.evolve(built.head, seq=wrong[0].seq, chain=wrong[0].hash)
                batch = Batch(head=head, expected_seq=built.expected_seq - 1, entries=wrong)
            tx.commit(batch)

        # A hasty commit that is undone was never tried, so whether it would have failed is not known.
        self.both(act, undo=undo, wait=wait or undo)

    @rule(
        run=runs,
        owners=st.lists(st.sampled_from(["li", "wang"]), max_size=2),
        erase=st.sets(st.sampled_from(["li", "wang"])),
        ballot=st.sampled_from(["1", "2", "3"]),
        undo=st.booleans(),
    )
    def people(self, run: str, owners: Any, erase: Any, ballot: str, undo: bool) -> None:
        values = tuple(
            PersonalValue(ref=f"{n}/name", owner=owner, salt="s", value=owner) for n, owner in enumerate(owners)
        )

        def act(tx: Tx) -> Any:
            box = (Ballot(f"{run}/p", ballot, ballot),)
            tx.commit(batch_on(tx, run, personal=values, erase=tuple(erase), ballots=box, unit="north"))
            tx.seal_ballots(f"{run}/p")
            return tx.personal(run, ["0/name", "1/name"]), tx.ballots(f"{run}/p")

        self.both(act, undo=undo)

    @rule(names=st.sets(hooks), from_start=st.booleans(), undo=st.booleans())
    def declare(self, names: set[str], from_start: bool, undo: bool) -> None:
        self.both(lambda tx: tx.declare_hooks(names, from_start=from_start), undo=undo)

    @rule(
        names=st.sets(hooks, min_size=1),
        now=minutes,
        limit=st.integers(0, 4),
        letters=st.booleans(),
        together=st.integers(1, 3),
        undo=st.sampled_from([False, False, True]),
    )
    def claim(self, names: set[str], now: Any, limit: int, letters: bool, together: int, undo: bool) -> None:
        until = now + timedelta(seconds=90)

        def act(tx: Tx) -> list[Delivery]:
            return tx.claim_deliveries(
                names, now=now, limit=limit, lease_until=until, worker="w", letters=letters, together=together
            )

        claimed = self.both(act, undo=undo)
        if not undo:
            self.claimed += claimed

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), outcome=outcomes, now=minutes, undo=st.sampled_from([False, False, True]))
    def settle(self, data: st.DataObject, outcome: Any, now: Any, undo: bool) -> None:
        delivery = data.draw(st.sampled_from(self.claimed))
        self.both(lambda tx: tx.settle(delivery, outcome, now=now), undo=undo)

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), at=minutes)
    def revive(self, data: st.DataObject, at: Any) -> None:
        delivery = data.draw(st.sampled_from(self.claimed))
        self.both(lambda tx: tx.revive(delivery.id, at=at))

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), reason=texts, now=minutes)
    def discard(self, data: st.DataObject, reason: str, now: Any) -> None:
        delivery = data.draw(st.sampled_from(self.claimed))
        self.both(lambda tx: tx.discard(delivery.id, reason=reason, now=now))

    @rule(digest=st.sampled_from(["d", "e"]), body=st.sampled_from(["1", "1", "2"]), undo=st.booleans())
    def keep_plan(self, digest: str, body: str, undo: bool) -> None:
        self.both(lambda tx: tx.keep_plan(digest, body), undo=undo)

    @rule(where=queries)
    def ask_heads(self, where: HeadQuery) -> None:
        heads = self.both(lambda tx: tx.heads(where))
        self.both(lambda tx: (tx.rows_of(where, "duty/1"), tx.extent(where), tx.chains(where)))
        if heads:
            self.both(lambda tx: tx.heads(attrs.evolve(where, after=heads[0])))

    @rule(run=runs, prefix=st.sampled_from(["", "duty", "duty/", "duty/1", "中"]), after=st.just("") | keys)
    def ask_rows(self, run: str, prefix: str, after: str) -> None:
        self.both(lambda tx: (tx.scan(run, prefix, after=after), tx.scan(run, prefix, limit=2), tx.plan("d")))
        looks = {"command_id": "k1", "keys": ["duty/1", "duty", "é"], "prefixes": {prefix, "duty"}, "limit": 2}
        for wait in (True, False):
            self.both(lambda tx: tx.look(run, **looks), wait=wait)

    @rule(by=minutes, limit=st.integers(0, 3))
    def claim_due(self, by: Any, limit: int) -> None:
        heads = self.both(lambda tx: tx.claim_due(by=by, limit=limit))
        if heads:
            self.both(lambda tx: tx.claim_due(by=by, limit=limit, after=heads[0]))

    @rule(
        status=st.sampled_from([None, "waiting", "leased", "expanded", "dead"]),
        hook=st.none() | hooks,
        run=st.none() | runs,
    )
    def ask_outbox(self, status: Any, hook: Any, run: Any) -> None:
        self.both(lambda tx: (tx.deliveries(status=status, hook=hook, run=run), tx.notices(run=run)))

    @rule(crash=st.booleans())
    def reopen(self, crash: bool) -> None:
        """A close, or a process that goes away in the middle of a commit: what was acknowledged stays, no more."""
        if crash:
            lost = self.durable.transaction()
            tx = lost.__enter__()
            tx.commit(batch_on(tx, "a", put={"duty": "lost"}, unit="north"))
            self.crash(lost)
        self.durable.close()
        self.durable = self.open()
        self.both(lambda tx: [(head, tx.scan(head.run, ""), tx.entries(head.run)) for head in tx.heads(HeadQuery())])


class SqliteAndMemory(BothStores):
    def __init__(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        super().__init__()

    def open(self) -> Store:
        return SqliteStore(Path(self.place.name) / "a.db", durability="normal")

    def crash(self, transaction: Any) -> None:
        transaction._connection.close()

    def teardown(self) -> None:
        super().teardown()
        self.place.cleanup()


class PostgresAndMemory(BothStores):
    def __init__(self, server: str) -> None:
        self.url = f"{server}&schema=t_{uuid.uuid4().hex[:12]}"
        super().__init__()

    def open(self) -> Store:
        return PostgresStore(self.url)

    def crash(self, transaction: Any) -> None:
        transaction._connection.close()
        self.durable.leave(transaction._connection)  # type: ignore[attr-defined]

    def teardown(self) -> None:
        super().teardown()
        with servers.dropped(self.url):
            pass


TestSqliteAndMemory = SqliteAndMemory.TestCase
TestSqliteAndMemory.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_postgres_and_memory(postgres_server: str) -> None:
    """The PostgreSQL store answers as the memory store does."""
    few = settings(max_examples=12, stateful_step_count=30, deadline=None)
    run_state_machine_as_test(lambda: PostgresAndMemory(postgres_server), settings=few)


@pytest.mark.slow
@pytest.mark.timeout(600)  # it goes on as long as its examples take, two to four minutes
def test_postgres_and_memory_at_length(postgres_server: str) -> None:
    """The same, with more examples of more steps."""
    many = settings(max_examples=100, stateful_step_count=60, deadline=None)
    run_state_machine_as_test(lambda: PostgresAndMemory(postgres_server), settings=many)
