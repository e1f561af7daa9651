"""The hospital's plan of 2011, seen through the engine: windows that overlap, a late signature, make-up at once."""

from __future__ import annotations

from datetime import date

import pytest
from tests.examples.stage import DIGEST, OTHER, Stage, at, done, due, events, opened, plan_of, states, windows

from phaseflow import Refused, Run

POLL = """
duties:
  open_review: {choices: [satisfied, dissatisfied], measure: satisfied of valid, anonymous: true, quorum: none}
"""
PEOPLE = [
    {"id": "hua", "roles": ["organiser"]},
    {"id": "luo", "roles": ["lead_group"]},
    {"id": "lin", "roles": ["leader"]},
    {"id": "bao", "roles": ["medics"]},
    {"id": "hu", "roles": ["society"]},
]
FIELDS = {"timetable": "in April", "responsible": "lin", "time_node": "20 April"}


class Hospital(Stage):
    """The hospital, entered on the day the plan was signed, under way for two days."""

    def __init__(self, settled: str = "") -> None:
        super().__init__(plan_of("township_hospital_2011", settled), "2011-02-20")
        self.run: Run = self.engine.start(self.plan, start="2011-02-18", at=at("2011-02-18", 0), roster=PEOPLE)

    def sorted_out(self) -> Hospital:
        self.to("2011-03-20")
        self.run.hold("life_meeting", by="hua")
        self.run.hold("forum", by="hua")
        self.run.complete("sorting", by="hua")
        return self


@pytest.mark.capability("002-1", 1, 5, clauses=["P1"])
def test_the_windows_are_the_plans() -> None:
    """P1 to P3 and L: first and last days as written, the last phase beginning before the third ends."""
    assert windows(Hospital().run, "mobilise", "search", "rectify", "conclude") == {
        "mobilise": (date(2011, 2, 18), date(2011, 3, 10)),
        "search": (date(2011, 3, 11), date(2011, 4, 10)),
        "rectify": (date(2011, 4, 11), date(2011, 5, 11)),
        "conclude": (date(2011, 5, 8), date(2011, 5, 18)),
    }
    assert [warning.code for warning in Hospital().plan.warnings] == []


@pytest.mark.capability("002-1", 5, 14, 18, clauses=["L"])
def test_two_phases_are_open_from_8_to_11_may_and_none_closes_by_itself() -> None:
    """The last phase opens on 8 May and leaves the third open; after the 11th the third is overdue, not closed."""
    hospital = Hospital()
    for phase, day in (("mobilise", "2011-03-10"), ("search", "2011-04-10")):
        hospital.to(day)
        hospital.run.request(f"{phase}.close", by="hua")
    hospital.to("2011-05-07")
    assert opened(hospital.run) == {"rectify"}
    for day in ("2011-05-08", "2011-05-11"):
        hospital.to(day)
        assert opened(hospital.run) == {"rectify", "conclude"}
    hospital.to("2011-05-12")
    assert states(hospital.run)["rectify"] == "overdue"
    assert hospital.run.request("rectify.close", by="hua").passed
    assert opened(hospital.run) == {"conclude"}


@pytest.mark.capability("002-1", 12, 80, clauses=["P1.meeting"])
def test_what_happened_before_the_signature_is_recorded_with_its_own_day() -> None:
    """The plan is of 20 February, its first phase of the 18th; a meeting of that day counts, and both times show."""
    hospital = Hospital()
    answer = hospital.run.hold("kickoff", by="hua", at=at("2011-02-18"))
    assert done(answer) == ["kickoff"]
    assert (answer.entries[0].at.day, answer.entries[0].recorded_at.day) == (18, 20)
    assert hospital.run.verify() == ()


@pytest.mark.capability("002-1", 11, 80, clauses=["P2.sorting"])
def test_nothing_moves_from_a_sunday() -> None:
    """The second phase ends on Sunday 10 April, and what is due by its end is due on that day."""
    hospital = Hospital()
    hospital.to("2011-03-11")
    assert due(hospital.run, "sorting") == date(2011, 4, 10)
    assert date(2011, 4, 10).strftime("%A") == "Sunday"
    hospital.to("2011-04-10", 23, 59)
    assert "search/1/sorting" not in {event.key for event in events(hospital.run, "DutyFellDue")}
    hospital.to("2011-04-11", 0, 1)
    assert "search/1/sorting" in {event.key for event in events(hospital.run, "DutyFellDue")}


