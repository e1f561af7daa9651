"""Plan 004, a district's second batch: further capabilities, each through the engine."""

from __future__ import annotations

from datetime import date

import pytest
from tests.examples.test_district_rules import DIGEST, DISTRICT, UNIT, Unit, events, names, plan

from phaseflow import Refused

FIELDS = dict.fromkeys(("content", "deadline", "goal", "measures", "responsible"), "as agreed")


def owes(run: object, person: str) -> set[str]:
    return {owed.subject for owed in run.todo(person)}  # type: ignore[attr-defined]


def analysing() -> Unit:
    unit = Unit().approved()
    unit.to("2009-05-01").run.request("study.close", by="qian")
    return unit.to("2009-05-18")


def rectifying() -> Unit:
    unit = Unit().approved()
    unit.to("2009-05-01").run.request("study.close", by="qian")
    unit.to("2009-07-01").run.request("analysis.close", by="qian")
    return unit.to("2009-07-05")


@pytest.mark.capability("004", 6, 13, clauses=["P1.1"])
def test_the_phase_is_open_for_eight_days_before_its_first_step():
    """P1, P1.1: from 1 to 8 March the phase is open and no step has begun; on the 9th the first does."""
    unit = Unit().approved().to("2009-03-08")
    assert unit.phases()["study"] == "open"
    assert "StepBegan" not in names(unit.run)
    unit.to("2009-03-09")
    assert [event.step for event in events(unit.run, "StepBegan")] == ["training"]


@pytest.mark.capability("004", 16, 76, clauses=["P1"])
def test_each_unit_has_its_own_clock():
    """M3, P1: one unit is through with the first phase, another has not begun, and the programme counts both."""
    unit = Unit().approved()
    other = unit.engine.start(plan(), unit="water", start="2009-02-20", programme=unit.programme, roster=UNIT)
    unit.to("2009-04-30").run.request("study.close", by="qian")
    assert unit.phases()["study"] == "closed"
    assert {phase.name: phase.state for phase in other.status().phases}["study"] == "waiting"


@pytest.mark.capability("004", 21, clauses=["M5.2"])
def test_each_phase_has_a_procedure_of_its_own():
    """M5.2: the office owes one document for each of the three phases."""
    unit = Unit().approved().to("2009-03-05")
    assert "study_procedure" in owes(unit.programme, "qian")
    unit.programme.draft("study_procedure", by="qian", digest=DIGEST)
    assert "study_procedure" not in owes(unit.programme, "qian")
    unit.to("2009-05-05")
    assert "analysis_procedure" in owes(unit.programme, "qian")


@pytest.mark.capability("004", 32, 33, clauses=["P1.1.10", "P1.1.11"])
def test_a_week_for_the_organisation_is_not_ten_days_for_a_member():
    """P1.1.10, P1.1.11: two quotas of two subjects in two units, and neither counts for the other."""
    unit = Unit().approved().to("2009-03-10")
    with pytest.raises(Refused, match="week"):
        unit.run.record("organisation_study", by="wang", amount="7 days")
    unit.run.record("organisation_study", by="wang", amount="1 week")
    assert "organisation_study" not in owes(unit.run, "wang")
    assert "member_study" in owes(unit.run, "wang")


@pytest.mark.capability("004", 36, clauses=["P1.2.8"])
def test_every_village_and_every_management_office_is_visited():
    """P1.2.8: coverage is by name; one village visited leaves the others owed."""
    unit = Unit()
    engine = unit.engine
    programme = engine.start(
        plan(), run="whole", start="2009-02-20", roster=DISTRICT, bodies={"village": ["v1", "v2"], "area": ["a1"]}
    )
    unit.to("2009-03-25")
    programme.record("villages", by="qian", subject="v1", amount="1 visit")
    assert "villages" in owes(programme, "qian")
    programme.record("villages", by="qian", subject="v2", amount="1 visit")
    unit.to("2009-04-14")
    late = {event.key.rsplit("/", 1)[1] for event in events(programme, "DutyFellDue") if event.outstanding}
    assert "areas" in late
    assert "villages" not in late


@pytest.mark.capability("004", 31, 34, clauses=["P1.2.9"])
def test_three_things_are_done_at_every_visited_household():
    """P1.2.9: households are listed as they are found; each has its own three."""
    unit = Unit().approved().to("2009-03-25")
    for name in ("red_gate", "mill"):
        unit.run.list_body("household", name, by="li")
    for entry in ("questionnaire", "forum", "publicity"):
        unit.run.check("households", entry, by="li", subject="mill")
    with pytest.raises(Refused):
        unit.run.check("households", "forum", by="li", subject="nowhere")
    done = [event.subject for event in events(unit.run, "DutyDone") if event.key.endswith("/households")]
    assert done == ["mill"]


