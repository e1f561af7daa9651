"""Recurring stretches of a window: ISO weeks, ten-day periods, months and the like, clipped to the window.

What a clipped stretch owes (all, nothing, a share) is the policy's partial rule and decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import count
from typing import assert_never

import attrs

from phaseflow.core.calendars.calendar import later_by_months
from phaseflow.spec.phrases import PeriodPhrase
from phaseflow.spec.phrases.measures import PeriodUnit

_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
_DAYS_IN = {"day": 1, "week": 7, "ten_days": 10}


@attrs.frozen(kw_only=True)
class Period:
    """One stretch of a window, in inclusive days.

    *index* counts from 1. *whole* says that nothing was clipped; *share* is the part that is left, in days of the
    stretch, exact and above 0.
    """

    index: int
    first: date
    last: date
    whole: bool
    share: Fraction


def periods(phrase: PeriodPhrase, first: date, last: date) -> tuple[Period, ...]:
    """Cut the days from *first* to *last* into the stretches of *phrase*; together they are exactly the window.

    On the calendar's own boundaries, the first stretch is the one that holds *first* (weeks begin on Monday; several
    weeks are counted from there). ``from opening`` begins the first stretch at *first*; months then keep the day of
    the month of *first*, rounded down, and ten days are ten days.

    Raises:
        ValueError: *last* lies before *first*.
    """
    if last < first:
        raise ValueError(f"a window cannot end on {last}, before it begins on {first}")
    found = []
    starts = _starts(phrase, first)
    begins = next(starts)
    for index in count(1):
        after = next(starts)
        low, high = max(begins, first), min(after - timedelta(days=1), last)
        share = Fraction((high - low).days + 1, (after - begins).days)
        found.append(Period(index=index, first=low, last=high, whole=share == 1, share=share))
        if high == last:
            break
        begins = after
    return tuple(found)


def _starts(phrase: PeriodPhrase, first: date) -> Iterator[date]:
    """The first day of each stretch, ascending without end; the first is not after *first*."""
    if phrase.unit == "ten_days" and not phrase.from_opening:
        yield from _ten_day_starts(first, phrase.count)
        return
    begins = first if phrase.from_opening else _aligned(phrase.unit, first)
    months = _MONTHS_IN.get(phrase.unit)
    for step in count():
        if months is not None:
            # Always from the first start: adding month by month would drift from the 31st to the 28th.
            yield later_by_months(begins, step * phrase.count * months, up=False)
        else:
            yield begins + timedelta(days=step * phrase.count * _DAYS_IN[phrase.unit])


def _aligned(unit: PeriodUnit, day: date) -> date:
    """The first day of the calendar's own stretch that holds *day*."""
    match unit:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "ten_days":
            return day.replace(day=(1, 11, 21)[min(2, (day.day - 1) // 10)])
        case "month":
            return day.replace(day=1)
        case "quarter":
            return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
        case "year":
            return date(day.year, 1, 1)
        case _:
            assert_never(unit)


def _ten_day_starts(first: date, step: int) -> Iterator[date]:
    begins = _aligned("ten_days", first)
    thirds = (begins.day // 10 + position for position in count(0, step))
    for third in thirds:
        month = later_by_months(begins.replace(day=1), third // 3, up=False)
        yield month.replace(day=(1, 11, 21)[third % 3])
