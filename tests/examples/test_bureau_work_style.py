"""Plan 002-3, a city bureau in July: what the engine makes of it."""

from __future__ import annotations

from datetime import date

import pytest
from tests.examples.bench import DIGEST, Bench

from phaseflow import Refused

ROSTER = {"lu": "head leader", "tan": "deputy_head leader", "an": "office", "li": "staff", "ma": "staff"}
STAFF = ("lu", "tan", "li", "ma")


def bureau(start: str = "2011-07-08") -> Bench:
    return Bench("bureau_work_style", roster=ROSTER, start=start, bodies={"section": ["one", "two"]})


def after(phase: str) -> Bench:
    """The bureau once the phases up to this one are closed; the plan names nobody to close them, so the office does."""
    bench = bureau()
    for name, day in (("mobilise", "2011-07-16"), ("search", "2011-07-23")):
        bench.to(day).run.request(f"{name}.close", by="an")
        if name == phase:
            break
    return bench


@pytest.mark.capability("002-3", 1, 13, clauses=["D1", "D2", "D3"])
def test_three_phases_follow_each_other_without_a_gap():
    """D1 to D3: eight, seven and eight days."""
    bench = bureau()
    assert bench.days("mobilise") == (date(2011, 7, 8), date(2011, 7, 15))
    assert bench.days("search") == (date(2011, 7, 16), date(2011, 7, 22))
    assert bench.days("improve") == (date(2011, 7, 23), date(2011, 7, 30))
    assert bench.days("campaign") == (date(2011, 7, 8), date(2011, 7, 30))


@pytest.mark.capability("002-3", 2, clauses=["D1"])
def test_the_year_is_bound_when_a_run_starts():
    """The plan has no year: the same plan runs in 2011 and in 2012."""
    for year in (2011, 2012):
        assert bureau(f"{year}-07-08").days("mobilise")[0] == date(year, 7, 8)


@pytest.mark.capability("002-3", 7, 8, clauses=["D3.2"])
def test_the_summary_meeting_is_on_the_29th_and_ends_nothing():
    """D3.2: it is due one day before the phase ends; held or missed, the phase is open on the 30th."""
    bench = after("search")
    assert bench.due("an", "conference") == date(2011, 7, 29)
    bench.to("2011-07-29").run.hold("conference", by="an")
    bench.to("2011-07-30")
    assert bench.phases()["improve"] == "open"
    late = after("search").to("2011-07-30")
    assert len(late.fallen_due("conference")) == 1
    assert late.phases()["improve"] == "open"


@pytest.mark.capability("002-3", 18, clauses=["D1"])
def test_the_end_of_a_window_closes_nothing():
    """The plan names no gate: on 20 July the first phase is overdue, and the second is open beside it."""
    bench = bureau().to("2011-07-20")
    assert bench.phases()["mobilise"] == "overdue"
    assert bench.phases()["search"] == "open"
    bench.run.request("mobilise.close", by="an")
    assert bench.phases()["mobilise"] == "closed"


@pytest.mark.capability("002-3", 21, clauses=["E4.1"])
def test_the_office_sums_up_every_phase_and_nobody_approves():
    """E4.1: three written summaries, due with their phases; a draft is all it takes."""
    bench = bureau()
    for phase, end, next_day in (
        ("mobilise", date(2011, 7, 15), "2011-07-16"),
        ("search", date(2011, 7, 22), "2011-07-23"),
        ("improve", date(2011, 7, 30), "2011-07-30"),
    ):
        assert bench.due("an", f"{phase}_report") == end
        bench.run.draft(f"{phase}_report", by="an", digest=DIGEST)
        assert f"{phase}_report" not in bench.owes("an")
        bench.to(next_day).run.request(f"{phase}.close", by="an")


@pytest.mark.capability("002-3", 47, 31, clauses=["E1.2"])
def test_every_worker_has_measures_of_their_own():
    """E1.2: one document a worker, also of the leading body; handing in one's own leaves the others'."""
    bench = bureau()
    assert {name for name in ROSTER if "measure" in bench.owes(name)} == set(STAFF)
    bench.run.draft("measure", by="li", digest=DIGEST)
    assert {name for name in ROSTER if "measure" in bench.owes(name)} == set(STAFF) - {"li"}


@pytest.mark.capability("002-3", 47, 78, clauses=["D3.1"])
def test_every_worker_hands_a_summary_to_the_office():
    """D3.1: it is done when it was handed in, not when it was written."""
    bench = after("search")
    bench.run.draft("own_summary", by="li", digest=DIGEST)
    assert "own_summary" in bench.owes("li")
    bench.run.hand("own_summary", "submit", by="li")
    assert "own_summary" not in bench.owes("li")
    assert "own_summary" in bench.owes("ma")


