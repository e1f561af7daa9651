"""What the engine answers: decisions with their reasons, refusals, and the views of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import attrs

from phaseflow.core.reasons import Reason
from phaseflow.errors import PhaseflowError, Problem, show
from phaseflow.messages.commands import EMPTY
from phaseflow.messages.events import Entry, Event, GateJudged, PollCounted


@attrs.frozen(kw_only=True)
class Answer:
    """The answer to an accepted command.

    *entries* are the lines of the trail that the command itself led to. *verdict* is set where a gate was asked, and
    *reasons* say, with the policy's lines, why it is held. *again* is true where the command had been answered before.
    """

    run: str
    entries: tuple[Entry, ...] = ()
    verdict: GateJudged | None = None
    reasons: tuple[Reason, ...] = ()
    again: bool = False

    @property
    def events(self) -> tuple[Event, ...]:
        """The events, without their envelopes."""
        return tuple(entry.event for entry in self.entries)

    @property
    def held(self) -> bool:
        """Whether a gate was asked and did not let the run through."""
        return self.verdict is not None and self.verdict.verdict != "passed"

    @property
    def passed(self) -> bool:
        """Whether no gate held the command up."""
        return not self.held


class Kept(Exception):
    """A refusal whose settled entries are to be committed before it is raised."""

    def __init__(self, refused: Refused) -> None:
        self.refused = refused


class Refused(PhaseflowError):
    """A command was refused and changed nothing; *problems* holds every reason.

    *kind* is one of ``illegal`` (not possible here), ``unknown`` (no such thing), ``not_entitled``, ``unmet``
    (something must come first), ``crashed`` (a fact is not at hand) and ``malformed``.
    """

    def __init__(self, kind: str, problems: tuple[Problem, ...], lines: Mapping[str, list[str]] = EMPTY) -> None:
        self.kind = kind
        self.problems = problems
        self._lines = lines
        super().__init__("\n".join(show(problem, self._line) for problem in problems))

    def _line(self, file: str, number: int) -> str | None:
        lines = self._lines.get(file, [])
        return lines[number - 1] if 0 < number <= len(lines) else None


class CommandIdReused(Refused):
    """A command id was used before for another command."""


class UnknownRun(Refused):
    """There is no run of this id."""


def refuse_counts(entries: Iterable[Entry]) -> None:
    """Refuse to show what a command *would* lead to where that is the count of a box: before the close nobody sees it.

    Raises:
        Refused: One of the *entries* counts an anonymous poll.
    """
    counted = [entry.event.key for entry in entries if isinstance(entry.event, PollCounted) and entry.event.root]
    if counted:
        raise Refused(
            "illegal",
            tuple(
                Problem(
                    code="PF485",
                    what=f"the count of '{key}' cannot be tried out",
                    why="whoever tries it would see how an anonymous poll stands, and could still wait, or decide else",
                    fix="give the command without a preview: a box is opened once, and what it holds then counts",
                )
                for key in counted
            ),
        )


@attrs.frozen(kw_only=True)
class Owed:
    """One thing somebody owes or may do: for `todo` and `allowed`.

    *what* names the act (``record notes``), *subject* the duty, document, poll, item or move; *due* is its last day.
    """

    what: str
    subject: str
    title: str
    kind: str
    due: date | None = None
    overdue: bool = False
    rest: str = ""
    line: str = ""
    clause: str = ""
    ready: bool = True


@attrs.frozen(kw_only=True)
class PhaseView:
    """A phase as `status` shows it."""

    name: str
    title: str
    visit: int
    first: date | None
    last: date | None
    state: str
    duties: int
    done: int


@attrs.frozen(kw_only=True)
class Status:
    """A run at a glance. Counts only; who owes what is in `todo`.

    *came_from* are runs whose things this one took over, *goes_on_in* those that took over from it. *plan* is the
    digest of the plan in force, *until* when that ends and the one before holds again; empty where it stays.
    """

    run: str
    unit: str
    level: str
    campaign: str
    status: str
    outcome: str
    phases: tuple[PhaseView, ...]
    waiting: tuple[str, ...]
    items: Mapping[str, tuple[int, int]]
    questions: int
    owes_redo: bool
    redeemed_by: str
    next_due: datetime | None
    entries: int
    units: Mapping[str, str] = EMPTY
    came_from: tuple[str, ...] = ()
    goes_on_in: tuple[str, ...] = ()
    plan: str = ""
    until: str = ""
    more: Mapping[str, Any] = EMPTY
