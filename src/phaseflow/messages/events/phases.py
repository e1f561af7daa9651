"""Events of phases, steps and moves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import attrs

from phaseflow.messages.commands.base import EMPTY
from phaseflow.messages.events.base import Days, Event, Reading, Rung


@attrs.frozen(kw_only=True)
class PhaseScheduled(Event):
    """The phase is to open at an instant, if its entry condition holds then."""

    phase: str
    opens: datetime


@attrs.frozen(kw_only=True)
class PhaseDue(Event):
    """The instant came at which the phase was to open."""

    phase: str


@attrs.frozen(kw_only=True)
class PhaseOpened(Event):
    """A visit of a phase began. *ends* is the instant at which its window ends."""

    phase: str
    visit: int
    window: Days
    ends: datetime | None = None
    ladder: tuple[Rung, ...] = ()
    steps: Mapping[str, Days] = EMPTY
    begins: Mapping[str, tuple[datetime, datetime]] = EMPTY
    via: str = ""


@attrs.frozen(kw_only=True)
class StepBegan(Event):
    """The window of a step began."""

    phase: str
    visit: int
    step: str


@attrs.frozen(kw_only=True)
class StepEnded(Event):
    """The window of a step ended; nothing closes by that."""

    phase: str
    visit: int
    step: str


@attrs.frozen(kw_only=True)
class WindowEnded(Event):
    """The window of an open phase ended; the phase is overdue and stays open."""

    phase: str
    visit: int


@attrs.frozen(kw_only=True)
class PhaseReminded(Event):
    """A rung of the ladder of a phase's window."""

    phase: str
    visit: int
    rung: Rung


@attrs.frozen(kw_only=True)
class PhaseClosed(Event):
    """A visit of a phase ended. *open_duties* counts prescribed duties that were not done."""

    phase: str
    visit: int
    via: str = ""
    open_duties: int = 0


@attrs.frozen(kw_only=True)
class GateJudged(Event):
    """A gate was asked, by a person or because its moment had come. Held is a verdict, not an error.

    *duties* names every duty, document and poll that was read, so that a later correction can find the verdict (R2).
    A census of units leaves its numbers in *readings*, and in *census* the digest of the runs and entry numbers that
    were counted (R11).
    """

    move: str
    verdict: Literal["passed", "held", "crashed"]
    readings: tuple[Reading, ...] = ()
    duties: tuple[str, ...] = ()
    census: str = ""


@attrs.frozen(kw_only=True)
class MoveMade(Event):
    """A transition was made; closing and opening are events of their own."""

    move: str
    count: int


@attrs.frozen(kw_only=True)
class VerdictDoubted(Event):
    """A fact that a verdict had read was corrected; the verdict stands until a person answers."""

    verdict: int
    fact: str
    because: int


@attrs.frozen(kw_only=True)
class QuestionAsked(Event):
    """The policy is silent, or a fact is in doubt: a role is asked."""

    question: str
    role: str
    about: str
    text: str


@attrs.frozen(kw_only=True)
class QuestionAnswered(Event):
    """The answer to a question."""

    question: str
    verdict: str
    reason: str
