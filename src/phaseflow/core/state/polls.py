"""How events about polls change the rows: who took part, how many, and what was counted.

Rows: ``poll/<key>``, ``vote/<key>/<round>/<edge>/<person>`` (``#n`` for a paper that the organiser handed in), and
``counted/<key>``, the result that conditions read. What was chosen in an anonymous poll is in none of them (R14).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import attrs

from phaseflow.core.plan.model import Plan
from phaseflow.core.state.renewing import renew
from phaseflow.core.state.rows import Draft, Rows, Timer, timer_key
from phaseflow.messages import events as e
from phaseflow.messages.commands import EMPTY
from phaseflow.messages.events import Entry

CLOSES = "poll_closes"
"""The kind of the timer at which a poll's time is over."""

PollStatus = Literal["open", "ended", "held", "admitted", "waiting", "counted", "void"]


@attrs.frozen(kw_only=True)
class PollState:
    """A poll under way.

    *status*: ``open`` to answers; ``ended``, its time is over; ``held``, its turnout is asked about; ``admitted``, it
    may be counted whatever the turnout; ``waiting``, counted, and what follows is asked about; ``counted``; ``void``.
    *voters* counts participants and *papers* answers by edge, *groups* participants by group, *handed* (by edge, then
    group) those whose paper the organiser handed in. *rated* lists the units that are rated, by edge. *result* is the
    count as long as it waits.
    """

    key: str
    round: int
    opened: datetime
    status: PollStatus = "open"
    invited: Mapping[str, Mapping[str, int]] = EMPTY
    rated: Mapping[str, tuple[str, ...]] = EMPTY
    closes: datetime | None = None
    timer: str = ""
    run_on: int = 0
    voters: Mapping[str, int] = EMPTY
    papers: Mapping[str, int] = EMPTY
    groups: Mapping[str, int] = EMPTY
    handed: Mapping[str, Mapping[str, int]] = EMPTY
    question: str = ""
    result: e.PollCounted | None = None

    @property
    def under_way(self) -> bool:
        """Whether the poll is neither decided nor void."""
        return self.status not in ("counted", "void")


@attrs.frozen(kw_only=True)
class VoteState:
    """That somebody took part in an edge, for which groups; and what was chosen, where the poll is not anonymous."""

    groups: tuple[str, ...] = ()
    papers: int = 1
    answers: Mapping[str, str] = EMPTY
    group: str = ""


def poll_of(rows: Rows, key: str) -> PollState | None:
    """The row of a poll that was ever opened."""
    state: PollState | None = rows.get(f"poll/{key}")
    return state


def box_of(state: PollState) -> str:
    """The name of a poll's ballot box within its run: the duty's key, with the round after a void one."""
    return state.key if state.round == 1 else f"{state.key}#{state.round}"


def vote_key(state: PollState, edge: str, person: str) -> str:
    """Where a participation is kept: once for each person and edge."""
    return f"vote/{state.key}/{state.round}/{edge}/{person}"


def votes_of(rows: Rows, state: PollState) -> Iterator[tuple[str, VoteState]]:
    """(edge, participation) of everybody who took part in the present round."""
    for key, row in rows.scan(f"vote/{state.key}/{state.round}/"):
        yield key.removeprefix(f"vote/{state.key}/{state.round}/").split("/", 1)[0], row


def _state(rows: Draft, key: str) -> PollState:
    state: PollState = rows.get(f"poll/{key}")
    return state


def _change(rows: Draft, key: str, **changes: Any) -> None:
    rows.put(f"poll/{key}", renew(_state(rows, key), **changes))


def _arm(rows: Draft, key: str, closes: datetime | None) -> str:
    if closes is None:
        return ""
    timer = timer_key(closes, "close", f"poll/{key}")
    rows.put(timer, Timer(kind=CLOSES, key=key))
    return timer


def _disarm(rows: Draft, key: str) -> None:
    state = _state(rows, key)
    if state.timer:
        rows.drop(state.timer)


def move_close(rows: Draft, key: str, closes: datetime) -> None:
    """A halted clock goes on: the poll ends so much later. *key* is the duty's."""
    _disarm(rows, key)
    _change(rows, key, closes=closes, timer=_arm(rows, key, closes))


