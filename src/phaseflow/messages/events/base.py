"""What every event is made of: its envelope, windows, terms, and what a verdict read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import attrs


@attrs.frozen(kw_only=True)
class Event:
    """The root of all events."""


@attrs.frozen(kw_only=True)
class Entry:
    """One line of the trail: an event with its number, its two times, and by whose authority it happened.

    *at* is when it happened and *recorded_at* when it was recorded, both UTC; *authority* names the role (and the
    delegation) used; *command* is the id of the command that led to it, *timer* the key of
    the timer whose moment was processed, *recorded_by* the account that typed the command in. *earliest* is set
    where only a stretch is known: it happened then, or by *at*, or between (R39).
    """

    seq: int
    at: datetime
    recorded_at: datetime
    actor: str
    event: Event
    on_behalf_of: str = ""
    authority: str = ""
    command: str = ""
    timer: str = ""
    recorded_by: str = ""
    earliest: datetime | None = None


@attrs.frozen(kw_only=True)
class Reading:
    """One fact that a verdict read: what, its value then, what was wanted, and whether that was met (None: unknown)."""

    fact: str
    measured: str
    required: str
    met: bool | None


@attrs.frozen(kw_only=True)
class Days:
    """A resolved window: first and last day (None: open), and whether an edge is only approximate."""

    first: date | None
    last: date | None
    about: bool = False


@attrs.frozen
class Rung:
    """One rung of a ladder: when, ``remind`` or ``escalate``, and the role that is told ("" = whoever still owes)."""

    at: datetime
    kind: Literal["remind", "escalate"]
    role: str = ""


@attrs.frozen(kw_only=True)
class Term:
    """The named instants of an obligation: due, grace and lock end (exclusive), the due day as written, its ladder."""

    day: date | None = None
    due: datetime | None = None
    grace: datetime | None = None
    lock: datetime | None = None
    ladder: tuple[Rung, ...] = ()
    provisional: bool = False
