"""Commands about duties."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

import attrs

from phaseflow.messages.commands.base import EMPTY, Command, Evidence


@attrs.frozen(kw_only=True)
class Record(Command):
    """Record an amount towards a quota. *subject* is for whom; the actor where it is left out.

    *pair* is whom the subject is paired with, where the quota pairs two populations.
    """

    duty: str
    amount: Fraction
    unit: str
    subject: str = ""
    pair: str = ""
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class Complete(Command):
    """Say that a task, a bulletin or an action of one's own is done."""

    duty: str
    subject: str = ""
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class CheckOff(Command):
    """Tick one entry of a checklist."""

    duty: str
    entry: str
    subject: str = ""
    evidence: tuple[Evidence, ...] = ()


@attrs.frozen(kw_only=True)
class HoldMeeting(Command):
    """Say that a meeting was held, and who was there: person id to ``present``, ``excused`` or ``absent``.

    *counts* are those present who are not named, by role; *subject* is the body or the holder whose meeting it is,
    where each has its own.
    """

    duty: str
    attendance: Mapping[str, Literal["present", "excused", "absent"]] = EMPTY
    counts: Mapping[str, int] = EMPTY
    evidence: tuple[Evidence, ...] = ()
    subject: str = ""


@attrs.frozen(kw_only=True)
class Confirm(Command):
    """Confirm, or find poor, what a subject did; only where the policy names who checks."""

    duty: str
    subject: str
    good: bool
    reason: str = ""


@attrs.frozen(kw_only=True)
class AddAction(Command):
    """Add an action of one's own to an open phase; no gate counts it."""

    phase: str
    name: str
    title: str


@attrs.frozen(kw_only=True)
class OrderMakeUp(Command):
    """Judge duties item by item: duty name to ``missing``, ``poor`` or ``present``; the first two are owed again."""

    judged: Mapping[str, Literal["present", "missing", "poor"]]
