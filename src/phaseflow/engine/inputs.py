"""What callers hand in, made into what commands hold: instants, days, amounts, evidence; and a check of whole commands.

Whatever cannot be read is refused as *malformed*, with what, why and how to mend it; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any, NoReturn

import attrs

from phaseflow.core.calendars import Calendar, parse_instant
from phaseflow.engine import texts
from phaseflow.engine.answers import Refused
from phaseflow.errors import Problem, Span
from phaseflow.messages import commands as c
from phaseflow.messages.commands import Evidence
from phaseflow.spec.phrases import AmountPhrase, PhraseError
from phaseflow.stores import codec

EvidenceLike = Evidence | str
"""Evidence, or ``kind=reference``, or a reference alone (its kind is then the name before the dot: ``minutes.pdf``)."""


def _malformed(code: str, what: str, *, why: str, fix: str) -> NoReturn:
    raise Refused("malformed", (Problem(code=code, what=what, why=why, fix=fix),))


def instant(at: object, calendar: Calendar, now: datetime) -> datetime:
    """When something happened: an aware instant, a day, or a text of either; None is *now*.

    A bare day means some time on it: its last second, or now if it is today.

    Raises:
        Refused: It is neither, or names no zone.
    """
    try:
        match at:
            case None:
                return now
            case datetime():
                if at.tzinfo is None:
                    raise ValueError(f"{at} names no zone")
                calendar.day_of(at)
                return at
            case date():
                return _some_time_on(at, calendar, now)
            case str() if len(at.strip()) == 10:
                return _some_time_on(date.fromisoformat(at.strip()), calendar, now)
            case str():
                return parse_instant(at, calendar)
            case _:
                raise ValueError(f"{at!r} is no time")
    except (ValueError, OverflowError) as error:
        _malformed(
            "PF384",
            str(error) or f"{at!r} is no time",
            why="a time is a day or an instant of the run's zone",
            fix="write 2009-03-13, or 2009-03-13T15:00",
        )


def stretch(at: object, calendar: Calendar, now: datetime, start: date) -> tuple[datetime, datetime | None]:
    """(at the latest, at the earliest) when something happened; the second is None where the instant is known.

    Besides what `instant` takes: ``2009-07-01 .. 2009-08-31`` for some time in between, and ``unknown`` for some time
    since the run's *start* (R39).
    """
    if not isinstance(at, str):
        return instant(at, calendar, now), None
    if at.strip() == "unknown":
        return now, calendar.opens(start)
    first, dots, last = at.partition("..")
    if not dots:
        return instant(at, calendar, now), None
    return min(now, instant(last.strip(), calendar, now)), calendar.opens(day_of(first.strip()))


def _some_time_on(day: date, calendar: Calendar, now: datetime) -> datetime:
    opens, shuts = calendar.opens(day), calendar.shuts(day)
    return now if opens <= now < shuts else shuts - timedelta(seconds=1)


def day_of(day: object) -> date:
    """A day of the calendar, as a date or as text."""
    match day:
        case datetime():
            return day.date()
        case date():
            return day
        case str():
            try:
                return date.fromisoformat(day)
            except ValueError:
                pass
    _malformed("PF383", f"{day!r} is not a day", why="one day of the calendar is wanted", fix="write it as 2009-03-01")


def maybe_day(day: object) -> date | None:
    """A day, or None where none is given."""
    return None if day is None else day_of(day)


def amount_of(amount: object) -> tuple[Fraction, str]:
    """An amount and its unit, from ``"12000 characters"`` or from ``(12000, "characters")``."""
    if isinstance(amount, tuple):
        try:
            number, unit = amount
            return Fraction(str(number)), str(unit)
        except (ValueError, ZeroDivisionError):
            _malformed(
                "PF340", f"{amount!r} is no amount", why="what is recorded is counted", fix="give (3, 'articles')"
            )
    if not isinstance(amount, str):
        _malformed("PF340", f"{amount!r} is no amount", why="what is recorded is counted", fix="write 3 articles")
    return _amount_in(amount)


@lru_cache(maxsize=1024)
def _amount_in(amount: str) -> tuple[Fraction, str]:
    """The amount and the unit in a text; the same few texts come again and again."""
    try:
        phrase = AmountPhrase.parse(amount, Span(file="amount", line=1, col=1))
    except PhraseError as error:
        problem = attrs.evolve(error.problem, fix=error.problem.fix or "write a number and a unit, such as 3 articles")
        raise Refused("malformed", (problem,)) from None
    if phrase.count is None:
        _malformed("PF340", f"'{amount}' names no number", why="what is recorded is counted", fix="write 3 articles")
    return phrase.count, phrase.unit


def evidence_of(given: Iterable[EvidenceLike]) -> tuple[Evidence, ...]:
    """Evidence by reference; an empty kind or reference proves nothing and is refused."""
    found = []
    for item in [given] if isinstance(given, str) else given:
        if isinstance(item, str):
            kind, sign, ref = item.partition("=")
            item = Evidence(kind, ref) if sign else Evidence(item.rsplit("/", 1)[-1].split(".", 1)[0], item)
        if not isinstance(item, Evidence) or not str(item.kind).strip() or not str(item.ref).strip():
            _malformed(
                "PF388",
                f"{item!r} is no evidence",
                why="evidence has a kind and a reference",
                fix="write minutes=minutes.pdf",
            )
        found.append(item)
    return tuple(found)


def checked(command: c.Command) -> c.Command:
    """The command, if every field holds what its class declares: what is written must be read again.

    Raises:
        Refused: A field holds something else, or nobody is named as the actor.
    """
    if not isinstance(command.by, str) or not command.by.strip() or not isinstance(command.id, str) or not command.id:
        _malformed("PF389", "nobody is named as the one who acts", why="every event says who", fix="give by='PERSON'")
    try:
        codec.decode(codec.encode(_without_event(command)), texts.command_classes())
    except (codec.CodecError, UnicodeError) as error:
        _malformed(
            "PF379",
            f"this {type(command).__name__} cannot be read: {_first(error)}",
            why="every field of a command has one type, and nothing is guessed",
            fix="give the value that the method's documentation names",
        )
    return command


def _without_event(command: c.Command) -> c.Command:
    return attrs.evolve(command, event=None) if isinstance(command, (c.Void, c.Correct)) else command


def _first(error: Exception) -> Any:
    problem = getattr(error, "problem", None)
    return problem.what if problem is not None else error
