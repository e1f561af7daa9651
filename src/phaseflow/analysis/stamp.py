"""Digests written into a register, in its author's own layout: everything else of the text stays as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from phaseflow.analysis.wording import digest
from phaseflow.spec.register import ClauseSpec, Register
from phaseflow.spec.tree import lines_of


def stamped(text: str, register: Register, source: Sequence[str]) -> str:
    """The text of a register with the digest of each clause as the source now stands.

    Args:
        text: The register, as *register* was read from it.
        register: What was read.
        source: The lines of the source document's file. A clause beyond its end is left as it is.
    """
    lines = lines_of(text.removeprefix("\ufeff"))
    edits = [
        (clause, digest(source[clause.first - 1 : clause.last]))
        for clause in register.clauses.values()
        if clause.last <= len(source)
    ]
    # From the end to the beginning, so that the places of what is still to be done stay true.
    for clause, found in sorted(edits, key=lambda edit: (edit[0].span.line, edit[0].span.col), reverse=True):
        _write(lines, clause, found)
    newline = "\r\n" if "\r\n" in text else "\n"
    return newline.join(lines)


def _write(lines: list[str], clause: ClauseSpec, found: str) -> None:
    if clause.digest is not None:
        place = clause.span_of("digest")
        line = lines[place.line - 1]
        lines[place.line - 1] = line[: place.col - 1] + found + line[place.col - 1 + place.length :]
        return
    place = clause.key_span_of("status")
    line = lines[place.line - 1]
    before = line[: place.col - 1]
    flow = re.match(r"[{]", lines[clause.span.line - 1][clause.span.col - 1 :])
    if flow or before.strip():
        lines[place.line - 1] = f"{before}digest: {found}, {line[place.col - 1 :]}"
    else:
        lines.insert(place.line - 1, f"{before}digest: {found}")
