"""Printing: plain columns, JSON, and errors in four parts. Nothing here decides anything."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

import click

Line = Callable[[str, int], "str | None"]
"""Gives the text of a line of a file, or None."""


def open_streams() -> None:
    """Let no character of a policy stop the output on a terminal that cannot show it."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


# --- answers ----------------------------------------------------------------------------------------------------------


def say(text: str = "") -> None:
    """One line (or several) to stdout."""
    click.echo(text)


def data(value: Any) -> None:
    """A value as JSON to stdout: attrs objects as objects, instants in ISO 8601, fractions as ``"1/3"``."""
    click.echo(to_json(value))


def to_json(value: Any) -> str:
    """A value as indented JSON, keys in the order of the fields."""
    import json

    return json.dumps(plain(value), ensure_ascii=False, indent=2)


def plain(value: Any) -> Any:
    """A value in JSON's own types."""
    from phaseflow.errors import Problem, Span

    if isinstance(value, Problem):
        return problem_as_data(value)
    if isinstance(value, Span):
        return str(value)
    fields = getattr(type(value), "__attrs_attrs__", None)
    if fields is not None:
        return {field.name: plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list, frozenset, set)):
        return [plain(item) for item in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, Enum):
        return value.value
    isoformat = getattr(value, "isoformat", None)
    if isoformat is not None:
        return isoformat()
    if isinstance(value, float):  # an estimate; nothing that is owed or decided is one
        return round(value, 6)
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def problem_as_data(problem: Any) -> dict[str, Any]:
    """A problem as an object, its place in three fields."""
    return {
        "severity": problem.severity,
        "code": problem.code,
        "what": problem.what,
        "file": problem.span.file,
        "line": problem.span.line,
        "col": problem.span.col,
        "why": problem.why,
        "fix": problem.fix,
        "clause": problem.clause,
    }


def columns(rows: Iterable[Sequence[object]], head: Sequence[str] = ()) -> str:
    """Rows as aligned columns; East Asian characters count as two. Blanks at the end of a line are cut."""
    table = [tuple("" if cell is None else str(cell) for cell in row) for row in ([head, *rows] if head else rows)]
    if not table:
        return ""
    widths = [max(_width(row[place]) for row in table) for place in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


# --- problems ---------------------------------------------------------------------------------------------------------


def problems(found: Iterable[Any], line_of: Line | None = None, *, err: bool = True) -> None:
    """Problems in four parts, one after the other; to stderr unless they are the answer."""
    from phaseflow.errors import show

    for problem in found:
        click.echo(show(problem, line_of or line_on_disk), err=err)


def line_on_disk(file: str, number: int) -> str | None:
    """A line of a file as it stands on disk now; None where it cannot be read."""
    try:
        with open(file, encoding="utf-8-sig") as text:
            for count, line in enumerate(text, start=1):
                if count == number:
                    return line.rstrip("\n")
    except (OSError, ValueError):
        return None
    return None


def usage(error: click.ClickException, *, as_json: bool) -> None:
    """A wrong command line."""
    if not as_json:
        error.show()
        return
    click.echo(
        to_json({"error": "usage", "problems": [{"severity": "error", "code": "", "what": error.format_message()}]}),
        err=True,
    )


def failure(error: Exception, *, as_json: bool) -> bool:
    """Print an error that phaseflow or the system raised; False where it is a fault of the program itself."""
    from phaseflow.errors import PhaseflowError, Problem

    if isinstance(error, OSError):
        where = f" '{error.filename}'" if error.filename else ""
        problem = Problem(
            code="PF700",
            what=f"{error.strerror or error}{where}",
            why="the operating system refused it",
            fix="check the path, its rights and the disk",
        )
        _fail("system", (problem,), None, as_json)
        return True
    if not isinstance(error, PhaseflowError):
        return False
    found = getattr(error, "problems", None) or (getattr(error, "problem", None),)
    if found[0] is None:
        found = (
            Problem(
                code="PF701", what=str(error), why="phaseflow cannot go on from here", fix="run `phaseflow doctor`"
            ),
        )
    _fail(getattr(error, "kind", "") or _kind(error), found, getattr(error, "_line", None), as_json)
    return True


def _kind(error: Exception) -> str:
    return "policy" if type(error).__name__ == "PolicyError" else "store" if hasattr(error, "problem") else "error"


def _fail(kind: str, found: Iterable[Any], line_of: Line | None, as_json: bool) -> None:
    if as_json:
        click.echo(to_json({"error": kind, "problems": list(found)}), err=True)
        return

    def line(file: str, number: int) -> str | None:
        return (line_of(file, number) if line_of is not None else None) or line_on_disk(file, number)

    problems(found, line)
