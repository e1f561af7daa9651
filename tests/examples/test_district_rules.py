"""The rules of the district's plan, seen through the engine: windows, deadlines, quotas, thresholds, chains, loops.

Only what the plan leaves open for a poll is settled here, so that it can be held at all; everything else is the plan.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.examples.bench import plan_of

from phaseflow import Engine, Refused, Run, compile_policy
from phaseflow.core.plan import Plan
from phaseflow.spec.reader import read_policy

FOLDER = Path(__file__).parents[2] / "examples" / "district_campaign"
OPENED = """
phases:
  rating:
    duties:
      satisfaction: {anonymous: true, quorum: none, aggregate: pooled, smallest_group: 1}
"""
DISTRICT = [
    {"id": "zhao", "roles": ["secretary"]},
    {"id": "qian", "roles": ["office"]},
    {"id": "sun", "roles": ["inspectors"]},
    {"id": "feng", "roles": ["district_leader"]},
    {"id": "dai", "roles": ["discipline_committee"]},
]
UNIT = [
    {"id": "wang", "roles": ["unit_lead"]},
    {"id": "liu", "roles": ["leader"]},
    {"id": "li", "roles": ["member"]},
    {"id": "hu", "roles": ["masses"]},
    {"id": "gu", "roles": ["service_recipients"]},
]
DIGEST = "0123456789abcdef" * 4


def plan() -> Plan:
    return plan_of("district_campaign", OPENED)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2009, 2, 20, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Unit:
    """One unit in a small district."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.engine = Engine(clock=self.clock)
        self.programme = self.engine.start(
            plan(), start="2009-02-20", roster=DISTRICT, bodies={"village": ["v1"], "area": ["a1"]}
        )
        self.run: Run = self.engine.start(
            plan(), unit="health", start="2009-02-20", programme=self.programme, roster=UNIT
        )

    def to(self, day: str) -> Unit:
        self.clock.now = datetime.fromisoformat(f"{day}T04:00:00+00:00")
        self.engine.tick()
        return self

    def approved(self) -> Unit:
        self.run.draft("plan", by="wang", digest=DIGEST)
        self.run.judge("plan", by="zhao", accept=True)
        return self

    def at_the_poll(self) -> Unit:
        """Every phase is closed by the office, as nobody else is named; the poll plan is there."""
        self.approved()
        for day, phase in (("2009-04-30", "study"), ("2009-06-30", "analysis"), ("2009-08-31", "rectify")):
            self.to(day).run.request(f"{phase}.close", by="qian")
        self.run.draft("poll_plan", by="wang", digest=DIGEST)
        return self

    def poll(self, satisfied: int, of: int) -> Unit:
        """Hold the poll with so many satisfied answers of so many."""
        self.run.open_poll("satisfaction", by="wang", invited={"masses_rate_members": {"masses": of}})
        for number in range(of):
            choice = "satisfied" if number < satisfied else "dissatisfied"
            self.run.cast("satisfaction", "masses_rate_members", choice, by="wang", group="masses")
        self.run.close_poll("satisfaction", by="wang")
        return self

    def phases(self) -> dict[str, str]:
        return {phase.name: phase.state for phase in self.run.status().phases}


def names(run: Run) -> list[str]:
    return [type(entry.event).__name__ for entry in run.history()]


def events(run: Run, name: str) -> list[Any]:
    return [entry.event for entry in run.history() if type(entry.event).__name__ == name]


@pytest.mark.capability("004", 17, 41, clauses=["END.2"])
def test_a_unit_begins_only_with_an_approved_plan() -> None:
    """END.2: the plan is drafted by the unit and approved by the work committee; until then no phase opens."""
    unit = Unit().to("2009-03-02")
    assert unit.phases()["study"] == "waiting"
    assert events(unit.run, "GateJudged")[0].verdict == "held"
    unit.run.draft("plan", by="wang", digest=DIGEST)
    with pytest.raises(Refused, match="that takes 'committee'"):
        unit.run.judge("plan", by="qian", accept=True)
    unit.run.judge("plan", by="zhao", accept=False, reason="no time limits")
    assert unit.phases()["study"] == "waiting"
    unit.run.draft("plan", by="wang", digest=DIGEST.replace("0", "f"))
    unit.run.judge("plan", by="zhao", accept=True)
    assert unit.phases()["study"] == "open"


