# ruff: noqa: E501 - an operator stays on one line
"""Mechanical defects: a table of operators, each of which spoils a policy in one place, at every place where it fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from phaseflow.analysis.names import _named
from phaseflow.core import conditions as c
from phaseflow.core.plan import Plan
from phaseflow.reports.calendar import Bound
from phaseflow.spec import conditions as k
from phaseflow.spec import duties as d
from phaseflow.spec import model as s
from phaseflow.spec.phrases import ClosesPhrase, LengthPhrase, MomentPhrase, OpensPhrase, SharePhrase
from phaseflow.spec.shape import Shape, Text

Mutant = tuple[str, s.Policy]
"""(what was done, and where; the spoilt policy)."""


def walk(value: Any) -> Iterator[Shape]:
    """Every shape in a spec, itself included."""
    if isinstance(value, Shape):
        yield value
        for field in attrs.fields(type(value)):
            if field.eq:
                yield from walk(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from walk(inner)


def put(value: Any, old: Shape, new: Any) -> Any:
    """The same spec with one shape in another one's place; None takes it away from its list or table."""
    if value is old:
        return new
    if isinstance(value, Text):
        return value
    if isinstance(value, Shape):
        changed = {
            field.name: after
            for field in attrs.fields(type(value))
            if field.eq and (after := put(before := getattr(value, field.name), old, new)) is not before
        }
        return attrs.evolve(value, **changed) if changed else value
    if isinstance(value, Mapping):
        after = {key: put(inner, old, new) for key, inner in value.items()}
        if all(after[key] is value[key] for key in value):
            return value
        return {key: inner for key, inner in after.items() if inner is not None}
    if isinstance(value, tuple):
        items = tuple(put(inner, old, new) for inner in value)
        if all(one is two for one, two in zip(items, value, strict=True)):
            return value
        return tuple(inner for inner in items if inner is not None)
    return value


def _each(policy: s.Policy, kind: type[Shape] | tuple[type[Shape], ...], change: Callable[[Any], Iterator[Any]]) -> Iterator[Mutant]:
    for shape in walk(policy):
        if isinstance(shape, kind):
            for new in change(shape):
                yield f"{shape.span}", put(policy, shape, new)


def _days(count: int) -> LengthPhrase:
    return LengthPhrase(count=count, unit="day")


# --- operators --------------------------------------------------------------------------------------------------------


def drop_a_band(plan: Plan) -> Iterator[Mutant]:
    yield from _each(plan.policy, d.Band, lambda band: iter((None,)))


def swap_bounds(plan: Plan) -> Iterator[Mutant]:
    def change(bands: d.Bands) -> Iterator[d.Bands]:
        rows = bands.exclusive
        for place in range(len(rows) - 1):
            one, two = rows[place], rows[place + 1]
            if one.below is not None and two.below is not None:
                swapped = (attrs.evolve(one, below=two.below), attrs.evolve(two, below=one.below))
                yield attrs.evolve(bands, exclusive=(*rows[:place], *swapped, *rows[place + 2 :]))

    yield from _each(plan.policy, d.Bands, change)


def band_to_a_move_from_elsewhere(plan: Plan) -> Iterator[Mutant]:
    for level in plan.levels.values():
        for duty in level.duties.values():
            if not isinstance(duty.spec, d.PollDuty) or duty.spec.bands is None:
                continue
            others = [move.name for move in level.moves.values() if move.kind == "transition" and move.source != duty.phase]
            for band in duty.spec.bands.exclusive:
                for name in others[:1] if band.go else ():
                    yield f"{band.span}", put(plan.policy, band, attrs.evolve(band, go=(name,)))


def _phases(plan: Plan) -> Iterator[tuple[s.PhaseSpec, str]]:
    programme = plan.policy.programme
    for name, phase in (*plan.policy.phases.items(), *(programme.phases.items() if programme else ())):
        yield phase, str(name)


def drop_a_gate(plan: Plan) -> Iterator[Mutant]:
    """Of every phase whose gate asks for something that no other gate asks for."""
    asked = Counter(fact for level in plan.levels.values() for move in level.moves.values()
                    for fact in (c.reads(move.gate) if move.gate is not None else ()))  # fmt: skip
    gates = {(level.name, move.name): c.reads(move.gate) for level in plan.levels.values()
             for move in level.moves.values() if move.gate is not None}  # fmt: skip
    for phase, name in _phases(plan):
        level = "unit" if phase in plan.policy.phases.values() else "programme"
        only = [fact for fact in gates.get((level, f"{name}.close"), ()) if asked[fact] == 1]
        last = name == list(plan.levels[level].phases)[-1]
        if last and any(move.kind == "outcome" and move.gate is not None for move in plan.levels[level].moves.values()):
            continue  # the end asks, too
        if phase.gate is not None and only:
            yield f"{name} {phase.span}", put(plan.policy, phase, attrs.evolve(phase, gate=None))


