"""Deciding deeds anew under a plan, on a store that forgets: every run of a history, in the order of its times."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import attrs

from phaseflow.core.plan import Plan, compile_policy
from phaseflow.engine import Refused, texts
from phaseflow.engine.answers import Kept
from phaseflow.engine.desk import Desk, HostFact
from phaseflow.engine.plans import PlanShelf
from phaseflow.errors import Problem
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry
from phaseflow.replay.deeds import Deed
from phaseflow.replay.history import History
from phaseflow.spec.model import Policy
from phaseflow.stores.memory import MemoryStore


@attrs.frozen(kw_only=True)
class Dropped:
    """A deed that has no place under the plan: it is refused, or it is about what is not there."""

    deed: Deed
    problems: tuple[Problem, ...]


@attrs.frozen(kw_only=True)
class Replayed:
    """What came of a history under one plan. *trails* and *dropped* are by run."""

    plan: Plan = attrs.field(repr=False)
    trails: Mapping[str, Sequence[Entry]]
    dropped: Mapping[str, Sequence[Dropped]]


def replay(history: History, plan: Plan) -> Replayed:
    """Decide what people did once more, under a plan.

    Every deed keeps its id and its times, so that a trail that was made under this very plan comes out as it was. At
    the end every run is brought to the latest instant that the history knows.
    """
    player = _Player(history, lasting(plan))
    for deed in history.deeds:
        player.carry_out(deed)
    player.finish(history.until)
    return Replayed(plan=plan, trails=player.trails(), dropped=player.dropped)


def lasting(plan: Plan) -> Plan:
    """The plan as if it stayed: a version that ends is tried for the whole of a run."""
    if plan.policy.amends is None or plan.policy.amends.until is None:
        return plan
    stays: Policy = attrs.evolve(plan.policy, amends=None)  # type: ignore[misc]  # every shape is attrs
    return compile_policy(stays, plan.texts, plan.calendar)


class _Player:
    """One replay under way."""

    def __init__(self, history: History, plan: Plan) -> None:
        self.plan, self.history = plan, history
        self.store = MemoryStore()
        shelf = PlanShelf()
        self.facts = {key: _Fact(history, key) for key in shelf.host_facts(plan)}
        facts: dict[tuple[str, str], HostFact] = dict(self.facts)
        self.desk = Desk(shelf, facts)
        self.dropped: dict[str, list[Dropped]] = {run: [] for run in history.runs}
        self.names = {run: _Names(record.trail) for run, record in history.runs.items()}

    def carry_out(self, deed: Deed) -> None:
        """One deed, with everything in it called as it is called here."""
        command: Any = deed.command
        if isinstance(command, c.StartRun):
            command = attrs.evolve(command, plan=self.plan.digest)
        else:
            found = self.names[deed.run].here(command)
            if found is None:
                self._drop(deed, (_absent(deed),))
                return
            command = found
        self._execute(deed.run, command, deed)

    def finish(self, until: datetime) -> None:
        """Let time pass for every run that began, programmes after their units."""
        order = sorted(self.history.runs.values(), key=lambda record: (record.level == "programme", record.run))
        for record in order:
            command = c.Tick(id=f"{record.run} until the end", by=c.SYSTEM, at=until, now=until)
            self._execute(record.run, command, None)

    def _execute(self, run: str, command: c.Command, deed: Deed | None) -> None:
        for fact in self.facts.values():
            fact.now = command.now
        plan = self.plan if isinstance(command, c.StartRun) else None
        with contextlib.suppress(Kept), self.store.transaction() as tx:  # refused; what was due is kept all the same
            if plan is None and tx.head(run) is None:
                return  # its start was refused, which is told once
            if plan is not None:
                self.desk.plans.keep(tx, plan)
            before = tx.head(run)
            try:
                self.desk.execute(tx, run, command, plan, ())
            except Kept as kept:
                if deed is not None and not isinstance(command, c.Tick):
                    self._drop(deed, kept.refused.problems)
            except Refused as refused:
                if deed is not None:
                    self._drop(deed, refused.problems)
                raise Kept(refused) from None
            finally:
                after = tx.head(run)
                if after is not None and (before is None or after.seq > before.seq):
                    stored = tx.entries(run, after=before.seq if before is not None else 0)
                    self.names[run].learn([texts.read_entry(entry.body) for entry in stored])

    def _drop(self, deed: Deed, problems: Sequence[Problem]) -> None:
        self.dropped[deed.run].append(Dropped(deed=deed, problems=tuple(problems)))

    def trails(self) -> dict[str, Sequence[Entry]]:
        """What every run came to."""
        with self.store.transaction(write=False) as tx:
            return {
                run: tuple(texts.read_entry(entry.body) for entry in tx.entries(run)) if tx.head(run) else ()
                for run in self.history.runs
            }


def _absent(deed: Deed) -> Problem:
    return Problem(
        code="PF740", what=f"what entry {deed.seq} of '{deed.run}' is about is not there",
        why="under this policy it was never asked, entered or granted", fix="nothing to do: what depends on it is told",
    )  # fmt: skip


@attrs.define
class _Fact:
    """A fact of the host as the history knows it: what it was when a gate last read it (R19)."""

    history: History
    key: tuple[str, str]
    now: datetime | None = None

    def __call__(self, run: str) -> object:
        return self.history.runs[run].witnessed(self.key, self.now)


# --- names ------------------------------------------------------------------------------------------------------------


class _Names:
    """How what the trail of a run calls one way is called in the replay: questions, items, waivers, and entries.

    They are numbered as they come. The same thing is what the same deed or the same moment brought about, and of
    several such things the one in the same place.
    """

    def __init__(self, trail: Sequence[Entry]) -> None:
        self._ours: dict[Sign, dict[str, Any]] = {}
        self._there = {(kind, value): sign for sign, made in _made(trail, {}) for kind, value in made.items()}
        self._seen: dict[Sign, int] = {}

    def learn(self, entries: Sequence[Entry]) -> None:
        """Take note of what came of a command here."""
        self._ours |= dict(_made(entries, self._seen))

    def here(self, command: c.Command) -> c.Command | None:
        """The command with the names of this replay; None where something that it names is not there."""
        changed: dict[str, Any] = {}
        for field, kind in NAMED.get(type(command), {}).items():
            sign = self._there.get((kind, getattr(command, field)))
            found = self._ours.get(sign, {}).get(kind) if sign is not None else None
            if found is None:
                return None
            changed[field] = found
        return attrs.evolve(command, **changed) if changed else command


NAMED: Mapping[type[c.Command], Mapping[str, str]] = {
    c.Answer: {"question": "question"},
    c.RevokeWaiver: {"waiver": "waiver"},
    c.EndDelegation: {"delegation": "delegation"},
    **{
        about: {"item": "item"}
        for about in (c.AmendItem, c.SettleItem, c.VerifyItem, c.ExplainItem, c.PublishItem, c.ReopenItem)
    },
    c.Void: {"seq": "seq"},
    c.Correct: {"seq": "seq"},
}
"""Commands that name what a run has numbered: the field, and what kind of name it is."""

NUMBERED: Mapping[type[e.Event], str] = {
    e.QuestionAsked: "question", e.WaiverGranted: "waiver", e.AuthorityDelegated: "delegation", e.ItemOpened: "item",
}  # fmt: skip
"""Events that give a name, with the field that holds it."""


Sign: TypeAlias = tuple[str, ...]
"""What an entry is known by in trail and replay alike."""


def _made(entries: Sequence[Entry], seen: dict[Sign, int]) -> Iterator[tuple[Sign, dict[str, Any]]]:
    """For every entry its sign, the same in trail and replay, and the names that it gives."""
    for entry in entries:
        event = entry.event
        kind = type(event).__name__
        match event:
            case e.QuestionAsked(role=role, about=about):
                sign: Sign = (kind, role, about.partition(":")[0] if "verdict:" in about else about)
            case e.ItemOpened(makes_up=makes_up) if makes_up:
                sign = (kind, makes_up)
            case _:
                sign = (kind, entry.timer or entry.command)
        seen[sign] = seen.get(sign, 0) + 1
        names: dict[str, Any] = {"seq": entry.seq}
        if type(event) in NUMBERED:
            names[NUMBERED[type(event)]] = getattr(event, NUMBERED[type(event)])
        yield (*sign, str(seen[sign])), names
