"""How a hook wants to be told: singly or together, at what hours, and what of what it missed.

A manner is data, set by the host for a hook by its name; no policy and no decision knows of it (law 11). Hours are on
the wall clock of the recipient's zone, or of the run's where none is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal, Self, get_args

import attrs

from phaseflow.core.calendars import Calendar, build_calendar
from phaseflow.core.notices import Notice, NoticeKind
from phaseflow.errors import PolicyError, Problem, did_you_mean

Digest = Literal["never", "late", "always"]
CatchUp = Literal["none", "latest", "all"]

BY_CLOCK: frozenset[NoticeKind] = frozenset({"due_soon", "overdue", "escalated", "phase_overdue", "item_due"})
"""Kinds that time alone gives rise to: of these, and of no others, something may be left out when one was missed."""


@attrs.frozen
class Quiet:
    """Hours of the wall clock in which nobody is told: from *start* up to *end*, over midnight where that is earlier.

    >>> Quiet.read("22:00-07:00")
    Quiet(start=datetime.time(22, 0), end=datetime.time(7, 0))
    """

    start: time
    end: time

    @classmethod
    def read(cls, text: str) -> Self:
        """Read ``22:00-07:00``.

        Raises:
            ValueError: It is no such text.
        """
        first, dash, last = text.partition("-")
        if not dash:
            raise ValueError(f"'{text}' names no two times")
        return cls(read_time(first), read_time(last))

    def until(self, now: datetime, calendar: Calendar) -> datetime:
        """The end of the quiet hours that *now* lies in; *now* itself where it lies in none."""
        wall = calendar.local(now).time()
        over_midnight = self.end <= self.start
        within = wall >= self.start or wall < self.end if over_midnight else self.start <= wall < self.end
        if not within:
            return now
        day = calendar.local(now).date()
        if over_midnight and wall >= self.start:
            day += timedelta(days=1)
        # In a repeated hour the end may have been passed already: then it is over.
        return max(now, calendar.at(day, self.end.hour, self.end.minute))


@attrs.frozen(kw_only=True)
class Manner:
    """How one hook is told.

    Args:
        digest: What of a person's notices goes out in one telling: ``late`` (what happened before the run was here,
            or while nothing ticked), ``always`` (whatever is pending), or ``never``.
        daily: With ``always``: the time of day at which it goes out; at once where it is left out.
        quiet: Hours in which nothing is told.
        catch_up: What is told of reminders, overdues and escalations that are late: ``none``, of each subject the
            ``latest``, or ``all``. Other kinds are always told, and stale reminders never.
        late: From which delay on a notice is late.
        urgent: Kinds that wait for no hour and no digest.

    Only hooks that name ``recipient`` get digests; the others are told each notice.
    """

    digest: Digest = "late"
    daily: time | None = None
    quiet: Quiet | None = None
    catch_up: CatchUp = "latest"
    late: timedelta = timedelta(days=1)
    urgent: frozenset[NoticeKind] = frozenset()

    def first(self, notice: Notice, now: datetime, zone: str) -> datetime:
        """The instant from which a new letter may go out."""
        if notice.kind in self.urgent:
            return now
        at = now
        if self.digest == "always" and self.daily is not None:
            calendar = calendar_of(zone, notice.zone)
            day = calendar.local(now).date()
            at = calendar.at(day, self.daily.hour, self.daily.minute)
            if at < now:
                at = calendar.at(day + timedelta(days=1), self.daily.hour, self.daily.minute)
        return self.hushed(notice, at, zone)

    def hushed(self, notice: Notice, now: datetime, zone: str) -> datetime:
        """The end of the quiet hours, or *now*."""
        if self.quiet is None or notice.kind in self.urgent:
            return now
        return self.quiet.until(now, calendar_of(zone, notice.zone))

    def is_late(self, notice: Notice, available_at: datetime) -> bool:
        """Whether it was so when the run began, or happened long before it could be told."""
        return notice.history or available_at - notice.at > self.late

    def together(self, notice: Notice, available_at: datetime) -> bool:
        """Whether it may go out in one telling with others."""
        if notice.kind in self.urgent or self.digest == "never":
            return False
        return self.digest == "always" or self.is_late(notice, available_at)

    def left_out(self, notice: Notice, available_at: datetime) -> bool:
        """Whether nothing is told of it at all, as it was missed."""
        return self.catch_up == "none" and notice.kind in BY_CLOCK and self.is_late(notice, available_at)


def read_time(text: str) -> time:
    """A time of day, ``07:30``.

    Raises:
        ValueError: It is none.
    """
    hour, colon, minute = text.strip().partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal()):
        raise ValueError(f"'{text.strip()}' is no time of day")
    return time(int(hour), int(minute))


def read_manner(name: str, given: Mapping[str, Any]) -> Manner:
    """The manner of the hook *name* from plain settings: texts, and *late* in hours.

    Raises:
        PolicyError: With what cannot be read (PF730).
    """
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key not in _READERS:
            raise _wrong(name, f"there is no setting '{key}'", did_you_mean(key, _READERS))
        try:
            found[key] = _READERS[key](value)
        except (ValueError, TypeError, AttributeError) as error:
            raise _wrong(name, f"'{key}' is {value!r}: {error}", _EXAMPLES[key]) from None
    return Manner(**found)


def _word(words: Collection[str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(did_you_mean(str(value), words) or f"use one of {', '.join(words)}")
        return str(value)

    return read


def _hours(value: Any) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a whole number of hours is wanted")
    return timedelta(hours=value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "digest": _word(get_args(Digest)),
    "daily": read_time,
    "quiet": Quiet.read,
    "catch_up": _word(get_args(CatchUp)),
    "late": _hours,
    "urgent": lambda kinds: frozenset(map(_word(get_args(NoticeKind)), kinds)),
}
_EXAMPLES = {
    "digest": 'write digest = "late", "always" or "never"',
    "daily": 'write daily = "08:00"',
    "quiet": 'write quiet = "22:00-07:00"',
    "catch_up": 'write catch_up = "none", "latest" or "all"',
    "late": "write late = 24",
    "urgent": 'write urgent = ["escalated"]',
}


def _wrong(name: str, what: str, fix: str) -> PolicyError:
    return PolicyError(
        [
            Problem(
                code="PF730",
                what=f"the manner of the hook '{name}' cannot be read: {what}",
                why="a hook is told as its settings say, and a setting that nothing reads would change nothing",
                fix=fix,
            )
        ]
    )


def calendar_of(*zones: str) -> Calendar:
    """The wall clock of the first of these zones that there is; UTC where there is none."""
    for zone in zones:
        found = _calendar(zone)
        if found is not None:
            return found
    return build_calendar("UTC")


@lru_cache(maxsize=64)
def _calendar(zone: str) -> Calendar | None:
    try:
        return build_calendar(zone) if zone else None
    except PolicyError:  # A person's zone is a text of the roster; who cannot be placed is told by the run's clock.
        return None
