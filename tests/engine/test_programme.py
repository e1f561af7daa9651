"""A programme and its units: gates over shares, the census, withdrawal, redo in the next batch."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from phaseflow import Engine, Refused, compile_policy
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: tidy
zone: Asia/Shanghai
batch: 1
roles: {office: {of: programme}, lead: {of: unit}, member: {of: unit}}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end}}
phases:
  study:
    window: 03-01 .. 03-31
    duties: {brief: {task: Brief, by: office}, read: {task: Read, by: lead, needs: {done: brief}}}
    gate: {done: read}
  work: {window: 04-01 .. 04-30, duties: {dig: {task: Dig, by: lead}}}
programme:
  phases:
    study: {closes: by office, gate: {units: 2/3, closed: study}}
    work: {closes: by office, gate: {units: 2, reached: work}}
  outcomes: {over: {by: office, gate: {units: 100%, concluded: any}}}
outcomes:
  completed: {by: lead, gate: {closed: study}}
  redo: {by: office, owes: next_batch, carry: nothing}
"""


class Clock:
    now = datetime(2009, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Tidy:
    def __init__(self, *units: str) -> None:
        self.plan = compile_policy(read_policy(POLICY).result())
        self.engine = Engine(clock=Clock())
        self.top = self.engine.start(self.plan, start="2009-03-01", roster=[{"id": "qian", "roles": ["office"]}])
        self.units = {unit: self.start(unit) for unit in units}

    def start(self, unit: str, **more: Any) -> Any:
        roster = [{"id": f"{unit}.lead", "roles": ["lead"]}]
        return self.engine.start(
            self.plan, unit=unit, start="2009-03-01", programme=more.pop("programme", self.top), roster=roster, **more
        )

    def finish(self, unit: str) -> None:
        self.units[unit].complete("read", by=f"{unit}.lead")
        self.units[unit].request("study.close", by=f"{unit}.lead")


def test_a_duty_lives_where_its_holder_stands() -> None:
    """`brief` is the office's and stands in the programme's run only; a unit's duty waits for it."""
    tidy = Tidy("a")
    with pytest.raises(Refused, match="'brief' done is not met"):
        tidy.units["a"].complete("read", by="a.lead")
    with pytest.raises(Refused, match="no duty 'brief'"):
        tidy.units["a"].complete("brief", by="qian")
    tidy.top.complete("brief", by="qian")
    tidy.units["a"].complete("read", by="a.lead")


def test_a_parent_gate_counts_units_and_records_what_it_read() -> None:
    """R11: two thirds exactly pass; the verdict names the missing units, the numbers and the rows counted."""
    tidy = Tidy("a", "b", "c")
    tidy.top.complete("brief", by="qian")
    tidy.finish("a")
    held = tidy.top.request("study.close", by="qian")
    assert held.held
    assert (held.reasons[0].measured, held.reasons[0].subjects, held.reasons[0].count) == (
        "33.33% (1/3)",
        ("b", "c"),
        2,
    )
    tidy.finish("b")
    passed = tidy.top.request("study.close", by="qian")
    assert passed.passed
    verdict = passed.verdict
    assert verdict is not None
    assert verdict.readings[-1].measured == "66.67% (2/3)"
    assert verdict.census.startswith("3:")
    assert tidy.top.verify() == ()


def test_no_unit_is_neither_yes_nor_no() -> None:
    """R23: a share over no units is unknown and holds; what helps is a unit, not patience."""
    held = Tidy().top.request("study.close", by="qian")
    assert held.held
    assert "start a run for a unit: none is enrolled" in [reason.act for reason in held.reasons]


def test_a_withdrawn_unit_is_not_counted() -> None:
    """The denominator is every unit enrolled and not withdrawn; the unit's own run knows it has left."""
    tidy = Tidy("a", "b", "c")
    tidy.top.complete("brief", by="qian")
    tidy.finish("a")
    tidy.top.withdraw("b", reason="merged into c", into=[tidy.units["c"].id])
    tidy.top.withdraw("c", reason="closed down")
    assert tidy.top.request("study.close", by="qian").passed
    assert [type(e.event).__name__ for e in tidy.units["b"].history()][-1] == "WithdrawnFromProgramme"
    with pytest.raises(Refused, match="no unit 'b'"):
        tidy.top.withdraw("b", reason="again")


def test_a_unit_joins_in_mid_run() -> None:
    """A unit may be added later; it has its own clock and counts from then on."""
    tidy = Tidy("a")
    tidy.engine.clock.now = datetime(2009, 4, 2, tzinfo=UTC)  # type: ignore[attr-defined]
    tidy.engine.tick()
    late = tidy.start("late")
    assert {phase.name: phase.state for phase in late.status().phases}["work"] == "open"
    assert sorted(tidy.top.status().units) == ["a", "late"]
    with pytest.raises(Refused, match="enrolled already"):
        tidy.start("late", run="tidy/late2")


def test_redo_is_a_debt_that_the_next_batch_pays() -> None:
    """R35: the outcome records the debt; starting the run of the next batch pays it, once, and both know each other."""
    tidy = Tidy("a")
    tidy.units["a"].request("redo", by="qian")
    assert tidy.units["a"].status().owes_redo
    with pytest.raises(Refused, match="still owed"):
        tidy.units["a"].archive()
    third = tidy.engine.start(
        tidy.plan, start="2009-03-02", run="tidy/2", batch=2, roster=[{"id": "qian", "roles": ["office"]}]
    )
    again = tidy.start("a", programme=third, run="tidy/2/a", batch=2, redeems=tidy.units["a"])
    assert tidy.units["a"].status().redeemed_by == again.id
    with pytest.raises(Refused, match="owes no run"):
        tidy.start("b", programme=third, run="tidy/2/b", redeems=tidy.units["a"])
    assert "tidy/2/b" not in [run.id for run in tidy.engine.runs()]
    tidy.units["a"].archive()
    assert tidy.units["a"].verify() == ()


def test_a_unit_without_its_programme_is_refused() -> None:
    """A policy with a programme needs the parent's run first."""
    tidy = Tidy()
    with pytest.raises(Refused, match="programme is not named"):
        tidy.engine.start(tidy.plan, unit="x", start="2009-03-01")


def test_units_may_run_under_a_plan_of_their_own() -> None:
    """Overrides for one unit: an overlay of the same campaign, pinned to its run; the programme's gates count it."""
    tidy = Tidy("a")
    text = POLICY.replace("03-01 .. 03-31", "03-05 .. 04-15")
    own = compile_policy(read_policy(text).result())
    special = tidy.engine.start(
        own, unit="special", start="2009-03-01", programme=tidy.top, roster=[{"id": "special.lead", "roles": ["lead"]}]
    )
    assert str({phase.name: phase.last for phase in special.status().phases}["study"]) == "2009-04-15"
    tidy.units["special"] = special
    tidy.top.complete("brief", by="qian")
    tidy.finish("a")
    assert tidy.top.request("study.close", by="qian").reasons[0].measured == "50%"
    tidy.engine.clock.now = datetime(2009, 3, 6, tzinfo=UTC)  # type: ignore[attr-defined]
    tidy.finish("special")
    assert tidy.top.request("study.close", by="qian").passed


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("campaign: tidy", "campaign: tidyer", "is no programme of the campaign 'tidyer'"),
        ("units: 2/3", "units: 1/3", "has another programme"),
        ("programme:\n", "programme:\n  title: Ours\n", "has another programme"),
    ],
)
def test_a_plan_of_its_own_is_of_the_same_campaign_and_programme(old: str, new: str, told: str) -> None:
    """What the programme counts of its units means the same in each of them."""
    tidy = Tidy("a")
    own = compile_policy(read_policy(POLICY.replace(old, new)).result())
    with pytest.raises(Refused, match=told):
        tidy.engine.start(own, unit="special", start="2009-03-01", programme=tidy.top)
