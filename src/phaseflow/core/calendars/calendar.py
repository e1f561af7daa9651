"""The pinned civil calendar of a plan: its clock changes, weekends, days off and extra working days.

A `Calendar` is plain data and the arithmetic on it; it never looks at zone files, holiday lists or the clock again.
How one is made stands in `build`; yearless dates in `binding`; recurring stretches in `periods`.

Instants are aware and in UTC. Days are inclusive, as people write them; the instants of a day are half-open:
``opens(day) <= instant < shuts(day)``, and every instant lies in exactly one day.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, Self, assert_never

import attrs
import pendulum

from phaseflow.core.calendars.zones import DAY, EPOCH, FIRST_DAY, LAST_DAY, Offsets
from phaseflow.errors import PhaseflowError
from phaseflow.spec.phrases import LengthPhrase

Sign = Literal[1, -1]

_ONE_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MOST_MONTHS = 12 * 1200
"""More months than lie between any two days of a calendar, and few enough for Python's years."""


class OutOfCalendar(PhaseflowError, ValueError):
    """A day or an instant lies outside the years that the calendar holds."""


@attrs.frozen(kw_only=True)
class DayRange:
    """From *first* to *last*, both inclusive; *about* says that the edges are approximate (R40)."""

    first: date
    last: date
    about: bool = False


