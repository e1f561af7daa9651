"""What brings a fact about: the acts it takes, who can do each, from when and until when; or what bars it for good.

One function for every kind of fact that a condition reads. Nothing is decided here and no row is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING, Literal

import attrs

from phaseflow.core import deadlines
from phaseflow.core.conditions import Const, Read, Requirement, Scalar
from phaseflow.core.decide import opening
from phaseflow.core.decide.people import MOST_NAMED, able
from phaseflow.core.decide.step import Step
from phaseflow.core.deeds import Bar, Cause, Deed, Verb
from phaseflow.core.gates import Sources, result_of, subjects_outstanding, text_of
from phaseflow.core.plan.model import CAMPAIGN, Duty, Ledger, RouteStep
from phaseflow.core.state.documents import DocumentState
from phaseflow.core.state.duties import checkers_of, records_of
from phaseflow.core.state.ledgers import ItemState
from phaseflow.core.state.polls import PollState
from phaseflow.core.state.rows import DutyState, Head, PartState, Rows, timer_instant
from phaseflow.errors import NOWHERE, Span
from phaseflow.messages.events import Days, Term
from phaseflow.spec.duties import ChecklistDuty, JudgeStep, PollDuty, Quorum
from phaseflow.spec.model import ExtensionSpec, WaiverSpec

if TYPE_CHECKING:
    from datetime import date

    from phaseflow.core.decide.outlook import Prospect


@attrs.frozen(kw_only=True)
class Found:
    """What was found for a part: deeds in order, bars, the first possible day, and unmet requirements of a gate."""

    deeds: tuple[Deed, ...] = ()
    bars: tuple[Bar, ...] = ()
    since: date | None = None
    smallest: bool = True
    requirements: tuple[Requirement, ...] = ()

    @property
    def count(self) -> int:
        return sum(deed.count for deed in self.deeds)


def merged(*parts: Found) -> Found:
    """All of it, in order: the same deed once, with the larger count; requirements belong to each gate alone."""
    deeds: dict[tuple[Verb, str, str], Deed] = {}
    for deed in (deed for part in parts for deed in part.deeds):
        key = (deed.verb, deed.name, deed.step)
        if key not in deeds or deeds[key].count < deed.count:
            deeds[key] = deed
    since = max((part.since for part in parts if part.since is not None), default=None)
    for key, deed in deeds.items():
        if since is not None and deed.since is None and deed.verb == "request":
            deeds[key] = attrs.evolve(deed, since=since)
    bars = tuple(dict.fromkeys(bar for part in parts for bar in part.bars))
    return Found(deeds=tuple(deeds.values()), bars=bars, since=since, smallest=all(part.smallest for part in parts))


def barred(cause: Cause, name: str, span: Span = NOWHERE, clause: Iterable[str] = (), **more: object) -> Found:
    """A part that is not possible any more."""
    return Found(bars=(Bar(cause=cause, name=name, span=span, clause=", ".join(filter(None, clause)), **more),))  # type: ignore[arg-type]


def best(ways: Iterable[Found]) -> Found | None:
    """The possible way with the fewest acts, else the first that is barred; None of none."""
    found = list(ways)
    open_ = [way for way in found if not way.bars]
    return min(open_, key=lambda way: (way.count, way.since is not None)) if open_ else next(iter(found), None)


def wanted(requirement: Requirement) -> Scalar | None:
    """The value that a requirement wants of its fact; None for as far as it goes."""
    want = requirement.required
    match requirement.op:
        case ">" if isinstance(want, int) and not isinstance(want, bool):
            return want + 1
        case "<" if isinstance(want, int) and not isinstance(want, bool):
            return want - 1
        case "!=" if isinstance(want, bool):
            return not want
        case "==" | ">=" | "<=" if want is not None and not isinstance(want, tuple):
            return want
        case _:
            return None


def bring(prospect: Prospect, fact: Read, value: Scalar | None, facts: Sources) -> Found:
    """What brings a fact to a value."""
    arguments = {name: str(const.value) for name, const in fact.args}
    match fact.name:
        case "outstanding":
            left = value if isinstance(value, int) else 0
            return _duty(prospect, arguments["duty"], facts, left=max(0, left), more=left > _left(facts, arguments))
        case "done_share":
            return _share(prospect, arguments["duty"], facts, _fraction(value))
        case "own_done":
            return _duty(prospect, arguments["duty"], facts, left=0, own=facts.subject, more=value is False)
        case "passed":
            return _passed(prospect, arguments["document"], arguments["step"], facts, undo=value is False)
        case "closed" | "reached":
            if value is False:
                return barred("never_undone", arguments["phase"])
            return getattr(prospect, "closed" if fact.name == "closed" else "opened")(arguments["phase"])  # type: ignore[no-any-return]
        case "items":
            return _items(prospect, arguments, facts, value)
        case "units" | "units_share":
            return _units(arguments, facts, value)
        case "poll_share":
            return _poll(prospect, arguments["poll"], facts)
        case "host":
            return Found(deeds=(Deed(verb="supply", name=arguments["fact"], step=arguments["version"]),))
        case _:
            return barred("policy_says", fact.name, fact.span)


def _fraction(value: Scalar | None) -> Fraction:
    return Fraction(value) if isinstance(value, int | Fraction) else Fraction(1)


def _left(facts: Sources, arguments: Mapping[str, str]) -> int:
    return max(1, sum(state.outstanding for state in facts.instances(arguments["duty"])))


# --- duties -----------------------------------------------------------------------------------------------------------


def _share(prospect: Prospect, name: str, facts: Sources, share: Fraction) -> Found:
    """It is enough that a share of those who owe has done it."""
    states = facts.instances(name)
    base = sum(state.owed - state.waived for state in states)
    if not states or base <= 0:
        return _duty(prospect, name, facts, left=0)
    done, outstanding = sum(state.done for state in states), sum(state.outstanding for state in states)
    need = ceil(share * base) - done
    found = _duty(prospect, name, facts, left=max(0, outstanding - need), more=need < 0)
    if need > outstanding:
        reached = Fraction(done + outstanding, base)
        return barred("share_out_of_reach", name, reached=text_of(reached), wanted=text_of(share))
    if found.bars and found.bars[0].cause in ("locked", "phase_closed"):
        bar = attrs.evolve(found.bars[0], reached=text_of(Fraction(done, base)), wanted=text_of(share))
        return attrs.evolve(found, bars=(bar,))
    return found


def _duty(prospect: Prospect, name: str, facts: Sources, *, left: int, own: str = "", more: bool = False) -> Found:
    """A duty, done until only *left* still owe it; with *own*, by this one subject."""
    rule = facts.rule(name)
    if more:
        return barred("done_already", name, rule.span, rule.clause)
    if name in prospect.under_way:
        return barred("ring", name, rule.span, rule.clause)
    prospect.under_way.add(name)
    try:
        states = facts.instances(name)
        nobody = _nobody(prospect.step, rule, states, facts)
        if nobody.bars:
            return nobody
        if not states:
            begun = _begun(prospect, rule, facts)
            if rule.spec.if_none == "met" and not nobody.deeds and _owing(rule, facts) == 0:
                return begun  # over nobody it is met as soon as it has begun
            return merged(begun, nobody, _doing(prospect, rule, None, facts, left, own))
        if nobody.deeds:
            return merged(nobody, _doing(prospect, rule, states[-1], facts, left, own))
        return _begun_already(prospect, rule, states, facts, left, own)
    finally:
        prospect.under_way.discard(name)


def _nobody(step: Step, rule: Duty, states: list[DutyState], facts: Sources) -> Found:
    """Where nobody owes a duty: a list that grows can be added to; else nobody can ever do it."""
    owing = sum(state.owed for state in states) if states else _owing(rule, facts)
    if owing > 0 or (not states and rule.spec.if_none == "met"):
        return Found()
    body = step.plan.policy.bodies.get(rule.each)  # type: ignore[call-overload]
    if body is None or body.listed != "as found":
        return barred("nobody_owes", rule.name, rule.span, rule.clause)
    roles = tuple(map(str, step.plan.policy.appoints))
    deed = Deed(verb="list_body", name=rule.each, roles=roles, people=able(step, roles), span=body.span)
    return Found(deeds=(deed,))


def _begun_already(
    prospect: Prospect, rule: Duty, states: list[DutyState], facts: Sources, left: int, own: str
) -> Found:
    step, last = prospect.step, states[-1]
    closed = _closed_on(step, facts.rows_of_duty(rule.name), last)
    under_way = rule.kind == "document" and any(
        document.version for document in _documents(facts.rows_of_duty(rule.name), last)
    )
    first = Found()
    if closed is not None and not under_way:
        first = _again(prospect, rule, closed)
    elif last.term.lock is not None and step.now >= last.term.lock:
        first = _relieved(step, rule, last)
    if first.bars:
        return first
    if first.deeds and first.deeds[-1].verb == "waive":
        return attrs.evolve(first, deeds=(attrs.evolve(first.deeds[-1], count=last.outstanding - left),))
    return merged(first, _doing(prospect, rule, None if closed and not under_way else last, facts, left, own))


def _closed_on(step: Step, rows: Rows | None, state: DutyState) -> date | None:
    """The day on which the visit of a duty was closed."""
    phase, visit = state.key.split("/")[:2]
    stay = rows.get(f"visit/{phase}/{visit}") if rows is not None else None
    return step.calendar.day_of(stay.closed) if stay is not None and stay.closed is not None else None


def _begun(prospect: Prospect, rule: Duty, facts: Sources) -> Found:
    """What must come before a duty is owed at all."""
    if rule.spec.opens == "by band":
        return barred("not_called", rule.name, rule.span, rule.clause)
    rows = facts.rows_of_duty(rule.name)
    if rows is not facts.rows or rule.phase == CAMPAIGN:
        return Found()
    head: Head = facts.head
    if rule.phase in head.visits and not any(visit.startswith(f"{rule.phase}/") for visit in head.open):
        return prospect.opened(rule.phase)
    if any(visit.startswith(f"{rule.phase}/") for visit in head.open):
        return barred("nobody_owes", rule.name, rule.span, rule.clause)
    if rule.spec.from_ is not None:  # it has a beginning of its own, before its phase or after (R40)
        known = opening.anchors(prospect.step)
        calendar = prospect.step.calendar
        day = deadlines.day_of_moment(rule.spec.from_, calendar, head.start, known, first=True)
        if day is not None and day > prospect.step.day:
            return Found(since=day)
    return prospect.opened(rule.phase)


def _again(prospect: Prospect, rule: Duty, closed: date) -> Found:
    """A duty of a closed visit is owed again by a make-up, or in a new visit; else it cannot be done any more."""
    spec = prospect.step.plan.policy.make_up
    if spec is not None and rule.kind != "poll" and (spec.of == "duties" or rule.name in spec.of):
        roles = tuple(map(str, spec.by))
        deed = Deed(
            verb="make_up", name=rule.name, roles=roles, people=able(prospect.step, roles), span=spec.span,
            clause=", ".join(spec.clause),
        )  # fmt: skip
        return Found(deeds=(deed,))
    if rule.phase in prospect.step.level.phases:
        anew = prospect.opened(rule.phase)
        if not anew.bars:
            return anew
    return barred("phase_closed", rule.name, rule.span, rule.clause, since=closed)


def _relieved(step: Step, rule: Duty, state: DutyState) -> Found:
    """Recording has ended; an extension opens it again, a waiver lets the duty go."""
    policy = step.plan.policy
    options: Mapping[Verb, ExtensionSpec | WaiverSpec | None] = {"extend": policy.extensions, "waive": policy.waivers}
    for verb, spec in options.items():
        if spec is not None and (spec.duties == "any" or rule.name in spec.duties):
            roles = tuple(map(str, spec.by))
            people = able(step, roles, rule.name)
            deed = Deed(verb=verb, name=rule.name, roles=roles, people=people, span=spec.span)
            return Found(deeds=(deed,))
    assert state.term.lock is not None
    ended = step.calendar.day_of(state.term.lock)
    return barred("locked", rule.name, rule.spec.span_of("lock"), rule.clause, since=ended)


def _doing(prospect: Prospect, rule: Duty, state: DutyState | None, facts: Sources, left: int, own: str) -> Found:
    """The acts themselves, and before them what the duty needs."""
    needs = prospect.met(rule.needs, rule.phase, own) if rule.needs is not None else Found()
    if rule.kind == "document":
        done = _written(prospect, rule, state, facts, None, own, left)
    elif rule.kind == "poll":
        done = _polled(prospect.step, rule, state, facts)
    else:
        done = Found(deeds=tuple(_acts(prospect.step, rule, state, facts, left, own)))
    return merged(attrs.evolve(needs, requirements=()), done)


VERBS: Mapping[str, Verb] = {
    "task": "complete", "bulletin": "complete", "quota": "record", "checklist": "tick", "meeting": "hold",
}  # fmt: skip
"""What is done about a duty of a kind."""


def _acts(step: Step, rule: Duty, state: DutyState | None, facts: Sources, left: int, own: str) -> Iterator[Deed]:
    names, outstanding = _subjects(rule, state, facts, own)
    part = _own_part(rule, state, facts)
    count = max(1, outstanding - left) if state is not None else max(1, _owing(rule, facts))
    amount = None
    if rule.kind == "quota":
        whole = state.amount if state is not None else rule.amount
        alone = whole is not None and rule.subjects == "run"
        amount = max(Fraction(0), (whole or Fraction(0)) - part.amount) if alone else None
    entries: tuple[str, ...] = ()
    if isinstance(rule.spec, ChecklistDuty) and rule.subjects == "run":
        entries = tuple(str(entry) for entry in rule.spec.items if str(entry) not in part.entries)
        count = max(1, len(entries))
    checked = checkers_of(step.plan, rule, state)
    if not (rule.subjects == "run" and part.reported and checked):
        yield _deed(
            step, VERBS[rule.kind], rule, state, part, subjects=entries[:MOST_NAMED] or names, count=count,
            amount=amount, unit=state.unit if state is not None else _unit(rule),
            roles=rule.by or ((rule.each,) if rule.each else ()), themselves=rule.subjects == "role" and bool(names),
        )  # fmt: skip
    if checked:
        authors = names if rule.subjects == "role" else _authors(step, rule, state, facts)
        yield _deed(step, "confirm", rule, state, part, subjects=names, count=1 if entries else count, roles=checked,
                    authors=authors)  # fmt: skip


def _authors(step: Step, rule: Duty, state: DutyState | None, facts: Sources) -> tuple[str, ...]:
    """Whose work it is, where it has been reported: they do not confirm it."""
    if state is None or facts.rows_of_duty(rule.name) is not facts.rows:
        return ()
    return tuple({person for record in records_of(step.rows, state.key, "") for person in record.by})


def _unit(rule: Duty) -> str:
    quota = getattr(rule.spec, "quota", None)
    return str(getattr(quota, "unit", "") or "")


def _subjects(rule: Duty, state: DutyState | None, facts: Sources, own: str) -> tuple[tuple[str, ...], int]:
    if own:
        return (own,), 1
    if state is None:
        return _will_owe(rule, facts), 0
    names, outstanding = subjects_outstanding(facts, rule.name)
    if state.period is not None:  # each period is owed for itself
        outstanding = sum(one.outstanding for one in facts.instances(rule.name))
    return names, outstanding


def _will_owe(rule: Duty, facts: Sources) -> tuple[str, ...]:
    """The first of those who will owe a duty that has not begun."""
    rows = facts.rows_of_duty(rule.name)
    if rows is None or rule.subjects == "run":
        return ()
    prefix = f"holder/{rule.each}/" if rule.subjects == "role" else f"body/{rule.each}/"
    return tuple(key.removeprefix(prefix) for key, _row in islice(rows.scan(prefix), MOST_NAMED))


def _owing(rule: Duty, facts: Sources) -> int:
    """How many will owe a duty that has not begun."""
    rows = facts.rows_of_duty(rule.name)
    return 1 if rule.subjects == "run" or rows is None else int(rows.get(f"count/{rule.each}") or 0)


def _own_part(rule: Duty, state: DutyState | None, facts: Sources) -> PartState:
    rows = facts.rows_of_duty(rule.name)
    found = (
        rows.get(f"part/{state.key}/") if state is not None and rows is not None and rule.subjects == "run" else None
    )
    return found or PartState()


def _deed(
    step: Step,
    verb: Verb,
    rule: Duty,
    state: DutyState | None,
    part: PartState,
    *,
    roles: tuple[str, ...],
    count: int = 1,
    subjects: tuple[str, ...] = (),
    amount: Fraction | None = None,
    unit: str = "",
    themselves: bool = False,
    authors: Iterable[str] = (),
    route: RouteStep | None = None,
    due: date | None = None,
) -> Deed:
    term: Term = (part.term or state.term) if state is not None else _planned(step, rule)
    limit = term.grace or term.due
    return Deed(
        verb=verb,
        name=rule.name,
        step=route.name if route is not None else "",
        roles=roles,
        people=subjects if themselves else able(step, roles, rule.name, authors),
        subjects=subjects,
        count=count,
        amount=amount,
        unit=unit,
        due=due or term.day,
        overdue=limit is not None and step.now >= limit,
        lock=step.calendar.day_of(term.lock) if term.lock is not None else None,
        run="" if rule.name in step.level.duties else step.head.parent,
        span=route.span if route is not None else rule.span,
        clause=", ".join((route.clause if route is not None else ()) or rule.clause),
    )


def _planned(step: Step, rule: Duty) -> Term:
    """The instants of a duty that has not begun, as far as the dates of its phase are bound."""
    phase = step.level.phases.get(rule.phase)
    every = getattr(rule.spec, "every", None)
    if phase is None or rule.name not in step.level.duties or step.head.visits.get(rule.phase) or every is not None:
        return Term()
    window: Days | None = step.get(f"window/{phase.name}")
    steps = {key: days for key in phase.steps if (days := step.get(f"window/{phase.name}/{key}")) is not None}
    bound = window or Days(first=None, last=None)
    known = opening.anchors(step)
    day = deadlines.due_day(rule, phase, 1, bound, steps, step.calendar, step.head.start, known)
    return opening.term_of(step, rule, day)


# --- documents --------------------------------------------------------------------------------------------------------


def _documents(rows: Rows | None, state: DutyState) -> list[DocumentState]:
    return [document for _key, document in rows.scan(f"document/{state.key}/")] if rows is not None else []


def _passed(prospect: Prospect, name: str, until: str, facts: Sources, undo: bool) -> Found:
    rule = facts.rule(name)
    if undo:
        return barred("done_already", name, rule.span, rule.clause)
    if name in prospect.under_way:
        return barred("ring", name, rule.span, rule.clause)
    prospect.under_way.add(name)
    try:
        states = facts.instances(name)
        if not states:
            begun = _begun(prospect, rule, facts)
            needs = prospect.met(rule.needs, rule.phase) if rule.needs is not None else Found()
            return merged(begun, needs, _written(prospect, rule, None, facts, until, "", 0))
        first, last = Found(), states[-1]
        closed = _closed_on(prospect.step, facts.rows_of_duty(name), last)
        if closed is not None and not any(one.version for one in _documents(facts.rows_of_duty(name), last)):
            first = _again(prospect, rule, closed)
        needs = prospect.met(rule.needs, rule.phase) if rule.needs is not None else Found()
        return first if first.bars else merged(first, needs, _written(prospect, rule, last, facts, until, "", 0))
    finally:
        prospect.under_way.discard(name)


def _written(
    prospect: Prospect, rule: Duty, state: DutyState | None, facts: Sources, until: str | None, own: str, left: int
) -> Found:
    """The steps that documents still have to go, up to *until* or to the last that holds them up."""
    rows = facts.rows_of_duty(rule.name)
    there = {document.subject: document for document in _documents(rows, state)} if state is not None else {}
    names, outstanding = _subjects(rule, state, facts, own)
    if rule.subjects == "run":
        subjects: tuple[str, ...] = ("",)
    else:
        subjects = names or tuple(there)
    many = 1 if rule.subjects == "run" else max(1, (outstanding or _owing(rule, facts)) - left)
    end = rule.step_named(until) if until is not None else None
    found: dict[str, Deed] = {}
    based = _based(prospect, rule, facts) if not any(one.version for one in there.values()) else Found()
    for subject in subjects or ("",):
        document = there.get(subject)
        for ahead in _ahead(rule, document, end):
            if ahead.name not in found:
                part = rows.get(f"part/{state.key}/{subject}") if state is not None and rows is not None else None
                found[ahead.name] = _step_deed(prospect.step, rule, state, part or PartState(), document, ahead)
            else:
                found[ahead.name] = attrs.evolve(found[ahead.name], count=found[ahead.name].count + 1)
    if rule.subjects != "run" and len(subjects) < many:
        found = {name: attrs.evolve(deed, count=many) for name, deed in found.items()}
    told = tuple(name for name in subjects if name)[:MOST_NAMED]
    ordered = sorted(found.values(), key=lambda deed: [step.name for step in rule.route].index(deed.step))
    return merged(based, Found(deeds=tuple(attrs.evolve(deed, subjects=told) for deed in ordered)))


def _based(prospect: Prospect, rule: Duty, facts: Sources) -> Found:
    """Documents that must be drafted before this one is."""
    parts = []
    for path in getattr(rule.spec, "based_on", ()):
        name = str(path).rsplit(".", 1)[-1]
        other = next((level.duties[name] for level in prospect.step.plan.levels.values() if name in level.duties), None)
        if other is not None and facts.read(Read("passed", _args(name, other.route[0].name))) is not True:
            parts.append(_passed(prospect, name, other.route[0].name, facts, undo=False))
    return merged(*parts)


def _args(document: str, step: str) -> tuple[tuple[str, Const], ...]:
    return (("document", Const(document)), ("step", Const(step)))


def _ahead(rule: Duty, document: DocumentState | None, end: RouteStep | None) -> Iterator[RouteStep]:
    behind = document.behind if document is not None else frozenset()
    marks = {mark for _part, mark in document.marks} if document is not None else set()
    for ahead in rule.route:
        if end is not None and ahead.index > end.index:
            return
        if isinstance(ahead.spec, JudgeStep) and ahead.spec.of is not None and str(ahead.spec.of) not in marks:
            continue  # without a marked part the step is passed over
        if ahead.name not in behind and (ahead.blocking or ahead is end):
            yield ahead


FAMILIES: Mapping[str, Verb] = {"write": "draft", "hear": "hear", "judge": "judge", "tell": "hand"}
"""What is done at a step of a route."""


def _step_deed(
    step: Step, rule: Duty, state: DutyState | None, part: PartState, document: DocumentState | None, ahead: RouteStep
) -> Deed:
    writers = rule.route[0].roles
    roles = ahead.roles if ahead.family in ("write", "judge") else (ahead.by or writers)
    authors = document.authors if document is not None and ahead.family == "judge" else ()
    timer = document.timers.get(ahead.name) if document is not None else None
    due = step.calendar.day_of(timer_instant(timer)) if timer is not None else None
    return _deed(step, FAMILIES[ahead.family], rule, state, part, roles=roles, authors=authors, route=ahead, due=due)


# --- polls ------------------------------------------------------------------------------------------------------------


def _poll(prospect: Prospect, name: str, facts: Sources) -> Found:
    """A result that is counted stands; one that is not can only be found out."""
    rule = facts.rule(name)
    counted = result_of(facts, name)
    if counted is not None:
        reached = "" if counted.suppressed else text_of(counted.share)
        return barred("result_stands", name, rule.span, rule.clause, reached=reached)
    return _duty(prospect, name, facts, left=0)


def _polled(step: Step, rule: Duty, state: DutyState | None, facts: Sources) -> Found:
    assert isinstance(rule.spec, PollDuty)
    rows = facts.rows_of_duty(rule.name)
    poll: PollState | None = rows.get(f"poll/{state.key}") if state is not None and rows is not None else None
    quorum = rule.spec.quorum
    if isinstance(quorum, Quorum) and quorum.count is not None and poll is not None and poll.status == "open":
        invited = sum(count for groups in poll.invited.values() for count in groups.values())
        if 0 < invited < quorum.count:
            return barred("quorum_out_of_reach", rule.name, rule.spec.span_of("quorum"), rule.clause,
                          reached=str(invited), wanted=str(quorum.count))  # fmt: skip
    if poll is not None and poll.question:
        question = step.get(f"question/{poll.question}")
        if question is not None and question.answered is None:
            roles = (question.role,) if question.role else rule.by
            return Found(deeds=(_deed(step, "answer", rule, state, PartState(), roles=roles),))
    due = step.calendar.day_of(poll.closes) if poll is not None and poll.closes is not None else None
    stage: Literal["", "open"] = "open" if poll is not None and poll.status == "open" else ""
    deed = _deed(step, "run_poll", rule, state, PartState(), roles=rule.by, due=due)
    return Found(deeds=(attrs.evolve(deed, step=stage),))


def led_to(rule: Duty) -> frozenset[str]:
    """Everything that a band of a poll leads to; nothing for another duty."""
    if not isinstance(rule.spec, PollDuty):
        return frozenset()
    found: set[str] = set()
    for bands in (rule.spec.bands, *(edge.bands for edge in rule.spec.edges.values())):
        for band in (*bands.exclusive, *bands.cumulative) if bands is not None else ():
            found |= {*map(str, band.go), *([str(band.otherwise)] if band.otherwise is not None else [])}
    return frozenset(found)


# --- ledgers ----------------------------------------------------------------------------------------------------------


def _items(prospect: Prospect, arguments: Mapping[str, str], facts: Sources, value: Scalar | None) -> Found:
    own = arguments["ledger"] in facts.level.ledgers
    level = facts.level if own or facts.plan.programme is None else facts.plan.programme
    ledger = level.ledgers[arguments["ledger"]]
    rows = facts.rows if own else facts.up
    now = facts.read(Read("items", tuple((name, Const(value)) for name, value in arguments.items())))
    wish = value if isinstance(value, int) and not isinstance(value, bool) else 0
    have = now if isinstance(now, int) else 0
    state = arguments.get("state", "open")
    if wish < have and state != "open":
        return barred("never_undone", ledger.name, ledger.span, ledger.clause)
    if wish > have and state != "closed":
        deed = _opening(prospect.step, ledger, wish - have)
        return Found(deeds=(deed if own else attrs.evolve(deed, run=facts.head.parent),))
    if rows is None:
        return barred("never_undone", ledger.name, ledger.span, ledger.clause)
    kind = arguments.get("kind")
    standing = [
        (f"{ledger.name}/{int(key.rsplit('/', 1)[1])}", item)
        for key, item in rows.scan(f"item/{ledger.name}/")
        if isinstance(item, ItemState) and item.counts_as == "open" and (kind is None or item.kind == kind)
    ]
    need = have - wish if state == "open" else wish - have
    standing.sort(key=lambda one: one[1].status != "settled")  # what only waits to be verified is the shorter way
    missing = max(0, need - len(standing))
    first = (_opening(prospect.step, ledger, missing),) if missing else ()
    deeds = (*first, *_settling(prospect.step, ledger, standing[:need], missing))
    return Found(deeds=deeds if own else tuple(attrs.evolve(deed, run=facts.head.parent) for deed in deeds))


def _opening(step: Step, ledger: Ledger, count: int) -> Deed:
    roles = tuple(map(str, ledger.spec.opened_by))
    people = able(step, roles, ledger.name)
    return Deed(verb="open_item", name=ledger.name, roles=roles, people=people, count=count, span=ledger.span,
                clause=", ".join(ledger.clause))  # fmt: skip


def _settling(step: Step, ledger: Ledger, standing: list[tuple[str, ItemState]], new: int) -> Iterator[Deed]:
    close, clause = ledger.spec.close, ", ".join(ledger.clause)
    left = [(name, item) for name, item in standing if item.status != "settled"]
    by = tuple(str(role) for role in close.by if str(role) != "owner")
    if ledger.spec.published and (hidden := [name for name, item in left if item.published is None]):
        yield Deed(verb="publish_item", name=ledger.name, roles=by, people=able(step, by), count=len(hidden),
                   subjects=tuple(hidden[:MOST_NAMED]), span=ledger.span, clause=clause)  # fmt: skip
    if left or new:
        owners = tuple(dict.fromkeys(owner for _name, item in left for owner in item.owners))
        named = owners if "owner" in map(str, close.by) else able(step, by, ledger.name)
        days = [item.term.day for _name, item in left if item.term.day is not None]
        yield Deed(
            verb="settle", name=ledger.name, roles=by, people=named[:MOST_NAMED], count=len(left) + new,
            subjects=tuple(name for name, _item in left[:MOST_NAMED]), due=min(days, default=None),
            overdue=any(item.term.due is not None and step.now >= item.term.due for _name, item in left),
            span=close.span, clause=clause,
        )  # fmt: skip
    verify = str(close.verify)
    if verify == "none":
        return
    asks = str(close.asks) if verify == "unstated" else verify
    authors = {person for _name, item in standing for person in (*item.owners, item.settled_by) if person}
    yield Deed(
        verb="verify", name=ledger.name, roles=(asks,), people=able(step, (asks,), ledger.name, authors),
        count=len(standing) + new, subjects=tuple(name for name, _item in standing[:MOST_NAMED]),
        span=close.span_of("verify"), clause=clause,
    )  # fmt: skip


# --- units ------------------------------------------------------------------------------------------------------------


def _units(arguments: Mapping[str, str], facts: Sources, value: Scalar | None) -> Found:
    """So many more units must get somewhere; which of them is theirs to settle."""
    where: str = next((word for word in ("reached", "closed") if word in arguments), "concluded")
    name = arguments.get(where, "any")
    heads = [fact.head for fact in facts.units()] if facts.units is not None else []
    heads = [head for head in heads if not head.withdrawn and head.status != "cancelled"]
    missing = [head.unit for head in heads if not _got_there(head, where, name)]
    hit = len(heads) - len(missing)
    if isinstance(value, Fraction) or value is None:
        need = ceil(_fraction(value) * max(1, len(heads))) - hit
    else:
        need = int(value) - hit
    if need < 0:
        return barred("never_undone", name)
    new = max(0, need - len(missing))
    start = (Deed(verb="start_units", name=facts.head.run, count=new),) if new else ()
    there = Deed(verb="get_there", name=name, step=where, count=need, subjects=tuple(missing[:MOST_NAMED]))
    return Found(deeds=(*start, there))


def _got_there(head: Head, where: str, name: str) -> bool:
    match where:
        case "reached":
            return head.visits.get(name, 0) > 0
        case "closed":
            return name in head.closed
        case _:
            return head.status in ("concluded", "archived") and name in ("any", head.outcome)