def _added(counts: Mapping[str, int], name: str, by: int) -> dict[str, int]:
    return {**counts, name: counts.get(name, 0) + by}


def poll_opened(_plan: Plan, rows: Draft, entry: Entry, event: e.PollOpened) -> None:
    rows.put(f"poll/{event.key}", PollState(
        key=event.key, round=event.round, opened=entry.at, invited=event.invited, rated=event.rated,
        closes=event.closes, timer=_arm(rows, event.key, event.closes),
    ))  # fmt: skip


def participation_recorded(_plan: Plan, rows: Draft, _entry: Entry, event: e.ParticipationRecorded) -> None:
    state = _state(rows, event.key)
    name = vote_key(state, event.edge, event.person or f"#{state.voters.get(event.edge, 0) + 1:06d}")
    before: VoteState | None = rows.get(name)
    voters, papers, groups = state.voters, state.papers, state.groups
    if before is None:
        voters = _added(voters, event.edge, 1)
    else:  # a vote that is changed counts once
        papers = _added(papers, event.edge, -before.papers)
        for group in before.groups:
            groups = _added(groups, group, -1)
    papers = _added(papers, event.edge, event.papers)
    for group in event.groups:
        groups = _added(groups, group, 1)
    handed = state.handed
    for group in () if event.person else event.groups:
        handed = {**handed, event.edge: _added(handed.get(event.edge, {}), group, 1)}
    rows.put(name, VoteState(
        groups=event.groups, papers=event.papers, answers=event.answers, group=event.group
    ))  # fmt: skip
    _change(rows, event.key, voters=voters, papers=papers, groups=groups, handed=handed)


def poll_run_on(_plan: Plan, rows: Draft, _entry: Entry, event: e.PollRunOn) -> None:
    _disarm(rows, event.key)
    timer = _arm(rows, event.key, event.closes)
    _change(rows, event.key, status="open", closes=event.closes, timer=timer, run_on=event.times, question="")


def poll_fell_due(_plan: Plan, rows: Draft, _entry: Entry, event: e.PollFellDue) -> None:
    _change(rows, event.key, status="ended", timer="")


def poll_held(_plan: Plan, rows: Draft, _entry: Entry, event: e.PollHeld) -> None:
    _disarm(rows, event.key)
    status = "held" if event.about == "turnout" else "waiting"
    _change(rows, event.key, status=status, timer="", question=event.question)


def poll_admitted(_plan: Plan, rows: Draft, _entry: Entry, event: e.PollAdmitted) -> None:
    _change(rows, event.key, status="admitted", question="")


def poll_counted(_plan: Plan, rows: Draft, _entry: Entry, event: e.PollCounted) -> None:
    _disarm(rows, event.key)
    if event.final:
        rows.put(f"counted/{event.key}", event)
        _change(rows, event.key, status="counted", timer="", question="")
    else:
        _change(rows, event.key, status="waiting", timer="", result=event)


def poll_decided(_plan: Plan, rows: Draft, _entry: Entry, event: e.PollDecided) -> None:
    result = _state(rows, event.key).result
    assert result is not None  # only a count that waits is decided
    rows.put(f"counted/{event.key}", renew(
        result, results=event.results, share=event.share, band=event.band, go=event.go, final=True,
    ))  # fmt: skip
    _change(rows, event.key, status="counted", question="", result=None)


def poll_voided(_plan: Plan, rows: Draft, _entry: Entry, event: e.PollVoided) -> None:
    _disarm(rows, event.key)
    _change(rows, event.key, status="void", timer="", question="", result=None)


APPLIERS: Mapping[type[e.Event], Callable[[Plan, Draft, Entry, Any], None]] = {
    e.PollOpened: poll_opened,
    e.ParticipationRecorded: participation_recorded,
    e.PollRunOn: poll_run_on,
    e.PollFellDue: poll_fell_due,
    e.PollHeld: poll_held,
    e.PollAdmitted: poll_admitted,
    e.PollCounted: poll_counted,
    e.PollDecided: poll_decided,
    e.PollVoided: poll_voided,
}
