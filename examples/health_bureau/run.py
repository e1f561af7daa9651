"""A health bureau's campaign in 2009, from the plan that came late to the poll that changes nothing.

    python examples/health_bureau/run.py [--db sqlite:///bureau.db]

The plan is dated 27 March and its first phase began on 1 March, so the first weeks are recorded afterwards. Everybody
owes a study day in every whole week; one week is waived for somebody who is ill. The inspection group sends a speech
and the report back. A problem outlives the campaign.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the modules that the examples share

from staging import Stage, database, digest, person

HERE = Path(__file__).parent
STAFF = ["li", "he", "ma", "gao"]
ROSTER = [
    person("wang", "main_leader"), person("wu", "team_member", "office"), person("xu", "team_member"),
    *(person(name, "member") for name in STAFF), person("bai", "branch"), person("pu", "publicity_group"),
    person("sun", "inspectors"), person("qi", "district_office"), person("zhu", "district_lead_group"),
    person("dai", "discipline_department"), person("ou", "organisation_department"),
    *(person(f"citizen{number}", "masses") for number in range(1, 13)), person("fei", "non_party"),
]  # fmt: skip
MEMBERS = ["wang", "wu", "xu", *STAFF, "bai"]


def study(stage: Stage) -> None:
    """Phase 1: weeks that are recorded late, a week that is waived, a gate that counts them."""
    stage.say("The plan is issued; the phase began on 1 March, so its first weeks are recorded now.")
    for week in ("2009-03-05", "2009-03-12", "2009-03-19", "2009-03-26"):
        for name in MEMBERS:
            run.record("study_day", by=name, amount="1 day", at=week)
    for week in ("2009-04-02", "2009-04-09", "2009-04-16", "2009-04-23"):
        stage.until(week)
        if week == "2009-04-16":
            run.waive(
                "study_day", by="wang", subject="gao", grounds="illness", reason="in hospital", until="2009-04-19"
            )
        for name in MEMBERS:
            if name != "gao" or week != "2009-04-16":
                run.record("study_day", by=name, amount="1 day")
    stage.work(run, leave=["study_day", "discussions"])
    stage.until("2009-04-30")
    run.record("discussions", by="wu", amount="2 sessions")
    stage.ask(run, "study.close", by="wang")
    run.record("discussions", by="wu", amount="1 session")
    stage.ask(run, "study.close", by="wang")


def analysis(stage: Stage) -> None:
    """Phase 2: who reviews a speech depends on whose it is; the report goes back once."""
    stage.until("2009-05-12")
    stage.work(run, only=["opinions", "opinions_channels", "five_checks", "talks"])
    run.draft("speech_of_main_leader", by="wang", digest=digest("speech 1"))
    stage.say("A speech of the main leader is reviewed by the inspection group, not by himself:")
    stage.attempt(run.judge, "speech_of_main_leader", by="xu", accept=True)
    run.judge("speech_of_main_leader", by="sun", accept=False, reason="no problems of his own are named")
    stage.until("2009-05-26")
    stage.work(run, leave=["report"])
    stage.until("2009-06-12")
    run.draft("report", by="xu", digest=digest("report 1"))
    run.judge("report", by="wang", accept=True)
    run.end_consultation("report", by="xu")
    run.draft("report", by="xu", digest=digest("report 2"))
    run.judge("report", by="sun", accept=False, reason="causes outside only")
    stage.until("2009-06-26")
    stage.work(run)
    stage.until("2009-06-30")
    stage.ask(run, "analysis.close", by="wang")


def rectify(stage: Stage) -> None:
    """Phase 3: the ledger of problems with its commitments, and the inventory of rules."""
    stage.until("2009-07-10")
    stage.work(run, leave=["solved", "deeds"])
    fields = dict.fromkeys(("goal", "time_limit", "measures", "leader", "department", "person"), "as in the plan")
    for matter, kind in (("queues at the clinic", "ripe"), ("no laboratory", "lacking")):
        item = run.open_item("problems", by="wu", kind=kind, owner="xu", fields={"item": matter, **fields},
                             due="2010-03-01" if kind == "lacking" else None).events[0].item  # fmt: skip
        run.publish_item(item, by="wu")
    for rule, kind in (("leave of absence", "keep"), ("old price list", "abolish"), ("duty roster", "create")):
        item = run.open_item("rules", by="wu", kind=kind, owner="wu", fields={}).events[0].item
        run.settle_item(item, by="wu", evidence=[f"decision={rule}.pdf"])
    stage.until("2009-07-30")
    run.settle_item("problems/1", by="xu", evidence=["photo=counter.jpg"])
    run.verify_item("problems/1", by="sun", good=True)
    stage.work(run)
    stage.until("2009-08-31")
    stage.ask(run, "rectify.close", by="wang")


def closing(stage: Stage) -> None:
    """The summary, and a poll that records a result and moves nothing."""
    stage.until("2009-09-08")
    stage.work(run)
    run.open_poll("satisfaction", by="wu", invited={edge: {"masses": 12} for edge in EDGES})
    for number in range(1, 13):
        for edge in EDGES:
            run.cast("satisfaction", edge, "satisfied" if number > 5 else "dissatisfied", by=f"citizen{number}")
    run.close_poll("satisfaction", by="wu")
    stage.say("Seven of twelve are satisfied; the plan has no mark, so the poll changes nothing.")
    stage.work(run)
    stage.ask(run, "completed", by="wu")
    stage.until("2010-03-10")


EDGES = ("problems_solved", "effect_of_the_campaign")

if __name__ == "__main__":
    stage = Stage(HERE, now="2009-03-27T09:00+08:00", db=database(__doc__ or ""))
    run = stage.start(start="2009-03-01", roster=ROSTER)
    for part in (study, analysis, rectify, closing):
        part(stage)
    stage.finish(run)
