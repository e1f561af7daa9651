"""Rules about what waits for what: gates that ask for too little, too early, or for what can never come.

Codes: PF831 a duty nothing asks for, PF832 a phase that closes without asking, PF833 a gate that asks for what comes
later, PF834 an entry that waits for its own phase, PF835 duties that wait for one another, PF836 a duty that needs
what comes later, PF837 a gate of the programme that counts another phase, PF845 a document nobody is told of, PF846
exceptions without an end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from phaseflow.analysis.findings import Finding, View, found
from phaseflow.analysis.numbers import bands_of
from phaseflow.analysis.order import later_by_date, only_after
from phaseflow.core import conditions as c
from phaseflow.core.conditions import Read
from phaseflow.core.plan.model import CAMPAIGN, Duty, LevelPlan, Phase, Plan
from phaseflow.spec import duties as specs


def _duties_read(condition: c.Condition | None) -> Iterator[str]:
    """The duties, documents and polls that a condition asks about."""
    for fact in sorted(c.reads(condition), key=str) if condition is not None else ():
        for key, value in fact.args:
            if key in ("duty", "document", "poll"):
                yield str(value.value)


def _needed(duty: Duty) -> Iterator[str]:
    """The duties that must come before one."""
    yield from _duties_read(duty.needs)
    if isinstance(duty.spec, specs.DocumentDuty):
        yield from (str(path).rsplit(".", 1)[-1] for path in duty.spec.based_on)


# --- gates that ask for too little ------------------------------------------------------------------------------------


def asked_for(plan: Plan) -> frozenset[str]:
    """Every duty that some gate asks about, or that one of those needs."""
    conditions = [
        condition
        for each in plan.levels.values()
        for condition in (
            *(phase.entry for phase in each.phases.values()),
            *(gate for move in each.moves.values() for gate in (move.gate, move.when)),
        )
    ]
    known = {name: duty for each in plan.levels.values() for name, duty in each.duties.items()}
    open_ = [name for condition in conditions for name in _duties_read(condition)]
    open_ += [name for name, duty in known.items() if any(True for _ in bands_of(duty))]  # its result leads on
    seen: set[str] = set()
    while open_:
        name = open_.pop()
        if name not in seen:
            seen.add(name)
            open_ += list(_needed(known[name])) if name in known else []
    return frozenset(seen)


def duties_nobody_asks_for(view: View) -> Iterator[Finding]:
    """Prescribed duties that no gate counts: each by itself, or once for a phase of which nothing is asked at all."""
    asked = asked_for(view.plan)
    for level in view.levels:
        for phase in level.phases.values():
            own = [name for name in phase.duties if level.duties[name].prescribed]
            left = [name for name in own if name not in asked]
            if not left:
                continue
            if not set(own) & _asked_by(level, phase):
                yield _closes_without_asking(level, phase, left)
                continue
            for name in left:
                duty = level.duties[name]
                yield found(
                    "PF831", f"duties.{name}", f"no gate asks whether '{name}' is done", duty.span, clause=duty.clause,
                    why=f"other duties of '{phase.name}' are asked for, and this one can be left undone unseen",
                    fix="ask for it in the gate, or write `prescribed: false`",
                )  # fmt: skip


def _asked_by(level: LevelPlan, phase: Phase) -> set[str]:
    """The duties that the ways out of a phase ask about, or need in turn."""
    leaving = [move.gate for move in level.moves.values() if move.source == phase.name]
    direct = {name for condition in (phase.gate, *leaving) for name in _duties_read(condition)}
    polls = {name for name in phase.duties if any(True for _ in bands_of(level.duties[name]))}
    return direct | polls


def _closes_without_asking(level: LevelPlan, phase: Phase, left: list[str]) -> Finding:
    shown = ", ".join(f"'{name}'" for name in left[:4]) + (", …" if len(left) > 4 else "")
    at = f"{'programme.' if level.name == 'programme' else ''}phases.{phase.name}"
    return found(
        "PF832", at, f"'{phase.name}' closes without asking for {shown}", phase.span, clause=phase.clause,
        why="no gate counts its duties, so it can be closed with everything left undone",
        fix="add `gate: duties`",
    )  # fmt: skip


def another_phase_counted(view: View) -> Iterator[Finding]:
    """The programme's gate of a phase counts units by another phase than its own."""
    programme = view.plan.programme
    for phase in programme.phases.values() if programme is not None else ():
        if phase.gate is None or phase.name not in view.plan.unit.phases:
            continue
        counted = [
            (fact, str(value.value))
            for fact in sorted(c.reads(phase.gate), key=str)
            if fact.name in ("units", "units_share")
            for key, value in fact.args
            if key in ("closed", "reached")
        ]
        if counted and all(name != phase.name for _fact, name in counted):
            fact, name = counted[0]
            yield found(
                "PF837", f"programme.phases.{phase.name}.gate",
                f"the programme's '{phase.name}' closes by units that are through with '{name}'",
                fact.span if fact.span.line else phase.gate.span, clause=phase.clause,
                why=f"the units have a phase '{phase.name}' of their own, which this gate does not count",
                fix=f"write `closed: {phase.name}`",
            )  # fmt: skip


