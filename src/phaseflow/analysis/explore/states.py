"""What is known of a run while it is explored: its state, and what happens to it."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, NamedTuple

Kind = Literal["ask", "date", "ends", "facts", "count", "stale", "reopen", "outside"]


class Ballot(NamedTuple):
    """A poll: not begun, *ready* to be held, or *done*; its result; whether one of an earlier visit may still come."""

    status: Literal["none", "ready", "done"] = "none"
    share: Fraction | None = None
    stale: bool = False


class State(NamedTuple):
    """What is known of a run. *scheduled* are the phases whose date is still to come, earliest first."""

    open: frozenset[str]
    visited: frozenset[str]
    closed: frozenset[str]
    waiting: tuple[str, ...]
    scheduled: tuple[str, ...]
    counts: tuple[int, ...]
    ended: str
    polls: tuple[Ballot, ...]


def blurred(state: State) -> State:
    """A state without what cannot be read off a run."""
    polls = tuple(ballot._replace(stale=False) for ballot in state.polls)
    return state._replace(polls=polls, scheduled=() if state.ended else state.scheduled)


class Stimulus(NamedTuple):
    """What happens to a run: somebody asks for *name*, a date comes, a poll is counted, and so on."""

    kind: Kind
    name: str
    share: Fraction | None = None
    go: tuple[str, ...] = ()
