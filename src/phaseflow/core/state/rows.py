"""The state of a run, kept as rows by part, and the overlay on which a decision works.

A row is a frozen value under a string key (``head``, ``visit/study/1``, ``duty/study/1/notes``, ``person/li.na``,
``timer/…``); keys of one prefix are scanned in order. A store keeps rows, a decision reads the few it names and hands
back those it changed. Timers are rows too: their key begins with the instant and the rank, so the next timer of a run
is the first key of a scan (R3, R25). Here is bookkeeping only; which event changes which row stands in the rooms.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Literal, Protocol

import attrs

from phaseflow.core.plan.model import CAMPAIGN as CAMPAIGN
from phaseflow.core.state.order import Keys
from phaseflow.messages.commands import EMPTY
from phaseflow.messages.events import Days, Rung, Term

Status = Literal["running", "suspended", "concluded", "cancelled", "archived"]


@attrs.frozen(kw_only=True)
class Head:
    """What there is to know of a run as a whole."""

    run: str
    campaign: str
    plan: str
    level: str
    unit: str
    start: date
    parent: str = ""
    batch: int | None = None
    redeems: str = ""
    status: Status = "running"
    outcome: str = ""
    concluded: int = 0
    open: tuple[str, ...] = ()
    visits: Mapping[str, int] = EMPTY
    closed: tuple[str, ...] = ()
    assumed: Mapping[str, str] = EMPTY
    waiting: tuple[str, ...] = ()
    moves: Mapping[str, int] = EMPTY
    owes_redo: bool = False
    owes_outcome: str = ""
    owes_carry: str = ""
    redeemed_by: str = ""
    suspended_at: datetime | None = None
    withdrawn: bool = False
    kind: str = ""
    amendment: str = ""
    returns: str = ""


@attrs.frozen
class Clock:
    """The number of the latest entry, and the latest instant up to which the run was settled."""

    seq: int
    watermark: datetime


@attrs.frozen(kw_only=True)
class VisitState:
    """One stay of a run in a phase."""

    phase: str
    number: int
    opened: datetime
    window: Days
    ends: datetime | None = None
    steps: Mapping[str, Days] = EMPTY
    ladder: tuple[Rung, ...] = ()
    overdue: bool = False
    closed: datetime | None = None
    timers: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class DutyState:
    """A duty of a visit: how many owe it, how many have done it, and its instants.

    *waived* counts those who are excepted and have not done it; *exempt* is the waiver that excepts all.
    """

    key: str
    name: str
    opened: datetime
    owed: int
    done: int = 0
    waived: int = 0
    term: Term = attrs.field(factory=Term)
    amount: Fraction | None = None
    unit: str = ""
    period: Days | None = None
    makes_up: str = ""
    timers: tuple[str, ...] = ()
    fell_due: int = 0
    locked: bool = False
    title: str = ""
    exempt: str = ""

    @property
    def ordered(self) -> bool:
        """Whether a make-up ordered it: names have no ``#``, which numbers the orders of one duty."""
        return "#" in self.key

    @property
    def outstanding(self) -> int:
        """How many still owe it, a count."""
        return self.owed - self.done - self.waived


@attrs.frozen(kw_only=True)
class Counted:
    """One record that counts: the number of its entry, when it happened, what it was, and whose work it is (*by*).

    It is a row of its own, so that one more record costs as much as the first. *earliest* is set where only a stretch
    is known in which it happened; *at* is then the end of it.
    """

    seq: int
    at: datetime
    by: tuple[str, ...] = ()
    amount: Fraction | None = None
    entry: str = ""
    earliest: datetime | None = None


@attrs.frozen(kw_only=True)
class PartState:
    """What one subject has done towards one duty; each record that counts is a row beside it, a `Counted`.

    *in_time* is how it was judged when it was done, *done_by* the number of the entry that said it was done.
    """

    amount: Fraction = Fraction(0)
    entries: tuple[str, ...] = ()
    reported: bool = False
    confirmed: bool = False
    done: bool = False
    waived: str = ""
    owes: Fraction | None = None
    term: Term | None = None
    timers: tuple[str, ...] = ()
    fell_due: int = 0
    locked: bool = False
    in_time: bool | None = None
    done_by: int = 0


@attrs.frozen(kw_only=True)
class Timer:
    """Something that falls due: *kind* says what, *key* and *subject* say of what."""

    kind: str
    key: str
    subject: str = ""
    index: int = 0


@attrs.frozen(kw_only=True)
class Question:
    """Something the run asked a role, and the answer once there is one."""

    role: str
    about: str
    text: str
    asked: datetime
    verdict: str = ""
    reason: str = ""
    answered: datetime | None = None


@attrs.frozen(kw_only=True)
class PersonState:
    """Who somebody is in this run: all roles (implied ones included), poll groups, and what they keep out of.

    *given* are the roles by name, one for each time one was given, so that an appointment that ends takes away no role
    which the person also has in another way.
    """

    roles: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    recused: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Delegation:
    """An authority that was passed on, from *since* to *until* (exclusive)."""

    giver: str
    receiver: str
    roles: tuple[str, ...]
    since: datetime
    until: datetime
    absence: bool


@attrs.frozen(kw_only=True)
class Waiver:
    """An exception in force: *duty* is a duty key, *subject* empty where it holds for all."""

    duty: str
    subject: str
    grounds: str
    granted: datetime
    expires: datetime | None
    subjects: int
    timer: str = ""


