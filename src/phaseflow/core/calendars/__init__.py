"""Civil time: the only room that does date arithmetic.

`build_calendar` pins a zone and its days off into a `Calendar`; all later questions are answered from that value alone.

    >>> from datetime import date
    >>> from phaseflow.core.calendars import build_calendar
    >>> from phaseflow.spec.phrases import LengthPhrase
    >>> calendar = build_calendar("Europe/Berlin")
    >>> calendar.shift(date(2026, 3, 27), LengthPhrase.parse("2 business days"), 1)
    datetime.date(2026, 3, 31)
    >>> calendar.shuts(date(2026, 3, 29)) - calendar.opens(date(2026, 3, 29))
    datetime.timedelta(seconds=82800)
"""

from phaseflow.core.calendars.binding import bind, parse_instant
from phaseflow.core.calendars.build import build_calendar
from phaseflow.core.calendars.calendar import Calendar, DayRange, OutOfCalendar, Sign
from phaseflow.core.calendars.periods import Period, periods
from phaseflow.core.calendars.zones import zone_names

__all__ = [
    "Calendar",
    "DayRange",
    "OutOfCalendar",
    "Period",
    "Sign",
    "bind",
    "build_calendar",
    "parse_instant",
    "periods",
    "zone_names",
]
