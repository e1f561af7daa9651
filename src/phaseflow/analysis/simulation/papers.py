"""How documents go their routes: drafts, opinions, judgements, and handing out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import Any

from phaseflow.analysis.simulation.habits import Doing
from phaseflow.analysis.simulation.tally import Case
from phaseflow.analysis.simulation.tasks import OFTEN, Task, evidence_of, for_body, left_behind, owing, pick
from phaseflow.analysis.simulation.trial import Run, Trial
from phaseflow.core.decide import Decision
from phaseflow.core.plan.model import Duty, RouteStep
from phaseflow.core.state.documents import DocumentState
from phaseflow.messages import commands as m
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry
from phaseflow.spec import duties as specs

SPOKEN = 10
"""How many of each group are consulted where nothing else is said."""


def first_drafts(trial: Trial, run: Run, duty: Duty, key: str, begin: datetime) -> None:
    """Where each holder or body owes a document, each begins one; the run's own comes by `reached`."""
    if duty.subjects != "run":
        for subject, _people in owing(trial, run, duty):
            _plan(trial, run, duty, duty.route[0], key, subject, begin, 0)


def reached(trial: Trial, run: Run, entry: Entry, event: e.DocumentReached) -> None:
    """A document waits at a step: whoever acts there plans when."""
    duty = run.level.duties.get(_name(run, event.key))
    if duty is None:
        return
    for step in (event.step, *event.open):
        rule = duty.step_named(step) if step else None
        if rule is not None:
            if step in event.due:
                name = f"{duty.name}.{step}"
                case = Case("step", name, event.due[step], trial.calendar.day_of(event.due[step]))
                trial.case(run, f"{event.key}/{event.subject}/{entry.seq}", case)
                run.limits[event.key, event.subject, step] = case
            begin = _begin(trial, run, duty, rule, entry, event)
            limit = event.due.get(step)
            allowed = (limit - begin).total_seconds() if limit is not None else None
            _plan(trial, run, duty, rule, event.key, event.subject, begin, entry.seq, allowed)


def _begin(trial: Trial, run: Run, duty: Duty, rule: RouteStep, entry: Entry, event: e.DocumentReached) -> datetime:
    """The first draft of a duty in a step of a phase begins with that step."""
    phase, number = event.key.split("/")[:2]
    visit = run.rows.get(f"visit/{phase}/{number}")
    days = visit.steps.get(duty.step) if visit is not None and duty.step and rule.index == 0 else None
    return entry.at if days is None or days.first is None else max(entry.at, trial.calendar.opens(days.first))


def _name(run: Run, key: str) -> str:
    state = run.rows.get(f"duty/{key}")
    return str(state.name) if state is not None else ""


def _plan(
    trial: Trial, run: Run, duty: Duty, rule: RouteStep, key: str, subject: str, begin: datetime, seq: int,
    allowed: float | None = None,
) -> None:  # fmt: skip
    """Plan one step: it has the time that the policy gives it, or its share of the document's."""
    doing = trial.habits.duties[run.level.name, duty.name]
    step: Doing = doing.steps[rule.name]
    if trial.chance(run, "never", key, subject, rule.name, seq) < step.never:
        return
    chance = trial.chance(run, "delay", key, subject, rule.name, seq)
    if allowed is None:
        allowed = run.slices.get(key, float(trial.habits.undated))
    planned = trial.after(begin, step.delay, chance, allowed)

    def live() -> bool:
        state: DocumentState | None = run.rows.get(f"document/{key}/{subject}")
        if run.rows.get(f"latest/{duty.name}") != key or run.head.status == "archived":
            return False
        if state is None or not state.version:
            first = rule.index == 0 and (state is None or state.waits_at(rule.name))
            return first and not left_behind(trial, run, key, duty.name)
        return state.waits_at(rule.name)

    Task(
        trial=trial, run=run, name=duty.name, about=subject, people=_people(trial, run, duty, rule, subject),
        act=_act(trial, run, duty, rule, key, subject, seq), planned=planned, live=live,
    ).schedule()  # fmt: skip


