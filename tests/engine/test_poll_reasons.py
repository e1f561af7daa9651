"""What a gate says about the result of a poll: the numbers, unless they would tell what somebody chose (law 7, R15)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from phaseflow import Engine, compile_policy
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: ask
zone: UTC
roles: {office: Office, member: Member}
defaults: {phase: {opens: on date, closes: by office, clock: calendar}, duty: {due: none}}
phases:
  rating:
    window: 03-01 .. 03-31
    gate: {poll: opinion, at_least: 85%}
    duties:
      opinion:
        poll: Are you satisfied?
        by: office
        edges: {all: {raters: member}}
        choices: [good, bad]
        measure: good of valid
        anonymous: true
        quorum: none
outcomes: {done: {by: office}}
"""


@pytest.mark.parametrize(("voters", "measured"), [(10, "70%"), (4, "not shown, over so few answers")])
def test_a_result_below_its_mark_is_told_unless_it_is_too_small_to_be(voters: int, measured: str) -> None:
    """The reason names what was measured and what was wanted; over few answers, neither it nor the verdict does."""
    people = [{"id": "boss", "roles": ["office"]}, *({"id": f"m{n}", "roles": ["member"]} for n in range(voters))]
    engine = Engine(clock=lambda: datetime(2026, 3, 2, tzinfo=UTC))
    run = engine.start(compile_policy(read_policy(POLICY).result()), start="2026-03-01", roster=people)
    assert run.why("rating.close")[0].act == "open and close the poll opinion"
    run.open_poll("opinion", by="boss", invited={"all": {"member": voters}})
    for number in range(voters):
        run.cast("opinion", "all", "good" if number < voters * 0.7 else "bad", by=f"m{number}")
    run.close_poll("opinion", by="boss")
    held = run.request("rating.close", by="boss")
    assert held.verdict is not None
    assert [(reading.measured, reading.required) for reading in held.verdict.readings] == [(measured, ">= 85%")]
    assert [(reason.measured, reason.required) for reason in held.reasons] == [(measured, ">= 85%")]
    assert "this result stands" in held.reasons[0].act
    assert run.verify() == ()
