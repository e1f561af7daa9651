"""Events of duties: opened, dated, due, done, undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction

import attrs

from phaseflow.messages.commands.base import EMPTY, Evidence
from phaseflow.messages.events.base import Days, Event, Rung, Term


@attrs.frozen(kw_only=True)
class DutyOpened(Event):
    """A duty is owed by *owed* subjects. *amount* is what each owes (None: nothing to count)."""

    key: str
    name: str
    owed: int
    term: Term
    amount: Fraction | None = None
    unit: str = ""
    period: Days | None = None
    makes_up: str = ""


@attrs.frozen(kw_only=True)
class DutyScheduled(Event):
    """A duty may be begun at an instant before its phase opens (R40)."""

    name: str
    opens: datetime


@attrs.frozen(kw_only=True)
class DutyMayBegin(Event):
    """The instant came from which a duty may be begun."""

    name: str


@attrs.frozen(kw_only=True)
class DutyDated(Event):
    """The event that a duty's due day hangs on has happened."""

    key: str
    term: Term


@attrs.frozen(kw_only=True)
class DutyOwedBy(Event):
    """The number of those who owe a duty changed, because somebody joined or left or a body was listed.

    *amount* is what the subject owes now, where that is not what everybody owes: 0 for nothing; of a duty without an
    amount, 1 says that it is owed.
    """

    key: str
    owed: int
    subject: str
    amount: Fraction | None = None


@attrs.frozen(kw_only=True)
class DutyReminded(Event):
    """A rung of a duty's ladder: so many still owe it."""

    key: str
    rung: Rung
    outstanding: int
    subject: str = ""


@attrs.frozen(kw_only=True)
class DutyFellDue(Event):
    """The due instant passed and so many still owed it. *born*: it was past when the duty was opened (R9)."""

    key: str
    outstanding: int
    subject: str = ""
    born: bool = False


@attrs.frozen(kw_only=True)
class DutyLocked(Event):
    """Recording ended for those who had not done it."""

    key: str
    outstanding: int
    subject: str = ""


@attrs.frozen(kw_only=True)
class OverdueRescinded(Event):
    """A late record shows that a subject was in time after all; *of* is the event that said otherwise (R2)."""

    key: str
    subject: str
    of: int


@attrs.frozen(kw_only=True)
class AmountRecorded(Event):
    """An amount towards a quota; *pair* is whom the subject was paired with, where the quota pairs two populations."""

    key: str
    subject: str
    amount: Fraction
    evidence: tuple[Evidence, ...] = ()
    pair: str = ""


@attrs.frozen(kw_only=True)
class EntryChecked(Event):
    """An entry of a checklist was ticked."""

    key: str
    subject: str
    entry: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class TaskReported(Event):
    """A task was reported done."""

    key: str
    subject: str
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class MeetingHeld(Event):
    """A meeting was held; *counts* are those present who were not named, by role, *subject* whose meeting it is."""

    key: str
    attendance: Mapping[str, str] = EMPTY
    counts: Mapping[str, int] = EMPTY
    evidence: tuple[Evidence, ...] = ()
    subject: str = ""


@attrs.frozen(kw_only=True)
class DutyConfirmed(Event):
    """Whoever checks has confirmed what a subject did."""

    key: str
    subject: str


@attrs.frozen(kw_only=True)
class DutyFoundPoor(Event):
    """Whoever checks found it poor; the subject owes it again."""

    key: str
    subject: str
    reason: str


@attrs.frozen(kw_only=True)
class DutyDone(Event):
    """A subject has done a duty. *in_time*: by its due day and grace, judged on when it happened.

    None where only a stretch is known, and the due instant lies within it.
    """

    key: str
    subject: str
    in_time: bool | None
    rest: int


@attrs.frozen(kw_only=True)
class DutyUndone(Event):
    """A correction took a subject below what it owes."""

    key: str
    subject: str
    rest: int


@attrs.frozen(kw_only=True)
class ActionAdded(Event):
    """A unit took on an action of its own."""

    key: str
    title: str


@attrs.frozen(kw_only=True)
class MakeUpOrdered(Event):
    """Duties were judged one by one; those missing or poor are owed again, each as a new duty."""

    judged: Mapping[str, str]
    orders: Mapping[str, str]