@pytest.mark.capability("002-1", 30, 33, 35, 38, clauses=["L.activities"])
def test_five_activities_over_the_whole_campaign_each_with_action_and_effect() -> None:
    """L.activities: counted from the first day on, four are too few, five are enough, and none without its effect."""
    hospital = Hospital()
    run, shown = hospital.run, ["action=plan.pdf", "effect=queue-is-gone.pdf"]
    assert done(run.record("activities", by="hua", amount="1 activity", evidence=shown)) == []
    with pytest.raises(Refused, match="effect"):
        run.record("activities", by="hua", amount="1 activity", evidence=["action=plan.pdf"])
    hospital.to("2011-05-10")
    assert done(run.record("activities", by="hua", amount="3 activities", evidence=shown)) == []
    assert done(run.record("activities", by="hua", amount="1 activity", evidence=shown)) == ["activities"]


@pytest.mark.capability("002-1", 31, 34, 40, clauses=["P2.looks"])
def test_everybody_takes_five_looks() -> None:
    """P2.looks: the checklist is owed by each of the staff, also by leaders and medics, and four looks are not five."""
    hospital = Hospital()
    hospital.to("2011-03-11")
    opening = next(event for event in events(hospital.run, "DutyOpened") if event.name == "five_looks")
    assert opening.owed == 2
    for look in ("awareness", "spirit", "ability", "institutions"):
        assert done(hospital.run.check("five_looks", look, by="bao")) == []
    assert done(hospital.run.check("five_looks", "environment", by="bao")) == ["five_looks"]
    assert "five_looks" in {owed.subject for owed in hospital.run.todo("lin")}


@pytest.mark.capability("002-1", 34, 79, clauses=["L.inspection"])
def test_three_looks_accept_the_work_after_the_notice() -> None:
    """L.inspection: three entries, and none before problems and measures are public."""
    hospital = Hospital().sorted_out()
    hospital.to("2011-05-08")
    with pytest.raises(Refused, match="'notice' done is not met"):
        hospital.run.check("acceptance", "problems_found", by="hua")
    hospital.run.draft("notice", by="hua", digest=DIGEST)
    hospital.run.hand("notice", "publish", by="hua")
    answers = [
        hospital.run.check("acceptance", look, by="hua")
        for look in ("problems_found", "measures_strong", "results_plain")
    ]
    assert [done(answer) for answer in answers] == [[], [], ["acceptance"]]


@pytest.mark.capability("002-1", 49, clauses=["L.notice"])
def test_the_notice_may_come_before_its_phase_and_not_before_the_problems_are_sorted() -> None:
    """L.notice: it stands in the last phase and is possible from the second on, to society as its audience."""
    hospital = Hospital()
    hospital.to("2011-03-20")
    with pytest.raises(Refused, match="'sorting' done is not met"):
        hospital.run.draft("notice", by="hua", digest=DIGEST)
    hospital.sorted_out().run.draft("notice", by="hua", digest=DIGEST)
    answer = hospital.run.hand("notice", "publish", by="hua")
    assert done(answer) == ["notice"]
    assert [event.step for event in events(hospital.run, "StepPassed")][-1] == "publish"


@pytest.mark.capability("002-1", 44, clauses=["P3.opinions"])
def test_all_sides_are_heard_before_the_rectification_plan_stands() -> None:
    """P3.opinions: staff and society are asked; a plan nobody has spoken on waits and asks the office."""
    hospital = Hospital()
    hospital.to("2011-04-12")
    run = hospital.run
    run.draft("rectification_plan", by="hua", digest=DIGEST)
    run.opine("rectification_plan", by="bao", ref="letters/1", group="staff")
    run.opine("rectification_plan", by="hu", ref="letters/2", group="society")
    run.end_consultation("rectification_plan", by="hua")
    assert done(run.draft("rectification_plan", by="hua", digest=OTHER)) == ["rectification_plan"]


