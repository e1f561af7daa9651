"""R40: a duty may be begun before its phase opens, or only later than it; `opens: by band` waits for a band."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from phaseflow import Engine, Refused, compile_policy
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: early
zone: Asia/Shanghai
roles: {lead: The lead}
defaults: {phase: {opens: on date, closes: by lead}, duty: {due: window end}}
phases:
  study: {window: 03-01 .. 03-31, duties: {read: {task: Read, by: lead}}}
  rules:
    window: 05-01 .. 05-31
    gate: duties
    duties:
      institutions: {task: Work on institutions, by: lead, from: campaign start}
      report: {task: Report, by: lead, from: 05-20}
      excuse: {task: Explain, by: lead, opens: by band}
outcomes: {completed: {by: lead, gate: {closed: rules}}}
"""


class Clock:
    now = datetime(2009, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def run() -> Any:
    engine = Engine(clock=Clock())
    return engine.start(
        compile_policy(read_policy(POLICY).result()), start="2009-03-01", roster=[{"id": "wang", "roles": ["lead"]}]
    )


def test_a_duty_of_a_later_phase_may_begin_with_the_campaign(run: Any) -> None:
    """Capability 20: institution work starts at once though its phase is the last; it is due when its window ends."""
    assert [(owed.subject, str(owed.due)) for owed in run.todo("wang")] == [
        ("read", "2009-03-31"),
        ("institutions", "2009-05-31"),
    ]
    run.complete("institutions", by="wang")
    run.engine.clock.now = datetime(2009, 5, 2, tzinfo=UTC)
    run.engine.tick()
    assert "institutions" not in [owed.subject for owed in run.todo("wang")]
    assert run.verify() == ()


def test_a_duty_may_begin_later_than_its_phase(run: Any) -> None:
    """`from:` a later day: before it there is nothing to do, from it on there is."""
    run.engine.clock.now = datetime(2009, 5, 10, tzinfo=UTC)
    run.engine.tick()
    with pytest.raises(Refused):
        run.complete("report", by="wang")
    run.engine.clock.now = datetime(2009, 5, 20, 2, tzinfo=UTC)
    run.complete("report", by="wang")
    run.complete("institutions", by="wang")
    assert run.verify() == ()


TIERS = """
phaseflow: 1
campaign: tiers
zone: Asia/Shanghai
roles: {lead: The lead, member: A member, leader: {is_a: member}}
defaults: {phase: {opens: on date, closes: by lead}, duty: {due: window end}}
phases:
  study:
    window: 03-01 .. 03-31
    gate: duties
    duties:
      notes: {quota: 10 pages, each: member}
      long_notes: {quota: 30 pages, each: leader, instead_of: notes}
      visit: {quota: about 1 week, each: member}
outcomes: {completed: {by: lead, gate: {closed: study}}}
"""


def test_the_most_specific_tier_wins() -> None:
    """R40: a leader owes the leaders' quota and not the members'; who stops being one owes the members' again."""
    people = [{"id": "wang", "roles": ["lead"]}, {"id": "li", "roles": ["member"]}, {"id": "liu", "roles": ["leader"]}]
    engine = Engine(clock=Clock())
    run = engine.start(compile_policy(read_policy(TIERS).result()), start="2009-03-01", roster=people)
    engine.clock.now = datetime(2009, 3, 3, tzinfo=UTC)  # type: ignore[attr-defined]
    owed = {person: [(o.subject, o.rest) for o in run.todo(person) if "notes" in o.subject] for person in ("li", "liu")}
    assert owed == {"li": [("notes", "10 of 10 pages")], "liu": [("long_notes", "30 of 30 pages")]}
    run.record("notes", by="li", amount="10 pages")
    run.record("long_notes", by="liu", amount="30 pages")
    assert run.request("study.close", by="wang").passed
    assert run.verify() == ()


def test_whoever_becomes_or_ceases_to_be_a_leader_changes_tier() -> None:
    """The change is an event; the counters follow."""
    engine = Engine(clock=Clock())
    people = [{"id": "wang", "roles": ["lead"]}, {"id": "li", "roles": ["member"]}]
    run = engine.start(compile_policy(read_policy(TIERS).result()), start="2009-03-01", roster=people)
    engine.clock.now = datetime(2009, 3, 3, tzinfo=UTC)  # type: ignore[attr-defined]
    engine.tick()
    run.join({"id": "li", "roles": ["leader"]})
    assert [o.subject for o in run.todo("li") if "notes" in o.subject] == ["long_notes"]
    run.leave("li", roles=["leader"])
    assert [o.subject for o in run.todo("li") if "notes" in o.subject] == ["notes"]
    run.record("notes", by="li", amount="10 pages")
    assert run.why("study.close") == () or [r.label for r in run.why("study.close")] == ["'long_notes' done"]
    assert run.verify() == ()


def test_about_is_never_missed() -> None:
    """R40: an approximate amount reminds and is never overdue; no gate counts it."""
    engine = Engine(clock=Clock())
    people = [{"id": "wang", "roles": ["lead"]}, {"id": "li", "roles": ["member"]}]
    run = engine.start(compile_policy(read_policy(TIERS).result()), start="2009-03-01", roster=people)
    engine.clock.now = datetime(2009, 4, 5, tzinfo=UTC)  # type: ignore[attr-defined]
    engine.tick()
    late = [
        entry.event.key
        for entry in run.history()
        if getattr(entry.event, "outstanding", 0) and type(entry.event).__name__ == "DutyFellDue"
    ]
    assert late == ["study/1/notes"]


def test_a_duty_by_band_holds_no_gate_before(run: Any) -> None:
    """What only a band asks for is not owed before, and no gate counts it."""
    run.engine.clock.now = datetime(2009, 5, 21, tzinfo=UTC)
    run.complete("report", by="wang")
    run.complete("institutions", by="wang")
    assert run.request("rules.close", by="wang").passed
