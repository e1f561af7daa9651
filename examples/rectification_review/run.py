"""A county health bureau is taken in where its report begins: in the third phase, with nothing known of the first two.

    python examples/rectification_review/run.py [--db sqlite:///bureau.db]

Four problems get their five fixed things. One cannot be solved and is explained to the masses, one is solved at once,
one is still open when the campaign ends, and falls due two years later.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the modules that the examples share

from staging import Stage, database, person

HERE = Path(__file__).parent
ROSTER = [
    person("gu", "lead_group"), person("wu", "office"), person("xu", "leader"), person("he", "section_head"),
    person("jin", "section_head"), *(person(f"member{number}", "member") for number in range(1, 5)),
    *(person(f"citizen{number}", "masses") for number in range(1, 9)),
]  # fmt: skip
PROBLEMS = (
    ("queues at the counters", "ready", "near", None),
    ("too few beds in the county hospital", "not_now", "long", None),
    ("doctors leave for the city", "with_effort", "medium", "2009-12-31"),
    ("no ambulance in the hills", "joint", "long", "2011-06-30"),
)


def plan(stage: Stage) -> None:
    """The rectification plan is discussed, heard, improved and issued."""
    stage.say("The run begins in the third phase; the first two are assumed, and no condition knows them.")
    stage.work(run, only=["key_work", "rectification_plan"])
    stage.until("2009-07-08")
    stage.work(run, leave=["follow_up", "mass_review"])


def solve(stage: Stage) -> None:
    """Five things are fixed for each problem, and it is made public."""
    stage.say("A problem without its five fixed things is not taken:")
    stage.attempt(run.open_item, "problems", by="xu", kind="ready", owner="he", fields={"item": PROBLEMS[0][0]})
    for matter, kind, horizon, due in PROBLEMS:
        fields = {"item": matter, "measure": "as planned", "leader_in_charge": "xu", "responsible_section": "jin",
                  "time_of_completion": due or "at once"}  # fmt: skip
        opened = run.open_item("problems", by="xu", kind=kind, owner="jin", fields=fields, due=due,
                               axes={"horizon": horizon, "power": "now"})  # fmt: skip
        run.publish_item(opened.events[0].item, by="xu")
    stage.until("2009-07-20")
    run.settle_item("problems/1", by="jin", evidence=["photo=counters.jpg"])
    run.verify_item("problems/1", by="wu", good=True)
    run.explain_item("problems/2", by="jin", reason="a new wing is in the plan of the years after 2010")
    stage.until("2009-08-10")
    run.open_poll("mass_review", by="wu", invited={"masses_rate_bureau": {"masses": 8}})
    for number in range(1, 9):
        choice = "satisfied" if number > 2 else "dissatisfied"
        run.cast("mass_review", "masses_rate_bureau", choice, by=f"citizen{number}")
    run.close_poll("mass_review", by="wu")


def afterwards(stage: Stage) -> None:
    """The campaign ends; the longer problems do not."""
    stage.ask(run, "completed", by="wu")
    run.complete("follow_up", by="wu")
    stage.ask(run, "completed", by="wu")
    stage.until("2009-12-20")
    run.settle_item("problems/3", by="jin", evidence=["contract=twelve doctors"])
    run.verify_item("problems/3", by="wu", good=True)
    stage.until("2010-03-01")
    hospital = stage.start(
        start="2010-03-01", roster=ROSTER, unit="hospital", run="rectification_review/hospital", batch=2
    )
    stage.say(f"A township hospital begins the second batch, from the first phase on: {hospital.id}.")
    stage.until("2011-07-04")
    stage.say("The ambulance was due on 30 June 2011; its section is still asked for it.")


if __name__ == "__main__":
    stage = Stage(HERE, now="2009-07-01T09:00+08:00", db=database(__doc__ or ""))
    assumed = dict.fromkeys(("first", "second"), "the bureau's own report")
    run = stage.start(start="2009-07-01", roster=ROSTER, at_phase="rectify", assume=assumed)
    for part in (plan, solve, afterwards):
        part(stage)
    stage.finish(run)
