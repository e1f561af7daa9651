"""Working days: published calendars, make-up days, and the arithmetic against a slow reading of its rule."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phaseflow.core.calendars import Calendar, build_calendar
from phaseflow.errors import PolicyError, Problem, Span
from phaseflow.spec.phrases import LengthPhrase

CHINA = build_calendar("Asia/Shanghai", country="CN")
UTC = build_calendar("UTC")

# Weekend days declared days of work by the yearly notices of the State Council on the arrangement of holidays.
MAKE_UP_DAYS = {
    2018: "02-11 02-24 04-08 04-28 09-29 09-30 12-29",
    2019: "02-02 02-03 04-28 05-05 09-29 10-12",
    2020: "01-19 04-26 05-09 06-28 09-27 10-10",
    2021: "02-07 02-20 04-25 05-08 09-18 09-26 10-09",
    2022: "01-29 01-30 04-02 04-24 05-07 10-08 10-09",
    2023: "01-28 01-29 04-23 05-06 06-25 10-07 10-08",
    2024: "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    2025: "01-26 02-08 04-27 09-28 10-11",
    2026: "01-04 02-14 02-28 05-09 09-20 10-10",
}


def day(text: str) -> date:
    return date.fromisoformat(text)


def business(days: int) -> LengthPhrase:
    return LengthPhrase(count=days, unit="business_day")


@pytest.mark.parametrize("year", MAKE_UP_DAYS)
def test_make_up_days_of_china_are_days_of_work(year: int) -> None:
    """Every weekend day that a notice makes a day of work is one, and no other weekend day of that year is."""
    expected = {day(f"{year}-{rest}") for rest in MAKE_UP_DAYS[year].split()}
    days = (date(year, 1, 1) + timedelta(days=offset) for offset in range(365 + (year % 4 == 0)))
    assert {one for one in days if one.weekday() >= 5 and CHINA.is_working(one)} == expected


def test_days_off_of_china() -> None:
    """A published day off on a weekday is no day of work, and has its name in the country's language."""
    assert not CHINA.is_working(day("2026-02-17"))
    assert CHINA.name_of(day("2026-10-01")) == "国庆节"
    assert CHINA.name_of(day("2026-10-12")) == ""
    assert CHINA.shift(day("2026-09-30"), business(1), 1) == day("2026-10-08")
    assert CHINA.shift(day("2026-09-18"), business(1), 1) == day("2026-09-20"), "a Sunday made up for"


def test_days_after_the_last_notice_are_provisional() -> None:
    """The last published year is known, the next one is not; without a country nothing has to be published."""
    assert CHINA.known_until is not None
    assert CHINA.known_until >= day("2026-12-31")
    assert not CHINA.provisional(CHINA.known_until)
    assert CHINA.provisional(CHINA.known_until + timedelta(days=1))
    assert not build_calendar("UTC").provisional(day("2099-01-01"))


def test_estimated_feasts_are_provisional() -> None:
    """Where feasts follow the moon and are only estimated, their year is not known yet."""
    emirates = build_calendar("Asia/Dubai", country="AE")
    assert emirates.known_until is not None
    assert emirates.known_until.year < 2040
    assert build_calendar("Europe/Berlin", country="DE").known_until == day("2040-12-31")


