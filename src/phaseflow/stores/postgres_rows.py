"""Rows of PostgreSQL to values and values to parameters. No statement is run here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.adapt import AdaptersMap, Buffer, Loader
from psycopg.pq import Format

from phaseflow.stores.base import Answer, Batch, Delivery, Head, HeadQuery, StoredNotice

_SINCE = datetime(2000, 1, 1, tzinfo=UTC)


class Instant(Loader):
    """A timestamptz on the wire is a count of microseconds, whatever zone and style the session shows dates in."""

    format = Format.BINARY

    def load(self, data: Buffer) -> datetime:
        return _SINCE + timedelta(microseconds=int.from_bytes(bytes(data), "big", signed=True))


def adapt(adapters: AdaptersMap) -> None:
    """Have instants come back in UTC on a connection or cursor."""
    adapters.register_loader("timestamptz", Instant)


def commit_parts(batch: Batch) -> tuple[str, ...]:
    """The names of the parts that the statement of a commit is put together from."""
    parts = ["commit_update" if batch.expected_seq else "commit_insert"]
    parts += ["commit_answer"] if batch.answer is not None else []
    parts += ["commit_entries"] if batch.entries else []
    parts += ["commit_drop"] if batch.drop else []
    parts += ["commit_put"] if batch.put else []
    parts += ["commit_notices"] if batch.notices else []
    parts += ["commit_personal"] if batch.personal else []
    parts += ["commit_ballots"] if batch.ballots else []
    return (*parts, "commit_end")


def commit_values(batch: Batch, rev: int | None, known: int) -> Mapping[str, object]:
    """The parameters of a commit; *rev* is the count of commits that was read with the head, if one was read.

    *known* is the number of the newest schema that the writer knows.
    """
    head, answer = batch.head, batch.answer
    values: dict[str, object] = {
        "run": head.run, "campaign": head.campaign, "level": head.level, "unit": head.unit, "parent": head.parent,
        "plan": head.plan, "seq": head.seq, "chain": head.chain, "status": head.status, "due_at": head.due_at,
        "expected": batch.expected_seq, "rev": rev, "known": known,
    }  # fmt: skip
    if answer is not None:
        values |= {"a_id": answer.command_id, "a_digest": answer.digest, "a_body": answer.body}
        values |= {"a_first": answer.seq_first, "a_last": answer.seq_last}
    if batch.entries:
        values["e_seqs"], values["e_bodies"], values["e_hashes"] = _columns(
            [(e.seq, e.body, e.hash) for e in batch.entries]
        )
    if batch.drop:
        values["r_drop"] = list(batch.drop)
    if batch.put:
        values["r_keys"], values["r_bodies"] = list(batch.put), list(batch.put.values())
    if batch.notices:
        rows = [(n.id, n.seq, n.body, n.available_at, n.useless_after, n.coalesce) for n in batch.notices]
        names = ("n_ids", "n_seqs", "n_bodies", "n_available", "n_useless", "n_coalesce")
        values |= dict(zip(names, _columns(rows), strict=True))
    if batch.personal:
        rows_of = [(p.ref, p.owner, p.salt, p.value) for p in batch.personal]
        values |= dict(zip(("p_refs", "p_owners", "p_salts", "p_values"), _columns(rows_of), strict=True))
    if batch.ballots:
        box = [(b.poll, b.id, b.body) for b in batch.ballots]
        values |= dict(zip(("b_polls", "b_ids", "b_bodies"), _columns(box), strict=True))
    return values


def _columns(rows: list[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))


def heads_clauses(where: HeadQuery) -> tuple[str, dict[str, object]]:
    """The WHERE, ORDER BY and LIMIT of a query over heads, and its parameters."""
    clauses: list[str] = ["due_at IS NOT NULL"] if where.order == "due" or where.due_by is not None else []
    values: dict[str, object] = {"limit": where.limit}
    for column in ("campaign", "parent", "unit", "level", "status"):
        if getattr(where, column) is not None:
            clauses.append(f"{column} = %({column})s")
            values[column] = getattr(where, column)
    if where.runs is not None:
        clauses.append("run = ANY (%(runs)s)")
        values["runs"] = list(where.runs)
    if where.due_by is not None:
        clauses.append("due_at <= %(due_by)s")
        values["due_by"] = where.due_by
    last = where.after
    if last is not None and where.order == "run":
        clauses.append("run > %(last)s")
        values["last"] = last.run
    elif last is not None and last.due_at is not None:
        clauses.append('(due_at, run) > (%(last_due)s, %(last)s COLLATE "C")')
        values |= {"last_due": last.due_at, "last": last.run}
    order = "due_at, run" if where.order == "due" else "run"
    return (f"WHERE {' AND '.join(clauses)} " if clauses else "") + f"ORDER BY {order} LIMIT %(limit)s", values


def head_of(row: tuple[Any, ...]) -> Head:
    """A head; the count of commits behind it is left to the caller."""
    run, campaign, level, unit, parent, plan, seq, chain, status, due = row[:10]
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
        due_at=due,
    )


def answer_of(row: tuple[Any, ...]) -> Answer | None:
    """A recorded answer, or None where its columns are empty."""
    if row[0] is None:
        return None
    return Answer(command_id=row[0], digest=row[1], seq_first=row[2], seq_last=row[3], body=row[4])


def notice_of(row: tuple[Any, ...]) -> StoredNotice:
    """A notice of the outbox."""
    id_, run, seq, body, available, useless, coalesce = row
    return StoredNotice(
        id=id_, run=run, seq=seq, body=body, available_at=available, useless_after=useless, coalesce=coalesce
    )


def delivery_of(row: tuple[Any, ...]) -> Delivery:
    """A delivery with its notice."""
    hook, recipient, line, status, ready, attempts, worker, error, progress, settled, superseded = row[7:]
    return Delivery(
        notice=notice_of(row[:7]),
        hook=hook,
        recipient=recipient,
        line=line,
        status=status,
        ready_at=ready,
        attempts=attempts,
        worker=worker,
        error=error,
        progress=progress,
        settled_at=settled,
        superseded=superseded,
    )
