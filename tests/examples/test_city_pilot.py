"""The city's pilot, seen through the engine: five phases in ten-day periods, changeovers, ratings, make-up."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from tests.examples.stage import DIGEST, OTHER, Stage, at, done, due, events, opened, plan_of, states, windows

from phaseflow import Refused, Run

POLL = """
phases:
  closing:
    duties: {three_ratings: {choices: [satisfied, dissatisfied], measure: satisfied of valid, quorum: none}}
"""
PHASES = ("study", "analysis", "solving", "institutions", "closing")
BODIES = {
    "sector": ["finance", "culture"],
    "county": ["jing", "ling"],
    "government": ["city"],
    "organisation": [f"org_{number:03d}" for number in range(1, 101)],
    "township": [f"town_{number:03d}" for number in range(1, 101)],
    "cadre": ["cadre_1", "cadre_2"],
    "village": ["village_1", "village_2"],
    "helper": ["helper_1"],
    "household": ["household_1"],
}
CITY = [
    {"id": "shi", "roles": ["secretary", "relevant_meeting"]},
    {"id": "ban", "roles": ["pilot_office"]},
    {"id": "qu", "roles": ["district"]},
    {"id": "lian", "roles": ["lead_group", "contact_leader@water"]},
    {"id": "fen", "roles": ["sector_leader@finance", "leader_in_charge@water"]},
    {"id": "zhu", "roles": ["main_leader"]},
    {"id": "yan", "roles": ["experts"]},
]


class City(Stage):
    """The city with a department, a second one, and the pilot street, in a year the plan does not name."""

    def __init__(self, settled: str = "", year: int = 2008) -> None:
        super().__init__(plan_of("city_pilot", settled), f"{year}-04-01")
        self.year = year
        self.names: list[str] = []
        self.top: Run = self.engine.start(self.plan, start=f"{year}-04-01", roster=CITY, bodies=BODIES)
        self.water = self.unit("water", "department")

    def unit(self, name: str, kind: str) -> Run:
        roster = [
            {"id": f"{name}.head", "roles": ["unit_lead"]},
            {"id": f"{name}.chief", "roles": ["county_leader", "leader"]},
            {"id": f"{name}.m", "roles": ["member"]},
            {"id": f"{name}.guest", "roles": ["non_party_leader"]},
            {"id": f"{name}.away", "roles": ["floating_member"]},
        ]
        start = f"{self.year}-04-01"
        self.names.append(name)
        return self.engine.start(self.plan, unit=name, kind=kind, start=start, programme=self.top, roster=roster)

    def papers(self, run: Run, before: str, after: str) -> None:
        for paper in (f"{before}_summary", f"{after}_plan"):
            run.draft(paper, by=f"{run.status().unit}.head", digest=DIGEST)

    def approve(self, run: Run, before: str, after: str) -> None:
        for paper in (f"{before}_summary", f"{after}_plan"):
            run.judge(paper, by="ban", accept=True)

    def change(self, run: Run, before: str, after: str) -> Any:
        """A whole changeover: two papers, their approval, the meeting."""
        self.papers(run, before, after)
        self.approve(run, before, after)
        return run.hold(f"{after}_mobilisation", by=f"{run.status().unit}.head")

    def through(self, run: Run, last: str = "closing") -> None:
        """Walk a unit from changeover to changeover, each at the beginning of the next phase."""
        days = ("04-21", "05-11", "06-11", "07-01")
        for (before, after), day in zip(pairwise(PHASES), days, strict=True):
            if f"{self.now:%m-%d}" < day:
                self.to(f"{self.year}-{day}")
            self.change(run, before, after)
            if after == last:
                return

    def rate(self, **satisfied: int) -> Any:
        """The counties rate each unit with a hundred voices, of which so many are satisfied."""
        self.top.open_poll("three_ratings", by="ban", invited={"counties_rate_departments": {"counties": 100}})
        for number in range(100):
            answers = {unit: "satisfied" if number < count else "dissatisfied" for unit, count in satisfied.items()}
            self.top.cast("three_ratings", "counties_rate_departments", by="ban", group="counties", answers=answers)
        for edge, group, rated in (
            ("investors_rate_government", "investors", ["city"]),
            ("masses_rate_leading_bodies", "masses", self.names),
        ):
            for _ in range(6):
                answers = dict.fromkeys(rated, "dissatisfied")
                self.top.cast("three_ratings", edge, by="ban", group=group, answers=answers)
        return self.top.close_poll("three_ratings", by="ban")


def owed(run: Run, person: str) -> set[str]:
    return {one.subject for one in run.todo(person)}


# --- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.capability("001", 1, 2, 3, clauses=["P2"])
@pytest.mark.parametrize("year", [2008, 2009])
def test_the_windows_are_ten_day_periods_of_whatever_year_it_is_started_in(year: int) -> None:
    """P1 to P5: the second phase runs over the end of April, the third takes the 31 days to 10 June."""
    assert windows(City(year=year).water, *PHASES) == {
        "study": (date(year, 4, 1), date(year, 4, 20)),
        "analysis": (date(year, 4, 21), date(year, 5, 10)),
        "solving": (date(year, 5, 11), date(year, 6, 10)),
        "institutions": (date(year, 6, 11), date(year, 6, 30)),
        "closing": (date(year, 7, 1), date(year, 7, 20)),
    }


@pytest.mark.capability("001", 4, 26, clauses=["M4"])
def test_the_end_is_only_about_mid_july() -> None:
    """M4: the pilot is *basically* over then; the edge is kept as approximate, and nothing ends by it."""
    city = City()
    assert events(city.top, "RunStarted")[0].windows["campaign"].about
    city.to("2008-09-01")
    assert city.top.status().status == "running"


@pytest.mark.capability("001", 10, clauses=["O2.meetings", "O4.bulletins"])
def test_what_is_regular_without_an_interval_is_never_overdue() -> None:
    """O2.meetings and O4.bulletins: on the list of those who owe them, never late, and as often as they like."""
    city = City()
    city.to("2008-06-01")
    assert {"meetings", "bulletins"} <= owed(city.top, "ban")
    for _ in range(3):
        city.top.hold("meetings", by="ban")
        city.top.complete("bulletins", by="ban")
    assert len(events(city.top, "MeetingHeld", "TaskReported")) == 6
    late = {event.key.rsplit("/", 1)[1] for event in events(city.top, "DutyFellDue")}
    assert not {"meetings", "bulletins"} & late


# --- changeovers ------------------------------------------------------------------------------------------------------


@pytest.mark.capability("001", 13, 15, 21, 57, clauses=["O2.approval"])
def test_four_changeovers_each_with_two_approved_papers_and_a_meeting() -> None:
    """O2: at every changeover the unit is in no phase between approval and meeting, and in the next one after it."""
    city = City()
    run = city.water
    for before, after in pairwise(PHASES):
        assert opened(run) == {before}
        city.papers(run, before, after)
        assert opened(run) == {before}
        city.approve(run, before, after)
        assert opened(run) == set()
        run.hold(f"{after}_mobilisation", by="water.head")
        assert opened(run) == {after}
    with pytest.raises(Refused, match="there is no duty 'closing_summary'"):
        run.draft("closing_summary", by="water.head", digest=DIGEST)


@pytest.mark.capability("001", 15, 41, clauses=["O2.approval"])
@pytest.mark.parametrize("missing", ["study_summary", "analysis_plan"])
def test_one_paper_is_not_enough(missing: str) -> None:
    """O2.approval: summary *and* arrangement; without either the unit stays, and its meeting is refused by name."""
    city = City()
    city.papers(city.water, "study", "analysis")
    for paper in {"study_summary", "analysis_plan"} - {missing}:
        city.water.judge(paper, by="ban", accept=True)
    assert opened(city.water) == {"study"}
    with pytest.raises(Refused, match=f"'{missing}' has passed 'approve'"):
        city.water.hold("analysis_mobilisation", by="water.head")


@pytest.mark.capability("001", 15, 43, clauses=["O2.approval"])
def test_a_refusal_leads_back_to_revision() -> None:
    """O2.approval: the refused paper is written anew and judged anew; only the pilot office judges."""
    city = City()
    city.papers(city.water, "study", "analysis")
    with pytest.raises(Refused, match="'pilot_office'"):
        city.water.judge("study_summary", by="shi", accept=True)
    city.water.judge("study_summary", by="ban", accept=True)
    city.water.judge("analysis_plan", by="ban", accept=False, reason="it names no dates")
    with pytest.raises(Refused):
        city.water.judge("analysis_plan", by="ban", accept=True)
    city.water.draft("analysis_plan", by="water.head", digest=OTHER)
    assert opened(city.water) == {"study"}
    city.water.judge("analysis_plan", by="ban", accept=True)
    assert opened(city.water) == set()


@pytest.mark.capability("001", 16, 18, clauses=["O2.approval"])
def test_each_unit_changes_by_itself_and_the_city_by_its_dates() -> None:
    """One unit is in its second phase, the other still, and overdue, in the first; the city's phases just open."""
    city = City()
    street = city.unit("street", "street")
    city.to("2008-04-22")
    city.change(city.water, "study", "analysis")
    assert (opened(city.water), opened(street)) == ({"analysis"}, {"study"})
    assert states(street)["study"] == "overdue"
    city.to("2008-05-12")
    assert opened(city.top) == {"study", "analysis", "solving"}


