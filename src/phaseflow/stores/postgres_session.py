"""A transaction on PostgreSQL as a course of statements: when it begins, what it holds, how it ends.

Round trips are what a command costs here, so a transaction in haste (``wait=False``) sends no BEGIN and no COMMIT: its
reads stand alone, its one commit is a single statement that writes only if nobody wrote the run meanwhile. Whatever
needs more than that - a second commit, a read after a commit, the outbox - begins a transaction of its own accord.

A run that others write at this moment is held even in haste (`Line.crowded`): haste would be for nothing. While it is
held nobody else gets on, so what has to be said meanwhile is said in one go: begin, hold and look are one round trip,
and so are the only commit of a transaction and its end.
What is read and written is in `phaseflow.stores.postgres_tx` and `phaseflow.stores.postgres_outbox`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar, Concatenate, Literal, ParamSpec, Protocol, TypeVar

import psycopg

from phaseflow.stores import sql
from phaseflow.stores.base import Batch, Conflict
from phaseflow.stores.bell import awaited
from phaseflow.stores.faults import changed_identity, newer, over, read_only, stale
from phaseflow.stores.postgres_errors import DRIVER_FAULTS, broken, in_words
from phaseflow.stores.postgres_rows import commit_parts, commit_values

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Session")
Cursor = psycopg.Cursor[tuple[Any, ...]]
Mode = Literal["reading", "holding", "hasty"]


class Line(Protocol):
    """What a transaction needs of the store: a cursor, and another one if the first turns out to be dead."""

    shown: str
    schema: str
    own: bool
    """Whether the transaction ends here, and not with the host's."""

    def cursor(self) -> Cursor: ...

    def crowded(self, run: str) -> bool: ...

    def crowd(self, run: str) -> None: ...

    def renew(self, fault: Exception) -> Cursor: ...


