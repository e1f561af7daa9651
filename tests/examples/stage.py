"""A small stage for an example's plan: its policy, an engine with a clock that is set by hand, and what happened."""

from __future__ import annotations

import functools
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from phaseflow import Engine, Run, compile_policy
from phaseflow.core.plan import Plan
from phaseflow.spec.reader import read_policy

EXAMPLES = Path(__file__).parents[2] / "examples"
CHINA = ZoneInfo("Asia/Shanghai")
DIGEST = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4


@functools.cache
def plan_of(example: str, settled: str = "") -> Plan:
    """The plan of an example alone, or with what a test settles laid over it."""
    folder = EXAMPLES / example
    text = f"extends: policy.yaml\nhouse_rules: true\n{settled}"
    reading = read_policy(
        text, file=str(folder / "settled.yaml"), load=lambda name: (folder / name).read_bytes(), climb=1
    )
    return compile_policy(reading.result(), reading.sources)


class Stage:
    """One engine in memory; days are days in China, at nine in the morning."""

    def __init__(self, plan: Plan, day: str) -> None:
        self.plan = plan
        self.now = at(day)
        self.engine = Engine(clock=lambda: self.now)

    def to(self, day: str, hour: int = 9, minute: int = 0) -> None:
        """Let the days go by."""
        self.now = at(day, hour, minute)
        self.engine.tick()


def at(day: str, hour: int = 9, minute: int = 0) -> datetime:
    """An instant of a day in China."""
    return datetime.fromisoformat(day).replace(hour=hour, minute=minute, tzinfo=CHINA)


def windows(run: Run, *phases: str) -> dict[str, tuple[date, date]]:
    """First and last days as the start of the run bound them."""
    bound = events(run, "RunStarted")[0].windows
    return {phase: (bound[phase].first, bound[phase].last) for phase in phases}


def states(run: Run) -> dict[str, str]:
    """The state of each phase."""
    return {phase.name: phase.state for phase in run.status().phases}


def opened(run: Run) -> set[str]:
    """Phases that are open, overdue or not."""
    return {name for name, state in states(run).items() if state in ("open", "overdue")}


def events(run: Run, *names: str) -> list[Any]:
    """The events of these kinds, in order."""
    return [entry.event for entry in run.history() if type(entry.event).__name__ in names]


def due(run: Run, duty: str) -> date | None:
    """The due day of a duty, as the event says that opened it."""
    term = next(event.term for event in events(run, "DutyOpened") if event.name == duty)
    return None if term is None else term.day


def done(answer: Any) -> list[str]:
    """The duties that an act completed."""
    return [event.key.rsplit("/", 1)[1] for event in answer.events if type(event).__name__ == "DutyDone"]