def units_not_counted(view: View) -> Iterator[Finding]:
    """A phase of the programme that closes whatever its units have done, where its other phases count them."""
    programme = view.plan.programme
    if programme is None:
        return
    shared = [phase for phase in programme.phases.values() if phase.name in view.plan.unit.phases]
    counting = [phase for phase in shared if phase.gate is not None and _counts_units(phase.gate)]
    for phase in shared[:-1]:  # what comes last is counted where the programme ends
        closed_by_hand = phase.closes is not None and phase.closes.kind != "date"
        if len(counting) >= 2 and phase not in counting and closed_by_hand:
            yield found(
                "PF847", f"programme.phases.{phase.name}",
                f"the programme's '{phase.name}' closes whatever its units have done", phase.span, clause=phase.clause,
                why=f"the gates of its other phases count units, such as that of '{counting[0].name}'",
                fix=f"add `gate: {{units: 90%, closed: {phase.name}}}`",
            )  # fmt: skip


def _counts_units(gate: c.Condition) -> bool:
    return any(fact.name in ("units", "units_share") for fact in c.reads(gate))


# --- gates that ask too early -----------------------------------------------------------------------------------------


def _leaving(level: LevelPlan) -> Iterator[tuple[str, str, c.Condition, tuple[str, ...]]]:
    """(address, phase, condition, clauses) of everything that must hold before a phase is left."""
    for phase in level.phases.values():
        if phase.gate is not None:
            yield f"phases.{phase.name}.gate", phase.name, phase.gate, phase.clause
    for move in level.moves.values():
        for key, condition in (("gate", move.gate), ("when", move.when)):
            if condition is not None and move.source and move.kind in ("transition", "outcome"):
                noun = "transitions" if move.kind == "transition" else "outcomes"
                yield f"{noun}.{move.name}.{key}", move.source, condition, move.clause


def gate_of_the_future(view: View) -> Iterator[Finding]:
    """A gate that asks for something of a phase that can only come after the one it closes."""
    for level in view.levels:
        after, planned = only_after(level), later_by_date(view, level)
        for at, phase, condition, clause in _leaving(level):
            for fact in sorted(c.reads(condition), key=str):
                other = _phase_of(fact, level)
                if not other or other == phase:
                    continue
                if phase in after.get(other, ()) or phase in planned.get(other, ()):
                    never = phase in after.get(other, ())
                    yield found(
                        "PF833", at, f"{at.replace('.', ' ')} asks for '{_subject(fact)}', which comes after '{phase}'",
                        fact.span if fact.span.line else condition.span, clause=clause,
                        severity="error" if never else "warning",
                        why=f"'{other}' can be opened only once '{phase}' is closed" if never
                        else f"'{other}' is planned to begin when '{phase}' is over",
                        fix="ask for something of this phase",
                    )  # fmt: skip


def _phase_of(fact: Read, level: LevelPlan) -> str:
    """The phase that a fact waits for: of its duty, or the one it names."""
    for key, value in fact.args:
        name = str(value.value)
        if key in ("duty", "document", "poll") and name in level.duties:
            duty = level.duties[name]
            return "" if duty.phase == CAMPAIGN or duty.spec.from_ is not None else duty.phase
        if key in ("phase", "closed", "reached"):
            return name if name in level.phases else ""
    return ""


def _subject(fact: Read) -> str:
    return str(next((value.value for key, value in fact.args if key != "step"), fact.name))