def gate_asks_a_later_duty(plan: Plan) -> Iterator[Mutant]:
    names = list(plan.unit.phases)
    for place, name in enumerate(names[:-1]):
        spec, after = plan.policy.phases.get(name), plan.unit.phases[names[place + 1]]  # type: ignore[call-overload]
        if spec is not None and plan.unit.phases[name].gate is not None and after.duties:
            wrong = k.Done(done=(after.duties[0],))
            yield f"{name}", put(plan.policy, spec, attrs.evolve(spec, gate=wrong))


def gate_counts_another_phase(plan: Plan) -> Iterator[Mutant]:
    names = list(plan.unit.phases)

    def change(units: k.Units) -> Iterator[k.Units]:
        for other in names:
            if units.closed is not None and str(units.closed) != other:
                yield attrs.evolve(units, closed=other)

    yield from _each(plan.policy, k.Units, change)


def nobody_does_it(plan: Plan) -> Iterator[Mutant]:
    def change(duty: Any) -> Iterator[Any]:
        if duty.by and not isinstance(duty, d.DocumentDuty):
            yield attrs.evolve(duty, by=())

    yield from _each(plan.policy, d.DutyBase, change)


def drop_a_role(plan: Plan) -> Iterator[Mutant]:
    for name, role in plan.policy.roles.items():
        rest = put(plan.policy, role, None)
        if str(name) in set(_named(rest)):  # a role that nothing names may go unseen
            yield f"{name}", rest


def nobody_ends_it(plan: Plan) -> Iterator[Mutant]:
    def change(move: Any) -> Iterator[Any]:
        if move.by:
            yield attrs.evolve(move, by=())

    yield from _each(plan.policy, (s.OutcomeSpec, s.TransitionSpec), change)


def drop_a_transition(plan: Plan) -> Iterator[Mutant]:
    yield from _each(plan.policy, s.TransitionSpec, lambda move: iter((None,)))


def phase_nobody_opens(plan: Plan) -> Iterator[Mutant]:
    made = {move.target for level in plan.levels.values() for move in level.moves.values() if move.kind == "transition"}
    for name, phase in plan.policy.phases.items():
        if str(name) not in made:
            shut = attrs.evolve(phase, opens=OpensPhrase(kind="role", name="transition"))
            yield f"{name}", put(plan.policy, phase, shut)


def due_outside_its_window(plan: Plan, bounds: Mapping[str, Bound]) -> Iterator[Mutant]:
    for bound in bounds.values():
        for duty in bound.level.duties.values():
            window = bound.windows.get(duty.phase)
            if duty.phase == "campaign" or window is None or window.last is None or getattr(duty.spec, "every", None):
                continue
            for month in (window.last.month % 12 + 1,):
                late = MomentPhrase.parse(f"{month:02}-20")
                yield f"{duty.name}", put(plan.policy, duty.spec, attrs.evolve(duty.spec, due=late))


def reminder_longer_than_the_time(plan: Plan, bounds: Mapping[str, Bound]) -> Iterator[Mutant]:
    for bound in bounds.values():
        for duty in bound.level.duties.values():
            if bound.due_days(duty) and duty.phase != "campaign":
                yield f"{duty.name}", put(plan.policy, duty.spec, attrs.evolve(duty.spec, remind=(_days(300),)))
    for phase, name in _phases(plan):
        if phase.window is not None and phase.window.kind != "none":
            yield f"{name}", put(plan.policy, phase, attrs.evolve(phase, remind=(_days(300),)))
    for ledger in plan.policy.ledgers.values():
        for name, rule in ledger.classes.items():
            if rule.within != "none":
                yield f"{name}", put(plan.policy, rule, attrs.evolve(rule, remind=(_days(300),)))


def ladder_without_a_day(plan: Plan) -> Iterator[Mutant]:
    for level in plan.levels.values():
        for duty in level.duties.values():
            if duty.due is not None and duty.spec.overdue:
                yield f"{duty.name}", put(plan.policy, duty.spec, attrs.evolve(duty.spec, due="none"))


def programme_by_a_unit_role(plan: Plan) -> Iterator[Mutant]:
    unit = next((name for name, role in plan.roles.items() if role.level == "unit"), None)
    programme = plan.policy.programme
    for name, phase in (programme.phases.items() if programme and unit else ()):
        wrong = attrs.evolve(phase, closes=ClosesPhrase(kind="role", name=unit))
        yield f"{name}", put(plan.policy, phase, wrong)


def silence_says_nothing(plan: Plan) -> Iterator[Mutant]:
    def change(step: Any) -> Iterator[Any]:
        if step.silence is not None and (isinstance(step, d.OpinionStep) or step.within is not None):
            yield attrs.evolve(step, silence=None)

    yield from _each(plan.policy, (d.OpinionStep, d.JudgeStep), change)


