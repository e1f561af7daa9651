"""The signs and words an expression may be written in; everything else stops here, with its place.

Python's own parser sees a text only after this whitelist: no braces, backslashes outside texts, comments, prefixes of
texts, underscores in front, Python's other keywords or deep brackets ever reach it. Nothing is understood here; the
grammar is in `parse`. One pass, linear in the length of the text.
"""

from __future__ import annotations

import itertools
import keyword
import re
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from phaseflow.errors import Problem, Span

MAX_LENGTH: Final = 2_000
MAX_DEPTH: Final = 40
MAX_DIGITS: Final = 40
MAX_PLACES: Final = 12

_ESCAPE = r"""\\(?:['"\\nrtabfv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"""
_INSIDE = r"\\\x00-\x1f\x7f\ud800-\udfff"
_TOKEN = re.compile(
    rf"""
      (?P<space>[ \t\r\n]+)
    | (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<text>'(?:[^'{_INSIDE}]|{_ESCAPE})*'|"(?:[^"{_INSIDE}]|{_ESCAPE})*")
    | (?P<alien>\*\*|//|<<|>>|<>|->)
    | (?P<sign>[=!<>]=|[-<>+*/()\[\],=])
    """,
    re.VERBOSE,
)

_OPERATORS: Final = frozenset({"and", "or", "not", "in"})
_ALIEN: Final = frozenset(word for word in keyword.kwlist if word not in _OPERATORS | {"True", "False"})
_INSTEAD: Mapping[str, str] = MappingProxyType(
    {"&": "and", "|": "or", "!": "not", "≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/", "“": "'", "”": "'"}
    | {"‘": "'", "’": "'", "<>": "!=", "AND": "and", "OR": "or", "NOT": "not", "IN": "in", "；": "and", "。": "."}
)


@attrs.frozen
class Token:
    """One word or sign; *start* counts characters from 0."""

    kind: str
    text: str
    start: int


@attrs.frozen
class Place:
    """Where an expression stands, so that a part of it can be pointed at."""

    text: str
    span: Span

    def at(self, start: int, length: int = 1) -> Span:
        """The span of a part; of the whole, where the text runs over several lines and columns are not known."""
        return self.span if "\n" in self.text else self.span.within(start, length)


def scan(place: Place) -> list[Problem]:
    """Every fault in the writing of a text: too long, too deep, or written in signs that are not of this language."""
    text = place.text
    if len(text) > MAX_LENGTH:
        what = f"the condition has {len(text)} characters, more than {MAX_LENGTH}"
        return [Problem(code="PF151", what=what, span=place.span, why=_BOUNDED, fix="split it into named conditions")]
    if not text.strip():
        return [Problem(code="PF150", what="the condition is empty", span=place.span, why="a condition asks something")]
    tokens, problems = _tokens(place)
    return [*problems, *_neighbours(tokens, place), *_brackets(tokens, place)]


_BOUNDED = "a condition is bounded, so that reading it always ends soon"
_CLOSED = "an expression is written in the signs of this language only"


def _tokens(place: Place) -> tuple[list[Token], list[Problem]]:
    tokens: list[Token] = []
    problems: list[Problem] = []
    start = 0
    while start < len(place.text):
        match = _TOKEN.match(place.text, start)
        if match is None:
            length = _foreign_length(place.text, start)
            problems.append(_foreign(place, start, length))
            if place.text[start] in "'\"":
                break  # what follows an open quote would be read as words it never was
            start += length
            continue
        token = Token(str(match.lastgroup), match.group(), start)
        start = match.end()
        if token.kind != "space":
            tokens.append(token)
            problems.extend(_word(token, place))
    return tokens, problems


def _foreign_length(text: str, start: int) -> int:
    """A doubled sign (&&) or a word in other letters is one fault."""
    end = start + 1
    while end < len(text) and (
        text[end] == text[start] or (text[start].isalpha() and text[end].isalpha() and not text[end].isascii())
    ):
        end += 1
    return end - start


