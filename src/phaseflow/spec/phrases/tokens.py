"""The one tokenizer of the scalar phrases, and the cursor that every phrase reads with.

Here live the tokens, the place-keeping, the wording of faults and the base class `Phrase`. What a date or a window
*is* stands in the sister modules; what a phrase means on a calendar stands in `core.calendars`.

Codes: PF120 text that is no phrase at all, PF121 words in the wrong order, PF122 a word nobody knows, PF123 a date that
no calendar has, PF124 a number out of bounds, PF125 rounding left out or misplaced, PF126 a window that cannot be,
PF127 a word that the language keeps for itself, PF128 a share outside 0..1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import ClassVar, Literal, NoReturn, Self, TypeVar

import attrs

from phaseflow.errors import NOWHERE, PolicyError, Problem, Span, did_you_mean

LONGEST = 200
"""Characters a phrase may have. Longer text is prose, and prose is never a condition or a date."""

_GROWTH = 20
"""Characters by which canonical text may be longer than what was written: blanks around a mark, a plural."""

MOST_DIGITS = 12
"""Digits a written number may have on either side of its point: enough for any quota, too few to hurt."""

NAME = "[a-z][a-z0-9_]*"
DOTTED = rf"{NAME}(?:\.{NAME})*"

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)
RESERVED = frozenset({*MONTHS, "about", "before", "after", "none", "some", "gate", "date"})
"""Words of the phrase grammar. A phase, duty or role of this name could not be told from the word."""

Kind = Literal["date", "number", "word", "mark"]
V = TypeVar("V")

_TOKEN = re.compile(
    r"(?P<date>[0-9]+-[0-9]+(?:-[0-9]+)?(?![0-9A-Za-z_-]))"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?(?![0-9A-Za-z_-])(?!\.[0-9]))"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<mark>\.\.|%|/)"
    r"|(?P<junk>[^ ]+)"
)
_GLUED = re.compile(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z_]+)")
_GROUPED = re.compile(r"[,'_.][0-9]{3}")


class PhraseError(PolicyError):
    """A scalar is not the phrase that stands here; `problem` says what, where inside the scalar, why, and the fix."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__((problem,))


@attrs.frozen
class Token:
    """A piece of a phrase; *at* is its offset in the text, in characters from 0."""

    kind: Kind
    text: str
    at: int

    @property
    def end(self) -> int:
        return self.at + len(self.text)


def quoted(text: str) -> str:
    """Show *text* in quotes on one line, at most 60 characters of it, control signs spelt out."""
    shown = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text[:60])
    return f"'{shown}{'…' if len(text) > 60 else ''}'"


def suggest(word: str, known: Iterable[str]) -> str:
    """A ready sentence with the nearest known word: other case and three-letter beginnings count as near."""
    words = sorted(set(known))
    low = word.lower()
    near = [one for one in words if one == low] or [one for one in words if len(low) >= 3 and one.startswith(low)]
    return f"did you mean '{near[0]}'?" if near else did_you_mean(low, words)


def whole(pattern: str) -> str:
    """The JSON-Schema pattern of a whole scalar made from the pattern of its phrase."""
    return f"^ *(?:{pattern}) *$"


