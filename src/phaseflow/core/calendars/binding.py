"""Yearless dates bound to a year, and instants typed by people.

Nothing is guessed: a date that does not exist, or a clock reading that exists twice, is refused with what to write.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from phaseflow.core.calendars.calendar import Calendar, DayRange, utc
from phaseflow.errors import PolicyError, Problem
from phaseflow.spec.phrases import DayPhrase

_WRITTEN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?P<time>[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


def bind(phrase: DayPhrase, not_before: date) -> DayRange:
    """The days that *phrase* means: in its own year, or in the first year in which it is not over before *not_before*.

    A month that is running on *not_before* is that month, not next year's (R30).

    Raises:
        PolicyError: The year has no such day (29 February in a common year); PF160 at the phrase.
    """
    year = phrase.year
    if year is None:
        # 2000 is a leap year, so every day that can be written exists in it.
        latest = phrase.bounds(2000)[1]
        over = (latest.month, latest.day) < (not_before.month, not_before.day)
        year = not_before.year + over
    try:
        first, last = phrase.bounds(year)
    except ValueError as error:
        raise PolicyError([
            Problem(
                code="PF160",
                what=f"'{phrase}' does not exist in {year}",
                span=phrase.span,
                why=f"the date is bound to the first year not before {not_before}, and {error}",
                fix="write 'february end' for the last day of February in every year",
            )
        ]) from error
    return DayRange(first=first, last=last, about=phrase.about)


def parse_instant(text: str, calendar: Calendar) -> datetime:
    """The instant, in UTC, that a person typed.

    Args:
        text: ``2009-03-13`` (the start of that day), ``2009-03-13T14:30`` (the clock of the calendar's zone), or
            the same with ``Z`` or an offset such as ``+08:00``; seconds are optional, a blank may stand for the ``T``.
        calendar: Whose zone a text without an offset is in.

    Raises:
        ValueError: Anything else; a clock reading that the zone skips or has twice; a day outside the calendar.
    """
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no instant: write 2009-03-13, 2009-03-13T14:30 or 2009-03-13T14:30+08:00")
    try:
        written = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no instant: {error}") from error
    if match["time"] is None:
        return calendar.opens(written.date())
    if written.tzinfo is not None:
        calendar.day_of(written)
        return utc(written)
    calendar.opens(written.date())
    found = calendar.readings(written)
    if len(found) == 1:
        return found[0]
    if not found:
        raise ValueError(f"{text!r} does not exist in {calendar.zone}: the clock skips it; add an offset or 'Z'")
    choices = " or ".join(calendar.local(instant).isoformat()[-6:] for instant in found)
    raise ValueError(f"{text!r} exists twice in {calendar.zone}: add the offset that is meant, {choices}")
