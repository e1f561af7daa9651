"""Moves: asking for one, opening and closing a visit, and what follows by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Literal

import attrs

from phaseflow.core import deadlines
from phaseflow.core.conditions import All, Condition, Requirement, Verdict, reads, render
from phaseflow.core.decide import amendments, opening
from phaseflow.core.decide.people import require
from phaseflow.core.decide.step import Refusal, Step, refuse
from phaseflow.core.gates import Missing, Sources, judge, reading, text_of
from phaseflow.core.plan.conditions import UNITS, reads_units
from phaseflow.core.plan.model import IDLE, Move, Phase
from phaseflow.core.state.rows import CAMPAIGN, VisitState, timer_instant
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import Days, Rung, VisitDates


def visit_of(step: Step, phase: str) -> str:
    """The open visit of a phase (``study/1``), or an empty string."""
    return next((visit for visit in step.head.open if visit.rsplit("/", 1)[0] == phase), "")


# --- asking -----------------------------------------------------------------------------------------------------------


def ask(step: Step, command: c.Ask) -> None:
    """Somebody asks for a move. A held gate is an answer, and an event; it is no refusal (R24)."""
    move = find_move(step, command.move)
    require(step, move.by, f"ask for '{move.name}'", span=move.span, clause=move.clause)
    judged = verdict(step, move)
    step.verdict = judged
    if judged.verdict == "passed":
        make(step, move)


def find_move(step: Step, name: str) -> Move:
    """A move that is legal here.

    Raises:
        Refusal: *unknown* where the policy has no such move, *illegal* where it is not possible now.
    """
    move = named_move(step, name)
    try:
        _check_possible(step, move)
    except Refusal as refusal:
        step.object_to(refusal)
    return move


def _check_possible(step: Step, move: Move) -> None:
    name, head = move.name, step.head
    if head.status != "running":
        refuse(
            "illegal",
            "PF321",
            f"the run is {head.status}",
            why="only a running run moves",
            span=move.span,
            fix={"suspended": "resume it first", "concluded": "reopen it first"}.get(head.status, "start another run"),
        )
    if not allowed(step, move):
        opened = ", ".join(visit for visit in head.open if not visit.startswith(CAMPAIGN)) or "nothing"
        shut = move.source and not visit_of(step, move.source)
        what = f"'{move.source}' is not open" if shut else f"'{move.target}' is open already"
        refuse(
            "illegal",
            "PF322",
            f"'{name}' is not possible here: {what}",
            span=move.span,
            why=f"open now: {opened}",
            fix="look at `allowed` for what is possible now",
            clause=move.clause,
        )


def named_move(step: Step, name: str) -> Move:
    """A move of this level, whether or not it is possible now.

    Raises:
        Refusal: *unknown* where the policy has no such move.
    """
    move = step.level.moves.get(name)
    if move is None:
        refuse(
            "unknown",
            "PF320",
            f"the policy has no move '{name}'",
            why="a move is PHASE.open, PHASE.close, a transition or an outcome",
            fix=did_you_mean(name, step.level.moves),
        )
    return move


def allowed(step: Step, move: Move) -> bool:
    """Whether the table has the move for what is open now, gates aside.

    At most one visit of a phase is open (R6): the target must not be, unless the move closes it first.
    """
    if move.target and move.target != move.source and visit_of(step, move.target):
        return False
    if move.kind == "outcome" and not move.source:
        return True
    return (move.source or IDLE, move.name) in step.level.table and (
        not move.source or bool(visit_of(step, move.source))
    )


def verdict(step: Step, move: Move) -> e.GateJudged:
    """Judge a move's gate and record the verdict with everything that was read."""
    judged = examine(step, move)
    step.requirements = judged.requirements if judged is not None else ()
    if judged is None:
        event = e.GateJudged(move=move.name, verdict="passed")
    else:
        facts = step.facts()
        readings = tuple(reading(requirement, facts) for requirement in judged.requirements)
        passed: Literal["passed", "held"] = "passed" if judged.value is True else "held"
        counted, census = outside(step, move.gate)
        event = e.GateJudged(
            move=move.name, verdict=passed, readings=(*readings, *counted), duties=named(move.gate), census=census
        )
    step.emit(event)
    return event


