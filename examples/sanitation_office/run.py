"""A sanitation office's debate from February to April 2012: six ones, hours that add up, and projects.

    python examples/sanitation_office/run.py [--db sqlite:///office.db]

The self-check report is also the summary of its phase, so it has to wait for the other five of the six ones. A project
that is reported as solved is sent back once.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the modules that the examples share

from staging import Stage, database, digest, person

HERE = Path(__file__).parent
STAFF = [f"crew{number}" for number in range(1, 9)]
ROSTER = [
    person("gao", "committee"),
    person("ma", "top_leader"), person("zhang", "publicity_lead", "staff"), person("song", "lead_group", "staff"),
    person("an", "office", "staff"), *(person(name, "staff") for name in STAFF),
    *(person(f"citizen{number}", "masses") for number in (1, 2, 3)),
]  # fmt: skip
EVERYBODY = ["ma", "zhang", "song", "an", *STAFF]


def learn(stage: Stage) -> None:
    """Phase 1: a leap-year February of study."""
    stage.until("2012-02-20")
    stage.work(run, leave=["study", "notes", "supervision"])
    for name in EVERYBODY:
        run.record("study", by=name, amount="12 hours")
        run.record("notes", by=name, amount="3000 characters")
    stage.until("2012-02-29")
    stage.say("The last day of February is the 29th, as the run was started in a leap year.")
    stage.ask(run, "learn.close", by="an")


def solve(stage: Stage) -> None:
    """Phase 2: six ones, the last of which sums up the other five."""
    stage.until("2012-03-12")
    stage.work(run, leave=["study", "notes", "supervision", "leaders_forum"])
    stage.say("The self-check report sums up the phase; one of the six ones is missing:")
    stage.attempt(run.draft, "self_check_report", by="an", digest=digest("too early"))
    run.hold("leaders_forum", by="ma")
    fields = {"task_group": "crew1, crew2", "progress_table": "line 1"}
    for problem in ("carts are old", "night shift too short", "no depot in the east"):
        run.open_item("projects", by="ma", kind=KIND, owner="crew1", fields={"problem": problem, **fields})
    stage.until("2012-03-28")
    run.settle_item("projects/1", by="crew1", evidence=["photo=cart.jpg"])
    run.verify_item("projects/1", by="ma", good=False, reason="two carts are still old")
    stage.work(run, leave=["study", "notes", "supervision"])
    stage.until("2012-03-31")
    run.settle_item("projects/1", by="crew1", evidence=["photo=carts.jpg"])
    run.verify_item("projects/1", by="ma", good=True)
    stage.ask(run, "solve.close", by="an")


def improve(stage: Stage) -> None:
    """Phase 3: goals, rules and plans; the hours of three months add up."""
    stage.until("2012-04-25")
    for name in EVERYBODY[:-1]:
        run.record("study", by=name, amount="8 hours")
        run.record("notes", by=name, amount="2000 characters")
    stage.work(run, leave=["study", "notes"])
    stage.until("2012-04-30")
    stage.ask(run, "completed", by="an")
    stage.until("2012-05-05")


if __name__ == "__main__":
    stage = Stage(HERE, now="2012-01-31T09:00+08:00", db=database(__doc__ or ""))
    KIND = next(iter(stage.plan.levels["unit"].ledgers["projects"].classes), "")
    run = stage.start(start="2012-02-01", roster=ROSTER)
    for part in (learn, solve, improve):
        part(stage)
    stage.finish(run)
