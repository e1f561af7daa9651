"""Plan 003, a report that looks back on one phase: what the engine makes of it."""

from __future__ import annotations

import pytest
from tests.examples.bench import DIGEST, OTHER, Bench

from phaseflow import Refused

ROSTER = {
    "gu": "lead_group", "wu": "office", "xu": "leader", "he": "section_head", "li": "member",
    **{f"hu{number}": "masses" for number in range(6)},
}  # fmt: skip
SETTLED = "phases: {rectify: {duties: {mass_review: {anonymous: true, quorum: none, smallest_group: 1}}}}"
ASSUMED = {"first": "the bureau's report", "second": "the bureau's report"}
ITEM = dict.fromkeys(("item", "measure", "leader_in_charge", "responsible_section", "time_of_completion"), "fixed")


def bureau(settle: str = SETTLED) -> Bench:
    """The bureau, taken in where the report begins."""
    return Bench(
        "rectification_review", roster=ROSTER, start="2009-07-01", settle=settle, at_phase="rectify", assume=ASSUMED
    )


@pytest.mark.capability("003", 29, clauses=["B1.1"])
def test_a_run_begins_in_the_third_phase_and_invents_nothing_before_it():
    """B1.1: two phases are assumed, with what they rest on; none of their content is on record."""
    bench = bureau()
    assert [(event.phase, event.basis) for event in bench.events("PhaseAssumed")] == list(ASSUMED.items())
    assert bench.phases()["rectify"] == "open"
    assert {event.phase for event in bench.events("PhaseOpened")} == {"rectify"}
    assert bench.phases()["first"] == "assumed"


@pytest.mark.capability("003", 9, 13, clauses=["B1.2"])
def test_nothing_has_a_day_and_nothing_is_ever_overdue():
    """The report gives no dates: five years later no duty has fallen due and the phase is still open."""
    bench = bureau().to("2014-07-01")
    assert {owed.due for name in ROSTER for owed in bench.run.todo(name)} == {None}
    assert bench.events("DutyFellDue") == []
    assert bench.phases()["rectify"] == "open"


def planned(bench: Bench) -> Bench:
    """The rectification plan on its whole way."""
    run = bench.run
    run.draft("rectification_plan", by="gu", digest=DIGEST)
    run.judge("rectification_plan", by="xu", accept=True)
    run.opine("rectification_plan", by="li", ref="forum, no. 1")
    run.end_consultation("rectification_plan", by="gu")
    run.draft("rectification_plan", by="gu", digest=OTHER)
    run.hand("rectification_plan", "circulate", by="gu")
    return bench


@pytest.mark.capability("003", 42, 43, 44, clauses=["A1.4", "A1.5"])
def test_the_plan_is_discussed_by_body_and_forum_and_issued():
    """A1.1 to A1.5: drafted, discussed, heard in a forum, improved, issued; two versions are kept."""
    bench = planned(bureau())
    reached = [event.step for event in bench.events("DocumentReached")]
    assert reached[:5] == ["draft", "leaders_meeting", "forum", "absorb", "circulate"]
    assert [event.version for event in bench.events("VersionDrafted")] == [1, 2]
    assert "rectification_plan" not in bench.owes("gu")


@pytest.mark.capability("003", 10, 79, clauses=["A1.6"])
def test_the_office_meets_regularly_and_is_never_late():
    """A1.6: no interval is given."""
    bench = bureau().to("2009-12-01")
    assert "office_meetings" in bench.owes("wu")
    assert bench.fallen_due("office_meetings") == []


@pytest.mark.capability("003", 68, clauses=["B1.4"])
def test_five_things_are_fixed_for_each_problem():
    """B1.4: whatever is missing is named, all at once."""
    with pytest.raises(Refused) as refused:
        bureau().run.open_item("problems", by="xu", kind="ready", owner="he", fields={"item": "queues"})
    for field in ("measure", "leader_in_charge", "responsible_section", "time_of_completion"):
        assert field in str(refused.value)


@pytest.mark.capability("003", 69, clauses=["C3.2"])
def test_problems_have_four_treatments_and_three_horizons():
    """C1.1, C3.1 to C3.6: classes for the treatment; horizon, urgency, difficulty and power as axes."""
    bench = bureau()
    axes = {"urgency": "urgent", "difficulty": "hard", "horizon": "medium", "power": "now"}
    for kind in ("ready", "with_effort", "not_now", "joint"):
        bench.run.open_item("problems", by="xu", kind=kind, owner="he", fields=ITEM, axes=axes)
    assert [event.axes["horizon"] for event in bench.events("ItemOpened")] == ["medium"] * 4
    with pytest.raises(Refused, match="horizon"):
        bench.run.open_item(
            "problems", by="xu", kind="ready", owner="he", fields=ITEM, axes={**axes, "horizon": "soon"}
        )


@pytest.mark.capability("003", 70, 71, clauses=["C2.2"])
def test_a_problem_is_made_public_before_it_is_settled_and_closed_alone():
    """C2.2: public commitment first; settling one leaves the other open."""
    bench = bureau()
    for _ in range(2):
        bench.run.open_item("problems", by="xu", kind="ready", owner="he", fields=ITEM)
    with pytest.raises(Refused, match="publish"):
        bench.run.settle_item("problems/1", by="he")
    bench.run.publish_item("problems/1", by="xu")
    bench.run.settle_item("problems/1", by="he")
    assert [event.item for event in bench.events("ItemSettled")] == ["problems/1"]