def outside(step: Step, gate: Condition | None) -> tuple[tuple[e.Reading, ...], str]:
    """What a gate read outside its own run: counts of units with a digest of their rows, and host facts (R11, R19)."""
    facts = step.facts()
    asked = sorted(reads(gate), key=render) if gate is not None else []
    seen = [fact for fact in asked if fact.name in {*UNITS, "host"}]
    found = tuple(
        e.Reading(fact=render(fact), measured=text_of(facts.read(fact)), required="", met=None) for fact in seen
    )
    if not any(fact.name != "host" for fact in seen) or facts.units is None:
        return found, ""
    return found, census_digest((unit.run, unit.seq) for unit in facts.units())


def census_digest(units: Iterable[tuple[str, int]]) -> str:
    """How many runs were counted, and a digest over their ids and the numbers of their latest entries."""
    lines = sorted(f"{run}@{seq}" for run, seq in units)
    return f"{len(lines)}:{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"


def named(condition: Condition | None) -> tuple[str, ...]:
    """The duties, documents and polls that a condition reads."""
    facts = reads(condition) if condition is not None else frozenset()
    found = {str(value.value) for fact in facts for name, value in fact.args if name in ("duty", "document", "poll")}
    return tuple(sorted(found))


def examine(step: Step, move: Move) -> Verdict | None:
    """What a move's gate says now, with every reason; None for a move without a gate."""
    if move.gate is None:
        return None
    try:
        return judge(move.gate, step.facts(move.source or move.target))
    except Missing as missing:
        problem = Problem(
            code="PF323",
            what=f"the gate of '{move.name}' cannot be judged: {missing}",
            span=move.span,
            why="a fact that the host supplies is missing, which is neither yes nor no",
            fix="register the host's fact, then ask again",
        )
        raise Refusal("crashed", [problem]) from None


def unmet(step: Step, move: Move) -> tuple[Requirement, ...]:
    """The requirements that stand in the way of a move."""
    judged = examine(step, move)
    return () if judged is None else judged.requirements


# --- moving -----------------------------------------------------------------------------------------------------------


def make(step: Step, move: Move) -> None:
    """Make a move whose gate has been passed: close the source, then open the target, or conclude."""
    count = step.head.moves.get(move.name, 0)
    if move.max is not None and count >= move.max:
        go(step, (move.otherwise,), move.name)
        return
    if move.kind in ("transition", "outcome"):
        step.emit(e.MoveMade(move=move.name, count=count + 1))
    if move.closes_source and move.source:
        close(step, move.source, move.name)
    if move.kind == "outcome":
        conclude(step, move)
    elif move.target:
        open_visit(step, move.target, move)


def open_visit(step: Step, name: str, move: Move | None) -> None:
    """Open a visit of a phase with its own dates and duties."""
    phase = step.level.phases[name]
    if visit_of(step, name):
        refuse(
            "illegal",
            "PF322",
            f"'{name}' is open already",
            span=phase.span,
            why="at most one visit of a phase is open",
            fix="close it first",
        )
    if step.head.amendment:
        amendments.take_adopted(step, name)
        phase = step.level.phases[name]
    number = step.head.visits.get(name, 0) + 1
    again = move if number > 1 and move is not None and move.kind == "transition" else None
    dates = dates_of(step, phase, number, again)
    step.emit(e.PhaseOpened(
        phase=name, visit=number, window=dates.window, ends=dates.ends, ladder=dates.ladder, steps=dates.steps,
        begins=dates.begins, via=move.name if move is not None else "",
    ))  # fmt: skip
    opening.open_all(step, phase, number, dates.window, dates.steps, _chosen(step, phase, again))


def dates_of(step: Step, phase: Phase, number: int, again: Move | None) -> VisitDates:
    """All dates of a visit that opens now."""
    window, steps = windows(step, phase, number, again)
    begins = {
        key: (step.calendar.opens(days.first), step.calendar.shuts(days.last))
        for key, days in steps.items()
        if days.first is not None and days.last is not None
    }
    return VisitDates(
        window=window,
        ends=step.calendar.shuts(window.last) if window.last is not None and not window.about else None,  # R40
        ladder=_phase_ladder(step, phase, window),
        steps=steps,
        begins=begins,
    )


