"""Amounts, shares and periods: how much is owed, of what, and how often.

Numbers are exact (`Fraction`). Nothing converts one unit into another: a week is not seven days.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import ClassVar, Literal, Self

import attrs

from phaseflow.spec.phrases.tokens import NAME, Cursor, Phrase, quoted, whole

PeriodUnit = Literal["day", "week", "ten_days", "month", "quarter", "year"]

MOST_PERIODS = 1_000
"""The greatest count of a period."""

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_SINGULAR_ENDINGS = ("ss", "us", "is")
_HISSING = ("ch", "sh", "x", "z")
_ENDS_IN_Y = re.compile(r"[b-df-hj-np-tv-xz]y$")
_FINEST = 6
"""Decimals beyond which a canonical text shows a fraction instead."""


def decimal_text(value: Fraction) -> str:
    """Write *value* as an exact decimal of at most six places, or as ``n/d`` where it has none."""
    for places in range(_FINEST + 1):
        scaled = value * 10**places
        if scaled.denominator == 1:
            digits = f"{scaled.numerator:0{places + 1}}"
            return f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"{value.numerator}/{value.denominator}"


def plural(unit: str) -> str:
    """The plural under which a unit is counted; a word in ``s`` is one.

    >>> plural("article"), plural("activity"), plural("essay"), plural("speech"), plural("pages")
    ('articles', 'activities', 'essays', 'speeches', 'pages')
    """
    if unit.endswith("s"):
        return unit
    if _ENDS_IN_Y.search(unit):
        return f"{unit[:-1]}ies"
    return f"{unit}es" if unit.endswith(_HISSING) else f"{unit}s"


def _singular(unit: str) -> str:
    """A word of which *unit* is the plural."""
    short = unit.removesuffix("s")
    for word in (f"{unit[:-3]}y", unit[:-2]):
        if word and plural(word) == unit:
            return word
    return short


def _fraction(cursor: Cursor, noun: str) -> Fraction:
    """Take ``3``, ``1.5`` or ``2/3``."""
    value, token = cursor.number(noun)
    if cursor.skip("mark", "/") is None:
        return value
    below, divisor = cursor.number("number below the line")
    if below == 0 or below.denominator != 1 or value.denominator != 1:
        cursor.fail("PF124", f"{quoted(f'{token.text}/{divisor.text}')} is no fraction", divisor,
                    why="a fraction has whole numbers, and none below the line is 0")
    return value / below


@attrs.frozen(kw_only=True)
class AmountPhrase(Phrase):
    """How much of what; *count* is None where the source states no number (``some topics``).

    *unit* is a name, in the plural: ``1 article`` and ``3 articles`` share the unit ``articles``, ``1 activity`` and
    ``5 activities`` the unit ``activities`` (see `plural`); no other two spellings are ever taken for the same unit.
    *about* makes the amount advisory (R40).
    """

    noun: ClassVar[str] = "amount"
    pattern: ClassVar[str] = whole(rf"(?:about +)?(?:some|{_NUMBER}|[0-9]+ */ *[0-9]+) +{NAME}")
    description: ClassVar[str] = "A number and its unit, such as '10000 characters', or 'some' and a unit."
    examples: ClassVar[tuple[str, ...]] = ("10000 characters", "1 article", "1.5 days", "about 1 week", "some topics")

    count: Fraction | None
    unit: str
    about: bool = False

    def __str__(self) -> str:
        count = "some" if self.count is None else decimal_text(self.count)
        plain = self.count != 1 or self.unit == "s" or self.unit.endswith(_SINGULAR_ENDINGS)
        return f"{'about ' if self.about else ''}{count} {self.unit if plain else _singular(self.unit)}"

    @classmethod
    def _read(cls, cursor: Cursor) -> Self:
        about = cursor.skip("word", "about") is not None
        count = None if cursor.skip("word", "some") else _fraction(cursor, "number")
        if cursor.peek() is None:
            cursor.missing("unit", why="every amount says of what", fix="for instance: 20 hours, 3 articles")
        if cursor.next_is("mark", "%"):
            cursor.fail("PF121", "a share is no amount", cursor.peek(), why="an amount is counted in a unit",
                        fix="write a number and a unit, such as 3 articles")
        unit = cursor.name("unit")
        return cls(count=count, unit=plural(unit), about=about)


@attrs.frozen(kw_only=True)
class SharePhrase(Phrase):
    """An exact share from 0 to 1 and, where it is written, of what (*base*, a name)."""

    noun: ClassVar[str] = "share"
    pattern: ClassVar[str] = whole(rf"(?:{_NUMBER} *%|[0-9]+ */ *[0-9]+)(?: *of +{NAME})?")
    description: ClassVar[str] = "A share in percent or as a fraction, with its base: '10% of invited', '2/3 of cast'."
    examples: ClassVar[tuple[str, ...]] = ("85%", "12.5%", "1/10", "10% of invited", "2/3 of cast")

    value: Fraction
    base: str | None = None

    def __str__(self) -> str:
        percent = decimal_text(self.value * 100)
        share = f"{percent}%" if "/" not in percent else f"{self.value.numerator}/{self.value.denominator}"
        return share + (f" of {self.base}" if self.base else "")

    @classmethod
    def _read(cls, cursor: Cursor) -> Self:
        start = cursor.peek()
        value = _fraction(cursor, "share")
        assert start is not None  # else _fraction has refused
        last = cursor.tokens[cursor.here - 1]
        percent = cursor.skip("mark", "%")
        if percent is not None and last is start:
            value, last = value / 100, percent
        elif percent is not None or last is start:
            cursor.fail("PF128", f"{quoted(start.text)} is not written as a share", start,
                        why="a share is a percentage or a fraction, never a bare number or both",
                        fix=f"write {decimal_text(value * 100 if value <= 1 else value)}%")
        if value > 1:
            written = cursor.text[start.at : last.end]
            cursor.fail("PF128", f"{quoted(written)} is more than everything", start, length=len(written),
                        why="a share lies between 0 and 1, that is 0% and 100%")
        return cls(value=value, base=cursor.name("base") if cursor.skip("word", "of") else None)


_PLAIN_UNITS: tuple[PeriodUnit, ...] = ("day", "week", "month", "quarter", "year")
_PERIOD_UNITS: Mapping[str, PeriodUnit] = MappingProxyType({
    **{written: unit for unit in _PLAIN_UNITS for written in (unit, unit + "s")},
    "ten_days": "ten_days",
})


@attrs.frozen(kw_only=True)
class PeriodPhrase(Phrase):
    """A recurring stretch: *count* units of the calendar (ISO weeks, months, ten-day periods), at least 1.

    *from_opening* counts the stretches from the opening day instead of from the calendar's own boundaries.
    """

    noun: ClassVar[str] = "period"
    pattern: ClassVar[str] = whole(
        r"(?:[0-9]+ +)?(?:days?|weeks?|ten_days|months?|quarters?|years?)(?: +from +opening)?"
    )
    description: ClassVar[str] = "A recurring stretch: day, week, ten_days, month, quarter or year; or 'from opening'."
    examples: ClassVar[tuple[str, ...]] = ("week", "2 weeks", "month", "ten_days", "week from opening")

    count: int = 1
    unit: PeriodUnit
    from_opening: bool = False

    def __str__(self) -> str:
        unit = self.unit if self.count == 1 or self.unit == "ten_days" else f"{self.unit}s"
        count = "" if self.count == 1 else f"{self.count} "
        return f"{count}{unit}{' from opening' if self.from_opening else ''}"

    @classmethod
    def _read(cls, cursor: Cursor) -> Self:
        count = _count(cursor) if cursor.next_is("number") else 1
        wrong = cursor.peek()
        if wrong is not None and wrong.text == "ten" and cursor.next_is("word", "days", ahead=1):
            cursor.fail("PF122", "'ten days' is no period", wrong, length=len("ten days"),
                        why="the third of a month is one word", fix="did you mean 'ten_days'?")
        unit = cursor.choose(_PERIOD_UNITS, noun="period", why="periods follow the calendar")
        token = cursor.skip("word", "from")
        if token is not None:
            cursor.choose({"opening": True}, noun="start of a period", why="the one start besides the calendar's own")
        return cls(count=count, unit=unit, from_opening=token is not None)


def _count(cursor: Cursor) -> int:
    count, token = cursor.number("count")
    if count.denominator != 1 or not 1 <= count <= MOST_PERIODS:
        cursor.fail("PF124", f"{quoted(token.text)} cannot count periods", token,
                    why=f"the count is a whole number from 1 to {MOST_PERIODS}")
    return int(count)
