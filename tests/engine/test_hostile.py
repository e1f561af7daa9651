"""Clumsy and hostile callers: every one of them is refused with a reason, and the trail stays readable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from phaseflow import Engine, PolicyError, Refused, compile_policy
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: rough
zone: Europe/Berlin
appoints: lead
roles: {lead: The lead, member: A member, late: {joiners: prorated}}
defaults: {phase: {opens: on date, closes: by lead}, duty: {due: window end}}
suspension: {by: lead, clock: runs}
make_up: {by: lead}
recording: {late_by: unlimited, correct: lead}
phases:
  study:
    window: 03-01 .. 03-31
    duties:
      kickoff: {meeting: Kick-off, by: lead, evidence: minutes}
      notes: {quota: 10 pages, each: member}
outcomes: {completed: {by: lead}}
"""
PEOPLE = [{"id": "wang", "roles": ["lead"]}, {"id": "li", "roles": ["member"]}]
NOW = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def run() -> Any:
    plan = compile_policy(read_policy(POLICY).result())
    return Engine(clock=Clock()).start(plan, start="2026-03-01", roster=PEOPLE)


CLUMSY: dict[str, Callable[[Any], object]] = {
    "nobody acts": lambda run: run.record("notes", by="", amount="1 page"),
    "no text acts": lambda run: run.record("notes", by=None, amount="1 page"),
    "no reason": lambda run: run.suspend(by="wang", reason=None),
    "a list as reason": lambda run: run.suspend(by="wang", reason=["x"]),
    "no subject": lambda run: run.recuse(None, by="wang", reason="x"),
    "no move": lambda run: run.request(None, by="wang"),
    "no person": lambda run: run.erase(None, by="wang", reason="x"),
    "a number as attendance": lambda run: run.hold("kickoff", by="wang", attendance={"li": 1}, evidence=["minutes=m"]),
    "evidence without a reference": lambda run: run.hold("kickoff", by="wang", evidence=["minutes="]),
    "a naive instant": lambda run: run.record("notes", by="li", amount="1 page", at=datetime(2026, 3, 5)),  # noqa: DTZ001
    "no time": lambda run: run.record("notes", by="li", amount="1 page", at=""),
    "the end of time": lambda run: run.record("notes", by="li", amount="1 page", at=datetime.max.replace(tzinfo=UTC)),
    "an amount of words": lambda run: run.record("notes", by="li", amount=("x", "pages")),
    "a division by zero": lambda run: run.record("notes", by="li", amount=("1/0", "pages")),
    "half an amount": lambda run: run.record("notes", by="li", amount=(1,)),
    "not a number": lambda run: run.record("notes", by="li", amount=(float("nan"), "pages")),
    "an hour the clock skips": lambda run: run.record("notes", by="li", amount="1 page", at="2026-03-29T02:30"),
    "a tick ahead of time": lambda run: run.engine.tick(datetime(9999, 12, 31, tzinfo=UTC)),
    "a naive tick": lambda run: run.engine.tick(datetime(2026, 3, 10)),  # noqa: DTZ001
    "a tick of words": lambda run: run.engine.tick("x"),
    "an unknown day": lambda run: run.appoint("li", "lead", by="wang", since="soon"),
    "a huge number": lambda run: run.void(10**22, by="wang", reason="x"),
    "a unit without a name": lambda run: run.engine.start(
        compile_policy(read_policy(POLICY).result()), start="2026-03-01", programme=run, run="x"
    ),
    "a start ahead of time": lambda run: run.engine.start(
        compile_policy(read_policy(POLICY).result()), start="2026-03-01", at="2027-01-01", run="y"
    ),
    "a start at no time": lambda run: run.engine.start(
        compile_policy(read_policy(POLICY).result()), start="2026-03-01", at="rubbish", run="z"
    ),
}


@pytest.mark.parametrize("act", CLUMSY.values(), ids=CLUMSY)
def test_a_clumsy_call_is_refused_and_changes_nothing(run: Any, act: Callable[[Any], object]) -> None:
    """No traceback, a reason with a fix, and a trail that can still be read and verified."""
    before = len(run.history())
    with pytest.raises(Refused) as refused:
        act(run)
    assert all(problem.what and problem.why and problem.fix for problem in refused.value.problems)
    assert len(run.history()) == before
    assert run.verify() == ()


@pytest.mark.parametrize(
    "roster",
    [None, "abc", ["a"], [{"id": 7, "roles": []}], [{"id": "x", "roles": 5}], [{"id": "system", "roles": []}],
     [{"id": "a\nb", "roles": []}], [{"id": "x", "roles": []}, {"id": "x", "roles": []}]],
)  # fmt: skip
def test_a_clumsy_roster_is_refused(roster: Any) -> None:
    """Every bad line is named; nothing is started."""
    engine = Engine(clock=Clock())
    with pytest.raises(PolicyError):
        engine.start(compile_policy(read_policy(POLICY).result()), start="2026-03-01", roster=roster)
    assert engine.runs() == []


def test_a_day_is_as_good_as_its_text(run: Any) -> None:
    """A date, its text, and an aware instant all say when something happened; a start may be recorded late, too."""
    plan = compile_policy(read_policy(POLICY).result())
    run = run.engine.start(plan, start="2026-03-01", at="2026-03-01", run="late", roster=PEOPLE)
    run.record("notes", by="li", amount="1 page", at=date(2026, 3, 5))
    run.record("notes", by="li", amount="1 page", at="2026-03-05")
    run.record("notes", by="li", amount="1 page", at=datetime(2026, 3, 5, 8, tzinfo=UTC))
    days = {str(entry.at.date()) for entry in run.history() if type(entry.event).__name__ == "AmountRecorded"}
    assert days == {"2026-03-05"}


def test_a_made_up_duty_stands_for_the_old_one(run: Any) -> None:
    """R32: after a make-up only the new duty is on the list, and the old one falls due no more."""
    run.make_up({"notes": "missing"}, by="wang")
    assert [(owed.subject, owed.due) for owed in run.todo("li")] == [("notes", None)]
    run.engine.clock.now = datetime(2026, 4, 5, tzinfo=UTC)
    run.engine.tick()
    assert not [e for e in run.history() if type(e.event).__name__ == "DutyFellDue" and e.event.key == "study/1/notes"]
    assert run.verify() == ()


def test_a_unit_of_another_campaign_is_refused() -> None:
    """A programme counts units of its own campaign only, and takes none once it has ended."""
    programme = POLICY.replace("campaign: rough", "campaign: whole").replace("appoints: lead\n", "")
    programme = programme.replace("roles: {lead: The lead, member: A member, late: {joiners: prorated}}",
                                  "roles: {lead: {of: unit}, member: {of: unit}, office: {of: programme}}")  # fmt: skip
    programme += "programme: {phases: {study: {closes: by office}}, outcomes: {over: {by: office}}}\n"
    engine = Engine(clock=Clock())
    whole = compile_policy(read_policy(programme).result())
    top = engine.start(whole, start="2026-03-01", roster=[{"id": "qian", "roles": ["office"]}])
    with pytest.raises(Refused, match="is no programme of the campaign 'rough'"):
        engine.start(compile_policy(read_policy(POLICY).result()), unit="a", start="2026-03-01", programme=top)
    top.request("over", by="qian")
    with pytest.raises(Refused, match="the programme is concluded"):
        engine.start(whole, unit="a", start="2026-03-01", programme=top)
