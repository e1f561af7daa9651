"""Days, lengths and anchors: the three bricks of every date in a policy.

What may be written, nothing more: which instant a day begins at, and what "5 business days before" comes to, is said by
`core.calendars`, which alone knows a zone and the days off.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import ClassVar, Literal, Self, cast

import attrs

from phaseflow.spec.phrases.tokens import DOTTED, MONTHS, Cursor, Phrase, Token, quoted, suggest, whole

FIRST_YEAR, LAST_YEAR = 1970, 2100
"""The years a policy may name: those for which a zone's clock changes are written into the plan."""

LONGEST_LENGTH = 100_000
"""The greatest count of a length; 100,000 hours are eleven years, and nothing owed runs longer in days."""

Part = Literal["early", "middle", "late", "start", "end"]
Unit = Literal["hour", "day", "business_day", "week", "month"]
Rounding = Literal["down", "up"]

TEN_DAYS: Mapping[str, tuple[int, int]] = MappingProxyType({"early": (1, 10), "middle": (11, 20), "late": (21, 31)})
"""The three ten-day periods of a month, by first and last day; the last one ends with its month."""

_PARTS: Mapping[str, Part] = MappingProxyType({part: cast(Part, part) for part in (*TEN_DAYS, "start", "end")})
_MONTHS: Mapping[str, int] = MappingProxyType({name: number for number, name in enumerate(MONTHS, start=1)})
_PLAIN_UNITS: tuple[Unit, ...] = ("hour", "day", "week", "month")
_UNITS: Mapping[str, Unit] = MappingProxyType({
    written: unit
    for unit in _PLAIN_UNITS
    for written in (unit, unit + "s")
})

EDGES: Mapping[str, str] = MappingProxyType({
    "start": "start", "begins": "start", "end": "end", "ends": "end",
    "opens": "opens", "opened": "opens", "closes": "closes", "closed": "closes",
    **{edge: edge for edge in ("done", "due", "held", "approved", "returned", "published", "circulated", "filed",
                               "submitted", "decided", "verified")},
})
"""Every edge word with the one it stands for. *start* and *end* are planned days, *opens* and *closes* happenings."""

_WIDTHS = ([4, 2, 2], [2, 2])
_ABOUT = "(?:about +)?"
_MONTH_PART = rf"(?:[0-9]{{4}} +)?(?:{'|'.join(MONTHS)})"
DAY_PATTERN = (
    rf"{_ABOUT}(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|[0-9]{{2}}-[0-9]{{2}}|{_MONTH_PART}(?: +(?:{'|'.join(_PARTS)}))?)"
)
STRETCH_PATTERN = rf"{_ABOUT}{_MONTH_PART}(?: +(?:{'|'.join(TEN_DAYS)}))?"
LENGTH_PATTERN = rf"{_ABOUT}[0-9]+ +(?:hours?|days?|business +days?|weeks?|months? +round +(?:down|up))"
ANCHOR_PATTERN = rf"{DOTTED} +(?:{'|'.join(EDGES)})"


def _prefix(about: bool) -> str:
    return "about " if about else ""


@attrs.frozen(kw_only=True)
class DayPhrase(Phrase):
    """A day, or a named stretch of a month, with or without its year.

    *day* counts from 1 and is None where a month or a part of one is meant; *part* says which part. *about* marks an
    edge that is approximate in the source: it never makes a hard check (R40).
    """

    noun: ClassVar[str] = "date"
    pattern: ClassVar[str] = whole(DAY_PATTERN)
    description: ClassVar[str] = (
        "A day (2009-03-13, 03-13), a month, or a part of a month: early 1-10, middle 11-20, late 21-last, start, end."
    )
    examples: ClassVar[tuple[str, ...]] = ("2009-03-13", "03-13", "may", "may late", "2009 may end", "about may early")

    year: int | None = None
    month: int
    day: int | None = None
    part: Part | None = None
    about: bool = False

    def bounds(self, year: int | None = None) -> tuple[date, date]:
        """First and last day, both inclusive, in *year* or in the year that is written.

        Raises:
            ValueError: No year is known, or the year has no such day (29 February in a common year).
        """
        chosen = self.year if self.year is not None else year
        if chosen is None:
            raise ValueError(f"'{self}' names no year, and none was given")
        last = monthrange(chosen, self.month)[1]
        if self.day is not None:
            if self.day > last:
                raise ValueError(f"'{self}' is no day of {chosen}: {MONTHS[self.month - 1]} {chosen} has {last} days")
            first, final = self.day, self.day
        elif self.part == "start":
            first, final = 1, 1
        elif self.part == "end":
            first, final = last, last
        else:
            first, final = TEN_DAYS[self.part] if self.part else (1, last)
        return date(chosen, self.month, first), date(chosen, self.month, min(final, last))

    def __str__(self) -> str:
        if self.day is not None:
            year = f"{self.year:04}-" if self.year is not None else ""
            return f"{_prefix(self.about)}{year}{self.month:02}-{self.day:02}"
        words = (str(self.year) if self.year is not None else "", MONTHS[self.month - 1], self.part or "")
        return _prefix(self.about) + " ".join(word for word in words if word)

    @classmethod
    def _read(cls, cursor: Cursor) -> Self:
        about = cursor.skip("word", "about") is not None
        token = cursor.skip("date")
        if token is not None:
            year, month, day = _calendar_date(cursor, token)
            return cls(year=year, month=month, day=day, about=about)
        written = _written_year(cursor)
        month = cursor.choose(_MONTHS, noun="month", why="a date is written 2009-03-13, 03-13, or may late")
        return cls(year=written, month=month, part=_part(cursor, month), about=about)


