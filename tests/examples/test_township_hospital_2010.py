"""The hospital's plan of 2010, seen through the engine: phases in whole months, two of them with the same days."""

from __future__ import annotations

from datetime import date

import pytest
from tests.examples.stage import DIGEST, Stage, at, done, due, events, opened, plan_of, states, windows

from phaseflow import Refused, Run

POLL = """
duties:
  open_review: {choices: [satisfied, dissatisfied], measure: satisfied of valid, anonymous: true, quorum: none}
"""
PEOPLE = [
    {"id": "hua", "roles": ["organiser"]},
    {"id": "lin", "roles": ["leader"]},
    {"id": "mei", "roles": ["leader"]},
    {"id": "bao", "roles": ["medics"]},
    {"id": "xia", "roles": ["inspectors"]},
    {"id": "wei", "roles": ["bureau"]},
]


class Hospital(Stage):
    """The hospital, entered on the day the plan was signed, in the middle of the first month."""

    def __init__(self, settled: str = "") -> None:
        super().__init__(plan_of("township_hospital_2010", settled), "2010-04-15")
        self.run: Run = self.engine.start(self.plan, start="2010-04-01", at=at("2010-04-01", 0), roster=PEOPLE)


@pytest.mark.capability("002-2", 1, 4, 5, 13, clauses=["P2", "L"])
def test_the_windows_are_whole_months_and_two_are_the_same() -> None:
    """P1, P2 and L: April and May, then twice May and June."""
    may_and_june = (date(2010, 5, 1), date(2010, 6, 30))
    assert windows(Hospital().run, "mobilise", "search", "conclude") == {
        "mobilise": (date(2010, 4, 1), date(2010, 5, 31)),
        "search": may_and_june,
        "conclude": may_and_june,
    }


@pytest.mark.capability("002-2", 5, 14, 18, clauses=["L"])
def test_three_phases_are_open_in_may_and_each_closes_on_its_own() -> None:
    """In May all three are open; closing the third does not touch the second, and the first waits for a person."""
    hospital = Hospital()
    assert opened(hospital.run) == {"mobilise"}
    hospital.to("2010-05-01", 0, 1)
    assert opened(hospital.run) == {"mobilise", "search", "conclude"}
    hospital.to("2010-06-01")
    assert states(hospital.run) == {"mobilise": "overdue", "search": "open", "conclude": "open"}
    hospital.run.request("search.close", by="hua")
    assert opened(hospital.run) == {"mobilise", "conclude"}


@pytest.mark.capability("002-2", 5, 49, clauses=["L.notice"])
def test_of_two_phases_with_the_same_days_only_the_needs_of_duties_make_an_order() -> None:
    """A plan of improvement may come before anything is sorted; the notice of what was found may not."""
    hospital = Hospital()
    hospital.to("2010-05-04")
    run = hospital.run
    assert done(run.draft("improvement_plan", by="hua", digest=DIGEST)) == ["improvement_plan"]
    with pytest.raises(Refused, match="'sorting' done is not met"):
        run.draft("notice", by="hua", digest=DIGEST)
    run.hold("life_meeting", by="hua")
    run.hold("forum", by="hua")
    run.complete("sorting", by="hua")
    run.draft("notice", by="hua", digest=DIGEST)
    assert done(run.hand("notice", "publish", by="hua")) == ["notice"]


@pytest.mark.capability("002-2", 12, 80, clauses=["P1.meeting"])
def test_what_happened_before_the_signature_counts() -> None:
    """The plan is of 15 April; a meeting of the 6th is recorded with its own day."""
    answer = Hospital().run.hold("kickoff", by="hua", at=at("2010-04-06"))
    assert done(answer) == ["kickoff"]
    assert answer.entries[0].recorded_at > answer.entries[0].at


@pytest.mark.capability("002-2", 30, 33, clauses=["A3.show"])
def test_one_programme_for_the_show() -> None:
    """A3.show: at least one, in programmes and in nothing else."""
    run = Hospital().run
    with pytest.raises(Refused, match="counted in programmes"):
        run.record("show", by="hua", amount="1 song")
    assert done(run.record("show", by="hua", amount="1 programme")) == ["show"]


