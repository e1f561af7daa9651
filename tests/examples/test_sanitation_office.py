"""Plan 002-4, a district sanitation office: what the engine makes of it."""

from __future__ import annotations

from datetime import date

import pytest
from tests.examples.bench import DIGEST, Bench

from phaseflow import Refused

ROSTER = {
    "gao": "committee",
    "ma": "top_leader", "zhang": "publicity_lead", "song": "lead_group", "an": "office", "li": "staff", "wang": "staff",
    "hu": "masses",
}  # fmt: skip
RESEARCH = ("upwards_methods_of_advanced_units", "downwards_ideas_of_the_masses", "outwards_lessons_and_cooperation")


def office() -> Bench:
    return Bench("sanitation_office", roster=ROSTER, start="2012-02-01")


def after(phase: str) -> Bench:
    """The office once the phases up to this one are closed; the plan names nobody to close them, so the office does."""
    bench = office()
    for name, day in (("learn", "2012-03-01"), ("solve", "2012-04-01")):
        bench.to(day).run.request(f"{name}.close", by="an")
        if name == phase:
            break
    return bench


@pytest.mark.capability("002-4", 1, 2, 4, clauses=["D1", "D2", "D3"])
def test_three_months_three_phases_in_a_leap_year():
    """D1 to D3: each phase is a month; February 2012 ends on the 29th."""
    bench = office()
    assert bench.days("learn") == (date(2012, 2, 1), date(2012, 2, 29))
    assert bench.days("solve") == (date(2012, 3, 1), date(2012, 3, 31))
    assert bench.days("improve") == (date(2012, 4, 1), date(2012, 4, 30))


@pytest.mark.capability("002-4", 30, 31, 35, 33, clauses=["D1.6", "D1.7"])
def test_hours_and_notes_are_owed_by_each_over_the_whole_campaign():
    """D1.6, D1.7: hours of February and of April add up; they are due when the campaign ends."""
    bench = office()
    bench.run.record("study", by="li", amount="12 hours")
    bench.to("2012-03-01").run.request("learn.close", by="an")
    bench.to("2012-04-20")
    assert {owed.subject: owed.rest for owed in bench.run.todo("li")}["study"] == "8 of 20 hours"
    bench.run.record("study", by="li", amount="8 hours")
    assert "study" not in bench.owes("li")
    assert "study" in bench.owes("ma")
    assert bench.due("li", "notes") == date(2012, 4, 30)
    bench.run.record("notes", by="li", amount="5000 characters")
    assert "notes" not in bench.owes("li")


@pytest.mark.capability("002-4", 34, 40, clauses=["C1", "C2", "C3"])
def test_six_subjects_five_questions_five_breaks():
    """C1 to C3: each list is complete only when each of its entries is."""
    bench = office()
    for name, count in (("six_subjects", 6), ("five_questions", 5), ("five_breaks", 5)):
        entries = [str(entry) for entry in bench.plan.levels["unit"].duties[name].spec.items]
        assert len(entries) == count
        bench.tick_all(name, entries[:-1], by="an")
        assert name in bench.owes("an")
        bench.run.check(name, entries[-1], by="an")
        assert name not in bench.owes("an")


@pytest.mark.capability("002-4", 40, clauses=["D1.2"])
def test_there_are_three_ways_to_study():
    """D1.2 to D1.4: sitting down, inviting in, going out; all by the end of February."""
    bench = office()
    assert bench.due("an", "ways") == date(2012, 2, 29)
    bench.tick_all("ways", ("sit_down_meeting_documents", "invite_in_online_lectures"), by="an")
    bench.to("2012-03-01")
    assert len(bench.fallen_due("ways")) == 1


def done(bench: Bench, *, leave: str = "") -> Bench:
    """The first five of the six ones, but one of them."""
    run = bench.run
    if leave != "opinion_box":
        run.draft("opinion_box", by="an", digest=DIGEST)
        run.opine("opinion_box", by="hu", ref="letter 1")
        run.end_consultation("opinion_box", by="an")
    for meeting, by in (("forum", "an"), ("case_analysis", "an"), ("leaders_forum", "ma")):
        if leave != meeting:
            run.hold(meeting, by=by)
    if leave != "research":
        bench.tick_all("research", RESEARCH, by="an")
    return bench


@pytest.mark.capability("002-4", 34, 50, clauses=["D2.8"])
def test_the_sixth_of_six_ones_sums_up_the_phase():
    """D2.0 to D2.9: the self-check report is the summary of the phase, so it waits for the other five."""
    for leave in ("opinion_box", "forum", "research", "case_analysis", "leaders_forum"):
        bench = done(after("learn"), leave=leave)
        with pytest.raises(Refused) as refused:
            bench.run.draft("self_check_report", by="an", digest=DIGEST)
        assert refused.value.kind == "unmet"
        assert leave in str(refused.value)
    bench = done(after("learn"))
    bench.run.draft("self_check_report", by="an", digest=DIGEST)
    assert "self_check_report" not in bench.owes("an")


