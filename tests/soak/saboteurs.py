"""Four ways to break the rules, each as somebody in a hurry would write it. The soak has to catch every one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

import attrs

from phaseflow.stores import codec
from phaseflow.stores.base import Batch, Delivered, Delivery, Outcome, Store, Tx

WINDOW = 0.01
"""Seconds by which a saboteur's gap is widened, so that a short soak hits it."""


class Passing:
    """Passes on whatever it is asked."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class OutboxLater(Passing):
    """Writes the notices in a transaction of their own, after the one with the events."""

    def transaction(self, **how: Any) -> AbstractContextManager[Tx]:
        return self._begin(**how)

    @contextmanager
    def _begin(self, **how: Any) -> Iterator[Any]:
        later: list[Batch] = []

        class Stripped(Passing):
            def commit(self, *batches: Batch) -> None:
                self._inner.commit(*(attrs.evolve(batch, notices=()) for batch in batches))
                later.extend(batch for batch in batches if batch.notices)

        with self._inner.transaction(**how) as tx:
            yield Stripped(tx)
        if later:
            time.sleep(WINDOW)
            with self._inner.transaction() as tx:
                for batch in later:
                    head = tx.head(batch.head.run)
                    tx.commit(Batch(head=head, expected_seq=head.seq, notices=batch.notices))


class NoVersionCheck(Passing):
    """Reads in one transaction and writes in another, on whatever is there by then."""

    def transaction(self, **how: Any) -> AbstractContextManager[Tx]:
        return self._begin(**how)

    @contextmanager
    def _begin(self, **how: Any) -> Iterator[Any]:
        if "wait" not in how:  # No command of the engine's.
            with self._inner.transaction(**how) as tx:
                yield tx
            return
        todo: list[Batch] = []

        class Deferred(Passing):
            def commit(self, *batches: Batch) -> None:
                todo.extend(batches)

        with self._inner.transaction(write=False) as tx:
            yield Deferred(tx)
        time.sleep(WINDOW)
        with self._inner.transaction() as tx:
            for batch in todo:
                tx.commit(_on_top(tx, batch))


def _on_top(tx: Tx, batch: Batch) -> Batch:
    """The batch as if it had been decided on what is there now."""
    head = tx.head(batch.head.run)
    if head is None:
        return batch
    entries = codec.link(head.run, head.chain, head.seq, [entry.body for entry in batch.entries])
    moved = attrs.evolve(batch.head, seq=head.seq + len(entries), chain=entries[-1].hash if entries else head.chain)
    return attrs.evolve(batch, head=moved, expected_seq=head.seq, entries=entries)


class MarkFirst(Passing):
    """Marks a delivery as done when it is claimed, before anybody was told."""

    def transaction(self, **how: Any) -> AbstractContextManager[Tx]:
        return self._begin(**how)

    @contextmanager
    def _begin(self, **how: Any) -> Iterator[Any]:
        marked: list[Delivery] = []

        class Marking(Passing):
            def claim_deliveries(self, *names: Any, now: datetime, **more: Any) -> list[Delivery]:
                claimed: list[Delivery] = self._inner.claim_deliveries(*names, now=now, **more)
                for delivery in claimed:
                    self._inner.settle(delivery, Delivered(), now=now)
                marked.extend(claimed)
                return claimed

            def settle(self, delivery: Delivery, outcome: Outcome, *, now: datetime) -> bool:
                return True

        with self._inner.transaction(**how) as tx:
            yield Marking(tx)
        if marked:
            time.sleep(5 * WINDOW)


@attrs.frozen(kw_only=True)
class Saboteur:
    """Who breaks which rule; *wrap* breaks a store."""

    wrap: type[Passing] | None = None
    acknowledges_early: bool = False

    def store(self, store: Store) -> Any:
        """The store, broken."""
        return store if self.wrap is None else self.wrap(store)


SABOTEURS = {
    "acknowledge before commit": Saboteur(acknowledges_early=True),
    "outbox in a second transaction": Saboteur(wrap=OutboxLater),
    "no version check": Saboteur(wrap=NoVersionCheck),
    "mark before send": Saboteur(wrap=MarkFirst),
}
