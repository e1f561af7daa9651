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
    """Capability 20: institution work starts at the beginning though its phase is the last; it is due when its window ends."""
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


def test_a_duty_by_band_holds_no_gate_before(run: Any) -> None:
    """What only a band asks for is not owed before, and no gate counts it."""
    run.engine.clock.now = datetime(2009, 5, 21, tzinfo=UTC)
    run.complete("report", by="wang")
    run.complete("institutions", by="wang")
    assert run.request("rules.close", by="wang").passed