@pytest.mark.capability("004", 34, 77, clauses=["P1.3.4"])
def test_each_district_leader_is_linked_with_four_ones():
    """P1.3.4: three of the four leave it owed."""
    unit = Unit().to("2009-04-15")
    for entry in ("village", "enterprise", "poor_household"):
        unit.programme.check("four_ones", entry, by="feng")
    assert "four_ones" in owes(unit.programme, "feng")
    unit.programme.check("four_ones", "project", by="feng")
    assert "four_ones" not in owes(unit.programme, "feng")


@pytest.mark.capability("004", 4, 77, clauses=["P1.2.2"])
def test_about_a_week_at_the_contact_point_is_never_missed():
    """P1.2.2: an approximate amount is asked for, and its end makes nothing overdue."""
    unit = Unit().to("2009-03-25")
    assert "contact_point" in owes(unit.programme, "zhao")
    unit.to("2009-05-20")
    assert not any(event.key.endswith("/contact_point") for event in events(unit.programme, "DutyFellDue"))


@pytest.mark.capability("004", 47, clauses=["P1.2.4", "P2.2.4"])
def test_each_leader_writes_a_report_and_a_speech():
    """P1.2.4, P2.2.4: documents come from roles; an ordinary member owes neither."""
    unit = Unit().approved().to("2009-03-25")
    assert {one for one in ("wang", "liu", "li") if "research_report" in owes(unit.run, one)} == {"wang", "liu"}
    unit = analysing()
    assert {one for one in ("wang", "liu", "li") if "speech" in owes(unit.run, one)} == {"wang", "liu"}


@pytest.mark.capability("004", 53, 54, 58, clauses=["P2.2.4"])
def test_the_democratic_life_meeting_has_preconditions_and_observers():
    """P2.2.2 to P2.2.7: it waits for speeches; observers are welcome and not needed; it judges nobody."""
    unit = analysing()
    run = unit.run
    run.complete("talks", by="wang")
    run.hold("focus_meeting", by="wang")
    run.draft("problems_report", by="wang", digest=DIGEST)
    both = {"wang": "present", "liu": "present"}
    with pytest.raises(Refused, match="'speech'"):
        run.hold("life_meeting", by="wang", attendance=both)
    for person in ("wang", "liu"):
        run.draft("speech", by=person, digest=DIGEST)
    run.hold("life_meeting", by="wang", attendance=both)
    assert "DutyFoundPoor" not in names(run)


@pytest.mark.capability("004", 50, clauses=["P2.1.4"])
def test_the_problems_report_feeds_the_meeting():
    """P2.1.4, P2.1.5: it comes out of the enlarged meeting."""
    unit = analysing()
    with pytest.raises(Refused, match="'focus_meeting'"):
        unit.run.draft("problems_report", by="wang", digest=DIGEST)
    unit.run.hold("focus_meeting", by="wang")
    unit.run.draft("problems_report", by="wang", digest=DIGEST)
    assert "problems_report" not in owes(unit.run, "wang")


@pytest.mark.capability("004", 40, clauses=["P2.1.1", "P1.1.9"])
def test_self_checks_are_lists():
    """P1.1.9, P2.1.1: three stricts, five searches; all but one is not all."""
    unit = Unit().approved().to("2009-03-10")
    for entry in ("attendance", "discipline"):
        unit.run.check("three_stricts", entry, by="wang")
    assert "three_stricts" in owes(unit.run, "wang")
    unit = analysing()
    for entry in ("guiding_practice", "gaps_to_neighbours", "fitness_of_ideas", "livelihood", "governing"):
        unit.run.check("five_searches", entry, by="wang")
    assert "five_searches" not in owes(unit.run, "wang")


@pytest.mark.capability("004", 66, clauses=["P2.4.2"])
def test_the_form_of_the_review_is_agreed_with_the_inspectors():
    """P2.4.2: the unit alone cannot settle it."""
    unit = Unit().approved()
    unit.to("2009-05-01").run.request("study.close", by="qian")
    unit.to("2009-06-17").run.complete("review_form", by="wang")
    assert not any(event.key.endswith("/review_form") for event in events(unit.run, "DutyDone"))
    unit.run.confirm("review_form", by="sun")
    assert any(event.key.endswith("/review_form") for event in events(unit.run, "DutyDone"))


@pytest.mark.capability("004", 68, 69, clauses=["P3.1.3"])
def test_five_things_are_clear_for_each_problem():
    """P3.1.2, P3.1.3: what is missing is named; readiness is the class, three more axes the rank."""
    unit = rectifying()
    with pytest.raises(Refused) as refused:
        unit.run.open_item("problems", by="liu", kind="ripe", owner="liu", fields={"content": "queues"})
    assert all(field in str(refused.value) for field in ("deadline", "goal", "measures", "responsible"))
    axes = {"weight": "heavy", "urgency": "urgent", "difficulty": "easy"}
    for kind in ("ripe", "with_effort", "staged"):
        unit.run.open_item("problems", by="liu", kind=kind, owner="liu", fields=FIELDS, axes=axes)
    assert [event.kind for event in events(unit.run, "ItemOpened")] == ["ripe", "with_effort", "staged"]


