"""How long people take: a length of time, or a share of the time that they are given (`SpanPhrase`).

Codes: PF949 a length or a share beyond all measure; the others are those of every phrase.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import ClassVar, Literal, Self

import attrs

from phaseflow.spec.phrases.measures import decimal_text
from phaseflow.spec.phrases.tokens import Cursor, Phrase, quoted, whole

Unit = Literal["share", "hour", "day", "business_day", "week"]

MOST = 10_000
"""The greatest count of a span, in any unit."""

_UNITS: Mapping[str, Unit] = {
    "hour": "hour", "hours": "hour", "day": "day", "days": "day", "week": "week", "weeks": "week",
    "business": "business_day",
}  # fmt: skip

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"


@attrs.frozen(kw_only=True)
class SpanPhrase(Phrase):
    """How long something takes: ``3 days``, ``1.5 weeks``, ``4 business days``, or ``110%`` of the time allowed.

    A share may be more than everything: whoever takes 110 % of the time allowed is late.
    """

    noun: ClassVar[str] = "length or share"
    pattern: ClassVar[str] = whole(rf"{_NUMBER} *(?:%|hours?|days?|weeks?|business +days?)")
    description: ClassVar[str] = "A length such as '3 days' or '4 business days', or a share of the time: '60%'."
    examples: ClassVar[tuple[str, ...]] = ("3 days", "110%", "1.5 weeks", "4 business days", "12 hours")

    count: Fraction
    unit: Unit

    def __str__(self) -> str:
        if self.unit == "share":
            return f"{decimal_text(self.count * 100)}%"
        return f"{decimal_text(self.count)} {self.unit.replace('_', ' ')}{'' if self.count == 1 else 's'}"

    @classmethod
    def _read(cls, cursor: Cursor) -> Self:
        count, token = cursor.number("number")
        if count > MOST:
            cursor.fail("PF949", f"{quoted(token.text)} is beyond all measure", token,
                        why=f"a length or share is at most {MOST} of its unit", fix="choose another unit")  # fmt: skip
        if cursor.skip("mark", "%"):
            return cls(count=count / 100, unit="share")
        unit = cursor.choose(
            _UNITS, noun="unit of length",
            why="what people take is told in hours, days, business days or weeks, or in % of the time allowed",
        )  # fmt: skip
        if unit == "business_day":
            cursor.choose({"day": True, "days": True}, noun="unit of length", why="it is 'business days'")
        return cls(count=count, unit=unit)