@attrs.define
class Cursor:
    """Reads the tokens of one scalar from left to right, once; each step looks at most two tokens ahead."""

    text: str
    span: Span
    tokens: Sequence[Token] = ()
    here: int = 0

    @classmethod
    def over(cls, text: str, span: Span) -> Cursor:
        """Cut *text* into tokens. Raises `PhraseError` (PF120) for empty or long text and for foreign signs."""
        cursor = cls(text, span)
        cursor.limit(len(text))
        if not text.strip(" "):
            cursor.fail("PF120", "a phrase is missing", why="empty text says nothing", fix="write it, or drop the key")
        found: list[Token] = []
        for match in _TOKEN.finditer(text):
            token = Token(match.lastgroup, match.group(), match.start())  # type: ignore[arg-type]
            if match.lastgroup == "junk":
                cursor.foreign(token)
            found.append(token)
        cursor.tokens = tuple(found)
        return cursor

    def limit(self, length: int) -> None:
        """Refuse a phrase of more than `LONGEST` characters (PF120)."""
        if length > LONGEST:
            self.fail(
                "PF120", f"a text of {length} characters stands where a short phrase belongs",
                why=f"a phrase has at most {LONGEST} characters", fix="write the explanation as a comment or a title",
            )

    def peek(self, ahead: int = 0) -> Token | None:
        """The token *ahead* places further, not taken; None past the end."""
        place = self.here + ahead
        return self.tokens[place] if place < len(self.tokens) else None

    def take(self) -> Token | None:
        """The next token, taken; None at the end."""
        token = self.peek()
        self.here += token is not None
        return token

    def next_is(self, kind: Kind, *texts: str, ahead: int = 0) -> bool:
        """Say whether the token *ahead* is of this kind and, where *texts* are given, one of them."""
        token = self.peek(ahead)
        return token is not None and token.kind == kind and (not texts or token.text in texts)

    def skip(self, kind: Kind, *texts: str) -> Token | None:
        """Take the next token if it is of this kind (and one of *texts*), else leave it and give None."""
        return self.take() if self.next_is(kind, *texts) else None

    def choose(self, table: Mapping[str, V], *, noun: str, why: str) -> V:
        """Take one word of *table* and give its value; an unknown word is PF122 with the nearest spelling."""
        token = self.peek()
        if token is None:
            self.missing(noun, why=why, fix=f"one of: {', '.join(table)}")
        if token.kind != "word" or token.text not in table:
            self.fail("PF122", f"{quoted(token.text)} is no {noun}", token, why=why, fix=suggest(token.text, table))
        self.here += 1
        return table[token.text]

    def name(self, noun: str, *, dotted: bool = False) -> str:
        """Take a name. PF121 where none stands, PF122 where it is misspelt, PF127 where it is a reserved word."""
        token = self.peek()
        why = f"a name has the form {NAME}" + (", parts joined by dots" if dotted else "")
        if token is None:
            self.missing(noun, why=why)
        if token.kind != "word" or not re.fullmatch(DOTTED if dotted else NAME, token.text):
            low = token.text.lower()
            better = low if token.kind == "word" and re.fullmatch(DOTTED if dotted else NAME, low) else ""
            self.fail("PF122", f"{quoted(token.text)} is no name for the {noun}", token, why=why,
                      fix=f"did you mean '{better}'?" if better else "")
        if token.text in RESERVED:
            self.fail("PF127", f"{quoted(token.text)} cannot name the {noun}", token,
                      why="months and the small words of the grammar are kept for dates and windows",
                      fix="give the thing another name")
        self.here += 1
        return token.text

    def number(self, noun: str) -> tuple[Fraction, Token]:
        """Take a plain number, exact. PF121 where none stands, PF124 where it has too many digits."""
        token = self.peek()
        if token is None:
            self.missing(noun, why="a number is counted in digits")
        if token.kind != "number":
            self.fail("PF121", f"{quoted(token.text)} stands where the {noun} belongs", token, why="digits belong here")
        if any(len(part) > MOST_DIGITS for part in token.text.split(".")):
            self.fail("PF124", f"{quoted(token.text)} has too many digits", token,
                      why=f"a number has at most {MOST_DIGITS} digits on either side of its point")
        self.here += 1
        return Fraction(token.text), token

    def finish(self, noun: str, examples: Iterable[str]) -> None:
        """Refuse whatever is left over (PF121)."""
        token = self.peek()
        if token is not None:
            left, before = self.text[token.at :].rstrip(" "), self.text[: token.at].strip(" ")
            self.fail("PF121", f"{quoted(left)} is too much for a {noun}", token, length=len(left),
                      why=f"the {noun} {quoted(before)} is complete before it",
                      fix=f"for instance: {', '.join(examples)}")

    def missing(self, noun: str, *, why: str, fix: str = "") -> NoReturn:
        """Refuse a phrase that stops too early (PF121); the whole phrase is marked."""
        self.fail("PF121", f"{quoted(self.text.strip(' '))} lacks its {noun}", why=why, fix=fix)

    def fail(
        self, code: str, what: str, token: Token | None = None, *, why: str, fix: str = "", length: int = 0
    ) -> NoReturn:
        """Raise `PhraseError` at *token* (of *length* characters if given), or over the whole phrase."""
        if token is None:
            marked = self.text.strip(" ")
            place = self.span.within(self.text.index(marked), len(marked))
        else:
            place = self.span.within(token.at, length or len(token.text))
        raise PhraseError(Problem(code=code, what=what, span=place, why=why, fix=fix))

    def foreign(self, token: Token) -> NoReturn:
        """Refuse signs that no phrase has (PF120), with the likely meaning where there is one."""
        glued = _GLUED.fullmatch(token.text)
        before = self.text[: token.at]
        if glued:
            fix = f"put a blank between: {glued[1]} {glued[2]}"
        elif _GROUPED.match(token.text) and before[-1:].isdigit():
            fix = "write the number without separators, such as 10000"
        elif token.text.startswith("-") and before[-1:].isalpha():
            fix = "names join their words with '_'"
        else:
            fix = "a range is written with '..', a share with '%' or '/'"
        self.fail("PF120", f"{quoted(token.text)} is no part of a phrase", token,
                  why="phrases are made of words, numbers, dates and the signs '..', '%' and '/'", fix=fix)


@attrs.frozen(kw_only=True)
class Phrase:
    """What every phrase has: the text as written and its place (neither counts when phrases are compared).

    `str(phrase)` is the canonical text: parsing it gives an equal phrase.
    """

    noun: ClassVar[str]
    pattern: ClassVar[str]
    description: ClassVar[str]
    examples: ClassVar[tuple[str, ...]]

    text: str = attrs.field(default="", eq=False, repr=False)
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)

    @classmethod
    def parse(cls, text: str, span: Span = NOWHERE) -> Self:
        """Read *text*, which stands at *span*.

        Raises:
            PhraseError: It is no phrase of this kind; the problem's span lies inside the scalar.
        """
        cursor = Cursor.over(text, span)
        phrase = cls.read(cursor)
        cursor.finish(cls.noun, cls.examples)
        if len(text) > LONGEST - _GROWTH:
            cursor.limit(len(str(phrase)))
        return phrase

    @classmethod
    def read(cls, cursor: Cursor) -> Self:
        """Read one phrase from where *cursor* stands and leave the cursor behind it."""
        first = cursor.peek()
        start = first.at if first else len(cursor.text)
        phrase = cls._read(cursor)
        end = cursor.tokens[cursor.here - 1].end
        return attrs.evolve(phrase, text=cursor.text[start:end], span=cursor.span.within(start, end - start))

    @classmethod
    def _read(cls, cursor: Cursor) -> Self:
        raise NotImplementedError
