"""Walking the route of a document: where it goes next, what is skipped, what silence means, what a question decides.

The commands of people stand in `documents`; here is what follows from them, from time limits and from answers (R36).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from phaseflow.core import deadlines
from phaseflow.core.decide import duties, opening, phases
from phaseflow.core.decide.papers import Paper
from phaseflow.core.decide.people import require_other
from phaseflow.core.decide.step import Refusal, Step, refuse
from phaseflow.core.gates import Missing, judge, text_of
from phaseflow.core.plan.model import RouteStep
from phaseflow.core.state.documents import DocumentState, OpinionState, opinions_of
from phaseflow.core.state.duties import duty_of, part_of
from phaseflow.core.state.rows import Question, Timer
from phaseflow.errors import Problem, Span
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.commands import EMPTY, Evidence
from phaseflow.spec.duties import JudgeStep, OpinionStep

EDGES: Mapping[str, str] = {
    "approve": "approved", "decide": "decided", "publish": "published", "circulate": "circulated",
    "submit": "submitted", "file": "filed",
}  # fmt: skip
"""What has happened to a document once an act was done; due days may hang on it."""

VERDICTS: Mapping[str, tuple[str, ...]] = {"hear": ("go_on", "hold"), "judge": ("accept", "return", "hold")}
"""How a question about a silent step can be answered."""


# --- walking ----------------------------------------------------------------------------------------------------------


def walk(step: Step, paper: Paper) -> None:
    """Bring a document to the first blocking step that is not behind it; with none left, the duty is done."""
    state = paper.state(step)
    here, skipped, opened = ahead(step, paper, state)
    if here != state.step or skipped or opened:
        reached = [name for name in (here, *opened) if name]
        step.emit(e.DocumentReached(
            key=paper.key, subject=paper.subject, step=here, skipped=skipped, open=opened, due=limits(step, paper,
                                                                                                      reached),
        ))  # fmt: skip
    if not here:
        duties.reported(step, paper.duty, paper.key, paper.subject)


def ahead(step: Step, paper: Paper, state: DocumentState) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """(next blocking step, steps passed over and why, steps that hold nothing up and can be done from now on).

    Raises:
        Refusal: *crashed*, where a condition of the route needs a host fact that is not at hand.
    """
    skipped: dict[str, str] = {}
    opened: list[str] = []
    for rule in paper.duty.route:
        if rule.name in state.behind:
            continue
        reason = _skip(step, paper, state, rule)
        if reason:
            skipped[rule.name] = reason
        elif rule.blocking:
            return rule.name, skipped, tuple(opened)
        elif rule.name not in state.open:
            opened.append(rule.name)
    return "", skipped, tuple(opened)


def _skip(step: Step, paper: Paper, state: DocumentState, rule: RouteStep) -> str:
    """Why a step is passed over, or an empty text. A condition that is unknown leaves the step standing (R23)."""
    if (
        isinstance(rule.spec, JudgeStep)
        and rule.spec.of is not None
        and rule.spec.of not in {mark for _, mark in state.marks}
    ):
        return f"no part is marked '{rule.spec.of}'"
    if rule.when is None:
        return ""
    try:
        judged = judge(rule.when, step.facts(paper.duty.phase, paper.subject))
    except Missing as missing:
        refuse(
            "crashed",
            "PF427",
            f"whether {paper.name} needs '{rule.name}' cannot be judged: {missing}",
            span=rule.span,
            why="a fact that the host supplies is missing, which is neither yes nor no",
            fix="register the host's fact, then try again",
            clause=rule.clause,
        )
    if judged.value is not False:
        return ""
    return (
        "; ".join(f"{found.label}: {text_of(found.measured)}" for found in judged.requirements)
        or "its condition does not hold"
    )


def limits(step: Step, paper: Paper, names: list[str]) -> dict[str, datetime]:
    """When the time for each of these steps is over, where the policy gives them a time."""
    found = {}
    for name in names:
        rule = paper.duty.step_named(name)
        if rule is not None and rule.spec.within is not None:
            found[name] = deadlines.instant_after(step.at, rule.spec.within, step.calendar)
    return found


def accept(
    step: Step, paper: Paper, rule: RouteStep, reason: str = "", *, evidence: tuple[Evidence, ...] = (),
    heard: Mapping[str, int] = EMPTY,
) -> None:  # fmt: skip
    """Record that a step was passed on the version at hand, and go on."""
    state = paper.state(step)
    edge = _edge(step, paper, state, rule)
    step.emit(e.StepPassed(
        key=paper.key, subject=paper.subject, step=rule.name, version=state.version, digest=state.digest, reason=reason,
        evidence=evidence, heard=dict(heard), edge=edge,
    ))  # fmt: skip
    if edge:
        opening.happened(step, paper.duty.name, edge)
    walk(step, paper)


def _edge(step: Step, paper: Paper, state: DocumentState, rule: RouteStep) -> str:
    """What has now happened to every subject's document, if every step of this act has been passed by all."""
    edge = EDGES.get(rule.act, "")
    duty = duty_of(step.rows, paper.key)
    for other in paper.duty.route:
        if edge and other.act == rule.act:
            count = step.get(f"passed/{paper.key}/{other.name}") or 0
            own = 1 if other.name == rule.name and rule.name not in state.behind else 0
            if count + own < duty.owed - duty.waived:
                return ""
    return edge


