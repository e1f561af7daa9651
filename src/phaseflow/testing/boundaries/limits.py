"""Time limits beside due days: how long a step of a route or a poll may take, the end of a grace, and the lock.

Such an instant is pinned by a line that expects something one second before it, or at it, while the thing is pending.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

import attrs

from phaseflow.core.plan.model import Duty, LevelPlan
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry
from phaseflow.spec.duties import PollDuty
from phaseflow.testing.boundaries.model import Boundary, Kind
from phaseflow.testing.coverage.goals import has_deadline

SECOND = timedelta(seconds=1)


def boundaries(duty: Duty, level: LevelPlan) -> Iterator[Boundary]:
    """The time limits of one duty."""

    def limit(kind: Kind, side: str, detail: str, key: str, shape: Any = duty.spec) -> Boundary:
        clauses = tuple(map(str, getattr(shape, "clause", ()))) or duty.clause
        return Boundary(kind=kind, level=level.name, subject=duty.name, side=side, detail=detail,
                        span=shape.span_of(key), clauses=clauses)  # fmt: skip

    dated = has_deadline(duty, level)
    if dated and duty.grace is not None:
        yield from (limit("grace", side, "", "grace") for side in ("-1", "=", "+1"))
    if dated and duty.lock is not None:
        yield from (limit("lock", side, "", "lock") for side in ("-1", "="))
    for step in duty.route:
        if getattr(step.spec, "within", None) is not None:
            yield from (limit("limit", side, step.name, "within", step.spec) for side in ("-1", "="))
    if isinstance(duty.spec, PollDuty) and duty.spec.open_for is not None:
        yield from (limit("limit", side, "", "open_for") for side in ("-1", "="))


@attrs.frozen(kw_only=True)
class Pending:
    """Something that runs out at an instant, from when it began to be pending."""

    kind: Kind
    duty: str
    detail: str
    since: datetime
    until: datetime


@attrs.define
class Limits:
    """The time limits that run in a trail; tells which of them a line looked at.

    *moments* are the instants of lines that expect something.
    """

    level: LevelPlan
    moments: Collection[datetime]
    running: dict[tuple[str, str, str], Pending] = attrs.field(factory=dict)
    seen: set[tuple[Kind, str, str, str]] = attrs.field(factory=set)
    """(kind, duty, detail, side)."""

    def take(self, entry: Entry, name: str) -> None:
        """Take in an entry about the duty *name*."""
        event: Any = entry.event
        match event:
            case e.DutyOpened(key=key, term=term) if term.lock is not None:
                self.running[key, "", ""] = Pending(kind="lock", duty=name, detail="", since=entry.at, until=term.lock)
            case e.DocumentReached(key=key, subject=subject, due=due):
                for step, instant in due.items():
                    self._begin(name, str(step), (key, subject, str(step)), entry.at, instant)
            case e.StepPassed(key=key, subject=subject, step=step):
                self._end(key, subject, entry.at, step)
            case e.DocumentReturned(key=key, subject=subject):
                self._end(key, subject, entry.at)
            case e.PollOpened(key=key, closes=closes) | e.PollRunOn(key=key, closes=closes):
                self._end(key, "", entry.at)
                if closes is not None:
                    self._begin(name, "", (key, "", ""), entry.at, closes)
            case e.PollCounted(key=key):
                self._end(key, "", entry.at)

    def finish(self) -> None:
        """The trail is at its end: what still runs was looked at as far as the lines went."""
        for pending in self.running.values():
            self._look(pending, max((*self.moments, pending.until)))
        self.running.clear()

    def _begin(self, duty: str, detail: str, place: tuple[str, str, str], since: datetime, until: datetime) -> None:
        self._end(place[0], place[1], since, detail)
        self.running[place] = Pending(kind="limit", duty=duty, detail=detail, since=since, until=until)

    def _end(self, key: str, subject: str, at: datetime, step: str | None = None) -> None:
        for place in [one for one in self.running if one[:2] == (key, subject) and step in (None, one[2])]:
            self._look(self.running.pop(place), at)

    def _look(self, pending: Pending, ended: datetime) -> None:
        """Which sides of an instant were looked at before the thing ended (by the instant itself, at the earliest)."""
        for side, instant in (("-1", pending.until - SECOND), ("=", pending.until)):
            if pending.since <= instant <= ended and instant in self.moments:
                self.seen.add((pending.kind, pending.duty, pending.detail, side))
