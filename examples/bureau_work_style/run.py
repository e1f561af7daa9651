"""A city bureau's debate in July 2011: three weeks, three phases, a measure of each worker's own.

    python examples/bureau_work_style/run.py [--db sqlite:///bureau.db]

The plan writes no year; the office binds it. One worker is late with the self-check and holds up nobody, because the
office asks for nine in ten; the summary meeting is held on 29 July, and the phase runs on to the 30th.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the modules that the examples share

from staging import Stage, database, person

HERE = Path(__file__).parent
STAFF = [f"worker{number:02d}" for number in range(1, 12)]
ROSTER = [
    person("lu", "head", "leader"), person("tan", "deputy_head", "leader"), person("an", "office", "staff"),
    *(person(name, "staff") for name in STAFF),
]  # fmt: skip
SECTIONS = ["planning", "services", "finance"]


def mobilise(stage: Stage) -> None:
    """Phase 1: nobody is named for the meeting, so the office acts, and a talk is held in each section."""
    stage.until("2011-07-08", hour=10)
    stage.say("The plan does not say who calls the meeting of the bureau; the office, which is asked, does.")
    run.hold("kickoff", by="an")
    stage.until("2011-07-12")
    run.record("talks", by="an", subject="planning", amount="1 meeting")
    stage.work(run, leave=["talks", "measure", "good_practice", "four_breaks"])
    stage.until("2011-07-15")
    for section in SECTIONS[1:]:
        run.record("talks", by="an", subject=section, amount="1 meeting")
    stage.ask(run, "mobilise.close", by="an")


def search(stage: Stage) -> None:
    """Phase 2: thirteen of fourteen have checked themselves."""
    stage.until("2011-07-20")
    stage.work(run, leave=["self_check", "measure", "full_debate", "good_practice"])
    for name in ("lu", "tan", "an", *STAFF[:8]):
        run.complete("self_check", by=name)
    run.hold("full_debate", by="an", attendance=dict.fromkeys(("lu", "tan", "an", *STAFF), "present"))
    stage.until("2011-07-22")
    stage.ask(run, "search.close", by="an")
    for name in STAFF[8:10]:
        run.complete("self_check", by=name)
    stage.ask(run, "search.close", by="an")


def improve(stage: Stage) -> None:
    """Phase 3: everybody hands in a report; the conference is one day before the end."""
    stage.until("2011-07-27")
    stage.work(run, leave=["conference"])
    stage.until("2011-07-29")
    run.hold("conference", by="an")
    stage.until("2011-07-30")
    stage.say(f"The conference was held; the phase is still {phase('improve')}.")
    stage.ask(run, "completed", by="an")


def phase(name: str) -> str:
    """The state of a phase."""
    return next(one.state for one in run.status().phases if one.name == name)


if __name__ == "__main__":
    stage = Stage(HERE, now="2011-07-07T09:00+08:00", db=database(__doc__ or ""))
    run = stage.start(start="2011-07-08", roster=ROSTER, bodies={"section": SECTIONS})
    for part in (mobilise, search, improve):
        part(stage)
    stage.finish(run)
