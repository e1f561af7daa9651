"""How answers and lines of the trail are shown: one line an entry, in the zone of the run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import attrs

from phaseflow.cli import output
from phaseflow.cli.options import finish, wants_json
from phaseflow.errors import printable
from phaseflow.messages.events import Days, Term

if TYPE_CHECKING:
    from phaseflow.core.plan import Plan
    from phaseflow.engine import Answer, Engine
    from phaseflow.messages.events import Entry

_DIGEST = re.compile("[0-9a-f]{64}")

Local = Callable[[datetime], str]
"""Shows an instant in the zone of a run."""


def plan_of(engine: Engine, run: str) -> Plan:
    """The plan a run is pinned to."""
    with engine.reading(run) as (_tx, _head, plan, _rows, _around):
        return plan


def answer(engine: Engine, found: Answer, title: str, *, preview: bool = False) -> None:
    """Print the answer to an accepted command, or to one that was only tried; end with 1 where a gate held it up."""
    accepted = "would be recorded" if preview else "recorded"
    word = "held" if found.held else "passed" if found.verdict is not None else accepted
    if wants_json():
        output.data(
            {
                "run": found.run,
                "answer": word,
                "again": found.again,
                "preview": preview,
                "verdict": found.verdict,
                "entries": [as_data(entry) for entry in found.entries],
                "reasons": [{**output.plain(reason), "problem": reason.problem()} for reason in found.reasons],
            }
        )
    else:
        plan = plan_of(engine, found.run)
        note = " (answered before)" if found.again else " (a preview: nothing is kept)" if preview else ""
        output.say(f"{word}: {title}{note}")
        if found.entries:
            output.say(lines(plan, found.entries))
        output.problems((reason.problem() for reason in found.reasons), plan.line, err=False)
    finish(not found.held)


def lines(plan: Plan, entries: Iterable[Entry]) -> str:
    """Entries as aligned lines: number, local time, actor, what happened."""

    def local(instant: datetime) -> str:
        return f"{plan.calendar.local(instant):%Y-%m-%d %H:%M}"

    return output.columns((entry.seq, local(entry.at), _actor(entry), _event(entry.event, local)) for entry in entries)


def as_data(entry: Entry) -> dict[str, Any]:
    """An entry with the name of its event, for JSON."""
    plain: dict[str, Any] = output.plain(entry)
    return {**plain, "event": {"type": type(entry.event).__name__, **output.plain(entry.event)}}


def _actor(entry: Entry) -> str:
    return f"{entry.actor} for {entry.on_behalf_of}" if entry.on_behalf_of else entry.actor


def _event(event: Any, local: Local) -> str:
    """The name of an event and what it says, in a few words; all of it stands in the JSON."""
    said = []
    for field in attrs.fields(type(event)):
        value = getattr(event, field.name)
        brief = "" if value == field.default else _brief(value, local)
        if brief:
            said.append(f"{field.name}={brief}")
    return " ".join([type(event).__name__, *said])


def _brief(value: Any, local: Local) -> str:
    if value is None or isinstance(value, str):
        short = f"{value[:12]}…" if value and _DIGEST.fullmatch(value) else printable(value or "")
        return f"'{short}'" if " " in short else short
    if isinstance(value, datetime):
        return f"'{local(value)}'"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Term):
        return str(value.day or "")
    if isinstance(value, Days):
        return f"{value.first or ''}..{value.last or ''}"
    if isinstance(value, Mapping):
        return _few([f"{key}:{_brief(item, local)}" for key, item in value.items()])
    if isinstance(value, tuple):
        return _few([_brief(item, local) for item in value])
    if attrs.has(type(value)):
        return _few(
            [brief for field in attrs.fields(type(value)) if (brief := _brief(getattr(value, field.name), local))]
        )
    return str(value)


def _few(parts: list[str]) -> str:
    if not parts:
        return ""
    return "[" + ", ".join(parts[:4]) + (f", … {len(parts)} in all" if len(parts) > 4 else "") + "]"
