"""What a boundary is: one value or instant at which a policy changes its answer, and one side of it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

import attrs

from phaseflow.errors import Span

Kind = Literal[
    "threshold", "quorum", "gate", "deadline", "grace", "lock", "limit", "item", "quota", "checklist", "empty", "tie",
    "day",
]  # fmt: skip

KINDS: Mapping[Kind, str] = {
    "threshold": "bounds of bands: one below, at, one above",
    "quorum": "quorums: one short, just enough",
    "gate": "bounds of gates: just enough, one off",
    "deadline": "due instants: one second before, at, one second after",
    "grace": "ends of grace: one second before, at, one second after",
    "lock": "locks: one second before, at",
    "limit": "time limits of routes and polls: one second before, at",
    "item": "due instants of items: one second before, at, one second after",
    "quota": "quotas: one less, exactly",
    "checklist": "checklists: all but one",
    "empty": "nobody there: of a role, or to answer",
    "tie": "ties",
    "day": "days on which the clock changes, leap days, ends of months",
}
"""Kinds in the order of a report, with what they look at."""

SIDES: Mapping[str, str] = {"-1": "one second before", "=": "at", "+1": "one second after"}


INSTANTS: frozenset[Kind] = frozenset({"deadline", "grace", "lock", "limit", "item"})
"""Kinds whose sides are seconds."""


@attrs.frozen(kw_only=True)
class Boundary:
    """One place to look at.

    *side* is which side of it: ``-1``, ``=``, ``+1``, or empty. *value* is the bound where it is a number.
    """

    kind: Kind
    level: str
    subject: str
    side: str = ""
    detail: str = ""
    value: Fraction | None = None
    span: Span = attrs.field(eq=False)
    clauses: tuple[str, ...] = attrs.field(default=(), eq=False)

    @property
    def key(self) -> str:
        """The boundary's name, the same in every run of the same plan."""
        return "|".join((self.kind, self.level, self.subject, self.detail, self.side))

    @property
    def name(self) -> str:
        """The boundary as it is told, and as an accepted entry names it."""
        return f"{self.kind}: {self}"

    def __str__(self) -> str:
        where = " (programme)" if self.level == "programme" else ""
        side = SIDES.get(self.side, self.side) if self.kind in INSTANTS else self.side
        parts = [f"{self.subject}{where}", self.detail, side]
        return ": ".join(part for part in parts if part)
