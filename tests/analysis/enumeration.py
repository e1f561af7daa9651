"""Brute force: real commands through the real `decide`, breadth first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import count
from typing import Any

from phaseflow.analysis.explore.acts import Play, Stuck, host_of
from phaseflow.core.decide.table import next_due
from phaseflow.core.plan import Plan
from phaseflow.core.plan.model import LevelPlan
from phaseflow.core.state import MemoryRows
from phaseflow.core.state.rows import Draft
from phaseflow.errors import PhaseflowError
from phaseflow.messages import commands as m

SHARES = (Fraction(0), Fraction(1, 2), Fraction(3, 5), Fraction(1))
"""One result for each region of the bounds 40 % and 60 %, with five people."""


def begin(plan: Plan, level: LevelPlan) -> Play:
    """A run of a small policy on the first of January."""
    play = Play(
        plan=plan, level=level, now=datetime(2026, 1, 1, 8, tzinfo=UTC), host=host_of(level), crowds={"member": 10}
    )
    play.start()
    return play


def copied(play: Play) -> Play:
    """The same run once more, to go on in another way."""
    return Play(
        plan=play.plan, level=play.level, now=play.now, rows=MemoryRows(play.rows.rows), log=list(play.log),
        host=play.host, crowds=play.crowds,
    )  # fmt: skip


def acts(play: Play) -> Iterator[Any]:
    """Everything that somebody may try: a function each, to be called with a run."""
    level, head = play.level, play.rows.get("head")
    for name in level.moves:
        yield lambda run, name=name: run.do(m.Ask, "boss_1", move=name)
    for name, duty in level.duties.items():
        if duty.kind == "task":
            yield lambda run, name=name: run.do(m.Complete, "member_1", duty=name)
        if duty.kind == "poll":
            for share in SHARES:
                yield lambda run, name=name, share=share: run.poll(name, share)
            yield lambda run, name=name: run.do(m.OpenPoll, "boss_1", poll=name, invited={"own": {"member": 5}})
            yield lambda run, name=name: run.do(m.ClosePoll, "boss_1", poll=name)
    if head.status == "concluded":
        for name in level.phases:
            yield lambda run, name=name: run.do(m.Reopen, "boss_1", phase=name, spawned="stands", reason="so")
    if play.rows.get("item/gaps/000001") is None:  # one item is as good as many: gates ask whether there is any
        yield lambda run: run.open_item("gaps", "gap")
    else:
        yield lambda run: run.do(m.SettleItem, "boss_1", item="gaps/1")
    if next_due(Draft(play.rows)) is not None:
        yield lambda run: run.tick(next_due(Draft(run.rows)) + timedelta(seconds=1))


def following(play: Play) -> Iterator[Play]:
    """Every run that one act leads to."""
    for act in acts(play):
        run = copied(play)
        try:
            act(run)
        except (Stuck, PhaseflowError):
            if run.rows.rows == play.rows.rows:
                continue
        yield run


def enumerate_runs(plan: Plan, level: LevelPlan, most: int) -> list[Play]:
    """Different runs, nearest first, up to *most*."""
    first = begin(plan, level)
    found, seen, todo = [first], {_sign(first)}, deque([first])
    while todo and len(found) < most:
        for run in following(todo.popleft()):
            sign = _sign(run)
            if sign not in seen:
                seen.add(sign)
                found.append(run)
                todo.append(run)
    return found


def can_end(play: Play, most: int) -> bool:
    """Whether some acts end a run, looking at so many runs at most."""
    seen, todo = {_sign(play)}, deque([play])
    for _ in count():
        if not todo or len(seen) > most:
            return False
        run = todo.popleft()
        if run.rows.get("head").status == "concluded":
            return True
        for after in following(run):
            if _sign(after) not in seen:
                seen.add(_sign(after))
                todo.append(after)
    raise AssertionError


def _sign(play: Play) -> tuple[Any, ...]:
    """What tells two runs apart here: their configuration, what is done, counted and open; not their times."""
    head = play.rows.get("head")
    done = tuple(
        (row.name, row.owed, row.done) for key, row in play.rows.scan("duty/") if row.owed is not None
    )
    counted = tuple((key, row.share) for key, row in play.rows.scan("counted/"))
    polls = tuple((key, row.status) for key, row in play.rows.scan("poll/"))
    scheduled = tuple(key for key, _ in play.rows.scan("scheduled/"))
    items = play.rows.get("items/gaps/open")
    moves = tuple(sorted(head.moves.items()))
    return head.open, head.closed, head.waiting, head.outcome, moves, done, counted, polls, scheduled, items