def windows(step: Step, phase: Phase, number: int, again: Move | None) -> tuple[Days, dict[str, Days]]:
    """The window of a visit and of its steps. Written dates bind the first visit only (R8)."""
    if number > 1:
        window = again.window if again is not None and again.window is not None else phase.window
        return deadlines.from_opening(window, step.calendar, step.day), {}
    bound: Days | None = step.get(f"window/{phase.name}")
    steps = {name: days for name in phase.steps if (days := step.get(f"window/{phase.name}/{name}")) is not None}
    if bound is None:
        late = _late_window(step, phase)
        return late, steps
    if phase.clock == "unit" and bound.first is not None and step.day > bound.first:
        shift = step.day - bound.first
        return _moved(bound, shift.days), {name: _moved(days, shift.days) for name, days in steps.items()}
    return bound, steps


def _late_window(step: Step, phase: Phase) -> Days:
    """A window that hangs on something: known by now, or a length from the opening, or open at the end."""
    if phase.window.kind == "between":
        found = deadlines.written(phase.window, step.calendar, step.head.start, opening.anchors(step))
        if found is not None:
            return found
    return deadlines.from_opening(phase.window, step.calendar, step.day)


def _moved(days: Days, by: int) -> Days:
    def later(day: date | None) -> date | None:
        return None if day is None else date.fromordinal(day.toordinal() + by)

    return attrs.evolve(days, first=later(days.first), last=later(days.last))


def _phase_ladder(step: Step, phase: Phase, window: Days) -> tuple[Rung, ...]:
    term = deadlines.term(
        window.last, step.calendar, step.at, remind=phase.remind, overdue=phase.overdue, about=window.about
    )
    return term.ladder


def _chosen(step: Step, phase: Phase, again: Move | None) -> tuple[str, ...]:
    """Which duties a visit brings: all, only those missing, or a list."""
    if again is None:
        return phase.duties
    if again.duties is not None:
        return tuple(name for name in phase.duties if name in again.duties)
    if again.missing_only:
        facts = step.facts()
        return tuple(name for name in phase.duties if any(state.outstanding for state in facts.instances(name)))
    return phase.duties


def close(step: Step, phase: str, via: str) -> None:
    """Close the open visit of a phase."""
    visit = visit_of(step, phase)
    state: VisitState = step.get(f"visit/{visit}")
    facts = step.facts()
    rules = step.level.phases[phase]
    left = sum(
        any(row.outstanding > 0 for row in facts.instances(name))
        for name in rules.duties
        if step.level.duties[name].prescribed
    )
    step.emit(e.PhaseClosed(phase=phase, visit=state.number, via=via, open_duties=left))


def conclude(step: Step, move: Move) -> None:
    """End the run with an outcome; every phase that is open is closed with it."""
    for visit in step.head.open:
        phase = visit.rsplit("/", 1)[0]
        if phase != CAMPAIGN:
            close(step, phase, move.name)
    items = sum(step.get(f"items/{name}/open") or 0 for name in step.level.ledgers)
    step.emit(e.RunConcluded(outcome=move.outcome, open_items=items))
    spec = step.level.outcomes[move.outcome]
    if spec.owes is not None:
        step.emit(e.RedoOwed(outcome=move.outcome, carry=spec.carry or "nothing"))


def go(step: Step, targets: Iterable[str], because: str) -> None:
    """Follow the consequences of a band: transitions and outcomes are made, duties are owed."""
    for name in targets:
        move = step.level.moves.get(name)
        if move is None:
            opening.open_single(step, name, because)
            continue
        if step.head.status != "running" or not allowed(step, move):  # a poll may be counted after the conclusion
            role = step.level.phases[move.source].asks if move.source else ""
            ask_role(step, role, move.name, _leads_nowhere(because, name))
            continue
        make(step, move)


def _leads_nowhere(because: str, name: str) -> str:
    return f"'{because}' leads to '{name}', which is not possible now"


def ask_role(step: Step, role: str, about: str, text: str) -> str:
    """Put a question to a role; the answer comes as a command of its own."""
    name = f"q{step.seq + 1}"
    step.emit(e.QuestionAsked(question=name, role=role, about=about, text=text))
    return name


# --- what follows by itself -------------------------------------------------------------------------------------------


