"""From paths to results: files are read, their policies compiled once, their cases played. Knows no pytest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs

from phaseflow.core.plan import Plan
from phaseflow.errors import PolicyError, Problem, Span
from phaseflow.policies import load_policy
from phaseflow.testing.scenarios.play import Played, Preludes, play
from phaseflow.testing.scenarios.reader import Case, ScenarioFile, find, read_scenarios


class Plans:
    """Compiled policies by file."""

    def __init__(self) -> None:
        self._plans: dict[Path, Plan] = {}

    def load(self, path: Path) -> Plan:
        """The plan of a file. Raises `PolicyError`."""
        if path not in self._plans:
            self._plans[path] = load_policy(path)
        return self._plans[path]


@attrs.frozen(kw_only=True)
class Result:
    """One line of a report: a case that was played, is still to be written, or could not be read.

    *policy* is the file that it was played on.
    *state* is ``passed``, ``failed``, ``todo``, or ``unconfirmed`` (written by a machine, and nobody cited a clause).
    """

    file: str
    name: str
    state: str
    problems: tuple[Problem, ...] = ()
    reason: str = ""
    policy: Path | None = None
    played: Played | None = attrs.field(default=None, repr=False)

    @property
    def good(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.state != "failed"


def results(paths: tuple[Path, ...], plans: Plans | None = None) -> Iterator[Result]:
    """Play every case of every scenario file among *paths*, in order."""
    plans = plans or Plans()
    for path in find(paths):
        yield from of_file(read_scenarios(path), plans)


def of_file(found: ScenarioFile, plans: Plans, *, only: str = "") -> Iterator[Result]:
    """The results of one file; with *only*, of the cases whose name holds these words."""
    if found.problems:
        yield Result(file=found.file, name="(the file)", state="failed", problems=found.problems)
    if not found.cases or found.policy is None:
        return
    try:
        plan = plans.load(found.policy)
    except PolicyError as error:
        yield Result(file=found.file, name="(the policy)", state="failed", problems=error.problems)
        return
    preludes = Preludes()
    for case in found.cases:
        if only in case.name:
            yield attrs.evolve(of_case(case, plan, preludes), policy=found.policy)


def of_case(case: Case, plan: Plan, preludes: Preludes | None = None) -> Result:
    """Play one case."""
    if case.spec.todo:
        return Result(file=case.file, name=case.name, state="todo", reason=case.spec.todo)
    played = play(case, plan, preludes)
    state = "failed" if played.problems else "unconfirmed" if case.spec.unconfirmed else "passed"
    return Result(
        file=case.file, name=case.name, state=state, problems=played.problems, reason=case.spec.unconfirmed,
        played=played,
    )  # fmt: skip


def nothing(paths: tuple[Path, ...]) -> Problem:
    """What is wrong with a test run that found no scenario."""
    return Problem(
        code="PF601",
        what=f"there is no scenario in {', '.join(map(str, paths))}",
        span=Span(file=str(paths[0])) if paths else Span(),
        why="a test run that tests nothing would always pass",
        fix="write a file NAME.scenario.yaml beside the policy",
    )
