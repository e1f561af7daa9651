"""What of a plan can be covered, derived from the plan alone: one goal for each thing that can happen.

The kinds are those that a policy is about, not lines: phases, moves, gates with each of their reasons, steps of routes,
deadlines before, at and after, rungs of ladders, bands, silences, items, waivers, outcomes, clauses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime

import attrs

from phaseflow.analysis.citing import rules
from phaseflow.core import deadlines
from phaseflow.core.calendars import Calendar
from phaseflow.core.conditions import Condition, Requirement, explain
from phaseflow.core.counting import label
from phaseflow.core.plan.model import Duty, Ledger, LevelPlan, Move, Phase, Plan
from phaseflow.errors import Span
from phaseflow.spec.duties import Bands, PollDuty, Quorum
from phaseflow.spec.phrases import LengthPhrase, WindowPhrase

KINDS: Mapping[str, str] = {
    "phase": "phases entered and left",
    "move": "moves made",
    "gate": "gates passed, and held for each reason",
    "needs": "what must come first, met and refused",
    "step": "steps of phases begun",
    "route": "steps of routes: done, returned, skipped, silent",
    "deadline": "deadlines before, at and after",
    "rung": "rungs of ladders",
    "poll": "bands and silences of polls",
    "item": "items of ledgers",
    "relief": "waivers and extensions",
    "outcome": "outcomes",
    "clause": "clauses executed",
}
"""Kinds of goals, in the order of a report, with what they count."""

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@attrs.frozen(kw_only=True)
class Goal:
    """One thing that a scenario can show. *subject* is what it is about, *detail* what is to happen to it."""

    kind: str
    level: str
    subject: str
    detail: str
    span: Span = attrs.field(eq=False)
    clauses: tuple[str, ...] = attrs.field(default=(), eq=False)

    @property
    def key(self) -> str:
        """The goal's name, the same in every run of the same plan."""
        return key(self.kind, self.level, self.subject, self.detail)

    @property
    def name(self) -> str:
        """The goal as it is told, and as an accepted entry names it."""
        return f"{self.kind}: {self}"

    def __str__(self) -> str:
        where = " (programme)" if self.level == "programme" else ""
        return f"{self.subject}{where}: {self.detail}" if self.detail else f"{self.subject}{where}"


def key(kind: str, level: str, subject: str, detail: str) -> str:
    """The name of a goal."""
    return f"{kind}|{level}|{subject}|{detail}"


def goals(plan: Plan) -> tuple[Goal, ...]:
    """Everything of a plan that can be covered, each once, in the order of the policy."""
    found: dict[str, Goal] = {}
    for level in plan.levels.values():
        for goal in _of_level(level, plan):
            found.setdefault(goal.key, goal)
    for goal in (*_relief(plan), *_clauses(plan)):
        found.setdefault(goal.key, goal)
    return tuple(found.values())


def _of_level(level: LevelPlan, plan: Plan) -> Iterator[Goal]:
    for phase in level.phases.values():
        yield from _phase(phase, level.name)
    for move in level.moves.values():
        yield from _move(move, level.name)
    for duty in level.duties.values():
        yield from _duty(duty, level)
    for ledger in level.ledgers.values():
        yield from _ledger(ledger, level.name)


# --- phases and moves -------------------------------------------------------------------------------------------------


def _phase(phase: Phase, level: str) -> Iterator[Goal]:
    def goal(kind: str, subject: str, detail: str, span: Span = phase.span) -> Goal:
        return Goal(kind=kind, level=level, subject=subject, detail=detail, span=span, clauses=phase.clause)

    yield goal("phase", phase.name, "entered")
    yield goal("phase", phase.name, "left")
    for step in phase.steps.values():
        if step.window.kind != "none":  # what has no days never begins
            yield goal("step", f"{phase.name}/{step.name}", "begun", step.span)
    if phase.window.kind != "none" and not is_about(phase.window):
        for when in ("before", "at", "after"):
            yield goal("deadline", phase.name, f"closed {when} its end", phase.spec.span_of("window"))
    if phase.window.kind != "none":
        late = {} if is_about(phase.window) else phase.overdue
        yield from _rungs(phase.name, level, phase.remind, late, phase.span, phase.clause)


def _rungs(
    subject: str,
    level: str,
    remind: Iterable[LengthPhrase],
    overdue: Mapping[str, LengthPhrase],
    span: Span,
    clauses: tuple[str, ...],
) -> Iterator[Goal]:
    for length in remind:
        yield Goal(kind="rung", level=level, subject=subject, detail=f"reminded {length} before", span=span,
                   clauses=clauses)  # fmt: skip
    for role, length in overdue.items():
        yield Goal(kind="rung", level=level, subject=subject, detail=f"escalated to {role} {length} after", span=span,
                   clauses=clauses)  # fmt: skip


