"""Who asks for which move, and when: phases are closed, transitions asked for, runs concluded.

Whoever keeps a phase asks on the last day of its window, and once more when what was missing is there; without a
window, as soon as the gate would pass. Among several ways out of a phase the first whose gate passes is taken; it is
not simply closed where an outcome or a transition leads out of it. Here is also what a phase is counted for, and what a
gate waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import attrs

from phaseflow.analysis.simulation.scene import PROGRAMME
from phaseflow.analysis.simulation.tally import Case
from phaseflow.analysis.simulation.tasks import MOST_VISITS, NOBODY, names_of, pick
from phaseflow.analysis.simulation.trial import PROGRAMME_MOVES, UNIT_MOVES, Run, Trial
from phaseflow.core.conditions import Condition, Requirement, reads
from phaseflow.core.decide import phases
from phaseflow.core.decide.step import Refusal
from phaseflow.core.plan.conditions import UNITS
from phaseflow.core.plan.model import CAMPAIGN, Move
from phaseflow.messages import commands as m
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry

ASKED_AT = 17
"""The hour at which a move is asked for on the last day of a window."""


@attrs.define(eq=False)
class Keeper:
    """Somebody who sees to it that a phase (or the run, *phase* is empty) is left in the end."""

    trial: Trial
    run: Run
    phase: str
    visit: int
    ways: tuple[Move, ...]
    since: datetime
    left: dict[str, str] | None = None
    """What the gate still waits for: names, and the fact that reads each; None where any change may matter."""
    due: bool = False
    held: bool = False
    tries: int = 0

    def begin(self) -> None:
        """Listen for what the gates read, and ask when the time has come."""
        gates = [self.judged_by(way).gate for way in self.ways]
        names = {name for gate in gates for name in names_in(self.trial, gate)} | set(self.duties())
        self.trial.listen(self.run, sorted(names), self.came)
        if any(fact.name in UNITS for gate in gates if gate is not None for fact in reads(gate)):
            self.trial.unit_moved.append(self.look_again)
        self.trial.at(self.since, self.ask_first, rank=self.rank)

    @property
    def rank(self) -> int:
        """Units ask before their programme."""
        return PROGRAMME_MOVES if self.run.name == PROGRAMME else UNIT_MOVES

    def judged_by(self, way: Move) -> Move:
        """The move whose gate tells whether a way is taken: a way without one waits for the gate of its phase."""
        return judged_by(self.run, way)

    def alive(self) -> bool:
        """Whether what is kept is still to be left."""
        head = self.run.head
        if head.status != "running":
            return False
        return f"{self.phase}/{self.visit}" in head.open if self.phase else not busy(self.run)

    def came(self, name: str, complete: bool, _subject: str) -> None:
        """Something that a gate reads has changed."""
        if self.left is not None:
            fact = self.left.get(name)
            if fact is None or (fact == "outstanding" and not complete):
                return
            if len(self.left) > 1:
                del self.left[name]
                return
        self.look_again()

    def look_again(self) -> None:
        """Look at the gates once more, after all that happens at this instant."""
        if not self.due and self.trial.now >= self.since and self.alive():
            self.due = True
            self.trial.at(self.trial.now, self.look, rank=self.rank)

    def ask_first(self) -> None:
        """The first time: on the last day of a window the move is asked for, whether or not its gate will pass."""
        if not self.alive():
            return
        way = self.first_open()
        if way is not None:
            self.ask(way)
        elif self.phase and self.dated() and self.ways[0].gate is not None:
            self.ask(self.ways[0])

    def duties(self) -> tuple[str, ...]:
        """What is done before a phase without a gate is left: what an outcome asks for later, when it could not be done
        any more; and without a window, all that is prescribed."""
        if not self.phase or all(self.judged_by(way).gate is not None for way in self.ways):
            return ()
        level, dated = self.run.level, self.dated()
        asked = {
            name for move in level.moves.values() if move.kind == "outcome" and move.by
            for name in names_in(self.trial, move.gate)
        }  # fmt: skip
        return tuple(
            name for name in level.phases[self.phase].duties
            if name in asked or (not dated and level.duties[name].prescribed)
        )  # fmt: skip

    def _owed(self) -> bool:
        wanted = self.duties()
        states = self.run.rows.scan(f"duty/{self.phase}/{self.visit}/") if wanted else ()
        return any(state.outstanding > 0 for _key, state in states if state.name in wanted)

    def dated(self) -> bool:
        """Whether the visit has a window that ends."""
        visit = self.run.rows.get(f"visit/{self.phase}/{self.visit}")
        return visit is not None and visit.window.last is not None

    def look(self) -> None:
        """Something changed: ask again a little later if a gate would pass now."""
        self.due = False
        if not self.alive():
            return
        way = self.first_open()
        if way is not None:
            self.due = True
            self.tries += 1
            chance = self.trial.chance(self.run, "ask", self.phase, self.visit, self.tries)
            self.trial.at(
                self.trial.after(self.trial.now, self.trial.habits.again, chance, 0.0), self.ask, way, rank=self.rank
            )

    def first_open(self) -> Move | None:
        """The first way that is possible and whose gate passes; otherwise what the first one waits for is noted."""
        step = self.trial.step(self.run)
        waits: list[Requirement] | None = None
        for way in self.ways:
            if not phases.allowed(step, way):
                continue
            try:
                judged = phases.examine(step, self.judged_by(way))
            except Refusal:
                continue
            if judged is None and self._owed():
                continue
            if judged is None or judged.value is True:
                return way
            if waits is None:
                waits = list(judged.requirements)
            else:
                waits += judged.requirements
        self.left = _left(waits or [])
        return None

    def ask(self, way: Move) -> None:
        """Ask for a move, as somebody who may."""
        self.due = False
        if not self.alive():
            return
        for person in pick(self.trial, self.run, way.by, "ask", way.name, self.visit):
            decision = self.trial.do(self.run, m.Ask, person, move=way.name)
            if decision.refusal is None:
                break
            if decision.refusal.kind != "not_entitled":
                return
        else:
            self.trial.tally.add("refused", NOBODY, self.run.level.name, way.name, f"can ask for '{way.name}'")
            return
        if getattr(decision.verdict, "verdict", "passed") == "held":
            self.first_open()


def _left(requirements: list[Requirement]) -> dict[str, str] | None:
    """What is waited for, by name; None where one of them is no named thing, or only a choice among several."""
    found: dict[str, str] = {}
    for requirement in requirements:
        names = tuple(names_of(requirement.fact))
        if requirement.group or not names or requirement.fact is None:
            return None
        found |= dict.fromkeys(names, requirement.fact.name)
    return found or None


def names_in(trial: Trial, condition: Condition | None) -> tuple[str, ...]:
    """Every name in a condition whose changes are announced, in order; the plan holds its conditions for good."""
    if condition is None:
        return ()
    found = trial.scene.names.get(id(condition))
    if found is None:
        found = tuple(sorted({name for fact in reads(condition) for name in names_of(fact)}))
        trial.scene.names[id(condition)] = found
    return found


def judged_by(run: Run, way: Move) -> Move:
    """The move itself where it has a gate, else the closing of the phase that it leaves."""
    return way if way.gate is not None or not way.source else run.level.moves.get(f"{way.source}.close", way)


def busy(run: Run) -> bool:
    """Whether a phase is open, waits to be opened, or has its date ahead."""
    head = run.head
    return (
        any(not visit.startswith(f"{CAMPAIGN}/") for visit in head.open)
        or bool(head.waiting)
        or next(run.rows.scan("scheduled/"), None) is not None
    )


# --- phases -----------------------------------------------------------------------------------------------------------


def opened(trial: Trial, run: Run, entry: Entry, event: e.PhaseOpened) -> None:
    """A phase is open: count when, note the end of its window, and let somebody see to it that it is left."""
    level, phase = run.level.name, run.level.phases[event.phase]
    if event.visit == 1:
        trial.tally.day("opens", level, event.phase, trial.calendar.day_of(entry.at))
    opening = run.level.moves.get(f"{event.phase}.open")
    if opening is not None:
        _waited(trial, run, entry, opening, _knocked(run, event.phase))
    last = event.window.last
    if last is not None:
        trial.case(run, f"{event.phase}/{event.visit}", Case("phase", event.phase, trial.calendar.shuts(last), last))
    trial.changed(run, event.phase, entry.at, complete=False)
    _unit_moved(trial, run)
    ways = tuple(_ways(trial, run, event.phase))
    if not ways or event.visit > MOST_VISITS:
        return
    ready = any(trial.habits.moves.get(way.name) == "when ready" for way in ways)
    since = entry.at if last is None or ready else max(entry.at, trial.calendar.at(last, ASKED_AT))
    Keeper(trial=trial, run=run, phase=phase.name, visit=event.visit, ways=ways, since=since).begin()


def _ways(trial: Trial, run: Run, phase: str) -> Iterator[Move]:
    """The ways out of a phase that somebody asks for; a plain closing only where nothing else leads out of it, or where
    the habits name it."""
    habits = trial.habits.moves
    asked = [move for move in run.level.moves.values() if move.by and move.source == phase]
    asked = [move for move in asked if habits.get(move.name) != "never"]
    further = [move for move in asked if move.kind != "close"]
    yield from further
    yield from (move for move in asked if move.kind == "close" and (not further or move.name in habits))


def due(trial: Trial, run: Run, entry: Entry, event: e.PhaseDue) -> None:
    """The day of a phase has come and its entry does not hold yet."""
    run.last[f"knock {event.phase}"] = entry.at


def _knocked(run: Run, phase: str) -> datetime | None:
    return run.last.pop(f"knock {phase}", None)


def closed(trial: Trial, run: Run, entry: Entry, event: e.PhaseClosed) -> None:
    """A phase was left: count when, and what its gate had waited for since the end of its window."""
    if event.visit == 1:
        trial.tally.day("ends", run.level.name, event.phase, trial.calendar.day_of(entry.at))
    case = trial.the_case(run, f"{event.phase}/{event.visit}", "phase", event.phase)
    if case is not None:
        case.done = entry.at
    move = run.level.moves.get(event.via or f"{event.phase}.close")
    visit = run.rows.get(f"visit/{event.phase}/{event.visit}")
    last = visit.window.last
    since = visit.opened if last is None else max(visit.opened, trial.calendar.at(last, ASKED_AT))
    if move is not None and move.source == event.phase:
        _waited(trial, run, entry, judged_by(run, move), since, move.name)
    trial.changed(run, event.phase, entry.at)
    _unit_moved(trial, run)
    rest(trial, run)


def _waited(trial: Trial, run: Run, entry: Entry, move: Move, since: datetime | None, gate: str = "") -> None:
    """What a gate that has just passed had waited for, from *since* on: whatever came last."""
    if since is None or entry.at <= since:
        return
    above = trial.runs.get(PROGRAMME)
    came: list[tuple[datetime, str]] = []
    for name in names_in(trial, move.gate or move.when):
        when = run.last.get(name) or (above.last.get(name) if above is not None else None)
        if when is not None:
            came.append((when, name))
    came.sort()
    if came and came[-1][0] > since:
        last, name = came[-1]
        before = max(since, came[-2][0]) if len(came) > 1 else since
        trial.wait(run, "gate", gate or move.name, name, last - since, last - before)


def _unit_moved(trial: Trial, run: Run) -> None:
    """The programme looks at its units again once one of them has moved."""
    above = trial.runs.get(PROGRAMME)
    if above is None or run is above:
        return
    if above.level.watches_units:
        trial.at(trial.now, trial.tick, above, rank=PROGRAMME_MOVES)
    for look in tuple(trial.unit_moved):
        look()


def rest(trial: Trial, run: Run) -> None:
    """Nothing is open and nothing comes by itself: somebody opens the next phase, or concludes the run."""
    trial.at(trial.now, _rest, trial, run, rank=PROGRAMME_MOVES if run.name == PROGRAMME else UNIT_MOVES)


def _rest(trial: Trial, run: Run) -> None:
    if run.head.status != "running" or busy(run):
        return
    free = [move for move in run.level.moves.values() if move.by and not move.source]
    ways = [
        move for move in free
        if trial.habits.moves.get(move.name) != "never"
        and (move.kind == "outcome" or not run.head.visits.get(move.target))
    ]  # fmt: skip
    ways.sort(key=lambda move: move.kind == "outcome")
    if ways:
        Keeper(trial=trial, run=run, phase="", visit=len(run.head.closed), ways=tuple(ways), since=trial.now).begin()


def concluded(trial: Trial, run: Run, entry: Entry, event: e.RunConcluded) -> None:
    """A run has ended."""
    trial.tally.day("concluded", run.level.name, event.outcome, trial.calendar.day_of(entry.at))
    run.last["concluded"] = entry.at
    _unit_moved(trial, run)


def never(trial: Trial) -> None:
    """At the end: phases that were never opened or left, and what the gates of those still open wait for."""
    for run in trial.runs.values():
        level = run.level.name
        visits = run.head.visits
        for name in run.level.phases:
            if not visits.get(name):
                trial.tally.day("opens", level, name, None)
                trial.tally.day("ends", level, name, None)
            elif f"{name}/1" in run.head.open:
                trial.tally.day("ends", level, name, None)
        step = trial.step(run)
        for visit in run.head.open:
            phase = visit.partition("/")[0]
            for move in _ways(trial, run, phase) if phase != CAMPAIGN else ():
                judged = phases.examine(step, judged_by(run, move))
                for requirement in judged.requirements if judged is not None else ():
                    for name in names_of(requirement.fact):
                        trial.tally.add("wait", "gate", level, move.name, name, "never")

