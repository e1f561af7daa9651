"""How a `Calendar` is made: zone files and published days off in, one pinned value out.

This runs when a policy is compiled, never while a run is decided. `holidays` is an extra and imported only where a
country is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import attrs

from phaseflow.core.calendars.calendar import Calendar
from phaseflow.core.calendars.zones import Offsets, read_offsets, zone_names
from phaseflow.errors import NOWHERE, PolicyError, Problem, Span, did_you_mean

if TYPE_CHECKING:
    from holidays import HolidayBase

FIRST_LISTED = 2000
"""First year whose days off are listed; a campaign older than that lists its own."""

LAST_COMPUTED = 2040
"""Last year listed for a country whose days off follow from a rule and need no yearly announcement."""

_NO_SPANS: Mapping[str, Span] = {}


@attrs.frozen(kw_only=True)
class DaysOff:
    """What a country publishes: its weekend, days off, make-up days of work, and the last day it is known for."""

    weekend: tuple[int, ...]
    closed: tuple[tuple[date, str], ...]
    extra: frozenset[date]
    known_until: date


def build_calendar(
    zone: str,
    *,
    country: str | None = None,
    subdivision: str | None = None,
    weekend: Iterable[int] | None = None,
    closed: Iterable[date] = (),
    extra: Iterable[date] = (),
    spans: Mapping[str, Span] = _NO_SPANS,
) -> Calendar:
    """Pin the calendar of a policy.

    Args:
        zone: An IANA name such as ``Asia/Shanghai``.
        country: ISO code of the country whose days off count, or None for none.
        subdivision: Its code within the country, such as ``BY`` in ``DE``.
        weekend: Weekdays without work, Monday is 0; by default the country's present weekend, else Saturday and Sunday.
        closed: Further days off; they win over the country's make-up days.
        extra: Further days of work; they win over weekends and the country's days off.
        spans: Where each argument is written, by its name.

    Raises:
        PolicyError: Every fault at once. PF161 unknown zone, PF162 unknown country, PF163 unknown subdivision, PF164
            the package with the days off is missing, PF165 weekdays or days that contradict each other.
    """
    problems: list[Problem] = []
    off_by_hand, work_by_hand = frozenset(closed), frozenset(extra)
    rest_days = None if weekend is None else tuple(sorted(set(weekend)))
    offsets = _offsets(zone, spans, problems)
    days_off = _country_days(country, subdivision, spans, problems)
    problems += _contradictions(rest_days, off_by_hand & work_by_hand, spans)
    if problems:
        raise PolicyError(problems)
    named = dict(days_off.closed if days_off else ())
    named.update((day, named.get(day, "")) for day in off_by_hand)
    published = days_off.extra if days_off else frozenset()
    work = work_by_hand | (published - off_by_hand)
    return Calendar(
        zone=zone,
        offsets=offsets,
        weekend=rest_days if rest_days is not None else days_off.weekend if days_off else (5, 6),
        closed=tuple(sorted((day, name) for day, name in named.items() if day not in work)),
        extra=tuple(sorted(work)),
        known_until=days_off.known_until if days_off else None,
    )


def _offsets(zone: str, spans: Mapping[str, Span], problems: list[Problem]) -> Offsets:
    try:
        return read_offsets(zone)
    except KeyError:
        problems.append(Problem(
            code="PF161", what=f"'{zone}' is no time zone", span=spans.get("zone", NOWHERE),
            why="dates are resolved in a zone of the IANA database, such as Europe/Berlin",
            fix=_near(zone, zone_names()),
        ))
        return ()


def _contradictions(
    weekend: tuple[int, ...] | None, both: frozenset[date], spans: Mapping[str, Span]
) -> Iterable[Problem]:
    if weekend is not None and not set(weekend) < set(range(7)):
        yield Problem(
            code="PF165", what=f"the weekend {list(weekend)} cannot be", span=spans.get("weekend", NOWHERE),
            why="weekdays are numbered from 0 (Monday) to 6 (Sunday), and one of them at least is a day of work",
        )
    for day in sorted(both):
        yield Problem(
            code="PF165", what=f"{day} is listed as closed and as an extra day of work",
            span=spans.get("extra", NOWHERE), why="a day is one or the other", fix="take it out of one list",
        )


def _country_days(
    country: str | None, subdivision: str | None, spans: Mapping[str, Span], problems: list[Problem]
) -> DaysOff | None:
    """What the country publishes; None where no country is named or a problem was found (and appended)."""
    if country is None:
        if subdivision is not None:
            problems.append(Problem(
                code="PF163", what=f"the subdivision '{subdivision}' has no country",
                span=spans.get("subdivision", NOWHERE), why="a subdivision lies in a country", fix="name the country",
            ))
        return None
    try:
        import holidays
    except ImportError:
        problems.append(Problem(
            code="PF164", what=f"the days off of '{country}' are not at hand", span=spans.get("country", NOWHERE),
            why="published days off come from the package 'holidays'", fix="pip install phaseflow[calendars]",
        ))
        return None
    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        problems.append(Problem(
            code="PF162", what=f"'{country}' is no country with published days off",
            span=spans.get("country", NOWHERE), why="countries are named by their ISO code, such as CN or DE",
            fix=_near(country, known),
        ))
        return None
    try:
        return read_days_off(country, subdivision)
    except NotImplementedError:
        problems.append(Problem(
            code="PF163", what=f"'{subdivision}' is no subdivision of '{country}'",
            span=spans.get("subdivision", NOWHERE), why="subdivisions are named by their ISO code without the country",
            fix=_near(subdivision or "", known[country]),
        ))
        return None


def _near(word: str, known: Iterable[str]) -> str:
    """Like `did_you_mean`, but another case is near however short the word."""
    names = {name.lower(): name for name in sorted(known)}
    same = names.get(word.lower().replace(" ", "_"))
    return f"did you mean '{same}'?" if same else did_you_mean(word, names.values())


@cache
def read_days_off(country: str, subdivision: str | None) -> DaysOff:
    """The days off of a country, up to one year after the last one that is known.

    The year after is listed because its fixed feasts are certain already; `Calendar.provisional` flags its days.
    Weekends are the country's present ones also for the past.

    Raises:
        NotImplementedError: The country or the subdivision is unknown to `holidays`.
    """
    import holidays

    bounds = holidays.country_holidays(country, subdiv=subdivision)
    first, last = max(FIRST_LISTED, bounds.start_year), min(LAST_COMPUTED, bounds.end_year)
    # Without a language the names, and so the digest of a plan, would follow the locale of the machine.
    listed = holidays.country_holidays(
        country, subdiv=subdivision, years=range(first, last + 1), language=bounds.default_language
    )
    known = _last_known_year(listed, last)
    # `weekend_workdays` is the only place where make-up days stand: they are neither weekdays nor days off.
    work = frozenset(day for day in getattr(listed, "weekend_workdays", ()) if day.year <= known + 1)
    off = sorted((day, name) for day, name in listed.items() if day.year <= known + 1)
    return DaysOff(
        weekend=tuple(sorted(listed.weekend)), closed=tuple(off), extra=work, known_until=date(known, 12, 31)
    )


def _last_known_year(listed: HolidayBase, last: int) -> int:
    """The last year whose days off are settled.

    Where days are swapped by a yearly decree, that is the last year with a decree; where feasts depend on the moon,
    the last year without an estimate; elsewhere the last year listed.
    """
    if listed.has_substituted_holidays:
        decreed = {day.year for day in getattr(listed, "weekend_workdays", ())}
        decreed.update(getattr(listed, "special_public_holidays", ()))
        return min(last, max(decreed, default=last))
    labels = (getattr(listed, name, None) for name in ("estimated_label", "observed_estimated_label"))
    marks = [label.replace("%s", "").strip() for label in labels if label]
    estimated = {day.year for day, name in listed.items() if any(mark in name for mark in marks)}
    return max((year for year in range(FIRST_LISTED, last + 1) if year not in estimated), default=FIRST_LISTED)
