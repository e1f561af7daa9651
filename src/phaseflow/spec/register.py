"""The register of a source document: every statement it makes, numbered, in the encoder's own words.

A policy names its register in ``clauses:``; `analysis.trace` holds the two against each other. Here is only what may be
written, and the rules within one register. Nothing here opens a file.

Codes: PF650 a name no rule could cite, PF651 lines that cannot be, PF652 a status and what must go with it, PF653 a
digest of the wrong form.

>>> text = "source: {file: plan.txt}\\nclauses: {A1: {lines: 3, status: encoded, text: Units study.}}"
>>> read_register(text).result().clauses["A1"].first
3
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import attrs

from phaseflow.errors import Problem
from phaseflow.spec.duties import doc, one_or_many
from phaseflow.spec.reader import Reading, read
from phaseflow.spec.shape import Shape, Text, shape

DIGEST = re.compile(r"[0-9a-f]{12}\Z")
_ID = re.compile(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*\Z")

_GOES_WITH: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "encoded": (frozenset(), frozenset()),
    "advisory": (frozenset({"why"}), frozenset({"why"})),
    "ambiguous": (frozenset({"why"}), frozenset({"why", "reading"})),
}
"""Status: the keys it needs, the keys it may have. An ambiguity without a reading is an open one."""


@shape
class SourceSpec(Shape):
    """The document behind a register."""

    file: str = attrs.field(metadata=doc("Name of the file with its text; only `trace --source` looks for it."))
    lines: int | None = attrs.field(default=None, metadata=doc("How many lines the file has.", minimum=1))
    part: tuple[int, ...] = attrs.field(
        default=(), metadata=doc("First and last line of the document, in a file that holds several.")
    )
    title: Text | None = attrs.field(default=None, metadata=doc("What the document is called."))

    @property
    def first(self) -> int:
        """The first line of the document, counted from 1."""
        return self.part[0] if self.part else 1

    @property
    def last(self) -> int | None:
        """Its last line, or None where the register does not say."""
        return self.part[-1] if self.part else self.lines

    def validate(self) -> Iterable[Problem]:
        return _lines(self, "part", self.part) if self.part else ()


@shape
class ClauseSpec(Shape):
    """One statement of the document."""

    lines: tuple[int, ...] = attrs.field(
        metadata=one_or_many("First and last line of the statement, or its only line.", example=[22, 23])
    )
    digest: str | None = attrs.field(
        default=None, metadata=doc("Digest of these lines when they were encoded; `trace --stamp` writes it.")
    )
    status: Literal["encoded", "advisory", "ambiguous"] = attrs.field(
        metadata=doc("Whether a rule says it, it makes no rule, or it can be read in more than one way.")
    )
    text: str = attrs.field(metadata=doc("What it says, in one sentence of our own."))
    reading: str | None = attrs.field(
        default=None, metadata=doc("How an ambiguous statement was read; the ambiguity is open if left out.")
    )
    why: str | None = attrs.field(default=None, metadata=doc("Why it makes no rule, or what made a reading necessary."))

    @property
    def first(self) -> int:
        """Its first line, counted from 1."""
        return self.lines[0]

    @property
    def last(self) -> int:
        """Its last line, included."""
        return self.lines[-1]

    @property
    def open(self) -> bool:
        """True for an ambiguity that nobody has decided how to read."""
        return self.status == "ambiguous" and self.reading is None

    def validate(self) -> Iterable[Problem]:
        yield from _lines(self, "lines", self.lines)
        needed, allowed = _GOES_WITH[self.status]
        given = {key for key in ("reading", "why") if getattr(self, key) is not None}
        for key in sorted(needed - given):
            yield Problem(
                code="PF652",
                what=f"this clause is {self.status} and does not say '{key}'",
                span=self.span_of("status"),
                why="what makes no rule, or more than one, is looked at again by whoever reads the register",
                fix=f"add `{key}:` with one sentence",
            )
        for key in sorted(given - allowed):
            yield Problem(
                code="PF652",
                what=f"this clause is {self.status} and gives a '{key}'",
                span=self.key_span_of(key),
                why="a clause with a reading is ambiguous, and one with a reason against a rule is advisory",
                fix=f"delete `{key}:`, or write the status that fits",
            )
        if self.digest is not None and not DIGEST.match(self.digest):
            yield Problem(
                code="PF653",
                what="a digest is twelve hexadecimal digits",
                span=self.span_of("digest"),
                why="it stands for the lines of the source as they were when the clause was encoded",
                fix="let `phaseflow trace --source DIR --stamp` write it",
            )


@shape
class Register(Shape):
    """A whole register."""

    source: SourceSpec = attrs.field(metadata=doc("The document."))
    clauses: Mapping[str, ClauseSpec] = attrs.field(metadata=doc("Its statements, in the document's order."))

    def validate(self) -> Iterable[Problem]:
        for name, clause in self.clauses.items():
            if not _ID.match(name):
                yield Problem(
                    code="PF650",
                    what=f"'{name}' cannot be the name of a clause",
                    span=self.key_span_of(f"clauses.{name}"),
                    why="rules cite a clause by its name, and refusals print it",
                    fix="write letters and digits, joined by '.', '-' or '_', such as P1.2",
                )
            yield from self._within(name, clause)

    def _within(self, name: str, clause: ClauseSpec) -> Iterator[Problem]:
        last = self.source.last
        if clause.first < self.source.first or (last is not None and clause.last > last):
            yield Problem(
                code="PF651",
                what=f"the lines of '{name}' lie outside the document",
                span=clause.span_of("lines"),
                why=f"it goes from line {self.source.first} to line {last or 'its end'} of '{self.source.file}'",
                fix="correct the lines, or what `source` says",
            )


def _lines(owner: Shape, key: str, lines: tuple[int, ...]) -> Iterator[Problem]:
    if len(lines) not in (1, 2) or lines[0] < 1 or lines[-1] < lines[0]:
        yield Problem(
            code="PF651",
            what=f"'{key}' is {list(lines)}",
            span=owner.span_of(key),
            why="lines are counted from 1, and given as the first and the last one, both included",
            fix="write two numbers such as [22, 23], or one",
        )


def read_register(source: bytes | str, *, file: str = "") -> Reading[Register]:
    """Read a register; faults are in the reading, never raised."""
    return read(source, Register, file=file)
