"""Exceptions and later deadlines: who may grant them to whom, on what grounds, how long and how often.

Both are off unless the policy turns them on. Nobody grants them for themselves, and a refusal names every reason at
once. A waived duty holds up no gate and gets no reminders, but it is not done: when the waiver ends it is owed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from phaseflow.core.decide.finding import find, subject_of
from phaseflow.core.decide.opening import term_of
from phaseflow.core.decide.people import require, roles_of
from phaseflow.core.decide.step import Step, refuse, refuse_all
from phaseflow.core.plan.model import Duty
from phaseflow.core.state.duties import duty_of, part_of
from phaseflow.core.state.relief import ExtensionState, extension_of
from phaseflow.core.state.rows import DutyState, PartState, Timer, Waiver
from phaseflow.errors import Problem, Span, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.commands import Command
from phaseflow.messages.events import Term
from phaseflow.spec.model import ExtensionSpec, WaiverSpec

# --- what both have in common -----------------------------------------------------------------------------------------


def _not_for_oneself(step: Step, code: str, duty: Duty, subject: str, act: str, span: Span) -> None:
    """Refuse whoever would grant relief to themselves, be it by name or as one of all who owe the duty."""
    writers = duty.route[0].roles if duty.route else ()
    doers = set(duty.by or writers) if duty.subjects == "run" else {duty.each}
    for person in dict.fromkeys((step.actor.person, step.actor.on_behalf_of)):
        mine = person == subject if subject else bool(doers & roles_of(step, person))
        if person and mine:
            refuse(
                "not_entitled",
                code,
                f"'{person}' may not {act}: it is their own duty",
                span=span,
                why="nobody grants relief to themselves",
                fix="let another holder of the role decide",
            )


def _owes(step: Step, duty: Duty, subject: str) -> bool:
    """Whether a subject is one of those who owe a duty; an empty one stands for all of them."""
    match duty.subjects:
        case "run":
            return not subject
        case "body":
            return not subject or step.get(f"body/{duty.each}/{subject}") is not None
        case "role":
            return not subject or duty.each in roles_of(step, subject)


def _who(subject: str) -> str:
    return f"'{subject}'" if subject else "everybody"


def _fell(state: DutyState, part: PartState) -> int:
    """The number of the event that said a subject is overdue, if one did."""
    return part.fell_due or (0 if part.term is not None else state.fell_due)


def _term(state: DutyState, part: PartState) -> Term:
    return part.term or state.term


# --- waivers ----------------------------------------------------------------------------------------------------------


def grant_waiver(step: Step, command: c.GrantWaiver) -> None:
    """Except a subject (or everybody) from a duty; of a duty that comes again, from every period up to the last day."""
    spec = _waivers(step)
    duty, state = find(step, command.duty, step.at)
    act = f"waive '{duty.name}'"
    require(step, map(str, spec.by), act, span=spec.span_of("by"), clause=spec.clause, subject=duty.name)
    _not_for_oneself(step, "PF551", duty, command.subject, act, spec.span_of("by"))
    refuse_all("illegal", _waiver_faults(step, spec, duty, state, command))
    expires = step.calendar.shuts(command.until) if command.until is not None else None
    for one in _instances(step, state, command.until):
        part = part_of(step.rows, one.key, command.subject) if command.subject else PartState()
        if part.done or part.waived or one.exempt or one.outstanding == 0:
            continue
        last = one.period.last if one.period is not None else None
        inside = last is not None and (command.until or last) >= last  # a period that lies within it stays waived
        step.emit(e.WaiverGranted(
            waiver=f"w{step.seq + 1}", duty=one.key, subject=command.subject, grounds=command.grounds,
            reason=command.reason, expires=None if inside else expires,
            subjects=1 if command.subject else one.outstanding,
        ))  # fmt: skip
        limit = _term(one, part).grace or _term(one, part).due
        if _fell(one, part) and limit is not None and step.at < limit:
            step.emit(e.OverdueRescinded(key=one.key, subject=command.subject, of=_fell(one, part)))


def _waivers(step: Step) -> WaiverSpec:
    spec = step.plan.policy.waivers
    if spec is None:
        refuse(
            "illegal",
            "PF550",
            "this policy knows no waivers",
            span=step.plan.policy.span,
            why="exceptions are off unless the policy turns them on",
            fix="add `waivers:` to the policy or to its overlay",
        )
    return spec


def _fault(spec: WaiverSpec | ExtensionSpec, code: str, what: str, key: str, why: str, fix: str) -> Problem:
    return Problem(code=code, what=what, span=spec.span_of(key), why=why, fix=fix, clause=", ".join(spec.clause))


def _waiver_faults(
    step: Step, spec: WaiverSpec, duty: Duty, state: DutyState, command: c.GrantWaiver
) -> Iterator[Problem]:
    no = partial(_fault, spec)
    if spec.duties != "any" and duty.name not in spec.duties:
        yield no("PF552", f"'{duty.name}' cannot be waived", "duties", "the policy lists the duties that can be",
                 f"these can be: {', '.join(map(str, spec.duties))}")  # fmt: skip
    if command.grounds not in spec.grounds:
        yield no("PF553", f"'{command.grounds}' is no ground for a waiver", "grounds", "the policy lists the grounds",
                 did_you_mean(command.grounds, map(str, spec.grounds)))  # fmt: skip
    if not command.reason.strip():
        yield no(
            "PF554",
            "a waiver without a reason",
            "grounds",
            "an exception is explained, so that it can be looked at later",
            "say why",
        )
    if command.until is None and spec.expires == "required":
        yield no("PF555", "a waiver without a last day", "expires", "the policy wants one", "give `until`")
    if command.until is not None and spec.expires == "never":
        yield no(
            "PF556",
            "a waiver with a last day",
            "expires",
            "waivers of this policy do not expire",
            "leave `until` out; revoke it when its ground is gone",
        )
    if command.until is not None and command.until < step.day:
        yield no(
            "PF557",
            f"the waiver would have ended on {command.until}",
            "expires",
            "the last day is included and not before the first",
            "give a later last day",
        )
    if not _owes(step, duty, command.subject):
        yield Problem(code="PF560", what=f"'{command.subject}' does not owe '{duty.name}'", span=duty.span,
                      why="only who owes a duty can be excepted from it",
                      fix="name somebody who owes it, or leave the subject out",
                      clause=", ".join(duty.clause))  # fmt: skip
        return
    part = part_of(step.rows, state.key, command.subject)
    if state.exempt or part.waived:
        by = part.waived or state.exempt
        yield Problem(
            code="PF558",
            what=f"{_who(command.subject)} is excepted from '{duty.name}' already, by {by}",
            span=duty.span,
            why="one exception is enough",
            fix="revoke that one first, if it is wrong",
        )
    elif part.done or state.outstanding == 0:
        yield Problem(code="PF559", what=f"'{duty.name}' is done by {_who(command.subject)}", span=duty.span,
                      why="there is nothing left to except",
                      fix="nothing to do")  # fmt: skip


def _instances(step: Step, state: DutyState, until: date | None) -> list[DutyState]:
    """The instance at hand, or its periods from here to the last day."""
    if state.period is None or state.period.first is None:
        return [state]
    base, first = state.key.rsplit("/", 1)[0], state.period.first
    rows = [row for _key, row in step.rows.scan(f"duty/{base}/")]
    return [row for row in rows if first <= row.period.first <= (until or date.max)]


def revoke_waiver(step: Step, command: c.RevokeWaiver) -> None:
    """Take a waiver back before its last day."""
    spec = _waivers(step)
    require(step, map(str, spec.by), f"revoke '{command.waiver}'", span=spec.span_of("by"), clause=spec.clause)
    found: Waiver | None = step.get(f"waiver/{command.waiver}")
    if found is None:
        in_force = [key.removeprefix("waiver/") for key, _ in step.rows.scan("waiver/")]
        refuse(
            "unknown",
            "PF561",
            f"no waiver '{command.waiver}' is in force",
            why="it never was, or has ended",
            fix=did_you_mean(command.waiver, in_force) or "look at `status`",
        )
    end_waiver(step, command.waiver, found, command.reason)


def end_waiver(step: Step, name: str, found: Waiver, reason: str) -> None:
    """A waiver ends; whoever has not done the duty by now owes it again, and is overdue if its day is past."""
    state, part = duty_of(step.rows, found.duty), part_of(step.rows, found.duty, found.subject)
    again = _owed_again(step, found, state, part)
    settled = step.at if step.timer else step.now
    step.emit(e.WaiverEnded(waiver=name, duty=found.duty, subject=found.subject, reason=reason, subjects=again))
    limit = _term(state, part).grace or _term(state, part).due
    if again and limit is not None and found.granted < limit <= settled:
        step.emit(e.DutyFellDue(key=found.duty, outstanding=again, subject=found.subject, born=True))


def _owed_again(step: Step, found: Waiver, state: DutyState, part: PartState) -> int:
    """How many owe the duty again once a waiver is gone; those with another one do not."""
    if found.subject:
        return 1 if not part.done and not state.exempt and _counts(step, state, found.subject) else 0
    apart = [row.subject for _key, row in step.rows.scan("waiver/") if row.duty == found.duty and row.subject]
    done = {name for name in apart if part_of(step.rows, found.duty, name).done}
    return state.waived - sum(name not in done and _counts(step, state, name) for name in apart)


def _counts(step: Step, state: DutyState, subject: str) -> bool:
    """Whether a subject is among those counted as owing: somebody who has left may no longer be."""
    part = part_of(step.rows, state.key, subject)
    return _owes(step, step.level.duties[state.name], subject) if part.owes is None else part.owes > 0


def _waiver_ends(step: Step, timer: Timer) -> None:
    end_waiver(step, timer.key, step.get(f"waiver/{timer.key}"), "expired")


# --- extensions -------------------------------------------------------------------------------------------------------


def request_extension(step: Step, command: c.RequestExtension) -> None:
    """Ask for a later due day: for oneself, or, by whoever acts in the duty, for the one it is about."""
    spec = _extensions(step)
    duty, state = find(step, command.duty, step.at)
    subject = subject_of(step, duty, command.subject, f"ask for a later day for '{duty.name}'")
    faults = [*_extension_faults(step, spec, duty, state, subject, command)]
    if step.get(f"request/{state.key}/{subject}") is not None:
        faults.append(Problem(code="PF573", what=f"a later day for '{duty.name}' has been asked for already",
        span=spec.span,
                              why="one request waits for its answer at a time", fix="wait for the answer"))  # fmt: skip
    refuse_all("illegal", faults)
    step.emit(e.ExtensionRequested(
        key=state.key, subject=subject, type=command.type, until=command.until, reason=command.reason
    ))  # fmt: skip


def grant_extension(step: Step, command: c.GrantExtension) -> None:
    """Move a due day, and every instant that hangs on it. An overdue that was recorded is rescinded by name."""
    spec = _extensions(step)
    duty, state = find(step, command.duty, step.at)
    act = f"move the due day of '{duty.name}'"
    require(step, map(str, spec.by), act, span=spec.span_of("by"), clause=spec.clause, subject=duty.name)
    _not_for_oneself(step, "PF563", duty, command.subject, act, spec.span_of("by"))
    refuse_all("illegal", _extension_faults(step, spec, duty, state, command.subject, command))
    subjects = [command.subject]
    if not command.subject:  # a move for everybody leaves nobody with an earlier day than the others
        subjects += [
            key.removeprefix(f"part/{state.key}/")
            for key, part in step.rows.scan(f"part/{state.key}/")
            if part.term is not None and part.term.day < command.until and not part.done and not part.waived
        ]
    for subject in subjects:
        _extend(step, duty, duty_of(step.rows, state.key), subject, command)


def _extend(step: Step, duty: Duty, state: DutyState, subject: str, command: c.GrantExtension) -> None:
    part = part_of(step.rows, state.key, subject) if subject else PartState()
    fell, term = _fell(state, part), term_of(step, duty, command.until)
    step.emit(e.ExtensionGranted(
        key=state.key, subject=subject, type=command.type, reason=command.reason, was=_term(state, part), term=term
    ))  # fmt: skip
    if fell:
        step.emit(e.OverdueRescinded(key=state.key, subject=subject, of=fell))
    limit = term.grace or term.due
    if limit is not None and limit <= step.now:
        left = 1 if subject else state.outstanding
        step.emit(e.DutyFellDue(key=state.key, outstanding=left, subject=subject, born=True))


def refuse_extension(step: Step, command: c.RefuseExtension) -> None:
    """Say no to a request, and why."""
    spec = _extensions(step)
    duty, state = find(step, command.duty, step.at)
    act = f"refuse a later day for '{duty.name}'"
    require(step, map(str, spec.by), act, span=spec.span_of("by"), clause=spec.clause, subject=duty.name)
    if step.get(f"request/{state.key}/{command.subject}") is None:
        waiting = (key.rsplit("/", 1)[1] for key, _ in step.rows.scan(f"request/{state.key}/"))
        refuse(
            "unknown",
            "PF574",
            f"nobody has asked for a later day for '{duty.name}' for {_who(command.subject)}",
            span=duty.span,
            why="only a request can be refused",
            fix=did_you_mean(command.subject, waiting) or "look at `todo`",
            clause=duty.clause,
        )
    if not command.reason.strip():
        refuse(
            "malformed",
            "PF566",
            "a request is refused without a reason",
            span=spec.span,
            why="whoever asked is told why not",
            fix="say why",
        )
    step.emit(e.ExtensionRefused(key=state.key, subject=command.subject, reason=command.reason))


def _extensions(step: Step) -> ExtensionSpec:
    spec = step.plan.policy.extensions
    if spec is None:
        refuse(
            "illegal",
            "PF562",
            "this policy knows no extensions",
            span=step.plan.policy.span,
            why="deadlines stay where they are unless the policy lets them move",
            fix="add `extensions:` to the policy or to its overlay",
        )
    return spec


def _extension_faults(
    step: Step,
    spec: ExtensionSpec,
    duty: Duty,
    state: DutyState,
    subject: str,
    command: c.RequestExtension | c.GrantExtension,
) -> Iterator[Problem]:
    no = partial(_fault, spec)
    if spec.duties != "any" and duty.name not in spec.duties:
        yield no("PF564", f"the due day of '{duty.name}' cannot be moved", "duties",
                 "the policy lists the duties whose day can be",
                 f"these can be: {', '.join(map(str, spec.duties))}")  # fmt: skip
    if command.type not in spec.types:
        yield no("PF565", f"'{command.type}' is no type of extension", "types", "the policy lists the types",
                 did_you_mean(command.type, map(str, spec.types)))  # fmt: skip
    if not command.reason.strip():
        yield no(
            "PF566",
            "an extension without a reason",
            "types",
            "a moved deadline is explained, so that it can be looked at later",
            "say why",
        )
    if not _owes(step, duty, subject):
        yield Problem(code="PF572", what=f"'{subject}' does not owe '{duty.name}'", span=duty.span,
                      why="only the day of somebody who owes it can be moved",
                      fix="name somebody who owes it, or leave the subject out",
                      clause=", ".join(duty.clause))  # fmt: skip
        return
    part = part_of(step.rows, state.key, subject) if subject else PartState()
    if part.done or part.waived or state.outstanding == 0:
        yield Problem(code="PF571", what=f"'{duty.name}' is not owed by {_who(subject)} any more", span=duty.span,
                      why="it is done, or waived",
                      fix="nothing to do", clause=", ".join(duty.clause))  # fmt: skip
    present = _term(state, part)
    if present.day is None:
        yield Problem(code="PF567", what=f"'{duty.name}' has no due day to move", span=duty.span,
                      why="it is owed without a date, or waits for what its date hangs on",
                      fix="nothing to do", clause=", ".join(duty.clause))  # fmt: skip
        return
    if command.until <= present.day:
        yield no(
            "PF568",
            f"{command.until} is not later than the present due day, {present.day}",
            "by",
            "an extension moves a day forward",
            "give a later day",
        )
    before = extension_of(step.rows, state.key, subject)
    latest = _latest(step, spec, before or extension_of(step.rows, state.key, ""), present)
    if command.until > latest:
        yield no("PF569", f"{command.until} is too late: '{duty.name}' may move to {latest} at most", "longest",
                 f"a deadline moves {spec.longest} in all, counted from the first one",
                 f"give a day up to {latest}")  # fmt: skip
    if spec.max != "unlimited" and before is not None and before.count >= spec.max:
        yield no("PF570", f"the due day of '{duty.name}' was moved {before.count} times for {_who(subject)}", "max",
                 f"the policy lets it move {spec.max} times", "grant a waiver, if the policy has them")  # fmt: skip


def _latest(step: Step, spec: ExtensionSpec, moved: ExtensionState | None, present: Term) -> date:
    """The furthest day, counted from the first due day."""
    first = moved.original if moved is not None else present
    assert first.day is not None
    assert first.due is not None
    if spec.longest.unit == "hour":
        return step.calendar.day_of(step.calendar.shift_instant(first.due, spec.longest, 1) - timedelta(microseconds=1))
    return step.calendar.shift(first.day, spec.longest, 1)


FIRE: Mapping[str, Callable[[Step, Timer], None]] = {"waiver_ends": _waiver_ends}
"""Timers of this room."""

HANDLERS: Mapping[type[Command], Callable[[Step, Any], None]] = {
    c.GrantWaiver: grant_waiver,
    c.RevokeWaiver: revoke_waiver,
    c.RequestExtension: request_extension,
    c.GrantExtension: grant_extension,
    c.RefuseExtension: refuse_extension,
}
"""Commands of this room."""