@pytest.mark.capability("004", 19, 70, 71, clauses=["P3.1.4"])
def test_problems_are_taken_up_from_the_first_phase_and_made_public():
    """P3.1.4, P3.2.1: while studying, a problem is published, then settled, alone."""
    unit = Unit().approved().to("2009-03-20")
    for _ in range(2):
        unit.run.open_item("problems", by="liu", kind="ripe", owner="liu", fields=FIELDS)
    with pytest.raises(Refused, match="publish"):
        unit.run.settle_item("problems/1", by="liu")
    unit.run.publish_item("problems/1", by="wang")
    unit.run.settle_item("problems/1", by="liu")
    assert [event.item for event in events(unit.run, "ItemSettled")] == ["problems/1"]


@pytest.mark.capability("004", 59, clauses=["P3.poll.2"])
def test_three_groups_rate_three_subjects():
    """P3.poll.2: leaders rate units, masses rate members, cadres rate leaders; nobody rates on another edge."""
    unit = Unit().at_the_poll()
    unit.run.open_poll("satisfaction", by="wang")
    unit.run.cast("satisfaction", "masses_rate_members", "satisfied", by="hu")
    unit.run.cast("satisfaction", "cadres_rate_leaders", "satisfied", by="li")
    with pytest.raises(Refused):
        unit.run.cast("satisfaction", "leaders_rate_units", "satisfied", by="hu")
    unit.run.cast("satisfaction", "leaders_rate_units", "satisfied", by="feng")
    unit.run.close_poll("satisfaction", by="wang")
    assert {one.edge for one in events(unit.run, "PollCounted")[0].results} == {
        "leaders_rate_units", "masses_rate_members", "cadres_rate_leaders",
    }  # fmt: skip


@pytest.mark.capability("004", 24, 25, clauses=["P3.poll.4"])
def test_a_redo_is_owed_to_the_next_batch_and_paid_by_its_run():
    """P3.poll.4: below the mark the run is owed once more; a run of the third batch redeems it."""
    unit = Unit().at_the_poll().poll(79, 100)
    assert unit.run.status().owes_redo
    unit.to("2010-02-20")
    third = unit.engine.start(plan(), start="2010-02-20", roster=DISTRICT, run="third", batch=3)
    again = unit.engine.start(
        plan(), unit="health", start="2010-02-20", programme=third, roster=UNIT, run="third/health", batch=3,
        redeems=unit.run,
    )  # fmt: skip
    assert unit.run.status().redeemed_by == again.id
    assert events(again, "RunStarted")[0].batch == 3


@pytest.mark.capability("004", 9, 26, clauses=["P3.poll", "P3.sum"])
def test_poll_and_summary_come_after_the_phases_without_a_day():
    """P3.poll, P3.sum: they open one after the other, and nothing of them is ever due."""
    unit = Unit().at_the_poll()
    assert unit.phases()["rating"] == "open"
    unit.poll(90, 100)
    assert unit.phases()["summing_up"] == "open"
    unit.to("2011-01-01")
    assert {owed.due for owed in unit.run.todo("wang") if owed.subject in ("summary", "conference")} == {None}


@pytest.mark.capability("004", 79, clauses=["O4.2"])
def test_the_bulletin_appears_regularly_and_is_never_late():
    """O4.2: there is no interval in the plan."""
    unit = Unit()
    shen = unit.engine.start(plan(), run="d", start="2009-02-20", roster=[{"id": "shen", "roles": ["lead_group"]}])
    unit.to("2009-08-01")
    assert "bulletin" in owes(shen, "shen")
    assert not any("bulletin" in event.key for event in events(shen, "DutyFellDue"))


@pytest.mark.capability("004", 79, clauses=["P1.2.11"])
def test_opinions_come_in_on_the_offices_channels():
    """P1.2.11 to P1.2.13: boxes, cards, hotline and forum are all there by the end of the step."""
    unit = Unit().to("2009-03-25")
    for channel in ("opinion_boxes", "opinion_cards", "hotline"):
        unit.programme.check("channels", channel, by="qian")
    unit.to("2009-04-13")
    assert [event.outstanding for event in events(unit.programme, "DutyFellDue") if "channels" in event.key] == [1]


@pytest.mark.capability("004", 80, clauses=["P1.1.12"])
def test_what_is_refused_and_recorded_names_clause_and_line():
    """P1.1.12: the list of a member cites the clause and the line of the rule; the trail knows who and when."""
    unit = Unit().approved().to("2009-03-10")
    notes = next(owed for owed in unit.run.todo("li") if owed.subject == "notes")
    assert notes.clause == "P1.1.12"
    assert "policy.yaml:" in notes.line
    entry = unit.run.record("notes", by="li", amount="100 characters", at="2009-03-09").entries[0]
    assert (entry.actor, entry.at.date(), entry.recorded_at.date()) == ("li", date(2009, 3, 9), date(2009, 3, 10))