def guarded(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """A call on a live transaction only; one that raises spends it, and no fault of the driver gets out."""

    @functools.wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.state != "open":
            raise over(self.state)
        try:
            return method(self, *args, **kwargs)
        except DRIVER_FAULTS as fault:
            self.state = "spent"
            raise in_words(fault, self._line.shown) from fault
        except BaseException:
            self.state = "spent"
            raise

    return call


class Session:
    """One transaction, begun when it has to be; *state* tells how it stands."""

    far: ClassVar[bool] = True

    def __init__(self, line: Line, mode: Mode, *, begun: bool = False) -> None:
        self._line = line
        self._mode = mode
        self._sql = sql.statements("postgres", line.schema)
        self._known = len(sql.migrations("postgres", line.schema))
        self._cursor = line.cursor()
        self._fresh = True  # Nothing was sent yet, so a dead connection can be replaced unnoticed.
        self._pending: Batch | None = None
        self._revs: dict[str, int] = {}
        self._seqs: dict[str, int] = {}
        self._unanswered: set[tuple[str, str]] = set()
        self._wrote = False
        self._held: set[str] = set()
        self.begun = begun
        self.state: Literal["open", "spent", "over"] = "open"
        self.scrub = False
        self.told = False

    # --- beginning and ending ---------------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin for good, and write what was put off."""
        if not self.begun:
            self._first(self._sql["begin_reading" if self._mode == "reading" else "begin_writing"], ())
            self.begun = True
        if self._pending is not None:
            batch, self._pending = self._pending, None
            self._write(batch)

    def finish(self) -> None:
        """Commit; for the store only.

        Raises:
            Conflict: in haste, somebody else was first.
        """
        if self._pending is not None and self.begun and not self._wrote:
            # Nothing else was written, so if this writes nothing there is nothing to be undone.
            batch, self._pending = self._pending, None
            cursor, _ = self._together([self._statement_of(batch), ("COMMIT", ())], batch)
            self.begun = False
            self._written(batch, cursor)
            return
        if self.begun:
            self.open()
            self._cursor.execute("COMMIT")
        elif self._pending is not None:
            self._write(self._pending)

    def undo(self) -> None:
        """Roll back; for the store only."""
        if self.begun:
            self._cursor.execute("ROLLBACK")

    # --- commits ----------------------------------------------------------------------------------------------------

    def _may_put_off(self) -> bool:
        """Whether a commit may wait for the end of the block: in haste, if it is the first thing written."""
        return self._mode == "hasty" and not self.begun and self._pending is None

    def _may_wait(self, batch: Batch) -> bool:
        """Whether a commit on a run that is held may be sent with what comes next, since it cannot fail any more."""
        run, answer = batch.head.run, batch.answer
        return (
            self.begun
            and self._line.own
            and self._pending is None
            and run in self._held
            and self._seqs.get(run) == batch.expected_seq > 0
            and not batch.ballots
            and (answer is None or (run, answer.command_id) in self._unanswered)
        )

    def _put_off(self, batch: Batch) -> None:
        self._pending = batch
        self._seqs[batch.head.run] = batch.head.seq

    def _write(self, *batches: Batch) -> None:
        """One statement a batch; those of several runs go out together and cost one round trip."""
        runs = {batch.head.run for batch in batches}
        if len(batches) == 1 or len(runs) < len(batches):
            for batch in batches:
                self._written(batch, self._send(self._cursor, batch))
            return
        sent = self._together([self._statement_of(batch) for batch in batches], *batches)
        for batch, cursor in zip(batches, sent, strict=True):
            self._written(batch, cursor)

    def _send(self, cursor: Cursor, batch: Batch) -> Cursor:
        try:
            return cursor.execute(*self._statement_of(batch))
        except psycopg.errors.UniqueViolation as fault:
            if (known := _answered(fault, batch)) is not None:
                raise known from fault
            raise

    def _statement_of(self, batch: Batch) -> tuple[str, Any]:
        values = commit_values(batch, self._revs.get(batch.head.run), self._known)
        return _statement(self._line.schema, commit_parts(batch)), values

    def _written(self, batch: Batch, cursor: Cursor) -> None:
        row = cursor.fetchone()
        if row is None:
            if not self.begun:
                self._line.crowd(batch.head.run)
            raise self._refusal(batch)
        self._revs[batch.head.run] = row[0]
        self._seqs[batch.head.run] = batch.head.seq
        self._wrote = True
        self.told = self.told or awaited(batch)

    def _refusal(self, batch: Batch) -> Exception:
        """Why the head was not written; asked on the same connection, where the writer that was first is seen."""
        run, expected = batch.head.run, batch.expected_seq
        self._check_version(self._cursor.execute(self._sql["version"]).fetchone())
        row = self._cursor.execute(self._sql["head"], (run,)).fetchone()
        if row is None or row[6] != expected:
            return stale(run, expected, 0 if row is None else row[6])
        if self._revs.get(run) not in (None, row[10]):
            return Conflict(f"rows of run {run!r} were changed since they were read")
        return changed_identity(run)

    def _check_version(self, row: tuple[Any, ...] | None) -> None:
        """Stop if a newer version has changed the schema while this store was open; *row* ends with its number."""
        if row is not None and int(row[-1]) > self._known:
            raise newer(self._line.shown, int(row[-1]), self._known)

    # --- the driver -----------------------------------------------------------------------------------------------

    def _must_write(self) -> None:
        if self._mode == "reading":
            raise read_only()

    def _touch(self, run: str) -> None:
        """The run that a writer reads first is held from there on, as if its head had been asked for."""
        if not self._revs and not self._held and self._mode != "reading":
            self._head_row(run)

    def _head_row(self, run: str) -> Any:
        row = self._held_row(run, "head", (run,))
        self._revs.setdefault(run, 0 if row is None else row[10])
        self._seqs.setdefault(run, 0 if row is None else row[6])
        return row

    def _must_hold(self, run: str) -> bool:
        """Whether other writers are to be kept from a run from now on; in haste only from one that is crowded."""
        if self._mode == "reading" or run in self._held:
            return False
        return not self._may_put_off() or self._line.crowded(run)

    def _held_row(self, run: str, name: str, values: Any) -> Any:
        """The row of a question about a run that is held from here on; all in one round trip."""
        if not self._must_hold(run):
            return self._one(name, values)
        self._held.add(run)
        asked: list[tuple[str, Any]] = [] if self.begun else [(self._sql["begin_writing"], ())]
        self.begun = True
        waiting, self._pending = () if self._pending is None else (self._pending,), None
        asked += [self._statement_of(batch) for batch in waiting]
        asked += [(self._sql["hold"], (run, run)), (self._sql[name], values)]
        *before, _hold, found = self._together(asked, *waiting)
        for batch in waiting:
            self._written(batch, before[-1])
        return found.fetchone()

    def _together(self, asked: list[tuple[str, Any]], *batches: Batch) -> list[Cursor]:
        """Send statements in one go; *batches* are what some of them commit.

        After a fault in the middle the driver does not know which statements the server has prepared, so that
        connection is not used again.
        """
        if not self._line.own:  # The host's connection is left in the state it was in, fault or not.
            return [self._line.cursor().execute(text, values) for text, values in asked]
        while True:
            connection = self._cursor.connection
            try:
                with connection.pipeline():
                    cursors = [self._line.cursor().execute(text, values) for text, values in asked]
            except psycopg.Error as fault:
                connection.close()
                for batch in batches:
                    if (known := _answered(fault, batch)) is not None:
                        raise known from fault
                if not self._fresh or not broken(fault):
                    raise
                self._cursor = self._line.renew(fault)
            else:
                self._fresh = False
                return cursors

    def _run(self, text: str, values: Any) -> Cursor:
        if self._mode != "hasty" or self._pending is not None:
            self.open()
        return self._first(text, values) if self._fresh else self._cursor.execute(text, values)

    def _first(self, text: str, values: Any) -> Cursor:
        """The first statement of all: it changes nothing yet, so another connection may be tried."""
        while True:
            try:
                found = self._cursor.execute(text, values)
            except psycopg.Error as fault:
                if not self._fresh or not broken(fault):
                    raise
                self._cursor = self._line.renew(fault)
            else:
                self._fresh = False
                return found

    def _one(self, name: str, values: Any) -> Any:
        return self._run(self._sql[name], values).fetchone()

    def _all(self, name: str, values: Any) -> list[Any]:
        return self._run(self._sql[name], values).fetchall()

    def _do(self, name: str, values: Any) -> int:
        return self._run(self._sql[name], values).rowcount


def _answered(fault: psycopg.Error, batch: Batch) -> Conflict | None:
    """The fault in words where it says that the command's id is taken."""
    if batch.answer is None or fault.diag.constraint_name != "answers_pkey":
        return None
    return Conflict(f"command {batch.answer.command_id!r} of run {batch.head.run!r} is answered already")


@functools.cache
def _statement(schema: str, parts: tuple[str, ...]) -> str:
    found = sql.statements("postgres", schema)
    return "\n".join(found[part] for part in parts)
