"""Deciding about documents: writing, marking, judging, handing out. What follows from these acts is in `routes`.

Every act is judged against the step at which the document waits and binds to the version at hand (R36). Opinions have
a room of their own, `opinions`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from phaseflow.core.decide import opinions, routes
from phaseflow.core.decide.finding import check_evidence, check_needs
from phaseflow.core.decide.papers import Paper, check_lock, check_version, find, require_writer, target
from phaseflow.core.decide.people import require, require_other
from phaseflow.core.decide.routes import check_answers, limits, walk
from phaseflow.core.decide.step import Refusal, Step, refuse
from phaseflow.core.plan.model import Duty, RouteStep
from phaseflow.core.state.documents import DUE
from phaseflow.core.state.rows import Timer
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.spec.duties import AbsorbStep, DocumentDuty, JudgeStep, TellStep

_DIGEST = re.compile(r"[0-9a-f]{64}")


def begin(step: Step, duty: Duty, key: str) -> None:
    """Put the document of a duty that was just opened at the first step of its route.

    Where every holder of a role owes one, each comes into being with its first version.
    """
    if isinstance(duty.spec, DocumentDuty) and duty.subjects == "run":
        first = duty.route[0]
        found = limits(step, Paper(duty, key, ""), [first.name])
        step.emit(e.DocumentReached(key=key, subject="", step=first.name, due=found))


# --- writing ----------------------------------------------------------------------------------------------------------


def draft(step: Step, command: c.Draft) -> None:
    """Hand in a version: the first one, one after a return, or one that absorbs opinions."""
    paper = find(step, command.document, command.subject)
    rule = target(step, paper, "write", command.step)
    require_writer(step, paper, rule, f"write {paper.name}")
    check_lock(step, paper, rule)
    state = paper.state(step)
    if rule.index == 0:
        check_evidence(paper.duty, command.evidence)
        if not state.version:
            check_needs(step, paper.duty, f"draft {paper.name}", paper.subject)
            _check_sources(step, paper)
    _check_digest(command.digest, paper, rule, "" if rule.act == "absorb" else state.digest)
    answers = [(number, *opinions.read_answer(text)) for number, text in command.answers.items()]
    opinions.give_answers(step, paper, answers)
    check_answers(step, paper, rule)
    step.emit(e.VersionDrafted(
        key=paper.key, subject=paper.subject, version=state.version + 1, step=rule.name,
        digest=command.digest, ref=command.ref,
        again=tuple(map(str, rule.spec.again)) if isinstance(rule.spec, AbsorbStep) else (), evidence=command.evidence,
    ))  # fmt: skip
    walk(step, paper)


def _check_digest(digest: str, paper: Paper, rule: RouteStep, present: str) -> None:
    if not _DIGEST.fullmatch(digest):
        refuse(
            "malformed",
            "PF406",
            f"'{digest[:20]}' is not the digest of a version",
            span=rule.span,
            why="a version is known by the SHA-256 of its content",
            fix="give 64 hexadecimal digits in small letters",
        )
    if digest == present:
        refuse(
            "illegal",
            "PF407",
            f"this is the version of {paper.name} that is there already",
            span=rule.span,
            clause=rule.clause,
            why="what was sent back is answered by a new version",
            fix="change it, then hand it in",
        )


def _check_sources(step: Step, paper: Paper) -> None:
    """Every document that this one is based on must be there."""
    assert isinstance(paper.duty.spec, DocumentDuty)
    missing = [
        name for path in paper.duty.spec.based_on if not _is_there(step, paper, name := str(path).rsplit(".", 1)[-1])
    ]
    if missing:
        raise Refusal("unmet", [
            Problem(code="PF408", what=f"cannot draft {paper.name}: '{name}' has not been drafted",
                    span=paper.duty.spec.span_of("based_on"),
                    why="the policy bases the one on the other", fix=f"draft '{name}' first",
                    clause=", ".join(paper.duty.clause))
            for name in missing
        ])  # fmt: skip


def _is_there(step: Step, paper: Paper, name: str) -> bool:
    found = step.facts().latest(name)
    duty = next((level.duties[name] for level in step.plan.levels.values() if name in level.duties), None)
    if found is None or duty is None:
        return False
    rows, state = found
    if paper.subject and duty.each == paper.duty.each:  # one's own, where both are owed by the same people
        own = rows.get(f"document/{state.key}/{paper.subject}")
        return own is not None and own.version > 0
    return bool(rows.get(f"passed/{state.key}/{duty.route[0].name}"))


def mark(step: Step, command: c.MarkPart) -> None:
    """Mark a part for a further step; if the document is past that step, it goes back there (R36)."""
    paper = find(step, command.document, command.subject)
    judges = [rule for rule in paper.duty.route if isinstance(rule.spec, JudgeStep) and rule.spec.of is not None]
    steps = [rule for rule in judges if _of(rule) == command.mark]
    if not steps:
        refuse(
            "unknown",
            "PF422",
            f"no step of {paper.name} judges parts marked '{command.mark}'",
            span=paper.duty.spec.span_of("route"),
            why="a mark asks for a step of the route",
            fix=did_you_mean(command.mark, map(_of, judges)) or "no step says `of:`",
            clause=paper.duty.clause,
        )
    state, first = paper.state(step), steps[0]
    require(
        step,
        _markers(paper, steps),
        f"mark a part of {paper.name}",
        span=first.span,
        clause=first.clause,
        subject=paper.duty.name,
    )
    if not command.part.strip() or (command.part, command.mark) in state.marks:
        what = f"'{command.part}' is marked already" if command.part.strip() else "no part is named"
        refuse(
            "illegal",
            "PF423",
            what,
            span=first.span,
            why="a part has a name, and is marked once",
            fix="name the part, or leave it",
            clause=first.clause,
        )
    if not state.version:
        refuse(
            "illegal",
            "PF424",
            f"there is no version of {paper.name} yet",
            span=paper.duty.span,
            why="parts of a version are marked",
            fix="draft it first",
            clause=paper.duty.clause,
        )
    back = next((rule.name for rule in steps if rule.name in state.behind), "")
    step.emit(e.PartMarked(
        key=paper.key, subject=paper.subject, part=command.part, mark=command.mark, version=state.version, back_to=back,
        void=routes.voided(paper, state, back) if back else (),
    ))  # fmt: skip
    if back:
        routes.not_done(step, paper)
        walk(step, paper)


def _of(rule: RouteStep) -> str:
    return str(rule.spec.of) if isinstance(rule.spec, JudgeStep) else ""


def _markers(paper: Paper, steps: Iterable[RouteStep]) -> tuple[str, ...]:
    named = tuple(str(role) for rule in steps if isinstance(rule.spec, JudgeStep) for role in rule.spec.marked_by)
    acting = (
        role for rule in paper.duty.route for role in ((*rule.roles, *rule.by) if rule.family != "tell" else rule.by)
    )
    return named or tuple(dict.fromkeys(acting))


# --- judging and handing out ------------------------------------------------------------------------------------------


def judge(step: Step, command: c.Judge) -> None:
    """Accept the version at hand, or send it back."""
    paper = find(step, command.document, command.subject)
    rule = target(step, paper, "judge", command.step)
    act = f"{rule.act} {paper.name}"
    require(step, rule.roles, act, span=rule.span, clause=rule.clause or paper.duty.clause, subject=paper.duty.name)
    for author in paper.state(step).authors:
        require_other(step, author, act, rule.span)
    check_version(step, paper, command.digest, rule)
    check_lock(step, paper, rule)
    if command.accept:
        check_answers(step, paper, rule)
        routes.accept(step, paper, rule, command.reason)
        return
    if not command.reason.strip():
        refuse(
            "malformed",
            "PF418",
            f"{paper.name} is not sent back without a reason",
            span=rule.span,
            clause=rule.clause,
            why="the author has to know what to change",
            fix="say why",
        )
    if not rule.returns_to:
        refuse(
            "illegal",
            "PF419",
            f"'{rule.name}' has nowhere to send {paper.name} back to",
            span=rule.span,
            clause=rule.clause,
            why="the policy names no `returns_to`, so not accepting it means that it stays where it is",
            fix="leave it unjudged, or add `returns_to: STEP` to the step",
        )
    routes.send_back(step, paper, rule, command.reason)


def hand(step: Step, command: c.Hand) -> None:
    """Publish, circulate, submit or file."""
    paper = find(step, command.document, command.subject)
    rule = target(step, paper, "tell", command.step)
    assert isinstance(rule.spec, TellStep)
    act = f"{rule.act} {paper.name}"
    if rule.by:
        require(
            step,
            rule.by,
            act,
            span=rule.spec.span_of("by"),
            clause=rule.clause or paper.duty.clause,
            subject=paper.duty.name,
        )
    else:
        require_writer(step, paper, paper.duty.route[0], act)
    check_lock(step, paper, rule)
    check_answers(step, paper, rule)
    missing = [str(name) for name in rule.spec.with_ if name not in paper.state(step).behind]
    if missing:
        raise Refusal("unmet", [
            Problem(code="PF421",
                    what=f"{paper.name} goes to '{rule.name}' together with the result of '{name}', which is not there",
                    span=rule.spec.span_of("with"), why="the policy says what goes along", fix=f"'{name}' comes first",
                    clause=", ".join(rule.clause))
            for name in missing
        ])  # fmt: skip
    routes.accept(step, paper, rule, evidence=command.evidence)


answered = routes.answered

FIRE: Mapping[str, Callable[[Step, Timer], None]] = {DUE: routes.fall_due}
"""Timers of this room."""

HANDLERS: Mapping[type[c.Command], Callable[[Step, Any], None]] = {
    c.Draft: draft,
    c.MarkPart: mark,
    c.Opine: opinions.opine,
    c.AnswerOpinion: opinions.answer,
    c.EndConsultation: opinions.end,
    c.Judge: judge,
    c.Hand: hand,
}
"""Commands of this room."""
