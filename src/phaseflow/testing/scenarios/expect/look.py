"""A look at one run, and how a difference between what was expected and what was found is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import attrs

from phaseflow.engine import Status
from phaseflow.errors import Problem, Span, did_you_mean
from phaseflow.messages.events import Entry
from phaseflow.testing.scenarios.spec import Line, Names
from phaseflow.testing.stage import Stage

NOBODY = frozenset({"none", "nobody", "nothing"})
REST = frozenset({"and more", "…", "..."})
"""The last of a list of reasons that need not be all."""


@attrs.frozen(kw_only=True)
class Look:
    """One look at one run. *since* is how long its trail was before this line."""

    stage: Stage
    name: str
    line: Line
    since: int

    @property
    def status(self) -> Status:
        """The run at a glance."""
        return self.stage.runs[self.name].status()

    def entries(self, after: int = 0) -> list[Entry]:
        """The trail from an entry on."""
        return self.stage.entries(self.name, after)

    def differs(self, key: str, what: str, expected: object, found: object, cause: str = "") -> Problem:
        """An expectation that is not met; *cause* names what the policy has to say about it."""
        day = self.stage.plan.calendar.local(self.stage.now)
        return Problem(
            code="PF620",
            what=f"{what}: expected {_shown(expected)}, found {_shown(found)}",
            span=self.line.span_of(key),
            why=f"so it stands in '{self.name}' on {day:%Y-%m-%d %H:%M}" + self.rule(cause),
            fix="change what is expected, or the policy",
            clause=self.clause(cause),
        )

    def unknown(self, key: str, noun: str, word: str, known: Iterable[str]) -> Problem:
        """A name that the policy does not have."""
        return Problem(
            code="PF606",
            what=f"there is no {noun} '{word}' in '{self.name}'",
            span=self.line.key_span_of(key),
            why="what is expected is named as in the policy",
            fix=did_you_mean(word, known),
        )

    def _rule(self, name: str) -> Any:
        level = self.stage.level(self.name)
        first = name.split(" ")[0].split("/")[0]
        for table in (level.duties, level.moves, level.phases, level.ledgers):
            if first in table:
                return table[first]
        return level.phases.get(first.split(".")[0])

    def rule(self, name: str) -> str:
        """Where the policy speaks of something, with its line."""
        span: Span | None = getattr(self._rule(name), "span", None) if name else None
        if span is None or not span.line:
            return ""
        text = (self.stage.plan.line(span.file, span.line) or "").strip()
        return f"; {span}: {text[:160]}"

    def clause(self, name: str) -> str:
        """The clauses behind something."""
        return ", ".join(getattr(self._rule(name), "clause", ())) if name else ""


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value or "none"
    if isinstance(value, Collection):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def wanted_of(names: Names) -> list[str]:
    return [name for name in names.names if name not in NOBODY]


Check = Callable[[Look, Any], Iterator[Problem]]


def compare_list(look: Look, key: str, what: str, names: Names, found: list[str]) -> Iterator[Problem]:
    wanted = [name for name in wanted_of(names) if name not in REST]
    open_end = any(name in REST for name in names.names)
    missing = [name for name in wanted if name not in found]
    surplus = [] if open_end else [name for name in found if name not in wanted]
    if missing or surplus:
        yield look.differs(key, what, list(names.names), found, (missing or surplus)[0])
