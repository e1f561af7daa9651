"""Plan 000, a district health bureau: what the engine makes of it.

Only what the plan leaves open for a poll is settled here, so that it can be held at all; everything else is the plan.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.examples.bench import DIGEST, OTHER, Bench

from phaseflow import Refused

ROSTER = {
    "wang": "main_leader", "xu": "team_member", "wu": "office", "li": "member", "bai": "branch",
    "pu": "publicity_group", "sun": "inspectors", "qi": "district_office",
    "dai": "discipline_department", "ou": "organisation_department",
    "hu": "masses", "fei": "non_party",
}  # fmt: skip
POLL = "phases: {closing: {duties: {satisfaction: {anonymous: true, quorum: none, smallest_group: 1}}}}"


def bureau(now: str = "2009-03-01", settle: str = "") -> Bench:
    return Bench("health_bureau", roster=ROSTER, start="2009-03-01", now=now, settle=settle)


def after(phase: str, settle: str = "") -> Bench:
    """The bureau once the phases up to this one are closed; the plan names nobody to close them, so the office does."""
    bench = bureau(settle=settle)
    for name, day in (("study", "2009-05-01"), ("analysis", "2009-07-01"), ("rectify", "2009-09-01")):
        bench.to(day).run.request(f"{name}.close", by="wu")
        if name == phase:
            break
    return bench


@pytest.mark.capability("000", 1, 13, clauses=["C1", "C2", "C3"])
def test_three_phases_one_after_the_other_and_links_without_days():
    """C1 to C3: the phases have days of their own, the links within them have none."""
    bench = bureau()
    assert bench.days("study") == (date(2009, 3, 1), date(2009, 4, 30))
    assert bench.days("analysis") == (date(2009, 5, 1), date(2009, 6, 30))
    assert bench.days("rectify") == (date(2009, 7, 1), date(2009, 8, 31))
    assert "study/learning" not in bench.events("RunStarted")[0].windows
    assert "ten_ones" in bench.owes("wu")


@pytest.mark.capability("000", 4, clauses=["S2"])
def test_the_campaign_begins_in_about_march_and_never_ends_by_itself():
    """S2: the first edge is approximate; half a year after its last day the run is open, until somebody ends it."""
    bench = after("rectify")
    assert bench.events("RunStarted")[0].windows["campaign"].about
    assert bench.to("2010-03-01").run.status().status == "running"
    bench.run.request("completed", by="wu")
    assert bench.run.status().outcome == "completed"


@pytest.mark.capability("000", 18, clauses=["C1"])
def test_progress_obeys_quality():
    """D3.2: the end of a window makes an event; the phase stays open until somebody closes it."""
    bench = bureau().to("2009-05-10")
    assert [event.phase for event in bench.events("WindowEnded")] == ["study"]
    assert bench.phases()["study"] == "overdue"
    bench.run.request("study.close", by="wu")
    assert bench.phases()["study"] == "closed"


@pytest.mark.capability("000", 12, 80, clauses=["C1.1.7"])
def test_what_happened_before_the_plan_was_signed_is_recorded_afterwards():
    """E1: the plan is of 27 March; a study day of 5 March counts for its own week, with both times on record."""
    bench = bureau(now="2009-03-27")
    entry = bench.run.record("study_day", by="li", amount="1 day", at="2009-03-05").entries[0]
    assert (entry.at.date(), entry.recorded_at.date()) == (date(2009, 3, 5), date(2009, 3, 27))
    done = [event for event in bench.events("DutyDone") if "study_day" in event.key]
    assert [event.subject for event in done] == ["li"]


@pytest.mark.capability("000", 10, 30, 35, clauses=["C1.1.7"])
def test_a_study_day_is_owed_in_every_whole_week():
    """C1.1.7: eight whole weeks lie in the phase; the Sunday at its beginning and the days at its end owe nothing."""
    bench = bureau().to("2009-05-02")
    weeks = [event.period for event in bench.events("DutyOpened") if event.name == "study_day" and event.amount]
    assert [week.first for week in weeks] == [date(2009, 3, 2) + timedelta(weeks=count) for count in range(8)]
    assert all(week.last - week.first == timedelta(days=6) for week in weeks)
    assert [event.outstanding for event in bench.fallen_due("study_day")] == [4] * 8


@pytest.mark.capability("000", 30, 31, 33, clauses=["C1.1.9", "C1.1.10"])
def test_notes_and_reflections_are_owed_by_each_person():
    """C1.1.9, C1.1.10: ten thousand characters and three articles, each in its own unit."""
    bench = bureau().to("2009-03-10")
    bench.run.record("notes", by="li", amount="9999 characters")
    assert "notes" in bench.owes("li")
    bench.run.record("notes", by="li", amount="1 character")
    assert "notes" not in bench.owes("li")
    assert "notes" in bench.owes("bai")
    assert {owed.subject: owed.rest for owed in bench.run.todo("li")}["reflections"] == "3 of 3 articles"
    with pytest.raises(Refused, match="articles"):
        bench.run.record("reflections", by="li", amount="2 pages")


@pytest.mark.capability("000", 34, clauses=["C1.1.6"])
def test_ten_ones_are_complete_only_when_all_ten_are():
    """C1.1.6: nine of ten leave the bundle owed."""
    bench = bureau()
    ten = bench.plan.levels["unit"].duties["ten_ones"].spec.items
    assert len(ten) == 10
    bench.tick_all("ten_ones", map(str, ten[:9]), by="wu")
    assert "ten_ones" in bench.owes("wu")
    bench.run.check("ten_ones", str(ten[9]), by="wu")
    assert "ten_ones" not in bench.owes("wu")


@pytest.mark.capability("000", 39, clauses=["D2.4"])
def test_people_outside_the_party_are_heard_and_owe_nothing():
    """D2.4: they have no list; their opinion on the bureau is taken all the same."""
    bench = after("study")
    assert bench.owes("fei") == set()
    bench.run.draft("opinions", by="wu", digest=DIGEST)
    bench.run.opine("opinions", by="fei", ref="letter 1")


@pytest.mark.capability("000", 45, 41, clauses=["C2.2.3", "C2.2.4"])
def test_who_reviews_a_speech_depends_on_whose_it_is():
    """C2.2.3, C2.2.4: the inspection group reads the main leader's, the main leader reads the others'."""
    bench = after("study")
    bench.run.draft("speech_of_main_leader", by="wang", digest=DIGEST)
    bench.run.draft("speech_of_member", by="xu", digest=DIGEST)
    with pytest.raises(Refused, match="that takes 'inspectors'"):
        bench.run.judge("speech_of_main_leader", by="xu", accept=True)
    with pytest.raises(Refused, match="that takes 'main_leader'"):
        bench.run.judge("speech_of_member", by="sun", accept=True, subject="xu")
    bench.run.judge("speech_of_main_leader", by="sun", accept=True)
    bench.run.judge("speech_of_member", by="wang", accept=True, subject="xu")
    assert "speech_of_member" not in bench.owes("xu")


@pytest.mark.capability("000", 47, clauses=["C2.2.4", "C1.2.2"])
def test_each_member_of_the_body_has_a_speech_of_their_own_and_everybody_a_report():
    """C2.2.4, C1.2.2: documents come from roles."""
    bench = bureau()
    assert {one for one in ROSTER if "research_report" in bench.owes(one)} == {"wang", "xu", "li", "bai"}
    bench = after("study")
    assert {one for one in ROSTER if "speech_of_member" in bench.owes(one)} == {"xu"}


@pytest.mark.capability("000", 50, clauses=["C1.2.1"])
def test_a_report_needs_a_topic_of_ones_own():
    """C1.2.1, C1.2.2: one person, one topic; the topics of others neither help nor hinder."""
    bench = bureau()
    with pytest.raises(Refused, match="'topic'"):
        bench.run.draft("research_report", by="li", digest=DIGEST)
    bench.run.complete("topic", by="li")
    assert "research_report" in bench.ready("li") - bench.ready("xu")
    bench.run.draft("research_report", by="li", digest=DIGEST)


def met(bench: Bench, *, leave: str = "") -> None:
    """Do what the democratic-life meeting needs, but one thing."""
    for name in ("wang", "xu"):
        if leave != "talks":
            bench.run.complete("talks", by=name)
    bench.run.draft("speech_of_body", by="wang", digest=DIGEST)
    bench.run.draft("speech_of_main_leader", by="wang", digest=DIGEST)
    for speech in ("speech_of_body", "speech_of_main_leader"):
        if leave != speech:
            bench.run.judge(speech, by="sun", accept=True)
    bench.run.draft("speech_of_member", by="xu", digest=DIGEST)
    bench.run.judge("speech_of_member", by="wang", accept=True, subject="xu")


@pytest.mark.capability("000", 53, clauses=["C2.2.2"])
def test_before_the_meeting_they_talk_with_each_other():
    """C2.2.2: without the talks the meeting is refused."""
    bench = after("study")
    met(bench, leave="talks")
    with pytest.raises(Refused, match="'talks'"):
        bench.run.hold("life_meeting", by="wang", attendance={"wang": "present", "xu": "present"})


@pytest.mark.capability("000", 53, clauses=["C2.2.3"])
def test_before_the_meeting_the_speeches_are_reviewed():
    """C2.2.3: a speech that is written and not reviewed holds the meeting up."""
    bench = after("study")
    met(bench, leave="speech_of_main_leader")
    with pytest.raises(Refused, match="'speech_of_main_leader'"):
        bench.run.hold("life_meeting", by="wang", attendance={"wang": "present", "xu": "present"})


@pytest.mark.capability("000", 54, 58, clauses=["C2.2.7", "C2.2.1"])
def test_departments_sit_in_and_the_body_is_all_there():
    """C2.2.7, C2.2.10: observers are invited and need not come; the whole body does; nobody is judged."""
    bench = after("study")
    met(bench)
    with pytest.raises(Refused, match="xu"):
        bench.run.hold("life_meeting", by="wang", attendance={"wang": "present"})
    bench.run.hold("life_meeting", by="wang", attendance={"wang": "present", "xu": "present", "sun": "present"})
    held = bench.events("MeetingHeld")[-1]
    assert dict(held.attendance) == {"wang": "present", "xu": "present", "sun": "present"}
    assert not bench.events("DutyFoundPoor")


@pytest.mark.capability("000", 9, 55, 78, clauses=["C2.2.8"])
def test_after_the_meeting_a_report_goes_to_the_district_office():
    """C2.2.8: it is owed from the meeting on, has no last day, and ends with its submission."""
    bench = after("study")
    assert "life_report" not in bench.ready("wu")
    met(bench)
    bench.run.hold("life_meeting", by="wang", attendance={"wang": "present", "xu": "present"})
    assert bench.due("wu", "life_report") is None
    bench.run.draft("life_report", by="wu", digest=DIGEST)
    bench.run.hand("life_report", "submit", by="wu")
    assert "life_report" not in bench.owes("wu")


@pytest.mark.capability("000", 31, 58, clauses=["C2.2.9"])
def test_all_members_come_to_the_organisation_life_meeting():
    """C2.2.9: attendance is asked for, a verdict on anybody is not."""
    bench = after("study")
    with pytest.raises(Refused, match="li"):
        bench.run.hold(
            "organisation_meeting", by="bai", attendance={"bai": "present", "wang": "present", "xu": "present"}
        )
    bench.run.hold("organisation_meeting", by="bai", attendance=dict.fromkeys(("bai", "wang", "xu", "li"), "present"))


def drafted(bench: Bench) -> Bench:
    """The analysis report's first draft, with all that it is based on."""
    run = bench.run
    for name in ("wang", "xu", "li", "bai"):
        run.complete("topic", by=name)
        run.draft("research_report", by=name, digest=DIGEST)
    run.hold("debate", by="wang")
    bench.to("2009-05-01").run.request("study.close", by="wu")
    bench.to("2009-05-20")
    met(bench)
    run.hold("life_meeting", by="wang", attendance={"wang": "present", "xu": "present"})
    run.draft("opinions", by="wu", digest=DIGEST)
    run.opine("opinions", by="hu", ref="letter 1")
    run.end_consultation("opinions", by="wu")
    run.draft("report", by="xu", digest=DIGEST)
    return bench


