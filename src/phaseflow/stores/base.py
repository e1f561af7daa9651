"""What a store is: the values that go in and out, the errors, and the two protocols.

A store knows runs, keys and texts; it knows no message class, no plan and no clock. Every text it is given comes
back byte for byte. What a store must do is said here and proved by `phaseflow.testing.store_laws`; how it does it is
the adapter's own affair. Rules about campaigns do not belong here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import ClassVar, Literal, Protocol, TypeAlias

import attrs

from phaseflow.stores.faults import Conflict as Conflict
from phaseflow.stores.faults import StoreBusy as StoreBusy
from phaseflow.stores.faults import StoreClosed as StoreClosed
from phaseflow.stores.faults import StoreCorrupt as StoreCorrupt
from phaseflow.stores.faults import StoreError as StoreError
from phaseflow.stores.faults import StoreFull as StoreFull
from phaseflow.stores.faults import StoreLost as StoreLost
from phaseflow.stores.faults import StoreMisuse as StoreMisuse
from phaseflow.stores.faults import StoreReadOnly as StoreReadOnly
from phaseflow.stores.faults import StoreUnreachable as StoreUnreachable
from phaseflow.stores.faults import StoreVersion as StoreVersion

DeliveryStatus = Literal["waiting", "leased", "delivered", "expanded", "skipped", "dead"]


# --- values ---------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Head:
    """The one row every decision on a run begins with.

    *plan* is the digest of the plan in force; *seq* the number of the last event, from 1; *chain* the hash of the
    last entry; *due_at* the least instant of all timers of the run, or None when nothing is waited for.
    """

    run: str
    campaign: str
    plan: str
    seq: int
    chain: str
    status: str
    level: str = "unit"
    unit: str = ""
    parent: str | None = None
    due_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Look:
    """What a decision begins with, as of one instant: head, recorded answer, some rows, the first rows of some ranges.

    *scans* gives, for each prefix that was asked for, its first rows in key order.
    """

    head: Head
    answer: Answer | None
    rows: Mapping[str, str]
    scans: Mapping[str, list[tuple[str, str]]]


@attrs.frozen(kw_only=True)
class HeadQuery:
    """Which heads are wanted; what is None does not matter.

    *due_by* asks for heads with ``due_at <= due_by``. *order* is ``run`` (by run id) or ``due`` (by instant, then run
    id; runs that wait for nothing are left out). *after* is the last head of the page before. *runs* names them.
    """

    runs: tuple[str, ...] | None = None

    campaign: str | None = None
    parent: str | None = None
    unit: str | None = None
    level: str | None = None
    status: str | None = None
    due_by: datetime | None = None
    order: Literal["run", "due"] = "run"
    after: Head | None = None
    limit: int | None = None


@attrs.frozen
class Extent:
    """How many runs fit a query, and how many entries their trails have together; counts."""

    runs: int
    entries: int


@attrs.frozen
class StoredEntry:
    """One event in the trail: *body* is canonical JSON, *hash* covers its bytes and the hash before it."""

    run: str
    seq: int
    body: str
    hash: str


@attrs.frozen(kw_only=True)
class Answer:
    """What an accepted command was answered: *digest* of the command's content, its events, the recorded decision."""

    command_id: str
    digest: str
    seq_first: int
    seq_last: int
    body: str


@attrs.frozen(kw_only=True)
class StoredNotice:
    """One thing to tell, in the outbox. *id* is ``run:seq:k``.

    Not told before *available_at*; worthless from *useless_after* on; a later notice with the same *coalesce* key
    makes this one superfluous (the relay judges both; the store only reports).
    """

    id: str
    run: str
    seq: int
    body: str
    available_at: datetime
    useless_after: datetime | None = None
    coalesce: str | None = None


@attrs.frozen(kw_only=True)
class PersonalValue:
    """A personal field of a stored event, kept outside the trail: *ref* is its place in the run, *owner* the opaque
    person id it is erased by, *salt* and *value* what the commitment in the event was made of.
    """

    ref: str
    owner: str
    salt: str
    value: str


@attrs.frozen
class Ballot:
    """A bare answer in a box: *poll* is unique in the whole store (begin it with the run), *id* is random."""

    poll: str
    id: str
    body: str


