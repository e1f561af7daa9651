"""How the examples tell a programme: each act with its answer, then the timeline of every run, then how it ended."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from phaseflow.core.plan import Plan
from phaseflow.engine import Run
from phaseflow.testing import Campaign

SHOWN = {
    "PhaseOpened": "{phase} opens",
    "PhaseClosed": "{phase} is closed",
    "DutyFellDue": "{key}: overdue",
    "DocumentReturned": "{key}: sent back",
    "PollCounted": "{key}: counted",
    "Obliged": "obliged to {go}",
    "ItemClosed": "{item}: closed",
    "MakeUpOrdered": "make-up is ordered",
    "QuestionAsked": "asked of '{role}': {text}",
    "RunConcluded": "ended: {outcome}",
}
"""The events of a timeline, and what is said of each."""


def database(name: str) -> str:
    """The store that the caller named, or a fresh file under .demo, beside the examples."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--db", default="", help="where to keep the runs; a fresh file under .demo by default")
    given: str = parser.parse_args().db
    if given:
        return given
    folder = Path(__file__).parents[1] / ".demo"
    folder.mkdir(exist_ok=True)
    for old in folder.glob(f"{name}.db*"):
        old.unlink()
    file = folder / f"{name}.db"
    return f"sqlite:///{file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}"


def tell(campaign: Campaign, story: Iterable[tuple[str, str] | str]) -> None:
    """Play a story line by line: (cue, act) as in a scenario, or a heading."""
    for line in story:
        if isinstance(line, str):
            print(f"\n{line}")
            continue
        cue, act = line
        found = campaign.when(cue, act)
        print(f"  {campaign.now:%d %b}  {cue.partition(' ')[2] or '':<18}  {act}")
        if found.refused is not None:
            for problem in found.refused.problems:
                print(f"{'':10}refused: {problem.what}" + (f"  (clause {problem.clause})" if problem.clause else ""))
        elif found.answer is not None and found.answer.held:
            for reason in found.answer.reasons:
                print(f"{'':10}held: {reason.problem().what}")


def timeline(plan: Plan, run: Run) -> None:
    """What happened in a run, by day; the same thing of several on one day is told once."""
    print(f"\n{run.id}")
    told: dict[str, int] = {}
    for entry in run.history():
        name = type(entry.event).__name__
        if name not in SHOWN:
            continue
        facts = {key: getattr(entry.event, key) for key in entry.event.__slots__ if hasattr(entry.event, key)}
        facts["go"] = ", ".join(facts.get("go", ()))
        line = f"  {plan.calendar.day_of(entry.at):%d %b}  {SHOWN[name].format(**facts)}"
        told[line] = told.get(line, 0) + 1
    for line, times in told.items():
        print(line + (f"  ({times} times)" if times > 1 else ""))


def outcome(runs: Iterable[Run]) -> None:
    """How each run stands at the end."""
    print(f"\n{'run':<32}{'outcome':<14}{'open items':<18}{'entries':<9}trail")
    for run in runs:
        status = run.status()
        items = ", ".join(f"{count} of {total}" for count, total in status.items.values() if total) or "none"
        whole = "; ".join(run.verify()) or "intact"
        print(f"{run.id:<32}{status.outcome or status.status:<14}{items:<18}{status.entries:<9}{whole}")


def close(campaign: Campaign, url: str) -> None:
    """Timelines, outcomes, and where the runs are."""
    for run in campaign.stage.runs.values():
        timeline(campaign.stage.plan, run)
    outcome(campaign.stage.runs.values())
    print(f"\nThe runs are in {url}.")
    campaign.close()