def send_back(step: Step, paper: Paper, rule: RouteStep, reason: str) -> None:
    """Return the document; what was done at the step it goes back to, and after it, is void."""
    state = paper.state(step)
    step.emit(e.DocumentReturned(
        key=paper.key, subject=paper.subject, step=rule.name, to=rule.returns_to, version=state.version, reason=reason,
        digest=state.digest, void=voided(paper, state, rule.returns_to),
    ))  # fmt: skip
    opening.happened(step, paper.duty.name, "returned")
    not_done(step, paper)
    walk(step, paper)


def voided(paper: Paper, state: DocumentState, back_to: str) -> tuple[str, ...]:
    """The steps from *back_to* on that were done, passed over, or stood open."""
    names = [rule.name for rule in paper.duty.route]
    return tuple(name for name in names[names.index(back_to) :] if name in state.behind or state.waits_at(name))


def not_done(step: Step, paper: Paper) -> None:
    """A document that is back on its route is owed again."""
    if part_of(step.rows, paper.key, paper.subject).done:
        rest = duty_of(step.rows, paper.key).outstanding + 1
        step.emit(e.DutyUndone(key=paper.key, subject=paper.subject, rest=rest))


# --- opinions ---------------------------------------------------------------------------------------------------------


def round_of(step: Step, state: DocumentState, rule: RouteStep) -> list[OpinionState]:
    """The opinions that were given in the present round of a step."""
    since = state.since.get(rule.name, 1)
    return [row for row in opinions_of(step.rows, state) if row.step == rule.name and row.number >= since]


def heard(opinions: list[OpinionState]) -> dict[str, int]:
    """How many were heard, by group: each person once; an opinion recorded for a group counts as one person."""
    persons = {(row.group, row.number if row.recorded else row.by) for row in opinions}
    found: dict[str, int] = {}
    for group, _ in sorted(persons, key=str):
        found[group] = found.get(group, 0) + 1
    return found


def check_answers(step: Step, paper: Paper, rule: RouteStep) -> None:
    """Refuse to pass a blocking step while an opinion that must be answered is not.

    Raises:
        Refusal: *unmet*, one line for each of the first twenty.
    """
    left = paper.state(step).unanswered
    if not left or not rule.blocking:
        return
    steps = {row.number: row.step for row in opinions_of(step.rows, paper.state(step)) if row.number in left}
    raise Refusal("unmet", [
        Problem(
            code="PF411", what=f"opinion {number} on {paper.name} is not answered", span=_span_of(paper, steps[number]),
            why=f"'{steps[number]}' says `answer_each`, so no step after it is passed before",
            fix=f"answer it: absorbed or not, and why ({len(left)} in all)",
            clause=", ".join(rule.clause or paper.duty.clause),
        )
        for number in left[:20]
    ])  # fmt: skip