@attrs.frozen(kw_only=True)
class Batch:
    """All that one decision changes in one run; it is committed whole or not at all.

    *head* is the new head; *expected_seq* the seq the decision was made on, 0 for a new run. *entries* carry on from
    there without a hole and end at ``head.seq``; the last one's hash is ``head.chain``. A batch without entries
    leaves seq and chain as they are. *put* replaces rows, *drop* removes them (a missing one is no fault);
    a key may not stand in both. *erase* names owners whose personal values go.

    Raises:
        StoreMisuse: when the parts do not fit together.
    """

    head: Head
    expected_seq: int
    entries: tuple[StoredEntry, ...] = ()
    put: Mapping[str, str] = MappingProxyType({})
    drop: Collection[str] = ()
    answer: Answer | None = None
    notices: tuple[StoredNotice, ...] = ()
    personal: tuple[PersonalValue, ...] = ()
    erase: tuple[str, ...] = ()
    ballots: tuple[Ballot, ...] = ()

    def __attrs_post_init__(self) -> None:
        run, seq = self.head.run, self.expected_seq
        for entry in self.entries:
            seq += 1
            if entry.seq != seq or entry.run != run:
                raise _misfit(run, f"entry {entry.run!r}/{entry.seq} stands where {run!r}/{seq} belongs")
        if self.head.seq != seq:
            raise _misfit(run, f"the head says seq {self.head.seq} and the entries end at {seq}")
        if self.entries and self.entries[-1].hash != self.head.chain:
            raise _misfit(run, "the head's chain is not the hash of the last entry")
        if seq < 1:
            raise _misfit(run, "a new run begins with at least one entry")
        if any(notice.run != run for notice in self.notices):
            raise _misfit(run, "a notice belongs to another run")
        if self.drop and any(key in self.put for key in self.drop):
            raise _misfit(run, "a key is put and dropped at once")


def _misfit(run: str, what: str) -> StoreMisuse:
    return StoreMisuse(
        f"a batch for run {run!r} does not fit together: {what}",
        why="a commit carries a run from one seq to a later one without a hole",
        fix="build the entries with codec.link(...) and the head from the last of them",
    )


@attrs.frozen(kw_only=True)
class Delivery:
    """One telling of one notice to one hook, as it was when it was read: the notice as a whole, or a letter of it.

    A letter is a delivery to one person, *recipient*; letters are made by settling the whole as `Expanded`. *line* is
    what order is kept in: the run for a whole notice, what the relay said for a letter.

    *attempts* counts claims, this one included, and is the fence: a claim that was overtaken can settle nothing.
    *ready_at* is the instant from which it may be claimed, or, while leased, the end of the lease. *superseded* says,
    at the claim, that a later notice with the same coalescing key is available. *progress* is what the relay noted at
    its last attempt (a page of a cohort), *error* why that attempt failed.
    """

    notice: StoredNotice
    hook: str
    recipient: str = ""
    line: str
    status: DeliveryStatus
    ready_at: datetime
    attempts: int = 0
    worker: str = ""
    error: str = ""
    progress: str = ""
    settled_at: datetime | None = None
    superseded: bool = False

    @property
    def id(self) -> str:
        """The delivery id: the notice's id, the hook's name and, for a letter, the person; the same on each attempt."""
        whole = f"{self.notice.id}/{self.hook}"
        return f"{whole}/{self.recipient}" if self.recipient else whole


@attrs.frozen
class Delivered:
    """The hook took it."""


@attrs.frozen
class Skipped:
    """It was not told, on purpose: stale, superseded, or addressed to nobody."""

    reason: str


@attrs.frozen(kw_only=True)
class Retry:
    """The attempt failed or is not finished: claimable again from *at*, with *progress* for the next attempt."""

    at: datetime
    error: str = ""
    progress: str = ""


@attrs.frozen
class Dead:
    """No more attempts; it stays on show until somebody revives or discards it."""

    error: str


@attrs.frozen(kw_only=True)
class Letter:
    """A delivery that is to be made: to *recipient*, in the order of *line*, claimable from *ready_at*."""

    recipient: str
    line: str
    ready_at: datetime


@attrs.frozen(kw_only=True)
class Expanded:
    """A whole notice became letters, one a person; who has one of this notice and hook already gets no second.

    Unless *over*, more are to come: the whole is claimable again at once, and *progress* says how far it came.
    """

    letters: tuple[Letter, ...]
    progress: str = ""
    over: bool = True


Outcome: TypeAlias = Delivered | Expanded | Skipped | Retry | Dead


# --- protocols ------------------------------------------------------------------------------------------------------