@pytest.mark.capability("001", 15, 18, clauses=["O2.approval"])
def test_silence_of_the_office_approves_nothing() -> None:
    """No time is set for the answer: after two months the unit waits still."""
    city = City()
    city.papers(city.water, "study", "analysis")
    city.to("2008-06-20")
    assert opened(city.water) == {"study"}


# --- tiers, quotas, bundles -------------------------------------------------------------------------------------------


@pytest.mark.capability("001", 30, 33, clauses=["P1.1.hours"])
def test_twenty_hours_of_study() -> None:
    """P1.1.hours: nineteen and a half are too few, twenty are enough; days are not hours."""
    run = City().water
    assert done(run.record("hours", by="water.chief", amount="19.5 hours")) == []
    with pytest.raises(Refused, match="counted in hours"):
        run.record("hours", by="water.chief", amount="1 day")
    assert done(run.record("hours", by="water.chief", amount="0.5 hours")) == ["hours"]


@pytest.mark.capability("001", 31, 32, 39, clauses=["P1.1.reflection"])
def test_ranks_owe_different_things_and_the_invited_nothing() -> None:
    """M3: a leader of county rank owes notes, reflection, hours and a report; a member or a guest none of them."""
    run = City().water
    assert {"notes", "reflection", "hours", "research_report"} <= owed(run, "water.chief")
    assert owed(run, "water.m") == set()
    assert owed(run, "water.guest") == set()
    assert owed(run, "water.away") == set()
    with pytest.raises(Refused, match=r"'water\.m' does not owe 'reflection'"):
        run.record("reflection", by="water.m", amount="1 article")


