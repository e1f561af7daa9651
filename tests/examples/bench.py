"""An example's plan on a small stage: what the fidelity tests of the nine plans share.

A fidelity test asserts what the engine does with a plan, never what the YAML says. It names what it proves:

    @pytest.mark.capability("000", 10, 35, clauses=["C1.1.7"])

- the plan, and the numbers of the capabilities it shows for it (`capabilities.py`);
- the clauses whose rules it depends on: `test_capabilities.py` takes those rules out of the policy and sees it fail.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from tests.examples.sources import EXAMPLES
from tests.examples.stripping import removed, without

from phaseflow import Engine, Plan, Run, compile_policy
from phaseflow.messages.events import Days
from phaseflow.spec.overlay import Chain
from phaseflow.spec.reader import read_policy

DIGEST = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4


def plan_of(example: str, settle: str = "") -> Plan:
    """The plan of an example; *settle* is an overlay in YAML that settles what the document leaves open."""
    return _plan_of(example, settle, removed())


@functools.cache
def _plan_of(example: str, settle: str, clauses: frozenset[str]) -> Plan:
    folder = EXAMPLES / example
    text = f"extends: policy.yaml\nhouse_rules: true\n{settle}"

    def load(name: str) -> bytes:
        return (folder / name).read_bytes()

    if clauses:
        text = without(Chain(load, climb=1).tree(text, str(folder / "bench.yaml")), clauses)
    reading = read_policy(text, file=str(folder / "bench.yaml"), load=load, climb=1)
    return compile_policy(reading.result(), reading.sources)


class Bench:
    """One run of an example's plan in memory, with a clock.

    Args:
        example: The example's folder.
        roster: Roles by person.
        start: First day of the campaign.
        now: The first instant, if it is another day.
        settle: See `plan_of`.
        more: What else `Engine.start` takes.
    """

    def __init__(
        self, example: str, *, roster: Mapping[str, str], start: str, now: str = "", settle: str = "", **more: Any
    ) -> None:
        self.plan = plan_of(example, settle)
        self.now = self.noon(now or start)
        self.engine = Engine(clock=lambda: self.now)
        self.run = self.start(roster, start, **more)

    def start(self, roster: Mapping[str, str], start: str, **more: Any) -> Run:
        """Start a further run under the same plan."""
        people = [{"id": name, "roles": roles.split()} for name, roles in roster.items()]
        return self.engine.start(self.plan, start=start, roster=people, **more)

    def noon(self, day: str) -> datetime:
        """Noon of a day in the plan's zone."""
        return self.plan.calendar.at(date.fromisoformat(day), 12)

    def to(self, day: str) -> Bench:
        """Let the clock go to noon of a day."""
        self.now = self.noon(day)
        self.engine.tick()
        return self

    def phases(self, run: Run | None = None) -> dict[str, str]:
        """The state of every phase."""
        return {phase.name: phase.state for phase in (run or self.run).status().phases}

    def days(self, phase: str, run: Run | None = None) -> tuple[date | None, date | None]:
        """First and last day of a phase or step as the run has them: ``analysis`` or ``analysis/meetings``."""
        started = self.events("RunStarted", run)[0]
        found: Days = started.windows[phase]
        return found.first, found.last

    def events(self, name: str, run: Run | None = None) -> list[Any]:
        """Every event of a class, in order."""
        return [entry.event for entry in (run or self.run).history() if type(entry.event).__name__ == name]

    def due(self, person: str, duty: str, run: Run | None = None) -> date | None:
        """The last day of a duty on somebody's list; a `KeyError` if it is not there."""
        return {owed.subject: owed.due for owed in (run or self.run).todo(person)}[duty]

    def owes(self, person: str, run: Run | None = None) -> set[str]:
        """What is on somebody's list."""
        return {owed.subject for owed in (run or self.run).todo(person)}

    def ready(self, person: str, run: Run | None = None) -> set[str]:
        """What is on somebody's list and can be done now."""
        return {owed.subject for owed in (run or self.run).todo(person) if owed.ready}

    def fallen_due(self, duty: str, run: Run | None = None) -> list[Any]:
        """Each time a duty's day passed with something still owed."""
        fallen = self.events("DutyFellDue", run)
        return [event for event in fallen if duty in event.key.split("/") and event.outstanding]

    def tick_all(self, duty: str, entries: Iterable[str], *, by: str) -> None:
        """Tick these entries of a checklist."""
        for entry in entries:
            self.run.check(duty, entry, by=by)
