"""The two small phrases of a story line: when and who (`CuePhrase`), and what is done (`DeedPhrase`).

A deed is written in the words of ``phaseflow do``; the table behind both is `phaseflow.engine.acts`. Two deeds are more
than one command and exist in scenarios only: ``do`` (somebody does what is owed) and ``poll`` (a poll is held, with its
result as counts), with ``ballots`` for a poll that stays open.

Codes: PF603 a line that does not say when, PF604 an act that nobody knows, PF605 an act that is written wrongly.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Literal, NoReturn, Self

import attrs

from phaseflow.core.calendars import Calendar
from phaseflow.engine.acts import ACTS
from phaseflow.engine.grammar import Act, Mistyped, Token, is_count, tokens_of, typed
from phaseflow.errors import NOWHERE, PolicyError, Problem, Span, did_you_mean

NOON = time(12)
"""When something happens on a day that is given without a time."""

_DAY = r"(?:\d{4}-)?\d{1,2}-\d{1,2}"
_LATER = r"\d+ (?:second|minute|hour|day|week)s? later"
_TIME = r"\d{1,2}:\d{2}(?::\d{2})?"
_CUE = re.compile(
    rf"(?:(?P<day>{_DAY})|(?P<later>{_LATER})|(?P<then>then))"
    rf"(?: +(?P<time>{_TIME}))?(?: +(?!in )(?P<who>\S.*?))?(?: +in +(?P<where>\S+))?\Z"
)
_BEGINS = re.compile(rf"\d|then\b|{_LATER}")


@attrs.frozen(kw_only=True)
class CuePhrase:
    """When a line happens, who acts, and in which run: ``03-10 09:00 wang``, ``then zhao in north``."""

    noun: ClassVar[str] = "day (and person)"
    pattern: ClassVar[str] = rf"^(?:{_DAY}|{_LATER}|then)(?: +{_TIME})?(?: +.+)?$"
    description: ClassVar[str] = (
        "A day 03-10 or 2009-03-10, '3 days later', or 'then' for the same instant; a time; who acts; 'in' which run."
    )
    examples: ClassVar[tuple[str, ...]] = (
        "03-10 wang", "03-10 09:00 li, chen", "3 days later", "then zhao in programme",
    )  # fmt: skip

    text: str = ""
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)
    day: tuple[int, int, int] | None = None
    later: timedelta | None = None
    clock: time | None = None
    who: tuple[str, ...] = ()
    where: str = ""

    @staticmethod
    def begins(text: str) -> bool:
        """Whether a key is meant for a line of the story and not for something that is expected."""
        return _BEGINS.match(text) is not None

    @classmethod
    def parse(cls, text: str, span: Span = NOWHERE) -> Self:
        """Read a cue. Raises `PolicyError` (PF603)."""
        match = _CUE.match(text.strip())
        if match is None:
            _fault("PF603", f"'{text}' does not say when", span, "a line begins with its day", "write 03-10 wang")
        day, later, clock = match["day"], match["later"], match["time"]
        try:
            return cls(
                text=text,
                span=span,
                day=_day(day) if day else None,
                later=_length(later) if later else None,
                clock=time.fromisoformat(clock.zfill(len(clock) + (clock[1] == ":"))) if clock else None,
                who=tuple(part.strip() for part in (match["who"] or "").split(",") if part.strip()),
                where=match["where"] or "",
            )
        except ValueError as error:
            _fault("PF603", f"'{text}' is no time: {error}", span, "a day has 24 hours", "write 03-10 09:00")

    def instant(self, now: datetime, calendar: Calendar) -> datetime:
        """When the line happens, after *now*; a day without a year is the first such day from *now* on.

        Raises:
            ValueError: There is no such day, or it lies before *now*.
        """
        today = calendar.day_of(now)
        day, clock = today, self.clock
        if self.later is not None:
            if self.clock is None and self.later < timedelta(days=1):
                return now + self.later
            if self.clock is None:
                wall = calendar.local(now)
                return calendar.at(today + self.later, wall.hour, wall.minute) + timedelta(seconds=wall.second)
            day = today + self.later
        elif self.day is not None:
            day = _resolve(self.day, today)
        elif clock is None:
            return now
        if clock is None:
            found = calendar.at(day, NOON.hour)
            return max(found, now) if day == today else found
        return calendar.at(day, clock.hour, clock.minute) + timedelta(seconds=clock.second)


def _day(text: str) -> tuple[int, int, int]:
    parts = [int(part) for part in text.split("-")]
    year, month, day = parts if len(parts) == 3 else (0, *parts)
    date(year or 2000, month, day)
    return year, month, day


def _resolve(day: tuple[int, int, int], today: date) -> date:
    year, month, number = day
    if year:
        return date(year, month, number)
    for candidate in range(today.year, today.year + 9):
        try:
            found = date(candidate, month, number)
        except ValueError:
            continue
        if found >= today:
            return found
    raise ValueError(f"there is no day {month:02}-{number:02}")


def _length(text: str) -> timedelta:
    count, unit, _ = text.split()
    return timedelta(**{unit.rstrip("s") + "s": int(count)})


Special = Literal["", "do", "poll", "ballots"]


@attrs.frozen(kw_only=True)
class DeedPhrase:
    """What somebody does. *given* is what was typed behind the act's name; *special* names a deed of several acts."""

    noun: ClassVar[str] = "act"
    pattern: ClassVar[str] = r"^.+$"
    description: ClassVar[str] = "An act in the words of `phaseflow do`; 'do all'; or 'poll NAME 82 satisfied'."
    examples: ClassVar[tuple[str, ...]] = (
        "hold kickoff --evidence minutes.pdf", "record notes 12000 characters", "do all of study but notes",
        "poll satisfaction 82 satisfied 18 dissatisfied",
    )  # fmt: skip

    text: str
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)
    name: str = ""
    act: Act | None = attrs.field(default=None, eq=False, repr=False)
    given: dict[str, Any] = attrs.field(factory=dict)
    special: Special = ""

    @classmethod
    def parse(cls, text: str, span: Span = NOWHERE) -> Self:
        """Read a deed. Raises `PolicyError` (PF604, PF605)."""
        tokens = tokens_of(text)
        if not tokens:
            _fault("PF604", "nothing is done here", span, "a line says what somebody does", f"write {cls.examples[0]}")
        first, rest = tokens[0], tokens[1:]
        try:
            if first.text in _SPECIAL:
                special: Special = first.text  # type: ignore[assignment]
                return cls(text=text, span=span, name=special, special=special, given=_SPECIAL[special](rest))
            act = ACTS.get(first.text)
            if act is None:
                known = (*_SPECIAL, *ACTS)
                _fault("PF604", f"'{first.text}' is no act", span.within(first.at, first.length),
                       "an act is written as after `phaseflow do`", did_you_mean(first.text, known))  # fmt: skip
            return cls(text=text, span=span, name=first.text, act=act, given=typed(act, first.text, rest))
        except Mistyped as error:
            place = span.within(error.token.at, error.token.length) if error.token is not None else span
            why = "an act is written as after `phaseflow do`"
            if first.text in ACTS:
                why += f": {usage(first.text)}"
            _fault("PF605", error.what, place, why, error.fix)

    @property
    def about(self) -> str:
        """The name in the policy that the deed is about, as far as it says one."""
        if self.special:
            names: list[str] = self.given.get("of") or self.given.get("names") or []
            return names[0] if names else ""
        words = self.act.words if self.act is not None else ()
        return str(self.given.get(words[0].name, "")) if words else ""


