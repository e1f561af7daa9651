"""Scalar phrases: dates, lengths, anchors, windows, amounts, shares, periods, openings and closings.

Each class is one kind of short text an author may write. ``parse(text, span)`` reads it or raises `PhraseError` with a
place inside the scalar; ``str(phrase)`` gives the canonical text; ``pattern``, ``description`` and ``examples`` serve
the JSON Schema and the docs. No phrase knows a calendar, and none is a condition.

    >>> from phaseflow.spec.phrases import MomentPhrase
    >>> str(MomentPhrase.parse("3  days before study ends").offset)
    '3 days'
"""

from phaseflow.spec.phrases.civil import (
    EDGES,
    FIRST_YEAR,
    LAST_YEAR,
    TEN_DAYS,
    AnchorPhrase,
    DayPhrase,
    LengthPhrase,
)
from phaseflow.spec.phrases.edges import ClosesPhrase, OpensPhrase
from phaseflow.spec.phrases.measures import AmountPhrase, PeriodPhrase, SharePhrase
from phaseflow.spec.phrases.moments import MomentPhrase, WindowPhrase
from phaseflow.spec.phrases.tokens import MONTHS, RESERVED, Phrase, PhraseError

PHRASES: tuple[type[Phrase], ...] = (
    DayPhrase,
    LengthPhrase,
    AnchorPhrase,
    MomentPhrase,
    WindowPhrase,
    AmountPhrase,
    SharePhrase,
    PeriodPhrase,
    OpensPhrase,
    ClosesPhrase,
)
"""Every kind of phrase, in the order of the language reference."""

__all__ = [
    "EDGES",
    "FIRST_YEAR",
    "LAST_YEAR",
    "MONTHS",
    "PHRASES",
    "RESERVED",
    "TEN_DAYS",
    "AmountPhrase",
    "AnchorPhrase",
    "ClosesPhrase",
    "DayPhrase",
    "LengthPhrase",
    "MomentPhrase",
    "OpensPhrase",
    "PeriodPhrase",
    "Phrase",
    "PhraseError",
    "SharePhrase",
    "WindowPhrase",
]
