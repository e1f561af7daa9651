"""Why a gate is held, and what it would take: each unmet requirement, who can meet it, from when, and its line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal, TypeAlias

import attrs

from phaseflow.core.conditions import Choice, CompareOp, Constant, Requirement, Scalar
from phaseflow.core.gates import Sources, measured_of, result_of, subjects_outstanding, text_of
from phaseflow.core.plan.model import Duty, LevelPlan, RouteStep
from phaseflow.core.state.rows import DutyState, Head
from phaseflow.errors import Problem, Span
from phaseflow.messages.commands import EMPTY
from phaseflow.messages.events import Days

ReasonKind: TypeAlias = Literal[
    "duty", "duty_share", "own_duty", "document", "closed", "reached", "items", "units", "units_share", "poll", "host",
    "number", "some_of", "nothing", "part",
]  # fmt: skip
"""What a requirement is about: a fact that is read, a bound of the policy alone (``number``), how many alternatives
hold (``some_of``), a condition over nothing (``nothing``), or one alternative as a whole (``part``)."""

KINDS: Mapping[str, ReasonKind] = {
    "outstanding": "duty", "done_share": "duty_share", "own_done": "own_duty", "passed": "document", "closed": "closed",
    "reached": "reached", "items": "items", "units": "units", "units_share": "units_share", "poll_share": "poll",
    "host": "host",
}  # fmt: skip
"""The kind of requirement for every fact that a condition can read; a parameter is a number."""


@attrs.frozen(kw_only=True)
class Reason:
    """One unmet requirement.

    Args:
        label: What is required, in the policy's words.
        measured: What was found; *required* what is wanted; *met* False, or None where it is unknown.
        span: The line of the policy that demands it; *clause* the clause behind it.
        who: The roles that can meet it.
        subjects: The first of those it is about, at most twenty; *count* is how many there are in all.
        act: What one of them does about it.
        earliest: The first day on which it could change, if that is not today.
        choices: The choices it belongs to, from the outermost in; empty for what must be met in any case.
        duty: The duty it is about, whose further subjects `Run.owing` lists.
        kind: What it is about, and *arguments* which one: ``duty``, ``phase``, ``ledger`` and so on.
        op: How *have* and *want*, the values behind *measured* and *required*, are compared.
        owed: How many owe the duty, and *done* how many of them have done it.
        waits: The step at which a document waits.
        hidden: The value is known, and not shown over so few answers (R15).
    """

    label: str
    measured: str
    required: str
    met: bool | None
    span: Span
    clause: str
    who: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    count: int = 0
    act: str = ""
    earliest: date | None = None
    choices: tuple[Choice, ...] = ()
    duty: str = ""
    kind: ReasonKind = "part"
    arguments: Mapping[str, str] = EMPTY
    op: CompareOp | Literal[""] = ""
    have: Scalar | None = None
    want: Constant | None = None
    owed: int = 0
    done: int = 0
    waits: str = ""
    hidden: bool = False

    @property
    def cursor(self) -> str:
        """Where the next page of *subjects* begins; empty where all of them are named."""
        return self.subjects[-1] if 0 < len(self.subjects) < self.count else ""

    def problem(self, code: str = "PF324") -> Problem:
        """The same, to be printed with its line."""
        named = ", ".join(self.subjects) + (
            f" and {self.count - len(self.subjects)} more" if self.count > len(self.subjects) else ""
        )
        what = f"{self.label}: {self.measured}, wanted {self.required}" + (
            f" (missing: {named})" if self.subjects else ""
        )
        who = f"{', '.join(self.who)}: " if self.who else ""
        when = f" from {self.earliest}" if self.earliest else ""
        rest = f"; `todo --duty {self.duty} --after {self.cursor}` names the others" if self.cursor else ""
        return Problem(
            code=code,
            what=what,
            span=self.span,
            why="the gate asks for it",
            severity="held",
            fix=f"{who}{self.act}{when}{rest}",
            clause=self.clause,
        )


def reasons(requirements: Iterable[Requirement], sources: Sources, today: date) -> tuple[Reason, ...]:
    """Explain requirements against the facts as they stand on *today*."""
    return tuple(_reason(requirement, sources, today) for requirement in requirements)


def number_text(value: Fraction) -> str:
    """An amount for people: exact where six decimals show it, else rounded up to two, so that it is always enough."""
    exact = value * 10**6
    if exact.denominator == 1:
        return f"{(Decimal(exact.numerator) / 10**6).normalize():f}"
    return f"{Decimal(-(-value * 100 // 1).numerator) / 100}"


def _reason(requirement: Requirement, sources: Sources, today: date) -> Reason:
    fact = requirement.fact
    arguments = {name: str(const.value) for name, const in fact.args} if fact is not None else {}
    required = f"{requirement.op} {text_of(requirement.required)}".strip() if requirement.op else "true"
    found = Reason(
        label=requirement.label,
        measured=measured_of(requirement, sources),
        required=required,
        met=requirement.met,
        span=requirement.span,
        clause=requirement.clause,
        act=f"meet: {requirement.label}",
        choices=requirement.group,
        kind=_kind(requirement),
        arguments=arguments,
        op=requirement.op,
        have=requirement.measured,
        want=requirement.required,
    )
    match fact.name if fact is not None else "":
        case "outstanding":
            return _about_duty(found, arguments["duty"], sources, today)
        case "done_share":  # a share is enough, so the wanted share stays as it is written
            return attrs.evolve(_about_duty(found, arguments["duty"], sources, today), required=required)
        case "passed":
            return _about_document(found, arguments, sources, today)
        case "closed" | "reached":
            return _about_phase(found, arguments["phase"], str(fact.name if fact else ""), sources, today)
        case "items":
            return _about_items(found, arguments, sources)
        case "units" | "units_share":
            return _about_units(found, arguments, sources)
        case "poll_share":
            return _about_poll(found, arguments["poll"], sources, today)
        case _:
            return found


def _kind(requirement: Requirement) -> ReasonKind:
    if requirement.fact is not None:
        return KINDS.get(requirement.fact.name, "number")
    if not requirement.op:
        return "part" if requirement.met else "nothing"
    return "some_of" if isinstance(requirement.measured, int) and requirement.op in (">=", "<") else "number"


def _rule(name: str, sources: Sources) -> Duty | None:
    level: LevelPlan = sources.level
    above = sources.plan.programme
    return level.duties.get(name) or (above.duties.get(name) if above is not None else None)


def _about_duty(found: Reason, name: str, sources: Sources, today: date) -> Reason:
    rule = _rule(name, sources)
    if rule is None:
        return found
    subjects, count = subjects_outstanding(sources, name)
    states = sources.instances(name)
    owed = sum(state.owed for state in states)
    done = sum(state.done for state in states)
    measured = f"{done} of {owed} done" if states else "not begun"
    clause = found.clause or ", ".join(rule.clause)
    return attrs.evolve(
        found,
        duty=name,
        owed=owed,
        done=done,
        measured=measured,
        required="done by all" if owed != 1 else "done",
        who=rule.by or ((rule.each,) if rule.each else _writers(rule)),
        subjects=subjects,
        count=count,
        act=act_for(rule, states[-1] if states else None, sources),
        clause=clause,
        earliest=_earliest(rule, states, sources, today),
        span=found.span if found.span.line else rule.span,
    )


def _about_poll(found: Reason, name: str, sources: Sources, today: date) -> Reason:
    """A poll that was not counted is owed; a result that was counted is told, unless it is too small to be (R15)."""
    about = _about_duty(found, name, sources, today)
    counted = result_of(sources, name)
    if counted is None:
        return about
    return attrs.evolve(
        about,
        hidden=counted.suppressed,
        have=None if counted.suppressed else found.have,
        measured=found.measured,
        required=found.required,
        act="take another way, or hold the poll anew: this result stands",
    )


def _writers(rule: Duty) -> tuple[str, ...]:
    return rule.route[0].roles if rule.route else ()


def act_for(rule: Duty, state: DutyState | None, sources: Sources) -> str:
    """What somebody who owes a duty does about it."""
    amount = rule.amount
    match rule.kind:
        case "quota":
            unit = state.unit if state is not None else ""
            return f"record {rule.name}" + (f" up to {amount} {unit}".rstrip() if amount is not None else "")
        case "checklist":
            return f"tick every entry of {rule.name}"
        case "meeting":
            return f"hold {rule.name}"
        case "document":
            waiting = waiting_at(rule, state, sources)
            return f"{waiting.name} {rule.name}" if waiting is not None else f"walk the route of {rule.name}"
        case "poll":
            return f"open and close the poll {rule.name}"
        case _:
            return f"complete {rule.name}"


def waiting_at(rule: Duty, state: DutyState | None, sources: Sources) -> RouteStep | None:
    """The step at which the run's one document waits."""
    rows = sources.rows_of_duty(rule.name)
    if state is None or rows is None or rule.subjects != "run":
        return rule.route[0] if rule.route and rule.subjects == "run" else None
    document = rows.get(f"document/{state.key}/")
    return rule.step_named(document.step) if document is not None else None