def test_the_language_of_the_machine_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of days off are part of a digest, so they do not follow the locale."""
    from phaseflow.core.calendars.build import read_days_off

    monkeypatch.setenv("LANGUAGE", "en_US")
    assert read_days_off.__wrapped__("CN", None).closed == CHINA.closed


def test_weekends_of_the_country() -> None:
    """The country says its weekend unless the policy does; subdivisions have days of their own."""
    assert build_calendar("Asia/Jerusalem", country="IL").weekend == (4, 5)
    assert build_calendar("Asia/Jerusalem", country="IL", weekend=(5,)).weekend == (5,)
    assert build_calendar("Europe/Berlin", country="DE", subdivision="BY").name_of(day("2026-01-06"))
    assert not build_calendar("Europe/Berlin", country="DE").name_of(day("2026-01-06"))


def test_listed_days_win_over_published_ones() -> None:
    """A policy's own lists stand above the country's: a make-up day can be off, a day off can be worked."""
    calendar = build_calendar(
        "Asia/Shanghai", country="CN", closed=[day("2026-10-10")], extra=[day("2026-10-02"), day("2026-10-03")]
    )
    assert not calendar.is_working(day("2026-10-10"))
    assert calendar.is_working(day("2026-10-02"))
    assert calendar.is_working(day("2026-10-03"))
    assert not {one for one, _ in calendar.closed} & set(calendar.extra)


# --- arithmetic ------------------------------------------------------------------------------------------------------

NEAR = st.dates(date(2026, 1, 1), date(2026, 3, 31))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    closed, extra = draw(st.sets(NEAR, max_size=20)), draw(st.sets(NEAR, max_size=10))
    weekend = draw(st.sets(st.integers(0, 6), max_size=5))
    return Calendar(
        zone="UTC", offsets=UTC.offsets, weekend=tuple(sorted(weekend)), extra=tuple(sorted(extra)),
        closed=tuple((one, "") for one in sorted(closed - extra)),
    )


def steps(calendar: Calendar, start: date, sign: int) -> Iterator[date]:
    """The days of work strictly after (before) *start*, found by walking."""
    walk = (start + timedelta(days=sign * step) for step in count(1))
    return (one for one in walk if calendar.is_working(one))


@settings(deadline=None)
@given(calendars(), NEAR, st.integers(0, 40), st.sampled_from([1, -1]))
def test_business_days_against_walking(calendar: Calendar, start: date, days: int, sign: Any) -> None:
    """The n-th business day is the n-th one met when walking day by day; the start never counts itself.

    Zero leaves a day of work alone and moves any other to the next (previous) one.
    """
    if days == 0 and calendar.is_working(start):
        expected = start
    else:
        walk = steps(calendar, start, sign)
        expected = [next(walk) for _ in range(max(days, 1))][-1]
    assert calendar.shift(start, business(days), sign) == expected


@settings(deadline=None)
@given(calendars(), NEAR, NEAR)
def test_working_days_against_walking(calendar: Calendar, first: date, last: date) -> None:
    """The list between two days is every day of work in it, both ends included; empty if they are reversed."""
    span = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    assert calendar.working_days(first, last) == tuple(one for one in span if calendar.is_working(one))


@settings(deadline=None)
@given(calendars(), NEAR, st.integers(1, 20))
def test_windows_of_business_days(calendar: Calendar, first: date, days: int) -> None:
    """A window of n business days holds exactly n of them and ends on the last."""
    window = calendar.window(first, business(days))
    inside = calendar.working_days(window.first, window.last)
    assert len(inside) == days
    assert inside[-1] == window.last


# --- refusals --------------------------------------------------------------------------------------------------------


def problems(**arguments: Any) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        build_calendar(**arguments)
    return caught.value.problems


@pytest.mark.parametrize(
    ("arguments", "code", "fix"),
    [
        ({"zone": "asia/shanghai"}, "PF161", "'Asia/Shanghai'"),
        ({"zone": "Asia/Shangai"}, "PF161", "'Asia/Shanghai'"),
        ({"zone": "../../etc/passwd"}, "PF161", ""),
        ({"zone": "localtime"}, "PF161", ""),
        ({"zone": "UTC", "country": "cn"}, "PF162", "'CN'"),
        ({"zone": "UTC", "country": "DE", "subdivision": "by"}, "PF163", "'BY'"),
        ({"zone": "UTC", "subdivision": "BY"}, "PF163", "country"),
        ({"zone": "UTC", "weekend": (7,)}, "PF165", ""),
        ({"zone": "UTC", "weekend": range(7)}, "PF165", ""),
        ({"zone": "UTC", "closed": [date(2026, 1, 1)], "extra": [date(2026, 1, 1)]}, "PF165", "one list"),
    ],
)
def test_unbuildable_calendars(arguments: dict[str, Any], code: str, fix: str) -> None:
    """What cannot be pinned is a problem with the nearest name."""
    (problem,) = problems(**arguments)
    assert problem.code == code
    assert fix in problem.fix


def test_all_faults_at_once_and_in_place() -> None:
    """A wrong zone and a wrong country are told together, each where it is written."""
    spans = {"zone": Span("p.yaml", 3, 7), "country": Span("p.yaml", 4, 20)}
    found = problems(zone="Berlin", country="XX", spans=spans)
    assert [(problem.code, problem.span.line) for problem in found] == [("PF161", 3), ("PF162", 4)]


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, naming a country is a problem that ends in the command to type."""
    real = builtins.__import__

    def without_holidays(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "holidays":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_holidays)
    (problem,) = problems(zone="UTC", country="CN")
    assert (problem.code, problem.fix) == ("PF164", "pip install phaseflow[calendars]")
