"""What it takes for a move: which deeds make its gate pass, how its phase is opened, and what bars it for good.

A gate is met in the cheapest way, where each fact costs as many acts as it takes to bring it about (`remedies`). What
must come before, such as another phase's close or what a duty needs, is worked out in the same way, and comes first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import attrs

from phaseflow.core.conditions import Condition, Const, Not, Read, Requirement, Scalar, cheapest_way, explain, walk
from phaseflow.core.decide import phases, remedies
from phaseflow.core.decide.people import able
from phaseflow.core.decide.remedies import Found, barred, merged
from phaseflow.core.decide.step import Step
from phaseflow.core.deeds import Cause, Deed, Outlook, Verb
from phaseflow.core.gates import Sources
from phaseflow.core.plan.model import Move
from phaseflow.core.reasons import reasons
from phaseflow.messages.events import Days


def outlook(step: Step, name: str) -> Outlook:
    """What is left to do for a move, or why it is not possible any more.

    Raises:
        Refusal: *unknown* where the policy has no such move, *crashed* where a fact of the host is not at hand.
    """
    move = phases.named_move(step, name)
    found = Prospect(step).move(move)
    facts = step.facts(move.source or move.target)
    return Outlook(
        move=name,
        reasons=reasons(found.requirements, facts, step.day),
        deeds=found.deeds,
        bars=found.bars,
        since=max((deed.since for deed in found.deeds if deed.since is not None), default=found.since),
        smallest=found.smallest,
    )


class Prospect:
    """One working out; *under_way* are the moves and duties that are being worked out, so that no ring is followed."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.under_way: set[str] = set()
        self._known: dict[tuple[Read, str, str], Found] = {}

    def move(self, move: Move) -> Found:
        """A move: what lets it be asked for, what its gate wants, and the request."""
        if move.name in self.under_way:
            return barred("ring", move.name, move.span, move.clause)
        self.under_way.add(move.name)
        try:
            return self._move(move)
        finally:
            self.under_way.discard(move.name)

    def _move(self, move: Move) -> Found:
        status = self._status(move)
        if status.bars:
            return status
        head = self.step.head
        if move.target and move.target != move.source and phases.visit_of(self.step, move.target):
            return barred("open_already", move.target, move.span, move.clause)
        if move.max is not None and head.moves.get(move.name, 0) >= move.max:
            return barred("used_up", move.name, move.span, move.clause)
        opened = Found()
        if move.source and not phases.visit_of(self.step, move.source):
            opened = self.opened(move.source)
        if move.kind == "open" and not move.by and move.gate is None and not status.deeds:
            opened = merged(opened, self._awaited(move.target))
        gate = self.met(move.gate, move.source or move.target)
        asked = self._led_to(move) if not move.by and move.when is None and move.kind != "open" else Found()
        if move.by:
            asked = Found(deeds=(self.deed("request", move.name, move.by, move),))
        return attrs.evolve(merged(status, opened, gate, asked), requirements=gate.requirements)

    def _led_to(self, move: Move) -> Found:
        """A transition or outcome that nobody asks for is what a band of a poll leads to."""
        rule = self.step.level.phases.get(move.source)
        if move.kind == "close" and rule is not None and rule.closes is not None and rule.closes.kind == "date":
            return self._on_its_day(move.source)
        ways = [
            remedies.bring(self, Read("outstanding", (("duty", Const(duty.name)),)), 0, self.step.facts(move.source))
            for level in self.step.plan.levels.values()
            for duty in level.duties.values()
            if move.name in remedies.led_to(duty)
        ]
        return remedies.best(ways) or Found()

    def deed(self, verb: Verb, name: str, roles: Iterable[str], move: Move) -> Deed:
        wanted = tuple(roles)
        return Deed(
            verb=verb,
            name=name,
            roles=wanted,
            people=able(self.step, wanted, name),
            span=move.span,
            clause=", ".join(move.clause),
        )

    def _status(self, move: Move) -> Found:
        head, policy = self.step.head, self.step.plan.policy
        if head.status == "running":
            return Found()
        if head.status == "suspended" and policy.suspension is not None:
            return Found(deeds=(self.deed("resume", head.run, map(str, policy.suspension.by), move),))
        ended = self.step.level.outcomes.get(head.outcome)
        if head.status == "concluded" and ended is not None and ended.reopen:
            return Found(deeds=(self.deed("reopen", head.run, map(str, ended.reopen), move),))
        return barred("run_ended", head.outcome or head.status, move.span, move.clause)

    # --- conditions ---------------------------------------------------------------------------------------------------

    def met(self, condition: Condition | None, phase: str, subject: str = "") -> Found:
        """The cheapest way to meet a condition."""
        if condition is None:
            return Found()
        facts = self.step.facts(phase, subject)
        way = cheapest_way(condition, facts.read, lambda fact, value: self._price(fact, value, facts))
        if way is None:
            return self._no_way(condition, facts)
        parts = [self.bring(fact, value, facts) for fact, value in way.values.items()]
        parts += [
            self.bring(part, None, facts)
            for leaf in way.reckoned
            for part in walk(leaf)
            if isinstance(part, Read) and not part.parameter
        ]
        wanted = tuple(
            requirement
            for turn in way.turns
            for requirement in explain(turn.leaf if turn.want else Not(turn.leaf), facts.read).requirements
        )
        known = {(one.label, one.span): one for one in explain(condition, facts.read).requirements}
        told = tuple(known.get((one.label, one.span), one) for one in wanted)
        found = merged(*parts)
        return attrs.evolve(found, requirements=told, smallest=found.smallest and way.cheapest)

    def _price(self, fact: Read, value: Scalar, facts: Sources) -> int | None:
        found = self.bring(fact, value, facts)
        return None if found.bars else max(1, sum(deed.count for deed in found.deeds))

    def bring(self, fact: Read, value: Scalar | None, facts: Sources) -> Found:
        """What brings a fact to a value; *value* None is for as far as it goes."""
        key = (fact, repr(value), facts.subject)
        if key not in self._known:
            self._known[key] = remedies.bring(self, fact, value, facts)
        return self._known[key]

    def _no_way(self, condition: Condition, facts: Sources) -> Found:
        """Every bar in the way of a condition that can never be met."""
        requirements: tuple[Requirement, ...] = explain(condition, facts.read).requirements
        parts = []
        for requirement in requirements:
            if requirement.met is True:
                continue
            if requirement.fact is None:
                cause: Cause = "over_nothing" if not requirement.op else "policy_says"
                parts.append(barred(cause, requirement.label, requirement.span, (requirement.clause,)))
            else:
                parts.append(self.bring(requirement.fact, remedies.wanted(requirement), facts))
        bars = merged(*parts).bars or barred("ring", "", condition.span, ()).bars
        return Found(bars=bars, requirements=requirements)

    # --- phases -------------------------------------------------------------------------------------------------------

    def opened(self, name: str) -> Found:
        """What opens a phase that is not open."""
        key = f"open {name}"
        rule = self.step.level.phases[name]
        if key in self.under_way:
            return barred("ring", name, rule.span, rule.clause)
        self.under_way.add(key)
        try:
            ways = [self.move(move) for move in self._ways_into(name)]
            if not self.step.head.visits.get(name):
                ways.append(self._first_time(name))
        finally:
            self.under_way.discard(key)
        return remedies.best(ways) or barred("never_opens", name, rule.span, rule.clause)

    def _ways_into(self, name: str) -> list[Move]:
        return [
            move
            for move in self.step.level.moves.values()
            if move.target == name and (move.kind == "transition" or (move.kind == "open" and move.by))
        ]

    def _first_time(self, name: str) -> Found:
        rule = self.step.level.phases[name]
        entry = self.met(rule.entry, name)
        match rule.opens.kind:
            case "date" | "campaign" | "gate":
                return merged(self._awaited(name), entry)
            case "closes":
                return merged(self.closed(str(rule.opens.name)), entry)
            case "opens":
                return merged(self.opened(str(rule.opens.name)), entry)
            case _:
                return barred("never_opens", name, rule.span, rule.clause)

    def _awaited(self, name: str) -> Found:
        """A phase that opens by itself, on its day."""
        rule = self.step.level.phases[name]
        days: Days | None = self.step.get(f"window/{name}")
        first: date | None = days.first if days is not None else None
        ahead = rule.opens.kind == "date" and first is not None and first > self.step.day
        return Found(since=first if ahead else None)

    def closed(self, name: str) -> Found:
        """What closes a phase, opening it first where need be."""
        rule, level = self.step.level.phases[name], self.step.level
        out = [move for move in level.moves.values() if move.source == name and move.closes_source]
        return remedies.best(map(self.move, out)) or barred("never_opens", name, rule.span, rule.clause)

    def _on_its_day(self, name: str) -> Found:
        """A phase that closes on the last day of its window, whatever was done."""
        days: Days | None = self.step.get(f"window/{name}")
        if days is None or days.last is None:
            return Found()
        return Found(since=self.step.calendar.day_of(self.step.calendar.shuts(days.last)))


__all__ = ["Prospect", "outlook"]