def _earliest(rule: Duty, states: list[DutyState], sources: Sources, today: date) -> date | None:
    if states:
        return None
    rows = sources.rows_of_duty(rule.name)
    window: Days | None = rows.get(f"window/{rule.phase}") if rows is not None else None  # steps block nothing (R7)
    return window.first if window is not None and window.first is not None and window.first > today else None


def _about_document(found: Reason, arguments: dict[str, str], sources: Sources, today: date) -> Reason:
    rule = _rule(arguments["document"], sources)
    if rule is None:
        return found
    states = sources.instances(rule.name)
    waiting = waiting_at(rule, states[-1] if states else None, sources)
    step = rule.step_named(arguments["step"])
    here = waiting or step
    return attrs.evolve(
        found,
        measured=f"waits at '{waiting.name}'" if waiting is not None else ("on its way" if states else "not begun"),
        required=f"past '{arguments['step']}'",
        waits=waiting.name if waiting is not None else "",
        who=(here.by or here.roles) if here is not None else (),
        act=f"{here.name} {rule.name}" if here is not None else found.act,
        earliest=_earliest(rule, states, sources, today),
        clause=found.clause or ", ".join((step.clause if step is not None else ()) or rule.clause),
        span=found.span if found.span.line else rule.span,
    )


def _about_phase(found: Reason, name: str, verb: str, sources: Sources, today: date) -> Reason:
    phase = sources.level.phases.get(name)
    if phase is None:
        return found
    move = sources.level.moves.get(f"{name}.close" if verb == "closed" else f"{name}.open")
    window: Days | None = sources.rows.get(f"window/{name}")
    head = sources.head
    ahead = window is not None and window.first is not None and window.first > today and not head.visits.get(name)
    return attrs.evolve(
        found,
        measured="not yet",
        required=verb,
        who=move.by if move is not None else (),
        act=f"ask for {move.name}" if move is not None else found.act,
        earliest=window.first if ahead and window is not None else None,
        clause=found.clause or ", ".join(phase.clause),
    )


