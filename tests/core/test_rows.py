"""Rows: the order in which they are walked, drafts on top of them, and how many of them a decision reads (R25)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.core.stage import START, instant, plan_of

from phaseflow.core.decide import decide
from phaseflow.core.plan.model import Plan
from phaseflow.core.state import order
from phaseflow.core.state.order import Keys
from phaseflow.core.state.rows import Draft, MemoryRows, Timer, timer_key
from phaseflow.messages import commands as c

# --- order and drafts -------------------------------------------------------------------------------------------------

few = st.text("ab/", max_size=4)


@given(st.lists(few, unique=True), st.lists(few), few)
def test_keys_are_walked_in_order_in_however_many_blocks(begin: list[str], more: list[str], prefix: str) -> None:
    """Adding and removing keys, with blocks of three at most, gives what sorting would give."""
    size, order.BLOCK = order.BLOCK, 2
    try:
        keys, model = Keys(begin), set(begin)
        for key in more:
            (keys.remove if key in model else keys.add)(key)
            model ^= {key}
            assert list(keys.under("")) == sorted(model)
        assert list(keys.under(prefix)) == sorted(key for key in model if key.startswith(prefix))
    finally:
        order.BLOCK = size


TIMERS = [timer_key(instant("03-02") + timedelta(hours=n), "due", "x") for n in range(4)]
keys_of_rows = st.sampled_from([*TIMERS, "duty/1", "duty/2", "head"])
changes = st.lists(st.tuples(st.sampled_from(["put", "drop", "look", "fork", "forget"]), keys_of_rows), max_size=20)


@given(st.sets(keys_of_rows), changes)
def test_a_draft_and_its_fork_are_rows_of_their_own(below: set[str], steps: list[tuple[str, str]]) -> None:
    """A draft shows what a plain dict with the same changes would, timers included; a fork leaves it as it was."""
    base = MemoryRows(dict.fromkeys(below, 0))
    draft, model = Draft(base), dict.fromkeys(below, 0)
    kept: list[tuple[Draft, dict[str, int]]] = []
    for number, (what, key) in enumerate(steps, start=1):
        match what:
            case "put":
                draft.put(key, number)
                model[key] = number
            case "drop":
                draft.drop(key)
                model.pop(key, None)
            case "fork":
                kept.append((draft, dict(model)))
                draft = draft.fork()
            case "forget" if kept:
                draft, model = kept.pop()
        timers = sorted(item for item in model.items() if item[0].startswith("timer/"))
        assert draft.next_timer() == (timers[0] if timers else None)
        assert list(draft.scan("duty/")) == sorted(item for item in model.items() if item[0].startswith("duty/"))
        assert draft.get(key) == model.get(key)
    base.take(draft)
    assert dict(base.scan("")) == model
    assert base.rows == model


def test_timers_below_are_read_no_further_than_needed() -> None:
    """The first timer costs one row, however many follow; a fork reads none again."""
    rows = Counting(MemoryRows({key: Timer(kind="x", key=key) for key in TIMERS}))
    draft = Draft(rows)
    for _ in range(3):
        assert draft.next_timer() == draft.fork().next_timer()
    assert rows.read == [TIMERS[0]]
    draft.drop(TIMERS[0])
    draft.fork().next_timer()
    draft.next_timer()
    assert rows.read == TIMERS[:2]


# --- how many rows a decision reads -----------------------------------------------------------------------------------


class Counting:
    """Rows that note the key of every row that is read of them."""

    def __init__(self, rows: MemoryRows) -> None:
        self.rows = rows
        self.read: list[str] = []

    def get(self, key: str) -> Any:
        self.read.append(key)
        return self.rows.get(key)

    def scan(self, prefix: str) -> Iterator[tuple[str, Any]]:
        for key, row in self.rows.scan(prefix):
            self.read.append(key)
            yield key, row


POLICY = """
roles: {office: Office, lead: Lead, member: {title: Member, independent_of: office}}
delegation: {roles: [member], longest_chain: 2}
phases:
  study:
    window: 03-01 .. 04-30
    gate: duties
    duties:
      notes: {quota: 100000 characters, each: member, due: 04-20, remind: [7 days]}
      tour: {task: Tour, each: member, due: 04-20}
"""


def _run(plan: Plan, members: int, history: int) -> tuple[MemoryRows, datetime]:
    """A run with so many members and so many records of each of the first two."""
    rows, now = MemoryRows(), instant("03-02")
    people = tuple(c.Person(id=f"p{n}", roles=("member",)) for n in range(members))
    commands: list[c.Command] = [
        c.StartRun(
            id="s", by="system", at=now, now=now, run="r", campaign="trial", plan=plan.digest, level="unit", unit="",
            start=START, persons=(*people, c.Person(id="o", roles=("office",))),
        )
    ]  # fmt: skip
    commands += [_record(f"p{n % 2}", now, n) for n in range(history)]
    for command in commands:
        decision = decide(plan, rows, command)
        assert decision.accepted
        rows.write(decision.put, decision.drop)
    return rows, now


def _record(by: str, now: datetime, number: int) -> c.Record:
    return c.Record(id=f"c{number}", by=by, at=now, now=now, duty="notes", amount=Fraction(1), unit="characters")


def test_common_commands_read_as_many_rows_whatever_the_roster_and_the_history() -> None:
    """R25: `record` and `complete` read the same few rows in a run of 3 and of 300, new and old, and write as much."""
    plan = plan_of(POLICY)
    written: dict[str, list[int]] = {"record": [], "complete": []}
    read: dict[str, set[tuple[str, ...]]] = {"record": set(), "complete": set()}
    for members, history in ((3, 0), (3, 200), (300, 0), (300, 200)):
        rows, now = _run(plan, members, history)
        commands = {
            "record": _record("p1", now, 1000),
            "complete": c.Complete(id="d", by="p1", at=now, now=now, duty="tour"),
        }
        for name, command in commands.items():
            counting = Counting(rows)
            decision = decide(plan, counting, command)
            assert decision.accepted
            written[name].append(len(repr((decision.put, decision.drop))))
            read[name].add(tuple(counting.read))
    assert {name: len(ways) for name, ways in read.items()} == {"record": 1, "complete": 1}
    assert all(len(set(way)) <= 12 for ways in read.values() for way in ways)
    assert all(max(sizes) - min(sizes) <= 20 for sizes in written.values()), "only numbers have more digits"
