"""Stubs for boundaries that no scenario pins: a story that leads there, and the engine's present answer to confirm.

A stub goes on where a scenario of the file ends at which the thing is open and not done; where there is none, after the
file's own beginning. Each stub is played while it is written, and what the engine answers is what it expects. It says
``unconfirmed``: it counts for nothing before somebody has read it, cited the clause, and deleted that line.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs

from phaseflow.engine import Refused
from phaseflow.messages import events as e
from phaseflow.testing.boundaries.model import Boundary
from phaseflow.testing.boundaries.pinned import Pinning
from phaseflow.testing.boundaries.rehearsal import NotHere, Rehearsal, quoted
from phaseflow.testing.scenarios.collect import Result
from phaseflow.testing.scenarios.deeds import Undone
from phaseflow.testing.scenarios.play import set_stage, tell_ahead
from phaseflow.testing.scenarios.reader import NOTHING, Case
from phaseflow.testing.scenarios.spec import Line


@attrs.frozen(kw_only=True)
class Stub:
    """One scenario to confirm: its title, the lines of its body, and the boundary it is for."""

    boundary: Boundary
    title: str
    lines: tuple[str, ...]


def stubs(pinning: Pinning, found: Iterable[Result], file: str) -> tuple[str, tuple[Boundary, ...]]:
    """A file of stubs that takes its cast from *file*, and the boundaries to which no story was found."""
    results = [result for result in found if result.played is not None and result.file == file]
    written: list[Stub] = []
    unreached: list[Boundary] = []
    for boundary in pinning.open:
        stub = _stub(boundary, results)
        if stub is None:
            unreached.append(boundary)
        else:
            written.append(stub)
    return _file(written, file), tuple(unreached)


def _file(written: list[Stub], file: str) -> str:
    lines = [
        "# Written by `phaseflow test --stubs`: boundaries that no scenario pins, with the engine's present answer.",
        "# Nothing counts before somebody has confirmed it: read the story, cite the clause, delete `unconfirmed`.",
        f"cast: {os.path.basename(file)}",
        "",
        "scenarios:",
    ]
    for stub in written:
        lines += ["", f"  {quoted(stub.title)}:"]
        lines += [f"    {line}" for line in stub.lines]
    if not written:
        lines[-1] = "scenarios: {}"
    return "\n".join(lines) + "\n"


# --- one stub ---------------------------------------------------------------------------------------------------------


def _stub(boundary: Boundary, results: list[Result]) -> Stub | None:
    for case, after in _bases(boundary, results):
        stage = set_stage(case, results[0].played.plan)  # type: ignore[union-attr]
        try:
            if after != NOTHING and not tell_ahead(stage, _ahead(case, after)):
                continue
            told = Rehearsal(stage, boundary).lines()
        except (NotHere, Refused, Undone, ValueError):
            continue
        finally:
            stage.close()
        body = [*([f"after: {quoted(after)}"] if after else []), *_clause(boundary),
                f"unconfirmed: {quoted(f'boundary of {os.path.basename(boundary.span.file)}:{boundary.span.line}')}",
                "story:", *(f"  {line}" for line in told)]  # fmt: skip
        return Stub(boundary=boundary, title=f"Boundary: {boundary.kind}: {boundary}", lines=tuple(body))
    return None


def _clause(boundary: Boundary) -> list[str]:
    """The clause to cite stands ready as a comment: confirming means writing it."""
    return [f"# clause: [{', '.join(boundary.clauses)}]"] if boundary.clauses else []


def _bases(boundary: Boundary, results: list[Result]) -> Iterator[tuple[Case, str]]:
    """Stories to go on from: the file's beginning, then scenarios that leave the thing open, the longest first."""
    if not results:
        return
    first = results[0].played
    assert first is not None
    bare = attrs.evolve(first.case, spec=attrs.evolve(first.case.spec, **_NO_CAST))  # type: ignore[misc]
    yield bare, ""
    yield bare, NOTHING
    fitting = [
        result.played for result in results
        if result.state == "passed" and result.played is not None and not result.played.case.label
        and _leaves_open(result, boundary)
    ]  # fmt: skip
    for played in sorted(fitting, key=lambda one: -len(one.case.ahead)):
        yield played.case, played.case.title


_NO_CAST: dict[str, Any] = {"people": {}, "crowd": {}, "bodies": {}, "units": {}, "start": None}


def _ahead(case: Case, after: str) -> tuple[Line, ...]:
    return (*case.ahead, *case.spec.story) if after else case.cast.before


def _leaves_open(result: Result, boundary: Boundary) -> bool:
    """Whether a scenario opened the duty (for an item: any phase) that the boundary is about."""
    assert result.played is not None
    for level, entries in result.played.trails.values():
        if level != boundary.level and boundary.level:
            continue
        for entry in entries:
            event = entry.event
            if boundary.kind in ("item", "day") or (isinstance(event, e.DutyOpened) and event.name == boundary.subject):
                return True
    return False


def write(path: Path, text: str) -> None:
    """Write a file of stubs; one that is there already is not overwritten.

    Raises:
        FileExistsError: There is such a file.
    """
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