def _move(move: Move, level: str) -> Iterator[Goal]:
    kind = "outcome" if move.kind == "outcome" else "move"
    subject = move.outcome if kind == "outcome" else move.name
    yield Goal(kind=kind, level=level, subject=subject, detail="reached" if kind == "outcome" else "made",
               span=move.span, clauses=move.clause)  # fmt: skip
    if move.max is not None:
        yield Goal(kind="move", level=level, subject=move.name, detail=f"made {move.max} times, its limit",
                   span=move.span, clauses=move.clause)  # fmt: skip
    if move.gate is not None:
        yield Goal(kind="gate", level=level, subject=move.name, detail="passed", span=move.span, clauses=move.clause)
        for leaf in leaves(move.gate):
            yield Goal(kind="gate", level=level, subject=move.name, detail=f"held: {leaf.label}",
                       span=leaf.span if leaf.span.line else move.span,
                       clauses=(leaf.clause,) if leaf.clause else move.clause)  # fmt: skip


def leaves(condition: Condition) -> tuple[Requirement, ...]:
    """Every reason for which a condition can hold: what is asked where nothing is known."""
    found = explain(condition, lambda _fact: None).requirements
    return tuple({leaf.label: leaf for leaf in found}.values())


# --- duties -----------------------------------------------------------------------------------------------------------


def _duty(duty: Duty, whole: LevelPlan) -> Iterator[Goal]:
    level = whole.name

    def goal(kind: str, detail: str, span: Span = duty.span, clauses: tuple[str, ...] = duty.clause) -> Goal:
        return Goal(kind=kind, level=level, subject=duty.name, detail=detail, span=span, clauses=clauses)

    if duty.needs is not None:
        yield goal("needs", "met")
        yield goal("needs", "refused", duty.spec.span_of("needs"))
    if has_deadline(duty, whole):
        for when in ("before", "at", "after"):
            yield goal("deadline", f"done {when} its due day", _due_span(duty))
    if is_dated(duty, whole):
        late = duty.overdue if has_deadline(duty, whole) else {}
        yield from _rungs(duty.name, level, duty.remind, late, duty.span, duty.clause)
    for step in duty.route:
        clauses = step.clause or duty.clause
        if step.when is not None:
            yield goal("route", f"{step.name} skipped", step.span, clauses)
        yield goal("route", f"{step.name} done", step.span, clauses)
        if step.returns_to:
            yield goal("route", f"{step.name} returns to {step.returns_to}", step.span, clauses)
        if getattr(step.spec, "within", None) is not None:
            yield goal("route", f"{step.name} silent", step.span, clauses)
    if isinstance(duty.spec, PollDuty):
        yield from _poll(duty, duty.spec, level)


def is_about(window: WindowPhrase) -> bool:
    """Whether the edges of a window are approximate, so that nothing can be missed by them (R40)."""
    return any(part is not None and part.about for part in (window.first, window.last, window.length))


def has_deadline(duty: Duty, level: LevelPlan) -> bool:
    """Whether there is a day after which a duty is late: a due day that is not only approximate (R40)."""
    if not is_dated(duty, level) or duty.approximate:
        return False
    window = _window_of(duty, level)
    return not (duty.due is not None and duty.due.about) and not (window is not None and is_about(window))


def is_dated(duty: Duty, level: LevelPlan) -> bool:
    """Whether a duty has a due day, be it only about a day; what comes again is due with each of its periods."""
    if getattr(duty.spec, "every", None) not in (None, "regularly"):
        window = _own_window(duty, level)
        return window is not None and window.kind != "none"
    if duty.due is None or duty.due.undated:
        return False
    window = _window_of(duty, level)
    return window is None or window.kind != "none"


def _window_of(duty: Duty, level: LevelPlan) -> WindowPhrase | None:
    """The window at whose edge a duty is due; None where it is due on a day of its own."""
    phase, own = level.phases.get(duty.phase), _own_window(duty, level)
    if duty.due is None or duty.due.anchor is None or phase is None or own is None:
        return None
    edges = {"window": own, duty.step: own, duty.phase: phase.window}
    return edges.get(duty.due.anchor.name)


def _own_window(duty: Duty, level: LevelPlan) -> WindowPhrase | None:
    """The window that a duty stands in: of its step, else of its phase, as `deadlines.due_day` has it."""
    phase = level.phases.get(duty.phase)
    if phase is None:
        return None
    step = phase.steps.get(duty.step)
    return step.window if step is not None and step.window.kind != "none" else phase.window


