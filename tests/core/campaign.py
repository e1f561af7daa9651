"""A campaign in memory, for tests: policy text to plan, a driver with its own clock, and the replay check.

Every decision goes through `decide`; what it hands back is kept in rows and trails here, as a store would. Leaving a
`Campaign` as a context manager checks that folding the trail gives the rows (law 2), so each scenario ends with it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from phaseflow.core.decide import Decision, Refusal, Surroundings, UnitFact, decide
from phaseflow.core.plan import compile_policy
from phaseflow.core.plan.model import Plan
from phaseflow.core.state import MemoryRows, fold
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry, Event
from phaseflow.spec.reader import read_policy

HEAD = "phaseflow: 1\ncampaign: demo\nzone: Asia/Shanghai\n"


def policy_text(body: str, head: str = HEAD) -> str:
    """The text of a policy: the usual head, then *body* with its common indent taken away."""
    return head + textwrap.dedent(body).lstrip("\n")


def compiled(body: str, head: str = HEAD) -> Plan:
    """The plan of a policy's text."""
    reading = read_policy(policy_text(body, head), file="policy.yaml")
    return compile_policy(reading.result(), reading.sources)


class Run:
    """One run: its rows, its trail, and how many of its last entries came with the last command."""

    def __init__(self) -> None:
        self.rows = MemoryRows()
        self.trail: list[Entry] = []

    def take(self, decision: Decision) -> None:
        self.rows.write(decision.put, decision.drop)
        self.trail += decision.entries