@pytest.mark.capability("001", 32, 47, clauses=["P1.2.prefecture"])
def test_leaders_of_prefecture_rank_have_duties_of_their_own() -> None:
    """P1.2: several topics, a diary, a report and a talk each, in the run of the city."""
    city = City()
    assert {"topics", "diary", "city_research", "talk"} <= owed(city.top, "zhu")
    assert done(city.top.record("topics", by="zhu", amount="3 topics")) == ["topics"]
    assert done(city.top.draft("city_research", by="zhu", digest=DIGEST)) == ["city_research"]
    assert "city_research" in owed(city.top, "fen")


@pytest.mark.capability("001", 34, clauses=["P1.1.six", "P3.projects", "P3.activities", "P4.eight", "P4.six"])
@pytest.mark.parametrize(
    ("day", "duty", "count"),
    [
        ("2008-04-02", "six_ones", 6),
        ("2008-05-12", "three_projects", 3),
        ("2008-05-12", "five_activities", 5),
        ("2008-06-12", "eight_rules", 8),
        ("2008-06-12", "six_mechanisms", 6),
    ],
)
def test_bundles_are_done_with_their_last_entry(day: str, duty: str, count: int) -> None:
    """Six ones, three projects, five activities, eight rules, six mechanisms: so many entries, and no fewer do."""
    city = City()
    city.to(day)
    entries = list(map(str, city.plan.levels["programme"].duties[duty].spec.items))  # type: ignore[union-attr]
    answers = [done(city.top.check(duty, entry, by="ban")) for entry in entries]
    assert answers == [[]] * (count - 1) + [[duty]]


