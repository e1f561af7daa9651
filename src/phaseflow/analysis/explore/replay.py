"""A way through the abstract states, played through the real `decide`: a counterexample is told only if this works."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import product

import attrs

from phaseflow.analysis.explore.abstraction import state_of
from phaseflow.analysis.explore.acts import EACH, Deed, Play, Stuck, host_of
from phaseflow.analysis.explore.properties import Property
from phaseflow.analysis.explore.search import Suspicion, holds
from phaseflow.analysis.explore.states import State, Stimulus
from phaseflow.analysis.explore.system import System
from phaseflow.analysis.findings import View
from phaseflow.core.state import MemoryRows
from phaseflow.core.state.rows import CAMPAIGN, Head
from phaseflow.errors import PhaseflowError
from phaseflow.messages import commands as m
from phaseflow.spec.duties import PollDuty

MOST_VOTERS = 30
"""People of one role who are put on a roster for a poll."""


@attrs.frozen(kw_only=True)
class Played:
    """What came of a replay: the commands, or why it did not work."""

    commands: tuple[Deed, ...]
    start: datetime
    open: tuple[str, ...] = ()
    ended: str = ""
    failed: str = ""


def replay(suspicion: Suspicion, wanted: Property, system: System, view: View) -> Played:
    """Play a suspicion for real and look whether the run then goes against the claim.

    What is on the way is done as far as it has not happened by itself; only where the run ends up counts. It is tried
    as it is, with the phases outside the slice let in, and, for a claim that something never holds, with that something
    brought about early on.
    """
    failed = ""
    last = len(suspicion.way) - 1
    early_on = (None, last, 0) if wanted.kind == "never" and wanted.condition is not None and last >= 0 else (None,)
    for diligent, early in product((False, True), early_on):
        opens = view.plan.calendar.opens(view.start) + timedelta(hours=8)
        try:
            play = beginning(system, opens, view)
            if diligent:
                _let_in(play, system)
            for number, (stimulus, state) in enumerate(suspicion.way):
                if number == early and wanted.condition is not None:
                    play.meet(wanted.condition)
                _happen(play, stimulus, state, system)
            _look(play, wanted, suspicion, system)
        except (Stuck, PhaseflowError, AssertionError, KeyError) as reason:
            failed = failed or str(reason) or type(reason).__name__
            continue
        opened, ended = resting(play)
        return Played(commands=tuple(play.log), start=opens, open=opened, ended=ended)
    return Played(commands=(), start=view.plan.calendar.opens(view.start), failed=failed)


def beginning(system: System, opens: datetime, view: View) -> Play:
    """A run that was just started, under a programme that was just started where there is one."""
    up = None
    if system.level.name == "unit" and view.plan.programme is not None:
        up = Play(plan=view.plan, level=view.plan.programme, now=opens, host=host_of(view.plan.programme))
        up.start()
    play = Play(
        plan=view.plan, level=system.level, now=opens, up=up, host=host_of(system.level), crowds=_crowds(system),
        log=up.log if up is not None else [],
    )  # fmt: skip
    play.start("unit" if system.level.name == "unit" else "")
    return play


def resting(play: Play) -> tuple[tuple[str, ...], str]:
    """(the phases that are open, how the run ended)."""
    head = _head(play.rows)
    phases = tuple(name for visit in head.open if (name := visit.rsplit("/", 1)[0]) != CAMPAIGN)
    return phases, head.outcome if head.status == "concluded" else ""


def _let_in(play: Play, system: System) -> None:
    """Bring about what the phases outside the slice wait for, as far as anybody can."""
    for name, phase in system.level.phases.items():
        if name not in system.phases and phase.entry is not None:
            with contextlib.suppress(Stuck):
                play.meet(phase.entry)


def _crowds(system: System) -> dict[str, int]:
    """How many people each role of voters needs, so that every result can come about."""
    found: dict[str, int] = {}
    for name, results in system.results.items():
        spec = system.level.duties[name].spec
        assert isinstance(spec, PollDuty)
        size = max((share.denominator for share, _go in results if share is not None), default=1)
        for edge in spec.edges.values():
            for role in map(str, edge.raters):
                found[role] = max(found.get(role, EACH), min(size, MOST_VOTERS))
    return found


def _happen(play: Play, stimulus: Stimulus, state: State, system: System) -> None:
    level = system.level
    match stimulus.kind:
        case "ask":
            play.ask(level.moves[stimulus.name])
        case "date":
            entry = level.phases[stimulus.name].entry
            if entry is not None and stimulus.name in state.open:
                play.meet(entry)
            key = play.rows.get(f"scheduled/{stimulus.name}")
            if key is not None:
                play.tick(datetime.fromisoformat(key.split("/", 2)[1].replace("Z", "+00:00")))
        case "ends":
            visit = _visit(play, stimulus.name)
            if visit.ends is None:
                raise Stuck("the window has no end")
            gate = level.moves[f"{stimulus.name}.close"].gate
            if gate is not None:
                play.meet(gate)
            play.tick(visit.ends)
        case "count":
            play.poll(stimulus.name, Fraction(1) if stimulus.share is None else stimulus.share)
        case "facts":
            _meet_automatic(play, state, system)
        case "reopen":
            spec = level.outcomes[_head(play.rows).outcome]
            by = play.holder(tuple(map(str, spec.reopen)))
            play.do(m.Reopen, by, phase=stimulus.name, spawned="stands", reason="a mistake")
        case "stale" | "outside":
            raise Stuck(f"nobody here plays a {stimulus.kind} consequence")


def _visit(play: Play, phase: str):  # type: ignore[no-untyped-def]
    number = _head(play.rows).visits[phase]
    return play.rows.get(f"visit/{phase}/{number}")


def _meet_automatic(play: Play, state: State, system: System) -> None:
    """Bring about what makes the run move by itself into *state*."""
    head = _head(play.rows)
    for name in head.waiting:
        entry = system.level.phases[name].entry
        if name in state.open and entry is not None:
            play.meet(entry)
            return
    for move in system.level.automatic:
        leads = move.outcome == state.ended if move.outcome else not move.target or move.target in state.open
        if leads and move.when is not None:
            try:
                play.meet(move.when)
            except Stuck:
                continue
            return
    raise Stuck("nothing moves by itself that way")


def _head(rows: MemoryRows) -> Head:
    head: Head = rows.get("head")
    return head


def _look(play: Play, wanted: Property, suspicion: Suspicion, system: System) -> None:
    """The run must really go against the claim.

    Raises:
        Stuck: It does not.
    """
    found = state_of(play.rows, system)
    if wanted.kind == "eventually":
        if found not in suspicion.lost:
            raise Stuck(f"the run is {_told(found)}, from where it can go on")
        return
    if wanted.when is not None and not holds(wanted.when, found):
        raise Stuck(f"the run is {_told(found)}")
    if wanted.condition is None:
        if not all(holds(one, found) for one in wanted.situations):
            raise Stuck(f"the run is {_told(found)}")
        return
    if wanted.kind == "never" and play.value(wanted.condition) is not True:
        play.meet(wanted.condition)
        if wanted.when is not None and not holds(wanted.when, state_of(play.rows, system)):
            raise Stuck("bringing it about led elsewhere")
    elif wanted.kind == "always" and play.value(wanted.condition) is True:
        raise Stuck("there it holds")


def _told(state: State) -> str:
    return f"ended as {state.ended}" if state.ended else f"in {', '.join(sorted(state.open)) or 'no phase'}"