@attrs.frozen(kw_only=True, cache_hash=True)
class Calendar:
    """The civil calendar of a run, as a value.

    Attributes:
        zone: The IANA name, for people; all arithmetic uses *offsets*.
        offsets: (first second in UTC since 1970, offset in seconds), ascending.
        weekend: Weekdays without work, Monday is 0.
        closed: Days off with their names, ascending.
        extra: Days of work although they fall on a weekend or are *closed*, ascending.
        known_until: Last day for which days off are published; None where nothing has to be published.
    """

    zone: str
    offsets: Offsets
    weekend: tuple[int, ...] = (5, 6)
    closed: tuple[tuple[date, str], ...] = ()
    extra: tuple[date, ...] = ()
    known_until: date | None = None

    # Days and instants

    def opens(self, day: date) -> datetime:
        """The earliest instant that bears the local date *day* or a later one (midnight may not exist, R29)."""
        known = self._openings.get(day)
        if known is None:
            known = self._openings[day] = self._opening(day)
        return known

    def _opening(self, day: date) -> datetime:
        if not FIRST_DAY <= day <= LAST_DAY + _ONE_DAY:
            raise _out_of_calendar(day)
        midnight = _since_epoch(day) * DAY
        second = min(
            max(begins, midnight - offset)
            for begins, ends, offset in self._stretches(midnight)
            if max(begins, midnight - offset) < ends
        )
        return EPOCH + timedelta(seconds=second)

    def shuts(self, day: date) -> datetime:
        """The first instant after *day*, which is the opening of the next one."""
        return self.opens(_inside(day) + _ONE_DAY)

    def day_of(self, instant: datetime) -> date:
        """The day that holds *instant*.

        Where a clock goes back over midnight, the repeated minutes belong to the day that has begun already.
        """
        opens, shuts, known = self._latest[0]  # one instant is asked about several times, and the next one is near
        if instant.tzinfo is not None and opens <= instant < shuts:
            return known
        day = _inside(self.local(instant).date())
        day = day + _ONE_DAY if day < LAST_DAY and self.shuts(day) <= instant else day
        self._latest[0] = (self.opens(day), self.shuts(day), day)
        return day

    def local(self, instant: datetime) -> datetime:
        """*instant* with the offset that the zone has then: what the clock on the wall shows."""
        second = _utc_seconds(instant)
        place = bisect_right(self._begins, second) - 1
        if place < 0:
            raise _out_of_calendar(instant)
        return utc(instant).astimezone(timezone(timedelta(seconds=self.offsets[place][1])))

    def readings(self, wall: datetime) -> tuple[datetime, ...]:
        """The instants at which the clock on the wall shows *wall* (naive): one; none in a gap; two in a fold."""
        local, rest = _wall_seconds(wall)
        return tuple(
            EPOCH + timedelta(seconds=local - offset) + rest
            for begins, ends, offset in self._stretches(local)
            if begins <= local - offset < ends
        )

    def at(self, day: date, hour: int, minute: int = 0) -> datetime:
        """The instant of a wall-clock time: the earlier of two; in a gap, as late as if the clock had not moved yet.

        Both choices are those of RFC 5545, section 3.3.5.
        """
        return self._at(_inside(day), time(hour, minute))

    # Working days

    def is_working(self, day: date) -> bool:
        """Say whether *day* is a day of work; an extra working day is one even on a weekend."""
        return day in self._extra or (day.weekday() not in self.weekend and day not in self._closed)

    def name_of(self, day: date) -> str:
        """The name of the day off that falls on *day*, empty where none does."""
        return self._closed.get(day, "")

    def working_days(self, first: date, last: date) -> tuple[date, ...]:
        """The days of work from *first* to *last*, both included."""
        index = self._working
        low, high = bisect_left(index, first.toordinal()), bisect_right(index, last.toordinal())
        return tuple(date.fromordinal(ordinal) for ordinal in index[low:high])

    def provisional(self, day: date) -> bool:
        """Say whether the days off around *day* are not published yet; it matters to business days only (R18)."""
        return self.known_until is not None and day > self.known_until

    # Lengths

    def shift(self, day: date, length: LengthPhrase, sign: Sign) -> date:
        """Move *day* by *length*, forward (1) or back (-1).

        - Months keep the day of the month; where it does not exist they round as *length* says.
        - The n-th business day is counted among the days strictly after (before) *day*, whether *day* is one or not.
          Zero business days leave a day of work alone and move any other to the next (previous) one.

        Raises:
            OutOfCalendar: The result lies outside the calendar.
            ValueError: *length* is in hours, which only an instant can be moved by.
        """
        count = sign * length.count
        match length.unit:
            case "day":
                return _inside(day + timedelta(days=count))
            case "week":
                return _inside(day + timedelta(weeks=count))
            case "month":
                return _inside(later_by_months(day, count, up=length.rounding == "up"))
            case "business_day":
                return self._nth_working_day(day, length.count, sign)
            case "hour":
                raise ValueError(f"'{length}' cannot move a day: hours are counted between instants")
            case _:
                assert_never(length.unit)

    def shift_instant(self, instant: datetime, length: LengthPhrase, sign: Sign) -> datetime:
        """Move *instant*: hours as elapsed time, everything longer by days with the wall clock kept."""
        if length.unit == "hour":
            moved = utc(instant) + timedelta(hours=sign * length.count)
            _inside(self.local(moved).date())
            return moved
        wall = self.local(instant)
        day = self.shift(wall.date(), length, sign)
        return utc(instant) if day == wall.date() else self._at(day, wall.time())

    def window(self, opening: date, length: LengthPhrase) -> DayRange:
        """The days of a window of *length*, of which *opening* is the first.

        Business days are counted from *opening* on, itself included if it is a day of work.

        Raises:
            ValueError: *length* is in hours, or counts nothing.
        """
        if length.count == 0:
            raise ValueError(f"a window of '{length}' has no day")
        if length.unit == "business_day":
            last = self._nth_working_day(opening - _ONE_DAY, length.count, 1)
        else:
            last = self.shift(opening, length, 1) - _ONE_DAY
        return DayRange(first=opening, last=last, about=length.about)

    # As data

    def as_data(self) -> dict[str, Any]:
        """The calendar in JSON's types, in canonical order; `from_data` gives an equal calendar."""
        return {
            "zone": self.zone,
            "offsets": [list(pair) for pair in self.offsets],
            "weekend": list(self.weekend),
            "closed": [[day.isoformat(), name] for day, name in self.closed],
            "extra": [day.isoformat() for day in self.extra],
            "known_until": self.known_until.isoformat() if self.known_until else None,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The calendar that `as_data` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        known_until = data["known_until"]
        return cls(
            zone=str(data["zone"]),
            offsets=tuple((int(begins), int(offset)) for begins, offset in data["offsets"]),
            weekend=tuple(int(weekday) for weekday in data["weekend"]),
            closed=tuple((date.fromisoformat(day), str(name)) for day, name in data["closed"]),
            extra=tuple(date.fromisoformat(day) for day in data["extra"]),
            known_until=None if known_until is None else date.fromisoformat(known_until),
        )

    # Inside

    @cached_property
    def _openings(self) -> dict[date, datetime]:
        """Days looked up before; asked for with every command, and at most as many as a calendar has days."""
        return {}

    @cached_property
    def _latest(self) -> list[tuple[datetime, datetime, date]]:
        """The day that was found last, with its instants; a list of one, so that it is exchanged whole."""
        return [(EPOCH, EPOCH, FIRST_DAY)]

    @cached_property
    def _begins(self) -> tuple[int, ...]:
        return tuple(begins for begins, _offset in self.offsets)

    @cached_property
    def _closed(self) -> Mapping[date, str]:
        return MappingProxyType(dict(self.closed))

    @cached_property
    def _extra(self) -> frozenset[date]:
        return frozenset(self.extra)

    @cached_property
    def _working(self) -> array[int]:
        """The ordinals of all days of work, ascending: built once, so that any count is one bisect."""
        weekend, work = frozenset(self.weekend), {day.toordinal() for day in self.extra}
        off = {day.toordinal() for day in self._closed}
        # Ordinal 1 is a Monday; `is_working` on 48,000 dates would take ten times as long.
        days = range(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1)
        return array("i", (one for one in days if one in work or ((one - 1) % 7 not in weekend and one not in off)))

    def _stretches(self, local: int) -> Iterator[tuple[int, float, int]]:
        """(begins, ends, offset) of the stretches that a clock showing *local* may lie in, ascending.

        No offset reaches a whole day, so looking a day to either side is enough.
        """
        low = max(0, bisect_right(self._begins, local - DAY) - 1)
        high = bisect_right(self._begins, local + DAY)
        for place in range(low, high):
            begins, offset = self.offsets[place]
            yield begins, self._begins[place + 1] if place + 1 < len(self._begins) else float("inf"), offset

    def _at(self, day: date, clock: time) -> datetime:
        wall = datetime.combine(day, clock)
        found = self.readings(wall)
        if found:
            return found[0]
        local, rest = _wall_seconds(wall)
        # In a gap: the last stretch that still lies before it keeps its offset.
        passed = [offset for _begins, ends, offset in self._stretches(local) if local - offset >= ends]
        return EPOCH + timedelta(seconds=local - passed[-1]) + rest

    def _nth_working_day(self, day: date, count: int, sign: Sign) -> date:
        index, ordinal = self._working, _inside(day).toordinal()
        if count == 0 and self.is_working(day):
            return day
        steps = max(count, 1)
        place = bisect_right(index, ordinal) + steps - 1 if sign == 1 else bisect_left(index, ordinal) - steps
        if not 0 <= place < len(index):
            raise _out_of_calendar(f"business day {sign * steps:+} from {day}")
        return date.fromordinal(index[place])


def later_by_months(day: date, months: int, *, up: bool) -> date:
    """*day* some months later (earlier where negative); a day that does not exist rounds to the month's last or up.

    Up means the first day of the month after.
    """
    if abs(months) > _MOST_MONTHS:
        raise _out_of_calendar(f"{months} months from {day}")
    moved = pendulum.Date(day.year, day.month, day.day).add(months=months)
    found = date(moved.year, moved.month, moved.day)
    return found + _ONE_DAY if up and found.day < day.day else found


def _inside(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise _out_of_calendar(day)
    return day


def _out_of_calendar(what: object) -> OutOfCalendar:
    return OutOfCalendar(f"{what} lies outside the calendar, which runs from {FIRST_DAY} to {LAST_DAY}")


def _since_epoch(day: date) -> int:
    return day.toordinal() - EPOCH.toordinal()


def utc(instant: datetime) -> datetime:
    """The same instant in UTC. Raises ValueError for a naive datetime."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no zone; instants are aware")
    try:
        return _plain(instant.astimezone(UTC))
    except OverflowError as error:
        raise _out_of_calendar(instant) from error


def _plain(moment: datetime) -> datetime:
    """*moment* as the standard library's own class: differences of pendulum's instants are no timedeltas."""
    if type(moment) is datetime:
        return moment
    return datetime.combine(date(moment.year, moment.month, moment.day), moment.time(), moment.tzinfo)


def _utc_seconds(instant: datetime) -> int:
    return (utc(instant) - EPOCH) // _SECOND


def _wall_seconds(wall: datetime) -> tuple[int, timedelta]:
    """Whole seconds since 1970 as the clock shows them, and what is left of a second."""
    seconds, rest = divmod(_plain(wall).replace(tzinfo=UTC) - EPOCH, _SECOND)
    return seconds, rest