def _due_span(duty: Duty) -> Span:
    return duty.spec.span_of("due")


def _poll(duty: Duty, spec: PollDuty, level: str) -> Iterator[Goal]:
    def goal(detail: str, span: Span) -> Goal:
        return Goal(kind="poll", level=level, subject=duty.name, detail=detail, span=span, clauses=duty.clause)

    yield goal("counted", duty.span)
    yield goal("nobody answers", duty.span)
    if isinstance(spec.quorum, Quorum):
        yield goal("below its quorum", spec.span_of("quorum"))
    for group in spec.at_least:
        yield goal(f"too few of {group}", spec.span_of(f"at_least.{group}"))
    if spec.tie is not None:
        yield goal("a tie", spec.span_of("tie"))
    named: list[tuple[str, Bands | None]] = [("", spec.bands)]
    named += [(f"{edge}: ", one.bands) for edge, one in spec.edges.items()]
    for prefix, bands in named:
        for band in (*bands.exclusive, *bands.cumulative) if bands is not None else ():
            found = goal(f"{prefix}{label(band)}", band.span)
            yield attrs.evolve(found, clauses=tuple(map(str, band.clause)) or found.clauses)


# --- ledgers, relief, clauses -----------------------------------------------------------------------------------------


def _ledger(ledger: Ledger, level: str) -> Iterator[Goal]:
    spec = ledger.spec

    def goal(
        detail: str, span: Span = ledger.span, clauses: tuple[str, ...] = ledger.clause, kind: str = "item"
    ) -> Goal:
        return Goal(kind=kind, level=level, subject=ledger.name, detail=detail, span=span, clauses=clauses)

    yield goal("closed")
    if spec.close.verify not in ("unstated", "none"):
        yield goal("found poor", spec.close.span)
    for name, kind in spec.classes.items():
        clauses = tuple(map(str, kind.clause)) or ledger.clause
        yield goal(f"{name} opened", kind.span, clauses)
        if kind.within != "none":
            for when in ("before", "at", "after"):
                yield goal(f"{name} settled {when} its due day", kind.span, clauses, "deadline")
        for length in kind.remind:
            yield goal(f"{name} reminded {length} before", kind.span, clauses, "rung")
        for role, length in kind.overdue.items():
            yield goal(f"{name} escalated to {role} {length} after", kind.span, clauses, "rung")


def _relief(plan: Plan) -> Iterator[Goal]:
    waivers, extensions = plan.policy.waivers, plan.policy.extensions
    if waivers is not None:
        clauses = tuple(map(str, waivers.clause))
        for ground in waivers.grounds:
            yield Goal(kind="relief", level="", subject="waiver", detail=f"granted for {ground}",
                       span=waivers.span_of("grounds"), clauses=clauses)  # fmt: skip
        if waivers.expires != "never":
            yield Goal(kind="relief", level="", subject="waiver", detail="expired", span=waivers.span_of("expires"),
                       clauses=clauses)  # fmt: skip
    if extensions is not None:
        clauses = tuple(map(str, extensions.clause))
        for name in extensions.types:
            yield Goal(kind="relief", level="", subject="extension", detail=f"{name} granted",
                       span=extensions.span_of("types"), clauses=clauses)  # fmt: skip
        yield Goal(kind="relief", level="", subject="extension", detail="refused", span=extensions.span,
                   clauses=clauses)  # fmt: skip


def _clauses(plan: Plan) -> Iterator[Goal]:
    seen: dict[str, Span] = {}
    for rule in rules(plan.policy, ()):
        for clause in rule.clauses:
            seen.setdefault(clause, rule.span)
    for clause, span in seen.items():
        yield Goal(kind="clause", level="", subject=clause, detail="", span=span, clauses=(clause,))


# --- ladders ----------------------------------------------------------------------------------------------------------


def rung_named(
    at: datetime, due: date | None, remind: Iterable[LengthPhrase], overdue: Mapping[str, LengthPhrase], role: str,
    calendar: Calendar,
) -> str:  # fmt: skip
    """Which written rung fired at an instant, for a thing due on the day *due*; empty where none is it."""
    if role:
        return f"escalated to {role} {overdue[role]} after" if role in overdue else ""
    if due is None:
        return ""
    for length in remind:
        ladder = deadlines.term(due, calendar, BEGINNING, remind=(length,)).ladder
        if any(rung.at == at for rung in ladder):
            return f"reminded {length} before"
    return ""
