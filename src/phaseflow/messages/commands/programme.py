"""Answers, corrections, and commands about units and other runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import attrs

from phaseflow.messages.commands.base import EMPTY, Command, Person


@attrs.frozen(kw_only=True)
class Answer(Command):
    """Answer a question that the run put to a role because its policy is silent or a fact is in doubt."""

    question: str
    verdict: str
    reason: str


@attrs.frozen(kw_only=True)
class Void(Command):
    """Take back what one event recorded. *event* is looked up by the engine."""

    seq: int
    reason: str
    event: Any = None


@attrs.frozen(kw_only=True)
class Correct(Command):
    """Record anew what one event recorded wrongly: another amount, another day. *event* is looked up by the engine."""

    seq: int
    reason: str
    amount: Fraction | None = None
    happened: datetime | None = None
    event: Any = None


@attrs.frozen(kw_only=True)
class EnrolUnit(Command):
    """Enter a unit's run in its programme."""

    unit: str
    run: str


@attrs.frozen(kw_only=True)
class WithdrawUnit(Command):
    """Take a unit out of its programme; *into* names the runs that go on with it after a merger or a split."""

    unit: str
    reason: str
    into: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MergeUnits(Command):
    """Let units go on in another one; *carry* holds those of open_items, debts, waivers and holders that go along."""

    units: tuple[str, ...]
    into: str
    reason: str
    carry: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SplitUnit(Command):
    """Let a unit go on in several others; *into* says for each what goes along, items one by one if wanted."""

    unit: str
    into: Mapping[str, tuple[str, ...]]
    reason: str


@attrs.frozen(kw_only=True)
class LeaveProgramme(Command):
    """Note in a unit's run that the unit was taken out of its programme; sent by the programme (R13).

    *into* names the runs that go on with the unit, *carry* what each of them takes along.
    """

    reason: str
    into: tuple[str, ...] = ()
    carry: Mapping[str, tuple[str, ...]] = EMPTY


@attrs.frozen(kw_only=True)
class CarriedItem:
    """An open item on its way from one run to another; it keeps its clock, its attempts and who reported it."""

    item: str
    kind: str
    fields: Mapping[str, str]
    owner: str
    opened: datetime
    joint: tuple[str, ...] = ()
    axes: Mapping[str, str] = EMPTY
    due: date | None = None
    attempt: int = 0
    published: datetime | None = None
    settled_by: str = ""


@attrs.frozen(kw_only=True)
class CarriedWaiver:
    """A waiver in force on its way from one run to another; *duty* is the duty's name."""

    duty: str
    subject: str
    grounds: str
    expires: datetime | None = None


@attrs.frozen(kw_only=True)
class TakeOver(Command):
    """Go on with what another run hands over; sent by the engine with the entry *seq* of that run."""

    source: str
    seq: int
    items: tuple[CarriedItem, ...] = ()
    waivers: tuple[CarriedWaiver, ...] = ()
    persons: tuple[Person, ...] = ()
    outcome: str = ""
    carry: str = ""


@attrs.frozen(kw_only=True)
class Oblige(Command):
    """Follow in a unit's run what its programme decided: entry *seq* of the run *programme* says so (R13).

    *go* are transitions, outcomes and duties of the unit; *band* is the range of the result that leads to them, *key*
    and *edge* name the poll.
    """

    programme: str
    seq: int
    go: tuple[str, ...]
    key: str = ""
    edge: str = ""
    band: str = ""


@attrs.frozen(kw_only=True)
class NoteRefusal(Command):
    """Note in the programme's run that a unit's run refused what entry *seq* obliges it to, and why (R13)."""

    seq: int
    unit: str
    reasons: tuple[str, ...]


@attrs.frozen(kw_only=True)
class RedeemRedo(Command):
    """Note that the owed run of the next batch has been started."""

    run: str
