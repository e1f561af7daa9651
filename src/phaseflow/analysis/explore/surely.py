"""What people can surely bring about, whoever they are and whatever they did before: for proofs that a run can end.

A step is sure when its move is open to somebody and everything its gate asks for can be done from here. It is assumed
that every role has a holder who is not the author of what they judge, that everybody does what they owe, that bodies
are listed, that waivers the policy allows are granted where nothing else helps, that a halted run is resumed, and that
the programme and the host do their part. A step that may lead to
several states is good only if each of them is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from phaseflow.analysis.explore.states import State, Stimulus
from phaseflow.analysis.explore.system import System
from phaseflow.core import conditions as c
from phaseflow.core.conditions import Read
from phaseflow.core.plan.model import CAMPAIGN, Duty
from phaseflow.spec.duties import PollDuty

Steps = Mapping[State, tuple[tuple[Stimulus, tuple[State, ...]], ...]]


@attrs.frozen
class Surely:
    """What is sure in the states of a system."""

    system: System

    def states(self, steps: Steps, goals: Iterable[State]) -> set[State]:
        """Every state from which a goal is surely reached: the least set closed under sure steps."""
        good = set(goals)
        choices = {state: tuple(self._choices(state, found)) for state, found in steps.items() if state not in good}
        grown = True
        while grown:
            grown = False
            for state, groups in list(choices.items()):
                if any(all(after in good for after in group) for group in groups):
                    good.add(state)
                    del choices[state]
                    grown = True
        return good

    def _choices(self, state: State, steps: tuple[tuple[Stimulus, tuple[State, ...]], ...]) -> list[set[State]]:
        """The sure steps from a state, each as the set of states it may lead to."""
        found: list[set[State]] = []
        # what people do on the way may set off what happens by itself
        aside = {one for stimulus, after in steps if stimulus.kind == "facts" for one in after}
        counts: dict[tuple[str, object], set[State]] = {}
        time: set[State] = set()
        for stimulus, after in steps:
            match stimulus.kind:
                case "ask" if self._may_ask(stimulus.name, state):
                    found.append(set(after) | aside)
                case "count":
                    if stimulus.share is not None and self._can_be_held(stimulus.name, state):
                        counts.setdefault((stimulus.name, stimulus.share), set(aside)).update(after)
                    time.update(after)
                case "date" | "ends" | "stale":
                    time.update(after)
                case "facts" if self._some_automatic(state):
                    found.append(set(after))
                case _:
                    pass
        found += list(counts.values())
        if state.scheduled:  # the next thing that time alone brings about is one of these
            found.append(time | aside)
        return [group for group in found if group]

    def _may_ask(self, name: str, state: State) -> bool:
        move = self.system.level.moves[name]
        inside = not move.source or move.source in self.system.phases
        return inside and (move.gate is None or self.can_be_met(move.gate, state))

    def _some_automatic(self, state: State) -> bool:
        for move in self.system.level.automatic:
            if not self.system.allowed(move, state) or (move.kind == "open" and move.target in state.visited):
                continue
            if all(self.can_be_met(one, state) for one in (move.when, move.gate) if one is not None):
                return True
        entries = [self.system.level.phases[name].entry for name in state.waiting]
        return any(entry is None or self.can_be_met(entry, state) for entry in entries)

    def _can_be_held(self, poll: str, state: State) -> bool:
        duty = self.system.level.duties[poll]
        spec = duty.spec
        assert isinstance(spec, PollDuty)
        if "unstated" in (spec.anonymous, spec.quorum, spec.aggregate):
            return False
        return self._can_be_done(poll, state, frozenset())

    # --- conditions ---------------------------------------------------------------------------------------------------

    def can_be_met(self, condition: c.Condition, state: State, within: frozenset[str] = frozenset()) -> bool:
        """Whether people can bring a condition about from here, without leaving the state."""
        if self.system.truths(condition, state) == {True}:
            return True
        match condition:
            case c.All():
                return (
                    bool(condition.parts)
                    and _agree(condition)
                    and all(self.can_be_met(part, state, within) for part in condition.parts)
                )
            case c.Any():
                return any(self.can_be_met(part, state, within) for part in condition.parts)
            case c.AtLeast():
                met = sum(self.can_be_met(part, state, within) for part in condition.parts)
                return _agree(condition) and met >= condition.count
            case c.Compare(left=Read() as fact, op=op, right=c.Const()):
                return self._towards(fact, op, state, within)
            case c.Read():
                return self._towards(condition, "==", state, within)
            case _:
                return False

    def _towards(self, fact: Read, op: str, state: State, within: frozenset[str]) -> bool:
        """Whether doing what is owed moves a fact to the right side of its bound."""
        arguments = {name: str(value.value) for name, value in fact.args}
        match fact.name:
            case "outstanding":
                done = self._can_be_waived(arguments["duty"], state) or self._can_be_done(
                    arguments["duty"], state, within
                )
                return op in ("==", "<=", "<") and done
            case "done_share":
                return op in (">=", ">") and self._can_be_done(arguments["duty"], state, within)
            case "passed":
                return self._can_be_done(arguments["document"], state, within)
            case "items":
                return op in ("==", "<=", "<") and arguments.get("state", "open") == "open"
            case "units" | "units_share":
                return op in (">=", ">")
            case "host":
                return True
            case _:
                return False

    def _can_be_done(self, name: str, state: State, within: frozenset[str]) -> bool:
        """Whether a duty can be done now: it is owed here and now, nothing locks it, and what it needs can be done."""
        duty = self.system.level.duties.get(name)
        if duty is None:
            return True  # the programme's own duty: it does its part
        if name in within or not self._owed_now(duty, state) or (duty.lock is not None):
            return False
        if getattr(duty.spec, "every", None) is not None:
            return False  # periods that are still to come can be done only as time goes by
        before = [duty.needs] if duty.needs is not None else []
        sources = [str(path).rsplit(".", 1)[-1] for path in getattr(duty.spec, "based_on", ())]
        inside = within | {name}
        return all(self.can_be_met(one, state, inside) for one in before) and all(
            self._can_be_done(source, state, inside) for source in sources
        )

    def _owed_now(self, duty: Duty, state: State) -> bool:
        begun = duty.phase in state.open or duty.phase == CAMPAIGN
        return begun and duty.spec.opens == "with phase" and duty.spec.from_ is None

    def _can_be_waived(self, name: str, state: State) -> bool:
        """Whether everybody can be excepted from a duty now: as good as done to a gate that counts who owes."""
        waivers, duty = self.system.plan.policy.waivers, self.system.level.duties.get(name)
        if waivers is None or duty is None or not self._owed_now(duty, state):
            return False
        return waivers.duties == "any" or name in waivers.duties


def _agree(condition: c.All | c.AtLeast) -> bool:
    """Whether no fact is asked for twice in different ways, so that meeting one part cannot spoil another."""
    seen: dict[Read, c.Node] = {}
    for node in c.walk(condition):
        if isinstance(node, c.Compare) and isinstance(node.left, Read) and seen.setdefault(node.left, node) != node:
            return False
    return True
