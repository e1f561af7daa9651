"""Rules about people: who checks whom, who is told, and whether anybody is there.

Codes: PF801 the programme acts by a role of its units, PF802 only peers check, PF803 authors judge their own document,
PF804 the ladder goes down, PF805 somebody is told who may be on no roster, PF806 raters rate themselves, PF807 a ladder
without a reminder, PF808 a ladder that reaches only who is late, PF809 a role that must be independent of itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from phaseflow.analysis.findings import Finding, View, days_of, found
from phaseflow.core.plan.model import Duty, LevelPlan, Phase, Plan
from phaseflow.errors import Span
from phaseflow.spec import duties as specs
from phaseflow.spec.phrases import LengthPhrase


def programme_without_holders(view: View) -> Iterator[Finding]:
    """In the programme's own run nobody holds a role that stands in the units."""
    level = view.plan.programme
    if level is None:
        return
    for move in level.moves.values():
        if move.by and _all_in_units(view.plan, move.by):
            at = f"programme.{move.name}"
            yield _nobody(at, f"may ask for '{move.name}' of the programme", move.by, move.span, move.clause)
    for phase in level.phases.values():
        at, of, rungs, _remind, span, clause = _of_phase(level, phase, view)
        for role in rungs if phase.window.first is not None else ():
            if _all_in_units(view.plan, (role,)):
                yield _nobody(at, f"is told that {of} of the programme is overdue", (role,), span, clause)
    for duty in level.duties.values():
        for role in duty.overdue:
            if duty.due is not None and _all_in_units(view.plan, (role,)) and duty.spec.overdue:
                span = duty.spec.span_of("overdue")
                act = f"is told that '{duty.name}' is overdue"
                yield _nobody(f"duties.{duty.name}", act, (role,), span, duty.clause)
        told = tuple(duty.overdue)
        if not duty.spec.overdue and _can_be_late(duty) and _each_in_units(view.plan, told):
            act = f"is told that '{duty.name}' of the programme is overdue"
            yield _nobody(f"duties.{duty.name}", act, told, duty.span, duty.clause)


def _all_in_units(plan: Plan, roles: Iterable[str]) -> bool:
    known = [plan.roles[role] for role in roles if role in plan.roles]
    return bool(known) and all(role.level == "unit" for role in known)


def _each_in_units(plan: Plan, roles: tuple[str, ...]) -> bool:
    return bool(roles) and all(_all_in_units(plan, (role,)) for role in roles)


def _nobody(at: str, act: str, roles: tuple[str, ...], span: Span, clause: tuple[str, ...]) -> Finding:
    named = " or ".join(f"'{role}'" for role in roles)
    return found(
        "PF801", at, f"nobody {act}: {named} stands in the units", span, severity="error",
        why="the programme's own run has its own roster, and holders of a unit's role are not on it",
        fix="name a role that is `of: programme`", clause=clause,
    )  # fmt: skip


# --- who checks whom --------------------------------------------------------------------------------------------------


def checked_by_peers(view: View) -> Iterator[Finding]:
    """Whoever checks has, by the roles alone, the same part as whoever does."""
    for duty in view.duties():
        doers = (duty.each, *duty.by) if duty.subjects == "role" else duty.by
        if _same_part(view.plan, doers, duty.spec.checked_by):
            yield _peers(
                f"duties.{duty.name}", f"'{duty.name}' is checked by those who do it", duty.spec.span_of("checked_by"),
                duty.clause,
            )  # fmt: skip
    for level in view.levels:
        for ledger in level.ledgers.values():
            close = ledger.spec.close
            if _same_part(view.plan, tuple(map(str, close.by)), (str(close.verify),)):
                yield _peers(
                    f"ledgers.{ledger.name}", f"items of '{ledger.name}' are verified by those who settle them",
                    close.span_of("verify"), ledger.clause,
                )  # fmt: skip
    make_up = view.plan.policy.make_up
    if make_up is not None and _same_part(view.plan, make_up.by, make_up.checked_by):
        yield _peers("make_up", "make-up is checked by those who order it", make_up.span_of("checked_by"), ())


def _same_part(plan: Plan, doers: Iterable[str], judges: Iterable[str]) -> bool:
    """Whether everybody who may judge is, by that very role, somebody who may do."""
    judges = [str(name) for name in judges if name in plan.roles]
    does = {str(name) for name in doers}
    return bool(judges) and all(does & plan.roles[name].closure for name in judges)


