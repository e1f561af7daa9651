"""What commands of a kind read, learnt by watching: so that the next one can ask for all of it at once.

On a server each read is a round trip, and a decision reads a dozen small rows one after the other. Which ones is a
matter of the kind of command, its duty, and who is meant; so the keys that one command read, with the names in them
replaced by the fields they came from, are a good guess for the next. A guess never changes a decision: what was guessed
wrongly is left unread, and what was not guessed is read when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

MOST = 40
"""Keys, and ranges of keys, that are guessed at most; a set that grew beyond is begun anew."""


@attrs.frozen
class Guess:
    """The keys, and the prefixes of ranges, that a command is likely to read."""

    keys: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()

    def covers(self, other: Guess) -> bool:
        """Whether everything in *other* is in this one."""
        return other.keys <= self.keys and other.prefixes <= self.prefixes

    def together(self, other: Guess) -> Guess:
        """What is in either."""
        return Guess(self.keys | other.keys, self.prefixes | other.prefixes)


class Habits:
    """Guesses by kind of command. Safe to share between threads: a guess is replaced whole."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Guess] = {}

    def guess(self, command: Any) -> Guess:
        """What this command is likely to read; nothing at the first time."""
        known = self._known.get(_kind(command))
        if known is None:
            return Guess()
        names = dict(_names(command))
        return Guess(frozenset(_filled(known.keys, names)), frozenset(_filled(known.prefixes, names)))

    def learn(self, command: Any, read: Guess) -> None:
        """Take note of what a command did read."""
        kind = _kind(command)
        holes = {value: field for field, value in _names(command)}
        found = Guess(frozenset(_general(read.keys, holes)), frozenset(_general(read.prefixes, holes)))
        known = self._known.get(kind, Guess())
        if known.covers(found):
            return
        both = known.together(found)
        self._known[kind] = both if len(both.keys) + len(both.prefixes) <= MOST else found


def _kind(command: Any) -> tuple[str, str]:
    return type(command).__name__, str(getattr(command, "duty", "") or getattr(command, "move", "") or "")


def _names(command: Any) -> Iterator[tuple[str, str]]:
    """The fields of a command that are names, with the names."""
    for field in attrs.fields(type(command)):
        value = getattr(command, field.name)
        if isinstance(value, str) and value and "/" not in value:
            yield field.name, value


def _general(keys: Iterable[str], holes: dict[str, str]) -> Iterator[str]:
    """Keys with a hole, ``<field>``, for each part that is a name of the command."""
    for key in keys:
        yield "/".join(f"<{holes[part]}>" if part in holes else part for part in key.split("/"))


def _filled(keys: Iterable[str], names: dict[str, str]) -> Iterator[str]:
    """Keys with the command's names put into the holes; a key with a hole for which there is no name is left out."""
    for key in keys:
        parts = [names.get(part[1:-1]) if part[:1] == "<" else part for part in key.split("/")]
        if None not in parts:
            yield "/".join(part for part in parts if part is not None)