class Campaign:
    """A driver of one run, or of a programme (``p``) with units.

    Instants are written as people do: ``"03-09"`` is nine in the morning of that day of 2026 in the run's zone,
    ``"03-09 17:30"`` says the hour, a full date says the year.
    """

    def __init__(
        self, body: str | Plan, *, start: str = "01-01", people: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        self.plan = body if isinstance(body, Plan) else compiled(body)
        self.zone = ZoneInfo(self.plan.calendar.zone)
        self.runs: dict[str, Run] = {}
        self.count = 0
        self.last: Decision | None = None
        if "programme" in self.plan.levels:
            self.begin("p", start, {}, level="programme")
        elif people is not None:
            self.begin("u", start, people, **more)

    def __enter__(self) -> Campaign:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.check_replay()

    # --- time ---

    def instant(self, text: str) -> datetime:
        """``03-09`` or ``03-09 17:30``, with or without a year, in the run's zone, as UTC."""
        day, _, hour = text.partition(" ")
        day = day if day.count("-") == 2 else f"2026-{day}"
        return datetime.fromisoformat(f"{day} {hour or '09:00'}").replace(tzinfo=self.zone).astimezone(UTC)

    def shown(self, instant: datetime) -> str:
        """An instant as its day, with the hour where it is not midnight."""
        local = instant.astimezone(self.zone)
        return f"{local:%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%m-%d %H:%M}"

    # --- commands ---

    def begin(
        self, run: str, start: str, people: Mapping[str, str], *, level: str = "unit", now: str = "", **more: Any
    ) -> Decision:
        """Start a run; *people* maps an id to roles, parted by blanks."""
        persons = tuple(c.Person(id=name, roles=tuple(roles.split())) for name, roles in people.items())
        self.runs[run] = Run()
        day = date.fromisoformat(start if start.count("-") == 2 else f"2026-{start}")
        return self.do(
            c.StartRun, "system", now or start, on=run, run=run, campaign="demo", plan=self.plan.digest, level=level,
            unit="" if level == "programme" else run, start=day, persons=persons,
            parent="p" if level == "unit" and "p" in self.runs else "", **more,
        )  # fmt: skip

    def decided(
        self, kind: type[c.Command], by: str, now: str, /, *, at: str = "", on: str = "", **more: Any
    ) -> Decision:
        """Decide a command and keep what follows, accepted or not."""
        self.count += 1
        run = self.runs[on or self.main]
        command = kind(id=f"c{self.count}", by=by, at=self.instant(at or now), now=self.instant(now), **more)
        found = decide(self.plan, run.rows, command, self.around(on or self.main))
        run.take(found)
        self.last = found
        return found

    def do(self, kind: type[c.Command], by: str, now: str, /, **more: Any) -> Decision:
        """A command that is accepted; a refusal fails the test with its reasons."""
        found = self.decided(kind, by, now, **more)
        if found.refusal is not None:
            raise AssertionError(f"{kind.__name__} by {by} on {now} was refused: {found.refusal}")
        return found

    def no(self, kind: type[c.Command], by: str, now: str, code: str, /, **more: Any) -> Refusal:
        """A command that is refused with one code, and leaves no event of its own."""
        found = self.decided(kind, by, now, **more)
        assert found.refusal is not None, f"{kind.__name__} by {by} on {now} was accepted: {names(found)}"
        assert [p.code for p in found.refusal.problems][:1] == [code], [str(p) for p in found.refusal.problems]
        assert len(found.entries) == found.settled
        for problem in found.refusal.problems:
            assert problem.what, problem
            assert problem.why, problem
            assert problem.fix, problem
        return found.refusal

    def tick(self, now: str, on: str = "") -> Decision:
        return self.do(c.Tick, "system", now, on=on)

    def ask(self, move: str, by: str, now: str, on: str = "") -> Decision:
        return self.do(c.Ask, by, now, move=move, on=on)

    def record(self, duty: str, by: str, now: str, amount: int | Fraction, unit: str, **more: Any) -> Decision:
        return self.do(c.Record, by, now, duty=duty, amount=Fraction(amount), unit=unit, **more)

    # --- looking ---

    @property
    def main(self) -> str:
        """The run that is meant where none is named: the first unit, else the programme."""
        return next((name for name in self.runs if name != "p"), "p")

    def around(self, run: str) -> Surroundings:
        """What a decision on a run may see: the programme's rows from below, a census of units from above."""
        if "p" not in self.runs:
            return Surroundings()
        if run != "p":
            return Surroundings(up=self.runs["p"].rows)
        return Surroundings(units=self.census)

    def census(self) -> Iterable[UnitFact]:
        for name, run in self.runs.items():
            if name != "p":
                yield UnitFact(run=name, unit=name, seq=len(run.trail), head=run.rows.get("head"))

    @property
    def trail(self) -> list[Entry]:
        return self.runs[self.main].trail

    def get(self, key: str, on: str = "") -> Any:
        return self.runs[on or self.main].rows.get(key)

    @property
    def open(self) -> list[str]:
        """The open visits, without the campaign's own."""
        return [visit for visit in self.get("head").open if not visit.startswith("campaign/")]

    def all(self, kind: type[Event], on: str = "") -> list[Any]:
        """All events of one class, in order."""
        return [entry.event for entry in self.runs[on or self.main].trail if isinstance(entry.event, kind)]

    def entries(self, kind: type[Event]) -> list[Entry]:
        return [entry for entry in self.trail if isinstance(entry.event, kind)]

    def when(self, kind: type[Event]) -> list[str]:
        """When events of one class happened, as written."""
        return [self.shown(entry.at) for entry in self.entries(kind)]

    def owing(self, duty: str) -> int:
        """How many still owe the latest instance of a duty."""
        return int(self.get(f"duty/{self.get(f'latest/{duty}')}").outstanding)

    def check_replay(self) -> None:
        """Folding the trail gives the rows (law 2), and the numbers of its entries have no gap."""
        for name, run in self.runs.items():
            folded = fold(self.plan, run.trail).rows
            different = {key: (folded.get(key), run.rows.rows.get(key)) for key in folded.keys() | run.rows.rows.keys()
                         if folded.get(key) != run.rows.rows.get(key)}  # fmt: skip
            assert different == {}, f"replay of {name}"
            assert [entry.seq for entry in run.trail] == list(range(1, len(run.trail) + 1))


def names(decision: Decision) -> list[str]:
    """The names of the events that a command itself brought about."""
    return [type(event).__name__ for event in decision.events]


__all__ = ["HEAD", "Campaign", "c", "compiled", "e", "names", "policy_text"]