def _foreign(place: Place, start: int, length: int) -> Problem:
    sign = place.text[start]
    if sign in "'\"":
        what = "a text is opened here and never closed, or holds a backslash or a line break"
        why = "a text ends on its own line, in its own quote"
        return Problem(code="PF150", what=what, span=place.at(start), why=why)
    fix = _fix_for(sign)
    shown = sign if sign.isprintable() else f"U+{ord(sign):04X}"
    shown = place.text[start : start + length] if sign.isalpha() else shown
    what = f"'{shown}' has no meaning in a condition"
    return Problem(code="PF150", what=what, span=place.at(start, length), why=_CLOSED, fix=fix)


def _fix_for(sign: str) -> str:
    if sign == "%":
        return "write a share as share(85)"
    if sign == "#":
        return "write a comment beside the condition, not inside"
    narrow = _INSTEAD.get(sign) or unicodedata.normalize("NFKC", sign)
    return f"write '{narrow}'" if narrow != sign and narrow.isascii() and narrow.isprintable() else ""


def _word(token: Token, place: Place) -> Iterator[Problem]:
    span = place.at(token.start, len(token.text))
    if token.kind == "alien" or token.text in _INSTEAD:
        what = f"'{token.text}' is not part of this language"
        fix = f"write '{_INSTEAD[token.text]}'" if token.text in _INSTEAD else ""
        yield Problem(code="PF152", what=what, span=span, why=_CLOSED, fix=fix)
    elif token.kind == "number":
        digits, _, places = token.text.partition(".")
        if len(digits) > MAX_DIGITS or len(places) > MAX_PLACES:
            what = f"a number has at most {MAX_DIGITS} digits and {MAX_PLACES} decimal places"
            yield Problem(code="PF151", what=what, span=span, why=_BOUNDED)
        elif len(digits) > 1 and digits.startswith("0"):
            yield Problem(code="PF150", what=f"the number '{token.text}' begins with a zero", span=span, why=_CLOSED)
    elif token.kind == "name":
        for word in token.text.split("."):
            if word.startswith("_"):
                why = "names are lower-case words; none begins with an underscore"
                yield Problem(code="PF152", what=f"'{token.text}' is no name of a fact", span=span, why=why)
            elif word in _ALIEN or (word in _OPERATORS and word != token.text):
                why = "this word is kept by Python, whose grammar an expression borrows"
                yield Problem(code="PF152", what=f"'{word}' cannot be said in a condition", span=span, why=why)


def _neighbours(tokens: list[Token], place: Place) -> Iterator[Problem]:
    """Faults of two tokens side by side that Python would read as one thing: f'..', 5x, 1e9, 'a' 'b'."""
    for first, second in itertools.pairwise(tokens):
        end = first.start + len(first.text)
        touching = second.start == end
        pair = (first.kind, second.kind)
        if pair == ("text", "text") or (touching and pair in _GLUED and first.text not in _OPERATORS):
            span = place.at(first.start, second.start + len(second.text) - first.start)
            what = f"'{first.text}' and '{second.text}' stand together with nothing between"
            fix = "write the number out in full, or put a sign between" if first.kind == "number" else ""
            yield Problem(code="PF150", what=what, span=span, why=_CLOSED, fix=fix)


_GLUED = frozenset({("name", "text"), ("number", "name"), ("number", "text"), ("text", "name"), ("number", "number")})


def _brackets(tokens: list[Token], place: Place) -> Iterator[Problem]:
    """Too deep, too many signs in front of one thing, and a single = outside the brackets of a fact."""
    is_call: list[bool] = []
    before = Token("sign", "", 0)
    in_front = 0
    for token in tokens:
        if token.text in ("(", "["):
            is_call.append(token.text == "(" and before.kind == "name" and before.text not in _OPERATORS)
        elif token.text in (")", "]") and is_call:
            is_call.pop()
        elif token.text == "=" and not (is_call and is_call[-1]):
            what, fix = "a single '=' does not compare", "write '=='"
            yield Problem(code="PF150", what=what, span=place.at(token.start), why=_CLOSED, fix=fix)
        in_front = in_front + 1 if token.text in ("not", "-", "+") else 0
        if max(len(is_call), in_front) > MAX_DEPTH:
            what = f"the condition is nested more than {MAX_DEPTH} deep"
            yield Problem(code="PF151", what=what, span=place.at(token.start), why=_BOUNDED)
            return
        before = token
