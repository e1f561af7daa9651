"""Events of the run as a whole: its start, halts, ends, and amendments of its plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Literal

import attrs

from phaseflow.messages.commands.base import EMPTY
from phaseflow.messages.events.base import Days, Event, Rung, Term


@attrs.frozen(kw_only=True)
class RunStarted(Event):
    """A run began under a plan; every dated window of the plan is bound here once and for all."""

    run: str
    campaign: str
    plan: str
    level: str
    unit: str
    start: date
    parent: str = ""
    batch: int | None = None
    redeems: str = ""
    kind: str = ""
    windows: Mapping[str, Days] = EMPTY
    bodies: Mapping[str, int] = EMPTY


@attrs.frozen(kw_only=True)
class PhaseAssumed(Event):
    """An earlier phase is taken for granted because its own record is missing; conditions do not know its facts."""

    phase: str
    basis: str


@attrs.frozen(kw_only=True)
class RunSuspended(Event):
    """The run was halted."""

    reason: str


@attrs.frozen(kw_only=True)
class VisitDates:
    """The dates of an open visit of a phase, moved as a whole; the fields are those of `PhaseOpened`."""

    window: Days
    ends: datetime | None = None
    ladder: tuple[Rung, ...] = ()
    steps: Mapping[str, Days] = EMPTY
    begins: Mapping[str, tuple[datetime, datetime]] = EMPTY


@attrs.frozen(kw_only=True)
class RunResumed(Event):
    """The run goes on. Where its clock had stopped, what was still ahead has new dates, by the key of its row.

    *moved* are the terms of duties (``duty/…``), of single subjects (``part/…``) and of items (``item/…``); *windows*
    the bound windows (``window/…``) and the periods of quotas (``duty/…``); *visits* the open visits (``visit/…``);
    *closes* the ends of polls (``poll/…``) and of steps of documents (``document/…#step``).
    """

    moved: Mapping[str, Term] = EMPTY
    windows: Mapping[str, Days] = EMPTY
    visits: Mapping[str, VisitDates] = EMPTY
    closes: Mapping[str, datetime] = EMPTY


@attrs.frozen(kw_only=True)
class AmendmentAdopted(Event):
    """Another plan will bind this run: from an instant on, or (None) when its next phase opens."""

    plan: str
    takes_effect: datetime | None


@attrs.frozen(kw_only=True)
class AmendmentGivenUp(Event):
    """An adopted plan could not take effect when its time came, for these reasons; the run goes on under its own."""

    plan: str
    reasons: tuple[str, ...]


@attrs.frozen(kw_only=True)
class PlanAmended(Event):
    """From here on the run goes by another plan; every date and amount that it moves is listed (R21).

    *windows* are bound windows (``window/…``), *visits* the open visits (``visit/…``), *moved* the terms and *amounts*
    the quotas of what is owed (``duty/…``). What was judged stays judged. *returns* is the plan that the run goes back
    to once this one ends: at *ends*, or (None) when what ends it happens.
    """

    plan: str
    previous: str
    binds: Literal["at_once", "favourable"]
    since: date
    windows: Mapping[str, Days] = EMPTY
    visits: Mapping[str, VisitDates] = EMPTY
    moved: Mapping[str, Term] = EMPTY
    amounts: Mapping[str, Fraction] = EMPTY
    returns: str = ""
    ends: datetime | None = None


@attrs.frozen(kw_only=True)
class CalendarAmended(PlanAmended):
    """The same policy on a calendar that is known further: dates that were provisional are settled (R18)."""


@attrs.frozen(kw_only=True)
class DutyDropped(Event):
    """An amendment asks for this no more; nobody has done it, and nobody owes it."""

    key: str


@attrs.frozen(kw_only=True)
class DutyCarried(Event):
    """An amendment calls a duty by another name: what was recorded for it counts *into* the new one."""

    key: str
    into: str


@attrs.frozen(kw_only=True)
class RolesChanged(Event):
    """An amendment changed what somebody's roles bring with them."""

    person: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]


@attrs.frozen(kw_only=True)
class RunCancelled(Event):
    """The run ended without an outcome."""

    reason: str


@attrs.frozen(kw_only=True)
class RunConcluded(Event):
    """The run reached an outcome; what survives goes on until the run is archived."""

    outcome: str
    open_items: int = 0


@attrs.frozen(kw_only=True)
class RunReopened(Event):
    """The conclusion recorded by event *supersedes* no longer holds."""

    supersedes: int
    spawned: str
    reason: str


@attrs.frozen(kw_only=True)
class RunArchived(Event):
    """Nothing is open any more and the run is put away."""


@attrs.frozen(kw_only=True)
class RedoOwed(Event):
    """A run in the next batch is owed for this unit."""

    outcome: str
    carry: str


@attrs.frozen(kw_only=True)
class RedoRedeemed(Event):
    """The owed run was started."""

    run: str
