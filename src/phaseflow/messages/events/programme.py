"""Events of corrections, units, successions, and of what one run asks of another."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import attrs

from phaseflow.messages.commands.base import EMPTY
from phaseflow.messages.events.base import Event


@attrs.frozen(kw_only=True)
class EventVoided(Event):
    """What event *seq* recorded no longer counts.

    *short*: what is left is less than what is owed, so that it must be reported (and checked) anew. *edge* is what has
    then not happened after all (``held``).
    """

    seq: int
    reason: str
    key: str
    subject: str
    amount: Fraction | None = None
    entry: str = ""
    short: bool = True
    edge: str = ""
    pair: str = ""


@attrs.frozen(kw_only=True)
class UnitEnrolled(Event):
    """A unit's run belongs to this programme."""

    unit: str
    run: str


@attrs.frozen(kw_only=True)
class UnitWithdrawn(Event):
    """A unit no longer belongs to this programme."""

    unit: str
    reason: str
    into: tuple[str, ...] = ()
    run: str = ""
    carry: Mapping[str, tuple[str, ...]] = EMPTY


@attrs.frozen(kw_only=True)
class WithdrawnFromProgramme(Event):
    """This unit's run no longer belongs to its programme."""

    reason: str
    into: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class HandedOver(Event):
    """The run *to* goes on with these items, waivers and persons, and with the debt of a redo (*outcome*, *carry*)."""

    to: str
    items: tuple[str, ...] = ()
    waivers: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    outcome: str = ""
    carry: str = ""


@attrs.frozen(kw_only=True)
class TookOver(Event):
    """This run goes on with what entry *seq* of the run *source* handed over; the events that follow say with what."""

    source: str
    seq: int


@attrs.frozen(kw_only=True)
class UnitsObliged(Event):
    """What the programme decided obliges these units to *go* somewhere: one event for all of them (R13, R26).

    *key*, *edge* and *band* say which result of which poll leads there.
    """

    go: tuple[str, ...]
    units: tuple[str, ...]
    key: str = ""
    edge: str = ""
    band: str = ""


@attrs.frozen(kw_only=True)
class Obliged(Event):
    """This unit follows what entry *seq* of the programme's run says of it."""

    programme: str
    seq: int
    go: tuple[str, ...]
    key: str = ""
    edge: str = ""
    band: str = ""


@attrs.frozen(kw_only=True)
class ConsequenceRefused(Event):
    """A unit's run refused what entry *seq* obliges it to; *question* is where a person is asked about it."""

    seq: int
    unit: str
    reasons: tuple[str, ...]
    question: str
