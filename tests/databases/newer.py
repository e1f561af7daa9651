"""A version of phaseflow that does not exist yet, as a program: it knows an event, a row and a field more.

    python tests/databases/newer.py migrate URL       opens the database with one migration more, and works
    python tests/databases/newer.py star URL RUN      writes the new event, which puts a row of a new class
    python tests/databases/newer.py deepen URL RUN    writes the new event, which gives li's part a field more
    python tests/databases/newer.py verify URL        verifies every run, and works

So two versions meet in two processes, with nothing patched in the one that is tested.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import attrs

from phaseflow import Engine
from phaseflow.core.state import rows
from phaseflow.core.state.evolve import APPLIERS, evolve
from phaseflow.core.state.rows import Draft
from phaseflow.engine import texts
from phaseflow.engine.rows import StoreRows
from phaseflow.messages.events import Entry, Event
from phaseflow.stores import codec, sql
from phaseflow.stores.base import Batch

NOW = datetime(2009, 3, 3, 2, tzinfo=UTC)
PART = "part/study/1/notes/li"


@attrs.frozen(kw_only=True)
class NoteStarred(Event):
    """The new event."""

    deep: bool


@attrs.frozen(kw_only=True)
class Star:
    """The new row."""

    by: str


@attrs.frozen(kw_only=True)
class Part(rows.PartState):
    """A known row with a field more."""

    stars: int = 0


def starred(_plan: Any, draft: Draft, _entry: Entry, event: NoteStarred) -> None:
    """What the new event changes."""
    if event.deep:
        part = draft.get(PART)
        known = {field.name: getattr(part, field.name) for field in attrs.fields(type(part))}
        draft.put(PART, Part(**{**known, "stars": 1}))
    else:
        draft.put("star/1", Star(by="wang"))


def learn() -> None:
    """Make this process the newer version."""
    Part.__name__ = "PartState"
    Part.__module__ = Star.__module__ = rows.__name__
    rows.Star = Star  # type: ignore[attr-defined]
    rows.PartState = Part  # type: ignore[misc]
    APPLIERS[NoteStarred] = starred  # type: ignore[index]


def write(engine: Engine, run: str, *, deep: bool) -> None:
    """Write the new event into a run."""
    with engine.store.transaction() as tx:
        head = engine.desk.head(tx, run)
        draft = Draft(StoreRows(tx, run))
        entry = Entry(seq=head.seq + 1, at=NOW, recorded_at=NOW, actor="wang", event=NoteStarred(deep=deep))
        evolve(engine.plans.load(tx, head.plan), draft, entry)
        stored = codec.link(run, head.chain, head.seq, [texts.write_entry(entry)])
        new = attrs.evolve(head, seq=entry.seq, chain=stored[-1].hash)
        put = {key: texts.write_row(row) for key, row in draft.changes.items()}
        tx.commit(Batch(head=new, expected_seq=head.seq, entries=stored, put=put))




def migrations(dialect: str, schema: str = sql.SCHEMA) -> tuple[str, ...]:
    """One migration more."""
    where = "" if dialect == "sqlite" else f"{schema}."
    return (*KNOWN(dialect, schema), f"ALTER TABLE {where}heads ADD COLUMN remark TEXT NOT NULL DEFAULT '';\n")


KNOWN = sql.migrations


def main(what: str, url: str, run: str = "a") -> None:
    """Do one thing, as the newer version does it."""
    learn()
    if what == "migrate":
        sql.migrations = migrations  # type: ignore[assignment]
    with Engine(url, clock=lambda: NOW) as engine:
        if what in ("star", "deepen"):
            write(engine, run, deep=what == "deepen")
        else:
            engine.run(run).record("notes", by="li", amount="1 page")
        faults = {handle.id: handle.verify() for handle in engine.runs()}
        assert not any(faults.values()), faults


if __name__ == "__main__":
    main(*sys.argv[1:])
