"""Entries, rows, commands and plans as text: which classes there are, and how each is written.

The only room that knows both the message classes and the codec of the stores.
"""

from __future__ import annotations

import importlib
import pkgutil
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any

import attrs

from phaseflow.core import state
from phaseflow.core.notices import Notice
from phaseflow.core.state.evolve import APPLIERS
from phaseflow.messages import commands, events
from phaseflow.messages.events import Days, Entry, Event
from phaseflow.stores import codec

ROWS_KEPT = 4096
"""Rows that are held decoded, a count: those of some tens of runs, and a few MB."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def event_classes() -> codec.Registry:
    """Every event."""
    return codec.registry_of(*APPLIERS)


@cache
def row_classes() -> codec.Registry:
    """Every row: the attrs classes of the state rooms, and the events that are kept as rows."""
    found: dict[str, type[Any]] = {}
    for info in pkgutil.iter_modules(state.__path__):
        module = importlib.import_module(f"{state.__name__}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and attrs.has(value) and value.__module__.startswith(state.__name__):
                found[value.__name__] = value
    return codec.registry_of(*found.values(), Days, *(cls for cls in APPLIERS if cls.__name__ not in found))


@cache
def command_classes() -> codec.Registry:
    """Every command."""
    every = (
        value for value in vars(commands).values() if isinstance(value, type) and issubclass(value, commands.Command)
    )
    return codec.registry_of(*every)


_ENVELOPE = tuple(field.name for field in attrs.fields(Entry) if field.name != "event")


def write_entry(entry: Entry) -> str:
    """An entry as canonical JSON; what is empty is left out."""
    plain: dict[str, Any] = {name: value for name in _ENVELOPE if (value := getattr(entry, name)) not in ("", None)}
    if entry.earliest is not None:
        plain["earliest"] = codec.write_instant(entry.earliest)
    plain["at"] = codec.write_instant(entry.at)
    plain["recorded_at"] = codec.write_instant(entry.recorded_at)
    plain["event"] = codec.to_plain(entry.event)
    return codec.write_plain(plain)


def read_entry(text: str) -> Entry:
    """What `write_entry` wrote."""
    plain = codec.loads(text)
    event: Event = codec.from_plain(plain.pop("event"), event_classes())
    plain["at"] = codec.read_instant(plain["at"])
    plain["recorded_at"] = codec.read_instant(plain["recorded_at"])
    if "earliest" in plain:
        plain["earliest"] = codec.read_instant(plain["earliest"])
    return Entry(event=event, **plain)


def write_row(row: Any) -> str:
    """A row as JSON: an attrs value with its class, a plain number or text, or a day."""
    if attrs.has(type(row)):
        return codec.encode(row)
    return codec.dumps({"day": row.isoformat()} if isinstance(row, date) else row)


def decode_row(text: str) -> Any:
    """What `write_row` wrote."""
    if text.startswith('{"@type"') or (text.startswith("{") and '"@type"' in text):
        return codec.decode(text, row_classes())
    plain = codec.loads(text)
    return date.fromisoformat(plain["day"]) if isinstance(plain, dict) else plain


read_row = lru_cache(maxsize=ROWS_KEPT)(decode_row)
"""As `decode_row`; rows are frozen, so the same text may give the same row, and most are read many times."""


def write_notice(notice: Notice) -> str:
    """A notice as JSON."""
    return codec.encode(notice)


def read_notice(text: str) -> Notice:
    """What `write_notice` wrote."""
    return codec.decode_as(text, Notice)


def content_of(command: commands.Command) -> str:
    """The digest of what a command says; when it is sent does not count, so that a retry is the same (law 4)."""
    same = attrs.evolve(command, recorded_by="", now=EPOCH, at=EPOCH if command.at == command.now else command.at)
    if isinstance(same, (commands.Void, commands.Correct)):
        same = attrs.evolve(same, event=None)
    if isinstance(same, commands.ClosePoll):
        same = attrs.evolve(same, tally=(), root="")
    if isinstance(same, commands.Cast):  # a stored digest of a choice could be guessed by trying the choices (R14)
        same = attrs.evolve(same, choice="", answers={})
    if isinstance(same, (commands.StartRun, commands.Join)):
        same = _without_personal(same)
    return codec.digest(codec.encode(same))


def _without_personal(command: Any) -> Any:
    """Commitments carry a fresh salt each time; who is meant stays."""
    if isinstance(command, commands.Join):
        return attrs.evolve(command, person=attrs.evolve(command.person, personal={}))
    return attrs.evolve(command, persons=tuple(attrs.evolve(person, personal={}) for person in command.persons))


__all__ = [
    "command_classes",
    "content_of",
    "decode_row",
    "event_classes",
    "events",
    "read_entry",
    "read_notice",
    "read_row",
    "write_entry",
    "write_notice",
    "write_row",
]
