"""Finding a document, the step of its route that a command is about, and who may write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import attrs

from phaseflow.core.decide import finding
from phaseflow.core.decide.people import require, roles_of
from phaseflow.core.decide.step import Step, refuse
from phaseflow.core.plan.model import Duty, RouteStep
from phaseflow.core.state.documents import DocumentState, document_of
from phaseflow.core.state.duties import duty_of, part_of
from phaseflow.errors import did_you_mean

DOING: Mapping[str, str] = {
    "write": "a version is handed in", "hear": "opinions are given", "judge": "it is judged",
    "tell": "it is handed out",
}  # fmt: skip


@attrs.frozen
class Paper:
    """One document: the duty it serves, the key of that duty's instance, and whose it is (empty: the run's)."""

    duty: Duty
    key: str
    subject: str

    def state(self, step: Step) -> DocumentState:
        """The document's row as it is now."""
        return document_of(step.rows, self.key, self.subject, self.duty.route[0].name)

    @property
    def name(self) -> str:
        """What a refusal calls it."""
        return f"'{self.duty.name}' of '{self.subject}'" if self.subject else f"'{self.duty.name}'"


def find(step: Step, name: str, subject: str) -> Paper:
    """The document a command names. One that is under way goes on after its phase, until the run is put away."""
    duty, key = step.level.duties.get(name), step.get(f"latest/{name}")
    if duty is not None and duty.kind == "document" and key and duty_of(step.rows, key).opened <= step.at:
        paper = Paper(duty, key, _subject(step, duty, key, subject))
        if paper.state(step).version and step.head.status in ("running", "concluded"):
            return paper
    duty, state = finding.find(step, name, step.at, "document")
    return Paper(duty, state.key, _subject(step, duty, state.key, subject))


def _subject(step: Step, duty: Duty, key: str, subject: str) -> str:
    """Whose document is meant: of those who owe one, or have one."""
    if duty.subjects == "run":
        if subject:
            refuse(
                "illegal",
                "PF400",
                f"'{duty.name}' is one document of the run, not of '{subject}'",
                span=duty.span,
                why="it has no `each`",
                fix="leave the subject out",
                clause=duty.clause,
            )
        return ""
    owes = "body" if duty.subjects == "body" else "role"
    subject = subject or ((step.actor.on_behalf_of or step.actor.person) if owes == "role" else "")
    known = (
        duty.each in roles_of(step, subject) if owes == "role" else step.get(f"body/{duty.each}/{subject}") is not None
    )
    if not known and step.get(f"document/{key}/{subject}") is None:
        refuse(
            "unknown",
            "PF401",
            f"'{subject or '(nobody)'}' owes no '{duty.name}'",
            span=duty.spec.span_of("each"),
            clause=duty.clause,
            why=f"there is one for every '{duty.each}'",
            fix=f"say whose it is: name a '{duty.each}'",
        )
    return subject


def target(step: Step, paper: Paper, family: str, named: str = "") -> RouteStep:
    """The step of the route that a command is about: the named one, or the one of this kind that can be done now.

    Raises:
        Refusal: *unknown* or *illegal*, naming the step at which the document waits, and who may act there.
    """
    state, route = paper.state(step), paper.duty.route
    if named:
        found = paper.duty.step_named(named)
        if found is None:
            refuse(
                "unknown",
                "PF402",
                f"the route of {paper.name} has no step '{named}'",
                span=paper.duty.spec.span_of("route"),
                clause=paper.duty.clause,
                why="the steps stand in the policy",
                fix=did_you_mean(named, (rule.name for rule in route)),
            )
        if found.family != family:
            refuse(
                "illegal",
                "PF403",
                f"'{named}' is not a step at which {DOING[family]}",
                span=found.span,
                clause=found.clause,
                why=f"at '{named}', {DOING[found.family]}",
                fix="name another step, or use the act of this one",
            )
        if not state.waits_at(named):
            _elsewhere(step, paper, family, found)
        return found
    standing = [rule for rule in route if rule.family == family and state.waits_at(rule.name)]
    blocking = [rule for rule in standing if rule.name == state.step]
    if len(blocking or standing) == 1:
        return (blocking or standing)[0]
    if standing:
        names = ", ".join(f"'{rule.name}'" for rule in standing)
        refuse(
            "illegal",
            "PF405",
            f"{paper.name} can be done at several steps: {names}",
            span=paper.duty.span,
            clause=paper.duty.clause,
            why="none of them holds the others up",
            fix="say which with `step`",
        )
    return _elsewhere(step, paper, family, None)


def _elsewhere(step: Step, paper: Paper, family: str, wanted: RouteStep | None) -> NoReturn:
    state = paper.state(step)
    here = paper.duty.step_named(state.step)
    if wanted is not None and wanted.name in state.behind:
        what = f"{paper.name} has '{wanted.name}' behind it"
    elif here is None:
        what = f"{paper.name} has gone its whole route"
    else:
        what = f"{paper.name} waits at '{here.name}', where {DOING[here.family]}, not where {DOING[family]}"
    who = (here.by or (paper.duty.route[0].roles if here.family == "tell" else here.roles)) if here is not None else ()
    fix = f"'{here.name}' comes first: ask {', '.join(who)}" if here is not None else "nothing is left to do"
    refuse(
        "illegal",
        "PF404",
        what,
        span=here.span if here is not None else paper.duty.span,
        why="a document goes its steps in order",
        fix=fix,
        clause=(here.clause if here is not None else ()) or paper.duty.clause,
    )


# --- who may ----------------------------------------------------------------------------------------------------------


def require_writer(step: Step, paper: Paper, rule: RouteStep, act: str) -> None:
    """Whose document it is writes it; others only by a role that the step names for them, or by the duty's `by`."""
    duty, roles = paper.duty, rule.roles
    if duty.subjects == "role":
        own = (step.actor.on_behalf_of or step.actor.person) == paper.subject
        closure = step.plan.roles[duty.each].closure
        roles = tuple(role for role in rule.roles if own or role not in closure) + duty.by
    elif duty.subjects == "body":
        roles = (*rule.roles, *duty.by)
    require(step, roles, act, span=rule.span, clause=rule.clause or duty.clause, subject=duty.name)


def check_version(step: Step, paper: Paper, digest: str, rule: RouteStep) -> None:
    state = paper.state(step)
    if digest and digest != state.digest:
        refuse(
            "illegal",
            "PF420",
            f"the version that was read is not version {state.version} of {paper.name}",
            span=rule.span,
            clause=rule.clause,
            why="every act is done on one version, and another one is at hand now",
            fix="read the version at hand, then act on it",
        )


def check_lock(step: Step, paper: Paper, rule: RouteStep) -> None:
    part = part_of(step.rows, paper.key, paper.subject)
    if rule.blocking and not part.done:
        finding.check_lock(step, paper.duty, duty_of(step.rows, paper.key), part)