@pytest.mark.capability("001", 40, clauses=["P2.checks"])
def test_five_checks_in_the_second_phase() -> None:
    """P2.checks: five, by the unit itself, and not before the phase."""
    city = City()
    with pytest.raises(Refused):
        city.water.check("five_checks", "thinking", by="water.head")
    city.through(city.water, "analysis")
    entries = ("thinking", "direction", "measures", "mechanism", "effect")
    answers = [done(city.water.check("five_checks", entry, by="water.head")) for entry in entries]
    assert answers == [[], [], [], [], ["five_checks"]]


@pytest.mark.capability("001", 27, clauses=["T5"])
def test_a_unit_adds_actions_of_its_own_that_nothing_counts() -> None:
    """T5: an action of one's own choice is on record and can be done, and no count of the phase changes by it."""
    city = City()
    before = city.water.status().phases[0]
    city.water.add_action("study", "reading_corner", by="water.head", title="A reading corner")
    assert done(city.water.complete("reading_corner", by="water.m")) == ["reading_corner"]
    after = city.water.status().phases[0]
    assert (after.duties, after.done) == (before.duties, before.done)


@pytest.mark.capability("001", 37, 36, clauses=["P3.links"])
def test_a_hundred_organisations_with_a_hundred_townships() -> None:
    """P3.links: each has one partner; a township that has one gets no second, and 99 pairs are not a hundred."""
    city = City()
    city.to("2008-05-12")

    def link(number: int, town: int) -> Any:
        return city.top.record(
            "township_links", by="ban", amount="1 township", subject=f"org_{number:03d}", pair=f"town_{town:03d}"
        )

    link(1, 7)
    with pytest.raises(Refused, match="town_007"):
        link(2, 7)
    link(7, 1)
    for number in (*range(2, 7), *range(8, 100)):
        link(number, number)
    before = next(phase for phase in city.top.status().phases if phase.name == "solving").done
    link(100, 100)
    assert next(phase for phase in city.top.status().phases if phase.name == "solving").done == before + 1


@pytest.mark.capability("001", 37, clauses=["P3.links"])
@pytest.mark.parametrize(
    ("duty", "subject", "amount", "pair"),
    [
        ("village_links", "cadre_1", "1 village", "village_2"),
        ("household_links", "helper_1", "1 household", "household_1"),
    ],
)
def test_cadres_with_villages_and_members_with_households(duty: str, subject: str, amount: str, pair: str) -> None:
    """P3.links: a thousand and ten thousand are announced; lists grow, and every pair names one of each."""
    city = City()
    city.to("2008-05-12")
    assert done(city.top.record(duty, by="ban", amount=amount, subject=subject, pair=pair)) == [duty]
    kinds = city.plan.policy.bodies
    assert (kinds["cadre"].count, kinds["household"].count) == (1000, 10000)  # type: ignore[index]


@pytest.mark.capability("001", 30, 38, clauses=["P3.attack"])
def test_several_is_some_and_a_person_says_so() -> None:
    """P3.attack: a batch of problems and of good deeds, without a number; one that is recorded is some."""
    city = City()
    city.through(city.water, "solving")
    assert done(city.water.record("solved", by="water.head", amount="1 problem")) == ["solved"]
    assert done(city.water.record("benefits", by="water.head", amount="2 projects")) == ["benefits"]


# --- documents, meetings ----------------------------------------------------------------------------------------------


