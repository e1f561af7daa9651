"""Folding the rows of a run anew from its trail: after an upgrade that keeps rows in another shape, or after damage.

Rows are what the trail comes to (law 2), so nothing is lost with them. The trail must be whole, and every event and
plan in it known here: a version that does not know one of them refuses, and leaves the rows to the one that does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from phaseflow.core.decide.table import next_due
from phaseflow.core.state import fold
from phaseflow.core.state.rows import Draft
from phaseflow.engine import texts
from phaseflow.engine.answers import Refused
from phaseflow.errors import Problem
from phaseflow.messages import events as e
from phaseflow.stores import codec
from phaseflow.stores.base import Batch, Head, StoredEntry

if TYPE_CHECKING:
    from phaseflow.engine.engine import Engine


def refold(engine: Engine, run: str) -> int:
    """Put the rows of a run as its trail says; no entry is added and nothing is told.

    Returns:
        How many rows were written or dropped; 0 where all were right.

    Raises:
        Refused: The chain is broken, and a trail that was touched says nothing (PF486).
        CodecError: The trail holds what this version does not know.
    """
    with engine.store.transaction() as tx:
        head = engine.desk.head(tx, run)
        stored = tx.entries(run)
        _refuse_broken(run, stored, head)
        trail = [texts.read_entry(entry.body) for entry in stored]
        plans = engine.plans.finder(tx)
        began = next(plans(entry.event.plan) for entry in trail if isinstance(entry.event, e.RunStarted))
        rows = fold(began, trail, plans)
        right = {key: texts.write_row(row) for key, row in rows.scan("")}
        kept = dict(tx.scan(run, ""))
        put = {key: text for key, text in right.items() if kept.get(key) != text}
        drop = tuple(key for key in kept if key not in right)
        state = rows.get("head")
        new = attrs.evolve(head, status=state.status, plan=state.plan, due_at=next_due(Draft(rows)))
        if put or drop or new != head:
            tx.commit(Batch(head=new, expected_seq=head.seq, put=put, drop=drop))
        return len(put) + len(drop)


def _refuse_broken(run: str, stored: list[StoredEntry], head: Head) -> None:
    faults = codec.verify_chain(stored, run, head)
    if faults:
        raise Refused(
            "crashed",
            (
                Problem(
                    code="PF486",
                    what=f"the rows of '{run}' cannot be folded anew: {faults[0]}",
                    why="rows are made from the trail, and this one was touched",
                    fix="restore the database from a copy made before; keep this one for the audit",
                ),
            ),
        )