def reviewed(bench: Bench) -> Bench:
    """The report up to the review by the masses."""
    run = drafted(bench).run
    run.judge("report", by="wang", accept=True)
    run.opine("report", by="hu", ref="letter 2")
    run.end_consultation("report", by="xu")
    run.draft("report", by="xu", digest=OTHER)
    run.judge("report", by="sun", accept=True)
    return bench


def steps(bench: Bench, document: str) -> list[str]:
    """The steps that a document has reached, in order."""
    return [event.step for event in bench.events("DocumentReached") if event.key.endswith(f"/{document}")]


@pytest.mark.capability("000", 42, 43, 41, clauses=["C2.3.5", "C2.3.6", "C2.4.4"])
def test_the_report_goes_from_draft_to_review_version_to_final():
    """C2.3.4 to C2.4.4: discussed, heard, revised, vetted, reviewed, absorbed, filed; filing holds nothing up."""
    bench = reviewed(bureau())
    run = bench.run
    run.opine("report", by="hu", ref="letter 3")
    run.end_consultation("report", by="xu")
    run.draft("report", by="xu", digest=DIGEST, answers={"1": "chapter 2", "2": "chapter 3"})
    assert steps(bench, "report")[:7] == [
        "draft", "enlarged_meeting", "consult", "revision", "vet", "mass_review", "final",
    ]  # fmt: skip
    assert any(event.key.endswith("/report") for event in bench.events("DutyDone"))
    run.hand("report", "file", by="xu")
    assert [event.version for event in bench.events("VersionDrafted") if event.key.endswith("/report")] == [1, 2, 3]