@pytest.mark.capability("001", 41, 42, 44, 49, clauses=["P2.review"])
def test_the_masses_review_the_report_before_it_is_published_and_nobody_vets_it() -> None:
    """P2: enlarged meeting, draft, review, revision, publication; in this order, with no approval in it."""
    city = City()
    city.through(city.water, "analysis")
    run = city.water
    with pytest.raises(Refused, match="'enlarged_meeting' done is not met"):
        run.draft("analysis_report", by="water.head", digest=DIGEST)
    run.hold("enlarged_meeting", by="water.head")
    run.draft("analysis_report", by="water.head", digest=DIGEST)
    with pytest.raises(Refused):
        run.hand("analysis_report", "publish", by="water.head")
    run.opine("analysis_report", by="water.head", ref="o/1", group="delegates")
    run.opine("analysis_report", by="water.head", ref="o/2", group="masses")
    run.end_consultation("analysis_report", by="water.head")
    run.draft("analysis_report", by="water.head", digest=OTHER)
    assert done(run.hand("analysis_report", "publish", by="water.head")) == ["analysis_report"]
    acts = [
        event.step
        for event in events(run, "StepPassed", "VersionDrafted")
        if event.key.endswith("analysis_report")
    ]
    assert acts == ["draft", "mass_review", "absorb", "publish"]


@pytest.mark.capability("001", 31, 47, clauses=["P2.case"])
def test_heads_of_street_and_community_write_a_case_too() -> None:
    """P2.case: leaders of county rank everywhere, heads only where the unit is the street or the community."""
    city = City()
    street, community = city.unit("street", "street"), city.unit("community", "community")
    for run in (city.water, street, community):
        city.through(run, "analysis")
    assert "case_analysis" in owed(city.water, "water.chief")
    assert "head_case_analysis" not in owed(city.water, "water.head")
    assert "head_case_analysis" in owed(street, "street.head") & owed(community, "community.head")


@pytest.mark.capability("001", 56, 54, clauses=["P1.4"])
def test_meetings_are_held_by_each_body_and_each_sector() -> None:
    """P1.4: one exchange of each unit's leading body, one of each sector, under the leader in charge."""
    city = City()
    with pytest.raises(Refused):
        city.water.hold("exchange", by="water.head", attendance={"water.head": "present"})
    everyone = {"water.head": "present", "water.chief": "present"}
    assert done(city.water.hold("exchange", by="water.head", attendance=everyone)) == ["exchange"]
    assert done(city.top.hold("sector_exchange", by="fen", subject="finance")) == ["sector_exchange"]
    with pytest.raises(Refused, match="sector_leader@culture"):
        city.top.hold("sector_exchange", by="fen", subject="culture")


@pytest.mark.capability("001", 79, clauses=["P1.5"])
def test_one_inspection_of_the_whole_city_by_main_leaders() -> None:
    """P1.5: in the first phase, and by nobody else."""
    city = City()
    assert due(city.top, "inspection") == date(2008, 4, 20)
    with pytest.raises(Refused, match="'main_leader'"):
        city.top.complete("inspection", by="fen")
    assert done(city.top.complete("inspection", by="zhu")) == ["inspection"]


@pytest.mark.capability("001", 77, 76, clauses=["O3.contact", "O3.double"])
def test_two_answer_for_one_unit() -> None:
    """O3.double: the member of the lead group who is linked with it, and the leader in charge of it; no other."""
    city = City()
    culture = city.unit("culture", "department")
    assert done(city.water.complete("contact", by="lian")) == ["contact"]
    assert done(city.water.complete("in_charge", by="fen")) == ["in_charge"]
    for duty, person in (("contact", "lian"), ("in_charge", "fen")):
        with pytest.raises(Refused):
            culture.complete(duty, by=person)


@pytest.mark.capability("001", 76, clauses=["O1.first"])
def test_the_secretary_answers_first_and_the_district_for_its_street() -> None:
    """O1 and O2: the secretary has the rights of the lead group; the district's body and plan are the district's."""
    city = City()
    assert done(city.top.complete("publicity", by="shi")) == ["publicity"]
    answers = [done(city.top.check("district_body", entry, by="qu")) for entry in ("body", "work_plan")]
    assert answers == [[], ["district_body"]]