def _peers(at: str, what: str, span: Span, clause: tuple[str, ...]) -> Finding:
    return found(
        "PF802", at, what, span, clause=clause,
        why="nobody judges their own work, but colleagues in the same part judge each other's, and a lone holder waits "
        "for ever",
        fix="name a role that stands apart, or write `independent_of` on it",
    )  # fmt: skip


def independent_of_itself(view: View) -> Iterator[Finding]:
    """Whoever has the role has, by it, the role that it must keep apart from."""
    for name, role in view.plan.roles.items():
        for other in map(str, role.spec.independent_of):
            if other in role.closure:
                yield found(
                    "PF809", f"roles.{name}", f"every '{name}' is a '{other}', and must be independent of '{other}'",
                    role.spec.span_of("independent_of"), severity="error", clause=role.spec.clause,
                    why="whoever holds the role is barred by it from everything that the role is for",
                    fix="drop `is_a`, or name another role under `independent_of`",
                )  # fmt: skip


def authors_judge(view: View) -> Iterator[Finding]:
    """A step that judges a document is taken by the roles that wrote it."""
    for duty in view.duties():
        writers = {role for step in duty.route if step.family == "write" for role in step.roles}
        for step in duty.route:
            if step.act in ("vet", "approve", "decide") and _same_part(view.plan, writers, step.roles):
                yield found(
                    "PF803", f"duties.{duty.name}.route.{step.name}",
                    f"'{step.name}' lets the authors of '{duty.name}' judge it", step.span,
                    why="vetting and approving mean that somebody else looks",
                    fix="name another role, or let the step be a `discuss`", clause=step.clause or duty.clause,
                )  # fmt: skip


def rates_itself(view: View) -> Iterator[Finding]:
    """An edge of a poll on which the rated are those who rate."""
    for duty in view.duties():
        if not isinstance(duty.spec, specs.PollDuty):
            continue
        for name, edge in duty.spec.edges.items():
            raters = {str(role) for role in edge.raters}
            if edge.subject is not None and raters and raters == {str(edge.subject)}:
                yield found(
                    "PF806", f"duties.{duty.name}.edges.{name}",
                    f"on '{name}' each '{edge.subject}' rates itself too", edge.span_of("subject"),
                    why="a paper answers for everybody who is rated, the one who fills it in included",
                    fix="name other raters, or another subject", clause=duty.clause,
                )  # fmt: skip


# --- who is told ------------------------------------------------------------------------------------------------------

Ladder = tuple[str, str, Mapping[str, LengthPhrase], Iterable[object], Span, tuple[str, ...]]
"""(address, what it is of, rungs, reminders, place, clauses)."""


def _ladders(view: View) -> Iterator[Ladder]:
    """Every ladder that can ring, once for each place where it is written."""
    seen: set[Span] = set()
    for level in view.levels:
        for duty in level.duties.values():
            if duty.overdue and _can_be_late(duty):
                yield from _once(seen, _of_duty(duty, view))
        for phase in level.phases.values():
            if phase.overdue and phase.window.kind != "none":
                yield from _once(seen, _of_phase(level, phase, view))
        for ledger in level.ledgers.values():
            for name, kind in ledger.spec.classes.items():
                rungs = {str(role): after for role, after in kind.overdue.items()}
                at = f"ledgers.{ledger.name}.classes.{name}"
                if rungs:
                    of = f"'{name}' of '{ledger.name}'"
                    yield at, of, rungs, kind.remind, kind.span_of("overdue"), kind.clause or ledger.clause


def _can_be_late(duty: Duty) -> bool:
    return (duty.due is not None and not duty.due.undated) or getattr(duty.spec, "every", None) is not None


def _once(seen: set[Span], ladder: Ladder) -> Iterator[Ladder]:
    if ladder[4] not in seen:
        seen.add(ladder[4])
        yield ladder


def _of_duty(duty: Duty, view: View) -> Ladder:
    if duty.spec.overdue:
        span = duty.spec.span_of("overdue")
        return f"duties.{duty.name}", f"'{duty.name}'", duty.overdue, duty.remind, span, duty.clause
    defaults = view.plan.policy.defaults.duty
    return "defaults.duty", "duties", duty.overdue, duty.remind, defaults.span_of("overdue"), ()


