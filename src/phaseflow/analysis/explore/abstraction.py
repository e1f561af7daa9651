"""A run's rows as a state of the abstract machine: what a proof speaks of, read off what `decide` keeps."""

from __future__ import annotations

from fractions import Fraction

from phaseflow.analysis.explore.states import Ballot, State, blurred
from phaseflow.analysis.explore.system import System
from phaseflow.core.state.rows import Head, Rows


def state_of(rows: Rows, system: System) -> State:
    """The state that stands for a run.

    Stale polls and dates that are still to come after the end cannot be read off the rows; see `blurred`.
    """
    head: Head = rows.get("head")
    timers = sorted((str(row), key.split("/", 1)[1]) for key, row in rows.scan("scheduled/"))
    state = State(
        open=frozenset(visit.rsplit("/", 1)[0] for visit in head.open) & system.phases,
        visited=frozenset(head.visits) & system.phases,
        closed=frozenset(head.closed) & system.phases,
        waiting=tuple(name for name in head.waiting if name in system.phases),
        scheduled=tuple(name for _timer, name in timers if name in system.phases),
        counts=tuple(min(head.moves.get(name, 0), system.level.moves[name].max or 0) for name in system.limited),
        ended=head.outcome if head.status in ("concluded", "archived") else "",
        polls=tuple(_ballot(rows, name, system) for name in system.polls),
    )
    return blurred(state)


def _ballot(rows: Rows, name: str, system: System) -> Ballot:
    key = rows.get(f"latest/{name}")
    if key is None:
        return Ballot() if system.tracked(name) else Ballot("ready")
    counted = rows.get(f"counted/{key}")
    if counted is None:
        return Ballot("ready")
    return Ballot("done" if system.tracked(name) else "ready", _region(counted.share, name, system))


def _region(share: Fraction | None, name: str, system: System) -> Fraction | None:
    """The share that stands for the region in which a result lies: itself, or the one between its bounds."""
    known = sorted({one for one, _go in system.results[name] if one is not None})
    if share is None or share in known:
        return share
    above = [one for one in known if one > share]
    below = [one for one in known if one < share]
    return next(one for one in (above[0], below[-1]) if one not in system.cuts[name])