@pytest.mark.capability("002-4", 21, clauses=["D2.9"])
def test_the_report_is_due_with_its_phase():
    """D2.9: it is owed by the end of March, and the plan has nobody approve it."""
    bench = done(after("learn"))
    assert bench.due("an", "self_check_report") == date(2012, 3, 31)
    bench.run.draft("self_check_report", by="an", digest=DIGEST)
    assert [event.key for event in bench.events("DutyDone")][-1].endswith("/self_check_report")


@pytest.mark.capability("002-4", 76, clauses=["D2.5"])
def test_the_top_leader_holds_the_forum_of_leaders():
    """D2.5, E1.3: a worker cannot."""
    bench = after("learn")
    with pytest.raises(Refused, match="'top_leader'"):
        bench.run.hold("leaders_forum", by="li")
    bench.run.hold("leaders_forum", by="ma")


@pytest.mark.capability("002-4", 39, 79, clauses=["D2.1"])
def test_the_masses_are_heard_and_owe_nothing():
    """D2.1, E4.2: they put letters into the box and have no list of their own."""
    bench = after("learn")
    assert bench.owes("hu") == set()
    bench.run.draft("opinion_box", by="an", digest=DIGEST)
    bench.run.opine("opinion_box", by="hu", ref="letter 1")
    assert [event.group for event in bench.events("OpinionGiven")] == ["masses"]


@pytest.mark.capability("002-4", 68, clauses=["D2.6"])
def test_a_project_has_a_task_group_and_a_line_in_the_progress_table():
    """D2.6, D2.7: what is missing is named."""
    bench = after("learn")
    with pytest.raises(Refused) as refused:
        bench.run.open_item("projects", by="an", kind="any", owner="li", fields={"problem": "carts"})
    assert "task_group" in str(refused.value)
    assert "progress_table" in str(refused.value)


@pytest.mark.capability("002-4", 70, 19, clauses=["D2.7"])
def test_projects_are_opened_in_any_phase_and_closed_one_by_one():
    """D2.6: the list is there from the first day, and each project is settled alone."""
    bench = office()
    fields = {"problem": "carts", "task_group": "li, wang", "progress_table": "line 1"}
    kind = next(iter(bench.plan.levels["unit"].ledgers["projects"].classes), "")
    for _ in range(2):
        bench.run.open_item("projects", by="an", kind=kind, owner="li", fields=fields)
    bench.run.settle_item("projects/1", by="li")
    assert bench.run.status().items["projects"][1] == 2
    assert [event.item for event in bench.events("ItemSettled")] == ["projects/1"]


@pytest.mark.capability("002-4", 18, 14, clauses=["D1"])
def test_a_month_that_is_over_closes_nothing():
    """D1: on 10 March the first phase is overdue, and the second is open."""
    bench = office().to("2012-03-10")
    assert bench.phases()["learn"] == "overdue"
    assert bench.phases()["solve"] == "open"
    bench.run.request("learn.close", by="an")


@pytest.mark.capability("002-4", 13, 50, clauses=["D3.1", "D3.2", "D3.3"])
def test_goals_rules_and_plans_are_revised_in_april():
    """D3.1 to D3.3: three documents of the third phase."""
    bench = after("solve")
    for name in ("goals", "rules", "plans"):
        assert bench.due("an", name) == date(2012, 4, 30)
        bench.run.draft(name, by="an", digest=DIGEST)
    assert not {"goals", "rules", "plans"} & bench.owes("an")


@pytest.mark.capability("002-4", 79, clauses=["E3.1"])
def test_boards_report_on_the_debate_as_often_as_there_is_news():
    """E3.1: no interval, so nothing is ever overdue; the member in charge of publicity owes it."""
    bench = office().to("2012-04-30")
    assert "reports" in bench.owes("zhang")
    assert bench.fallen_due("reports") == []


@pytest.mark.capability("002-4", 38, clauses=["E1.1"])
def test_the_party_committee_leads_the_debate_and_has_no_day_for_it():
    """E1.1: leading is the committee's duty and nobody else's; it is done when the committee says so."""
    bench = office()
    assert bench.due("gao", "leadership") is None
    assert [name for name in ROSTER if "leadership" in bench.owes(name)] == ["gao"]
    with pytest.raises(Refused, match="'committee'"):
        bench.run.complete("leadership", by="ma")
    bench.run.complete("leadership", by="gao")
    assert "leadership" not in bench.owes("gao")


@pytest.mark.capability("002-4", 38, clauses=["E4.1"])
def test_supervision_has_no_number_and_no_day():
    """E4.1: it is done when the working group says so."""
    bench = office()
    assert bench.due("song", "supervision") is None
    bench.run.complete("supervision", by="song")
    assert "supervision" not in bench.owes("an")


@pytest.mark.capability("002-4", 51, clauses=["F2"])
def test_what_the_missing_annex_would_say_is_not_invented():
    """F3: the annex of key activities is not at hand, so no duty has a day within its phase; F2's role is real."""
    bench = office()
    assert "places" in bench.owes("zhang")
    days = {owed.due for name in ROSTER for owed in bench.run.todo(name)}
    assert days <= {date(2012, 2, 29), date(2012, 4, 30), None}