@pytest.mark.capability("001", 75, clauses=["P2.rules"])
def test_rules_are_gone_through_in_four_kinds() -> None:
    """P2.rules: kept, improved, abolished, made anew; a fifth kind does not exist."""
    city = City()
    city.through(city.water, "analysis")
    for kind in ("keep", "improve", "abolish", "create"):
        city.water.open_item("rules", by="water.head", kind=kind, owner="water.head", fields={})
    with pytest.raises(Refused, match="no class 'change'"):
        city.water.open_item("rules", by="water.head", kind="change", owner="water.head", fields={})
    assert city.water.status().items["rules"] == (4, 4)


@pytest.mark.capability("001", 41, 50, clauses=["P4.meeting"])
def test_rules_of_the_city_are_passed_by_a_meeting_then_used() -> None:
    """P4: the meeting concerned passes them or sends them back; only what has passed is applied."""
    city = City()
    city.to("2008-06-12")
    city.top.draft("city_rules", by="ban", digest=DIGEST)
    with pytest.raises(Refused, match="'city_rules' done is not met"):
        city.top.complete("in_use", by="ban")
    with pytest.raises(Refused, match="'relevant_meeting'"):
        city.top.judge("city_rules", by="ban", accept=True)
    city.top.judge("city_rules", by="shi", accept=False, reason="no word on costs")
    city.top.draft("city_rules", by="ban", digest=OTHER)
    assert done(city.top.judge("city_rules", by="shi", accept=True)) == ["city_rules"]
    assert done(city.top.complete("in_use", by="ban")) == ["in_use"]


# --- ratings and make-up ----------------------------------------------------------------------------------------------


@pytest.mark.capability("001", 59, 62, 63, clauses=["P5.below"])
@pytest.mark.parametrize(("satisfied", "follows"), [(69, True), (70, False), (71, False), (0, True)])
def test_below_seventy_percent_a_department_explains_and_makes_up(satisfied: int, follows: bool) -> None:
    """P5.below: 69 of 100 explain *and* make up, as a second department does each time; 70 exactly do not."""
    city = City(POLL)
    culture = city.unit("culture", "department")
    for run in (city.water, culture):
        city.through(run)
    city.rate(water=satisfied, culture=69)
    both = {"explanation", "make_up_lessons"}
    assert owed(city.water, "water.head") & both == (both if follows else set())
    assert owed(culture, "culture.head") & both == both


@pytest.mark.capability("001", 59, 62, 65, clauses=["P5.edges"])
def test_only_the_counties_rating_has_consequences() -> None:
    """P5.edges: the government and the leading body are rated by nobody satisfied, and nothing follows from it."""
    city = City(POLL)
    city.through(city.water)
    answer = city.rate(water=100)
    counted = answer.events[0]
    assert {(result.edge, result.rated, result.favourable, result.go) for result in counted.results} == {
        ("counties_rate_departments", "water", 100, ()),
        ("investors_rate_government", "city", 0, ()),
        ("masses_rate_leading_bodies", "water", 0, ()),
    }
    assert [type(event).__name__ for event in answer.events] == ["PollCounted", "DutyDone"]


@pytest.mark.capability("001", 16, 59, clauses=["P5.edges"])
def test_the_counties_rate_departments_and_no_leading_body() -> None:
    """P5.edges: a leading body of the city is a unit too, and not among those that the counties rate."""
    city = City(POLL)
    body = city.unit("congress", "leading_body")
    city.to("2008-07-02")
    results = city.rate(water=80).events[0].results
    rated = {result.rated for result in results if result.edge == "counties_rate_departments"}
    assert rated == {"water"}
    assert not events(body, "Obliged")


