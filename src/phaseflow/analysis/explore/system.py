"""The abstract machine of a level: which phases are open, what polls came to, how the run ended; and every next step.

A state over-approximates: whatever `decide` can make of a run, the states here can follow (docs/decisions/0016). Facts
that are not part of a state (duties, documents, items, units, the host) may have any value in each step, except that a
duty of a phase which was never opened is unknown. What one step brings about is followed to its end, as `stabilise`
does; where a condition may be met or not, both ways are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Literal, TypeVar

import attrs

from phaseflow.analysis.explore.polls import Outcome, TooWide, obligations, outcomes
from phaseflow.analysis.explore.states import Ballot, State, Stimulus
from phaseflow.analysis.numbers import bound_values
from phaseflow.analysis.truths import Value, bounds_of, possible, regions
from phaseflow.core import conditions as c
from phaseflow.core.conditions import UNKNOWN, Read
from phaseflow.core.conditions.nodes import Truth
from phaseflow.core.plan.model import CAMPAIGN, LevelPlan, Move, Plan
from phaseflow.spec.duties import PollDuty

LONGEST = 200
"""Consequences of one step; more would be a ring that compilation refuses."""

T = TypeVar("T")


Event = tuple[Literal["opened", "closed", "go"], str, tuple[str, ...]]
Judged = tuple[int, frozenset[str], frozenset[str], tuple[Ballot, ...]]
"""A condition by its identity, with what its truth hangs on: phases visited and closed, and polls."""

Under = tuple[State, tuple[Event, ...]]
"""A state in the middle of a step, and the events whose consequences are still to follow."""


@attrs.frozen(kw_only=True)
class System:
    """A level, reduced to a slice of its phases.

    *dated* are the phases of the slice that open on their date, in the order of these dates. *more* are conditions of a
    property, whose bounds cut the numbers too.
    """

    plan: Plan
    level: LevelPlan
    phases: frozenset[str]
    dated: tuple[str, ...]
    more: tuple[c.Condition, ...] = ()
    reopening: bool = True

    # --- parts of the slice -------------------------------------------------------------------------------------------

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """The moves that touch the slice, in their order; outcomes touch every slice, for they close everything."""
        return tuple(
            move
            for move in self.level.moves.values()
            if move.kind == "outcome" or {move.source, move.target} & self.phases
        )

    @cached_property
    def inside(self) -> frozenset[str]:
        """The names of these moves."""
        return frozenset(move.name for move in self.moves)

    @cached_property
    def limited(self) -> tuple[str, ...]:
        """The moves that may be made so many times."""
        return tuple(move.name for move in self.moves if move.max is not None)

    @cached_property
    def polls(self) -> tuple[str, ...]:
        """The polls of the slice."""
        return tuple(
            name
            for name, duty in self.level.duties.items()
            if isinstance(duty.spec, PollDuty) and (duty.phase in self.phases or duty.phase == CAMPAIGN)
        )

    @cached_property
    def conditions(self) -> tuple[c.Condition, ...]:
        """Every condition that is judged in the slice."""
        found = [self.level.phases[name].entry for name in sorted(self.phases)]
        found += [condition for move in self.moves for condition in (move.gate, move.when)]
        return (*(condition for condition in found if condition is not None), *self.more)

    @cached_property
    def bounds(self) -> Mapping[Read, frozenset[Fraction]]:
        """The numbers against which each fact is held."""
        return bounds_of(self.conditions, self.plan)

    @cached_property
    def results(self) -> Mapping[str, tuple[Outcome, ...]]:
        """Every outcome of each poll."""
        found = {}
        for name in self.polls:
            spec = self.level.duties[name].spec
            assert isinstance(spec, PollDuty)
            found[name] = outcomes(spec, self.plan, _shares(self.cuts[name]))
        return found

    @cached_property
    def cuts(self) -> Mapping[str, frozenset[Fraction]]:
        """The bounds that part the results of each poll: of its bands, and of every condition that reads it."""
        return {
            name: self.bounds.get(_result(name), frozenset())
            | _cuts(self.level.duties[name].spec, self.plan)
            | {Fraction(0), Fraction(1)}
            for name in self.polls
        }

    @cached_property
    def outside(self) -> tuple[tuple[str, ...], ...]:
        """Where a run may be led from outside the slice: by a programme's poll (R13), a poll or a limit here."""
        above = self.plan.programme if self.level.name == "unit" else None
        found: dict[tuple[str, ...], None] = {}
        for duty in above.duties.values() if above is not None else ():
            if isinstance(duty.spec, PollDuty):
                found.update(dict.fromkeys(obligations(duty.spec)))
        for duty in self.level.duties.values():
            if isinstance(duty.spec, PollDuty) and duty.name not in self.polls:
                known = outcomes(duty.spec, self.plan, _shares(_cuts(duty.spec, self.plan)))
                found.update(dict.fromkeys(go for _share, go in known))
        found.update({(move.otherwise,): None for move in self.level.moves.values() if move.name not in self.inside})
        return tuple(go for go in found if self.inside & set(go))

    # --- conditions ---------------------------------------------------------------------------------------------------

    def truths(self, condition: c.Condition, state: State) -> frozenset[Truth]:
        """Every truth that a condition may have in a state."""
        key = (id(condition), state.visited, state.closed, state.polls)
        found = self._known.get(key)
        if found is None:
            found = possible(condition, lambda fact: self.values(fact, state), self.plan)
            self._known[key] = found
        return found

    _known: dict[Judged, frozenset[Truth]] = attrs.field(factory=dict, init=False, eq=False, repr=False)
    entered: set[str] = attrs.field(factory=set, init=False, eq=False, repr=False)
    """The phases that were opened while states were gone through, be it only on the way."""
    made: set[str] = attrs.field(factory=set, init=False, eq=False, repr=False)
    """The moves that were made."""

    @property
    def judged(self) -> tuple[Judged, ...]:
        """What was judged while states were gone through, and what was then known."""
        return tuple(self._known)

    def values(self, fact: Read, state: State) -> tuple[Value, ...]:
        """Every value that a fact may have in a state, one for each region."""
        arguments = {name: str(value.value) for name, value in fact.args}
        match fact.name:
            case "closed" | "reached" if arguments["phase"] in self.phases:
                seen = state.closed if fact.name == "closed" else state.visited
                return (arguments["phase"] in seen,)
            case "poll_share" if arguments["poll"] in self.polls and self.tracked(arguments["poll"]):
                ballot = state.polls[self.polls.index(arguments["poll"])]
                return (UNKNOWN if ballot.share is None else ballot.share,)
            case "outstanding" | "done_share" | "passed":
                name = arguments.get("duty") or arguments["document"]
                if self._not_begun(name, state):
                    return (UNKNOWN,)
            case _:
                pass
        return regions(fact, self.bounds.get(fact, frozenset()))

    def tracked(self, poll: str) -> bool:
        """Whether a poll begins with its phase, so that a state knows its result."""
        spec = self.level.duties[poll].spec
        return spec.opens == "with phase" and spec.from_ is None

    def _not_begun(self, name: str, state: State) -> bool:
        """Whether a duty cannot have been owed yet: its phase was never opened, and nothing else begins it."""
        duty = self.level.duties.get(name)
        return (
            duty is not None
            and duty.phase in self.phases
            and duty.phase not in state.visited
            and duty.spec.from_ is None
            and duty.spec.opens == "with phase"
        )

    # --- the beginning ------------------------------------------------------------------------------------------------

    def initial(self) -> tuple[State, ...]:
        """Every state in which a run may be once it was started."""
        polls = tuple(
            Ballot("ready") if self.level.duties[name].phase == CAMPAIGN or not self.tracked(name) else Ballot()
            for name in self.polls
        )
        start = State(
            open=frozenset(), visited=frozenset(), closed=frozenset(), waiting=(), scheduled=self.dated,
            counts=(0,) * len(self.limited), ended="", polls=polls,
        )  # fmt: skip
        states: list[Under] = [(start, ())]
        for phase in self.level.phases.values():
            if phase.name in self.phases and phase.opens.kind == "campaign":
                states = [one for state, pending in states for one in self._knock(state, phase.name, pending)]
        return tuple(dict.fromkeys(found for state, pending in states for found in self._stabilise(state, pending)))

    # --- what may happen ----------------------------------------------------------------------------------------------

    def steps(self, state: State) -> Iterator[tuple[Stimulus, tuple[State, ...]]]:
        """Everything that may happen to a run in a state, with every state it may then be in."""
        if state.ended:
            yield from self._counts(state)
            if self.reopening and self.level.outcomes[state.ended].reopen:
                yield from self._reopened(state)
            return
        yield from self._asked(state)
        yield from self._counts(state)
        if state.scheduled:
            name, rest = state.scheduled[0], state.scheduled[1:]
            knocked = self._knock(state._replace(scheduled=rest), name, ())
            yield Stimulus("date", name), self._all(knocked)
        for name in sorted(state.open):
            phase = self.level.phases[name]
            if phase.closes is not None and phase.closes.kind == "date":
                move = self.level.moves[f"{name}.close"]
                if move.gate is None or True in self.truths(move.gate, state):
                    yield Stimulus("ends", name), self._all(self._make(state, move, ()))
        moved = tuple(found for found in self._stabilise(state, ()) if found != state)
        if moved:
            yield Stimulus("facts", ""), moved
        for go in self.outside:
            yield Stimulus("outside", ", ".join(go), None, go), self._stabilise(state, (("go", "", go),))

    def _asked(self, state: State) -> Iterator[tuple[Stimulus, tuple[State, ...]]]:
        for move in self.moves:
            if move.by and self.allowed(move, state) and (move.gate is None or True in self.truths(move.gate, state)):
                yield Stimulus("ask", move.name), self._all(self._make(state, move, ()))

    def _counts(self, state: State) -> Iterator[tuple[Stimulus, tuple[State, ...]]]:
        for place, name in enumerate(self.polls):
            ballot = state.polls[place]
            if ballot.status == "ready":
                again = not self.tracked(name)
                for share, go in self.results[name]:
                    done = Ballot("ready" if again else "done", share, ballot.stale)
                    after = state._replace(polls=_put(state.polls, place, done))
                    yield Stimulus("count", name, share, go), self._stabilise(after, (("go", name, go),))
            if ballot.stale:
                for go in dict.fromkeys(go for _share, go in self.results[name]):
                    yield Stimulus("stale", name, None, go), self._stabilise(state, (("go", name, go),))

    def _reopened(self, state: State) -> Iterator[tuple[Stimulus, tuple[State, ...]]]:
        for name in sorted(self.phases):
            found: dict[State, None] = {}
            for first in range(len(state.scheduled) + 1):
                running = state._replace(ended="", waiting=(), scheduled=state.scheduled[first:])
                for opened, pending in self._open(running, name, None, ()):
                    found.update(dict.fromkeys(self._stabilise(opened, pending)))
            yield Stimulus("reopen", name), tuple(found)

    def _all(self, states: Iterable[Under]) -> tuple[State, ...]:
        return tuple(dict.fromkeys(found for state, pending in states for found in self._stabilise(state, pending)))

    # --- one step -----------------------------------------------------------------------------------------------------

    def allowed(self, move: Move, state: State) -> bool:
        """Whether a move is possible for what is open; what lies outside the slice may always be open, or not."""
        if move.target and move.target != move.source and move.target in state.open:
            return False
        if not move.source or move.source not in self.phases:
            return True
        return move.source in state.open

    def _whole(self, move: Move) -> bool:
        """Whether both ends of a move lie in the slice, so that it is known whether it is possible."""
        return all(not name or name in self.phases for name in (move.source, move.target))

    def _make(self, state: State, move: Move, pending: tuple[Event, ...]) -> Iterator[Under]:
        """Make a move whose gate has been passed."""
        if move.max is not None:
            place = self.limited.index(move.name)
            if state.counts[place] >= move.max:
                yield from self._go(state, (move.otherwise,), pending)
                return
            state = state._replace(counts=_put(state.counts, place, state.counts[place] + 1))
        self.made.add(move.name)
        if move.closes_source and move.source in self.phases:
            state, pending = _close(state, move.source), (*pending, ("closed", move.source, ()))
        if move.kind == "outcome":
            gone: tuple[Event, ...] = tuple(("closed", name, ()) for name in sorted(state.open))
            ended = state._replace(
                open=frozenset(), closed=state.closed | state.open, waiting=(), ended=move.outcome,
            )  # fmt: skip
            yield ended, (*pending, *gone)
        elif move.target in self.phases:
            yield from self._open(state, move.target, move, pending)
        else:
            yield state, pending

    def _open(self, state: State, name: str, move: Move | None, pending: tuple[Event, ...]) -> Iterator[Under]:
        """Open a phase; its polls begin anew, those that may be left out in both ways."""
        self.entered.add(name)
        if move is not None:
            self.made.add(move.name)
        again = name in state.visited
        opened = state._replace(
            open=state.open | {name}, visited=state.visited | {name},
            waiting=tuple(other for other in state.waiting if other != name),
            scheduled=tuple(other for other in state.scheduled if other != name),
        )  # fmt: skip
        for polls in self._begun(opened.polls, name, move if again else None):
            yield opened._replace(polls=polls), (*pending, ("opened", name, ()))

    def _begun(self, polls: tuple[Ballot, ...], phase: str, move: Move | None) -> list[tuple[Ballot, ...]]:
        found = [polls]
        for place, name in enumerate(self.polls):
            if self.level.duties[name].phase != phase or not self.tracked(name):
                continue
            chosen = move is None or move.duties is None or name in move.duties
            if not chosen:
                continue
            anew = [
                _put(one, place, Ballot("ready", None, one[place].stale or one[place].status == "ready"))
                for one in found
            ]
            found = found + anew if move is not None and move.missing_only else anew
        return list(dict.fromkeys(found))

    def _knock(self, state: State, name: str, pending: tuple[Event, ...]) -> list[Under]:
        """The moment of a phase has come: it opens, or waits for its entry, or both may be."""
        if name in state.open or state.ended:
            return [(state, pending)]
        entry = self.level.phases[name].entry
        truths = frozenset({True}) if entry is None else self.truths(entry, state)
        found: list[Under] = []
        if True in truths:
            found += self._open(state, name, self.level.moves[f"{name}.open"], pending)
        if truths - {True}:
            waiting = state.waiting if name in state.waiting else (*state.waiting, name)
            found.append((state._replace(waiting=waiting), pending))
        return found

    def _go(self, state: State, targets: tuple[str, ...], pending: tuple[Event, ...]) -> Iterator[Under]:
        """Follow the consequences of a band; what is not possible is asked about, and nothing moves."""
        if not targets:
            yield state, pending
            return
        move, rest = self.level.moves.get(targets[0]), targets[1:]
        if move is None or not self.allowed(move, state):
            yield from self._go(state, rest, pending)
            return
        if move.name not in self.inside:  # nothing in the slice changes, unless its limit leads elsewhere
            yield from self._go(state, rest, pending)
            if move.otherwise:
                yield from self._go(state, (move.otherwise, *rest), pending)
            return
        if not self._whole(move):  # what lies outside may be open, or not
            yield from self._go(state, rest, pending)
        for after, more in self._make(state, move, pending):
            yield from self._go(after, rest, more)

    # --- what follows by itself ---------------------------------------------------------------------------------------

    def _stabilise(self, state: State, pending: tuple[Event, ...]) -> tuple[State, ...]:
        """Follow consequences and automatic moves until nothing changes; every state the run may rest in."""
        todo, seen, rest = [(state, pending, 0)], {(state, pending)}, dict[State, None]()
        while todo:
            state, pending, depth = todo.pop()
            if depth > LONGEST:
                raise TooWide("a run does not come to rest")
            if pending:
                follow = self._react(state, pending[0], pending[1:])
            else:
                follow, forced = self._automatic(state)
                if not forced:
                    rest[state] = None
            for one in follow:
                if one not in seen:
                    seen.add(one)
                    todo.append((*one, depth + 1))
        return tuple(rest)

    def _react(self, state: State, event: Event, rest: tuple[Event, ...]) -> list[Under]:
        kind, name, go = event
        if kind == "go":
            return list(self._go(state, go, rest))
        found = [(state, rest)]
        for phase in self.level.phases.values():
            hangs = phase.opens.kind == ("opens" if kind == "opened" else "closes") and phase.opens.name == name
            if hangs and phase.name in self.phases:
                found = [
                    after
                    for one, pending in found
                    for after in (
                        [(one, pending)] if phase.name in one.visited else self._knock(one, phase.name, pending)
                    )
                ]
        return found

    def _automatic(self, state: State) -> tuple[list[Under], bool]:
        """Automatic moves that may be made first, and whether one of them must be."""
        found: list[Under] = []
        if state.ended:
            return found, False
        for name in state.waiting:
            phase = self.level.phases[name]
            may, must = self._holds((phase.entry,), state)
            if may and name not in state.open:
                found += self._open(state, name, self.level.moves[f"{name}.open"], ())
            if must:
                return found, True
        for move in self.level.automatic:
            if move.name not in self.inside or not self.allowed(move, state):
                continue
            if move.kind == "open" and move.target in state.visited:
                continue
            may, must = self._holds((move.when, move.gate), state)
            if may:
                found += self._make(state, move, ())
            if must and self._whole(move) and not self._stuck(move, state):
                return found, True
        return found, False

    def _stuck(self, move: Move, state: State) -> bool:
        """Whether a move was made as often as it may be, and leads nowhere: that is asked, and the run rests."""
        if move.max is None or state.counts[self.limited.index(move.name)] < move.max:
            return False
        other = self.level.moves.get(move.otherwise)
        leads = other is not None and self.allowed(other, state) and self._whole(other)
        return not leads or move.otherwise not in self.inside

    def _holds(self, conditions: tuple[c.Condition | None, ...], state: State) -> tuple[bool, bool]:
        truths = [self.truths(condition, state) for condition in conditions if condition is not None]
        return all(True in one for one in truths), all(one == {True} for one in truths)


def _close(state: State, name: str) -> State:
    return state._replace(open=state.open - {name}, closed=state.closed | {name})


def _put(values: tuple[T, ...], place: int, value: T) -> tuple[T, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _result(poll: str) -> Read:
    """The fact that reads the result of a poll."""
    return Read("poll_share", (("poll", c.Const(poll)),))


def _shares(cuts: frozenset[Fraction]) -> list[Fraction]:
    """One result for each region that these bounds cut out."""
    return [Fraction(value) for value in regions(_result(""), cuts) if isinstance(value, int | Fraction)]


def _cuts(spec: object, plan: Plan) -> frozenset[Fraction]:
    """The bounds of every band of a poll, and the tie."""
    assert isinstance(spec, PollDuty)
    bands = [one for one in (spec.bands, *(edge.bands for edge in spec.edges.values())) if one is not None]
    found = {
        value
        for one in bands
        for band in (*one.exclusive, *one.cumulative)
        for side in (band.below, band.at_least)
        for value in bound_values(side, plan)
    }
    return frozenset(found | ({Fraction(1, 2)} if spec.tie is not None else set()))
