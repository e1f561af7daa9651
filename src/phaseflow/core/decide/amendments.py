"""Going on under another plan: a run keeps its plan until an amendment says from when the next one binds (R18, R21).

The new plan says itself whom it binds (`amends:`). What was judged stays judged: a duty that has fallen due, a window
that has ended and an extension that was granted keep their days. What is removed or renamed while it has state is named
in `amends: {names: …}`, or the amendment is refused with every such name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from phaseflow.core.decide import opening, phases, roster
from phaseflow.core.decide.changes import Binds, Change, open_duties
from phaseflow.core.decide.routes import EDGES
from phaseflow.core.decide.step import Step, refuse, refuse_all
from phaseflow.core.plan.model import CAMPAIGN, Duty, Plan
from phaseflow.core.state.rows import DutyState, PersonState, Timer, VisitState
from phaseflow.errors import PhaseflowError, Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import Days
from phaseflow.spec.model import AmendsSpec

CARRIED = ("task", "quota", "checklist", "meeting", "bulletin")
"""Kinds of duties whose records can go on under another name."""


# --- the command ------------------------------------------------------------------------------------------------------


def amend(step: Step, command: c.Amend) -> None:
    """Put a run under another plan, now or when the plan says."""
    roster.check_keeper(step, "amend the plan of a run")
    new = _plan(step, command.plan)
    if step.head.status in ("cancelled", "archived"):
        refuse("illegal", "PF321", f"the run is {step.head.status}", why="it has ended for good",
               fix="start a run under the new plan")  # fmt: skip
    if new.digest == step.head.plan:
        refuse("illegal", "PF479", "the run goes by this plan already", why="an amendment changes something",
               fix="give another version of the policy")  # fmt: skip
    if new.policy == step.plan.policy:  # only the calendar is another
        _take_effect(step, new, "at_once", step.day, None)
        return
    spec = _amends(new)
    _check(step, new, spec)
    since = max(step.day, spec.from_.bounds()[0]) if spec.from_ is not None else step.day
    if spec.binds == "next_phase" or since > step.day:
        opens = None if spec.binds == "next_phase" else step.calendar.opens(since)
        step.emit(e.AmendmentAdopted(plan=new.digest, takes_effect=opens))
        return
    _take_effect(step, new, "favourable" if spec.binds == "favourable" else "at_once", since, spec)


def _plan(step: Step, digest: str) -> Plan:
    if step.around.plans is None:
        raise PhaseflowError("an amendment needs the plans of the store")
    return step.around.plans(digest)


def _amends(new: Plan) -> AmendsSpec:
    spec = new.policy.amends
    if spec is None or spec.binds == "new_runs":
        refuse(
            "illegal",
            "PF480",
            "the new plan binds no run that has begun",
            span=new.policy.span_of("amends"),
            why="a run keeps its plan unless the next one says that, and from when, it binds runs under way",
            fix="add `amends: {binds: at_once, notice: 10 days}`, `next_phase` or `favourable` to the new policy",
            clause=spec.clause if spec is not None else (),
        )
    return spec


def fall_due(step: Step, _timer: Timer) -> None:
    """The day of an adopted amendment has come."""
    new = _plan(step, step.head.amendment)
    spec = _amends(new)
    _take_or_leave(step, new, "favourable" if spec.binds == "favourable" else "at_once", spec)


def take_adopted(step: Step, phase: str) -> None:
    """*phase* is about to open: an amendment that waits for that takes effect first."""
    new = _plan(step, step.head.amendment)
    spec = _amends(new)
    if spec.binds == "next_phase" and (spec.from_ is None or spec.from_.bounds()[0] <= step.day):
        _take_or_leave(step, new, "at_once", spec, phase)


def _take_or_leave(step: Step, new: Plan, binds: Binds, spec: AmendsSpec, opens: str = "") -> None:
    """What has come up since it was adopted may stand in its way: it is given up then, and the keepers are asked."""
    faults = _faults(step, new, spec)
    if opens and not faults and opens not in new.levels[step.head.level].phases:
        faults.append(_problem(new, f"'{opens}' opens, and the new plan has no such phase", "", ""))
    if not faults:
        _take_effect(step, new, binds, step.day, spec)
        return
    reasons = tuple(problem.what for problem in faults)
    step.emit(e.AmendmentGivenUp(plan=new.digest, reasons=reasons))
    text = f"the amendment that was to take effect now does not, since {'; '.join(reasons)}: what is to be done?"
    step.emit(e.QuestionAsked(question=f"q{step.seq + 1}", role="", about=f"amendment:{new.digest[:12]}", text=text))


# --- a version that ends ----------------------------------------------------------------------------------------------

HAPPENINGS = ("opens", "closes", "done", "held", *EDGES.values())
"""Edges of what happens, as against days that are planned."""

ENDING = (e.PhaseOpened, e.PhaseClosed, e.DutyDone, e.MeetingHeld, e.StepPassed)
"""Events by which something happens that a version may end with."""


def end_if_over(step: Step) -> None:
    """Go back to the plan before, if what ends this one has happened; what follows from that goes by it."""
    if step.head.returns and _has_ended(step, step.plan):
        end(step, None)


def end(step: Step, _timer: Timer | None) -> None:
    """The version in force has ended: what it moved goes back where that was, and never into the past (R21)."""
    spec = _amends(step.plan)
    before = _plan(step, step.head.returns)
    floor = before.calendar.shift(step.day, spec.notice, 1) if spec.notice is not None else None
    added = {name: "dropped" for name in step.level.duties if name not in before.levels[step.head.level].duties}
    _change(step, before, "at_once", step.day, floor, added)


def _has_ended(step: Step, plan: Plan) -> bool:
    """Whether the happening that ends a plan's version is on record."""
    until = plan.policy.amends.until if plan.policy.amends is not None else None
    if until is None or until.anchor is None:
        return False
    return step.get(f"happened/{until.anchor.name.rsplit('.', 1)[-1]}/{until.anchor.edge}") is not None


