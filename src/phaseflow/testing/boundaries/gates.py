"""The bounds of gates: the number of units, of open items, or of those who have done a duty that just opens a gate.

A bound is pinned where the gate is asked for: at the number that is just enough, and one off. What a gate read is in
its verdict only in part, so what is counted within the run itself is counted here again, from the trail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import attrs

from phaseflow.core import conditions as c
from phaseflow.core.plan.model import LevelPlan, Move, Plan
from phaseflow.messages import events as e
from phaseflow.testing.boundaries.model import Boundary

COUNTED = frozenset({"units", "units_share", "items", "done_share"})
"""Facts whose bounds are looked at; results of polls have thresholds of their own, and a duty is done or not."""

AT_LEAST, AT_MOST = (">=", ">"), ("<=", "<")


def boundaries(move: Move, level: LevelPlan, plan: Plan) -> Iterator[Boundary]:
    """The bounds of one gate, in the order of its condition."""
    for fact, threshold in _bounds(move):
        value = _value(threshold.bound, plan)
        if value is None or (fact.name == "items" and value == 0 and threshold.op in AT_LEAST):
            continue
        sides = ("=", "+1") if threshold.op in AT_MOST else ("-1", "=")
        for side in sides:
            span = threshold.span if threshold.span.line else move.span
            yield Boundary(kind="gate", level=level.name, subject=move.name, detail=said(fact), side=side,
                           value=value, span=span, clauses=move.clause)  # fmt: skip


def _bounds(move: Move) -> Iterator[tuple[c.Read, c.Threshold]]:
    for fact, thresholds in c.thresholds(move.gate).items() if move.gate is not None else ():
        for threshold in thresholds:
            known = fact.name in COUNTED and threshold.exact and threshold.op in (*AT_LEAST, *AT_MOST, "==")
            if known and (fact.name != "items" or _of(fact, "state") in ("", "open")):
                yield fact, threshold


def said(fact: c.Read) -> str:
    """A fact in short: ``units closed study``, ``items problems ripe``, ``done notes``."""
    words = [fact.name.removesuffix("_share")]
    for key, value in sorted(fact.args, key=lambda given: given[0] != "ledger"):
        if key not in ("if_none", "state"):
            words += [key, str(value.value)] if fact.name in ("units", "units_share") else [str(value.value)]
    return " ".join(words)


def _of(fact: c.Read, name: str) -> str:
    return next((str(value.value) for key, value in fact.args if key == name), "")


def _value(bound: c.Const | c.Read, plan: Plan) -> Fraction | None:
    """A bound as a number; of a parameter the only value it has, for one with dates has no single edge."""
    if isinstance(bound, c.Read):
        parameter = plan.parameters.get(bound.name)
        return parameter.values[0][1] if parameter is not None and len(parameter.values) == 1 else None
    number = isinstance(bound.value, int | Fraction) and not isinstance(bound.value, bool)
    return Fraction(bound.value) if number else None  # type: ignore[arg-type]


@attrs.define
class Counted:
    """What a run has counted so far; tells at each verdict on which sides of its bounds a gate was asked for."""

    plan: Plan
    level: LevelPlan
    items: dict[str, str] = attrs.field(factory=dict)
    """The class of each open item."""
    kinds: dict[str, str] = attrs.field(factory=dict)
    owed: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    """By duty: how many owe it, and how many of them still have to do it."""

    def take(self, event: Any, name: str) -> None:
        """Take in an event, about the duty *name* where it is about one."""
        match event:
            case e.ItemOpened(item=item, kind=kind) | e.ItemAmended(item=item, kind=kind):
                self.kinds[item] = self.items[item] = kind
            case e.ItemClosed(item=item):
                self.items.pop(item, None)
            case e.ItemReopened(item=item):
                self.items[item] = self.kinds.get(item, "")
            case e.DutyOpened(owed=owed):
                self.owed[name] = (owed, owed)
            case e.DutyOwedBy(owed=owed):
                before, rest = self.owed.get(name, (0, 0))
                self.owed[name] = (owed, rest + owed - before)
            case e.DutyDone(rest=rest) | e.DutyUndone(rest=rest):
                self.owed[name] = (self.owed.get(name, (0, 0))[0], rest)

    def sides(self, judged: e.GateJudged) -> Iterator[tuple[str, str]]:
        """(fact, side) of each bound that a verdict looked at."""
        move = self.level.moves[judged.move]
        for fact, threshold in _bounds(move):
            bound, found = _value(threshold.bound, self.plan), self._count(fact, judged)
            if bound is None or found is None:
                continue
            number, base = found
            least = bound * base if base else bound
            need = -(-least.numerator // least.denominator)
            side = {-1: "-1", 0: "=", 1: "+1"}.get(number - need, "")
            if side:
                yield said(fact), side

    def _count(self, fact: c.Read, judged: e.GateJudged) -> tuple[int, int] | None:
        """What a fact counts, and of how many where it is a share (0 for a plain number)."""
        match fact.name:
            case "items":
                ledger, kind = _of(fact, "ledger"), _of(fact, "class") or _of(fact, "kind")
                mine = [name for name, found in self.items.items() if name.split("/")[0] == ledger
                        and kind in ("", found)]  # fmt: skip
                return len(mine), 0
            case "done_share":
                owed, rest = self.owed.get(_of(fact, "duty"), (0, 0))
                return (owed - rest, owed) if owed else None
            case _:
                return _units(c.render(fact), judged, share=fact.name == "units_share")


def _units(fact: str, judged: e.GateJudged, *, share: bool) -> tuple[int, int] | None:
    """What a census came to: the reading of a fact, and how many units were looked at."""
    measured = next((reading.measured for reading in judged.readings if reading.fact == fact), "")
    base = int(judged.census.split(":")[0] or 0) if judged.census else 0
    if not share:
        return (int(measured), 0) if measured.isdigit() else None
    exact = re.search(r"\((\d+)/(\d+)\)", measured)
    percent = re.fullmatch(r"(\d+)%", measured)
    value = (
        Fraction(int(exact[1]), int(exact[2])) if exact else Fraction(int(percent[1]), 100) if percent else None
    )
    return None if value is None or not base else (int(value * base), base)