def _about_items(found: Reason, arguments: dict[str, str], sources: Sources) -> Reason:
    ledger = sources.level.ledgers.get(arguments["ledger"])
    if ledger is None:
        return found
    names = [
        f"{ledger.name}/{int(key.rsplit('/', 1)[1])}"
        for key, row in sources.rows.scan(f"item/{ledger.name}/")
        if getattr(row, "status", "") in ("open", "settled")
    ]
    return attrs.evolve(
        found,
        who=tuple(map(str, ledger.spec.close.by)),
        subjects=tuple(names[:20]),
        count=len(names),
        act="settle each item",
        clause=found.clause or ", ".join(ledger.clause),
    )


def _about_units(found: Reason, arguments: dict[str, str], sources: Sources) -> Reason:
    if sources.units is None:
        return found
    missing, counted = [], 0
    for fact in sources.units():
        head: Head = fact.head
        if head.withdrawn or head.status == "cancelled":
            continue
        counted += 1
        wanted = arguments.get("concluded")
        reached = head.visits.get(arguments.get("reached", ""), 0) > 0 or arguments.get("closed", "") in head.closed
        ended = wanted is not None and head.status in ("concluded", "archived") and wanted in ("any", head.outcome)
        if not (reached or ended):
            missing.append(head.unit)
    act = "let these units get there" if counted else "start a run for a unit: none is enrolled"
    return attrs.evolve(found, subjects=tuple(missing[:20]), count=len(missing), act=act)