class Tx(Protocol):
    """One transaction. It sees its own writes; others see them after it ended well, all at once.

    A call that raised spends the transaction: leave the `with` block; it is undone as a whole. Not for use by two
    threads. All instants are aware; they come back in UTC, exact to the microsecond.
    """

    far: ClassVar[bool]
    """Whether each read is a round trip, so that it pays to ask for what is likely to be needed in one `look`."""

    def head(self, run: str) -> Head | None:
        """The head of *run*, or None where there is no such run."""

    def look(
        self,
        run: str,
        *,
        command_id: str = "",
        keys: Collection[str] = (),
        prefixes: Collection[str] = (),
        limit: int = 8,
    ) -> Look | None:
        """Head, answer and rows in one go, or None where there is no such run: one round trip where those count.

        *limit* bounds the rows of each prefix. A prefix that no key is greater than is left out of the answer.
        """

    def heads(self, where: HeadQuery) -> list[Head]:
        """The heads that fit, in the order asked for."""

    def rows_of(self, where: HeadQuery, key: str) -> list[tuple[Head, str | None]]:
        """One row of many runs: the heads that fit, in the order asked for, each with its row under *key* or None.

        One statement, as of one instant, however many runs there are; nothing is held.
        """

    def chains(self, where: HeadQuery) -> list[tuple[str, str]]:
        """Run and chain of each head that fits, in the order asked for: the least that tells which runs moved on."""

    def extent(self, where: HeadQuery) -> Extent:
        """How many heads fit, and the sum of their seqs; counted where the heads are."""

    def claim_due(self, *, by: datetime, limit: int, after: Head | None = None) -> list[Head]:
        """Heads that are due by this instant, those due longest first, held until this transaction ends.

        *after* is the last head of the claim before, for going on behind what could not be settled.

        What another transaction holds at this moment is left out, so that several pollers share the work.
        """

    def rows(self, run: str, keys: Collection[str]) -> dict[str, str]:
        """The rows of *run* under these *keys*; a key without a row is absent."""

    def scan(self, run: str, prefix: str, *, after: str = "", limit: int | None = None) -> list[tuple[str, str]]:
        """The rows of *run* whose key begins with *prefix* and is greater than *after*, in code point order."""

    def entries(self, run: str, *, after: int = 0, limit: int | None = None) -> list[StoredEntry]:
        """The trail of *run* from seq ``after + 1`` on."""

    def answer(self, run: str, command_id: str) -> Answer | None:
        """The recorded answer to a command of *run*, or None where it was never accepted."""

    def commit(self, *batches: Batch) -> None:
        """Write *batches*, in this order; they last when the transaction ends well. Several may go into one
        transaction, and those of different runs best in one call.

        Raises:
            Conflict: The stored seq is not ``batch.expected_seq``; or the command id is answered, or a ballot id taken.
        """

    def keep_plan(self, digest: str, body: str) -> None:
        """Keep a plan's full text for ever. The same text again changes nothing.

        Raises:
            StoreMisuse: Another text is kept under this digest.
        """

    def plan(self, digest: str) -> str | None:
        """The text of a plan, or None where the digest is unknown."""

    def personal(self, run: str, refs: Collection[str]) -> dict[str, PersonalValue]:
        """Personal values by ref; an erased or unknown ref is absent."""

    def ballots(self, poll: str) -> list[str]:
        """The answers in a box, ordered by their random ids: an order that tells nothing about voters or time."""

    def seal_ballots(self, poll: str) -> None:
        """Rewrite a box in key order, so that its place in the file tells nothing either. Asked once, at the close."""

    def declare_hooks(self, hooks: Collection[str], *, from_start: bool = False) -> None:
        """Say which hooks exist. A hook is told every notice committed after its first declaration; *from_start*: all.

        A hook already declared keeps its place. Deliveries to a declared hook wait until some relay serves it; a hook
        that is new has the deliveries of all notices so far made first, in every store alike.
        """

    def notices(
        self, *, run: str | None = None, after: str = "", limit: int | None = None, gapless: bool = False
    ) -> list[StoredNotice]:
        """The outbox from behind the notice with id *after*; of one run or of all. The order never changes.

        Where several commit at once, a notice may appear before one that was shown already. A reader that goes on
        behind the last one it saw asks for *gapless*: what such a latecomer could still precede is left out for now.
        """

    def claim_deliveries(
        self,
        hooks: Collection[str],
        *,
        now: datetime,
        limit: int,
        lease_until: datetime,
        worker: str,
        letters: bool = False,
        together: int = 1,
    ) -> list[Delivery]:
        """Lease deliveries that are ready at *now*, for these *hooks*: whole notices, or *letters*; of *limit* lines.

        Per hook and line the order of notices is kept: a claim takes the first open one and, up to *together* in all,
        those directly behind it that are ready too; while an earlier one is waiting or leased, a later one is not
        claimable. Skipped and dead ones do not block. A lease that has run out is claimable again.

        Those of a line come one after the other; the line whose first has been ready the longest goes first.
        """

    def settle(self, delivery: Delivery, outcome: Outcome, *, now: datetime) -> bool:
        """Record how a claimed delivery ended; False, and nothing changed, if the claim was overtaken by another."""

    def deliveries(
        self,
        *,
        status: DeliveryStatus | None = None,
        hook: str | None = None,
        run: str | None = None,
        recipient: str | None = None,
        limit: int | None = None,
    ) -> list[Delivery]:
        """Deliveries for inspection, in the order of their notices, then of hook names, then of recipients.

        *recipient* is a person, or the empty text for whole notices only.
        """

    def revive(self, delivery_id: str, *, at: datetime) -> bool:
        """Make a dead delivery claimable again from *at*; False if there is no dead delivery of this id."""

    def discard(self, delivery_id: str, *, reason: str, now: datetime) -> bool:
        """Mark a dead delivery as skipped for this *reason*; False if there is no dead delivery of this id."""


