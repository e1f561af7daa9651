"""Instants and days of a pinned calendar: clock changes, lengths, typed instants, and the calendar as data."""

from __future__ import annotations

import doctest
import json
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import phaseflow.core.calendars as room
from phaseflow.core.calendars import Calendar, OutOfCalendar, bind, build_calendar, parse_instant
from phaseflow.errors import PolicyError, Span
from phaseflow.spec.phrases import DayPhrase, LengthPhrase

BERLIN = build_calendar("Europe/Berlin")
NEW_YORK = build_calendar("America/New_York")
SAO_PAULO = build_calendar("America/Sao_Paulo")
ZONES = (
    "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "Asia/Beirut", "Asia/Kathmandu",
    "Asia/Shanghai", "Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "UTC",
)
DAYS = st.dates(date(1970, 1, 2), date(2100, 12, 30))


def day(text: str) -> date:
    return date.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


def length(text: str) -> LengthPhrase:
    return LengthPhrase.parse(text)


# --- days and instants -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "on", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Europe/Berlin", "2026-10-26", 24),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("America/Sao_Paulo", "2017-10-15", 23),
        ("America/Sao_Paulo", "2018-02-17", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Pacific/Apia", "2011-12-30", 0),
    ],
)
def test_days_are_as_long_as_they_are(zone: str, on: str, hours: float) -> None:
    """A day lasts 23 or 25 hours where the clock changes, and nothing at all where the zone skipped it."""
    calendar = build_calendar(zone)
    assert calendar.shuts(day(on)) - calendar.opens(day(on)) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "on", "instant"),
    [
        ("America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00"),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00"),
        ("Asia/Shanghai", "2009-03-01", "2009-02-28T16:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),
        ("America/St_Johns", "2006-10-29", "2006-10-29T02:30"),
    ],
)
def test_r29_a_day_begins_at_the_earliest_instant_that_bears_its_date(zone: str, on: str, instant: str) -> None:
    """R29: a missing midnight begins at 01:00; a midnight that comes twice begins at the first."""
    assert build_calendar(zone).opens(day(on)) == utc(instant)


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.datetimes(naive("1970-01-03"), naive("2100-12-28")))
@example("America/New_York", naive("2060-11-07T05:00"))
def test_the_pinned_table_shows_what_the_zone_shows(zone: str, instant: datetime) -> None:
    """Reading the wall clock off the pinned table equals asking the zone database, at any instant."""
    aware = instant.replace(tzinfo=UTC)
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as stream:
        expected = aware.astimezone(ZoneInfo.from_file(stream))
    got = build_calendar(zone).local(aware)
    # Python calls times of two zones unequal where a clock shows them twice (PEP 495), so what is shown is compared.
    assert got.isoformat() == expected.isoformat()


@settings(deadline=None)
@given(st.sampled_from(ZONES), DAYS, st.integers(-3 * 86_400, 3 * 86_400))
def test_days_tile_time(zone: str, on: date, seconds: int) -> None:
    """Every instant lies in exactly one day, and days follow one another."""
    calendar = build_calendar(zone)
    instant = calendar.opens(on) + timedelta(seconds=seconds)
    if not day("1970-01-02") < instant.date() < day("2100-12-30"):
        return
    holding = calendar.day_of(instant)
    assert calendar.opens(holding) <= instant < calendar.shuts(holding)
    assert abs(holding - calendar.local(instant).date()) <= timedelta(days=1)


def test_the_repeated_minutes_belong_to_the_day_that_has_begun() -> None:
    """In St John's of 2006 the clock went from 00:01 back to 23:01; those minutes stay on the new day."""
    calendar = build_calendar("America/St_Johns")
    instant = utc("2006-10-29T02:45")
    assert calendar.local(instant).date() == day("2006-10-28")
    assert calendar.day_of(instant) == day("2006-10-29")


def test_wall_clock_times() -> None:
    """A skipped time moves by the gap, a doubled time is the earlier one, as RFC 5545 has it."""
    assert BERLIN.at(day("2026-03-29"), 2, 30) == utc("2026-03-29T01:30")
    assert BERLIN.at(day("2026-10-25"), 2, 30) == utc("2026-10-25T00:30")
    assert BERLIN.at(day("2026-07-01"), 9) == utc("2026-07-01T07:00")
    assert SAO_PAULO.at(day("2017-10-15"), 0, 15) == utc("2017-10-15T03:15")
    assert build_calendar("Pacific/Apia").at(day("2011-12-30"), 12) == utc("2011-12-30T22:00")
    assert len(BERLIN.readings(naive("2026-10-25T02:30"))) == 2
    assert BERLIN.readings(naive("2026-03-29T02:30")) == ()