def usage(name: str) -> str:
    """How an act is written, in one line."""
    act = ACTS[name]
    words = [word.name.upper() if word.required else f"[{word.name.upper()}]" for word in act.words]
    return " ".join([name, *words, *(f"[{option.flags[0]}]" for option in act.options)])


def _fault(code: str, what: str, span: Span, why: str, fix: str) -> NoReturn:
    raise PolicyError([Problem(code=code, what=what, span=span, why=why, fix=fix)])


# --- deeds of several acts --------------------------------------------------------------------------------------------


def _names(tokens: list[Token]) -> list[str]:
    return [name for token in tokens for name in token.text.split(",") if name]


def _do(tokens: list[Token]) -> dict[str, Any]:
    """``all``, ``all of PHASE, STEP``, ``all but DUTY``, or duties by name."""
    if not tokens:
        raise Mistyped("'do' does not say what", None, "write do all, do all of study, or do notes, report")
    if tokens[0].text != "all":
        return {"names": _names(tokens), "of": [], "but": []}
    found: dict[str, list[str]] = {"names": [], "of": [], "but": []}
    into = ""
    for token in tokens[1:]:
        if token.text in ("of", "but"):
            into = token.text
        elif not into:
            raise Mistyped(f"'{token.text}' is too much for 'do all'", token, "write do all of PHASE but DUTY")
        else:
            found[into] += _names([token])
    return found


def _poll(tokens: list[Token]) -> dict[str, Any]:
    """``NAME 82 satisfied 18 dissatisfied [of GROUP] [on EDGE …]``: counts by edge, group and choice."""
    if not tokens:
        raise Mistyped("no poll is named", None, "write poll satisfaction 82 satisfied 18 dissatisfied")
    name, edge, group = tokens[0].text, "", ""
    papers: list[tuple[str, str, str, int]] = []
    rest = list(tokens[1:])
    pending: list[tuple[str, int]] = []

    def flush() -> None:
        papers.extend((edge, group, choice, count) for choice, count in pending)
        pending.clear()

    while rest:
        token = rest.pop(0)
        word = token.text.rstrip(",")
        if word in ("on", "of"):
            if not rest:
                raise Mistyped(f"'{word}' names nobody", token, "write on EDGE, or of GROUP")
            value = rest.pop(0).text.rstrip(",")
            if word == "on":
                flush()
                edge, group = value, ""
            else:
                group = value
                flush()
                group = ""
        elif is_count(word) and rest:
            pending.append((rest.pop(0).text.rstrip(","), int(word)))
        elif word in ("nobody", "none"):
            continue
        else:
            raise Mistyped(f"'{token.text}' is no count with an answer", token, "write 82 satisfied 18 dissatisfied")
    flush()
    return {"names": [name], "papers": papers}


_SPECIAL = {"do": _do, "poll": _poll, "ballots": _poll}
"""Deeds that are more than one command."""
