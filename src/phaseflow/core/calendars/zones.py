"""Clock changes of a zone, read once from the installed `tzdata` and written down as plain numbers.

The table becomes part of a plan and its digest (R18), so a later edition of the zone files never re-dates an old case.
The `tzdata` package is read rather than the machine's own files: the same dependencies give the same table everywhere.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from phaseflow.spec.phrases import FIRST_YEAR, LAST_YEAR

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400
"""Seconds of a day without a clock change."""

FIRST_DAY, LAST_DAY = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)

_NO_PLACE = frozenset({"localtime", "Factory"})
"""Names in the zone files that stand for no place: they would mean something else on each machine."""

Offsets = tuple[tuple[int, int], ...]
"""(first second in UTC, offset in seconds) of each stretch of one offset; the last one has no end."""


@cache
def zone_names() -> frozenset[str]:
    """Every zone name that may be written."""
    listed = (files("tzdata") / "zones").read_text(encoding="utf-8").split()
    return frozenset(listed) - _NO_PLACE


@cache
def read_offsets(zone: str) -> Offsets:
    """The offsets of *zone* from two days before 1970 to the end of 2100.

    A zone changes its clock at most once within a day, so sampling daily and halving the day of a change finds all.

    Raises:
        KeyError: No zone has this name.
    """
    if zone not in zone_names():
        raise KeyError(zone)
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as stream:
        clock = ZoneInfo.from_file(stream, key=zone)
    first = _seconds(FIRST_DAY) - 2 * DAY
    table = [(first, _offset(clock, first))]
    for second in range(first + DAY, _seconds(LAST_DAY) + 3 * DAY, DAY):
        offset = _offset(clock, second)
        if offset != table[-1][1]:
            table.append((_change(clock, second - DAY, second), offset))
    return tuple(table)


def _change(clock: ZoneInfo, before: int, after: int) -> int:
    """The first second with the offset of *after*, which differs from that of *before*."""
    wanted = _offset(clock, after)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if _offset(clock, middle) == wanted else (middle, after)
    return after


def _offset(clock: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, clock).utcoffset()
    assert offset is not None
    return offset // timedelta(seconds=1)


def _seconds(day: date) -> int:
    return (day - EPOCH.date()).days * DAY