class Rows(Protocol):
    """The rows of one run, to be read."""

    def get(self, key: str) -> Any:
        """The row under *key*, or None."""

    def scan(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """All rows whose key begins with *prefix*, in key order."""


_GONE = object()

TIMER = "timer/"
"""What the key of every timer begins with."""


class Draft:
    """Rows with changes on top; what lies below is never touched, and does not change meanwhile."""

    __slots__ = ("_below", "_get", "_passed", "_read", "_timers", "base", "changes")

    def __init__(self, base: Rows) -> None:
        self.base = base
        self._get = base.get
        self.changes: dict[str, Any] = {}
        self._timers: list[str] = []  # a heap of the timers that were put here; some may have been dropped since
        self._below = base.scan(TIMER)  # the timers below, read once for all forks, and no further than needed
        self._read: list[tuple[str, Any]] = []  # those that have been read
        self._passed = 0  # so many of them have been changed here, one after the other from the first

    def fork(self) -> Draft:
        """A draft that is the same now and goes its own way: whoever keeps this one forgets what is done there."""
        twin = Draft.__new__(Draft)
        twin.base, twin._get, twin.changes = self.base, self._get, self.changes.copy()
        twin._timers, twin._passed = self._timers.copy(), self._passed
        twin._below, twin._read = self._below, self._read
        return twin

    def get(self, key: str) -> Any:
        found = self.changes.get(key)
        if found is None:
            return self._get(key)
        return None if found is _GONE else found

    def put(self, key: str, row: Any) -> None:
        self.changes[key] = row
        if key.startswith(TIMER):
            heapq.heappush(self._timers, key)

    def drop(self, key: str) -> None:
        self.changes[key] = _GONE

    def scan(self, prefix: str) -> Iterator[tuple[str, Any]]:
        mine = [item for item in self.changes.items() if item[0].startswith(prefix)]
        if not mine:
            return self.base.scan(prefix)
        hidden = {key for key, _ in mine}
        kept = sorted(item for item in mine if item[1] is not _GONE)
        below = (item for item in self.base.scan(prefix) if item[0] not in hidden)
        first = next(below, None)
        if first is None:
            return iter(kept)
        return heapq.merge(chain((first,), below), kept, key=itemgetter(0))

    def next_timer(self) -> tuple[str, Timer] | None:
        """The key and the row of the timer that is due first (R3), or None."""
        while self._timers and self.changes[self._timers[0]] is _GONE:
            heapq.heappop(self._timers)
        below = self._timer_below()
        while below is not None and below[0] in self.changes:
            self._passed += 1
            below = self._timer_below()
        if self._timers and (below is None or self._timers[0] < below[0]):
            return self._timers[0], self.changes[self._timers[0]]
        return below

    def _timer_below(self) -> tuple[str, Timer] | None:
        """The first timer below that has not been passed, or None."""
        if self._passed == len(self._read):
            found = next(self._below, None)
            if found is None:
                return None
            self._read.append(found)
        return self._read[self._passed]

    def delta(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What to write and what to drop to bring the rows below up to date."""
        put = {key: row for key, row in self.changes.items() if row is not _GONE}
        return put, tuple(key for key, row in self.changes.items() if row is _GONE)


class MemoryRows:
    """Rows in memory, in key order: for folding a trail, for simulation, and for tests."""

    __slots__ = ("_keys", "get", "rows")

    def __init__(self, rows: Mapping[str, Any] | None = None) -> None:
        self.rows: dict[str, Any] = dict(rows or {})
        self.get: Callable[[str], Any] = self.rows.get  # the dict's own: it is asked some twenty times a decision
        self._keys = Keys(self.rows)

    def scan(self, prefix: str) -> Iterator[tuple[str, Any]]:
        rows = self.rows
        for key in self._keys.under(prefix):
            yield key, rows[key]

    def write(self, put: Mapping[str, Any], drop: Iterable[str]) -> None:
        """Take over what a decision changed."""
        for key, row in put.items():
            if key not in self.rows:
                self._keys.add(key)
            self.rows[key] = row
        for key in drop:
            if self.rows.pop(key, None) is not None:
                self._keys.remove(key)

    def take(self, draft: Draft) -> None:
        """Bring these rows up to date with a draft that lay on them."""
        self.write(*draft.delta())


def head_of(rows: Rows) -> Head:
    """The head of a run that has been started."""
    head: Head = rows.get("head")
    return head


RANKS = {"resume": 0, "open": 1, "expire": 2, "due": 3, "grace": 4, "lock": 5, "escalate": 6, "remind": 7, "close": 8}
"""The order of timers of one instant (R3)."""


def timer_key(at: datetime, rank: str, path: str) -> str:
    """The key of a timer: keys of earlier instants, then of lower ranks, come first. *at* is UTC."""
    return f"{TIMER}{at:%Y-%m-%dT%H:%M:%S.%f}Z/{RANKS[rank]}/{path}"


@lru_cache(maxsize=4096)
def timer_instant(key: str) -> datetime:
    """The instant in a timer's key; that of a run's next timer is asked for with every command."""
    return datetime.fromisoformat(key[len(TIMER) : key.index("/", len(TIMER))])