@pytest.mark.capability("000", 43, clauses=["C2.3.6"])
def test_the_inspection_group_may_send_the_report_back_as_often_as_it_must():
    """C2.3.5, C2.3.6: each return leads to a new version; the discussion stands."""
    bench = drafted(bureau())
    run = bench.run
    run.judge("report", by="wang", accept=True)
    run.opine("report", by="hu", ref="letter 2")
    run.end_consultation("report", by="xu")
    for _ in range(3):
        run.draft("report", by="xu", digest=OTHER)
        run.judge("report", by="sun", accept=False, reason="no causes")
    assert [event.to for event in bench.events("DocumentReturned")] == ["revision"] * 3
    assert [event.version for event in bench.events("VersionDrafted") if event.key.endswith("/report")] == [1, 2, 3, 4]


@pytest.mark.capability("000", 50, clauses=["C2.3.1"])
def test_the_report_is_drafted_from_what_went_before():
    """C2.3.1: without the research reports, the meeting and the debate there is no draft."""
    bench = after("study")
    with pytest.raises(Refused) as refused:
        bench.run.draft("report", by="xu", digest=DIGEST)
    assert refused.value.kind == "unmet"
    assert "report" not in bench.ready("xu")


@pytest.mark.capability("000", 52, clauses=["C2.4.2"])
def test_reviewers_are_told_the_five_criteria():
    """C2.4.2: the criteria stand on the step that the report has reached."""
    bench = reviewed(bureau())
    step = bench.plan.levels["unit"].duties["report"].step_named(steps(bench, "report")[-1])
    assert step is not None
    assert list(step.spec.criteria) == [
        "depth_of_understanding", "accuracy_of_problems", "thoroughness_of_causes", "clarity_of_ideas",
        "feasibility_of_measures",
    ]  # fmt: skip


