"""What people do: for everything that is owed, who does it, when, and by which command.

An event says that something is owed; the habit says how long it takes; at that instant the command is given, and the
policy's own rules judge it. Documents have a room of their own, `papers`; so have polls and items.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from phaseflow.analysis.simulation import ballots, papers
from phaseflow.analysis.simulation.habits import DutyDoing
from phaseflow.analysis.simulation.tally import Case
from phaseflow.analysis.simulation.tasks import MOST_VISITS, OFTEN, Act, Task, evidence_of, left_behind, owing, pick
from phaseflow.analysis.simulation.trial import Run, Trial
from phaseflow.core.decide import Decision
from phaseflow.core.plan.model import Duty
from phaseflow.core.state.rows import DutyState, PartState
from phaseflow.messages import commands as m
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry
from phaseflow.spec import duties as specs

# --- what is owed -----------------------------------------------------------------------------------------------------


def opened(trial: Trial, run: Run, entry: Entry, event: e.DutyOpened) -> None:
    """A duty is owed: note its deadline, and let those who owe it plan when they do it."""
    duty = run.level.duties.get(event.name)
    if duty is None or run.head.visits.get(duty.phase, 0) > MOST_VISITS:
        return
    due = event.term.grace or event.term.due
    if event.owed > 0 and due is not None:
        trial.case(run, event.key, Case("duty", event.name, due, event.term.day))
    begin, allowed = stretch(trial, run, duty, entry, event)
    run.slices[event.key] = allowed / max(1, sum(step.blocking for step in duty.route))
    doing = trial.habits.duties[run.level.name, duty.name]
    match duty.kind:
        case "document":
            papers.first_drafts(trial, run, duty, event.key, begin)
        case "poll":
            ballots.plan_opening(trial, run, duty, event.key, begin, allowed)
        case _:
            for subject, people in owing(trial, run, duty):
                _plan(trial, run, duty, doing, event, subject, people, begin, allowed)


def stretch(trial: Trial, run: Run, duty: Duty, entry: Entry, event: e.DutyOpened) -> tuple[datetime, float]:
    """(when it can be begun, how many seconds are then allowed): a step's own window and a period's count."""
    begin, calendar = entry.at, trial.calendar
    phase, number = event.key.split("/")[:2]
    visit = run.rows.get(f"visit/{phase}/{number}")
    window = visit.steps.get(duty.step, visit.window) if visit is not None and duty.step else None
    days = event.period if event.period is not None else window
    if days is not None and days.first is not None:
        begin = max(begin, calendar.opens(days.first))
    end = event.term.grace or event.term.due
    if end is None:
        days = days if days is not None and days.last is not None else visit.window if visit is not None else None
        end = calendar.shuts(days.last) if days is not None and days.last is not None else None
    left = (end - begin).total_seconds() if end is not None else 0.0
    return begin, left if left > 0 else float(trial.habits.undated)


def _plan(
    trial: Trial, run: Run, duty: Duty, doing: DutyDoing, event: e.DutyOpened, subject: str, people: tuple[str, ...],
    begin: datetime, allowed: float,
) -> None:  # fmt: skip
    """Put what one subject owes on the agenda, in one act or in several."""
    if not people or trial.chance(run, "never", event.key, subject) < doing.never:
        return
    lasts = trial.after(begin, doing.delay, trial.chance(run, "delay", event.key, subject), allowed)
    if event.period is not None and event.period.last is not None:  # a period that is over takes no records any more
        lasts = min(lasts, trial.calendar.shuts(event.period.last) - timedelta(seconds=1))

    def live() -> bool:
        return _live(trial, run, event, subject)

    for act, planned in _acts(trial, run, duty, doing, event.key, subject, begin, lasts):
        Task(
            trial=trial, run=run, name=duty.name, about=subject, people=people, act=act, planned=planned,
            live=live,
            due=event.term.grace or event.term.due,
        ).schedule()  # fmt: skip


def _live(trial: Trial, run: Run, event: e.DutyOpened, subject: str) -> bool:
    """Whether it is still owed: of this visit, in its period, not done and not excepted."""
    state: DutyState | None = run.rows.get(f"duty/{event.key}")
    if state is None or state.exempt:
        return False
    if event.period is None and run.rows.get(f"latest/{state.name}") != event.key:
        return False
    if left_behind(trial, run, event.key, state.name):
        return False
    part: PartState | None = run.rows.get(f"part/{event.key}/{subject}")
    return part is None or not (part.done or part.waived or part.reported or part.owes == 0)


def _acts(
    trial: Trial, run: Run, duty: Duty, doing: DutyDoing, key: str, subject: str, begin: datetime, lasts: datetime
) -> Iterator[tuple[Act, datetime]]:
    """(act, when) for one subject of a duty; the last act comes when the delay is over."""
    on: dict[str, Any] = {"subject": subject if duty.subjects == "body" else "", "evidence": evidence_of(duty)}

    def giving(kind: type[m.Command], **more: Any) -> Act:
        return lambda by: trial.do(run, kind, by, duty=duty.name, **more, **on)

    match duty.spec:
        case specs.TaskDuty() | specs.BulletinDuty():
            yield giving(m.Complete), lasts
        case specs.ChecklistDuty(items=items):
            for item in items:
                yield giving(m.CheckOff, entry=str(item)), lasts
        case specs.MeetingDuty():
            attendance, counts = _there(trial, run, duty.spec)
            yield giving(m.HoldMeeting, attendance=attendance, counts=counts), lasts
        case specs.QuotaDuty(pairs=None):
            for number in range(1, doing.parts + 1):
                act = _record(trial, run, duty, key, subject, Fraction(number, doing.parts), on)
                yield act, begin + (lasts - begin) * number / doing.parts
        case specs.QuotaDuty(pairs=whom):
            partners = int(duty.amount or 1)
            for number in range(1, partners + 1):
                yield _pair(trial, run, duty, key, str(whom), on), begin + (lasts - begin) * number / partners
        case _:
            return


def _record(
    trial: Trial, run: Run, duty: Duty, key: str, subject: str, share: Fraction, on: dict[str, Any]
) -> Act:
    """Record what is left up to a share of an amount."""
    assert isinstance(duty.spec, specs.QuotaDuty)
    unit = duty.spec.quota.unit
    return lambda by: trial.do(
        run, m.Record, by, duty=duty.name, amount=_rest(run, key, subject, share), unit=unit, **on
    )  # fmt: skip


def _pair(trial: Trial, run: Run, duty: Duty, key: str, whom: str, on: dict[str, Any]) -> Act:
    """Record one more partner, chosen when it is done."""
    assert isinstance(duty.spec, specs.QuotaDuty)
    unit, bodies = duty.spec.quota.unit, trial.plan.policy.bodies
    return lambda by: trial.do(
        run, m.Record, by, duty=duty.name, amount=Fraction(1), unit=unit, pair=_partner(run, key, whom, bodies), **on
    )  # fmt: skip


def _rest(run: Run, key: str, subject: str, share: Fraction) -> Fraction:
    """What is left up to this share of what a subject owes."""
    state: DutyState = run.rows.get(f"duty/{key}")
    part: PartState | None = run.rows.get(f"part/{key}/{subject}")
    owed = part.owes if part is not None and part.owes is not None else state.amount
    have = part.amount if part is not None else Fraction(0)
    return Fraction(1) if owed is None else max(owed * share - have, owed / 1000 if owed else Fraction(1))


def _partner(run: Run, key: str, whom: str, bodies: Any) -> str:
    """A partner that nobody has been paired with yet."""
    prefix = f"{'body' if whom in bodies else 'holder'}/{whom}/"
    for found, _ in run.rows.scan(prefix):
        name = found[len(prefix) :]
        if run.rows.get(f"pair/{key}/{name}") is None:
            return name
    return ""


def _there(trial: Trial, run: Run, spec: specs.MeetingDuty) -> tuple[dict[str, str], dict[str, int]]:
    """Everybody who is to attend does; of groups that must be a share of those present there are enough."""
    roster = trial.scene.roster[run.name]
    there = {person: "present" for role in spec.attend for person in roster.get(str(role), ())}
    counts = {str(role): max(1, len(there)) for role in spec.at_least}
    return there, counts


# --- what was done ----------------------------------------------------------------------------------------------------


def dated(trial: Trial, run: Run, _entry: Entry, event: e.DutyDated) -> None:
    """A due day that hung on something is known now."""
    name = event.key.split("/")[2].partition("#")[0]
    due = event.term.grace or event.term.due
    state: DutyState | None = run.rows.get(f"duty/{event.key}")
    if due is not None and state is not None and state.owed > 0:
        found = trial.the_case(run, event.key, "duty", name)
        trial.case(run, event.key, Case("duty", name, due, event.term.day, found.done if found else None))


def done(trial: Trial, run: Run, entry: Entry, event: e.DutyDone) -> None:
    """A subject has done a duty."""
    name = _name(run, event.key)
    if event.rest == 0:
        case = trial.the_case(run, event.key, "duty", name)
        if case is not None:
            case.done = entry.at
    trial.changed(run, name, entry.at, complete=event.rest == 0, subject=event.subject)


def _name(run: Run, key: str) -> str:
    state: DutyState | None = run.rows.get(f"duty/{key}")
    return state.name if state is not None else key.split("/")[2]


def reported(trial: Trial, run: Run, entry: Entry, event: e.TaskReported) -> None:
    """What somebody else has to confirm is confirmed, or found poor."""
    duty = run.level.duties.get(_name(run, event.key))
    if duty is None or not duty.spec.checked_by:
        return
    doing = trial.habits.duties[run.level.name, duty.name]
    number = entry.seq
    good = trial.chance(run, "poor", event.key, event.subject, number) >= doing.poor
    good = good or run.poor[event.key, event.subject] >= OFTEN
    people = pick(trial, run, map(str, duty.spec.checked_by), "check", event.key, event.subject)
    subject, name = event.subject, duty.name
    chance = trial.chance(run, "check", event.key, subject, number)
    planned = trial.after(entry.at, trial.habits.answer, chance, run.slices.get(event.key, 0.0))

    def confirm(by: str) -> Decision:
        return trial.do(run, m.Confirm, by, duty=name, subject=subject, good=good, reason="" if good else "not enough")

    def live() -> bool:
        part: PartState | None = run.rows.get(f"part/{event.key}/{subject}")
        return part is not None and part.reported and not part.done

    Task(
        trial=trial, run=run, name=name, about=subject, people=people, act=confirm, planned=planned, live=live
    ).schedule()  # fmt: skip


def found_poor(trial: Trial, run: Run, entry: Entry, event: e.DutyFoundPoor) -> None:
    """What was found poor is done again, in the time that it took before."""
    duty = run.level.duties.get(_name(run, event.key))
    state: DutyState | None = run.rows.get(f"duty/{event.key}")
    if duty is None or state is None:
        return
    run.poor[event.key, event.subject] += 1
    again = e.DutyOpened(key=event.key, name=state.name, owed=1, term=state.term, period=state.period)
    doing = trial.habits.duties[run.level.name, duty.name]
    subject, allowed = event.subject, run.slices.get(event.key, float(trial.habits.undated))
    people = next((people for one, people in owing(trial, run, duty) if one == subject), ())
    lasts = trial.after(entry.at, doing.delay, trial.chance(run, "redo", event.key, subject, entry.seq), allowed)

    def live() -> bool:
        return _live(trial, run, again, subject)

    for act, planned in _acts(trial, run, duty, doing, event.key, subject, entry.at, lasts):
        Task(
            trial=trial, run=run, name=duty.name, about=subject, people=people, act=act, planned=planned, live=live
        ).schedule()  # fmt: skip


def asked(trial: Trial, run: Run, entry: Entry, event: e.QuestionAsked) -> None:
    """Somebody answers what the run asks, so that it can go on."""
    roles = (event.role,) if event.role else tuple(map(str, trial.plan.policy.appoints))
    people = pick(trial, run, roles, "answer", event.about) or (m.SYSTEM,)
    planned = trial.after(
        entry.at, trial.habits.answer, trial.chance(run, "answer", event.about, entry.seq), float(trial.habits.undated)
    )
    verdict, question = verdict_for(run, event.about), event.question

    def answer(by: str) -> Decision:
        return trial.do(run, m.Answer, by, question=question, verdict=verdict, reason="as simulated")

    def live() -> bool:
        found = run.rows.get(f"question/{question}")
        return found is not None and found.answered is None

    Task(trial=trial, run=run, name=event.about.split(":", 1)[0], about=event.about, people=people, act=answer,
         planned=planned, live=live).schedule()  # fmt: skip


POLL = {"turnout": "valid", "quorum": "valid", "aggregate": "pooled", "unit": "nothing"}


def verdict_for(run: Run, about: str) -> str:
    """The answer with which things go on as they are."""
    room, _, rest = about.partition(":")
    match room:
        case "document":
            name, _version, key = rest.split(":")[:3]
            duty = run.level.duties.get(key.split("/")[2])
            step = duty.step_named(name) if duty is not None else None
            return "go_on" if step is not None and step.family == "hear" else "accept"
        case "poll":
            return POLL.get(rest.split(":", 1)[0], "nothing")
        case "item":
            return "close"
        case "consequence":
            return "let_be"
        case _:
            return "noted"