def _no_way_back(step: Step, new: Plan, spec: AmendsSpec) -> Iterator[Problem]:
    """What keeps a version from ending: things that only it has and that cannot end with it, or an end that is past."""
    assert spec.until is not None
    span, name, old, level = spec.span_of("until"), step.head.level, step.level, new.levels[step.head.level]
    stays = [*(f"the phase '{one}'" for one in level.phases.keys() - old.phases.keys()),
             *(f"the ledger '{one}'" for one in level.ledgers.keys() - old.ledgers.keys())]  # fmt: skip
    for duty in level.duties.values():
        before = old.duties.get(duty.name)
        if before is None and duty.kind not in CARRIED:
            stays.append(f"the {duty.kind} '{duty.name}'")
        elif before is not None and (before.kind, before.subjects) != (duty.kind, duty.subjects):
            stays.append(f"'{duty.name}', which is of another kind")
    for what in sorted(stays):
        yield Problem(code="PF493", what=f"a version that ends cannot bring {what}", span=span,
                      why="what is begun under it could not go on under the plan before",
                      fix="leave that to a version that stays, or change what is there already")  # fmt: skip
    anchor = spec.until.anchor
    if anchor is None:
        assert spec.until.day is not None
        if spec.until.day.bounds()[1] < step.day:
            yield Problem(code="PF494", what=f"the version ended on {spec.until.day}", span=span,
                          why="it would be put upon the run and taken off at once", fix="give a later day")  # fmt: skip
        return
    known = (*level.phases, *level.duties)
    if anchor.name.rsplit(".", 1)[-1] not in known or anchor.edge not in HAPPENINGS:
        yield Problem(code="PF495", what=f"a run of the level '{name}' never knows when '{anchor}' is", span=span,
                      why="a version ends for a run with something that happens in that run",
                      fix=did_you_mean(anchor.name, known)
                      or f"name a phase or a duty of it with one of: {', '.join(HAPPENINGS)}")  # fmt: skip
    elif _has_ended(step, new):
        yield Problem(code="PF494", what=f"'{anchor}' has happened already", span=span,
                      why="it would be put upon the run and taken off at once",
                      fix="name what is still to come")  # fmt: skip


