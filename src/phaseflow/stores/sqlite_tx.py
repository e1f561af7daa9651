"""One transaction on SQLite: rows to values and values to rows. The statements stand in ``sql/sqlite/statements.sql``.

Connections, locks, commit and rollback belong to `phaseflow.stores.sqlite`.
"""

from __future__ import annotations

import functools
import itertools
import json
import sqlite3
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Concatenate, Literal, ParamSpec, Protocol, TypeVar, assert_never, get_args

from phaseflow.stores import sql
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
    prefix_end,
)
from phaseflow.stores.bell import awaited
from phaseflow.stores.codec import instant_key
from phaseflow.stores.faults import bad_hook, changed_identity, changed_plan, over, read_only, stale
from phaseflow.stores.sqlite_errors import DRIVER_FAULTS, in_words

P = ParamSpec("P")
R = TypeVar("R")

_SQL = sql.statements("sqlite")
_STATUS = {name: f"d.status = '{name}'" for name in get_args(DeliveryStatus)}


class Driver(Protocol):
    """What a transaction needs of a connection."""

    def execute(self, text: str, values: Any = ..., /) -> sqlite3.Cursor: ...

    def executemany(self, text: str, values: Any, /) -> sqlite3.Cursor: ...


def _guarded(method: Callable[Concatenate[SqliteTx, P], R]) -> Callable[Concatenate[SqliteTx, P], R]:
    """A call on a live transaction only; one that raises spends it, and no fault of the driver gets out."""

    @functools.wraps(method)
    def call(self: SqliteTx, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.state != "open":
            raise over(self.state)
        try:
            return method(self, *args, **kwargs)
        except DRIVER_FAULTS as fault:
            self.state = "spent"
            raise in_words(fault, self._path) from fault
        except BaseException:
            self.state = "spent"
            raise

    return call


class SqliteTx:
    """A `Tx` on one SQLite connection that is inside a transaction; *state* tells how the transaction stands."""

    far: ClassVar[bool] = False

    __slots__ = ("_db", "_path", "_write", "scrub", "state", "told")

    def __init__(self, db: Driver, path: Path, *, write: bool) -> None:
        self._db = db
        self._path = path
        self._write = write
        self.state: Literal["open", "spent", "over"] = "open"
        self.scrub = False
        self.told = False

    # --- runs -----------------------------------------------------------------------------------------------------

    @_guarded
    def head(self, run: str) -> Head | None:
        row = self._one("head", (run,))
        return None if row is None else _head(row)

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
        clauses, values = _where(where)
        text = f"{_SQL['heads']} {clauses} LIMIT ?"
        return [_head(row) for row in self._db.execute(text, (*values, _limit(where.limit)))]

    @_guarded
    def rows_of(self, where: HeadQuery, key: str) -> list[tuple[Head, str | None]]:
        clauses, values = _where(where)
        text = f"{_SQL['rows_of']} {clauses} LIMIT ?"
        found = self._db.execute(text, (key, *values, _limit(where.limit)))
        return [(_head(row[:10]), row[10]) for row in found]

    @_guarded
    def chains(self, where: HeadQuery) -> list[tuple[str, str]]:
        clauses, values = _where(where)
        return self._db.execute(f"{_SQL['chains']} {clauses} LIMIT ?", (*values, _limit(where.limit))).fetchall()

    @_guarded
    def extent(self, where: HeadQuery) -> Extent:
        clauses, values = _where(where)
        text = _SQL["extent"].replace("-- heads", f"{clauses} LIMIT ?")
        return Extent(*self._db.execute(text, (*values, _limit(where.limit))).fetchone())

    @_guarded
    def claim_due(self, *, by: datetime, limit: int, after: Head | None = None) -> list[Head]:
        self._must_write()  # The writer is alone: nobody else can hold a run meanwhile.
        return self.heads(HeadQuery(due_by=by, order="due", after=after, limit=limit))

    @_guarded
    def rows(self, run: str, keys: Collection[str]) -> dict[str, str]:
        if len(keys) > 8:  # Below, single look-ups are the faster way (benchmarks/bench_store.py).
            return dict(self._all("rows", (run, json.dumps(list(keys)))))
        found = ((key, self._one("row", (run, key))) for key in keys)
        return {key: row[0] for key, row in found if row is not None}

    @_guarded
    def scan(self, run: str, prefix: str, *, after: str = "", limit: int | None = None) -> list[tuple[str, str]]:
        end = prefix_end(prefix)
        if end is None:
            return self._all("scan_open", (run, prefix, after, _limit(limit)))
        return self._all("scan", (run, prefix, end, after, _limit(limit)))

    @_guarded
    def entries(self, run: str, *, after: int = 0, limit: int | None = None) -> list[StoredEntry]:
        return [StoredEntry(*row) for row in self._all("entries", (run, after, _limit(limit)))]

    @_guarded
    def answer(self, run: str, command_id: str) -> Answer | None:
        row = self._one("answer", (run, command_id))
        if row is None:
            return None
        return Answer(command_id=row[0], digest=row[1], seq_first=row[2], seq_last=row[3], body=row[4])

    @_guarded
    def commit(self, *batches: Batch) -> None:
        self._must_write()
        for batch in batches:
            self._commit_one(batch)
            self.told = self.told or awaited(batch)

    def _commit_one(self, batch: Batch) -> None:
        head, run, db = batch.head, batch.head.run, self._db
        self._put_head(head, batch.expected_seq)
        if batch.answer is not None:
            a = batch.answer
            if not self._do("answer_insert", (run, a.command_id, a.digest, a.seq_first, a.seq_last, a.body)):
                raise Conflict(f"command {a.command_id!r} of run {run!r} is answered already")
        if batch.entries:
            db.executemany(_SQL["entry_insert"], [(e.run, e.seq, e.body, e.hash) for e in batch.entries])
        if batch.drop:
            db.executemany(_SQL["row_drop"], [(run, key) for key in batch.drop])
        if batch.put:
            db.executemany(_SQL["row_put"], [(run, key, body) for key, body in batch.put.items()])
        if batch.notices:
            db.executemany(_SQL["notice_insert"], map(_notice_row, batch.notices))
        if batch.erase:
            db.executemany(_SQL["personal_erase"], [(run, owner) for owner in batch.erase])
            self.scrub = True
        if batch.personal:
            db.executemany(_SQL["personal_put"], [(run, p.ref, p.owner, p.salt, p.value) for p in batch.personal])
        if batch.ballots:
            db.executemany(_SQL["ballot_insert"], [(b.poll, b.id, b.body) for b in batch.ballots])

    def _put_head(self, head: Head, expected: int) -> None:
        due = None if head.due_at is None else instant_key(head.due_at)
        identity = (head.campaign, head.level, head.unit, head.parent)
        moving = (head.plan, head.seq, head.chain, head.status, due)
        if not expected:
            done = self._do("head_insert", (head.run, *identity, *moving))
        else:
            done = self._do("head_update", (*moving, head.run, expected, *identity))
        if not done:
            row = self._one("head", (head.run,))
            if row is not None and row[6] == expected:
                raise changed_identity(head.run)
            raise stale(head.run, expected, 0 if row is None else row[6])

    @_guarded
    def keep_plan(self, digest: str, body: str) -> None:
        self._must_write()
        if not self._do("plan_insert", (digest, body)) and self._one("plan", (digest,)) != (body,):
            raise changed_plan(digest)

    @_guarded
    def plan(self, digest: str) -> str | None:
        row = self._one("plan", (digest,))
        return None if row is None else row[0]

    # --- personal values and ballots ------------------------------------------------------------------------------

    @_guarded
    def personal(self, run: str, refs: Collection[str]) -> dict[str, PersonalValue]:
        rows = self._all("personal", (run, json.dumps(list(refs))))
        return {ref: PersonalValue(ref=ref, owner=owner, salt=salt, value=value) for ref, owner, salt, value in rows}

    @_guarded
    def ballots(self, poll: str) -> list[str]:
        return [body for _id, body in self._all("ballots", (poll,))]

    @_guarded
    def seal_ballots(self, poll: str) -> None:
        self._must_write()
        box = self._all("ballots", (poll,))
        self._do("ballots_clear", (poll,))
        self._db.executemany(_SQL["ballot_insert"], [(poll, id_, body) for id_, body in box])
        self.scrub = True

    # --- outbox ---------------------------------------------------------------------------------------------------

    @_guarded
    def declare_hooks(self, hooks: Collection[str], *, from_start: bool = False) -> None:
        self._must_write()
        for name in hooks:
            if not name or "/" in name:
                raise bad_hook(name)
        known = {name for (name,) in self._all("hooks_known", ())}
        if known >= set(hooks):
            return
        self._fan_out()
        self._db.executemany(_SQL["hook_declare"], [(name, from_start) for name in hooks])
        self._fan_out()

    def _fan_out(self) -> None:
        """Make the deliveries of every notice that a hook has not been told of."""
        for hook, told in self._all("hooks_behind", ()):
            self._do("fan_out", (hook, told))
            self._do("hook_told", (hook,))

    @_guarded
    def notices(
        self, *, run: str | None = None, after: str = "", limit: int | None = None, gapless: bool = False
    ) -> list[StoredNotice]:
        behind = self._position(after) or 0
        if run is None:
            return [_notice(row) for row in self._all("notices", (behind, _limit(limit)))]
        return [_notice(row) for row in self._all("notices_of_run", (run, behind, _limit(limit)))]

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
        self._fan_out()
        at, until = instant_key(now), instant_key(lease_until)
        turns = sorted(row for hook in set(hooks) for row in self._all("ready", (hook, letters, at, limit)))
        keys: list[tuple[object, ...]] = []
        for _, position, hook, recipient, line in turns[:limit]:
            behind = self._all("behind", (hook, letters, line, together)) if together > 1 else []
            ready = [(p, r) for _, p, _, r in itertools.takewhile(lambda row: row[0] <= at, behind)]
            keys += [(hook, *key) for key in ready or [(position, recipient)]]
        self._db.executemany(_SQL["lease"], [(until, worker, *key) for key in keys])
        return [_delivery(self._one("claimed", (at, *key))) for key in keys]

    @_guarded
    def settle(self, delivery: Delivery, outcome: Outcome, *, now: datetime) -> bool:
        self._must_write()
        position = self._position(delivery.notice.id)
        key = (delivery.hook, position, delivery.recipient, delivery.attempts)
        match outcome:
            case Retry(at=at, error=error, progress=progress):
                return self._do("put_back", (instant_key(at), error, progress, *key)) == 1
            case Expanded(letters=letters, progress=progress, over=over_):
                if over_:
                    done = self._do("settle", ("expanded", "", instant_key(now), *key))
                else:
                    done = self._do("put_back", (instant_key(now), "", progress, *key))
                if done:
                    self._post(delivery.hook, position, delivery.notice.run, letters)
                if not over_ or not done:
                    return done == 1
            case Delivered():
                done = self._do("settle", ("delivered", "", instant_key(now), *key))
            case Skipped(reason=reason):
                done = self._do("settle", ("skipped", reason, instant_key(now), *key))
            case Dead(error=why):
                done = self._do("settle", ("dead", why, instant_key(now), *key))
            case _:
                assert_never(outcome)
        if not done:
            return False
        self._do("pass_turn", (delivery.hook, bool(delivery.recipient), delivery.line))
        return True

    def _post(self, hook: str, position: int | None, run: str, letters: Collection[Letter]) -> None:
        made = [(hook, position, one.recipient, one.line, run, instant_key(one.ready_at)) for one in letters]
        self._db.executemany(_SQL["letter_insert"], made)
        for line in {letter.line for letter in letters}:  # An earlier notice may arrive in a line after a later one.
            self._do("take_turns", (hook, True, line))
            self._do("pass_turn", (hook, True, line))

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
        clauses = [_STATUS[status]] if status is not None else []
        clauses += ["d.hook = :hook"] if hook is not None else []
        if run is not None:  # Through the index of notices: there is none of deliveries by run.
            clauses.append("d.position IN (SELECT position FROM notices WHERE run = :run)")
        clauses += ["d.recipient = :recipient"] if recipient is not None else []
        where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
        text = f"{_SQL['deliveries']} {where} ORDER BY d.position, d.hook, d.recipient LIMIT :limit"
        values = {"hook": hook, "run": run, "recipient": recipient, "limit": _limit(limit)}
        return [_delivery(row) for row in self._db.execute(text, values)]

    @_guarded
    def revive(self, delivery_id: str, *, at: datetime) -> bool:
        self._must_write()
        notice, hook, recipient = delivery_key(delivery_id)
        key = (hook, self._position(notice), recipient)
        if not self._do("revive", (instant_key(at), *key)):
            return False
        line = (hook, bool(recipient), self._one("delivery_line", key)[0])
        self._do("take_turns", line)
        self._do("pass_turn", line)
        return True

    @_guarded
    def discard(self, delivery_id: str, *, reason: str, now: datetime) -> bool:
        self._must_write()
        notice, hook, recipient = delivery_key(delivery_id)
        return self._do("discard", (reason, instant_key(now), hook, self._position(notice), recipient)) == 1

    # --- the driver -----------------------------------------------------------------------------------------------

    def _must_write(self) -> None:
        if not self._write:
            raise read_only()

    def _one(self, name: str, values: tuple[object, ...]) -> Any:
        return self._db.execute(_SQL[name], values).fetchone()

    def _all(self, name: str, values: tuple[object, ...]) -> list[Any]:
        return self._db.execute(_SQL[name], values).fetchall()

    def _do(self, name: str, values: tuple[object, ...]) -> int:
        return self._db.execute(_SQL[name], values).rowcount

    def _position(self, notice_id: str) -> int | None:
        row = self._one("notice_position", (notice_id,)) if notice_id else None
        return None if row is None else row[0]


def _limit(limit: int | None) -> int:
    return -1 if limit is None else limit


def _where(where: HeadQuery) -> tuple[str, list[object]]:
    """The WHERE and ORDER BY of a query over heads.

    A query by due date walks heads_due; the unary plus keeps the planner from taking the campaign's index instead,
    which would read every run of the campaign (there are no statistics to tell it better).
    """
    by_due = where.order == "due" or where.due_by is not None
    aside = "+" if by_due else ""
    clauses: list[str] = ["due_at IS NOT NULL"] if by_due else []
    values: list[object] = []
    for column in ("campaign", "parent", "unit", "level", "status"):
        wanted = getattr(where, column)
        if wanted is not None:
            clauses.append(f"{aside}{column} = ?")
            values.append(wanted)
    if where.runs is not None:
        clauses.append("run IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(where.runs))
    if where.due_by is not None:
        clauses.append("due_at <= ?")
        values.append(instant_key(where.due_by))
    last = where.after
    if last is not None and where.order == "run":
        clauses.append("run > ?")
        values.append(last.run)
    elif last is not None and last.due_at is not None:
        clauses.append("(due_at, run) > (?, ?)")
        values += [instant_key(last.due_at), last.run]
    order = "due_at, run" if where.order == "due" else "run"
    return (f"WHERE {' AND '.join(clauses)} " if clauses else "") + f"ORDER BY {order}", values


def _head(row: tuple[Any, ...]) -> Head:
    run, campaign, level, unit, parent, plan, seq, chain, status, due = row
    return Head(
        run=run,
        campaign=campaign,
        level=level,
        unit=unit,
        parent=parent,
        plan=plan,
        seq=seq,
        chain=chain,
        status=status,
        due_at=None if due is None else datetime.fromisoformat(due),
    )


def _notice_row(notice: StoredNotice) -> tuple[object, ...]:
    useless = None if notice.useless_after is None else instant_key(notice.useless_after)
    available = instant_key(notice.available_at)
    return (notice.id, notice.run, notice.seq, notice.body, available, useless, notice.coalesce)


def _notice(row: tuple[Any, ...]) -> StoredNotice:
    id_, run, seq, body, available, useless, coalesce = row
    return StoredNotice(
        id=id_,
        run=run,
        seq=seq,
        body=body,
        available_at=datetime.fromisoformat(available),
        useless_after=None if useless is None else datetime.fromisoformat(useless),
        coalesce=coalesce,
    )


def _delivery(row: tuple[Any, ...]) -> Delivery:
    hook, recipient, line, status, ready, attempts, worker, error, progress, settled, superseded = row[7:]
    return Delivery(
        notice=_notice(row[:7]),
        hook=hook,
        recipient=recipient,
        line=line,
        status=status,
        ready_at=datetime.fromisoformat(ready),
        attempts=attempts,
        worker=worker,
        error=error,
        progress=progress,
        settled_at=None if settled is None else datetime.fromisoformat(settled),
        superseded=bool(superseded),
    )
