"""Events of the trail, and how the run stands as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from phaseflow.errors import Problem
from phaseflow.messages.events import Entry
from phaseflow.testing.scenarios.expect.look import NOBODY, Check, Look, wanted_of
from phaseflow.testing.scenarios.spec import Names


def happened(look: Look, wanted: Names) -> Iterator[Problem]:
    entries = look.entries(look.since)
    for text in wanted_of(wanted):
        if not any(matches(entry, text) for entry in entries):
            found = list(dict.fromkeys(type(entry.event).__name__ for entry in entries))
            yield look.differs("happened", "what happened since the line before", text, found)


def never(look: Look, wanted: Names) -> Iterator[Problem]:
    for text in wanted_of(wanted):
        entry = next((entry for entry in look.entries() if matches(entry, text)), None)
        if entry is not None:
            yield look.differs("never", f"'{text}'", "never", f"entry {entry.seq} of {entry.at:%Y-%m-%d %H:%M} UTC")


def matches(entry: Entry, text: str) -> bool:
    """Whether an entry is the event that a text names, and each further word stands in one of its fields."""
    name, *words = text.split(" ")
    event = entry.event
    if type(event).__name__ != name:
        return False
    values: list[str] = []
    for field in attrs.fields(type(event)):
        value = getattr(event, field.name)
        values += [str(value), *(str(value).split("/") if isinstance(value, str) else ())]
        if isinstance(value, tuple):
            values += map(str, value)
        if isinstance(value, Mapping):
            values += map(str, (*value.keys(), *value.values()))
        values += [getattr(value, "role", ""), getattr(value, "kind", "")]
    return all(word in values for word in words)


def plain(key: str, what: str, found: Callable[[Look], Any]) -> Check:
    def run(look: Look, wanted: Any) -> Iterator[Problem]:
        value = found(look)
        if isinstance(wanted, str) and wanted in NOBODY:
            wanted = ""
        if value != wanted:
            yield look.differs(key, what, wanted, value)

    return run


def units(look: Look, wanted: Mapping[str, str]) -> Iterator[Problem]:
    runs = {name: run.status().status for name, run in look.stage.units.items()}
    for name, state in wanted.items():
        if name not in runs:
            yield look.unknown(f"units.{name}", "unit", name, runs)
        elif runs[name] != state:
            yield look.differs(f"units.{name}", f"the unit '{name}'", state, runs[name])