@pytest.mark.capability("002-3", 56, clauses=["D1.4"])
def test_discussion_is_held_in_each_section():
    """D1.4: one section's meeting does not count for another."""
    bench = bureau()
    bench.run.record("talks", by="an", subject="one", amount="1 meeting")
    assert "talks" in bench.owes("an")
    with pytest.raises(Refused):
        bench.run.record("talks", by="an", subject="three", amount="1 meeting")
    bench.run.record("talks", by="an", subject="two", amount="1 meeting")
    bench.to("2011-07-16")
    assert bench.fallen_due("talks") == []


@pytest.mark.capability("002-3", 40, 54, clauses=["D2.2"])
def test_the_whole_staff_attends_the_debate():
    """D2.2: whoever is missing is named; an excuse is no presence of the rest."""
    bench = after("mobilise")
    with pytest.raises(Refused, match="ma"):
        bench.run.hold("full_debate", by="an", attendance=dict.fromkeys(("lu", "tan", "li"), "present"))
    bench.run.hold("full_debate", by="an", attendance=dict.fromkeys(STAFF, "present"))
    assert len(bench.events("MeetingHeld")) == 1


@pytest.mark.capability("002-3", 40, 51, 34, clauses=["C1"])
def test_the_four_breaks_are_one_list_under_two_names():
    """C1, D2.1: establishments here, improvements there; four entries in all, kept over the whole campaign."""
    bench = bureau()
    for entry in ("self_content_to_enterprise", "idleness_to_hard_work", "passing_the_buck_to_teamwork"):
        bench.run.check("four_breaks", entry, by="an")
    bench.to("2011-07-25")
    assert "four_breaks" in bench.owes("an")
    bench.run.check("four_breaks", "empty_forms_to_execution", by="an")
    assert "four_breaks" not in bench.owes("an")


@pytest.mark.capability("002-3", 19, clauses=["E1.2"])
def test_study_search_and_change_go_on_together():
    """D3.3: the personal measures belong to no phase; they are written in the first and owed in the last."""
    bench = bureau()
    bench.run.draft("measure", by="li", digest=DIGEST)
    bench.to("2011-07-25")
    bench.run.draft("measure", by="ma", digest=DIGEST)
    assert bench.due("lu", "measure") is None


@pytest.mark.capability("002-3", 79, clauses=["E2.1"])
def test_samples_are_taken_as_often_as_the_office_finds_right():
    """E2.1: regular and irregular checks have no interval, so none is ever overdue."""
    bench = bureau().to("2011-07-30")
    assert "spot_checks" in bench.owes("an")
    assert bench.fallen_due("spot_checks") == []
    bench.run.complete("spot_checks", by="an")


@pytest.mark.capability("002-3", 78, clauses=["E4.2"])
def test_good_practice_is_reported_upwards():
    """E4.2: the office owes it, without a day."""
    bench = bureau()
    assert bench.due("an", "good_practice") is None
    bench.run.complete("good_practice", by="an")
    assert "good_practice" not in bench.owes("an")


@pytest.mark.capability("002-3", 76, clauses=["F2"])
def test_the_lead_group_may_stand_without_names():
    """F2: the annex lists roles and no persons; a run starts all the same, and a head is appointed later."""
    bench = Bench("bureau_work_style", roster={"an": "office"}, start="2011-07-08", bodies={"section": ["one"]})
    assert bench.phases()["mobilise"] == "open"
    bench.run.join({"id": "lu", "roles": ["staff"]}, by="system")
    bench.run.appoint("lu", "head", by="system", since="2011-07-08")
    assert "plan" in bench.owes("lu")


@pytest.mark.capability("002-3", 80, clauses=["D1.1"])
def test_where_the_plan_names_nobody_the_office_acts_until_it_is_settled():
    """D1.1: nobody is named for the meeting; a worker may not call it, the office, which is asked, may."""
    bench = bureau()
    with pytest.raises(Refused, match="'office'"):
        bench.run.hold("kickoff", by="li")
    entry = bench.run.hold("kickoff", by="an").entries[0]
    assert (entry.actor, entry.authority) == ("an", "office")


@pytest.mark.capability("002-3", 41, 49, clauses=["D1.2"])
def test_the_plan_is_written_and_issued_to_the_staff():
    """D1.2: written by the lead group, done when it went round."""
    bench = bureau()
    bench.run.draft("plan", by="lu", digest=DIGEST)
    assert "plan" in bench.owes("lu")
    bench.run.hand("plan", "circulate", by="lu")
    assert "plan" not in bench.owes("lu")
