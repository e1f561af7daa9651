"""What can be wrong, where, why, and how to mend it.

Here live `Span` (a place in a policy), `Problem` (one reportable fault), the exceptions that carry problems, and the
printer that shows a problem the way an editor can click on it. Nothing here knows YAML, plans or stores.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Literal

import attrs

Severity = Literal["error", "warning", "note", "held"]
"""*note* marks what an author should know and need not change; *held* a requirement of a gate that is not met."""


@attrs.frozen
class Span:
    """A place in a text: *line* and *col* count from 1 and count characters; *length* is in characters, at least 1."""

    file: str = ""
    line: int = 0
    col: int = 0
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col}" if self.line else self.file

    def within(self, offset: int, length: int = 1) -> Span:
        """The span of a part of a one-line scalar, *offset* characters after its start."""
        return attrs.evolve(self, col=self.col + offset, length=max(1, length)) if self.line else self


NOWHERE = Span()
"""The span of a value that was built in Python and stands in no file."""


@attrs.frozen(kw_only=True)
class Problem:
    """One fault: what is wrong (in the author's words), where, why it is wrong, and how to mend it.

    *code* is never reused; ``phaseflow explain CODE`` prints its page.
    """

    code: str
    what: str
    span: Span = NOWHERE
    why: str = ""
    fix: str = ""
    severity: Severity = "error"
    clause: str = ""

    def __str__(self) -> str:
        place = f"{self.span}: " if self.span.file else ""
        return f"{place}{self.severity} {self.code}: {printable(self.what)}"


class PhaseflowError(Exception):
    """The root of every error that phaseflow raises on purpose."""


class PolicyError(PhaseflowError):
    """A policy cannot be read or compiled; *problems* holds every fault of the pass, sorted by position."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sort_problems(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort by file and position; equal problems appear once."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda p: (p.span.file, p.span.line, p.span.col, p.code, p.what)))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A ready sentence that names the nearest known spelling, or lists what is known; empty if nothing is known."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"known here: {shown}"


_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What ends a line, steers a terminal or turns the writing round: controls, separators and marks of direction."""

_ENDLESS = re.compile(r"\S{200,}")


def printable(text: str) -> str:
    """A text as it can stand in one line of output: what steers a terminal is written out, endless words are cut.

    Names come from whoever calls; a refusal that repeats them must not become a second line, or a page of one letter.
    """
    seen = _UNSEEN.sub(lambda sign: sign[0].encode("unicode_escape").decode("ascii"), text)
    return _ENDLESS.sub(lambda word: f"{word[0][:80]}… ({len(word[0])} characters)", seen)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


WIDEST = 400
"""Characters of a source line that are shown; a hostile line may hold a million."""


def _clipped(text: str, start: int) -> tuple[str, int]:
    """A line cut to a readable length round the place *start*, and where that place is in what is left."""
    if len(text) <= WIDEST:
        return text, start
    first = max(0, start - WIDEST // 4)
    left, right = "…" if first else "", "…" if first + WIDEST < len(text) else ""
    return left + text[first : first + WIDEST] + right, start - first + len(left)


def show(problem: Problem, line_of: Callable[[str, int], str | None] = lambda _file, _line: None) -> str:
    """Print one problem in four parts: headline, the source line with a marker, why, fix.

    Args:
        problem: What to show.
        line_of: Gives the text of a line (counted from 1) of a file, or None where it is not at hand.
    """
    parts = [str(problem)]
    text = line_of(problem.span.file, problem.span.line) if problem.span.line else None
    if text is not None:
        shown, start = _clipped(text.rstrip(), problem.span.col - 1)
        before = shown[:start]
        marked = shown[start : start + problem.span.length] or " "
        number = f"{problem.span.line:>5}"
        parts.append(f"{number} | {shown}")
        parts.append(f"{' ' * len(number)} | {' ' * _width(before)}{'^' * max(1, _width(marked))}")
    if problem.why:
        parts.append(f"  why: {printable(problem.why)}")
    if problem.fix:
        parts.append(f"  fix: {printable(problem.fix)}")
    if problem.clause:
        parts.append(f"  clause: {problem.clause}")
    return "\n".join(parts)
