"""Moments and windows: when something is owed, and from when to when something lasts.

Both are put together from the bricks in `civil`; nothing here counts days.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import attrs

from phaseflow.spec.phrases.civil import (
    ANCHOR_PATTERN,
    DAY_PATTERN,
    LENGTH_PATTERN,
    STRETCH_PATTERN,
    TEN_DAYS,
    AnchorPhrase,
    DayPhrase,
    LengthPhrase,
)
from phaseflow.spec.phrases.tokens import MONTHS, Cursor, Phrase, quoted, whole

Direction = Literal["at", "before", "after"]

MOMENT_PATTERN = (
    rf"(?:{DAY_PATTERN}|{ANCHOR_PATTERN}|{LENGTH_PATTERN} +(?:before|after) +{ANCHOR_PATTERN}|after +{ANCHOR_PATTERN})"
)


@attrs.frozen(kw_only=True)
class MomentPhrase(Phrase):
    """A point in the civil calendar, written as one of four things:

    - a day: *day* is set, *direction* is ``at``;
    - an anchor: *anchor* is set, *direction* is ``at``;
    - a length before or after an anchor: *offset*, *anchor* and *direction* are set;
    - ``after`` an anchor: *anchor* is set, *offset* is None, *direction* is ``after``. It has no date: the thing is
      owed once the anchor has happened, and is never overdue.
    """

    noun: ClassVar[str] = "moment"
    pattern: ClassVar[str] = whole(MOMENT_PATTERN)
    description: ClassVar[str] = "A date, an anchor, a length before or after an anchor, or 'after' it (undated)."
    examples: ClassVar[tuple[str, ...]] = (
        "03-13", "may late", "study end", "3 days before study end", "5 business days after report published",
        "after kickoff held",
    )

    day: DayPhrase | None = None
    anchor: AnchorPhrase | None = None
    offset: LengthPhrase | None = None
    direction: Direction = "at"

    @property
    def about(self) -> bool:
        """Whether the moment is approximate and so makes no hard check."""
        return bool(self.day and self.day.about) or bool(self.offset and self.offset.about)

    @property
    def undated(self) -> bool:
        """Whether it is owed once the anchor has happened, without a date."""
        return self.direction == "after" and self.offset is None

    def __str__(self) -> str:
        relation = "" if self.direction == "at" else self.direction
        return " ".join(str(part) for part in (self.day, self.offset, relation, self.anchor) if part)

    @classmethod
    def _read(cls, cursor: Cursor) -> Self:
        if cursor.skip("word", "after"):
            return cls(anchor=AnchorPhrase.read(cursor), direction="after")
        if cursor.next_is("word", "before"):
            cursor.fail("PF121", "'before' does not say how long before", cursor.peek(),
                        why="nothing can be owed at no stated time before an edge",
                        fix="write a length first, such as '3 days before study end'")
        if _day_follows(cursor):
            return cls(day=DayPhrase.read(cursor))
        if not _length_follows(cursor):
            return cls(anchor=AnchorPhrase.read(cursor))
        offset = LengthPhrase.read(cursor)
        directions: dict[str, Direction] = {"before": "before", "after": "after"}
        direction = cursor.choose(directions, noun="'before' or 'after'", why="a length alone is not a moment")
        return cls(offset=offset, direction=direction, anchor=AnchorPhrase.read(cursor))


def _day_follows(cursor: Cursor) -> bool:
    """Say whether a date begins here, or a word that can only be a misspelt month."""
    ahead = int(cursor.next_is("word", "about"))
    if cursor.next_is("date", ahead=ahead) or cursor.next_is("word", *MONTHS, ahead=ahead):
        return True
    if cursor.next_is("number", ahead=ahead):
        return cursor.next_is("word", *MONTHS, ahead=ahead + 1)
    return bool(ahead) or cursor.next_is("word", *TEN_DAYS, ahead=1)


def _length_follows(cursor: Cursor) -> bool:
    return cursor.next_is("number", ahead=int(cursor.next_is("word", "about")))


@attrs.frozen(kw_only=True)
class WindowPhrase(Phrase):
    """From when to when something lasts, in inclusive days.

    - *first* and *last* are both set: from the first day of *first* to the last day of *last*. A month or a ten-day
      period alone is short for "from it to it".
    - *length* is set: counted from the opening; the day of opening is the first of its days.
    - all three are None: no window (``none``).
    """

    noun: ClassVar[str] = "window"
    pattern: ClassVar[str] = whole(rf"{MOMENT_PATTERN} *\.\. *{MOMENT_PATTERN}|{STRETCH_PATTERN}|{LENGTH_PATTERN}|none")
    description: ClassVar[str] = "Inclusive days 'A .. B', a month or ten-day period, a length from opening, or 'none'."
    examples: ClassVar[tuple[str, ...]] = (
        "03-01 .. 04-30", "may early .. june late", "may", "may late", "study end .. 2 weeks after study end",
        "30 days", "none",
    )

    first: MomentPhrase | None = None
    last: MomentPhrase | None = None
    length: LengthPhrase | None = None

    @property
    def kind(self) -> Literal["between", "length", "none"]:
        """Which of the three forms it is."""
        return "length" if self.length else "between" if self.first else "none"

    def __str__(self) -> str:
        if self.length is not None:
            return str(self.length)
        if self.first is None or self.last is None:
            return "none"
        alone = self.first == self.last and self.first.day is not None and _is_stretch(self.first.day)
        return str(self.first) if alone else f"{self.first} .. {self.last}"

    @classmethod
    def _read(cls, cursor: Cursor) -> Self:
        if cursor.skip("word", "none"):
            return cls()
        if not any(token.text == ".." for token in cursor.tokens):
            return cls._alone(cursor)
        first = _edge(cursor)
        mark = cursor.skip("mark", "..")
        if mark is None:
            cursor.finish("moment", MomentPhrase.examples)
        last = _edge(cursor)
        if _reversed(first.day, last.day):
            cursor.fail("PF126", f"the window {quoted(f'{first} .. {last}')} ends before it begins",
                        why="a window runs from its earlier day to its later one", fix=f"write {last} .. {first}")
        return cls(first=first, last=last)

    @classmethod
    def _alone(cls, cursor: Cursor) -> Self:
        if not _day_follows(cursor) and _length_follows(cursor):
            length = LengthPhrase.read(cursor)
            if length.count == 0:
                cursor.fail("PF126", f"{quoted(str(length))} is no window", why="a window has at least one day or hour",
                            fix="write 'none' where there is no window")
            return cls(length=length)
        if cursor.next_is("word") and cursor.peek(1) is None:
            moment = MomentPhrase(day=DayPhrase.read(cursor))  # a lone word: name the month it was meant to be
        else:
            moment = MomentPhrase.read(cursor)
        if moment.day is None or not _is_stretch(moment.day):
            fix = f"write '{moment} .. {moment}'" if moment.day else "join two edges by '..'"
            cursor.fail("PF126", f"{quoted(str(moment))} is one edge, not a window",
                        why="only a month or a ten-day period is a window by itself", fix=fix)
        moment = attrs.evolve(moment, text=moment.day.text, span=moment.day.span)
        return cls(first=moment, last=moment)


def _edge(cursor: Cursor) -> MomentPhrase:
    """Read one edge of a window; an undated moment has no place there (PF126)."""
    if cursor.peek() is None or cursor.next_is("mark", ".."):
        cursor.missing("edge", why="a window 'A .. B' has two edges", fix=f"for instance: {WindowPhrase.examples[0]}")
    moment = MomentPhrase.read(cursor)
    if moment.undated:
        word = cursor.tokens[cursor.here - 3]
        cursor.fail("PF126", f"{quoted(str(moment))} has no date", word, why="an edge of a window is a day",
                    fix=f"write '{moment.anchor}', or a length before 'after'")
    return moment


def _reversed(first: DayPhrase | None, last: DayPhrase | None) -> bool:
    """Say whether both days name their year and stand the wrong way round; a yearless window may cross New Year."""
    if first is None or last is None or first.year is None or last.year is None:
        return False
    return first.bounds()[0] > last.bounds()[1]


def _is_stretch(day: DayPhrase) -> bool:
    return day.day is None and (day.part is None or day.part in TEN_DAYS)