@pytest.mark.capability("004", 1, 2, 4, 13, clauses=["P1.1", "P2.1", "P3.1"])
def test_the_windows_are_the_plans() -> None:
    """P1–P3 and the ten steps: first and last days as written, bound to the year of the start."""
    unit = Unit().approved()
    run = events(unit.run, "RunStarted")[0]
    assert {
        path: (days.first, days.last)
        for path, days in run.windows.items()
        if "/" in path or path in ("study", "analysis", "rectify")
    } == {
        "study": (date(2009, 3, 1), date(2009, 4, 30)),
        "study/training": (date(2009, 3, 9), date(2009, 3, 22)),
        "study/research": (date(2009, 3, 23), date(2009, 4, 12)),
        "study/debate": (date(2009, 4, 13), date(2009, 4, 30)),
        "analysis": (date(2009, 5, 1), date(2009, 6, 30)),
        "analysis/searching": (date(2009, 5, 1), date(2009, 5, 15)),
        "analysis/meetings": (date(2009, 5, 16), date(2009, 5, 31)),
        "analysis/writing": (date(2009, 6, 1), date(2009, 6, 15)),
        "analysis/reviewing": (date(2009, 6, 16), date(2009, 6, 30)),
        "rectify": (date(2009, 7, 1), date(2009, 8, 31)),
        "rectify/planning": (date(2009, 7, 1), date(2009, 7, 20)),
        "rectify/solving": (date(2009, 7, 21), date(2009, 8, 10)),
        "rectify/renewing": (date(2009, 8, 11), date(2009, 8, 31)),
    }
    assert [days.about for path, days in run.windows.items() if path == "study"] == [True]


@pytest.mark.capability("004", 18, 4, clauses=["P1.1.12"])
def test_the_end_of_a_window_closes_nothing() -> None:
    """Law 6 and R40: the phases end "about" the end of a month, so nothing is overdue by that, and nothing closes."""
    unit = Unit().approved().to("2009-05-02")
    assert unit.phases()["study"] == "open"
    assert "WindowEnded" not in names(unit.run)
    late = {event.key for event in events(unit.run, "DutyFellDue")}
    assert "study/1/notes" in late  # the steps have exact days


@pytest.mark.capability("004", 8, 53, clauses=["M4.8"])
def test_the_unit_mobilises_by_13_march_after_the_district() -> None:
    """M4.8: by 13 March (included), and only once the district has met."""
    unit = Unit().approved().to("2009-03-04")
    with pytest.raises(Refused, match="'district_meeting' done is not met"):
        unit.run.hold("kickoff", by="wang")
    unit.programme.hold("district_meeting", by="zhao")
    due = next(event for event in events(unit.run, "DutyOpened") if event.name == "kickoff")
    assert due.term.day == date(2009, 3, 13)
    unit.to("2009-03-13")
    unit.clock.now = datetime(2009, 3, 13, 15, 59, tzinfo=UTC)  # one minute before midnight in Shanghai
    assert events_done(unit.run.hold("kickoff", by="wang"))[0].in_time


def events_done(answer: Any) -> list[Any]:
    return [event for event in answer.events if type(event).__name__ == "DutyDone"]


@pytest.mark.capability("004", 30, 31, 33, clauses=["P1.1.11", "P1.1.12", "P1.1.13"])
@pytest.mark.parametrize(
    ("duty", "unit_", "short", "enough"),
    [
        ("notes", "characters", 19_999, 1),
        ("reflections", "articles", 1, 1),
        ("member_study", "days", 9, 1),
    ],
)
def test_the_quotas_of_a_member(duty: str, unit_: str, short: int, enough: int) -> None:
    """P1.1.11–13: 20,000 characters, 2 reflections, 10 days: one less is not enough, exactly so many is."""
    unit = Unit().approved().to("2009-03-10")
    assert not events_done(unit.run.record(duty, by="li", amount=f"{short} {unit_}"))
    assert events_done(unit.run.record(duty, by="li", amount=f"{enough} {unit_}"))