def schedule(step: Step) -> None:
    """At the start: open what opens with the campaign, and set a timer for what opens on its date."""
    for phase in step.level.phases.values():
        if phase.name in step.head.assumed:  # it has been, elsewhere (R39)
            continue
        if phase.opens.kind == "campaign":
            knock(step, phase.name)
        elif phase.opens.kind == "date":
            days: Days | None = step.get(f"window/{phase.name}")
            if days is not None and days.first is not None and not step.head.visits.get(phase.name):
                step.emit(e.PhaseScheduled(phase=phase.name, opens=step.calendar.opens(days.first)))


def reschedule(step: Step) -> None:
    """A concluded run goes on: phases whose date is still ahead open on it after all."""
    for phase in step.level.phases.values():
        days: Days | None = step.get(f"window/{phase.name}")
        if phase.opens.kind != "date" or days is None or days.first is None or step.head.visits.get(phase.name):
            continue
        opens = step.calendar.opens(days.first)
        if opens > step.now and phase.name not in step.head.assumed:
            step.emit(e.PhaseScheduled(phase=phase.name, opens=opens))


def reschedule_all(step: Step) -> None:
    """Another plan: every phase that opens on a date, and has not been opened, is scheduled for the date it now has."""
    for phase in step.level.phases.values():
        days: Days | None = step.get(f"window/{phase.name}")
        if phase.opens.kind != "date" or days is None or days.first is None or step.head.status != "running":
            continue
        if step.head.visits.get(phase.name) or phase.name in (*step.head.assumed, *step.head.waiting):
            continue
        opens, timer = step.calendar.opens(days.first), step.get(f"scheduled/{phase.name}")
        if timer is None or timer_instant(timer) != opens:
            step.emit(e.PhaseScheduled(phase=phase.name, opens=opens))


def knock(step: Step, name: str) -> None:
    """The moment of a phase has come: open it if its entry holds, else let it wait for that."""
    if visit_of(step, name) or step.head.status != "running":
        return
    move = step.level.moves[f"{name}.open"]
    if verdict_if_gated(step, move):
        open_visit(step, name, move)
    elif name not in step.head.waiting:
        step.emit(e.PhaseDue(phase=name))


def verdict_if_gated(step: Step, move: Move) -> bool:
    """Judge and record where there is a gate; a move without one simply passes."""
    return move.gate is None or verdict(step, move).verdict == "passed"


def after_phase(step: Step, phase: str, kind: str) -> None:
    """Phases that open when another one opens or closes."""
    for other in step.level.phases.values():
        if other.opens.kind == kind and other.opens.name == phase and not step.head.visits.get(other.name):
            knock(step, other.name)


def automatic(step: Step) -> bool:
    """Make the first automatic move whose condition holds; whether anything moved."""
    head = step.head
    if head.status != "running":
        return False
    if not head.waiting and not step.level.automatic:
        return False
    for name in head.waiting:
        entry = step.level.phases[name].entry
        if entry is None or _holds(entry, step.facts(name)):
            move = step.level.moves[f"{name}.open"]
            verdict(step, move)
            open_visit(step, name, move)
            return True
    for move in step.level.automatic:
        if move.when is None or not allowed(step, move) or (move.kind == "open" and head.visits.get(move.target)):
            continue
        facts = step.facts(move.source or move.target)
        if _holds(move.when, facts) and (move.gate is None or _holds(move.gate, facts)) and not _asked(step, move):
            verdict_if_gated(step, _with_census(move))
            make(step, move)
            return True
    return False


def _asked(step: Step, move: Move) -> bool:
    """Whether a move that was made as often as it may be has led nowhere before: that is asked about once."""
    if move.max is None or step.head.moves.get(move.name, 0) < move.max:
        return False
    text = _leads_nowhere(move.name, move.otherwise)
    return any(question.text == text for _key, question in step.rows.scan("question/"))


def _with_census(move: Move) -> Move:
    """What makes a move by itself is judged as its gate is where it counts units, so that what was read stays (R11)."""
    if move.when is None or move.gate == move.when or not reads_units(move.when):
        return move
    return attrs.evolve(move, gate=move.when if move.gate is None else All((move.when, move.gate), span=move.span))


def _holds(condition: object, facts: Sources) -> bool:
    try:
        return judge(condition, facts).value is True  # type: ignore[arg-type]
    except Missing:
        return False