def _part(cursor: Cursor, month: int) -> Part | None:
    """Take the part of *month* if one stands here; PF121 for a day's number, PF122 for a misspelt part."""
    token = cursor.peek()
    if token is None or token.kind in ("mark", "date"):
        return None
    if token.kind == "number":
        cursor.fail("PF121", f"{quoted(token.text)} cannot follow the month", token,
                    why="a single day is written in digits", fix=_in_digits(month, token))
    return cursor.choose(_PARTS, noun="part of a month",
                         why="a month has an early, a middle and a late part, a start and an end")


def _calendar_date(cursor: Cursor, token: Token) -> tuple[int | None, int, int]:
    """Take ``2009-03-13`` or ``03-13`` apart; PF121 for other widths, PF123 where no calendar has the day."""
    parts = token.text.split("-")
    if [len(part) for part in parts] not in _WIDTHS:
        widened = [part.zfill(2) for part in parts]
        month = int(parts[1][:2])
        if len(parts) == 2 and len(parts[0]) == 4 and 1 <= month <= 12:
            fix = f"write {parts[0]} {MONTHS[month - 1]}"
        else:
            fix = f"write {'-'.join(widened)}" if [len(part) for part in widened] in _WIDTHS else ""
        cursor.fail("PF121", f"{quoted(token.text)} is no date", token,
                    why="a date is written 2009-03-13, or 03-13 without its year", fix=fix)
    year = int(parts[0]) if len(parts) == 3 else None
    month, day = int(parts[-2]), int(parts[-1])
    if year is not None:
        _check_year(cursor, token, year)
    # A leap year stands in for the year that is not written: 02-29 may turn out to exist.
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(2000 if year is None else year, month)[1]:
        cursor.fail("PF123", f"{quoted(token.text)} is no day of any calendar" if year is None or month > 12
                    else f"{quoted(token.text)} is no day of {year}", token,
                    why="months run from 01 to 12, days from 01 to the end of their month",
                    fix=_nearest_day(year, month, day))
    return year, month, day


def _nearest_day(year: int | None, month: int, day: int) -> str:
    """What may be meant by a day that does not exist: the last of its month, or month and day the other way round."""
    if 1 <= month <= 12:
        stated = f"{year} " if year is not None else ""
        return f"write '{stated}{MONTHS[month - 1]} end' for its last day"
    if 1 <= day <= 12 and 1 <= month <= 31:
        stated = f"{year}-" if year is not None else ""
        return f"write {stated}{day:02}-{month:02}: the month stands first"
    return ""


def _written_year(cursor: Cursor) -> int | None:
    token = cursor.peek()
    if token is None or token.kind != "number":
        return None
    month = cursor.peek(1)
    if len(token.text) != 4 or not token.text.isdigit():
        number = _MONTHS.get(month.text) if month else None
        cursor.fail("PF121", f"{quoted(token.text)} is no year", token, why="a year has four digits",
                    fix=_in_digits(number, token) if number else "a single day is written 03-13")
    cursor.take()
    _check_year(cursor, token, int(token.text))
    return int(token.text)


def _in_digits(month: int, day: Token) -> str:
    return f"write {month:02}-{day.text.zfill(2)}" if len(day.text) <= 2 else "a year stands before its month"