@pytest.mark.capability("004", 24, 62, 63, clauses=["P3.poll.3", "P3.poll.4"])
@pytest.mark.parametrize(
    ("satisfied", "of", "phase", "outcome"),
    [
        (85, 100, "summing_up", ""),
        (84, 100, "repair", ""),
        (80, 100, "repair", ""),
        (79, 100, "", "redo"),
        (17, 20, "summing_up", ""),
        (169, 199, "repair", ""),
        (0, 3, "", "redo"),
        (3, 3, "summing_up", ""),
    ],
)
def test_the_bands_of_the_poll(satisfied: int, of: int, phase: str, outcome: str) -> None:
    """P3.poll: below 80 % redo, from 80 % to below 85 % look-back, from 85 % on; the bounds belong above, exactly."""
    unit = Unit().at_the_poll().poll(satisfied, of)
    opened = [name for name, state in unit.phases().items() if state == "open"]
    assert (opened, unit.run.status().outcome) == ([phase] if phase else [], outcome)
    assert unit.run.status().owes_redo == (outcome == "redo")
    assert unit.run.verify() == ()


@pytest.mark.capability("004", 23, 64, 66, clauses=["P3.poll.8"])
def test_look_back_leads_to_a_new_poll_as_often_as_needed() -> None:
    """P3.poll.8: gaps are filled first; each round is a visit of its own, and there is no limit."""
    unit = Unit().at_the_poll().poll(82, 100)
    assert unit.run.request("poll_again", by="wang").held
    for _ in range(3):
        unit.run.complete("gaps", by="wang")
        assert unit.run.request("poll_again", by="wang").passed
        unit.run.draft("poll_plan", by="wang", digest=DIGEST)
        unit.poll(83, 100)
    assert [event.share for event in events(unit.run, "PollCounted")][-1] == pytest.approx(0.83)
    unit.run.complete("gaps", by="wang")
    unit.run.request("poll_again", by="wang")
    unit.run.draft("poll_plan", by="wang", digest=DIGEST)
    unit.poll(90, 100)
    assert unit.phases()["summing_up"] == "open"
    assert unit.run.status().phases[3].visit == 5


@pytest.mark.capability("004", 28, 42, 43, 44, 46, 48, 50, clauses=["P2.3.9"])
def test_the_report_walks_its_nine_steps() -> None:
    """P2.3 and P2.4: opinions, enlarged meeting, the committee for overall matters only, vetting, review, filing."""
    unit = Unit().approved()
    unit.to("2009-04-30").run.request("study.close", by="qian")
    run = unit.to("2009-05-20").run
    for person in ("wang", "liu"):
        run.draft("research_report", by=person, digest=DIGEST, at="2009-04-01")
        run.draft("speech", by=person, digest=DIGEST)
    run.hold("focus_meeting", by="wang")
    run.draft("problems_report", by="wang", digest=DIGEST)
    run.complete("talks", by="wang")
    with pytest.raises(Refused, match="may not write"):
        run.draft("report", by="li", digest=DIGEST)
    run.hold("life_meeting", by="wang", attendance={"wang": "present", "liu": "present"})
    unit.to("2009-06-02")
    run.draft("report", by="wang", digest=DIGEST)
    run.mark("report", "chapter 3", "matters_of_overall_importance", by="sun")
    run.opine("report", by="li", ref="o1", group="member")
    run.end_consultation("report", by="wang")
    run.judge("report", by="liu", accept=True)
    with pytest.raises(Refused, match="that takes 'committee'"):
        run.judge("report", by="sun", accept=True)
    run.judge("report", by="zhao", accept=True)
    run.judge("report", by="sun", accept=True)
    run.opine("report", by="hu", ref="o2", group="masses")
    run.end_consultation("report", by="wang")
    with pytest.raises(Refused, match="opinion"):
        run.draft("report", by="wang", digest=DIGEST.replace("0", "e"))
    run.draft("report", by="wang", digest=DIGEST.replace("0", "e"), answers={"2": "absorbed: chapter 2"})
    run.hand("report", "feedback", by="wang")
    run.hand("report", "file", by="wang")
    assert [event.step for event in events(run, "StepPassed")][-2:] == ["feedback", "file"]
    assert "report" not in [owed.subject for owed in run.todo("wang")]
    assert run.verify() == ()


def test_nothing_is_invented_where_the_plan_is_silent() -> None:
    """Law 5: with the plan alone, a poll cannot be opened, because it does not say whether ballots are anonymous."""
    reading = read_policy((FOLDER / "policy.yaml").read_bytes(), file="policy.yaml")
    bare = compile_policy(reading.result(), reading.sources)
    poll = bare.unit.duties["satisfaction"]
    assert (poll.spec.anonymous, poll.spec.quorum, poll.spec.aggregate) == ("unstated", "unstated", "unstated")  # type: ignore[union-attr]
    assert [phase.asks for phase in bare.unit.phases.values()] == ["office"] * 6
