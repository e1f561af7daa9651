"""The education bureau's plan of 2011, seen through the engine: a programme of schools with deadlines of its own."""

from __future__ import annotations

from datetime import date

import pytest
from tests.examples.stage import DIGEST, OTHER, Stage, at, done, due, events, opened, plan_of, states, windows

from phaseflow import Refused, Run

POLL = """
phases:
  conclude:
    duties:
      social_rating:
        {choices: [satisfied, dissatisfied], measure: satisfied of valid, anonymous: true, quorum: none}
"""
BUREAU = [
    {"id": "luo", "roles": ["bureau_head"]},
    {"id": "huang", "roles": ["office"]},
    {"id": "chen", "roles": ["linked_leader@north", "leader_in_charge@staffing"]},
    {"id": "zhu", "roles": ["linked_leader@south", "leader_in_charge@finance"]},
    {"id": "xie", "roles": ["parents"]},
]
FIELDS = {"timetable": "in April", "responsible": "the head", "time_node": "20 April"}


class Bureau(Stage):
    """The bureau with two schools and two sections, on the day the plan was signed."""

    def __init__(self, settled: str = "") -> None:
        super().__init__(plan_of("education_bureau", settled), "2011-02-27")
        begun = at("2011-02-24", 0)
        self.top: Run = self.engine.start(
            self.plan, start="2011-02-24", at=begun, roster=BUREAU, bodies={"section": ["finance", "staffing"]}
        )
        self.north, self.south = (
            self.engine.start(
                self.plan, unit=unit, start="2011-02-24", at=begun, programme=self.top,
                roster=[
                    {"id": f"{unit}.head", "roles": ["head"]},
                    {"id": f"{unit}.org", "roles": ["organiser"]},
                    *({"id": f"{unit}.t{number}", "roles": ["staff"]} for number in range(1, 10)),
                    *({"id": f"{unit}.s{number}", "roles": ["service_recipients"]} for number in (1, 2)),
                ],
            )
            for unit in ("north", "south")
        )  # fmt: skip

    def submitted(self, document: str, run: Run | None = None) -> list[str]:
        """A document is drafted and handed in: what that completes."""
        run = run or self.north
        author = f"{run.status().unit}.org"
        run.draft(document, by=author, digest=DIGEST)
        return done(run.hand(document, "submit", by=author))


@pytest.mark.capability("002-5", 1, 5, 13, 51, 76, clauses=["P1"])
def test_the_windows_are_the_plans_and_the_first_is_not_the_templates() -> None:
    """P1 to P3 and L: the first phase begins on 24 February, the template's on the 18th; the rest is the county's."""
    assert windows(Bureau().north, "mobilise", "search", "rectify", "conclude") == {
        "mobilise": (date(2011, 2, 24), date(2011, 3, 10)),
        "search": (date(2011, 3, 11), date(2011, 4, 10)),
        "rectify": (date(2011, 4, 11), date(2011, 5, 11)),
        "conclude": (date(2011, 5, 8), date(2011, 5, 18)),
    }
    hospital = plan_of("township_hospital_2011").policy.phases
    school = plan_of("education_bureau").policy.phases
    same = [str(name) for name in school if str(hospital[name].window) == str(school[name].window)]
    assert same == ["search", "rectify", "conclude"]


@pytest.mark.capability("002-5", 4, clauses=["M.end"])
def test_the_end_of_the_campaign_is_only_about_a_day() -> None:
    """M.end: "about three months" is kept as approximate."""
    bureau = Bureau()
    bound = events(bureau.top, "RunStarted")[0].windows
    assert bound["campaign"].about
    bureau.to("2011-06-10")
    assert bureau.top.status().status == "running"


@pytest.mark.capability("002-5", 8, 11, clauses=["P1.plan", "P1.meeting", "P2.report", "P3.plan", "L.report"])
def test_deadlines_stand_on_their_own_days() -> None:
    """The meeting by the 9th, the plan by the 10th; the ledger on a Sunday; results a day before their phase's end."""
    bureau = Bureau()
    bureau.to("2011-05-08")
    days = {duty: due(bureau.north, duty) for duty in ("kickoff", "plan", "ledger_report", "rectification_plan")}
    assert days == {
        "kickoff": date(2011, 3, 9),
        "plan": date(2011, 3, 10),
        "ledger_report": date(2011, 4, 10),
        "rectification_plan": date(2011, 4, 15),
    }
    assert date(2011, 4, 10).strftime("%A") == "Sunday"
    assert due(bureau.north, "results_report") == date(2011, 5, 10)


