"""Recording what was done, and saying when a subject is done. Duties are opened in `opening`, looked up in `finding`.

Something that happened late is judged by when it happened (R2).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction

import attrs

from phaseflow.core.decide import opening
from phaseflow.core.decide.finding import HOW, check_evidence, check_lock, check_needs, find, subject_of
from phaseflow.core.decide.people import holders_of, require, require_other, roles_of
from phaseflow.core.decide.step import Refusal, Step, refuse, refuse_all
from phaseflow.core.gates import text_of
from phaseflow.core.plan.model import Duty
from phaseflow.core.state.duties import checkers_of, checking, duty_of, part_of, records_of
from phaseflow.core.state.rows import Counted, DutyState, PartState
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.spec import duties as specs


def record(step: Step, command: c.Record) -> None:
    duty, state = find(step, command.duty, step.at, "quota")
    if command.amount <= 0:
        refuse(
            "malformed",
            "PF340",
            f"an amount of {command.amount} is nothing to record",
            span=duty.span,
            why="amounts are greater than zero; what was wrong is voided",
            fix="give a positive amount, or use `void`",
            clause=duty.clause,
        )
    if command.unit != state.unit:
        refuse(
            "malformed",
            "PF341",
            f"'{duty.name}' is counted in {state.unit}, not in {command.unit}",
            span=duty.spec.span_of("quota"),
            why="nothing converts one unit into another",
            fix=f"give the amount in {state.unit}",
            clause=duty.clause,
        )
    subject, part = _ready(step, duty, state, command.subject, f"record '{duty.name}'", command.evidence)
    _check_pair(step, duty, state, command)
    step.emit(e.AmountRecorded(
        key=state.key, subject=subject, amount=command.amount, evidence=command.evidence, pair=command.pair
    ))  # fmt: skip
    part = part_of(step.rows, state.key, subject)
    wanted = part.owes if part.owes is not None else state.amount
    if wanted is None or part.amount >= wanted:
        reported(step, duty, state.key, subject)


def _check_pair(step: Step, duty: Duty, state: DutyState, command: c.Record) -> None:
    """A quota that pairs two populations counts partners, one by one, and none of them for two."""
    assert isinstance(duty.spec, specs.QuotaDuty)
    whom = duty.spec.pairs
    if whom is None:
        if command.pair:
            refuse("malformed", "PF473", f"'{duty.name}' pairs nobody", span=duty.span, clause=duty.clause,
                   why="the policy names no second population for it", fix="leave the partner out")  # fmt: skip
        return
    span = duty.spec.span_of("pairs")
    if not command.pair.strip() or command.amount != 1:
        refuse("malformed", "PF472", f"'{duty.name}' counts partners, one in each record", span=span,
               clause=duty.clause, why=f"each one counted is one of '{whom}'",
               fix=f"record 1 {state.unit}, and name the '{whom}'")  # fmt: skip
    kind = "body" if whom in step.plan.policy.bodies else "holder"
    if step.get(f"{kind}/{whom}/{command.pair}") is None:
        refuse("unknown", "PF335", f"no '{whom}' is listed under '{command.pair}'", span=span, clause=duty.clause,
               why="a partner is one of those listed", fix="name one that is listed, or list it first")  # fmt: skip
    taken = step.get(f"pair/{state.key}/{command.pair}")
    if taken is not None:
        refuse("illegal", "PF474", f"'{command.pair}' is paired with '{taken}' already", span=span,
               clause=duty.clause, why="nobody is counted for two", fix=f"name another '{whom}'")  # fmt: skip


def _ready(
    step: Step, duty: Duty, state: DutyState, subject: str, act: str, evidence: tuple[c.Evidence, ...]
) -> tuple[str, PartState]:
    subject = subject_of(step, duty, subject, act, state.key)
    part = part_of(step.rows, state.key, subject)
    check_lock(step, duty, state, part)
    check_needs(step, duty, act, subject)
    check_evidence(duty, evidence)
    return subject, part


def complete(step: Step, command: c.Complete) -> None:
    duty, state = find(step, command.duty, step.at)
    if duty.kind not in ("task", "bulletin"):
        refuse(
            "illegal",
            "PF331",
            f"'{duty.name}' is a {duty.kind} and is not simply completed",
            span=duty.span,
            why="each kind of duty is recorded in its own way",
            fix=HOW[duty.kind],
            clause=duty.clause,
        )
    subject, part = _ready(step, duty, state, command.subject, f"complete '{duty.name}'", command.evidence)
    if not _again_and_again(duty):
        _not_twice(duty, subject, part)
    step.emit(e.TaskReported(key=state.key, subject=subject, evidence=command.evidence))
    reported(step, duty, state.key, subject)


def _again_and_again(duty: Duty) -> bool:
    """Whether it is done regularly: the first time does what is owed, and every further one is recorded."""
    return getattr(duty.spec, "every", None) == "regularly"


def _not_twice(duty: Duty, subject: str, part: PartState) -> None:
    if part.done or part.reported:
        who = f" by '{subject}'" if subject else ""
        refuse(
            "illegal",
            "PF342",
            f"'{duty.name}' is done{who} already",
            span=duty.span,
            why="a duty is done once in a visit",
            fix="nothing to do; `void` takes a wrong record back",
            clause=duty.clause,
        )


def check_off(step: Step, command: c.CheckOff) -> None:
    duty, state = find(step, command.duty, step.at, "checklist")
    assert isinstance(duty.spec, specs.ChecklistDuty)
    entries = tuple(map(str, duty.spec.items))
    if command.entry not in entries:
        refuse(
            "unknown",
            "PF343",
            f"'{duty.name}' has no entry '{command.entry}'",
            span=duty.spec.span_of("items"),
            why="the entries stand in the policy",
            fix=did_you_mean(command.entry, entries),
            clause=duty.clause,
        )
    subject, part = _ready(step, duty, state, command.subject, f"tick '{duty.name}'", command.evidence)
    if command.entry in part.entries:
        refuse(
            "illegal",
            "PF342",
            f"'{command.entry}' of '{duty.name}' is ticked already",
            span=duty.span,
            why="an entry is ticked once",
            fix="nothing to do",
        )
    step.emit(e.EntryChecked(key=state.key, subject=subject, entry=command.entry, evidence=command.evidence))
    if set(part_of(step.rows, state.key, subject).entries) >= set(entries):
        reported(step, duty, state.key, subject)


def hold(step: Step, command: c.HoldMeeting) -> None:
    duty, state = find(step, command.duty, step.at, "meeting")
    assert isinstance(duty.spec, specs.MeetingDuty)
    subject, part = _ready(step, duty, state, command.subject, f"hold '{duty.name}'", command.evidence)
    if not _again_and_again(duty):
        _not_twice(duty, subject, part)
    _check_attendance(step, duty, duty.spec, command)
    _check_composition(step, duty, duty.spec, command)
    step.emit(e.MeetingHeld(
        key=state.key, attendance=dict(command.attendance), counts=dict(command.counts), evidence=command.evidence,
        subject=subject,
    ))  # fmt: skip
    opening.happened(step, duty.name, "held")
    reported(step, duty, state.key, subject)


def _check_attendance(step: Step, duty: Duty, spec: specs.MeetingDuty, command: c.HoldMeeting) -> None:
    problems = []
    for role, rule in spec.attend.items():
        holders = holders_of(step, role)
        there = [person for person in holders if command.attendance.get(person) == "present"]
        accounted = [person for person in holders if command.attendance.get(person) in ("present", "excused")]
        span = spec.span_of("attend")
        if rule == "all" and len(accounted) < len(holders):
            gone = ", ".join(sorted(set(holders) - set(accounted))[:20])
            problems.append(
                (f"every '{role}' attends '{duty.name}', and {len(holders) - len(accounted)} did not: {gone}", span)
            )
        if rule == "some" and holders and not there:
            problems.append((f"nobody of '{role}' attended '{duty.name}'", span))
    if problems:
        raise Refusal("unmet", [
            Problem(code="PF344", what=what, span=span, why="the policy says who attends",
                    fix="hold it with them, or record who was excused", clause=", ".join(duty.clause))
            for what, span in problems
        ])  # fmt: skip


def _check_composition(step: Step, duty: Duty, spec: specs.MeetingDuty, command: c.HoldMeeting) -> None:
    """Least shares are judged on those attending, named or only counted, exactly (R15)."""
    unknown = [name for name, count in command.counts.items() if name not in step.plan.roles or count < 0]
    if unknown:
        refuse(
            "malformed",
            "PF475",
            f"{command.counts[unknown[0]]} of '{unknown[0]}' cannot be counted at '{duty.name}'",
            span=duty.span,
            why="those present who are not named are counted by role",
            fix=did_you_mean(unknown[0], step.plan.roles) or "give ROLE=COUNT",
        )
    there = [person for person, state in command.attendance.items() if state == "present"]
    total = len(there) + sum(command.counts.values())
    problems = []
    for group, least in spec.at_least.items():
        members = sum(group in roles_of(step, person) for person in there) + command.counts.get(group, 0)
        share = Fraction(members, total) if total else None
        if share is None or share < least.value:
            problems.append(Problem(
                code="PF476", what=f"'{group}' is {text_of(share)} of those at '{duty.name}', and must be {least}",
                span=spec.span_of(f"at_least.{group}"), why="who has to be there is settled before a meeting counts",
                fix=f"have more of '{group}' there", clause=", ".join(duty.clause),
            ))  # fmt: skip
    refuse_all("unmet", problems)


def confirm(step: Step, command: c.Confirm) -> None:
    duty, state = find(step, command.duty, step.at)
    span = checking(step.plan, duty, state).span_of("checked_by")
    checkers = checkers_of(step.plan, duty, state)
    if not checkers:
        refuse(
            "illegal",
            "PF345",
            f"nobody checks '{duty.name}'",
            span=duty.span,
            why="the policy names no `checked_by`",
            fix="nothing to do",
            clause=duty.clause,
        )
    require(step, checkers, f"check '{duty.name}'", span=span, clause=duty.clause, subject=duty.name)
    part = part_of(step.rows, state.key, command.subject)
    records = records_of(step.rows, state.key, command.subject)
    for author in dict.fromkeys((command.subject, *(name for record in records for name in record.by))):
        require_other(step, author, f"check '{duty.name}'", span)
    if not part.reported and not part.done:
        refuse(
            "illegal",
            "PF346",
            f"'{duty.name}' has not been reported by '{command.subject or 'the unit'}'",
            span=duty.span,
            why="only what was reported can be checked",
            fix="wait for the report",
            clause=duty.clause,
        )
    if not command.good:
        step.emit(e.DutyFoundPoor(key=state.key, subject=command.subject, reason=command.reason))
        if part.done:
            step.emit(
                e.DutyUndone(key=state.key, subject=command.subject, rest=duty_of(step.rows, state.key).outstanding + 1)
            )
        return
    step.emit(e.DutyConfirmed(key=state.key, subject=command.subject))
    if not part.done:
        finish(step, state.key, command.subject)


def reported(step: Step, duty: Duty, key: str, subject: str) -> None:
    """What a subject owes is there; it counts at once, or once somebody has checked it."""
    state, part = duty_of(step.rows, key), part_of(step.rows, key, subject)
    if part.done:
        when = fulfilled_at(step, state, subject) if part.in_time is not True else None
        if when is not None and was_in_time(state, part, when):  # a late record (R2)
            step.emit(e.DutyUndone(key=key, subject=subject, rest=state.outstanding + 1))
            finish(step, key, subject)
        return
    if not part.confirmed and checkers_of(step.plan, duty, state):
        if not part.reported:
            step.emit(e.TaskReported(key=key, subject=subject))
        return
    finish(step, key, subject)


def finish(step: Step, key: str, subject: str) -> None:
    """A subject has done a duty; a record that shows it was in time after all rescinds what said otherwise (R2)."""
    state, part = duty_of(step.rows, key), part_of(step.rows, key, subject)
    if part.owes == 0:  # whoever owes nothing may do it all the same; nobody else's debt is paid by that
        return
    in_time = judged(step, state, part, subject)
    fell = part.fell_due or (0 if part.term is not None else state.fell_due)
    rest = state.outstanding - (0 if part.waived or state.exempt else 1)
    step.emit(e.DutyDone(key=key, subject=subject, in_time=in_time, rest=rest))
    if fell and in_time:
        step.emit(e.OverdueRescinded(key=key, subject=subject, of=fell))
    if duty_of(step.rows, key).outstanding == 0:
        opening.happened(step, state.name, "done")


def judged(step: Step, state: DutyState, part: PartState, subject: str) -> bool | None:
    """Whether a subject did a duty in time; None where it may have been before or after the due instant (R39)."""
    latest = fulfilled_at(step, state, subject) or step.at
    if was_in_time(state, part, latest):
        return True
    earliest = fulfilled_at(step, state, subject, earliest=True) or step.earliest or latest
    return False if latest == earliest or not was_in_time(state, part, earliest) else None


def was_in_time(state: DutyState, part: PartState, when: datetime) -> bool:
    """Whether *when* is before the due instant (grace included) that holds for a subject."""
    term = part.term or state.term
    limit = term.grace or term.due
    return limit is None or when < limit


def fulfilled_at(
    step: Step, state: DutyState, subject: str, without: int = 0, *, earliest: bool = False
) -> datetime | None:
    """When what a subject has done came up to what it owes, by the times at which it happened, at the latest.

    None where it does not come up to it, and for documents and polls, which keep their own record. *without* is the
    number of an entry whose record is left out.
    """
    duty = step.level.duties.get(state.name)
    counted = [record for record in records_of(step.rows, state.key, subject) if record.seq != without]
    if earliest:
        counted = [attrs.evolve(record, at=record.earliest or record.at) for record in counted]
    records = sorted(counted, key=lambda record: (record.at, record.seq))
    match duty.kind if duty is not None else "task":
        case "quota":
            part = part_of(step.rows, state.key, subject)
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