def entry_of_itself(view: View) -> Iterator[Finding]:
    """A phase that opens only once something in it, or after it, has happened."""
    for level in view.levels:
        after = only_after(level)
        for phase in level.phases.values():
            for fact in sorted(c.reads(phase.entry), key=str) if phase.entry is not None else ():
                other = _phase_of(fact, level)
                if other and (other == phase.name or phase.name in after.get(other, ())):
                    yield found(
                        "PF834", f"phases.{phase.name}.entry",
                        f"'{phase.name}' opens only after '{_subject(fact)}', which happens in it or after it",
                        fact.span if fact.span.line else phase.span, severity="error", clause=phase.clause,
                        why="it waits for something that cannot begin before it opens",
                        fix="ask for something that comes before, or give the duty a `from:`",
                    )  # fmt: skip


# --- duties that wait -------------------------------------------------------------------------------------------------


def waits_for_itself(view: View) -> Iterator[Finding]:
    """Duties that need one another in a ring."""
    for level in view.levels:
        edges = {
            name: [other for other in _needed(duty) if other in level.duties] for name, duty in level.duties.items()
        }
        for ring in _rings(edges):
            duty = level.duties[ring[0]]
            path = " needs ".join(f"'{name}'" for name in (*ring, ring[0]))
            yield found(
                "PF835", f"duties.{ring[0]}.needs", path, duty.spec.span_of("needs"), severity="error",
                clause=duty.clause, why="none of them can ever be the first to be done",
                fix="drop one of these conditions",
            )  # fmt: skip


def _rings(edges: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """Each ring once, from its first name in order of writing."""
    told: set[frozenset[str]] = set()
    for start in edges:
        stack: list[tuple[str, tuple[str, ...]]] = [(start, (start,))]
        seen: set[str] = set()
        while stack:
            here, path = stack.pop()
            for following in edges.get(here, ()):
                if following == start and frozenset(path) not in told:
                    told.add(frozenset(path))
                    yield path
                elif following not in seen and following != start:
                    seen.add(following)
                    stack.append((following, (*path, following)))


def needs_the_future(view: View) -> Iterator[Finding]:
    """A duty that needs something of a phase that opens only after its own is closed."""
    for level in view.levels:
        after, planned = only_after(level), later_by_date(view, level)
        for duty in level.duties.values():
            for name in dict.fromkeys(_needed(duty)):
                other = level.duties.get(name)
                if other is None or other.phase in (CAMPAIGN, duty.phase) or other.spec.from_ is not None:
                    continue
                never = duty.phase in after.get(other.phase, ())
                if duty.phase != CAMPAIGN and (never or duty.phase in planned.get(other.phase, ())):
                    yield found(
                        "PF836", f"duties.{duty.name}.needs",
                        f"'{duty.name}' of '{duty.phase}' needs '{name}', which belongs to '{other.phase}'",
                        duty.spec.span_of("needs"), severity="error" if never else "warning", clause=duty.clause,
                        why=f"'{other.phase}' can be opened only once '{duty.phase}' is closed" if never
                        else f"'{other.phase}' is planned to begin when '{duty.phase}' is over",
                        fix="move one of the two duties",
                    )  # fmt: skip


# --- without an end ---------------------------------------------------------------------------------------------------


def nobody_is_told(view: View) -> Iterator[Finding]:
    """A document that waits for a judgement without any clock: no time for the step, no due day for the document."""
    for duty in view.duties():
        if duty.due is not None and not duty.due.undated:
            continue
        for step in duty.route:
            silent = step.family == "judge" and step.blocking and step.spec.within is None and not step.asks
            if silent:
                yield found(
                    "PF845", f"duties.{duty.name}.route.{step.name}",
                    f"'{duty.name}' waits at '{step.name}' for as long as nobody answers", step.span, severity="note",
                    clause=step.clause or duty.clause,
                    why="neither the step nor the document has a day, so nobody is ever reminded",
                    fix="add `within:` and `silence:` to the step, or a due day to the document",
                )  # fmt: skip


def exceptions_without_end(view: View) -> Iterator[Finding]:
    """Waivers that need no last day tend to become permanent."""
    spec = view.plan.policy.waivers
    if spec is not None and spec.expires != "required":
        yield found(
            "PF846", "waivers", "a waiver may be granted without a last day", spec.span_of("expires"),
            clause=spec.clause, why="an exception that nobody has to look at again becomes the rule",
            fix="write `expires: required`",
        )  # fmt: skip