@pytest.mark.capability("000", 44, clauses=["C2.3.5", "C2.4.3"])
def test_all_sides_are_heard_on_the_report():
    """C2.3.5, C2.4.3: an opinion of the masses is on record, and the final version answers it."""
    bench = reviewed(bureau())
    bench.run.opine("report", by="hu", ref="letter 3")
    bench.run.end_consultation("report", by="xu")
    bench.run.answer_opinion("report", 2, by="xu", absorbed=True, reason="chapter 3")
    bench.run.draft("report", by="xu", digest=DIGEST)
    assert [(event.number, event.absorbed) for event in bench.events("OpinionAnswered")] == [(2, True)]
    given = [event for event in bench.events("OpinionGiven") if event.key.endswith("/report")]
    assert [event.step for event in given] == ["consult", "mass_review"]


@pytest.mark.capability("000", 44, 79, clauses=["C1.2.3"])
def test_opinions_come_in_on_six_channels():
    """C1.2.3: the call is over only when all six channels are there."""
    bench = bureau()
    for channel in ("forms", "boxes", "telephone", "email", "visits"):
        bench.run.check("good_ideas_channels", channel, by="wu")
    assert "good_ideas_channels" in bench.owes("wu")
    bench.run.check("good_ideas_channels", "group_talks", by="wu")
    assert "good_ideas_channels" not in bench.owes("wu")


@pytest.mark.capability("000", 20, clauses=["C3.3.1"])
def test_work_on_institutions_may_begin_at_once():
    """C3.3.1: it belongs to the third phase and can be done in the first."""
    bench = bureau()
    assert "institutions" in bench.owes("wang")
    bench.run.complete("institutions", by="wang")
    bench.to("2009-05-01").run.request("study.close", by="wu")
    bench.to("2009-07-01").run.request("analysis.close", by="wu")
    assert bench.phases()["rectify"] == "open"
    assert "institutions" not in bench.owes("wang")


ITEM = dict.fromkeys(("item", "goal", "time_limit", "measures", "leader", "department", "person"), "as agreed")


def item(bench: Bench, kind: str = "ripe", **more: Any) -> str:
    found: str = bench.run.open_item("problems", by="wu", kind=kind, owner="xu", fields=ITEM, **more).events[0].item
    return found


