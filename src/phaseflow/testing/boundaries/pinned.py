"""Which boundaries scenarios pin: what they did and looked at, held against every value and instant there is.

A scenario pins something only if it passes, is confirmed, and (where the policy cites a source at all) cites a clause:
somebody has said that the answer is the right one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import attrs

from phaseflow.analysis.citing import rules
from phaseflow.core.counting import numbers_of
from phaseflow.core.plan.model import LevelPlan, Plan
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry, Term
from phaseflow.testing.boundaries.edges import boundaries, changes
from phaseflow.testing.boundaries.gates import Counted
from phaseflow.testing.boundaries.limits import Limits
from phaseflow.testing.boundaries.model import KINDS, Boundary
from phaseflow.testing.scenarios.collect import Result
from phaseflow.testing.scenarios.play import Played

SECOND = timedelta(seconds=1)


@attrs.frozen(kw_only=True)
class Pinning:
    """The boundaries of one policy; *by* gives for each key the scenarios that pin it.

    *accepted* are the names of those that none has to pin.
    """

    plan: Plan = attrs.field(repr=False)
    boundaries: tuple[Boundary, ...]
    by: Mapping[str, tuple[str, ...]]
    accepted: frozenset[str] = frozenset()

    @property
    def open(self) -> tuple[Boundary, ...]:
        """What no scenario pins, and nobody accepted."""
        return tuple(one for one in self.boundaries if one.key not in self.by and one.name not in self.accepted)

    def of_kind(self, kind: str) -> tuple[int, int]:
        """How many of a kind are pinned, and how many there are."""
        mine = [one for one in self.boundaries if one.kind == kind]
        return sum(one.key in self.by for one in mine), len(mine)


def pin(found: Iterable[Result]) -> tuple[Pinning, ...]:
    """Hold the scenarios of each policy against its boundaries."""
    plans: dict[str, Plan] = {}
    wanted: dict[str, tuple[Boundary, ...]] = {}
    by: dict[str, dict[str, list[str]]] = {}
    for result in found:
        if result.played is None:
            continue
        plan = result.played.plan
        plans.setdefault(plan.digest, plan)
        if plan.digest not in wanted:
            wanted[plan.digest] = boundaries(plan)
        mine = by.setdefault(plan.digest, {})
        if result.state == "passed" and (result.played.case.spec.clause or not _cites(plan)):
            for key in observed(result.played, wanted[plan.digest]):
                mine.setdefault(key, []).append(result.name)
    return tuple(
        Pinning(
            plan=plan,
            boundaries=wanted[digest],
            by={key: tuple(names) for key, names in by[digest].items()},
        )
        for digest, plan in plans.items()
    )


def _cites(plan: Plan) -> bool:
    return any(rule.clauses for rule in rules(plan.policy, ()))


def observed(played: Played, wanted: Iterable[Boundary]) -> frozenset[str]:
    """The keys of the boundaries that a played case looked at."""
    seen = _Seen(played)
    return frozenset(one.key for one in wanted if seen.has(one))


class _Seen:
    """What happened in a case, in the terms of boundaries."""

    def __init__(self, played: Played) -> None:
        self.plan = played.plan
        self.done: set[tuple[str, str, str]] = set()
        """(level, duty or ledger/class, side) of what was done at a due instant."""
        self.counts: set[tuple[str, str, int, int]] = set()
        """(level, poll, favourable, base)."""
        self.turnout: set[tuple[str, str, int, int]] = set()
        """(level, poll, voters, invited)."""
        self.amounts: set[tuple[str, str, Fraction]] = set()
        self.entries: set[tuple[str, str, int]] = set()
        self.empty: set[tuple[str, str]] = set()
        self.unanswered: set[tuple[str, str]] = set()
        self.ties: set[tuple[str, str]] = set()
        self.graces: set[tuple[str, str, str]] = set()
        self.gates: set[tuple[str, str, str, str]] = set()
        """(level, move, fact, side)."""
        self.limits: set[tuple[str, str, str, str, str]] = set()
        """(kind, level, duty, detail, side)."""
        self.moments = played.moments
        self.days: set[date] = set(played.days)
        self.month_ends: set[date] = set()
        for name, (level, entries) in played.trails.items():
            _Trail(self, played.plan, played.plan.levels[level]).read(entries, played.looked.get(name, ()))

    def has(self, one: Boundary) -> bool:
        """Whether a boundary was looked at."""
        where = (one.level, one.subject)
        match one.kind:
            case "deadline":
                return (*where, one.side) in self.done
            case "grace":
                return (*where, one.side) in self.graces
            case "gate":
                return (*where, one.detail, one.side) in self.gates
            case "lock" | "limit":
                return (one.kind, *where, one.detail, one.side) in self.limits
            case "item":
                return (one.level, f"{one.subject}/{one.detail}", one.side) in self.done
            case "quota":
                assert one.value is not None
                return any((one.side == "-1" and one.value - 1 <= amount < one.value)
                           or (one.side == "=" and amount == one.value)
                           for level, duty, amount in self.amounts if (level, duty) == where)  # fmt: skip
            case "checklist":
                return any((level, duty) == where and left == 1 for level, duty, left in self.entries)
            case "threshold":
                assert one.value is not None
                return any(side_of(one.value, favourable, base) == one.side
                           for level, poll, favourable, base in self.counts if (level, poll) == where)  # fmt: skip
            case "quorum":
                return any(_quorum_side(one, voters, invited) == one.side
                           for level, poll, voters, invited in self.turnout if (level, poll) == where)  # fmt: skip
            case "empty":
                return where in (self.unanswered if one.detail == "nobody answers" else self.empty)
            case "tie":
                return where in self.ties
            case "day":
                return self._day(one)

    def _day(self, one: Boundary) -> bool:
        if one.detail == "29 February":
            return any((day.month, day.day) == (2, 29) for day in self.days)
        if one.detail.startswith("the clock"):
            forward = one.detail.endswith("forward")
            years = {day.year for day in self.days}
            return any(day in self.days and way is forward for year in years for day, way in changes(self.plan, year))
        return any(day.day >= 29 for day in self.days)


def side_of(bound: Fraction, favourable: int, base: int) -> str:
    """On which side of a bound a count lies, by one answer more or less; empty where it is further off."""
    if base <= 0:
        return ""
    exact = bound * base
    if favourable == exact:
        return "="
    if favourable < exact <= favourable + 1:
        return "-1"
    return "+1" if favourable - 1 <= exact < favourable else ""


def _quorum_side(one: Boundary, voters: int, invited: int) -> str:
    assert one.value is not None
    least = one.value * invited if one.value <= 1 and invited else one.value
    need = -(-least.numerator // least.denominator)
    return "=" if voters == need else "-1" if voters == need - 1 else ""


class _Trail:
    """One trail, read from its beginning."""

    def __init__(self, seen: _Seen, plan: Plan, level: LevelPlan) -> None:
        self.seen, self.plan, self.level = seen, plan, level
        self.terms: dict[tuple[str, str], Term] = {}
        self.items: dict[str, tuple[str, Term]] = {}
        self.names: dict[str, str] = {}
        self.totals: Counter[tuple[str, str]] = Counter()
        self.lines: tuple[tuple[int, int], ...] = ()
        self.looked = 0
        """The number of the looked-at line that is being read, from 1; 0 between them."""
        self.last_amounts: dict[tuple[int, str, str], tuple[str, str, Fraction]] = {}
        self.last_entries: dict[tuple[int, str, str], tuple[str, str, int]] = {}
        self.sums: dict[tuple[str, str], Fraction] = {}
        self.voters: Counter[str] = Counter()
        self.invited: dict[str, int] = {}
        self.counted = Counted(plan, level)
        self.limits = Limits(level, seen.moments)

    def read(self, entries: Iterable[Entry], looked: tuple[tuple[int, int], ...]) -> None:
        """Take in a trail; only what belongs to a line that expects something pins anything."""
        self.lines = looked
        for entry in entries:
            event: Any = entry.event
            lines = enumerate(looked, 1)
            self.looked = next((number for number, (after, last) in lines if after < entry.seq <= last), 0)
            self.counted.take(event, self._name(event))
            match event:
                case e.GateJudged() if self.looked:
                    self.seen.gates |= {(self.level.name, event.move, *one) for one in self.counted.sides(event)}
                case e.ItemOpened() | e.ItemAmended():
                    self.items[event.item] = (event.kind, event.term)
                case e.ItemSettled():
                    kind, term = self.items[event.item]
                    ledger = event.item.split("/")[0]
                    self._instant(f"{ledger}/{kind}", entry.at, term)
                case _ if isinstance(getattr(event, "key", None), str):
                    self._duty(event, entry)
        self.seen.amounts |= set(self.last_amounts.values())
        self.seen.entries |= set(self.last_entries.values())
        self.limits.finish()
        self.seen.limits |= {(kind, self.level.name, duty, step, side) for kind, duty, step, side in self.limits.seen}

    def _name(self, event: Any) -> str:
        """The duty that an event is about; the key of one that comes again ends with the number of its period."""
        if isinstance(event, e.DutyOpened):
            self.names[event.key] = event.name
        key = getattr(event, "key", "")
        return self.names.get(key) or key.rsplit("/", 1)[-1] if isinstance(key, str) else ""

    def _duty(self, event: Any, entry: Entry) -> None:
        name = self._name(event)
        where = (self.level.name, name)
        self.limits.take(entry, name)
        match event:
            case e.DutyOpened():
                self.terms[event.key, ""] = event.term
                self._owed(event.owed, entry, where)
            case e.DutyOwedBy():
                self._owed(event.owed, entry, where)
            case e.DutyDated() | e.ExtensionGranted():
                self.terms[event.key, getattr(event, "subject", "")] = event.term
            case e.DutyDone():
                for term in self._terms(event, name):
                    self._instant(name, entry.at, term)
            case e.AmountRecorded():
                place = (event.key, event.subject)
                self.sums[place] = self.sums.get(place, Fraction(0)) + event.amount
                if self.looked:
                    self.last_amounts[self.looked, *place] = (*where, self.sums[place])
            case e.EntryChecked():
                self.totals[event.key, event.subject] += 1
                rule = self.level.duties.get(name)
                if rule is not None and rule.kind == "checklist" and self.looked:
                    left = len(rule.spec.items) - self.totals[event.key, event.subject]  # type: ignore[union-attr]
                    self.last_entries[self.looked, event.key, event.subject] = (*where, left)
            case _:
                self._poll(event, name, where)

    def _terms(self, event: e.DutyDone, name: str) -> list[Term]:
        """The terms that a deed is held against; of what comes again, those of all periods: past one is in the next."""
        rule = self.level.duties.get(name)
        if rule is not None and getattr(rule.spec, "every", None) not in (None, "regularly"):
            return [term for (key, _), term in self.terms.items() if self.names.get(key) == name]
        term = self.terms.get((event.key, event.subject)) or self.terms.get((event.key, ""))
        return [term] if term is not None else []

    def _owed(self, owed: int, entry: Entry, where: tuple[str, str]) -> None:
        """Nobody owes it; that lasts, so a look at any later line is a look at it."""
        if owed == 0 and any(last >= entry.seq for _, last in self.lines):
            self.seen.empty.add(where)

    def _instant(self, name: str, at: datetime, term: Term) -> None:
        if term.due is None or not self.looked:
            return
        for side, distance in (("-1", -SECOND), ("=", timedelta(0)), ("+1", SECOND)):
            if at == term.due + distance:
                self.seen.done.add((self.level.name, name, side))
            if term.grace is not None and at == term.grace + distance:
                self.seen.graces.add((self.level.name, name, side))

    def _poll(self, event: Any, name: str, where: tuple[str, str]) -> None:
        match event:
            case e.PollOpened():
                self.voters[event.key] = 0
                self.invited[event.key] = sum(n for groups in event.invited.values() for n in groups.values())
            case e.ParticipationRecorded():
                self.voters[event.key] += 1
            case e.PollCounted():
                self._turnout(event.key, where)
                if not self.looked:
                    return
                counts = [numbers_of(result) for result in event.results]
                base = sum(base for _, base in counts)
                self.seen.counts.add((*where, sum(favourable for favourable, _ in counts), base))
                self.seen.counts.update((*where, *pair) for pair in counts)
                if base == 0:
                    self.seen.unanswered.add(where)
            case e.PollRunOn() | e.PollVoided():
                self._turnout(event.key, where)
            case e.PollHeld():
                self._turnout(event.key, where)
                if event.about == "nothing_valid" and self.looked:
                    self.seen.unanswered.add(where)
                elif event.about == "tie" and self.looked:
                    self.seen.ties.add(where)

    def _turnout(self, key: str, where: tuple[str, str]) -> None:
        if not self.looked:
            return
        voters = self.voters[key]
        self.seen.turnout.add((*where, voters, self.invited.get(key, 0)))
        if voters == 0:
            self.seen.unanswered.add(where)


__all__ = ["KINDS", "Pinning", "observed", "pin", "side_of"]