def returned_to_nobody(plan: Plan) -> Iterator[Mutant]:
    def change(step: d.JudgeStep) -> Iterator[d.JudgeStep]:
        if step.returns_to is not None:
            yield attrs.evolve(step, returns_to="nowhere")

    yield from _each(plan.policy, d.JudgeStep, change)


def checked_by_themselves(plan: Plan) -> Iterator[Mutant]:
    def change(duty: Any) -> Iterator[Any]:
        doers = duty.by or ((duty.each,) if duty.each is not None and duty.each in plan.roles else ())
        if doers and not isinstance(duty, (d.DocumentDuty, d.PollDuty)):
            yield attrs.evolve(duty, checked_by=tuple(doers))

    yield from _each(plan.policy, d.DutyBase, change)


def authors_approve(plan: Plan) -> Iterator[Mutant]:
    def change(duty: d.DocumentDuty) -> Iterator[d.DocumentDuty]:
        writers = getattr(duty.route[0], "draft", ())
        for step in duty.route:
            if isinstance(step, (d.ApproveStep, d.VetStep, d.DecideStep)):
                yield put(duty, step, attrs.evolve(step, **{step.__tag__: writers}))

    yield from _each(plan.policy, d.DocumentDuty, change)


def drop_the_quorum(plan: Plan) -> Iterator[Mutant]:
    """Of every poll that leads somewhere; one without bands decides nothing, whoever takes part."""

    def change(poll: d.PollDuty) -> Iterator[d.PollDuty]:
        if poll.bands is not None or any(edge.bands is not None for edge in poll.edges.values()):
            yield attrs.evolve(poll, quorum=None)
            if poll.quorum != "none":
                yield attrs.evolve(poll, quorum="none")

    yield from _each(plan.policy, d.PollDuty, change)


def composition_of_strangers(plan: Plan) -> Iterator[Mutant]:
    half = SharePhrase(value=SharePhrase.parse("10%").value, base="respondents")

    def change(poll: d.PollDuty) -> Iterator[d.PollDuty]:
        there = {str(role) for edge in poll.edges.values() for role in edge.raters}
        for name in plan.roles:
            if name not in there and not any(one in plan.roles[name].closure or name in plan.roles[one].closure for one in there):
                yield attrs.evolve(poll, at_least={name: half})

    yield from _each(plan.policy, d.PollDuty, change)


def poor_means_nothing(plan: Plan) -> Iterator[Mutant]:
    def change(close: s.CloseSpec) -> Iterator[s.CloseSpec]:
        if close.poor is not None and close.verify not in ("none", "unstated"):
            yield attrs.evolve(close, poor=None)

    yield from _each(plan.policy, s.CloseSpec, change)


def limit_without_otherwise(plan: Plan) -> Iterator[Mutant]:
    def change(rule: Any) -> Iterator[Any]:
        if isinstance(rule.max, int) and rule.otherwise is not None:
            yield attrs.evolve(rule, otherwise=None)

    yield from _each(plan.policy, (s.CloseSpec, s.TransitionSpec), change)


def items_verified_by_themselves(plan: Plan) -> Iterator[Mutant]:
    for ledger in plan.policy.ledgers.values():
        close = ledger.close
        if close.verify not in ("none", "unstated"):
            same = attrs.evolve(close, by=(close.verify,))
            yield f"{close.span}", put(plan.policy, close, same)


def needs_in_a_ring(plan: Plan) -> Iterator[Mutant]:
    for level in plan.levels.values():
        for duty in level.duties.values():
            needs = duty.spec.needs
            for name in map(str, needs.done) if isinstance(needs, k.Done) else ():
                before = level.duties.get(name)
                if before is not None:
                    ring = attrs.evolve(before.spec, needs=k.Done(done=(duty.name,)))
                    yield f"{name}", put(plan.policy, before.spec, ring)


def needs_the_next_phase(plan: Plan, bounds: Mapping[str, Bound]) -> Iterator[Mutant]:
    """Where the next phase really comes next: it opens when this one closes, or begins when this one is over."""
    windows = bounds["unit"].windows if "unit" in bounds else {}
    names = list(plan.unit.phases)
    for place, name in enumerate(names[:-1]):
        here, after = plan.unit.phases[name], plan.unit.phases[names[place + 1]]
        follows = after.opens.kind == "closes" and after.opens.name == name
        ends = windows[name].last if name in windows else None
        begins = windows[after.name].first if after.name in windows else None
        if not follows and (ends is None or begins is None or begins <= ends):
            continue
        for duty in here.duties[:3] if after.duties else ():
            spec = plan.unit.duties[duty].spec
            yield f"{duty}", put(plan.policy, spec, attrs.evolve(spec, needs=k.Done(done=(after.duties[0],))))