@pytest.mark.capability("002-5", 8, clauses=["P1.meeting", "P1.plan"])
def test_the_meeting_is_late_on_the_10th_and_the_plan_on_the_11th() -> None:
    """Both days count to their end; neither deadline waits for the other."""
    bureau = Bureau()
    bureau.to("2011-03-10")
    late = [event.key for event in events(bureau.north, "DutyFellDue")]
    assert late == ["mobilise/1/kickoff"]
    for quality in ("focus", "responsibility", "strong_measures", "workable"):
        bureau.north.check("plan_qualities", quality, by="north.org")
    bureau.to("2011-03-10", 23, 59)
    assert bureau.submitted("plan") == ["plan"]
    assert [event.in_time for event in events(bureau.north, "DutyDone") if event.key.endswith("/plan")] == [True]
    assert not events(bureau.south, "DutyDone")
    bureau.to("2011-03-11")
    assert "mobilise/1/plan" in {event.key for event in events(bureau.south, "DutyFellDue")}


@pytest.mark.capability("002-5", 12, 80, clauses=["P1.meeting"])
def test_what_happened_before_the_signature_counts() -> None:
    """The plan is of 27 February, its first phase of the 24th."""
    answer = Bureau().north.hold("kickoff", by="north.head", at=at("2011-02-25"))
    assert done(answer) == ["kickoff"]


@pytest.mark.capability("002-5", 3, 7, clauses=["L.summary"])
def test_the_summary_meeting_is_held_from_11_to_20_may() -> None:
    """L.summary: the middle ten days of May, of which the last two lie after the phase; the phase stays open."""
    bureau = Bureau()
    bureau.to("2011-05-10")
    with pytest.raises(Refused):
        bureau.top.hold("summary_meeting", by="huang")
    bureau.to("2011-05-11")
    assert due(bureau.top, "summary_meeting") == date(2011, 5, 20)
    bureau.to("2011-05-20", 23, 59)
    answer = bureau.top.hold("summary_meeting", by="huang")
    assert [event.in_time for event in answer.events if type(event).__name__ == "DutyDone"] == [True]
    assert "conclude" in opened(bureau.top)


@pytest.mark.capability("002-5", 5, 14, 18, clauses=["L"])
def test_each_school_has_its_own_phases_and_two_are_open_in_may() -> None:
    """8 to 11 May lie in both; what one school closes is open in the other."""
    bureau = Bureau()
    bureau.to("2011-05-08")
    bureau.north.request("mobilise.close", by="huang")
    bureau.north.request("search.close", by="huang")
    assert opened(bureau.north) == {"rectify", "conclude"}
    assert opened(bureau.south) == {"mobilise", "search", "rectify", "conclude"}


@pytest.mark.capability("002-5", 17, 41, clauses=["P1.plan"])
def test_handing_in_ends_the_duty_and_nobody_approves() -> None:
    """P1.plan: the plan is done when it is handed in; no act of the office is part of its way."""
    bureau = Bureau()
    with pytest.raises(Refused, match="'plan_qualities' done is not met"):
        bureau.north.draft("plan", by="north.org", digest=DIGEST)
    for quality in ("focus", "responsibility", "strong_measures", "workable"):
        answer = bureau.north.check("plan_qualities", quality, by="north.org")
    assert done(answer) == ["plan_qualities"]
    assert bureau.submitted("plan") == ["plan"]
    with pytest.raises(Refused):
        bureau.north.judge("plan", by="huang", accept=True)
    assert opened(bureau.north) == {"mobilise"}


@pytest.mark.capability("002-5", 52, 40, clauses=["P1.qualities"])
def test_a_plan_has_four_qualities() -> None:
    """P1.qualities: all four are ticked before the plan is written down; three are not enough."""
    bureau = Bureau()
    answers = [
        done(bureau.north.check("plan_qualities", quality, by="north.org"))
        for quality in ("focus", "responsibility", "strong_measures", "workable")
    ]
    assert answers == [[], [], [], ["plan_qualities"]]


@pytest.mark.capability("002-5", 54, 77, clauses=["P1.meeting"])
def test_the_leader_linked_with_the_school_is_invited_to_speak() -> None:
    """P1.guest: it is the linked leader of this school, who need not come for the meeting to count."""
    bureau = Bureau()
    with pytest.raises(Refused, match="'head'"):
        bureau.north.hold("kickoff", by="north.org")
    answer = bureau.north.hold("kickoff", by="north.head", attendance={"chen": "present"})
    assert done(answer) == ["kickoff"]
    assert done(bureau.south.hold("kickoff", by="south.head")) == ["kickoff"]