class Listening(Protocol):
    """Somebody who listens for hints, until stopped."""

    def stop(self) -> None:
        """Listen no more."""


class Store(Protocol):
    """A database of runs. Safe to share between threads; each transaction belongs to the thread that began it."""

    def transaction(self, *, write: bool = True, wait: bool = True) -> AbstractContextManager[Tx]:
        """Begin; commit when the block ends, undo when it raises. A reader sees one instant.

        Args:
            write: Whether anything may be written.
            wait: A writer is alone with the run that it reads first, and with each run whose head it asks for, from
                then on; a commit on what it read there does not conflict. Other runs that it reads may be written
                meanwhile. With ``wait=False`` a server may let several decide at once: nothing is held, a commit may
                be put off to the end of the block, and it conflicts if the run was written since, rows alone
                included. Cheaper where writers seldom meet; after a `Conflict`, wait.

        Raises:
            Conflict: In haste, at the end of the block: the run moved on.
            StoreMisuse: This thread is inside a transaction of this store already.
            StoreBusy: No turn within the store's waiting time.
            StoreClosed: The store was closed.
        """

    def listen(self, woken: Callable[[], None]) -> Listening:
        """Call *woken* soon after notices, or a due instant, were committed, here or by another process.

        A hint and never the truth: it may come late, twice, for nothing, or not at all. *woken* is called by any
        thread, and only says that it is time to look: it does not use the store, and does not raise.
        """

    def close(self) -> None:
        """Give up all connections; closing twice is no fault. Transactions under way end first or are undone."""


def look_at(
    tx: Tx, run: str, command_id: str, keys: Collection[str], prefixes: Collection[str], limit: int
) -> Look | None:
    """A look put together from single reads, for stores where a read costs no round trip."""
    head = tx.head(run)
    if head is None:
        return None
    return Look(
        head=head,
        answer=tx.answer(run, command_id) if command_id else None,
        rows=tx.rows(run, keys) if keys else {},
        scans={prefix: tx.scan(run, prefix, limit=limit) for prefix in prefixes if prefix_end(prefix) is not None},
    )


BUSY_TIMEOUT = timedelta(seconds=10)
"""How long a writer waits for its turn unless told otherwise."""


_DELIVERY = re.compile(r"(.*:\d+:\d+)/([^/]+)(?:/([^/]+))?", re.DOTALL)


def delivery_key(delivery_id: str) -> tuple[str, str, str]:
    """The notice's id, the hook and the recipient of a delivery id; empty texts where it is none.

    >>> delivery_key("safety/north:8:0/mail/li")
    ('safety/north:8:0', 'mail', 'li')
    """
    found = _DELIVERY.fullmatch(delivery_id)
    return (found[1], found[2], found[3] or "") if found else ("", "", "")


def prefix_end(prefix: str) -> str | None:
    """The least text greater than every text that begins with *prefix*; None where there is none.

    >>> prefix_end("timer/")
    'timer0'
    """
    for at in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[at]) + 1
        if code == 0xD800:  # Half characters cannot be stored; step over them.
            code = 0xE000
        if code <= 0x10FFFF:
            return prefix[:at] + chr(code)
    return None