@pytest.mark.capability("000", 19, clauses=["C3.2.1"])
def test_problems_are_taken_up_and_solved_in_every_phase():
    """C3.2.1: the ledger is open from the first day; an item may be settled before the third phase."""
    bench = bureau()
    name = item(bench)
    bench.run.publish_item(name, by="wu")
    bench.run.settle_item(name, by="xu")
    assert bench.phases()["rectify"] == "ahead"
    assert bench.events("ItemSettled")


@pytest.mark.capability("000", 68, clauses=["C3.1.3"])
def test_an_item_names_seven_things():
    """C3.1.3: whatever is missing is named, all at once."""
    bench = bureau()
    with pytest.raises(Refused) as refused:
        bench.run.open_item("problems", by="wu", kind="ripe", owner="xu", fields={"item": "queues"})
    for field in ("goal", "time_limit", "measures", "leader", "department", "person"):
        assert field in str(refused.value)


@pytest.mark.capability("000", 71, clauses=["C3.1.3"])
def test_an_item_comes_with_a_public_commitment():
    """C3.1.3: it cannot be settled before it was published."""
    bench = bureau()
    name = item(bench)
    with pytest.raises(Refused, match="publish"):
        bench.run.settle_item(name, by="xu")
    bench.run.publish_item(name, by="wu")
    bench.run.settle_item(name, by="xu")


@pytest.mark.capability("000", 69, 72, clauses=["C3.2.4", "C3.2.5", "C3.2.6", "C3.2.7"])
def test_problems_are_ranked_on_two_axes_and_treated_in_four_ways():
    """C3.1.2, C3.2.4 to C3.2.7: readiness decides the treatment, urgency and difficulty the rank."""
    bench = bureau()
    for kind in ("ripe", "with_effort", "lacking", "several_units"):
        item(bench, kind, axes={"urgency": "urgent", "difficulty": "hard"})
    assert [event.kind for event in bench.events("ItemOpened")] == ["ripe", "with_effort", "lacking", "several_units"]
    with pytest.raises(Refused, match="urgency"):
        item(bench, axes={"urgency": "whenever", "difficulty": "hard"})


@pytest.mark.capability("000", 75, clauses=["C3.3.5"])
def test_each_rule_is_abolished_improved_kept_or_created():
    """C3.3.5: a second ledger holds the rules, in four dispositions and no other."""
    bench = bureau()
    for kind in ("abolish", "improve", "keep", "create"):
        bench.run.open_item("rules", by="wu", kind=kind, owner="wu", fields={})
    with pytest.raises(Refused, match="'forget'"):
        bench.run.open_item("rules", by="wu", kind="forget", owner="wu", fields={})


@pytest.mark.capability("000", 27, clauses=["D4.2"])
def test_actions_of_ones_own_hold_up_nobody():
    """D4.2: they may be added in every phase, and the phase closes without them."""
    bench = bureau()
    bench.run.add_action("study", "reading_corner", by="wu", title="A reading corner")
    bench.to("2009-05-01").run.request("study.close", by="wu")
    assert bench.phases()["study"] == "closed"
    bench.run.add_action("analysis", "open_day", by="wu", title="An open day")


@pytest.mark.capability("000", 41, 49, clauses=["C3.1.4", "C3.1.5"])
def test_the_rectification_plan_is_vetted_published_and_filed():
    """C3.1.4, C3.1.5: vetting holds it up, then it is published to members and masses; filing holds nothing up."""
    bench = reviewed(bureau())
    run = bench.run
    run.opine("report", by="hu", ref="letter 3")
    run.end_consultation("report", by="xu")
    run.draft("report", by="xu", digest=DIGEST, answers={"1": "yes", "2": "yes"})
    bench.to("2009-07-01").run.request("analysis.close", by="wu")
    bench.to("2009-07-10")
    run.draft("rectification_plan", by="xu", digest=DIGEST)
    with pytest.raises(Refused):
        run.hand("rectification_plan", "publish", by="xu")
    run.judge("rectification_plan", by="sun", accept=True)
    run.hand("rectification_plan", "publish", by="xu")
    assert any(event.key.endswith("/rectification_plan") for event in bench.events("DutyDone"))
    run.hand("rectification_plan", "file", by="xu")