@pytest.mark.capability("002-1", 68, clauses=["P3.items"])
def test_an_item_says_three_things() -> None:
    """P3.items: timetable, person and time of each step; each that is missing is named."""
    run = Hospital().sorted_out().run
    for name in FIELDS:
        with pytest.raises(Refused, match=f"does not say its '{name}'"):
            run.open_item("problems", by="hua", owner="lin", fields={**FIELDS, name: ""})
    run.open_item("problems", by="hua", owner="lin", fields=FIELDS)
    assert run.status().items["problems"] == (1, 1)


@pytest.mark.capability("002-1", 22, 70, 74, clauses=["P3.make_up"])
def test_a_poor_effect_is_made_up_at_once_and_one_by_one() -> None:
    """P3.make_up: the same moment a new item takes the place of the poor one; the other item is left alone."""
    hospital = Hospital().sorted_out()
    run = hospital.run
    for _ in range(2):
        run.open_item("problems", by="hua", owner="lin", fields=FIELDS)
    run.settle_item("problems/1", by="lin")
    (question,) = events(run, "QuestionAsked")
    assert question.role == "organiser"
    made = run.answer(question.question, "make_up", by="hua", reason="the queue is as long as before")
    closed, new = made.events[1:]
    assert (closed.item, closed.made_up_by, new.item, new.makes_up) == (
        "problems/1",
        "problems/3",
        "problems/3",
        "problems/1",
    )
    assert {entry.at for entry in made.entries} == {hospital.now}
    assert run.status().items["problems"] == (2, 3)


@pytest.mark.capability("002-1", 60, 65, clauses=["A3.review"])
def test_the_open_review_changes_nothing() -> None:
    """A3.review: with any result, and with the phases as they are; anonymous ballots leave no choice in the trail."""
    hospital = Hospital(POLL)
    run = hospital.run
    hospital.to("2011-03-20")
    before = (states(run), run.status().outcome)
    run.open_poll("open_review", by="hua", invited={"representatives_rate_hospital": {"society": 6}})
    for _ in range(6):
        run.cast("open_review", "representatives_rate_hospital", "dissatisfied", by="hua", group="society")
    answer = run.close_poll("open_review", by="hua")
    assert [type(event).__name__ for event in answer.events] == ["PollCounted", "DutyDone"]
    assert (states(run), run.status().outcome) == before
    assert run.status().phases[2].state == "ahead"


@pytest.mark.capability("002-1", 47, 31, clauses=["A1.research"])
def test_each_leader_writes_a_report() -> None:
    """A1.research: a paper of their own for each member of the leading body, and for nobody else."""
    run = Hospital().run
    with pytest.raises(Refused):
        run.draft("research_report", by="bao", digest=DIGEST)
    assert done(run.draft("research_report", by="lin", digest=DIGEST)) == ["research_report"]


@pytest.mark.capability("002-1", 13, 18, clauses=["M.end"])
def test_the_office_ends_the_campaign_from_its_last_phase() -> None:
    """M.end: nobody else may, and not before 8 May; no approval and no rate is asked for."""
    hospital = Hospital()
    with pytest.raises(Refused):
        hospital.run.request("completed", by="hua")
    hospital.to("2011-05-18")
    with pytest.raises(Refused, match="organiser"):
        hospital.run.request("completed", by="bao")
    assert hospital.run.request("completed", by="hua").passed
    assert hospital.run.status().outcome == "completed"


@pytest.mark.capability("002-1", 51, 76, clauses=["O.organiser"])
def test_the_plan_is_the_countys_with_what_is_its_own() -> None:
    """The template gives the windows; the hospital's office stands where the template says who is in charge."""
    plan = plan_of("township_hospital_2011")
    titles = {name: str(role.title) for name, role in plan.policy.roles.items()}
    assert titles["organiser"] == "Office of the lead group"
    assert [file.split("/")[-2] for file, _ in plan.texts] == [
        "township_hospital_2011",
        "township_hospital_2011",
        "county_campaign",
    ]