def _check_year(cursor: Cursor, token: Token, year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        cursor.fail("PF124", f"the year {year} is out of reach", token,
                    why=f"clock changes are pinned from {FIRST_YEAR} to {LAST_YEAR}")


@attrs.frozen(kw_only=True)
class LengthPhrase(Phrase):
    """A length of time with its unit; *count* is at least 0. Units never turn into one another.

    *rounding* is given for months and for nothing else: one month after 31 January is 28 February rounded down and
    1 March rounded up.
    """

    noun: ClassVar[str] = "length"
    pattern: ClassVar[str] = whole(LENGTH_PATTERN)
    description: ClassVar[str] = "A length with its unit: hours, days, business days, weeks, or months with a rounding."
    examples: ClassVar[tuple[str, ...]] = (
        "7 days", "1 business day", "2 weeks", "12 hours", "1 month round down", "about 3 months round up",
    )

    count: int
    unit: Unit
    rounding: Rounding | None = None
    about: bool = False

    def __str__(self) -> str:
        unit = self.unit.replace("_", " ") + ("" if self.count == 1 else "s")
        return f"{_prefix(self.about)}{self.count} {unit}" + (f" round {self.rounding}" if self.rounding else "")

    @classmethod
    def _read(cls, cursor: Cursor) -> Self:
        about = cursor.skip("word", "about") is not None
        count, token = cursor.number("count")
        if count.denominator != 1 or count > LONGEST_LENGTH:
            cursor.fail("PF124", f"{quoted(token.text)} cannot count a length", token,
                        why=f"lengths are whole numbers up to {LONGEST_LENGTH}", fix="choose another unit")
        unit, word = _unit(cursor)
        rounding = _rounding(cursor, unit, word)
        return cls(count=int(count), unit=unit, rounding=rounding, about=about)


def _unit(cursor: Cursor) -> tuple[Unit, Token]:
    """Take the unit (one word, or ``business days``) and the word it begins with."""
    why = "every length says its unit: hours, days, business days, weeks or months"
    token = cursor.peek()
    if token is None:
        cursor.missing("unit", why=why, fix=f"for instance: {cursor.text.strip(' ')} days")
    if token.text == "business" and cursor.next_is("word", "day", "days", ahead=1):
        cursor.here += 2
        return "business_day", token
    if not cursor.skip("word", *_UNITS):
        follower = cursor.peek(1)
        end = follower.end if follower and follower.text in ("day", "days") else token.end
        wrong = cursor.text[token.at : end]
        fix = "write 12 months round down" if wrong in ("year", "years") else suggest(wrong, ("business days", *_UNITS))
        cursor.fail("PF122", f"{quoted(wrong)} is no unit of length", token, why=why, fix=fix, length=len(wrong))
    return _UNITS[token.text], token


def _rounding(cursor: Cursor, unit: Unit, word: Token) -> Rounding | None:
    token = cursor.skip("word", "round")
    if unit != "month":
        if token is not None:
            cursor.fail("PF125", f"'round' does not go with {quoted(word.text)}", token,
                        why="only months end on different days", fix="drop the rounding")
        return None
    if token is None:
        cursor.fail("PF125", "the months do not say how they round", word,
                    why="one month after 31 January is 28 February or 1 March; the policy has to choose",
                    fix=f"write '{word.text} round down' or '{word.text} round up'")
    directions: dict[str, Rounding] = {"down": "down", "up": "up"}
    return cursor.choose(directions, noun="rounding", why="months round down to the last day, or up to the first")


@attrs.frozen(kw_only=True)
class AnchorPhrase(Phrase):
    """An edge of something the policy names: *name* may be dotted; *edge* is a value of `EDGES`."""

    noun: ClassVar[str] = "anchor"
    pattern: ClassVar[str] = whole(ANCHOR_PATTERN)
    description: ClassVar[str] = "An edge of a phase, step, duty, document or meeting of this policy."
    examples: ClassVar[tuple[str, ...]] = ("study end", "kickoff held", "report published", "study.kickoff done")

    name: str
    edge: str

    def __str__(self) -> str:
        return f"{self.name} {self.edge}"

    @classmethod
    def _read(cls, cursor: Cursor) -> Self:
        name = cursor.name("anchor", dotted=True)
        if cursor.next_is("word") and not cursor.next_is("word", *EDGES) and cursor.next_is("word", *EDGES, ahead=1):
            middle, edge = cursor.peek(), cursor.peek(1)
            assert middle is not None
            assert edge is not None
            cursor.fail("PF121", f"{quoted(f'{name} {middle.text} {edge.text}')} has a word too many", middle,
                        why="an anchor is one name and one edge; a name inside another is joined by a dot",
                        fix=f"write '{middle.text} {edge.text}' or '{name}.{middle.text} {edge.text}'")
        edge_word = cursor.choose(EDGES, noun="edge", why="an anchor names a thing and one of its edges")
        return cls(name=name, edge=edge_word)
