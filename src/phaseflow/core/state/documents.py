"""How events about documents change the rows: where each document waits, its versions, opinions and marks.

Rows: ``document/<key>/<subject>`` (the subject is empty where the run owes the document), ``version/…/<number>``,
``opinion/…/<number>``, the counters ``passed/<key>/<step>`` that conditions read, and ``happened/<name>/<edge>``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from phaseflow.core.plan.model import Plan
from phaseflow.core.state.duties import duty_of
from phaseflow.core.state.renewing import renew
from phaseflow.core.state.rows import Draft, Rows, Timer, timer_key
from phaseflow.messages import events as e
from phaseflow.messages.commands import EMPTY
from phaseflow.messages.events import Entry

DUE = "document_due"
"""The kind of the timer of a step with a time limit; the step's name ends the timer's key, after a ``#``."""


@attrs.frozen(kw_only=True)
class DocumentState:
    """A document on its route.

    *step* is the blocking step at which it waits, empty once the route is walked; *open* are steps that hold nothing
    up and are still to be done. *passed* gives for every step the version on which it was passed, *skipped* the reason.
    *authors* are those by whom (and for whom) the version at hand was written. *unanswered* are the opinions that must
    be answered and are not; *since* is, for every step reached, the number of the first opinion of its present round.
    *marks* are (part, mark), *timers* the keys of running time limits by step.
    """

    key: str
    subject: str
    step: str
    version: int = 0
    digest: str = ""
    authors: tuple[str, ...] = ()
    passed: Mapping[str, int] = EMPTY
    skipped: Mapping[str, str] = EMPTY
    open: tuple[str, ...] = ()
    opinions: int = 0
    unanswered: tuple[int, ...] = ()
    since: Mapping[str, int] = EMPTY
    marks: tuple[tuple[str, str], ...] = ()
    timers: Mapping[str, str] = EMPTY

    @property
    def behind(self) -> frozenset[str]:
        """The steps that the document has behind it, done or passed over."""
        return frozenset(self.passed) | frozenset(self.skipped)

    def waits_at(self, step: str) -> bool:
        """Whether the step may be done now."""
        return step == self.step or step in self.open


@attrs.frozen(kw_only=True)
class VersionState:
    """One version of a document."""

    number: int
    step: str
    digest: str
    ref: str
    author: str
    at: datetime


@attrs.frozen(kw_only=True)
class OpinionState:
    """One opinion on a version, and its answer once there is one."""

    number: int
    step: str
    version: int
    group: str
    by: str
    ref: str
    recorded: bool = False
    absorbed: bool | None = None
    reason: str = ""


def document_of(rows: Rows, key: str, subject: str, first: str) -> DocumentState:
    """The row of a document; before its first version, one that waits at the *first* step."""
    state: DocumentState | None = rows.get(f"document/{key}/{subject}")
    return state or DocumentState(key=key, subject=subject, step=first)


def opinions_of(rows: Rows, state: DocumentState) -> list[OpinionState]:
    """All opinions on a document, in their order."""
    return [row for _key, row in rows.scan(f"opinion/{state.key}/{state.subject}/")]


def _of(rows: Draft, event: Any) -> DocumentState:
    return document_of(rows, event.key, event.subject, event.step)


def _put(rows: Draft, state: DocumentState) -> None:
    rows.put(f"document/{state.key}/{state.subject}", state)


def _count(rows: Draft, key: str, step: str, by: int) -> None:
    name = f"passed/{key}/{step}"
    rows.put(name, (rows.get(name) or 0) + by)