@pytest.mark.capability("002-5", 61, 44, 79, clauses=["P2.tenth"])
@pytest.mark.parametrize(("staff", "served", "enough"), [(9, 1, True), (10, 1, False), (18, 2, True), (3, 0, False)])
def test_one_tenth_of_those_consulted_are_people_the_school_serves(staff: int, served: int, enough: bool) -> None:
    """P2.tenth: one of ten is a tenth; one of eleven is less, and the hearing cannot be ended."""
    bureau = Bureau()
    bureau.to("2011-03-15")
    run = bureau.north
    run.draft("opinions", by="north.org", digest=DIGEST)
    for group, count in (("society", staff), ("service_recipients", served)):
        for number in range(count):
            run.opine("opinions", by="north.org", ref=f"{group}/{number}", group=group)
    if enough:
        assert done(run.end_consultation("opinions", by="north.org")) == ["opinions"]
    else:
        with pytest.raises(Refused, match="service_recipients"):
            run.end_consultation("opinions", by="north.org")


@pytest.mark.capability("002-5", 79, clauses=["P2.opinions"])
def test_opinions_come_by_three_channels() -> None:
    """P2.opinions: a box, letters, and a forum of those the school serves."""
    bureau = Bureau()
    bureau.to("2011-03-15")
    channels = ("box", "letters", "forum_of_service_recipients")
    answers = [done(bureau.north.check("opinions_channels", channel, by="north.org")) for channel in channels]
    assert answers == [[], [], ["opinions_channels"]]


@pytest.mark.capability("002-5", 78, 31, clauses=["P2.feedback"])
def test_the_office_hears_society_and_feeds_back_to_each_school() -> None:
    """P2.feedback: nothing is fed back before society was heard; then each school gets its own."""
    bureau = Bureau()
    bureau.to("2011-03-20")
    with pytest.raises(Refused, match="'society_opinions' done is not met"):
        bureau.north.complete("feedback", by="huang")
    bureau.top.draft("society_opinions", by="huang", digest=DIGEST)
    bureau.top.opine("society_opinions", by="huang", ref="letters/1", group="society")
    assert done(bureau.top.end_consultation("society_opinions", by="huang")) == ["society_opinions"]
    assert done(bureau.north.complete("feedback", by="huang")) == ["feedback"]
    assert "feedback" in {owed.subject for owed in bureau.south.todo("huang")}
    with pytest.raises(Refused, match="'office'"):
        bureau.south.complete("feedback", by="south.org")


@pytest.mark.capability("002-5", 19, 69, 70, clauses=["P2.at_once"])
def test_what_can_be_put_right_at_once_is_put_right_in_the_second_phase() -> None:
    """P2.at_once: an item is opened and settled while the search goes on, before the phase of putting right."""
    bureau = Bureau()
    bureau.to("2011-03-15")
    run = bureau.north
    assert states(run)["rectify"] == "ahead"
    run.open_item(
        "problems", by="north.org", kind="at_once", owner="north.head", fields=FIELDS, axes={"of": "school"}
    )
    run.settle_item("problems/1", by="north.head")
    run.answer(events(run, "QuestionAsked")[-1].question, "close", by="huang", reason="seen")
    assert run.status().items["problems"] == (0, 1)


@pytest.mark.capability("002-5", 68, clauses=["P3.items"])
def test_an_item_says_three_things_and_whose_problem_it_is() -> None:
    """P3.items and P2.sorting: timetable, person, time of each step; of the school or of a person."""
    bureau = Bureau()
    bureau.to("2011-04-12")
    for name in FIELDS:
        with pytest.raises(Refused, match=f"does not say its '{name}'"):
            bureau.north.open_item(
                "problems", by="north.org", kind="by_plan", owner="north.head", fields={**FIELDS, name: " "}
            )
    with pytest.raises(Refused, match="'street' is no value of 'of'"):
        bureau.north.open_item(
            "problems", by="north.org", kind="by_plan", owner="north.head", fields=FIELDS, axes={"of": "street"}
        )