# --- what must be there -----------------------------------------------------------------------------------------------


def _check(step: Step, new: Plan, spec: AmendsSpec) -> None:
    """Everything that has state is in the new plan, or is named; all that is missing is said at once."""
    refuse_all("unmet", _faults(step, new, spec))


def _faults(step: Step, new: Plan, spec: AmendsSpec) -> list[Problem]:
    problems = [*_lost(step, new), *_lost_duties(step, new, spec), *_opened_again(step, new)]
    if spec.until is not None and not problems:
        problems += _no_way_back(step, new, spec)
    return problems


def _lost(step: Step, new: Plan) -> Iterator[Problem]:
    level = new.levels.get(step.head.level)
    if level is None or new.policy.campaign != step.head.campaign:
        yield _problem(new, f"the new plan is no plan of '{step.head.campaign}' on the level '{step.head.level}'",
                       "a run goes on in its own campaign", "give a version of the same policy")  # fmt: skip
        return
    stages = [name for name in (*step.head.visits, *step.head.waiting) if name != CAMPAIGN]
    for name in stages:
        if name not in level.phases:
            yield _problem(new, f"the run has been in '{name}', and the new plan has no such phase",
                           "a phase that a run has seen keeps its name",
                           "keep the name; its title may change")  # fmt: skip
    for name in step.level.ledgers:
        if step.get(f"items/{name}/all") and name not in level.ledgers:
            yield _problem(new, f"there are items in '{name}', and the new plan has no such ledger",
                           "an item is closed by the rules of its ledger", "keep the ledger")  # fmt: skip


def _lost_duties(step: Step, new: Plan, spec: AmendsSpec) -> Iterator[Problem]:
    duties = new.levels[step.head.level].duties
    for state in open_duties(step):
        rule = step.level.duties.get(state.name)
        if rule is None:
            continue
        to = str(spec.names.get(state.name, state.name))  # type: ignore[call-overload]
        heir = duties.get(to)
        if to == "dropped" or (heir is not None and heir.kind == rule.kind and to == state.name):
            if to == "dropped" and rule.kind not in CARRIED:
                yield _problem(new, f"the {rule.kind} '{state.name}' is under way and cannot be dropped",
                               "what others have worked on is ended, not cut off", "keep it, or waive it")  # fmt: skip
        elif heir is None:
            yield _problem(new, f"'{state.name}' is owed, and the new plan has no duty '{to}'",
                           "what is owed is kept, renamed or dropped by name",
                           did_you_mean(to, duties)
                           or f"add `names: {{{state.name}: dropped}}` to `amends`")  # fmt: skip
        elif heir.kind != rule.kind or rule.kind not in CARRIED or heir.subjects != rule.subjects:
            yield _problem(new, f"'{state.name}' cannot go on as '{to}'",
                           "records go on under a duty of the same kind that the same people owe",
                           f"keep the name '{state.name}', or drop it and add '{to}'")  # fmt: skip


def _opened_again(step: Step, new: Plan) -> Iterator[Problem]:
    """A duty that an earlier amendment took away has a record under its name, and does not come back as a new one."""
    for visit in step.head.open:
        for name in new.levels[step.head.level].duties.keys() - step.level.duties.keys():
            if step.get(f"duty/{visit}/{name}") is not None:
                yield _problem(new, f"'{name}' was dropped by an earlier amendment and would be owed anew",
                               "what was recorded under a name stays under it", "give it another name")  # fmt: skip


def _problem(new: Plan, what: str, why: str, fix: str) -> Problem:
    spec = new.policy.amends
    span = spec.span_of("names") if spec is not None else new.policy.span
    return Problem(code="PF481", what=what, span=span, why=why, fix=fix)


# --- what changes -----------------------------------------------------------------------------------------------------