@pytest.mark.capability("003", 72, 71, clauses=["C3.5"])
def test_what_cannot_be_solved_now_is_explained_to_the_masses():
    """C3.5: with its reason given the item counts as settled; another class cannot be explained away."""
    bench = bureau()
    for kind in ("not_now", "ready"):
        name = bench.run.open_item("problems", by="xu", kind=kind, owner="he", fields=ITEM).events[0].item
        bench.run.publish_item(name, by="xu")
    assert bench.run.status().items["problems"][0] == 2
    bench.run.explain_item("problems/1", by="he", reason="no hospital of that size is planned before 2012")
    assert bench.run.status().items["problems"][0] == 1
    with pytest.raises(Refused):
        bench.run.explain_item("problems/2", by="he", reason="inconvenient")


@pytest.mark.capability("003", 19, clauses=["A2"])
def test_problems_were_solved_before_the_third_phase():
    """A2: in a run that begins at the beginning the ledger is open in the first phase."""
    bench = Bench("rectification_review", roster=ROSTER, start="2009-03-01", settle=SETTLED)
    assert bench.phases()["first"] == "open"
    bench.run.open_item("problems", by="xu", kind="ready", owner="he", fields=ITEM)
    bench.run.publish_item("problems/1", by="xu")
    bench.run.settle_item("problems/1", by="he")
    assert bench.phases()["rectify"] == "ahead"


@pytest.mark.capability("003", 26, 73, clauses=["C4.1"])
def test_longer_problems_are_followed_up_after_the_campaign():
    """C4.1: the campaign is over, the long-term problem keeps its owner and its day, falls due, and is settled."""
    bench = bureau()
    bench.run.open_item(
        "problems", by="xu", kind="joint", owner="he", fields=ITEM, axes={"horizon": "long"}, due="2011-06-30"
    )
    bench.run.publish_item("problems/1", by="xu")
    bench.run.request("completed", by="wu")
    assert bench.run.status().status == "concluded"
    bench.to("2011-07-05")
    assert [event.item for event in bench.events("ItemFellDue")] == ["problems/1"]
    assert "problems/1" in bench.owes("he")
    bench.run.settle_item("problems/1", by="he")
    with pytest.raises(Refused, match="open"):
        bench.run.archive()


@pytest.mark.capability("003", 65, clauses=["C2.3"])
def test_the_masses_review_and_nothing_follows_by_itself():
    """C2.3: the report knows an aim and no mark, so a poor result changes nothing."""
    bench = planned(bureau())
    bench.run.open_poll("mass_review", by="wu")
    for number in range(6):
        bench.run.cast("mass_review", "masses_rate_bureau", "dissatisfied", by=f"hu{number}")
    before = bench.phases()
    answer = bench.run.close_poll("mass_review", by="wu")
    assert {type(event).__name__ for event in answer.events} == {"PollCounted", "DutyDone"}
    assert bench.events("PollCounted")[0].go == ()
    assert bench.phases() == before


@pytest.mark.capability("003", 53, clauses=["A1.1"])
def test_the_masses_review_what_was_done_under_the_plan():
    """C2.3: the review waits for the plan."""
    bench = bureau()
    with pytest.raises(Refused, match="rectification_plan"):
        bench.run.open_poll("mass_review", by="wu")


@pytest.mark.capability("003", 18, 80, clauses=["B1.2"])
def test_the_phase_ends_when_somebody_ends_it():
    """The report names nobody, so the office is asked: it may close the phase, the leading body may not."""
    bench = bureau().to("2010-01-01")
    with pytest.raises(Refused, match="'office'"):
        bench.run.request("rectify.close", by="xu")
    bench.run.request("rectify.close", by="wu")
    assert bench.phases()["rectify"] == "closed"


@pytest.mark.capability("003", 38, clauses=["D1"])
def test_institutions_are_made_without_a_number_of_more():
    """D1: the two that the report names are ticked; nobody in particular owes them, so the office is asked."""
    bench = bureau()
    bench.tick_all("institutions", ("talent_measures", "regional_plan"), by="wu")
    assert "institutions" not in bench.owes("wu")


@pytest.mark.capability("003", 79, 49, clauses=["E1"])
def test_publicity_goes_through_the_paper_and_three_televisions():
    """E1: four media, each ticked."""
    bench = bureau()
    bench.tick_all("publicity", ("newspaper", "provincial_television", "city_television"), by="gu")
    assert "publicity" in bench.owes("gu")
    bench.run.check("publicity", "county_television", by="gu")
    assert "publicity" not in bench.owes("gu")


@pytest.mark.capability("003", 25, clauses=["C4.1"])
def test_the_batch_belongs_to_the_run_and_the_report_names_none():
    """E2: hospitals take part in the second batch; whoever starts a run says which batch it is."""
    bench = Bench("rectification_review", roster=ROSTER, start="2010-03-01", settle=SETTLED, batch=2)
    assert bench.events("RunStarted")[0].batch == 2
    assert bureau().events("RunStarted")[0].batch is None
    bench.run.complete("follow_up", by="wu") if "follow_up" in bench.owes("wu") else None
    assert "follow_up" in bureau().owes("wu")