@pytest.mark.capability("002-5", 74, 22, clauses=["P3.make_up"])
def test_a_poor_effect_is_made_up_at_once() -> None:
    """P3.make_up: a new item takes the place of the poor one the moment it is found poor, the other stays."""
    bureau = Bureau()
    bureau.to("2011-04-20")
    run = bureau.north
    for _ in range(2):
        run.open_item("problems", by="north.org", kind="by_plan", owner="north.head", fields=FIELDS)
    run.settle_item("problems/2", by="north.head")
    asked = events(run, "QuestionAsked")[-1]
    assert asked.role == "office"
    made = run.answer(asked.question, "make_up", by="huang", reason="no effect to be seen")
    assert [(event.item, event.makes_up) for event in made.events if hasattr(event, "makes_up")] == [
        ("problems/3", "problems/2")
    ]
    assert run.status().items["problems"] == (2, 3)


@pytest.mark.capability("002-5", 8, 73, clauses=["L.report"])
def test_results_are_reported_while_items_are_open() -> None:
    """L.report: due on 10 May, a day before the phase it reports on ends; open items stay open."""
    bureau = Bureau()
    bureau.to("2011-04-20")
    bureau.north.open_item("problems", by="north.org", kind="by_plan", owner="north.head", fields=FIELDS)
    bureau.to("2011-05-10")
    assert bureau.submitted("results_report") == ["results_report"]
    assert states(bureau.north)["rectify"] == "open"
    assert bureau.north.status().items["problems"] == (1, 1)


@pytest.mark.capability("002-5", 49, 9, clauses=["P3.results"])
def test_results_are_made_known_within_a_circle_and_society_is_heard() -> None:
    """P3.results: no day is set; the staff are told first, then society is heard."""
    bureau = Bureau()
    bureau.to("2011-05-11")
    assert due(bureau.north, "results") is None
    bureau.north.draft("results", by="north.org", digest=DIGEST)
    bureau.north.hand("results", "publish", by="north.org")
    bureau.north.opine("results", by="north.org", ref="letters/4", group="society")
    assert done(bureau.north.end_consultation("results", by="north.org")) == ["results"]


@pytest.mark.capability("002-5", 44, clauses=["P3.opinions"])
def test_all_sides_are_heard_on_the_rectification_plan_before_it_is_handed_in() -> None:
    """P3.opinions: staff, those served, and society; the plan made from them goes to the office."""
    bureau = Bureau()
    bureau.to("2011-04-12")
    run = bureau.north
    run.draft("rectification_plan", by="north.org", digest=DIGEST)
    with pytest.raises(Refused):
        run.hand("rectification_plan", "submit", by="north.org")
    run.opine("rectification_plan", by="north.t1", ref="o/1", group="staff")
    run.end_consultation("rectification_plan", by="north.org")
    run.draft("rectification_plan", by="north.org", digest=OTHER)
    assert done(run.hand("rectification_plan", "submit", by="north.org")) == ["rectification_plan"]


@pytest.mark.capability("002-5", 67, 77, clauses=["L.comments", "L.measures"])
def test_comments_go_down_three_levels_and_lead_to_measures() -> None:
    """L.comments: head to team, team to its own sections and schools, heads to staff; measures come after them."""
    bureau = Bureau()
    bureau.to("2011-05-12")
    assert done(bureau.top.complete("head_comments", by="luo")) == ["head_comments"]
    with pytest.raises(Refused, match="leader_in_charge@finance"):
        bureau.top.complete("section_comments", by="chen", subject="finance")
    bureau.top.complete("section_comments", by="chen", subject="staffing")
    with pytest.raises(Refused, match="'linked_leader'"):
        bureau.north.complete("school_comments", by="zhu")
    with pytest.raises(Refused) as refused:
        bureau.north.draft("measures", by="north.org", digest=DIGEST)
    assert "'school_comments' done" in str(refused.value)
    assert "'staff_comments' done" in str(refused.value)
    bureau.north.complete("school_comments", by="chen")
    bureau.north.complete("staff_comments", by="north.head")
    assert done(bureau.north.draft("measures", by="north.org", digest=DIGEST)) == ["measures"]