def _take_effect(step: Step, new: Plan, binds: Binds, since: date, spec: AmendsSpec | None) -> None:
    named = {str(old): str(to) for old, to in spec.names.items()} if spec is not None else {}
    floor = new.calendar.shift(since, spec.notice, 1) if spec is not None and spec.notice is not None else None
    _change(step, new, binds, since, floor, named, spec)


def _change(
    step: Step, new: Plan, binds: Binds, since: date, floor: date | None, named: Mapping[str, str],
    spec: AmendsSpec | None = None,
) -> None:  # fmt: skip
    """Go by the new plan from here on; *named* are duties that are dropped or called otherwise."""
    old = {name: set(step.level.phases[name].duties) for name in step.level.phases}
    old[CAMPAIGN] = {name for name, duty in step.level.duties.items() if duty.phase == CAMPAIGN}
    change = Change(step, new, binds, floor, named)
    ending = _return(step.head.returns, change.before, new, spec)
    kind = e.CalendarAmended if new.policy == change.before.policy else e.PlanAmended
    step.adopt(new)
    step.emit(kind(
        plan=new.digest, previous=change.before.digest, binds=binds, since=since, windows=change.windows(),
        visits=change.visits(), moved=change.terms(), amounts=change.amounts(), **ending,
    ))  # fmt: skip
    _roles(step)
    for state in list(open_duties(step)):
        to = named.get(state.name, state.name)
        if to == "dropped":
            step.emit(e.DutyDropped(key=state.key))
        elif to != state.name:
            _carry(step, state, step.level.duties[to], floor)
    if binds == "at_once":
        _begin(step, old, set(named.values()), floor)
    phases.reschedule_all(step)


def _return(first: str, before: Plan, new: Plan, spec: AmendsSpec | None) -> dict[str, Any]:
    """The plan to go back to (that before the *first* version that ends), and when, where the day is known."""
    if spec is None or spec.until is None:
        return {}
    day = spec.until.day
    return {"returns": first or before.digest, "ends": new.calendar.shuts(day.bounds()[1]) if day is not None else None}


def _roles(step: Step) -> None:
    """What a role brings with it may have changed: everybody has what their given roles now bring."""
    people: list[tuple[str, PersonState]] = list(step.rows.scan("person/"))
    for key, person in people:
        roles = step.plan.closure(person.given)
        gained = tuple(sorted(set(roles) - set(person.roles)))
        lost = tuple(sorted(set(person.roles) - set(roles)))
        if gained or lost:
            step.emit(e.RolesChanged(person=key.removeprefix("person/"), gained=gained, lost=lost))


def _carry(step: Step, state: DutyState, duty: Duty, floor: date | None) -> None:
    """What was done under the old name counts under the new one."""
    if step.get(f"latest/{duty.name}") is None:
        _open(step, duty, "/".join(state.key.split("/")[:2]), floor)
    heir = step.get(f"latest/{duty.name}")
    step.emit(e.DutyCarried(key=state.key, into=heir))


def _begin(step: Step, old: Mapping[str, set[str]], heirs: set[str], floor: date | None) -> None:
    """Duties that are new in an open visit are owed from now on, due no earlier than the notice allows."""
    for visit in step.head.open:
        phase = visit.rsplit("/", 1)[0]
        for name, duty in step.level.duties.items():
            fresh = duty.phase == phase and name not in old.get(phase, set()) and name not in heirs
            if fresh and duty.spec.opens == "with phase" and duty.concerns(step.head.kind):
                _open(step, duty, visit, floor)


def _open(step: Step, duty: Duty, visit: str, floor: date | None) -> None:
    phase, number = visit.rsplit("/", 1)
    if phase == CAMPAIGN:
        window: Days = step.get(f"window/{CAMPAIGN}")
        opening.open_one(step, duty, None, 1, window, {}, floor=floor)
        return
    state: VisitState = step.get(f"visit/{visit}")
    opening.open_one(step, duty, step.level.phases[phase], int(number), state.window, state.steps, floor=floor)
