"""A trace as Markdown: tables for a wiki, a pull request or a page of documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from phaseflow.analysis.trace import Trace


def markdown(trace: Trace) -> str:
    """The whole trace."""
    parts = [f"# Trace of {trace.campaign}\n", f"Register: {trace.register}. Source: {trace.source}.\n"]
    head = ["clause", "lines", "status", "what it says", "rules"]
    if trace.scenarios is not None:
        head.append("scenarios")
    parts.append("\n".join(_table(head, _rows(trace))) + "\n")
    parts += _section("House rules", (f"`{rule.path}`{_keys(rule.house_keys)}" for rule in trace.house))
    parts += _section("Unstated", (f"`{one.path}.{one.key}`, asks {one.asks or 'nobody'}" for one in trace.unstated))
    parts += _section("Ambiguous clauses and how they were read", _readings(trace))
    parts += _section("Clauses that no scenario executes", (f"`{name}`" for name in trace.unexecuted))
    parts += _section("Source lines under no clause", map(str, trace.uncovered))
    parts += _section("Findings", (f"{one.code} at {one.span}: {one.what}" for one in trace.findings))
    return "\n".join(parts)


def _rows(trace: Trace) -> Iterator[Sequence[str]]:
    for row in trace.rows:
        first, last = row.lines
        cells = [
            row.clause,
            str(first) if first == last else f"{first}-{last}",
            row.status,
            row.text,
            ", ".join(f"`{rule}`" for rule in row.rules),
        ]
        yield cells if trace.scenarios is None else [*cells, ", ".join(row.scenarios)]


def _readings(trace: Trace) -> Iterator[str]:
    for row in trace.rows:
        if row.status == "ambiguous":
            yield f"{row.clause}: {row.reading or 'open'} ({row.why.rstrip('.')})"


def _keys(keys: tuple[str, ...]) -> str:
    return f": {', '.join(keys)}" if keys else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _line(head)
    yield _line(["---"] * len(head))
    yield from map(_line, rows)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = [f"- {line}" for line in lines]
    return [f"## {title}\n", "\n".join(found) + "\n"] if found else []