def _of_phase(level: LevelPlan, phase: Phase, view: View) -> Ladder:
    own = view.plan.policy.programme.phases.get(phase.name) if view.plan.policy.programme else None  # type: ignore[call-overload]
    spec = own if level.name == "programme" and own is not None else phase.spec
    if spec.overdue:
        at = f"{'programme.' if level.name == 'programme' else ''}phases.{phase.name}"
        return at, f"'{phase.name}'", phase.overdue, phase.remind, spec.span_of("overdue"), phase.clause
    defaults = view.plan.policy.defaults.phase
    return "defaults.phase", "phases", phase.overdue, phase.remind, defaults.span_of("overdue"), ()


def ladder_goes_down(view: View) -> Iterator[Finding]:
    """A later rung that tells the unit what the programme was told before."""
    for at, of, rungs, _remind, span, clause in _ladders(view):
        known = [(days_of(after), role) for role, after in rungs.items() if role in view.plan.roles]
        for late, role in sorted(known):
            above = [name for early, name in known if early < late and view.plan.roles[name].level == "programme"]
            if above and view.plan.programme is not None and view.plan.roles[role].level == "unit":
                yield found(
                    "PF804", at, f"the ladder of {of} tells '{role}' of the unit after '{above[0]}' of the programme",
                    span, why="a ladder climbs: each rung reaches somebody who can do more than the one before",
                    fix="change the lengths, or drop the lower rung", clause=clause,
                )  # fmt: skip
                break


def told_but_absent(view: View) -> Iterator[Finding]:
    """An invited role takes part without standing on a roster, so nobody may be found to tell or to ask."""
    invited = {name for name, role in view.plan.roles.items() if role.spec.invited}
    for at, of, rungs, _remind, span, clause in _ladders(view):
        for role in sorted(invited & set(rungs)):
            yield _absent(at, f"the ladder of {of} ends with '{role}', who is only invited", span, clause)
    for level in view.levels:
        for phase in level.phases.values():
            if phase.asks in invited:
                yield _absent(
                    f"phases.{phase.name}", f"'{phase.asks}', who is only invited, is asked about '{phase.name}'",
                    phase.spec.span_of("asks"), phase.clause,
                )  # fmt: skip
        for duty in level.duties.values():
            for role in sorted(invited & set(map(str, duty.spec.checked_by))):
                yield _absent(
                    f"duties.{duty.name}", f"'{duty.name}' waits for '{role}', who is only invited, to check it",
                    duty.spec.span_of("checked_by"), duty.clause,
                )  # fmt: skip


def owed_by_the_invited(view: View) -> Iterator[Finding]:
    """A duty that only invited people could do."""
    invited = {name for name, role in view.plan.roles.items() if role.spec.invited}
    for duty in view.duties():
        if duty.kind != "poll" and duty.by and set(map(str, duty.by)) <= invited:
            yield _absent(
                f"duties.{duty.name}", f"'{duty.name}' is owed by '{duty.by[0]}', who is only invited",
                duty.spec.span_of("by"), duty.clause,
            )  # fmt: skip


def _absent(at: str, what: str, span: Span, clause: tuple[str, ...]) -> Finding:
    return found(
        "PF805", at, what, span, clause=clause,
        why="invited people take part and are heard, but may stand on no roster, so that nobody is there",
        fix="name a role that is not `invited`",
    )  # fmt: skip


def told_only_oneself(view: View) -> Iterator[Finding]:
    """A ladder on which there is nobody but those who owe the thing themselves."""
    for duty in view.duties():
        owing = {str(role) for role in ((duty.each,) if duty.subjects == "role" else duty.by)}
        rungs = [role for role in duty.overdue if role in view.plan.roles]
        if not rungs or not _can_be_late(duty) or not duty.spec.overdue:
            continue
        if owing and all(owing & view.plan.roles[role].closure for role in rungs):
            yield found(
                "PF808", f"duties.{duty.name}",
                f"the ladder of '{duty.name}' tells only '{rungs[0]}', whose it is",
                duty.spec.span_of("overdue"), clause=duty.clause,
                why="a ladder is there so that somebody else learns of it", fix="add a role above, such as an office",
            )  # fmt: skip


def no_warning_before(view: View) -> Iterator[Finding]:
    """Somebody is reported upwards who was never reminded."""
    for at, of, rungs, remind, span, clause in _ladders(view):
        if rungs and not tuple(remind):
            yield found(
                "PF807", at, f"the ladder of {of} begins without a reminder", span, clause=clause,
                why="whoever is reported as late was never told that the day was coming",
                fix="add `remind: 3 days`",
            )  # fmt: skip