@pytest.mark.capability("002-2", 33, 35, clauses=["L.activities"])
def test_five_activities_count_from_april_on() -> None:
    """L.activities: they stand in the last phase and are counted over the whole campaign."""
    hospital = Hospital()
    run, shown = hospital.run, ["action=plan.pdf", "effect=result.pdf"]
    assert done(run.record("activities", by="hua", amount="4 activities", evidence=shown)) == []
    hospital.to("2010-06-20")
    assert done(run.record("activities", by="hua", amount="1 activity", evidence=shown)) == ["activities"]
    assert due(run, "activities") == date(2010, 6, 30)


@pytest.mark.capability("002-2", 31, 47, 78, clauses=["P2.material"])
def test_the_unit_and_each_leader_hand_their_material_in() -> None:
    """P2.material: one paper of the hospital and one a leader; handing in is enough, nobody approves."""
    hospital = Hospital()
    hospital.to("2010-05-10")
    run = hospital.run
    for document, author in (("unit_material", "hua"), ("leader_material", "lin"), ("leader_material", "mei")):
        assert done(run.draft(document, by=author, digest=DIGEST)) == []
        assert done(run.hand(document, "submit", by=author)) == [document]
    with pytest.raises(Refused):
        run.draft("leader_material", by="bao", digest=DIGEST)
    assert [event.step for event in events(run, "StepPassed")].count("submit") == 3


@pytest.mark.capability("002-2", 40, clauses=["P2.looks"])
def test_everybody_takes_five_looks() -> None:
    """P2.looks: four of five are not all."""
    hospital = Hospital()
    hospital.to("2010-05-10")
    looks = ("awareness", "spirit", "ability", "institutions", "environment")
    answers = [done(hospital.run.check("five_looks", look, by="bao")) for look in looks]
    assert answers == [[], [], [], [], ["five_looks"]]


@pytest.mark.capability("002-2", 60, 65, clauses=["A3.review"])
def test_the_open_review_changes_nothing() -> None:
    """A3.review: whatever is answered, no phase, no duty and no outcome follows."""
    hospital = Hospital(POLL)
    hospital.to("2010-05-10")
    run, before = hospital.run, states(hospital.run)
    run.open_poll("open_review", by="hua", invited={"representatives_rate_hospital": {"society": 5}})
    for _ in range(5):
        run.cast("open_review", "representatives_rate_hospital", "dissatisfied", by="hua", group="society")
    answer = run.close_poll("open_review", by="hua")
    assert [type(event).__name__ for event in answer.events] == ["PollCounted", "DutyDone"]
    assert states(run) == before


@pytest.mark.capability("002-2", 38, 79, clauses=["E.inspection"])
def test_the_county_inspects_and_appraises() -> None:
    """E: the inspectors of the county and its campaign office have a duty each; no one else may do it."""
    run = Hospital().run
    with pytest.raises(Refused, match="inspectors"):
        run.complete("inspection", by="hua")
    assert done(run.complete("inspection", by="xia")) == ["inspection"]
    with pytest.raises(Refused, match="bureau"):
        run.complete("appraisal", by="hua")
    assert done(run.complete("appraisal", by="wei")) == ["appraisal"]


def test_the_debate_is_joined_to_two_other_activities() -> None:
    """E.balance: the office says once that it is; no day is set."""
    run = Hospital().run
    with pytest.raises(Refused, match="'organiser'"):
        run.complete("balance", by="xia")
    assert done(run.complete("balance", by="hua")) == ["balance"]


@pytest.mark.capability("002-2", 51, 76, clauses=["A1.seminar"])
def test_what_the_plan_of_2011_adds_is_not_here() -> None:
    """No ledger, no phase of putting right, no research reports; what is the same comes from one policy."""
    hospital = Hospital()
    assert list(states(hospital.run)) == ["mobilise", "search", "conclude"]
    assert hospital.run.status().items == {}
    for duty in ("research_report", "rectification_plan"):
        with pytest.raises(Refused, match=f"there is no duty '{duty}'"):
            hospital.run.draft(duty, by="hua", digest=DIGEST)
    assert "seminar" in {owed.subject for owed in hospital.run.todo("hua")}