def _span_of(paper: Paper, name: str) -> Span:
    rule = paper.duty.step_named(name)
    return rule.spec.span_of("answer_each") if rule is not None else paper.duty.span


# --- silence ----------------------------------------------------------------------------------------------------------


def fall_due(step: Step, timer: Timer) -> None:
    """The time for a step is over: do what the policy makes of silence, and no more."""
    duty = step.level.duties[duty_of(step.rows, timer.key).name]
    paper = Paper(duty, timer.key, timer.subject)
    rule = duty.step_named(step.timer.rsplit("#", 1)[1])
    assert rule is not None  # timers are set for steps of the plan only
    silence = _silence(step, paper, rule)
    step.emit(e.StepFellDue(key=paper.key, subject=paper.subject, step=rule.name, silence=silence))
    match silence:
        case "accept" | "go_on":
            accept(step, paper, rule, "nobody answered in time")
        case "return":
            send_back(step, paper, rule, "nobody answered in time")
        case "unstated":
            ask(step, paper, rule)
        case _:
            return


def _silence(step: Step, paper: Paper, rule: RouteStep) -> str:
    """What the policy makes of silence here; ``hold`` where it says nothing, or where somebody has spoken."""
    state, silence = paper.state(step), rule.silence or "hold"
    if isinstance(rule.spec, OpinionStep) and (round_of(step, state, rule) or rule.spec.at_least):
        return "hold"
    if silence in ("accept", "go_on"):
        if rule.blocking and state.unanswered:
            return "hold"
        try:
            ahead(step, paper, attrs.evolve(state, passed={**state.passed, rule.name: state.version}))
        except Refusal:
            return "hold"
    return silence


def about(paper: Paper, state: DocumentState, rule: RouteStep) -> str:
    """What a question about a silent step is about; `answered` reads it back."""
    return f"document:{rule.name}:{state.version}:{paper.key}:{paper.subject}"


def ask(step: Step, paper: Paper, rule: RouteStep) -> str:
    """Ask the role named in the policy what silence means; until then the document stays where it is."""
    answers = " or ".join(VERDICTS[rule.family])
    text = f"{paper.name} got no answer at '{rule.name}', and the policy leaves open what that means: {answers}"
    return phases.ask_role(step, rule.asks, about(paper, paper.state(step), rule), text)


def asked(step: Step, subject: str) -> str:
    """The open question about this, if there is one."""
    for key, question in step.rows.scan("question/"):
        if question.about == subject and question.answered is None:
            return key.removeprefix("question/")
    return ""


def answered(step: Step, command: c.Answer, question: Question) -> None:
    """Do what the answer says; if the document has moved on meanwhile, the answer is only recorded."""
    verdict = command.verdict
    _, name, version, key, subject = question.about.split(":", 4)
    duty = step.level.duties[duty_of(step.rows, key).name]
    paper, rule = Paper(duty, key, subject), duty.step_named(name)
    assert rule is not None
    allowed = tuple(word for word in VERDICTS[rule.family] if word != "return" or rule.returns_to)
    if verdict not in allowed:
        refuse(
            "malformed",
            "PF426",
            f"'{verdict}' is no answer to this question",
            span=rule.span,
            clause=rule.clause,
            why="the question is what silence means at a step of a document",
            fix=f"answer {' or '.join(allowed)}",
        )
    state = paper.state(step)
    if state.version != int(version) or not state.waits_at(name):
        return
    match verdict:
        case "go_on" | "accept":
            check_answers(step, paper, rule)
            for author in state.authors if rule.family == "judge" else ():
                require_other(step, author, f"let {paper.name} pass '{name}'", rule.span)
            accept(step, paper, rule, command.reason)
        case "return":
            send_back(step, paper, rule, command.reason)
        case _:
            return
