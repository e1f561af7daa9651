"""Duties: opening them with their instants, recording what was done, and saying when a subject is done.

Something that happened late is judged by when it happened; recording ends at the lock, judged by when it is recorded
(R2). A duty belongs to the visit that was open when it was done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction

import attrs

from phaseflow.core import deadlines
from phaseflow.core.calendars import Period, periods
from phaseflow.core.decide import documents
from phaseflow.core.decide.people import known, require, require_other, roles_of
from phaseflow.core.decide.step import Refusal, Step, refuse
from phaseflow.core.gates import Missing, Sources, judge, text_of
from phaseflow.core.plan.model import Duty, Phase, Role
from phaseflow.core.state.duties import duty_of, part_of
from phaseflow.core.state.rows import CAMPAIGN, Counted, DutyState, PartState
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import Days, Term
from phaseflow.spec import duties as specs
from phaseflow.spec.shape import Text

# --- opening ----------------------------------------------------------------------------------------------------------


def open_all(step: Step, phase: Phase | None, visit: int, window: Days, steps: Mapping[str, Days], names: Iterable[str]) -> None:
    """Open the duties of a visit (or, without a phase, those of the whole campaign)."""
    for name in names:
        duty = step.level.duties[name]
        if duty.spec.opens == "with phase" and not (visit == 1 and _has_own_beginning(step, duty)):
            open_one(step, step.level.duties[name], phase, visit, window, steps)


def _has_own_beginning(step: Step, duty: Duty) -> bool:
    """Whether a duty was begun before its phase, or is to begin later than it, by its `from:`."""
    if duty.spec.from_ is None or duty.phase == CAMPAIGN:
        return False
    day = deadlines.day_of_moment(duty.spec.from_, step.calendar, step.head.start, anchors(step), first=True)
    return step.get(f"latest/{duty.name}") is not None or (day is not None and day > step.day)


def schedule(step: Step) -> None:
    """At the start: duties that may be begun before their phase opens get a timer of their own (R40)."""
    for duty in step.level.duties.values():
        if duty.phase == CAMPAIGN or duty.spec.from_ is None:
            continue
        day = deadlines.day_of_moment(duty.spec.from_, step.calendar, step.head.start, anchors(step), first=True)
        if day is not None:
            step.emit(e.DutyScheduled(name=duty.name, opens=step.calendar.opens(day)))


def begin_early(step: Step, name: str) -> None:
    """Open a duty before its phase, with the planned window of that phase; nothing happens if it is open already."""
    duty = step.level.duties[name]
    if step.get(f"latest/{name}") is not None:
        return
    phase = step.level.phases[duty.phase]
    window: Days = step.get(f"window/{phase.name}") or Days(first=None, last=None)
    steps = {key: days for key in phase.steps if (days := step.get(f"window/{phase.name}/{key}")) is not None}
    open_one(step, duty, phase, 1, window, steps)


def open_one(step: Step, duty: Duty, phase: Phase | None, visit: int, window: Days, steps: Mapping[str, Days], makes_up: str = "") -> None:
    """Open one duty: one instance, or one for every period of its window."""
    base = f"{duty.phase}/{visit}/{duty.name}"
    every = getattr(duty.spec, "every", None)
    if every is None or every == "regularly":
        day = deadlines.due_day(duty, phase, visit, window, steps, step.calendar, step.head.start, anchors(step))
        _open(step, duty, base, term_of(step, duty, day), duty.amount, None, makes_up)
        return
    own = steps.get(duty.step, window) if duty.step else window
    if own.first is None or own.last is None:
        _open(step, duty, base, Term(), duty.amount, None, makes_up)
        return
    for period in periods(every, own.first, own.last):
        owed = _period_amount(duty, period)
        if owed == 0:
            continue
        days = Days(first=period.first, last=period.last)
        _open(step, duty, f"{base}/{period.index:03d}", term_of(step, duty, period.last), owed, days, makes_up)


def _period_amount(duty: Duty, period: Period) -> Fraction | None:
    amount = duty.amount
    rule = getattr(duty.spec, "partial_period", None)
    if period.whole or amount is None or rule == "full":
        return amount
    return Fraction(0) if rule == "waive" else amount * period.share


def _open(step: Step, duty: Duty, key: str, term: Term, amount: Fraction | None, period: Days | None, makes_up: str) -> None:
    unit = duty.spec.quota.unit if isinstance(duty.spec, specs.QuotaDuty) else ""
    step.emit(e.DutyOpened(
        key=key, name=duty.name, owed=subjects_count(step, duty), term=term, amount=amount, unit=unit, period=period,
        makes_up=makes_up,
    ))  # fmt: skip
    documents.begin(step, duty, key)
    due = term.grace or term.due
    if due is not None and due <= step.at:
        state = duty_of(step.rows, key)
        if state.outstanding > 0:
            step.emit(e.DutyFellDue(key=key, outstanding=state.outstanding, born=True))


def subjects_count(step: Step, duty: Duty) -> int:
    """How many owe a duty now: one for the run, the holders of a role, or the bodies of a kind."""
    return 1 if duty.subjects == "run" else int(step.get(f"count/{duty.each}") or 0)


def term_of(step: Step, duty: Duty, day: date | None) -> Term:
    """The instants of a duty that is due on *day*."""
    return deadlines.term(
        day, step.calendar, step.at, grace=duty.grace, lock=duty.lock, remind=duty.remind, overdue=duty.overdue
    )  # fmt: skip


def open_single(step: Step, name: str, because: str) -> None:
    """Owe one duty (again), because a band or a make-up asks for it; the new one is linked to the one before."""
    duty = step.level.duties[name]
    before = step.get(f"latest/{name}") or ""
    number = 1 + sum(1 for _ in step.rows.scan(f"duty/{duty.phase}/made_up/{name}"))
    key = f"{duty.phase}/made_up/{name}" if number == 1 else f"{duty.phase}/made_up/{name}_{number}"
    amount = duty.amount
    _open(step, duty, key, Term(), amount, None, before or because)


def anchors(step: Step) -> dict[tuple[str, str], date]:
    """Every anchor whose day is known: planned edges of windows, and what has happened."""
    found = deadlines.anchors_of({key.removeprefix("window/"): days for key, days in step.rows.scan("window/")})
    found["campaign", "start"] = step.head.start
    for rows in (step.around.up, step.rows):
        if rows is not None:
            for key, day in rows.scan("happened/"):
                _, name, edge = key.split("/")
                found[name, edge] = day
    return found


def happened(step: Step, name: str, edge: str) -> None:
    """Something that a due day may hang on has happened: date the duties that waited for it."""
    for duty in step.level.duties.values():
        due = duty.due
        if due is None or due.anchor is None or due.undated or (due.anchor.name, due.anchor.edge) != (name, edge):
            continue
        key = step.get(f"latest/{duty.name}")
        state: DutyState | None = step.get(f"duty/{key}") if key else None
        if state is None or state.term.day is not None or state.period is not None:
            continue
        day = deadlines.day_of_moment(due, step.calendar, step.head.start, anchors(step))
        if day is not None:
            step.emit(e.DutyDated(key=state.key, term=term_of(step, duty, day)))


# --- finding ----------------------------------------------------------------------------------------------------------


def find(step: Step, name: str, at: datetime, kind: str = "") -> tuple[Duty, DutyState]:
    """The duty a command names, in the visit (and period) that was open at *at*.

    Raises:
        Refusal: unknown, not owed yet, of another kind, or its visit was not open then.
    """
    duty = step.level.duties.get(name)
    if duty is None:
        own = _own_action(step, name)
        if own is None:
            refuse("unknown", "PF330", f"there is no duty '{name}' here", why="a duty is named by its policy; this one is not in the plan of this run",
                   fix=did_you_mean(name, step.level.duties) or "look at `todo`")
        return own
    if kind and duty.kind != kind:
        refuse("illegal", "PF331", f"'{name}' is a {duty.kind}, not a {kind}", span=duty.span, why="each kind of duty is recorded in its own way",
               fix=HOW[duty.kind], clause=duty.clause)
    state = _instance(step, duty, at)
    if state is None:
        refuse("illegal", "PF332", f"'{name}' is not owed {_when(step, at)}", span=duty.span,
               why=f"it belongs to '{duty.phase}', which was not open then", fix="look at `allowed` for what is possible now", clause=duty.clause)
    _check_alive(step, duty, state)
    return duty, state


HOW = {
    "task": "use `complete`", "quota": "use `record` with an amount", "checklist": "use `check`", "meeting": "use `hold`",
    "bulletin": "use `complete`", "document": "use `draft`, `judge` and the other acts of its route", "poll": "use `open_poll`, `cast`, `close_poll`",
}  # fmt: skip


def _when(step: Step, at: datetime) -> str:
    return "now" if at == step.now else f"on {step.calendar.day_of(at)}"


def _instance(step: Step, duty: Duty, at: datetime) -> DutyState | None:
    key = step.get(f"latest/{duty.name}")
    if key is None:
        return None
    state: DutyState = step.get(f"duty/{key}")
    if state.period is None:
        return state if state.opened <= at or duty.spec.from_ is not None else _earlier(step, duty, at)
    day, visit = step.calendar.day_of(at), key.rsplit("/", 1)[0]
    for _key, row in step.rows.scan(f"duty/{visit}/"):
        if row.period is not None and row.period.first <= day <= row.period.last:
            return row  # type: ignore[no-any-return]
    return None


def _earlier(step: Step, duty: Duty, at: datetime) -> DutyState | None:
    """The instance of an earlier visit that was open at *at*."""
    found = None
    for _key, row in step.rows.scan(f"duty/{duty.phase}/"):
        if row.name == duty.name and row.opened <= at:
            found = row
    return found


def _check_alive(step: Step, duty: Duty, state: DutyState) -> None:
    head = step.head
    if head.status in ("suspended", "cancelled", "archived"):
        refuse("illegal", "PF321", f"the run is {head.status}", why="nothing is recorded in such a run", fix="resume it, or start another run", span=duty.span)
    phase, visit = state.key.split("/")[:2]
    stay = step.get(f"visit/{phase}/{visit}")
    closed = stay.closed if stay is not None else None
    if closed is not None and step.at >= closed:
        refuse("illegal", "PF333", f"'{duty.name}' belongs to '{phase}', which was closed on {step.calendar.day_of(closed)}", span=duty.span,
               why="a closed visit keeps its verdicts; what is missing is made up as a new duty", fix="order a make-up, or record with the day it happened",
               clause=duty.clause)


def _own_action(step: Step, name: str) -> tuple[Duty, DutyState] | None:
    for visit in step.head.open:
        state = step.get(f"duty/{visit}/own/{name}")
        if state is not None:
            return _action_rules(state), state
    return None


def _action_rules(state: DutyState) -> Duty:
    spec = specs.TaskDuty(task=Text({"": state.title}), prescribed=False)
    phase = state.key.split("/", 1)[0]
    return Duty(name=state.name, kind="task", level="unit", phase=phase, step="", title=state.title, by=(), subjects="run", each="",
                due=None, grace=None, lock=None, remind=(), overdue={}, needs=None, spec=spec, clause=(), span=spec.span)


def subject_of(step: Step, duty: Duty, subject: str, act: str, key: str = "") -> str:
    """For whom something is recorded: checked against who owes the duty, and against who may act.

    With *key*, somebody who has left and still owes a part of that instance is a subject too.
    """
    span, clause = duty.span, duty.clause
    if duty.subjects == "run":
        if subject:
            refuse("illegal", "PF334", f"'{duty.name}' is owed by the run as a whole, not by '{subject}'", span=span,
                   why="it has no `each`", fix="leave the subject out", clause=clause)
        if duty.by:
            require(step, duty.by, act, span=duty.spec.span_of("by"), clause=clause, subject=duty.name)
        elif not known(step, step.actor.person):
            require(step, (), act, span=span, clause=clause)
        return ""
    if duty.subjects == "body":
        if not subject or step.get(f"body/{duty.each}/{subject}") is None:
            refuse("unknown", "PF335", f"no '{duty.each}' is listed under '{subject or '(nothing)'}'", span=span,
                   why=f"'{duty.name}' is owed for every '{duty.each}' on the list", fix="name one that is listed, or list it first", clause=clause)
        require(step, duty.by, act, span=duty.spec.span_of("by"), clause=clause, subject=duty.name)
        return subject
    principal = step.actor.on_behalf_of or step.actor.person
    subject = subject or principal
    if duty.each not in roles_of(step, subject) and not (key and part_of(step.rows, key, subject).owes):
        refuse("illegal", "PF336", f"'{subject}' does not owe '{duty.name}'", span=duty.spec.span_of("each"),
               why=f"it is owed by every '{duty.each}'", fix=f"give '{subject}' that role, or name somebody who has it", clause=clause)
    roles = duty.by if subject != principal else (duty.each,)
    require(step, roles, act, span=span, clause=clause, subject=duty.name)
    return subject


def check_needs(step: Step, duty: Duty, act: str) -> None:
    """Refuse, with every reason, what comes before its conditions."""
    if duty.needs is None:
        return
    facts = Sources(plan=step.plan, rows=step.rows, up=step.around.up, units=step.around.units, host=step.around.host, day=step.day)
    try:
        judged = judge(duty.needs, facts)
    except Missing as missing:
        refuse("crashed", "PF323", f"what '{duty.name}' needs cannot be judged: {missing}", span=duty.span,
               why="a fact that the host supplies is missing", fix="register the host's fact, then try again", clause=duty.clause)
    if judged.value is True:
        return
    raise Refusal("unmet", [
        Problem(
            code="PF337", what=f"cannot {act}: {requirement.label} is not met ({text_of(requirement.measured)})",
            span=requirement.span if requirement.span.line else duty.span, clause=requirement.clause or ", ".join(duty.clause),
            why=f"'{duty.name}' needs it first", fix="do that first; `todo` says who owes it",
        )
        for requirement in judged.requirements
    ], judged.requirements)  # fmt: skip


def check_lock(step: Step, duty: Duty, state: DutyState, part: PartState) -> None:
    """Recording ends at the lock, judged by when it is recorded."""
    term = part.term or state.term
    if term.lock is not None and step.now >= term.lock:
        refuse("illegal", "PF338", f"recording of '{duty.name}' ended {step.calendar.day_of(term.lock)}", span=duty.spec.span_of("lock"),
               why="the policy locks it so long after its due day", fix="ask for an extension or a waiver", clause=duty.clause)


def check_evidence(duty: Duty, given: tuple[c.Evidence, ...]) -> None:
    """Every kind of evidence that the policy asks for must be there."""
    kinds = {evidence.kind for evidence in given}
    missing = [str(kind) for kind in duty.spec.evidence if kind not in kinds]
    if missing:
        raise Refusal("unmet", [
            Problem(code="PF339", what=f"'{duty.name}' needs evidence of kind '{kind}'", span=duty.spec.span_of("evidence"),
                    why="the policy asks for it", fix=f"add evidence: {kind}=REFERENCE", clause=", ".join(duty.clause))
            for kind in missing
        ])  # fmt: skip


# --- recording --------------------------------------------------------------------------------------------------------


def record(step: Step, command: c.Record) -> None:
    duty, state = find(step, command.duty, step.at, "quota")
    if command.amount <= 0:
        refuse("malformed", "PF340", f"an amount of {command.amount} is nothing to record", span=duty.span, why="amounts are greater than zero; what was wrong is voided",
               fix="give a positive amount, or use `void`", clause=duty.clause)
    if command.unit != state.unit:
        refuse("malformed", "PF341", f"'{duty.name}' is counted in {state.unit}, not in {command.unit}", span=duty.spec.span_of("quota"),
               why="nothing converts one unit into another", fix=f"give the amount in {state.unit}", clause=duty.clause)
    subject, part = _ready(step, duty, state, command.subject, f"record '{duty.name}'", command.evidence)
    step.emit(e.AmountRecorded(key=state.key, subject=subject, amount=command.amount, evidence=command.evidence))
    part = part_of(step.rows, state.key, subject)
    wanted = part.owes if part.owes is not None else state.amount
    if wanted is None or part.amount >= wanted:
        reported(step, duty, state.key, subject)


def _ready(step: Step, duty: Duty, state: DutyState, subject: str, act: str, evidence: tuple[c.Evidence, ...]) -> tuple[str, PartState]:
    subject = subject_of(step, duty, subject, act, state.key)
    part = part_of(step.rows, state.key, subject)
    check_lock(step, duty, state, part)
    check_needs(step, duty, act)
    check_evidence(duty, evidence)
    return subject, part


def complete(step: Step, command: c.Complete) -> None:
    duty, state = find(step, command.duty, step.at)
    if duty.kind not in ("task", "bulletin"):
        refuse("illegal", "PF331", f"'{duty.name}' is a {duty.kind} and is not simply completed", span=duty.span,
               why="each kind of duty is recorded in its own way", fix=HOW[duty.kind], clause=duty.clause)
    subject, part = _ready(step, duty, state, command.subject, f"complete '{duty.name}'", command.evidence)
    _not_twice(duty, subject, part)
    step.emit(e.TaskReported(key=state.key, subject=subject, evidence=command.evidence))
    reported(step, duty, state.key, subject)


def _not_twice(duty: Duty, subject: str, part: PartState) -> None:
    if part.done or part.reported:
        who = f" by '{subject}'" if subject else ""
        refuse("illegal", "PF342", f"'{duty.name}' is done{who} already", span=duty.span, why="a duty is done once in a visit",
               fix="nothing to do; `void` takes a wrong record back", clause=duty.clause)


def check_off(step: Step, command: c.CheckOff) -> None:
    duty, state = find(step, command.duty, step.at, "checklist")
    assert isinstance(duty.spec, specs.ChecklistDuty)
    entries = tuple(map(str, duty.spec.items))
    if command.entry not in entries:
        refuse("unknown", "PF343", f"'{duty.name}' has no entry '{command.entry}'", span=duty.spec.span_of("items"), why="the entries stand in the policy",
               fix=did_you_mean(command.entry, entries), clause=duty.clause)
    subject, part = _ready(step, duty, state, command.subject, f"tick '{duty.name}'", command.evidence)
    if command.entry in part.entries:
        refuse("illegal", "PF342", f"'{command.entry}' of '{duty.name}' is ticked already", span=duty.span, why="an entry is ticked once", fix="nothing to do")
    step.emit(e.EntryChecked(key=state.key, subject=subject, entry=command.entry, evidence=command.evidence))
    if set(part_of(step.rows, state.key, subject).entries) >= set(entries):
        reported(step, duty, state.key, subject)


def hold(step: Step, command: c.HoldMeeting) -> None:
    duty, state = find(step, command.duty, step.at, "meeting")
    assert isinstance(duty.spec, specs.MeetingDuty)
    subject, part = _ready(step, duty, state, "", f"hold '{duty.name}'", command.evidence)
    _not_twice(duty, "", part)
    _check_attendance(step, duty, duty.spec, command)
    step.emit(e.MeetingHeld(key=state.key, attendance=dict(command.attendance), evidence=command.evidence))
    happened_on(step, duty.name, "held")
    reported(step, duty, state.key, subject)


def _check_attendance(step: Step, duty: Duty, spec: specs.MeetingDuty, command: c.HoldMeeting) -> None:
    problems = []
    for role, rule in spec.attend.items():
        holders = [key.rsplit("/", 1)[1] for rows in (step.rows, step.around.up) if rows is not None for key, _ in rows.scan(f"holder/{role}/")]
        there = [person for person in holders if command.attendance.get(person) == "present"]
        accounted = [person for person in holders if command.attendance.get(person) in ("present", "excused")]
        span = spec.span_of("attend")
        if rule == "all" and len(accounted) < len(holders):
            gone = ", ".join(sorted(set(holders) - set(accounted))[:20])
            problems.append((f"every '{role}' attends '{duty.name}', and {len(holders) - len(accounted)} did not: {gone}", span))
        if rule == "some" and holders and not there:
            problems.append((f"nobody of '{role}' attended '{duty.name}'", span))
    if problems:
        raise Refusal("unmet", [
            Problem(code="PF344", what=what, span=span, why="the policy says who attends", fix="hold it with them, or record who was excused",
                    clause=", ".join(duty.clause))
            for what, span in problems
        ])  # fmt: skip


def confirm(step: Step, command: c.Confirm) -> None:
    duty, state = find(step, command.duty, step.at)
    span = duty.spec.span_of("checked_by")
    if not duty.spec.checked_by:
        refuse("illegal", "PF345", f"nobody checks '{duty.name}'", span=duty.span, why="the policy names no `checked_by`", fix="nothing to do", clause=duty.clause)
    require(step, map(str, duty.spec.checked_by), f"check '{duty.name}'", span=span, clause=duty.clause, subject=duty.name)
    part = part_of(step.rows, state.key, command.subject)
    for author in dict.fromkeys((command.subject, *(name for record in part.records for name in record.by))):
        require_other(step, author, f"check '{duty.name}'", span)
    if not part.reported and not part.done:
        refuse("illegal", "PF346", f"'{duty.name}' has not been reported by '{command.subject or 'the unit'}'", span=duty.span,
               why="only what was reported can be checked", fix="wait for the report", clause=duty.clause)
    if not command.good:
        step.emit(e.DutyFoundPoor(key=state.key, subject=command.subject, reason=command.reason))
        if part.done:
            step.emit(e.DutyUndone(key=state.key, subject=command.subject, rest=duty_of(step.rows, state.key).outstanding + 1))
        return
    step.emit(e.DutyConfirmed(key=state.key, subject=command.subject))
    if not part.done:
        finish(step, state.key, command.subject)


def reported(step: Step, duty: Duty, key: str, subject: str) -> None:
    """What a subject owes is there; it counts at once, or once somebody has checked it."""
    state, part = duty_of(step.rows, key), part_of(step.rows, key, subject)
    if part.done:
        when = fulfilled_at(step, state, part)
        if part.in_time is False and when is not None and was_in_time(state, part, when):  # a late record (R2)
            step.emit(e.DutyUndone(key=key, subject=subject, rest=state.outstanding + 1))
            finish(step, key, subject)
        return
    if duty.spec.checked_by and not part.confirmed:
        if not part.reported:
            step.emit(e.TaskReported(key=key, subject=subject))
        return
    finish(step, key, subject)


def finish(step: Step, key: str, subject: str) -> None:
    """A subject has done a duty; a record that shows it was in time after all rescinds what said otherwise (R2)."""
    state, part = duty_of(step.rows, key), part_of(step.rows, key, subject)
    if part.owes == 0:  # whoever owes nothing may do it all the same; nobody else's debt is paid by that
        return
    in_time = was_in_time(state, part, fulfilled_at(step, state, part) or step.at)
    fell = part.fell_due or (0 if part.term is not None else state.fell_due)
    rest = state.outstanding - (0 if part.waived or state.exempt else 1)
    step.emit(e.DutyDone(key=key, subject=subject, in_time=in_time, rest=rest))
    if fell and in_time:
        step.emit(e.OverdueRescinded(key=key, subject=subject, of=fell))
    if duty_of(step.rows, key).outstanding == 0:
        happened_on(step, state.name, "done")


def was_in_time(state: DutyState, part: PartState, when: datetime) -> bool:
    """Whether *when* is before the due instant (grace included) that holds for a subject."""
    term = part.term or state.term
    limit = term.grace or term.due
    return limit is None or when < limit


def fulfilled_at(step: Step, state: DutyState, part: PartState) -> datetime | None:
    """When what a subject has done came up to what it owes, by the times at which it happened.

    None where it does not come up to it, and for documents and polls, which keep their own record.
    """
    duty = step.level.duties.get(state.name)
    records = sorted(part.records, key=lambda record: (record.at, record.seq))
    match duty.kind if duty is not None else "task":
        case "quota":
            return _reached(records, part.owes if part.owes is not None else state.amount)
        case "checklist":
            assert duty is not None
            assert isinstance(duty.spec, specs.ChecklistDuty)
            ticked = {record.entry: record.at for record in records if record.entry}
            return max(ticked.values()) if ticked.keys() >= set(map(str, duty.spec.items)) else None
        case "task" | "bulletin" | "meeting":
            return records[-1].at if records else None
        case _:
            return None


def _reached(records: Iterable[Counted], wanted: Fraction | None) -> datetime | None:
    """When a running total first came up to *wanted*; any amount does where no number is named."""
    total = Fraction(0)
    for record in records:
        if record.amount is None:
            continue
        total += record.amount
        if wanted is None or total >= wanted:
            return record.at
    return None


def happened_on(step: Step, name: str, edge: str) -> None:
    """Note the day of something that due days may hang on."""
    happened(step, name, edge)


def add_action(step: Step, command: c.AddAction) -> None:
    phase = step.level.phases.get(command.phase)
    if phase is None:
        refuse("unknown", "PF347", f"there is no phase '{command.phase}'", why="an action belongs to a phase", fix=did_you_mean(command.phase, step.level.phases))
    if not phase.own_actions:
        refuse("illegal", "PF348", f"'{command.phase}' takes no actions of one's own", span=phase.span, why="the policy does not offer them",
               fix="add `own_actions: true` to the phase", clause=phase.clause)
    visit = next((name for name in step.head.open if name.rsplit("/", 1)[0] == command.phase), "")
    if not visit:
        refuse("illegal", "PF332", f"'{command.phase}' is not open", span=phase.span, why="an action is added to an open phase", fix="wait until it opens")
    if not known(step, step.actor.person):
        require(step, (), "add an action", span=phase.span)
    if step.get(f"duty/{visit}/own/{command.name}") is not None or command.name in step.level.duties:
        refuse("illegal", "PF349", f"the name '{command.name}' is taken", why="a name stands once", fix="choose another name")
    step.emit(e.ActionAdded(key=f"{visit}/own/{command.name}", title=command.title))


def order_make_up(step: Step, command: c.OrderMakeUp) -> None:
    """Judge duties one by one; those missing or poor are owed again as new duties (R32)."""
    spec = step.plan.policy.make_up
    if spec is None:
        refuse("illegal", "PF350", "this policy knows no make-up", why="make-up is off unless the policy turns it on", fix="add `make_up:` to the policy")
    require(step, map(str, spec.by), "order a make-up", span=spec.span_of("by"), clause=spec.clause)
    known_names = [name for name, duty in step.level.duties.items() if duty.kind != "poll" and (spec.of == "duties" or name in spec.of)]
    problems = [
        Problem(code="PF330", what=f"there is no duty '{name}' to make up", why="only duties of this run are made up", fix=did_you_mean(name, known_names))
        for name in command.judged
        if name not in known_names or step.get(f"latest/{name}") is None
    ]
    if problems:
        raise Refusal("unknown", problems)
    orders = {name: step.get(f"latest/{name}") for name, found in command.judged.items() if found != "present"}
    step.emit(e.MakeUpOrdered(judged=dict(command.judged), orders=orders))
    window = spec.window
    for name in orders:
        duty = step.level.duties[name]
        days = deadlines.from_opening(window, step.calendar, step.day) if window is not None else Days(first=step.day, last=None)
        number = sum(1 for _key, row in step.rows.scan(f"duty/{CAMPAIGN}/") if row.name == name and row.makes_up) + 1
        _open(step, duty, f"{CAMPAIGN}/1/{name}#{number}", term_of(step, duty, days.last), duty.amount, None, str(orders[name]))


def roster_changed(step: Step, roles: Iterable[str], subject: str, joined: bool) -> None:
    """Somebody joined or left, or a body was listed: correct the number of those who owe what is open."""
    touched = set(roles)
    for stay in (*step.head.open, *(f"{phase}/made_up" for phase in step.level.phases)):
        for _key, state in step.rows.scan(f"duty/{stay}/"):
            duty = step.level.duties.get(state.name)
            if duty is None or duty.each not in touched:
                continue
            change = _owed_change(step, duty, state, subject, joined)
            if change is None:
                continue
            step.emit(change)
            part = part_of(step.rows, state.key, subject)
            if not joined and part.owes and part.amount >= part.owes:
                reported(step, duty, state.key, subject)


def owed_no_more(step: Step, key: str, subject: str) -> None:
    """Somebody who had done a duty, has left, and turns out not to have done it: they are no longer counted."""
    state = duty_of(step.rows, key)
    duty = step.level.duties.get(state.name)
    if duty is None or duty.subjects != "role" or duty.each in roles_of(step, subject):
        return
    change = _owed_change(step, duty, state, subject, joined=False)
    if change is not None:
        step.emit(change)


def undone(step: Step, key: str, subject: str) -> None:
    """What somebody had done is taken back: who has left in the meantime owes of it what a leaver owes."""
    state = duty_of(step.rows, key)
    duty = step.level.duties.get(state.name)
    if duty is None or duty.subjects != "role" or duty.each in roles_of(step, subject):
        return
    change = _owed_change(step, duty, state, subject, joined=False)
    if change is not None:
        step.emit(change)


def _owed_change(step: Step, duty: Duty, state: DutyState, subject: str, joined: bool) -> e.DutyOwedBy | None:
    """Who owes a part of a duty is counted in it; who owes nothing has an amount of 0 and is not."""
    role = step.plan.roles.get(duty.each)
    part = part_of(step.rows, state.key, subject)
    if part.done:
        return None
    if role is None:
        return e.DutyOwedBy(key=state.key, owed=state.owed + 1, subject=subject) if joined else None
    owes, counted = _share(step, role, state, joined), part.owes is None or part.owes > 0
    if joined and part.owes is None:
        counted = False
    if not joined and not counted:
        return None
    change = (1 if owes != 0 else 0) - (1 if counted else 0)
    whole = joined and part.owes is None and owes == state.amount
    amount = None if whole else Fraction(1) if owes is None else owes
    return e.DutyOwedBy(key=state.key, owed=state.owed + change, subject=subject, amount=amount)


def _share(step: Step, role: Role, state: DutyState, joined: bool) -> Fraction | None:
    """What a joiner or a leaver owes: 0 for nothing, None for a duty that is owed whole and has no amount."""
    nothing, first, last = Fraction(0), *_span(step, state)
    if joined:
        over = state.period is not None and state.period.last is not None and state.period.last < step.day
        if role.spec.roster == "snapshot" or role.spec.joiners == "none" or over:
            return nothing
        rule, days = role.spec.joiners, (max(step.day, first), last)
    else:
        if role.spec.leavers == "none" or state.amount is None or step.day < first:
            return nothing
        rule, days = role.spec.leavers, (first, step.day if last is None else min(step.day, last))
    if state.amount is None or rule == "full" or last is None or last < first:
        return state.amount
    begins, ends = days
    return state.amount * Fraction(max(0, ((ends or begins) - begins).days + 1), (last - first).days + 1)


def _span(step: Step, state: DutyState) -> tuple[date, date | None]:
    """The days over which a duty is owed: its period, or from its opening to its due day."""
    if state.period is not None and state.period.first is not None:
        return state.period.first, state.period.last
    return step.calendar.day_of(state.opened), state.term.day


def overdue_now(state: DutyState | PartState, now: datetime) -> bool:
    """Whether the due instant (grace included) is past."""
    term = state.term
    limit = (term.grace or term.due) if term is not None else None
    return limit is not None and now >= limit


__all__ = ["attrs", "complete", "confirm", "find", "finish", "happened", "hold", "open_all", "open_one", "record"]
