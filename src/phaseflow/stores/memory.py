"""The store that forgets: the same contract in plain dicts, for tests, simulations and the first five minutes.

It is also the model that every other store is compared with, so it is written to be read: what SQLite keeps in
columns and indexes is computed here where it is asked for. One transaction at a time, readers included.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Any, Generic, TypeVar

from phaseflow.stores.base import (
    Answer,
    Delivery,
    Head,
    Listening,
    PersonalValue,
    StoreClosed,
    StoredEntry,
    StoredNotice,
)
from phaseflow.stores.bell import Bell
from phaseflow.stores.faults import nested, over
from phaseflow.stores.memory_tx import MemoryTx

K = TypeVar("K")
V = TypeVar("V")

_GONE: Any = object()


class Table(Generic[K, V]):
    """A mapping that can be walked in the order of its keys, and that notes how to undo each change."""

    __slots__ = ("_order", "_undo", "_values")

    def __init__(self, undo: list[Callable[[], None]]) -> None:
        self._values: dict[K, V] = {}
        self._order: list[Any] = []
        self._undo = undo

    def get(self, key: K) -> V | None:
        return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        before = self._values.get(key, _GONE)
        self._set(key, value)
        self._undo.append(lambda: self._set(key, before))

    def drop(self, key: K) -> None:
        before = self._values.get(key, _GONE)
        if before is not _GONE:
            self._set(key, _GONE)
            self._undo.append(lambda: self._set(key, before))

    def _set(self, key: K, value: V) -> None:
        if value is _GONE:
            del self._values[key]
            del self._order[bisect_left(self._order, key)]
        else:
            if key not in self._values:
                insort(self._order, key)
            self._values[key] = value

    def copy_into(self, other: Table[K, V]) -> None:
        """Give another table, which is empty, all that this one holds; the values are shared, for they never change."""
        other._values, other._order = dict(self._values), list(self._order)

    def walk(self, low: Any = _GONE, *, behind: bool = False) -> Iterator[tuple[K, V]]:
        """The pairs in order, from the key *low* on (or from behind it); do not change the table meanwhile."""
        cut = bisect_right if behind else bisect_left
        for at in range(0 if low is _GONE else cut(self._order, low), len(self._order)):
            key = self._order[at]
            yield key, self._values[key]


class MemoryStore:
    """A `Store` that lives as long as the object. Transactions of all threads take turns."""

    def __init__(self) -> None:
        undo: list[Callable[[], None]] = []
        self.undo = undo
        self.heads: Table[str, Head] = Table(undo)
        self.due: Table[tuple[datetime, str], str] = Table(undo)
        self.rows: dict[str, Table[str, str]] = defaultdict(lambda: Table(undo))
        self.entries: dict[str, Table[int, StoredEntry]] = defaultdict(lambda: Table(undo))
        self.answers: dict[str, Table[str, Answer]] = defaultdict(lambda: Table(undo))
        self.plans: Table[str, str] = Table(undo)
        self.personal: dict[str, Table[str, PersonalValue]] = defaultdict(lambda: Table(undo))
        self.ballots: dict[str, Table[str, str]] = defaultdict(lambda: Table(undo))
        self.notices: Table[int, StoredNotice] = Table(undo)
        self.positions: dict[str, int] = {}
        self.coalesced: Table[tuple[str, int], datetime] = Table(undo)
        self.hooks: Table[str, int] = Table(undo)
        self.deliveries: Table[tuple[int, str, str], Delivery] = Table(undo)
        self.open: dict[str, Table[tuple[int, str], str]] = defaultdict(lambda: Table(undo))
        self.bell = Bell()
        self._turn = threading.Lock()
        self._inside = threading.local()
        self._closed = False

    def transaction(self, *, write: bool = True, wait: bool = True) -> MemoryTransaction:
        """Begin with ``with``; see `phaseflow.stores.base.Store.transaction`. Writers take turns, in haste or not."""
        return MemoryTransaction(self, write=write)

    def listen(self, woken: Callable[[], None]) -> Listening:
        """Have *woken* called after commits; see `phaseflow.stores.base.Store.listen`."""
        return self.bell.listen(woken)

    def copy(self) -> MemoryStore:
        """Another store that holds the same; from here on they go their own ways. Not inside a transaction."""
        self.begin()
        try:
            other = MemoryStore()
            for name, mine in vars(self).items():
                theirs = getattr(other, name)
                if isinstance(mine, Table):
                    mine.copy_into(theirs)
                elif isinstance(mine, dict):
                    for key, value in mine.items():
                        if isinstance(value, Table):
                            value.copy_into(theirs[key])
                        else:
                            theirs[key] = value
            return other
        finally:
            self.end(keep=True)

    def close(self) -> None:
        """Refuse all further use; what was kept is gone with the object."""
        self._closed = True

    def begin(self) -> None:
        """Wait for the turn; for `MemoryTransaction` only."""
        if self._closed:
            raise StoreClosed("this store was closed")
        if getattr(self._inside, "yes", False):
            raise nested()
        self._turn.acquire()
        self._inside.yes = True

    def end(self, *, keep: bool) -> None:
        """Keep or undo what was done, and hand the turn on; for `MemoryTransaction` only."""
        try:
            if not keep:
                for undo in reversed(self.undo):
                    undo()
            self.undo.clear()
        finally:
            self._inside.yes = False
            self._turn.release()


class MemoryTransaction:
    """One ``with`` block: begins on entry, keeps on a good end, and undoes on any other."""

    __slots__ = ("_store", "_tx", "_write")

    def __init__(self, store: MemoryStore, *, write: bool) -> None:
        self._store = store
        self._write = write

    def __enter__(self) -> MemoryTx:
        self._store.begin()
        self._tx = MemoryTx(self._store, write=self._write)
        return self._tx

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        state, self._tx.state = self._tx.state, "over"
        good = kind is None and state == "open"
        self._store.end(keep=good)
        if good and self._tx.told:
            self._store.bell.ring()
        if kind is None and state == "spent":
            raise over("spent")