def test_outside_the_calendar() -> None:
    """Days before 1970 and after 2100 are refused, never extrapolated; naive instants are refused."""
    for outside in (day("1969-12-31"), day("2101-01-02")):
        with pytest.raises(OutOfCalendar, match="from 1970-01-01 to 2100-12-31"):
            BERLIN.opens(outside)
    for text in ("1 day", "1 week", "1 month round up", "1 business day", "100000 months round down"):
        with pytest.raises(OutOfCalendar):
            BERLIN.shift(day("2100-12-31"), length(text), 1)
    with pytest.raises(OutOfCalendar):
        BERLIN.shift_instant(BERLIN.opens(day("2100-12-31")), length("24 hours"), 1)
    with pytest.raises(OutOfCalendar):
        BERLIN.day_of(datetime.max.replace(tzinfo=ZoneInfo("America/New_York")))
    with pytest.raises(ValueError, match="aware"):
        BERLIN.day_of(naive("2026-01-01"))


# --- lengths ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "text", "sign", "expected"),
    [
        ("2026-02-27", "7 days", 1, "2026-03-06"),
        ("2026-03-06", "2 weeks", -1, "2026-02-20"),
        ("2026-01-31", "1 month round down", 1, "2026-02-28"),
        ("2026-01-31", "1 month round up", 1, "2026-03-01"),
        ("2024-01-31", "1 month round down", 1, "2024-02-29"),
        ("2026-01-28", "1 month round up", 1, "2026-02-28"),
        ("2026-01-31", "2 months round down", 1, "2026-03-31"),
        ("2026-03-31", "1 month round down", -1, "2026-02-28"),
        ("2026-03-31", "1 month round up", -1, "2026-03-01"),
        ("2024-02-29", "12 months round down", 1, "2025-02-28"),
        ("2024-02-29", "12 months round up", 1, "2025-03-01"),
        ("2026-11-30", "3 months round up", 1, "2027-03-01"),
        ("2026-05-05", "0 months round up", 1, "2026-05-05"),
    ],
)
def test_days_weeks_and_months(start: str, text: str, sign: int, expected: str) -> None:
    """Days and weeks count days; months keep the day or round as they say, from the first start."""
    assert BERLIN.shift(day(start), length(text), 1 if sign == 1 else -1) == day(expected)


@settings(deadline=None)
@given(
    st.sampled_from(ZONES[:4]), st.datetimes(naive("1980-01-01"), naive("2090-01-01")), st.integers(1, 400),
    st.sampled_from(["hours", "days", "weeks"]), st.sampled_from([1, -1]),
)
def test_instants_move_as_pendulum_moves_them(zone: str, start: datetime, count: int, unit: str, sign: int) -> None:
    """Against an independent library: hours elapse, days and weeks keep the wall clock."""
    aware = start.replace(tzinfo=UTC)
    moved = build_calendar(zone).shift_instant(aware, length(f"{count} {unit}"), 1 if sign == 1 else -1)
    expected = pendulum.instance(aware).in_timezone(zone).add(**{unit: sign * count})
    assert type(moved) is datetime
    doubled = build_calendar(zone).readings(expected.naive()) if unit != "hours" else ()
    # Where a reading comes twice pendulum takes the later one, phaseflow the earlier, as RFC 5545 does.
    assert moved == (doubled[0] if doubled else expected.in_timezone("UTC"))


def test_a_day_is_not_24_hours() -> None:
    """Across a clock change one day keeps 12:00 and 24 hours do not; no days at all change nothing."""
    noon = BERLIN.at(day("2026-03-28"), 12)
    assert BERLIN.shift_instant(noon, length("1 day"), 1) == BERLIN.at(day("2026-03-29"), 12)
    assert BERLIN.shift_instant(noon, length("24 hours"), 1) == BERLIN.at(day("2026-03-29"), 13)
    later_half_past_two = utc("2026-10-25T01:30")
    assert BERLIN.shift_instant(later_half_past_two, length("0 days"), 1) == later_half_past_two


def test_hours_move_no_day() -> None:
    """Hours cannot be added to a day: that would guess an instant."""
    with pytest.raises(ValueError, match="between instants"):
        BERLIN.shift(day("2026-01-01"), length("12 hours"), 1)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("1 day", "2026-03-02"),
        ("30 days", "2026-03-31"),
        ("1 week", "2026-03-08"),
        ("1 month round down", "2026-04-01"),
        ("5 business days", "2026-03-06"),
        ("6 business days", "2026-03-09"),
    ],
)
def test_a_window_counts_its_opening_day(text: str, last: str) -> None:
    """'30 days' from 2 March is 2 to 31 March; five business days from a Monday end on Friday."""
    window = BERLIN.window(day("2026-03-02"), length(text))
    assert (window.first, window.last) == (day("2026-03-02"), day(last))


def test_a_window_without_days() -> None:
    """No days and hours make no window of days."""
    for text in ("0 days", "12 hours"):
        with pytest.raises(ValueError):
            BERLIN.window(day("2026-03-02"), length(text))


