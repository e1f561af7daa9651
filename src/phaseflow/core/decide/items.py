"""What an item of a ledger must say, and by when it is due. Which act does what to it stands in `ledgers`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from phaseflow.core import deadlines
from phaseflow.core.decide.people import known
from phaseflow.core.decide.step import Step
from phaseflow.core.plan.model import Ledger
from phaseflow.errors import Problem, Span, did_you_mean
from phaseflow.messages.events import Rung, Term
from phaseflow.spec.model import ItemClass

OWNER = "owner"
"""In `close.by`: the item's own owner."""


def item_term(step: Step, spec: ItemClass, opened: datetime, due: date | None) -> Term:
    """The instants of an item: of its class's clock and of its own last day the earlier one."""
    if spec.within != "none" and spec.within.unit == "hour":
        instant = step.calendar.shift_instant(opened, spec.within, 1)
        if due is None or instant < step.calendar.shuts(due):
            return _hourly(step, spec, instant, opened)
    days = [due] if due is not None else []
    if spec.within != "none" and spec.within.unit != "hour":
        first = step.calendar.day_of(opened)
        days.append(step.calendar.window(first, spec.within).last if spec.within.count else first)
    remind, overdue = spec.remind, {str(role): after for role, after in spec.overdue.items()}
    return deadlines.term(min(days, default=None), step.calendar, opened, remind=remind, overdue=overdue)


def _hourly(step: Step, spec: ItemClass, due: datetime, opened: datetime) -> Term:
    """A clock in hours runs out at an instant, not at the end of a day."""
    calendar = step.calendar
    rungs = [Rung(deadlines.instant_after(due, before, calendar, -1), "remind") for before in spec.remind]
    rungs += [
        Rung(deadlines.instant_after(due, after, calendar), "escalate", str(role))
        for role, after in spec.overdue.items()
    ]
    return Term(day=calendar.day_of(due), due=due, ladder=deadlines.ladder(rungs, opened))


def faults(
    step: Step, ledger: Ledger, kind: str, fields: Mapping[str, str], owners: tuple[str, ...],
    due: date | None, axes: Mapping[str, str]
) -> Iterator[Problem]:  # fmt: skip
    """Everything that is wrong with what an item says."""
    spec = ledger.spec

    def no(code: str, what: str, span: Span, why: str, fix: str) -> Problem:
        return Problem(code=code, what=what, span=span, why=why, fix=fix, clause=", ".join(ledger.clause))

    given = {**fields, **({"owner": owners[0]} if owners[0] else {}), **({"due": due.isoformat()} if due else {})}
    for name in map(str, spec.required):
        if not str(given.get(name, "")).strip():
            yield no("PF504", f"the item does not say its '{name}'", spec.span_of("required"),
                     "the policy lists what every item of this ledger says", f"fill in '{name}'")  # fmt: skip
    if kind not in ledger.classes:
        yield no("PF505", f"'{ledger.name}' has no class '{kind}'", spec.span_of("classes"),
                 "every item is in a class of its ledger",
                 did_you_mean(kind, map(str, spec.classes)) or "leave the class out: this ledger has none")  # fmt: skip
    for axis, value in axes.items():
        allowed = spec.axes.get(axis)  # type: ignore[call-overload]
        if allowed is None:
            yield no("PF506", f"'{ledger.name}' has no axis '{axis}'", spec.span_of("axes"),
                     "the axes stand in the policy",
                     did_you_mean(axis, map(str, spec.axes)) or "leave it out")  # fmt: skip
        elif value not in allowed:
            yield no("PF507", f"'{value}' is no value of '{axis}'", spec.span_of("axes"),
                     "the values of an axis stand in the policy", did_you_mean(value, map(str, allowed)))  # fmt: skip
    for owner in owners if OWNER in spec.close.by else ():
        if known(step, owner):
            continue
        yield no("PF508", f"the owner '{owner}' is on no roster", spec.close.span_of("by"),
                 "the owner reports the item as settled, so it is somebody who takes part",
                 "name a person of the roster")  # fmt: skip