@pytest.mark.capability("001", 63, 49, clauses=["P5.below"])
def test_the_explanation_goes_to_the_city_committee_and_no_day_is_set() -> None:
    """P5.below: handing it to the committee ends that duty and not the other."""
    city = City(POLL)
    city.through(city.water)
    city.rate(water=12)
    assert due(city.water, "explanation") is None
    city.water.draft("explanation", by="water.head", digest=DIGEST)
    assert done(city.water.hand("explanation", "submit", by="water.head")) == ["explanation"]
    assert "make_up_lessons" in owed(city.water, "water.head")


@pytest.mark.capability("001", 60, clauses=["P5.ways"])
def test_ratings_are_anonymous() -> None:
    """P5.ways: who took part is on record, and no event tells what anybody chose."""
    city = City(POLL)
    city.to("2008-07-02")
    city.top.open_poll("three_ratings", by="ban", invited={"investors_rate_government": {"investors": 6}})
    answer = city.top.cast(
        "three_ratings", "investors_rate_government", by="ban", group="investors", answers={"city": "dissatisfied"}
    )
    assert "dissatisfied" not in repr([entry.event for entry in city.top.history()])
    assert [type(event).__name__ for event in answer.events] == ["ParticipationRecorded"]


@pytest.mark.capability("001", 22, clauses=["P5.check"])
def test_whatever_the_rate_what_is_missing_is_made_up_item_by_item_over_all_phases() -> None:
    """P5.check: after a full score, a duty of the first phase that is missing and one of the second that is poor are
    owed anew, though their phases are closed; what was found is not changed."""
    city = City(POLL)
    run = city.water
    city.through(run, "analysis")
    for entry in ("thinking", "direction", "measures", "mechanism", "effect"):
        run.check("five_checks", entry, by="water.head")
    for before, after, day in (
        ("analysis", "solving", "05-11"), ("solving", "institutions", "06-11"), ("institutions", "closing", "07-01"),
    ):  # fmt: skip
        city.to(f"2008-{day}")
        city.change(run, before, after)
    city.rate(water=100)
    assert not owed(run, "water.head") & {"explanation", "make_up_lessons"}
    verdicts = [event.key for event in events(run, "DutyDone")]
    answer = run.make_up({"exchange": "missing", "five_checks": "poor", "own_rules": "present"}, by="water.head")
    assert {event.makes_up.rsplit("/", 1)[1] for event in answer.events if type(event).__name__ == "DutyOpened"} == {
        "exchange",
        "five_checks",
    }
    assert [event.key for event in events(run, "DutyDone")] == verdicts
    assert {"exchange", "five_checks"} <= owed(run, "water.head")


@pytest.mark.capability("001", 25, clauses=["P5.summary"])
def test_the_summary_carries_advice_for_everybody_else() -> None:
    """P5.summary: each unit's last paper; after it no changeover follows, and the unit ends its pilot."""
    city = City()
    city.through(city.water)
    assert done(city.water.draft("summary", by="water.head", digest=DIGEST)) == ["summary"]
    assert city.water.request("completed", by="water.head").passed


@pytest.mark.capability("001", 9, 26, clauses=["O3.contact"])
def test_what_has_no_day_stays_open_and_items_live_on() -> None:
    """Undated duties are never late; a problem that is open at the end asks whether it lives on."""
    city = City()
    city.through(city.water)
    city.water.open_item("problems", by="water.head", owner="water.chief", fields={})
    assert due(city.water, "contact") is None
    city.water.request("completed", by="water.head")
    asked = events(city.water, "QuestionAsked")[-1]
    assert (asked.role, asked.about) == ("pilot_office", "ledger:problems")


@pytest.mark.capability("001", 80, clauses=["P1.4"])
def test_everything_is_on_record_with_its_own_time() -> None:
    """A meeting of the 3rd recorded on the 9th keeps both days, and the chain of the run is whole."""
    city = City()
    city.to("2008-04-09")
    everyone = {"water.head": "present", "water.chief": "present"}
    answer = city.water.hold("exchange", by="water.head", attendance=everyone, at=at("2008-04-03"))
    assert (answer.entries[0].at.day, answer.entries[0].recorded_at.day) == (3, 9)
    assert city.water.verify() == ()