# --- binding and typing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "not_before", "first", "last"),
    [
        ("03-13", "2009-03-01", "2009-03-13", "2009-03-13"),
        ("03-13", "2009-03-13", "2009-03-13", "2009-03-13"),
        ("03-13", "2009-03-14", "2010-03-13", "2010-03-13"),
        ("may", "2009-05-10", "2009-05-01", "2009-05-31"),
        ("may early", "2009-05-11", "2010-05-01", "2010-05-10"),
        ("02-29", "2011-06-01", "2012-02-29", "2012-02-29"),
        ("02-29", "2012-02-29", "2012-02-29", "2012-02-29"),
        ("february", "2009-02-28", "2009-02-01", "2009-02-28"),
        ("february end", "2009-02-28", "2009-02-28", "2009-02-28"),
        ("february end", "2009-01-01", "2009-02-28", "2009-02-28"),
        ("february end", "2009-03-01", "2010-02-28", "2010-02-28"),
        ("2008-01-01", "2009-01-01", "2008-01-01", "2008-01-01"),
    ],
)
def test_r30_yearless_dates_bind_once(text: str, not_before: str, first: str, last: str) -> None:
    """R30: the first year in which the date is not over; a written year stands as it is."""
    bound = bind(DayPhrase.parse(text), day(not_before))
    assert (bound.first, bound.last, bound.about) == (day(first), day(last), False)


def test_r30_the_29th_of_february_in_a_common_year_is_an_error() -> None:
    """R30: 02-29 is never moved to another day; the problem stands at the phrase and names the way out."""
    with pytest.raises(PolicyError) as caught:
        bind(DayPhrase.parse("02-29", Span("p.yaml", 7, 5)), day("2009-01-01"))
    (problem,) = caught.value.problems
    assert (problem.code, str(problem.span)) == ("PF160", "p.yaml:7:5")
    assert "2009" in problem.what
    assert "february end" in problem.fix


def test_about_is_kept() -> None:
    """R40 needs to know that an edge is approximate."""
    assert bind(DayPhrase.parse("about may"), day("2009-01-01")).about


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-29", "2026-03-28T23:00"),
        ("2026-07-01T09:30", "2026-07-01T07:30"),
        ("2026-07-01 09:30:15.5", "2026-07-01T07:30:15.500000"),
        ("2026-07-01T09:30Z", "2026-07-01T09:30"),
        ("2026-10-25T02:30+02:00", "2026-10-25T00:30"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30"),
    ],
)
def test_typed_instants(text: str, expected: str) -> None:
    """A date is the start of the day, a time is local, an offset is obeyed; the answer is in UTC."""
    got = parse_instant(text, BERLIN)
    assert got == utc(expected)
    assert got.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no instant"),
        ("2026", "no instant"),
        ("20260301", "no instant"),
        ("2026-W10-1", "no instant"),
        ("2026-02-30", "day is out of range"),
        ("2026-03-01T25:00", "hour must be in"),
        ("01/03/2026", "no instant"),
        ("2026-03-01T10:00\n", "no instant"),
        ("tomorrow", "no instant"),
        ("2026-03-29T02:30", "skips it"),
        ("2026-10-25T02:30", r"\+02:00 or \+01:00"),
        ("1960-01-01", "outside the calendar"),
        ("1960-01-01T10:00", "outside the calendar"),
        ("9999-12-31T23:59-08:00", "outside the calendar"),
    ],
)
def test_typed_rubbish(text: str, says: str) -> None:
    """What cannot be one instant is refused with a reason, never guessed."""
    with pytest.raises(ValueError, match=says):
        parse_instant(text, BERLIN)


# --- as data ---------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    st.sampled_from(ZONES), st.sets(DAYS, max_size=5), st.sets(DAYS, max_size=5), st.sampled_from([(5, 6), (4,), ()])
)
def test_r18_a_calendar_is_data(zone: str, closed: set[date], extra: set[date], weekend: tuple[int, ...]) -> None:
    """R18: written as JSON and read back, a calendar is equal and gives the same answers."""
    calendar = build_calendar(zone, closed=closed - extra, extra=extra, weekend=weekend)
    text = json.dumps(calendar.as_data(), sort_keys=True)
    copy = Calendar.from_data(json.loads(text))
    assert copy == calendar
    assert hash(copy) == hash(calendar)
    assert json.dumps(copy.as_data(), sort_keys=True) == text


def test_r18_nothing_asks_the_zone_files_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """R18: with the zone database gone, a calendar from data still answers."""
    data = BERLIN.as_data()

    def gone(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("the zone files were read")

    for name in ("ZoneInfo", "files"):
        monkeypatch.setattr(f"phaseflow.core.calendars.zones.{name}", gone)
    calendar = Calendar.from_data(data)
    assert calendar.opens(day("2026-07-01")) == utc("2026-06-30T22:00")
    assert calendar.shift(day("2026-07-03"), length("1 business day"), 1) == day("2026-07-06")
    assert parse_instant("2026-07-01T00:00", calendar) == utc("2026-06-30T22:00")


def test_examples_in_docstrings_run() -> None:
    """The example at the door of the room does what it says."""
    assert doctest.testmod(room).failed == 0
