"""A stage for tests of the core: one policy, one run in memory, and the proof that its trail gives its rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from phaseflow.core.decide import Decision, Surroundings, decide
from phaseflow.core.plan import compile_policy
from phaseflow.core.state import MemoryRows, fold
from phaseflow.messages import commands as c
from phaseflow.messages.events import Entry, Event
from phaseflow.spec.reader import read_policy

HEAD = """
phaseflow: 1
campaign: trial
zone: UTC
outcomes: {finished: {by: office}}
defaults:
  phase: {opens: with campaign, closes: by office, clock: calendar}
  duty: {due: none}
"""


def plan_of(text: str, head: str = HEAD) -> Any:
    """The plan of a policy whose first lines are given."""
    read = read_policy((head + text).encode(), file="policy.yaml")
    return compile_policy(read.result(), read.sources)


def instant(text: str) -> datetime:
    """``03-09`` or ``03-09 12:00`` of 2009, in UTC; a day alone is eight in the morning."""
    day, _, time = text.partition(" ")
    return datetime.fromisoformat(f"2009-{day}T{time or '08:00'}").replace(tzinfo=UTC)


class Stage:
    """One run under way. Every command gets the next id and, unless told otherwise, the next minute."""

    def __init__(self, text: str, roster: dict[str, str], start: str = "03-01", head: str = HEAD, **more: Any) -> None:
        self.plan = plan_of(text, head)
        self.rows = MemoryRows()
        self.trail: list[Entry] = []
        self.ballots: list[tuple[str, str]] = []
        self.now = instant(start)
        self.count = 0
        persons = tuple(c.Person(id=name, roles=tuple(r for r in roles.split() if ":" not in r),
                                 groups=tuple(r[6:] for r in roles.split()
                                              if r.startswith("group:"))) for name, roles in roster.items())
        self.ok(c.StartRun, run="r", campaign="trial", plan=self.plan.digest, level="unit", unit="u",
                start=self.now.date(),
                persons=persons, **more)  # fmt: skip

    def do(self, kind: type[c.Command], /, by: str = "system", at: str = "", now: str = "", **more: Any) -> Decision:
        """Decide a command and keep what it changed."""
        self.count += 1
        self.now = instant(now) if now else self.now + timedelta(minutes=1)
        command = kind(id=f"c{self.count}", by=by, at=instant(at) if at else self.now, now=self.now, **more)
        decision = decide(self.plan, self.rows, command, Surroundings())
        self.rows.write(decision.put, decision.drop)
        self.trail += decision.entries
        self.ballots += decision.ballots
        return decision

    def ok(self, kind: type[c.Command], /, by: str = "system", **more: Any) -> tuple[Event, ...]:
        """A command that must be accepted; its events."""
        decision = self.do(kind, by, **more)
        assert decision.accepted, [str(problem) for problem in decision.refusal.problems]  # type: ignore[union-attr]
        return decision.events

    def no(self, kind: type[c.Command], /, by: str, *codes: str, **more: Any) -> str:
        """A command that must be refused with just these codes; the text of all its problems."""
        decision = self.do(kind, by, **more)
        assert decision.refusal is not None, [type(event).__name__ for event in decision.events]
        assert [problem.code for problem in decision.refusal.problems] == list(codes)
        for problem in decision.refusal.problems:
            assert all((problem.what, problem.why, problem.fix)), problem
        return "\n".join(f"{p.what} | {p.why} | {p.fix}" for p in decision.refusal.problems)

    def tick(self, now: str) -> tuple[Event, ...]:
        """Let time pass."""
        return tuple(entry.event for entry in self.do(c.Tick, now=now).entries)

    def get(self, key: str) -> Any:
        """A row."""
        return self.rows.get(key)

    def events(self, *kinds: type[Event]) -> list[Any]:
        """The events of these kinds, from the beginning."""
        return [entry.event for entry in self.trail if isinstance(entry.event, kinds)]

    def check_replay(self) -> None:
        """Law 2: the trail alone gives the rows."""
        again = fold(self.plan, self.trail).rows
        assert again == self.rows.rows

    def timers(self) -> list[str]:
        """The keys of all timers."""
        return [key for key, _ in self.rows.scan("timer/")]


def names(events: Iterable[Event]) -> list[str]:
    """The class names of events."""
    return [type(event).__name__ for event in events]


START = date(2009, 3, 1)