@pytest.mark.capability("000", 38, 30, clauses=["C3.2.3"])
def test_some_problems_are_solved_without_a_number():
    """C3.2.3: a person says when it is enough; no amount is asked for."""
    bench = after("analysis")
    assert {"solved", "deeds"} <= bench.owes("wang")
    bench.run.record("deeds", by="wang", amount="1 deed")
    assert "deeds" not in bench.owes("wang")
    assert "solved" in bench.owes("wang")


@pytest.mark.capability("000", 26, clauses=["C4.1"])
def test_summary_and_poll_come_after_the_campaign():
    """C4.1: when the third phase is closed, a phase without days opens for them."""
    bench = after("rectify")
    assert bench.phases()["closing"] == "open"
    view = next(one for one in bench.run.status().phases if one.name == "closing")
    assert view.last is None
    assert "summary" in bench.owes("wu")


def summed_up(bench: Bench) -> Bench:
    bench.run.draft("summary", by="wu", digest=DIGEST)
    bench.run.hand("summary", "circulate", by="wu")
    bench.run.draft("poll_plan", by="wu", digest=DIGEST)
    return bench


@pytest.mark.capability("000", 66, clauses=["C4.5"])
def test_there_is_no_poll_without_a_plan_of_it():
    """C4.5: the poll cannot be opened before its plan is there."""
    bench = after("rectify", POLL)
    bench.run.draft("summary", by="wu", digest=DIGEST)
    bench.run.hand("summary", "circulate", by="wu")
    with pytest.raises(Refused, match="poll_plan"):
        bench.run.open_poll("satisfaction", by="wu")
    bench.run.draft("poll_plan", by="wu", digest=DIGEST)
    bench.run.open_poll("satisfaction", by="wu")


@pytest.mark.capability("000", 59, 65, clauses=["C4.3"])
def test_the_poll_rates_two_things_and_changes_nothing():
    """C4.3, C4.4: nobody is satisfied, and no phase, duty or outcome follows from it; the result is on record."""
    bench = summed_up(after("rectify", POLL))
    bench.run.open_poll("satisfaction", by="wu")
    for edge in ("problems_solved", "effect_of_the_campaign"):
        bench.run.cast("satisfaction", edge, "dissatisfied", by="hu")
    before = bench.phases()
    answer = bench.run.close_poll("satisfaction", by="wu")
    assert {type(event).__name__ for event in answer.events} == {"PollCounted", "DutyDone"}
    counted = bench.events("PollCounted")[0]
    assert {(one.edge, one.favourable, one.base) for one in counted.results} == {
        ("problems_solved", 0, 1), ("effect_of_the_campaign", 0, 1),
    }  # fmt: skip
    assert counted.go == ()
    assert bench.phases() == before


@pytest.mark.capability("000", 9, clauses=["C4.7"])
def test_the_measures_are_improved_from_the_result():
    """C4.7: the task is ready once the poll is counted."""
    bench = summed_up(after("rectify", POLL))
    assert "better_measures" not in bench.ready("wang")
    bench.run.open_poll("satisfaction", by="wu")
    bench.run.cast("satisfaction", "problems_solved", "satisfied", by="hu")
    bench.run.cast("satisfaction", "effect_of_the_campaign", "satisfied", by="hu")
    bench.run.close_poll("satisfaction", by="wu")
    bench.run.complete("better_measures", by="wang")


@pytest.mark.capability("000", 73, clauses=["C4.7"])
def test_unsolved_problems_live_on_after_the_campaign():
    """C4.7: an item with a day of its own falls due after the run has ended, and is settled then."""
    bench = after("rectify")
    name = item(bench, "lacking", due="2010-03-01")
    bench.run.publish_item(name, by="wu")
    bench.run.request("completed", by="wu")
    assert bench.run.status().status == "concluded"
    bench.to("2010-03-05")
    assert [event.item for event in bench.events("ItemFellDue")] == [name]
    bench.run.settle_item(name, by="xu")


@pytest.mark.capability("000", 79, clauses=["D5.3"])
def test_experience_is_told_regularly_and_never_overdue():
    """D5.3: there is no interval in the plan, so nothing ever falls due, and the first letter ends it."""
    bench = bureau().to("2009-08-01")
    assert bench.due("wu", "good_practice") is None
    assert bench.fallen_due("good_practice") == []
    bench.run.complete("good_practice", by="wu")
    assert "good_practice" not in bench.owes("wu")


@pytest.mark.capability("000", 11, clauses=["C2"])
def test_a_phase_begins_on_labour_day():
    """C2: the first of May is a holiday, and nothing moves."""
    assert bureau().days("analysis")[0] == date(2009, 5, 1)