def _people(trial: Trial, run: Run, duty: Duty, rule: RouteStep, subject: str) -> tuple[str, ...]:
    """Who acts at a step. Whoever wrote the document also ends its hearings and hands it out, unless others do."""
    roles = rule.by if rule.family == "tell" and rule.by else (
        duty.route[0].roles if rule.family in ("hear", "tell") else rule.roles
    )
    if duty.subjects == "role" and (rule.family != "judge" and not (rule.family == "tell" and rule.by)):
        return (subject, *pick(trial, run, (*rule.roles, *duty.by) if rule.family == "write" else duty.by, duty.name))
    if duty.subjects == "body":
        roles = for_body(trial, (*roles, *(duty.by if rule.family != "judge" else ())), duty.each, subject)
    found = pick(trial, run, roles, duty.name, rule.family == "judge" and rule.name, subject)
    return found or pick(trial, run, duty.by, duty.name, subject)


def _act(
    trial: Trial, run: Run, duty: Duty, rule: RouteStep, key: str, subject: str, seq: int
) -> Callable[[str], Decision]:
    mine: dict[str, Any] = {"document": duty.name, "subject": subject}

    def state() -> DocumentState | None:
        found: DocumentState | None = run.rows.get(f"document/{key}/{subject}")
        return found

    def write(by: str) -> Decision:
        answers = {str(number): "absorbed" for number in (state().unanswered if state() else ())}  # type: ignore[union-attr]
        return trial.do(
            run, m.Draft, by, digest=f"{run.tries + 1:064x}", ref="a.pdf", step=rule.name, answers=answers,
            evidence=evidence_of(duty) if rule.index == 0 else (), **mine,
        )  # fmt: skip

    def hear(by: str) -> Decision:
        return _hear(trial, run, duty, rule, by, mine, state)

    def judge(by: str) -> Decision:
        version = state().version if state() else 0  # type: ignore[union-attr]
        share = trial.habits.duties[run.level.name, duty.name].returns.get(rule.name, 0.0)
        poor = trial.chance(run, "returns", key, subject, rule.name, version) < share
        accept = not (poor and rule.returns_to and version <= OFTEN)
        return trial.do(
            run, m.Judge, by, accept=accept, reason="" if accept else "not good enough", step=rule.name, **mine
        )  # fmt: skip

    def tell(by: str) -> Decision:
        return trial.do(run, m.Hand, by, step=rule.name, **mine)

    return {"write": write, "hear": hear, "judge": judge, "tell": tell}[rule.family]


def _hear(
    trial: Trial, run: Run, duty: Duty, rule: RouteStep, by: str, mine: dict[str, Any],
    state: Callable[[], DocumentState | None],
) -> Decision:  # fmt: skip
    """Record what each group says, answer it where each opinion wants an answer, and end the hearing."""
    spec = rule.spec
    assert isinstance(spec, specs.OpinionStep)
    opinions = trial.habits.duties[run.level.name, duty.name].opinions
    for role in rule.roles:
        for _ in range(opinions):
            given = trial.do(run, m.Opine, by, ref="a.txt", group=role, step=rule.name, **mine)
            if given.refusal is not None:
                return given
    now = state()
    for number in now.unanswered if now is not None and spec.answer_each else ():
        trial.do(run, m.AnswerOpinion, by, opinion=number, absorbed=True, reason="absorbed", **mine)
    return trial.do(run, m.EndConsultation, by, step=rule.name, consulted=_consulted(rule, spec, opinions), **mine)


def _consulted(rule: RouteStep, spec: specs.OpinionStep, opinions: int) -> dict[str, int]:
    """How many of each group were asked: enough of those who must be a share of all."""
    if not opinions:
        return {}
    counts = dict.fromkeys(rule.roles, max(SPOKEN, opinions))
    for group, least in spec.at_least.items():
        others = sum(number for name, number in counts.items() if name != group)
        if least.value < 1:
            enough = ceil(least.value * others / (Fraction(1) - least.value))
            counts[str(group)] = max(counts.get(str(group), 0), enough)
    return counts


def fell_due(_trial: Trial, run: Run, _entry: Entry, event: e.StepFellDue) -> None:
    """The time for a step passed without an answer."""
    case = run.limits.get((event.key, event.subject, event.step))
    if case is not None and case.done is None:
        case.silent = True


def passed(trial: Trial, run: Run, entry: Entry, event: e.StepPassed | e.VersionDrafted | e.DocumentReturned) -> None:
    """A step was done: its time limit is met, and whoever waits for the document looks again."""
    case = run.limits.pop((event.key, event.subject, event.step), None)
    if case is not None:
        case.done = entry.at
    trial.changed(run, _name(run, event.key), entry.at)
