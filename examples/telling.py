"""Programmes told in the words of a scenario: each act with its answer, then the timeline and the outcome of every run.

A script of an example begins with

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from telling import close, tell, where
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from phaseflow.engine import Run
from phaseflow.testing import Campaign
from staging import database, fresh, timeline


def where(folder: Path, doc: str | None) -> str:
    """The store that the command line names, or a fresh file under .demo."""
    return database(doc or "") or fresh(folder)


def tell(campaign: Campaign, story: Iterable[tuple[str, str] | str]) -> None:
    """Play a story line by line: (cue, act) as in a scenario, or a heading."""
    for line in story:
        if isinstance(line, str):
            print(f"\n{line}")
            continue
        cue, act = line
        found = campaign.when(cue, act)
        print(f"  {campaign.now:%d %b}  {cue.partition(' ')[2]:<18}  {act}")
        if found.refused is not None:
            for problem in found.refused.problems:
                print(f"{'':10}refused: {problem.what}" + (f"  (clause {problem.clause})" if problem.clause else ""))
        elif found.answer is not None and found.answer.held:
            for reason in found.answer.reasons:
                print(f"{'':10}held: {reason.problem().what}")


def close(campaign: Campaign, url: str) -> None:
    """Timelines, outcomes, and where the runs are."""
    for run in campaign.stage.runs.values():
        print(f"\nTimeline of {run.id}")
        for line in timeline(run, campaign.stage.plan):
            print(f"  {line}")
    print(f"\n{'run':<32}{'outcome':<14}{'open items':<18}{'entries':<9}trail")
    for run in campaign.stage.runs.values():
        print(_outcome(run))
    print(f"\nThe runs are in {url}.")
    campaign.close()


def _outcome(run: Run) -> str:
    status = run.status()
    items = ", ".join(f"{count} of {total}" for count, total in status.items.values() if total) or "none"
    whole = "; ".join(run.verify()) or "intact"
    return f"{run.id:<32}{status.outcome or status.status:<14}{items:<18}{status.entries:<9}{whole}"