def _without(mapping: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    gone = set(names)
    return {name: value for name, value in mapping.items() if name not in gone}


def _unset(rows: Draft, state: DocumentState, steps: Iterable[str]) -> DocumentState:
    """The document with these steps to be gone through again."""
    steps = tuple(steps)
    for name in steps:
        if name in state.behind:
            _count(rows, state.key, name, -1)
        if name in state.timers:
            rows.drop(state.timers[name])
    return renew(
        state, passed=_without(state.passed, steps), skipped=_without(state.skipped, steps),
        open=tuple(name for name in state.open if name not in steps), timers=_without(state.timers, steps),
        since=_without(state.since, steps),
    )  # fmt: skip


def _pass(rows: Draft, state: DocumentState, step: str, version: int) -> DocumentState:
    if step not in state.behind:
        _count(rows, state.key, step, 1)
    if step in state.timers:
        rows.drop(state.timers[step])
    return renew(
        state, passed={**state.passed, step: version}, skipped=_without(state.skipped, (step,)),
        open=tuple(name for name in state.open if name != step), timers=_without(state.timers, (step,)),
    )  # fmt: skip


def _happened(plan: Plan, rows: Draft, entry: Entry, key: str, edge: str) -> None:
    if edge:
        rows.put(f"happened/{duty_of(rows, key).name}/{edge}", plan.calendar.day_of(entry.at))


def version_drafted(_plan: Plan, rows: Draft, entry: Entry, event: e.VersionDrafted) -> None:
    state = _unset(rows, _of(rows, event), event.again)
    authors = tuple(dict.fromkeys(name for name in (entry.on_behalf_of, entry.actor) if name))
    rows.put(f"version/{event.key}/{event.subject}/{event.version:04d}", VersionState(
        number=event.version, step=event.step, digest=event.digest, ref=event.ref, author=authors[0], at=entry.at,
    ))  # fmt: skip
    state = renew(state, version=event.version, digest=event.digest, authors=authors)
    _put(rows, _pass(rows, state, event.step, event.version))


def move_due(rows: Draft, row: str, step: str, due: datetime) -> None:
    """A halted clock goes on: a step has so much longer. *row* is the key of the document's row."""
    state: DocumentState = rows.get(row)
    rows.drop(state.timers[step])
    timer = timer_key(due, "due", f"{row}#{step}")
    rows.put(timer, Timer(kind=DUE, key=state.key, subject=state.subject))
    rows.put(row, renew(state, timers={**state.timers, step: timer}))


def document_reached(_plan: Plan, rows: Draft, _entry: Entry, event: e.DocumentReached) -> None:
    state = _of(rows, event)
    for name in event.skipped:
        _count(rows, event.key, name, 1)
    timers = dict(state.timers)
    for name, due in event.due.items():
        timers[name] = timer_key(due, "due", f"document/{event.key}/{event.subject}#{name}")
        rows.put(timers[name], Timer(kind=DUE, key=event.key, subject=event.subject))
    reached = [name for name in (event.step, *event.open) if name and name not in state.since]
    _put(rows, renew(
        state, step=event.step, skipped={**state.skipped, **event.skipped}, open=(*state.open, *event.open),
        timers=timers, since={**state.since, **dict.fromkeys(reached, state.opinions + 1)},
    ))  # fmt: skip


def part_marked(_plan: Plan, rows: Draft, _entry: Entry, event: e.PartMarked) -> None:
    state: DocumentState = rows.get(f"document/{event.key}/{event.subject}")
    _put(rows, _unset(rows, renew(state, marks=(*state.marks, (event.part, event.mark))), event.void))


def opinion_given(_plan: Plan, rows: Draft, entry: Entry, event: e.OpinionGiven) -> None:
    state = _of(rows, event)
    rows.put(f"opinion/{event.key}/{event.subject}/{event.number:04d}", OpinionState(
        number=event.number, step=event.step, version=event.version, group=event.group,
        by=entry.on_behalf_of or entry.actor, ref=event.ref, recorded=event.recorded,
    ))  # fmt: skip
    owed = (event.number,) if event.to_answer else ()
    _put(rows, renew(state, opinions=event.number, unanswered=(*state.unanswered, *owed)))


def opinion_answered(_plan: Plan, rows: Draft, _entry: Entry, event: e.OpinionAnswered) -> None:
    name = f"opinion/{event.key}/{event.subject}/{event.number:04d}"
    rows.put(name, renew(rows.get(name), absorbed=event.absorbed, reason=event.reason))
    state: DocumentState = rows.get(f"document/{event.key}/{event.subject}")
    _put(rows, renew(state, unanswered=tuple(n for n in state.unanswered if n != event.number)))


def step_passed(plan: Plan, rows: Draft, entry: Entry, event: e.StepPassed) -> None:
    _put(rows, _pass(rows, _of(rows, event), event.step, event.version))
    _happened(plan, rows, entry, event.key, event.edge)


def document_returned(plan: Plan, rows: Draft, entry: Entry, event: e.DocumentReturned) -> None:
    _put(rows, _unset(rows, _of(rows, event), event.void))
    _happened(plan, rows, entry, event.key, "returned")


def step_fell_due(_plan: Plan, rows: Draft, _entry: Entry, event: e.StepFellDue) -> None:
    state = _of(rows, event)
    _put(rows, renew(state, timers=_without(state.timers, (event.step,))))


APPLIERS: Mapping[type[e.Event], Callable[[Plan, Draft, Entry, Any], None]] = {
    e.VersionDrafted: version_drafted,
    e.DocumentReached: document_reached,
    e.PartMarked: part_marked,
    e.OpinionGiven: opinion_given,
    e.OpinionAnswered: opinion_answered,
    e.StepPassed: step_passed,
    e.DocumentReturned: document_returned,
    e.StepFellDue: step_fell_due,
}
