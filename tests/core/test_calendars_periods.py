"""Recurring stretches of a window: how they are cut and that nothing is lost."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phaseflow.core.calendars import periods
from phaseflow.spec.phrases import PeriodPhrase


def day(text: str) -> date:
    return date.fromisoformat(text)


def cut(text: str, first: str, last: str) -> list[tuple[str, str, Fraction]]:
    """The stretches as (first, last, share), days without their year."""
    found = periods(PeriodPhrase.parse(text), day(first), day(last))
    return [(f"{one.first:%m-%d}", f"{one.last:%m-%d}", one.share) for one in found]


def test_sixty_one_days_from_a_sunday_touch_ten_weeks() -> None:
    """March and April 2009 begin on a Sunday: ten ISO weeks, of which the first and the last are clipped."""
    weeks = periods(PeriodPhrase.parse("week"), day("2009-03-01"), day("2009-04-30"))
    assert len(weeks) == 10
    assert [week.index for week in weeks] == list(range(1, 11))
    assert [week.share for week in (weeks[0], weeks[1], weeks[-1])] == [Fraction(1, 7), 1, Fraction(4, 7)]
    assert [week.whole for week in weeks].count(False) == 2


def test_weeks_from_opening_begin_on_the_opening_day() -> None:
    """The same 61 days are nine weeks from the opening, of which only the last is clipped."""
    weeks = periods(PeriodPhrase.parse("week from opening"), day("2009-03-01"), day("2009-04-30"))
    assert len(weeks) == 9
    assert all(week.first.weekday() == 6 for week in weeks)
    assert [week.whole for week in weeks].count(False) == 1
    assert weeks[-1].share == Fraction(5, 7)


@pytest.mark.parametrize(
    ("text", "first", "last", "expected"),
    [
        ("ten_days", "2012-02-05", "2012-03-02",
         [("02-05", "02-10", Fraction(6, 10)), ("02-11", "02-20", 1), ("02-21", "02-29", 1),
          ("03-01", "03-02", Fraction(2, 10))]),
        ("ten_days", "2011-02-21", "2011-02-28", [("02-21", "02-28", 1)]),
        ("ten_days", "2011-05-31", "2011-05-31", [("05-31", "05-31", Fraction(1, 11))]),
        ("2 ten_days", "2011-05-12", "2011-06-10",
         [("05-12", "05-31", Fraction(20, 21)), ("06-01", "06-10", Fraction(1, 2))]),
        ("ten_days from opening", "2011-05-25", "2011-06-08",
         [("05-25", "06-03", 1), ("06-04", "06-08", Fraction(1, 2))]),
        ("month", "2012-02-01", "2012-03-15", [("02-01", "02-29", 1), ("03-01", "03-15", Fraction(15, 31))]),
        ("month from opening", "2011-01-31", "2011-03-30", [("01-31", "02-27", 1), ("02-28", "03-30", 1)]),
        ("quarter", "2011-02-15", "2011-06-30", [("02-15", "03-31", Fraction(45, 90)), ("04-01", "06-30", 1)]),
        ("year", "2011-12-31", "2012-12-31", [("12-31", "12-31", Fraction(1, 365)), ("01-01", "12-31", 1)]),
        ("2 weeks", "2026-03-04", "2026-03-20",
         [("03-04", "03-15", Fraction(12, 14)), ("03-16", "03-20", Fraction(5, 14))]),
        ("day", "2026-03-04", "2026-03-05", [("03-04", "03-04", 1), ("03-05", "03-05", 1)]),
    ],
)
def test_stretches(text: str, first: str, last: str, expected: list[tuple[str, str, Fraction]]) -> None:
    """Each unit is cut on its own boundaries; months from the 31st do not drift; shares are exact."""
    assert cut(text, first, last) == expected


@settings(deadline=None)
@given(
    st.builds(
        PeriodPhrase, count=st.integers(1, 1000) | st.integers(1, 4), from_opening=st.booleans(),
        unit=st.sampled_from(["day", "week", "ten_days", "month", "quarter", "year"]),
    ),
    st.dates(date(1970, 1, 1), date(2100, 12, 31)),
    st.integers(0, 900),
)
def test_periods_tile_the_window(phrase: PeriodPhrase, first: date, more: int) -> None:
    """Every day of the window lies in exactly one stretch; only the first and the last may be clipped."""
    last = min(first + timedelta(days=more), date(2100, 12, 31))
    found = periods(phrase, first, last)
    covered = [one.first + timedelta(days=step) for one in found for step in range((one.last - one.first).days + 1)]
    assert covered == [first + timedelta(days=step) for step in range((last - first).days + 1)]
    assert all(one.whole for one in found[1:-1])
    assert all(0 < one.share <= 1 and one.whole == (one.share == 1) for one in found)
    assert [one.index for one in found] == list(range(1, len(found) + 1))
    if phrase.from_opening:
        assert all(one.whole for one in found[:-1])


def test_a_reversed_window_is_refused() -> None:
    """There are no stretches of a window that ends before it begins."""
    with pytest.raises(ValueError, match="before it begins"):
        periods(PeriodPhrase.parse("week"), day("2026-01-02"), day("2026-01-01"))
