"""Taking back and correcting what was recorded. Nothing is rewritten: a later event says what no longer counts.

Only records are taken back. A verdict is never voided, a document is returned, an item reopened. A verdict that had
passed on a fact which a correction changed stays as it is; it is doubted by name, and a person is asked (R2). A fact is
what conditions read: whether a duty is done. A held verdict moved nothing; whoever likes asks the gate again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction
from typing import Any, TypeAlias

import attrs

from phaseflow.core.decide import duties, opening, owing
from phaseflow.core.decide.people import require
from phaseflow.core.decide.roster import keepers
from phaseflow.core.decide.step import Step, refuse, refuse_all
from phaseflow.core.plan.model import Duty
from phaseflow.core.state.duties import duty_of, part_of, record_key
from phaseflow.core.state.rows import DutyState, PartState
from phaseflow.errors import NOWHERE, Problem
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry, Term
from phaseflow.spec.model import RecordingSpec

Voidable: TypeAlias = e.AmountRecorded | e.EntryChecked | e.TaskReported | e.MeetingHeld
"""Records of what somebody did."""

INSTEAD: dict[type[e.Event], tuple[str, str]] = {
    e.GateJudged: ("a verdict stays as it was given", "correct the fact it read; the verdict is then doubted"),
    e.PollCounted: ("a count stays as it was taken", "open the poll again, where the policy lets it"),
    e.VersionDrafted: ("a version of a document stays on record", "return the document, or hand in another version"),
    e.StepPassed: ("an act on a document stays on record", "return the document"),
    e.ItemSettled: ("the state of an item is changed by acts of its own", "find it poor, or reopen it"),
    e.ItemClosed: ("the state of an item is changed by acts of its own", "reopen the item"),
    e.DutyDone: ("this follows from what was recorded", "void the record that led to it"),
    e.DutyConfirmed: ("a check stays on record", "void what was checked, or find it poor"),
    e.PhaseOpened: ("a move is not undone", "make the transition that the policy has for it"),
    e.PhaseClosed: ("a move is not undone", "make the transition that the policy has for it"),
    e.RunConcluded: ("a conclusion is superseded, not taken back", "reopen the run"),
    e.WaiverGranted: ("a waiver is ended, not taken back", "revoke it"),
}
"""Why some events cannot be voided, and what is done instead."""


# --- the commands -----------------------------------------------------------------------------------------------------


def void(step: Step, command: c.Void) -> None:
    """Take back what one event recorded; a duty that is then no longer done is owed again."""
    entry, event = _target(step, command.event, command.seq, command.reason, "void")
    before = part_of(step.rows, event.key, event.subject)
    because = _void(step, entry, event, command.reason)
    _rejudge(step, event, before)
    _doubt(step, event, before, because)


def correct(step: Step, command: c.Correct) -> None:
    """Record anew what one event recorded wrongly: another amount, another time. In time or late is judged again."""
    entry, event = _target(step, command.event, command.seq, command.reason, "correct")
    _check_correction(step, command, entry, event)
    before = part_of(step.rows, event.key, event.subject)
    because = _void(step, entry, event, command.reason)
    now, step.at = step.at, command.happened or entry.at
    again: Voidable = event
    if isinstance(event, e.AmountRecorded) and command.amount is not None:
        again = attrs.evolve(event, amount=command.amount)
    step.emit(again)
    if isinstance(event, e.MeetingHeld):
        opening.happened(step, duty_of(step.rows, event.key).name, "held")
    step.at = now
    _rejudge(step, event, before)
    _doubt(step, event, before, because)


# --- what may be corrected, and by whom -------------------------------------------------------------------------------


def _target(step: Step, found: object, seq: int, reason: str, verb: str) -> tuple[Entry, Voidable]:
    """The entry a command names, once the actor may touch it and it still counts."""
    spec = _entitled(step, seq, verb)
    if not isinstance(found, Entry):
        refuse("unknown", "PF580", f"the trail of this run has no entry {seq}", span=spec.span,
               why="what was recorded is named by the number of its entry", fix="look at `history`")  # fmt: skip
    if step.head.status in ("suspended", "cancelled", "archived"):
        refuse("illegal", "PF582", f"the run is {step.head.status}", span=spec.span,
               why="nothing is recorded in such a run",
               fix="resume it first" if step.head.status == "suspended" else "look at `status`")  # fmt: skip
    by = step.get(f"voided/{seq:08d}")
    if by is not None:
        refuse("illegal", "PF583", f"entry {seq} was voided by entry {by} already", span=spec.span,
               why="what no longer counts cannot be taken back again", fix=f"look at entry {by}")  # fmt: skip
    event: Any = found.event
    if not _is_record(step, event):
        other = ("only records of what somebody did can be taken back", "look at `history`")
        why, fix = INSTEAD.get(type(found.event), other)
        refuse("illegal", "PF584", f"entry {seq} cannot be taken back: it is no record of a duty", span=spec.span,
               why=why, fix=fix, clause=spec.clause)  # fmt: skip
    if step.get(record_key(event.key, event.subject, seq)) is None:
        refuse("illegal", "PF585", f"entry {seq} no longer counts", span=spec.span,
               why="it was found poor since, and the duty is owed again",
               fix="record what was done now")  # fmt: skip
    if not reason.strip():
        refuse("malformed", "PF586", "a correction without a reason", span=spec.span,
               why="whoever reads the trail later must see why",
               fix="say why")  # fmt: skip
    return found, event


def _entitled(step: Step, seq: int, verb: str) -> RecordingSpec:
    spec = step.plan.policy.recording
    if spec is None or not spec.correct:
        refuse("illegal", "PF581", f"this policy lets nobody {verb} what was recorded",
               span=spec.span if spec is not None else NOWHERE,
               why="corrections are off unless the policy names who makes them",
               fix="add `recording: {late_by: …, correct: ROLE}`")  # fmt: skip
    require(step, map(str, spec.correct), f"{verb} entry {seq}", span=spec.span_of("correct"), clause=spec.clause)
    return spec


def _is_record(step: Step, event: e.Event) -> bool:
    """A record of what somebody did; that an amount or a list is complete follows from records and is none."""
    if isinstance(event, e.TaskReported):
        rule = _rule(step, duty_of(step.rows, event.key))
        return rule is None or rule.kind in ("task", "bulletin")
    return isinstance(event, (e.AmountRecorded, e.EntryChecked, e.MeetingHeld))


def _check_correction(step: Step, command: c.Correct, entry: Entry, event: Voidable) -> None:
    problems = [*_correction_faults(step, command, entry, event)]
    refuse_all("malformed", problems)


def _correction_faults(step: Step, command: c.Correct, entry: Entry, event: Voidable) -> Iterator[Problem]:
    if command.amount is None and command.happened is None:
        yield Problem(code="PF587", what="the correction changes nothing",
                      why="a correction gives another amount, or another time",
                      fix="give one of them; `void` takes a record back")  # fmt: skip
    if command.amount is not None and not isinstance(event, e.AmountRecorded):
        yield Problem(code="PF588", what=f"entry {entry.seq} has no amount",
                      why="only an amount towards a quota has one",
                      fix="correct its time, or void it")  # fmt: skip
    elif command.amount is not None and command.amount <= 0:
        yield Problem(code="PF589", what=f"an amount of {command.amount} is nothing to record",
                      why="amounts are greater than zero",
                      fix="give a positive amount, or use `void`")  # fmt: skip
    elif command.amount is not None and isinstance(event, e.AmountRecorded) and event.pair and command.amount != 1:
        yield Problem(code="PF472", what=f"a pair counts as one, not as {command.amount}",
                      why="each record of a pairing names one partner",
                      fix="void it, or correct its time")  # fmt: skip
    if command.happened is None:
        return
    state = duty_of(step.rows, event.key)
    if command.happened > step.now:
        yield Problem(code="PF590", what=f"{command.happened:%Y-%m-%d %H:%M} UTC lies in the future",
                      why="only what has happened is recorded",
                      fix="give the time it happened")  # fmt: skip
    day = step.calendar.day_of(command.happened)
    if day < step.head.start:
        yield Problem(code="PF591", what=f"{day} is before the start of the run, {step.head.start}",
                      why="a run has no facts before its start",
                      fix="give a later day")  # fmt: skip
    elif not _belongs(step, state, day):
        yield Problem(code="PF592", what=f"on {day} '{state.name}' was not owed in this visit or period",
                      fix="void it, and record it where it belongs",
                      why="a record counts in the visit and the period in which it happened")  # fmt: skip


def _belongs(step: Step, state: DutyState, day: date) -> bool:
    """Whether something that happened on *day* counts in this instance of a duty."""
    if state.period is not None and state.period.first is not None and state.period.last is not None:
        return state.period.first <= day <= state.period.last
    stay = step.get("visit/" + "/".join(state.key.split("/")[:2]))
    rule = _rule(step, state)
    early = rule is not None and rule.spec.from_ is not None
    opened = early or day >= step.calendar.day_of(state.opened)
    return opened and (stay is None or stay.closed is None or day <= step.calendar.day_of(stay.closed))


# --- what follows -----------------------------------------------------------------------------------------------------


def _void(step: Step, entry: Entry, event: Voidable, reason: str) -> int:
    """Say that an entry no longer counts, and what that leaves; gives the number of the event that says so."""
    subject = event.subject
    state = duty_of(step.rows, event.key)
    held = isinstance(event, e.MeetingHeld)
    because = step.emit(e.EventVoided(
        seq=entry.seq, reason=reason, key=event.key, subject=subject, amount=_amount(event),
        entry=event.entry if isinstance(event, e.EntryChecked) else "",
        pair=event.pair if isinstance(event, e.AmountRecorded) else "",
        short=duties.fulfilled_at(step, state, subject, without=entry.seq) is None, edge="held" if held else "",
    ))  # fmt: skip
    if held:
        _undate(step, state.name, "held")
    return because


def _rejudge(step: Step, event: Voidable, before: PartState) -> None:
    """Judge again whether a subject has done a duty, and whether in time; say what changed and nothing else."""
    subject = event.subject
    state, part = duty_of(step.rows, event.key), part_of(step.rows, event.key, subject)
    when = duties.fulfilled_at(step, state, subject)
    if not before.done:
        if when is not None and part.owes != 0:  # whoever has left owes nothing, and is counted nowhere
            _count(step, event.key, subject, when)
        return
    in_time = when is not None and duties.judged(step, state, part, subject)
    if when is not None and in_time == before.in_time:
        return
    _undo(step, event.key, subject, state)
    fell = part.fell_due or (0 if part.term is not None else state.fell_due)
    limit = (part.term or state.term).grace or (part.term or state.term).due
    if in_time is False and limit is not None and limit <= step.now and (before.in_time or not fell):
        step.emit(e.DutyFellDue(key=event.key, outstanding=1, subject=subject))
    if when is not None:
        _count(step, event.key, subject, when, checked=before.confirmed)
    else:
        owing.undone(step, event.key, subject)


def _undo(step: Step, key: str, subject: str, state: DutyState) -> None:
    """A subject owes a duty again; due days that hung on its being done are open again."""
    part = part_of(step.rows, key, subject)
    rest = state.outstanding + (0 if part.waived or state.exempt else 1)
    was_over = step.get(f"happened/{state.name}/done") is not None
    step.emit(e.DutyUndone(key=key, subject=subject, rest=rest))
    if was_over:
        _undate(step, state.name, "done")


def _count(step: Step, key: str, subject: str, when: datetime, checked: bool = False) -> None:
    """What is recorded was enough at *when*: it counts from then on, or waits for whoever checks."""
    rule = _rule(step, duty_of(step.rows, key))
    now, step.at = step.at, when
    if rule is None or checked:
        duties.finish(step, key, subject)
    else:
        duties.reported(step, rule, key, subject)
    step.at = now


def _undate(step: Step, name: str, edge: str) -> None:
    """Something has not happened after all: duties that were dated by it, and are not done, lose their date."""
    for duty in step.level.duties.values():
        due = duty.due
        if due is None or due.anchor is None or (due.anchor.name, due.anchor.edge) != (name, edge):
            continue
        key = step.get(f"latest/{duty.name}")
        state: DutyState | None = step.get(f"duty/{key}") if key else None
        if state is not None and state.term.day is not None and state.outstanding > 0:
            step.emit(e.DutyDated(key=state.key, term=Term()))


def _doubt(step: Step, event: Voidable, before: PartState, because: int) -> None:
    """Doubt every verdict that had passed on a fact which is now another one, and ask a person about each."""
    state, part = duty_of(step.rows, event.key), part_of(step.rows, event.key, event.subject)
    if part.done or not before.done:
        return
    for key, verdict in list(step.rows.scan("verdict/")):
        number = int(key.removeprefix("verdict/"))
        if number > before.done_by and verdict.verdict == "passed" and state.name in verdict.duties:
            doubt = step.emit(e.VerdictDoubted(verdict=number, fact=state.name, because=because))
            text = (
                f"'{verdict.move}' passed (entry {number}) when '{state.name}' counted as done, "
                "and it was not: does that stand?"
            )
            role = _asked(step, verdict.move)
            step.emit(e.QuestionAsked(question=f"q{doubt + 1}", role=role, about=f"verdict:{number}", text=text))


def _asked(step: Step, name: str) -> str:
    """Whom to ask about a move: whom its phase asks, else who keeps the roster, else who makes corrections."""
    move = step.level.moves[name]
    phase = step.level.phases.get(move.source or move.target)
    recording = step.plan.policy.recording
    correctors = tuple(map(str, recording.correct)) if recording is not None else ()
    return next(role for role in (phase.asks if phase else "", *keepers(step), *correctors) if role)


def _rule(step: Step, state: DutyState) -> Duty | None:
    """The rules of a duty; None for an action of one's own."""
    return step.level.duties.get(state.name)


def _amount(event: Voidable) -> Fraction | None:
    return event.amount if isinstance(event, e.AmountRecorded) else None