def entry_of_its_own(plan: Plan) -> Iterator[Mutant]:
    for name, phase in plan.policy.phases.items():
        own = plan.unit.phases.get(str(name))
        if own is not None and own.duties and own.opens.name != "transition":
            wrong = attrs.evolve(phase, entry=k.Done(done=(own.duties[0],)))
            yield f"{name}", put(plan.policy, phase, wrong)


def waivers_for_ever(plan: Plan) -> Iterator[Mutant]:
    yield from _each(plan.policy, s.WaiverSpec, lambda spec: iter((attrs.evolve(spec, expires="never"),)))


def phase_after_the_campaign(plan: Plan, bounds: Mapping[str, Bound]) -> Iterator[Mutant]:
    whole = bounds["unit"].windows["campaign"].last if "unit" in bounds else None
    for name, phase in plan.policy.phases.items():
        if whole is not None and phase.window is not None and phase.window.first is not None:
            month = whole.month % 12 + 2
            late = type(phase.window).parse(f"{month:02}-01 .. {month:02}-20")
            yield f"{name}", put(plan.policy, phase, attrs.evolve(phase, window=late))


def ladder_goes_down(plan: Plan) -> Iterator[Mutant]:
    top = next((name for name, role in plan.roles.items() if role.level == "programme"), None)
    low = next((name for name, role in plan.roles.items() if role.level == "unit" and not role.spec.invited), None)
    if plan.programme is None or top is None or low is None:
        return
    upside = {top: _days(1), low: _days(5)}
    for level in plan.levels.values():
        for duty in level.duties.values():
            if duty.due is not None and not duty.due.undated and level.name == "unit":
                yield f"{duty.name}", put(plan.policy, duty.spec, attrs.evolve(duty.spec, overdue=upside))


def never_reminded(plan: Plan) -> Iterator[Mutant]:
    for spec in (plan.policy.defaults.duty, plan.policy.defaults.phase):
        if spec.overdue and spec.remind:
            yield f"{spec.span}", put(plan.policy, spec, attrs.evolve(spec, remind=()))


def redo_takes_over_something(plan: Plan) -> Iterator[Mutant]:
    def change(outcome: s.OutcomeSpec) -> Iterator[s.OutcomeSpec]:
        if outcome.owes is not None:
            yield attrs.evolve(outcome, carry=None)

    yield from _each(plan.policy, s.OutcomeSpec, change)


def end_nobody_takes_back(plan: Plan) -> Iterator[Mutant]:
    ends = {
        str(target)
        for shape in walk(plan.policy)
        if isinstance(shape, d.Band)
        for target in (*shape.go, *((shape.otherwise,) if shape.otherwise else ()))
    }
    for name, outcome in plan.policy.outcomes.items():
        if str(name) in ends and outcome.reopen:
            yield f"{name}", put(plan.policy, outcome, attrs.evolve(outcome, reopen=()))


def business_days_of_nowhere(plan: Plan) -> Iterator[Mutant]:
    text = repr(plan.policy)
    if plan.policy.calendar.country is not None and "business_day" in text:
        yield "calendar", put(plan.policy, plan.policy.calendar, s.CalendarSpec())


def same_thing_twice(plan: Plan) -> Iterator[Mutant]:
    for name, role in plan.policy.roles.items():
        yield f"{name}", attrs.evolve(plan.policy, roles={**plan.policy.roles, f"{name}s": attrs.evolve(role, is_a=(), title=None)})


OPERATORS: tuple[Callable[..., Iterator[Mutant]], ...] = (
    drop_a_band, swap_bounds, band_to_a_move_from_elsewhere, drop_a_gate, gate_asks_a_later_duty, gate_counts_another_phase,
    nobody_does_it, drop_a_role, nobody_ends_it, drop_a_transition, phase_nobody_opens, due_outside_its_window,
    reminder_longer_than_the_time, ladder_without_a_day, programme_by_a_unit_role, silence_says_nothing, returned_to_nobody,
    checked_by_themselves, authors_approve, drop_the_quorum, composition_of_strangers, poor_means_nothing,
    limit_without_otherwise, items_verified_by_themselves, needs_in_a_ring, needs_the_next_phase, entry_of_its_own,
    waivers_for_ever, phase_after_the_campaign, ladder_goes_down, never_reminded, redo_takes_over_something,
    end_nobody_takes_back, business_days_of_nowhere, same_thing_twice,
)  # fmt: skip
"""The table. Operators with a second argument take the days of the policy too."""


def mutants(operator: Callable[..., Iterator[Mutant]], plan: Plan, bounds: Mapping[str, Bound]) -> Iterator[Mutant]:
    """Every defect that an operator can make of a policy."""
    wants_days = operator.__code__.co_argcount > 1
    yield from operator(plan, bounds) if wants_days else operator(plan)
