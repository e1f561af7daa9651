"""One transaction on PostgreSQL: runs, personal values and ballots, as values.

The statements stand in ``sql/postgres/statements.sql``; how a transaction begins and ends is in
`phaseflow.stores.postgres_session`, the outbox in `phaseflow.stores.postgres_outbox`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from phaseflow.stores.base import Answer, Batch, Extent, Head, HeadQuery, Look, PersonalValue, StoredEntry, prefix_end
from phaseflow.stores.faults import changed_plan
from phaseflow.stores.postgres_outbox import Outbox
from phaseflow.stores.postgres_rows import answer_of, head_of, heads_clauses
from phaseflow.stores.postgres_session import guarded

FIRST = datetime(1, 1, 1, tzinfo=UTC)
"""Before every instant that a run can be due at."""


class PostgresTx(Outbox):
    """A `Tx` on one PostgreSQL connection."""

    # --- runs -----------------------------------------------------------------------------------------------------

    @guarded
    def head(self, run: str) -> Head | None:
        row = self._head_row(run)
        return None if row is None else head_of(row)

    @guarded
    def look(
        self,
        run: str,
        *,
        command_id: str = "",
        keys: Collection[str] = (),
        prefixes: Collection[str] = (),
        limit: int = 8,
    ) -> Look | None:
        ranges = [(prefix, end) for prefix in prefixes if (end := prefix_end(prefix)) is not None]
        lows, highs = [low for low, _ in ranges], [high for _, high in ranges]
        values = {"run": run, "command": command_id, "keys": list(keys), "lows": lows, "highs": highs, "limit": limit}
        row = self._held_row(run, "look", values)
        self._revs.setdefault(run, 0 if row is None else row[10])
        self._seqs.setdefault(run, 0 if row is None else row[6])
        if row is None:
            return None
        if command_id and row[11] is None:
            self._unanswered.add((run, command_id))
        scans: dict[str, list[tuple[str, str]]] = {low: [] for low in lows}
        for place, key, body in zip(row[18] or (), row[19] or (), row[20] or (), strict=True):
            scans[lows[place - 1]].append((key, body))
        rows = dict(zip(row[16] or (), row[17] or (), strict=True))
        return Look(head=head_of(row), answer=answer_of(row[11:16]), rows=rows, scans=scans)

    @guarded
    def heads(self, where: HeadQuery) -> list[Head]:
        clauses, values = heads_clauses(where)
        return [head_of(row) for row in self._run(f"{self._sql['heads']} {clauses}", values).fetchall()]

    @guarded
    def rows_of(self, where: HeadQuery, key: str) -> list[tuple[Head, str | None]]:
        clauses, values = heads_clauses(where)
        found = self._run(f"{self._sql['rows_of']} {clauses}", {**values, "key": key})
        return [(head_of(row), row[10]) for row in found.fetchall()]

    @guarded
    def chains(self, where: HeadQuery) -> list[tuple[str, str]]:
        clauses, values = heads_clauses(where)
        return self._run(f"{self._sql['chains']} {clauses}", values).fetchall()

    @guarded
    def extent(self, where: HeadQuery) -> Extent:
        clauses, values = heads_clauses(where)
        row = self._run(self._sql["extent"].replace("-- heads", clauses), values).fetchone()
        return Extent(*row) if row is not None else Extent(0, 0)

    @guarded
    def claim_due(self, *, by: datetime, limit: int, after: Head | None = None) -> list[Head]:
        self._must_write()
        self.open()
        low = (after.due_at, after.run) if after is not None and after.due_at is not None else (FIRST, "")
        claimed = self._all("claim_due", (by, *low, limit))
        for row in claimed:
            self._held.add(row[0])
            self._revs.setdefault(row[0], row[10])
            self._seqs.setdefault(row[0], row[6])
        return [head_of(row) for row in claimed]

    @guarded
    def rows(self, run: str, keys: Collection[str]) -> dict[str, str]:
        self._touch(run)
        return dict(self._all("rows", (run, list(keys))))

    @guarded
    def scan(self, run: str, prefix: str, *, after: str = "", limit: int | None = None) -> list[tuple[str, str]]:
        self._touch(run)
        end = prefix_end(prefix)
        if end is None:
            return self._all("scan_open", (run, prefix, after, limit))
        return self._all("scan", (run, prefix, end, after, limit))

    @guarded
    def entries(self, run: str, *, after: int = 0, limit: int | None = None) -> list[StoredEntry]:
        self._touch(run)
        return [StoredEntry(*row) for row in self._all("entries", (run, after, limit))]

    @guarded
    def answer(self, run: str, command_id: str) -> Answer | None:
        self._touch(run)
        row = self._one("answer", (run, command_id))
        return None if row is None else answer_of(row)

    @guarded
    def commit(self, *batches: Batch) -> None:
        self._must_write()
        erasing = any(batch.erase for batch in batches)
        if len(batches) == 1 and not erasing and (self._may_put_off() or self._may_wait(batches[0])):
            self._put_off(batches[0])
            return
        self.open()
        if erasing:
            for batch in batches:
                self._run(self._sql["personal_erase"], (batch.head.run, list(batch.erase)))
            self.scrub = True
        self._write(*batches)

    @guarded
    def keep_plan(self, digest: str, body: str) -> None:
        self._must_write()
        self.open()
        if not self._do("plan_insert", (digest, body)) and self._one("plan", (digest,)) != (body,):
            raise changed_plan(digest)

    @guarded
    def plan(self, digest: str) -> str | None:
        row = self._one("plan", (digest,))
        return None if row is None else row[0]

    # --- personal values and ballots ------------------------------------------------------------------------------

    @guarded
    def personal(self, run: str, refs: Collection[str]) -> dict[str, PersonalValue]:
        self._touch(run)
        rows = self._all("personal", (run, list(refs)))
        return {ref: PersonalValue(ref=ref, owner=owner, salt=salt, value=value) for ref, owner, salt, value in rows}

    @guarded
    def ballots(self, poll: str) -> list[str]:
        return [body for _id, body in self._all("ballots", (poll,))]

    @guarded
    def seal_ballots(self, poll: str) -> None:
        self._must_write()
        self.open()
        box = self._all("ballots", (poll,))
        self._do("ballots_clear", (poll,))
        self._do("ballots_put", (poll, [id_ for id_, _ in box], [body for _, body in box]))
        self.scrub = True
