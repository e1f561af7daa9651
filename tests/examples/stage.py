"""A small stage for an example's plan: its policy, an engine with a clock that is set by hand, and what happened."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.examples.bench import DIGEST, OTHER, plan_of

from phaseflow import Engine, Run
from phaseflow.core.plan import Plan

CHINA = ZoneInfo("Asia/Shanghai")


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


__all__ = ["CHINA", "DIGEST", "OTHER", "Stage", "at", "done", "due", "events", "opened", "plan_of", "states", "windows"]
