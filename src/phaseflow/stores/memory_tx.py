"""One transaction on the memory store: the contract of `phaseflow.stores.base.Tx`, told in plain Python.

Tables, turns and undoing belong to `phaseflow.stores.memory`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import TYPE_CHECKING, ClassVar, Concatenate, Literal, ParamSpec, TypeVar, assert_never

import attrs

from phaseflow.stores.base import (
    Answer,
    Batch,
    Conflict,
    Dead,
    Delivered,
    Delivery,
    DeliveryStatus,
    Expanded,
    Extent,
    Head,
    HeadQuery,
    Letter,
    Look,
    Outcome,
    PersonalValue,
    Retry,
    Skipped,
    StoredEntry,
    StoredNotice,
    delivery_key,
    look_at,
)
from phaseflow.stores.bell import awaited
from phaseflow.stores.codec import instant_key, read_instant
from phaseflow.stores.faults import bad_hook, changed_identity, changed_plan, over, read_only, stale, unstorable

if TYPE_CHECKING:
    from phaseflow.stores.memory import MemoryStore

P = ParamSpec("P")
R = TypeVar("R")

_FIRST = datetime(1, 1, 1, tzinfo=UTC)


def _guarded(method: Callable[Concatenate[MemoryTx, P], R]) -> Callable[Concatenate[MemoryTx, P], R]:
    """A call on a live transaction only; one that raises spends it."""

    @functools.wraps(method)
    def call(self: MemoryTx, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.state != "open":
            raise over(self.state)
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            self.state = "spent"
            raise

    return call


class MemoryTx:
    """A `Tx` on a `MemoryStore`; *state* tells how the transaction stands."""

    far: ClassVar[bool] = False

    __slots__ = ("_store", "_write", "state", "told")

    def __init__(self, store: MemoryStore, *, write: bool) -> None:
        self._store = store
        self._write = write
        self.state: Literal["open", "spent", "over"] = "open"
        self.told = False

    def _must_write(self) -> None:
        if not self._write:
            raise read_only()

    # --- runs -----------------------------------------------------------------------------------------------------

    @_guarded
    def head(self, run: str) -> Head | None:
        return self._store.heads.get(run)

    def look(
        self,
        run: str,
        *,
        command_id: str = "",
        keys: Collection[str] = (),
        prefixes: Collection[str] = (),
        limit: int = 8,
    ) -> Look | None:
        return look_at(self, run, command_id, keys, prefixes, limit)

    @_guarded
    def heads(self, where: HeadQuery) -> list[Head]:
        found: Iterator[Head] = (head for head in self._candidates(where) if _fits(head, where))
        if where.due_by is not None and where.order == "run":
            found = iter(sorted(found, key=lambda head: head.run))
        return list(islice(found, where.limit))

    def _candidates(self, where: HeadQuery) -> Iterator[Head]:
        """The heads a query has to look at, in its order (by due date wherever a due date bounds it)."""
        store, last = self._store, where.after
        if where.runs is not None and where.order == "run" and where.due_by is None:
            named = (store.heads.get(run) for run in sorted(set(where.runs)))
            yield from (head for head in named if head is not None and (last is None or head.run > last.run))
            return
        if where.due_by is None and where.order == "run":
            yield from (head for _, head in store.heads.walk("" if last is None else last.run, behind=last is not None))
            return
        low = (_FIRST, "")
        if where.order == "due" and last is not None and last.due_at is not None:
            low = (last.due_at, last.run)
        for (due_at, run), _ in store.due.walk(low, behind=True):
            if where.due_by is not None and due_at > where.due_by:
                return
            head = store.heads.get(run)
            if head is not None and not (where.order == "run" and last is not None and run <= last.run):
                yield head

    @_guarded
    def rows_of(self, where: HeadQuery, key: str) -> list[tuple[Head, str | None]]:
        return [(head, self._store.rows[head.run].get(key)) for head in self.heads(where)]

    @_guarded
    def chains(self, where: HeadQuery) -> list[tuple[str, str]]:
        return [(head.run, head.chain) for head in self.heads(where)]

    @_guarded
    def extent(self, where: HeadQuery) -> Extent:
        found = self.heads(where)
        return Extent(len(found), sum(head.seq for head in found))

    @_guarded
    def claim_due(self, *, by: datetime, limit: int, after: Head | None = None) -> list[Head]:
        self._must_write()
        return self.heads(HeadQuery(due_by=by, order="due", after=after, limit=limit))

    @_guarded
    def rows(self, run: str, keys: Collection[str]) -> dict[str, str]:
        table = self._store.rows[run]
        found = ((key, table.get(key)) for key in keys)
        return {key: body for key, body in found if body is not None}

    @_guarded
    def scan(self, run: str, prefix: str, *, after: str = "", limit: int | None = None) -> list[tuple[str, str]]:
        pairs = self._store.rows[run].walk(max(prefix, after))
        fitting = takewhile(lambda pair: pair[0].startswith(prefix), pairs)
        # A start behind every key of the prefix finds nothing, and takewhile stops there at once.
        return list(islice((pair for pair in fitting if pair[0] > after), limit))

    @_guarded
    def entries(self, run: str, *, after: int = 0, limit: int | None = None) -> list[StoredEntry]:
        return [entry for _, entry in islice(self._store.entries[run].walk(after, behind=True), limit)]

    @_guarded
    def answer(self, run: str, command_id: str) -> Answer | None:
        return self._store.answers[run].get(command_id)

    @_guarded
    def commit(self, *batches: Batch) -> None:
        self._must_write()
        for batch in batches:
            self._commit_one(batch)
            self.told = self.told or awaited(batch)

    def _commit_one(self, batch: Batch) -> None:
        store, run = self._store, batch.head.run
        _must_be_whole(entry.body for entry in batch.entries)
        _must_be_whole(text for pair in batch.put.items() for text in pair)
        self._put_head(batch.head, batch.expected_seq)
        if batch.answer is not None:
            if store.answers[run].get(batch.answer.command_id) is not None:
                raise Conflict(f"command {batch.answer.command_id!r} of run {run!r} is answered already")
            store.answers[run].put(batch.answer.command_id, batch.answer)
        for entry in batch.entries:
            store.entries[run].put(entry.seq, entry)
        for key in batch.drop:
            store.rows[run].drop(key)
        for key, body in batch.put.items():
            store.rows[run].put(key, body)
        for notice in batch.notices:
            self._put_notice(_notice_in_utc(notice))
        for owner in batch.erase:
            for ref in [ref for ref, value in store.personal[run].walk() if value.owner == owner]:
                store.personal[run].drop(ref)
        for value in batch.personal:
            store.personal[run].put(value.ref, value)
        for ballot in batch.ballots:
            if store.ballots[ballot.poll].get(ballot.id) is not None:
                raise Conflict(f"ballot {ballot.id!r} of {ballot.poll!r} is stored already")
            store.ballots[ballot.poll].put(ballot.id, ballot.body)

    def _put_head(self, head: Head, expected: int) -> None:
        store = self._store
        old = store.heads.get(head.run)
        found = 0 if old is None else old.seq
        if found != expected:
            raise stale(head.run, expected, found)
        if old is not None:
            if _identity(old) != _identity(head):
                raise changed_identity(head.run)
            if old.due_at is not None:
                store.due.drop((old.due_at, old.run))
        if head.due_at is not None:
            due_at = _utc(head.due_at)
            head = attrs.evolve(head, due_at=due_at)
            store.due.put((due_at, head.run), head.run)
        store.heads.put(head.run, head)

    def _put_notice(self, notice: StoredNotice) -> None:
        store = self._store
        if notice.id in store.positions:
            raise Conflict(f"notice {notice.id!r} is stored already")
        position = len(store.positions) + 1
        store.positions[notice.id] = position
        store.undo.append(functools.partial(store.positions.__delitem__, notice.id))
        store.notices.put(position, notice)
        if notice.coalesce is not None:
            store.coalesced.put((notice.coalesce, position), notice.available_at)

    @_guarded
    def keep_plan(self, digest: str, body: str) -> None:
        self._must_write()
        kept = self._store.plans.get(digest)
        if kept is None:
            self._store.plans.put(digest, body)
        elif kept != body:
            raise changed_plan(digest)

    @_guarded
    def plan(self, digest: str) -> str | None:
        return self._store.plans.get(digest)

    # --- personal values and ballots ------------------------------------------------------------------------------

    @_guarded
    def personal(self, run: str, refs: Collection[str]) -> dict[str, PersonalValue]:
        table = self._store.personal[run]
        found = ((ref, table.get(ref)) for ref in refs)
        return {ref: value for ref, value in found if value is not None}

    @_guarded
    def ballots(self, poll: str) -> list[str]:
        return [body for _, body in self._store.ballots[poll].walk()]

    @_guarded
    def seal_ballots(self, poll: str) -> None:
        self._must_write()  # The box is in key order already, and lies in no file.

    # --- outbox ---------------------------------------------------------------------------------------------------

    @_guarded
    def declare_hooks(self, hooks: Collection[str], *, from_start: bool = False) -> None:
        self._must_write()
        for name in hooks:
            if not name or "/" in name:
                raise bad_hook(name)
        new = [name for name in hooks if self._store.hooks.get(name) is None]
        if not new:
            return
        self._fan_out()
        for name in new:
            self._store.hooks.put(name, 0 if from_start else len(self._store.positions))
        self._fan_out()

    @_guarded
    def notices(
        self, *, run: str | None = None, after: str = "", limit: int | None = None, gapless: bool = False
    ) -> list[StoredNotice]:
        behind = self._store.positions.get(after, 0)
        found = (notice for _, notice in self._store.notices.walk(behind, behind=True) if run in (None, notice.run))
        return list(islice(found, limit))

    @_guarded
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
        self._must_write()
        now = _utc(now)
        self._fan_out()
        lines = sorted(self._ready(set(hooks), now, letters), key=_turn)[:limit]
        claimed = []
        for position, waiting in [one for line in lines for one in line[:together]]:
            leased = attrs.evolve(
                waiting, status="leased", ready_at=_utc(lease_until), attempts=waiting.attempts + 1, worker=worker
            )
            self._store.deliveries.put((position, leased.hook, leased.recipient), leased)
            claimed.append(attrs.evolve(leased, superseded=self._superseded(leased.notice, position, now)))
        return claimed

    def _fan_out(self) -> None:
        store = self._store
        for hook, told in list(store.hooks.walk()):
            for position, notice in store.notices.walk(told, behind=True):
                self._put_delivery(
                    position,
                    Delivery(notice=notice, hook=hook, line=notice.run, status="waiting", ready_at=notice.available_at),
                )
            store.hooks.put(hook, len(store.positions))

    def _put_delivery(self, position: int, delivery: Delivery) -> None:
        self._store.deliveries.put((position, delivery.hook, delivery.recipient), delivery)
        self._store.open[delivery.hook].put((position, delivery.recipient), delivery.line)

    def _ready(self, hooks: set[str], now: datetime, letters: bool) -> Iterator[list[tuple[int, Delivery]]]:
        """For each line its open deliveries up to the first that is not ready: those that may be claimed."""
        for hook in hooks:
            lines: dict[str, list[tuple[int, Delivery]]] = {}
            for (position, recipient), line in self._store.open[hook].walk():
                delivery = self._store.deliveries.get((position, hook, recipient))
                if delivery is not None and bool(recipient) == letters:
                    lines.setdefault(line, []).append((position, delivery))
            for open_ in lines.values():
                if ready := list(takewhile(lambda pair: pair[1].ready_at <= now, open_)):
                    yield ready

    def _superseded(self, notice: StoredNotice, position: int, now: datetime) -> bool:
        if notice.coalesce is None:
            return False
        later = self._store.coalesced.walk((notice.coalesce, position), behind=True)
        same = takewhile(lambda pair: pair[0][0] == notice.coalesce, later)
        return any(available_at <= now for _, available_at in same)

    @_guarded
    def settle(self, delivery: Delivery, outcome: Outcome, *, now: datetime) -> bool:
        self._must_write()
        position = self._store.positions.get(delivery.notice.id, 0)
        kept = self._store.deliveries.get((position, delivery.hook, delivery.recipient))
        if kept is None or kept.status != "leased" or kept.attempts != delivery.attempts:
            return False
        settled = _settled(kept, outcome, _utc(now))
        self._store.deliveries.put((position, delivery.hook, delivery.recipient), settled)
        if isinstance(outcome, Expanded):
            self._post(position, kept, outcome.letters)
        if settled.settled_at is not None:
            self._store.open[delivery.hook].drop((position, delivery.recipient))
        return True

    def _post(self, position: int, whole: Delivery, letters: Collection[Letter]) -> None:
        for letter in letters:
            if self._store.deliveries.get((position, whole.hook, letter.recipient)) is None:
                made = Delivery(
                    notice=whole.notice,
                    hook=whole.hook,
                    recipient=letter.recipient,
                    line=letter.line,
                    status="waiting",
                    ready_at=_utc(letter.ready_at),
                )
                self._put_delivery(position, made)

    @_guarded
    def deliveries(
        self,
        *,
        status: DeliveryStatus | None = None,
        hook: str | None = None,
        run: str | None = None,
        recipient: str | None = None,
        limit: int | None = None,
    ) -> list[Delivery]:
        found = (
            d
            for _, d in self._store.deliveries.walk()
            if status in (None, d.status)
            and hook in (None, d.hook)
            and run in (None, d.notice.run)
            and recipient in (None, d.recipient)
        )
        return list(islice(found, limit))

    @_guarded
    def revive(self, delivery_id: str, *, at: datetime) -> bool:
        self._must_write()
        place, kept = self._dead(delivery_id)
        if kept is None:
            return False
        self._put_delivery(place, attrs.evolve(kept, status="waiting", ready_at=_utc(at), settled_at=None))
        return True

    @_guarded
    def discard(self, delivery_id: str, *, reason: str, now: datetime) -> bool:
        self._must_write()
        place, kept = self._dead(delivery_id)
        if kept is None:
            return False
        skipped = attrs.evolve(kept, status="skipped", error=reason, settled_at=_utc(now))
        self._store.deliveries.put((place, kept.hook, kept.recipient), skipped)
        return True

    def _dead(self, delivery_id: str) -> tuple[int, Delivery | None]:
        notice, hook, recipient = delivery_key(delivery_id)
        position = self._store.positions.get(notice, 0)
        kept = self._store.deliveries.get((position, hook, recipient))
        return position, kept if kept is not None and kept.status == "dead" else None


def _turn(line: list[tuple[int, Delivery]]) -> tuple[datetime, int, str, str]:
    """What decides which line goes first: how long its first delivery has been ready."""
    position, first = line[0]
    return first.ready_at, position, first.hook, first.recipient


def _must_be_whole(texts: Iterable[str]) -> None:
    """Refuse half characters, as every database does."""
    try:
        for text in texts:
            if not text.isascii():
                text.encode()
    except UnicodeEncodeError as fault:
        raise unstorable(fault) from None


def _settled(kept: Delivery, outcome: Outcome, now: datetime) -> Delivery:
    match outcome:
        case Delivered():
            return attrs.evolve(kept, status="delivered", error="", settled_at=now)
        case Expanded(over=True):
            return attrs.evolve(kept, status="expanded", error="", settled_at=now)
        case Expanded(progress=progress):
            return attrs.evolve(kept, status="waiting", ready_at=now, worker="", error="", progress=progress)
        case Skipped(reason=reason):
            return attrs.evolve(kept, status="skipped", error=reason, settled_at=now)
        case Dead(error=error):
            return attrs.evolve(kept, status="dead", error=error, settled_at=now)
        case Retry(at=at, error=error, progress=progress):
            return attrs.evolve(kept, status="waiting", ready_at=_utc(at), worker="", error=error, progress=progress)
        case _:
            assert_never(outcome)


def _utc(at: datetime) -> datetime:
    """The same instant as every store gives it back: in UTC and of no subclass."""
    return read_instant(instant_key(at))


def _notice_in_utc(notice: StoredNotice) -> StoredNotice:
    useless = notice.useless_after
    return attrs.evolve(
        notice, available_at=_utc(notice.available_at), useless_after=None if useless is None else _utc(useless)
    )


def _identity(head: Head) -> tuple[object, ...]:
    return (head.campaign, head.level, head.unit, head.parent)


def _fits(head: Head, where: HeadQuery) -> bool:
    wanted = (where.campaign, where.parent, where.unit, where.level, where.status)
    has = (head.campaign, head.parent, head.unit, head.level, head.status)
    named = where.runs is None or head.run in where.runs
    return named and all(want is None or want == value for want, value in zip(wanted, has, strict=True))