@pytest.mark.capability("002-5", 59, 65, clauses=["L.rating"])
def test_the_rating_by_society_changes_nothing_in_any_school() -> None:
    """L.rating: one poll rates each school; whatever it shows, no school owes more and no phase moves."""
    bureau = Bureau(POLL)
    bureau.to("2011-05-12")
    before = [(states(run), run.status().entries) for run in (bureau.north, bureau.south)]
    bureau.top.open_poll("social_rating", by="huang", invited={"society_rates_schools": {"parents": 6}})
    for _ in range(6):
        bureau.top.cast(
            "social_rating", "society_rates_schools", by="huang", group="parents",
            answers={"north": "dissatisfied", "south": "satisfied"},
        )  # fmt: skip
    answer = bureau.top.close_poll("social_rating", by="huang")
    counted = answer.events[0]
    shares = [(result.rated, result.favourable, result.base) for result in counted.results]
    assert shares == [("north", 0, 6), ("south", 6, 6)]
    assert [type(event).__name__ for event in answer.events] == ["PollCounted", "DutyDone"]
    assert [(states(run), run.status().entries) for run in (bureau.north, bureau.south)] == before


@pytest.mark.capability("002-5", 30, 38, 79, clauses=["E.findings"])
def test_each_finding_of_an_inspection_is_circulated_and_handled_one_by_one() -> None:
    """E: of inspections no number is wanted, so the first is some; a finding names its circular."""
    bureau = Bureau()
    assert done(bureau.top.record("inspections", by="huang", amount="1 inspection")) == ["inspections"]
    with pytest.raises(Refused, match="does not say its 'circular'"):
        bureau.north.open_item("findings", by="huang", owner="north.head", fields={"problem": "p", "handling": "h"})
    for number in (1, 2):
        fields = {"problem": "no ledger", "handling": "build it", "circular": f"circular {number}"}
        bureau.north.open_item("findings", by="huang", owner="north.head", fields=fields)
    bureau.north.settle_item("findings/1", by="north.head")
    bureau.north.answer(events(bureau.north, "QuestionAsked")[-1].question, "close", by="huang", reason="seen")
    assert bureau.north.status().items["findings"] == (1, 2)


@pytest.mark.capability("002-5", 34, 40, clauses=["T.five", "P2.sources", "P1.study"])
def test_five_searches_three_sources_and_five_papers_to_study() -> None:
    """T.five, P2.sources, P1.study: bundles that are done with their last entry and not before."""
    bureau = Bureau()
    bureau.to("2011-03-15")
    for duty, entries in (
        ("five_searches", ("ideas", "spirit", "style", "execution", "service")),
        ("sources", ("school", "masses", "leaders")),
        ("study", ("county_plenum", "county_congress", "county_consultative_conference",
                   "commendation_meeting_2010", "speech_of_17_february")),
    ):  # fmt: skip
        answers = [done(bureau.north.check(duty, entry, by="north.org")) for entry in entries]
        assert answers == [[]] * (len(entries) - 1) + [[duty]]


@pytest.mark.capability("002-5", 56, clauses=["P2.staff"])
def test_each_school_holds_its_meetings_itself() -> None:
    """P1.meeting, P2.staff, L.meeting: one of each a school; the meeting of all staff wants all of them there."""
    bureau = Bureau()
    bureau.to("2011-03-12")
    with pytest.raises(Refused):
        bureau.north.hold("staff_meeting", by="north.org", attendance={"north.t1": "present"})
    everybody = {"north.head": "present", **{f"north.t{number}": "present" for number in range(1, 10)}}
    assert done(bureau.north.hold("staff_meeting", by="north.org", attendance=everybody)) == ["staff_meeting"]
    assert "staff_meeting" in {owed.subject for owed in bureau.south.todo("south.org")}


@pytest.mark.capability("002-5", 16, 76, clauses=["M.end"])
def test_the_office_closes_what_the_plan_leaves_open_and_ends_the_whole() -> None:
    """M.end: no phase closes by itself; the office ends the campaign, from its last phase."""
    bureau = Bureau()
    with pytest.raises(Refused):
        bureau.top.request("finished", by="huang")
    bureau.to("2011-05-18")
    assert bureau.top.request("finished", by="huang").passed
    assert bureau.north.request("completed", by="north.org").passed
    assert bureau.south.status().status == "running"


def test_each_school_joins_the_campaign_to_the_three_others() -> None:
    """E.balance: owed by the person each school named, at no set day, and by nobody else."""
    bureau = Bureau()
    assert due(bureau.north, "balance") is None
    with pytest.raises(Refused, match="'organiser'"):
        bureau.north.complete("balance", by="north.head")
    assert done(bureau.north.complete("balance", by="north.org")) == ["balance"]
    assert "balance" in {owed.subject for owed in bureau.south.todo("south.org")}
