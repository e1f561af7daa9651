"""Consequences across runs (R13) and polls of the programme that rate its units (R33)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from phaseflow import Engine, Refused, compile_policy
from phaseflow.engine import texts
from phaseflow.errors import PolicyError
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: pilot
zone: Asia/Shanghai
appoints: keeper
recording: {late_by: 5 days}
suspension: {by: office, clock: runs}
roles:
  office: {of: programme}
  keeper: {of: programme}
  county: {of: programme}
  investor: {of: programme, invited: true}
  lead: {of: unit}
bodies: {government: {of: programme}}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: none}}
phases:
  rating:
    window: 07-01 .. 07-20
    duties:
      three_ratings:
        poll: Three ratings
        by: office
        anonymous: RULE
        choices: [satisfied, content, dissatisfied, abstain]
        measure: satisfied or content of valid
        quorum: QUORUM
        edges:
          counties_rate_departments:
            raters: county
            subject: unit
            bands: {exclusive: [{below: 70%, go: [explanation, make_up_lessons], clause: L103}]}
          investors_rate_government: {raters: investor, subject: government, measure: satisfied of valid}
      explanation: {task: Explain the result, by: lead, opens: by band}
      make_up_lessons: {task: Make up lessons, by: lead, opens: by band}
  again: {opens: by transition, window: none}
transitions: {look_back: {from: rating, to: again, by: office}}
programme: {outcomes: {over: {by: office}}}
outcomes: {completed: {by: lead}}
"""
PEOPLE = [
    {"id": "qian", "roles": ["office"]},
    {"id": "kong", "roles": ["keeper"]},
    *({"id": f"c{n}", "roles": ["county"]} for n in range(100)),
]


class Clock:
    now = datetime(2009, 7, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Pilot:
    """A pilot with departments; *north* has 69 of 100, *south* 70."""

    def __init__(
        self, url: str = "memory:", rule: str = "false", quorum: str = "none", *, kinds: Any = None, **changes: str
    ) -> None:
        text = POLICY.replace("RULE", rule).replace("QUORUM", quorum)
        for old, new in changes.items():
            text = text.replace(old, new)
        self.plan = compile_policy(read_policy(text, file="pilot.yaml").result())
        self.clock = Clock()
        self.engine = Engine(url, clock=self.clock)
        self.top = self.engine.start(
            self.plan, start="2009-07-01", roster=PEOPLE, bodies={"government": ["city"]}
        )
        self.units = {name: self.start(name, kind=(kinds or {}).get(name, "")) for name in ("north", "south")}

    def start(self, unit: str, **more: Any) -> Any:
        roster = [{"id": f"{unit}.lead", "roles": ["lead"]}]
        return self.engine.start(
            more.pop("plan", self.plan), unit=unit, start="2009-07-01", programme=self.top, roster=roster, **more
        )

    def open(self, **more: Any) -> None:
        self.top.open_poll("three_ratings", by="qian", **more)

    def cast(self, voters: int = 100, **good: int) -> None:
        good = good or {"north": 69, "south": 70}
        for number in range(voters):
            answers = {u: "content" if number < count else "dissatisfied" for u, count in good.items()}
            self.top.cast("three_ratings", "counties_rate_departments", by=f"c{number}", answers=answers)

    def close(self, **more: Any) -> Any:
        return self.top.close_poll("three_ratings", by="qian", **more)

    def owed(self, unit: str) -> list[str]:
        return [owed.subject for owed in self.units[unit].todo(f"{unit}.lead")]

    def events(self, run: Any, *kinds: type[e.Event]) -> list[Any]:
        return [entry.event for entry in run.history() if isinstance(entry.event, kinds)]

    def whole(self) -> None:
        for run in (self.top, *self.units.values()):
            assert run.verify() == ()


@pytest.fixture(params=["memory:false", "sqlite:true"])
def pilot(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    store, rule = request.param.split(":")
    made = Pilot("memory:" if store == "memory" else f"sqlite:///{tmp_path}/runs.db", rule)
    with made.engine:
        yield made


def test_r33_a_department_below_seventy_percent_explains_and_makes_up(pilot: Pilot) -> None:
    """69 % explains *and* makes up, 70 % exactly does not, and the rating of the government binds nobody."""
    pilot.open()
    pilot.cast()
    for _ in range(6):
        pilot.top.cast(
            "three_ratings", "investors_rate_government", by="qian", group="investor", answers={"city": "dissatisfied"}
        )
    counted = next(event for event in pilot.close().events if isinstance(event, e.PollCounted))
    assert [(r.edge, r.rated, r.favourable, r.base, r.go) for r in counted.results] == [
        ("counties_rate_departments", "north", 69, 100, ("explanation", "make_up_lessons")),
        ("counties_rate_departments", "south", 70, 100, ()),
        ("investors_rate_government", "city", 0, 6, ()),
    ]
    assert counted.go == ()
    assert pilot.owed("north") == ["explanation", "make_up_lessons"]
    assert pilot.owed("south") == []
    pilot.units["north"].complete("explanation", by="north.lead")
    pilot.whole()


def test_r13_what_a_rating_asks_for_is_due_so_long_after_the_rating() -> None:
    """Ten days after the rating, though the rating is the programme's; with its ladder, and late on the eleventh."""
    due = {"explanation: {task: Explain the result, by: lead, opens: by band}":
           "explanation: {task: Explain, by: lead, opens: by band, due: 10 days after three_ratings done}"}  # fmt: skip
    pilot = Pilot(**due)
    pilot.open()
    pilot.cast(10, north=6, south=7)
    pilot.close()
    (explanation,) = [owed for owed in pilot.units["north"].todo("north.lead") if owed.subject == "explanation"]
    assert explanation.due == date(2009, 7, 12)
    pilot.clock.now = datetime(2009, 7, 12, 15, 59, 59, tzinfo=UTC)
    pilot.engine.tick()
    assert pilot.events(pilot.units["north"], e.DutyFellDue) == []
    pilot.clock.now += timedelta(seconds=1)
    pilot.engine.tick()
    assert [event.key for event in pilot.events(pilot.units["north"], e.DutyFellDue)] == ["rating/made_up/explanation"]
    pilot.whole()


def test_r26_one_event_for_all_units_of_a_consequence(pilot: Pilot) -> None:
    """The programme records one event; each unit's run names it, and the time is the programme's."""
    pilot.open()
    pilot.cast(north=10, south=20)
    pilot.close()
    (sent,) = [entry for entry in pilot.top.history() if isinstance(entry.event, e.UnitsObliged)]
    assert sent.event.units == ("north", "south")
    for unit in pilot.units.values():
        (entry,) = [entry for entry in unit.history() if isinstance(entry.event, e.Obliged)]
        assert (entry.at, entry.actor) == (sent.at, "system")
        assert (entry.event.programme, entry.event.seq, entry.event.band) == (pilot.top.id, sent.seq, "below 70%")
    pilot.whole()


def test_r13_a_retry_obliges_nobody_twice(pilot: Pilot) -> None:
    """The command behind a consequence is answered from the record; the unit's run stays as it is."""
    pilot.open()
    pilot.cast()
    pilot.close(id="close")
    before = len(pilot.units["north"].history())
    assert pilot.close(id="close").again
    assert len(pilot.units["north"].history()) == before


@pytest.mark.parametrize("way", ["command", "answer", "time", "start"])
def test_r13_every_path_obliges(way: str) -> None:
    """Somebody closes the poll, answers a question about it, time is over at a tick, or when a unit is started."""
    rules = {"anonymous: true": "anonymous: true\n        open_for: 3 days"} if way in ("time", "start") else {}
    quorum = "unstated\n        asks: office" if way == "answer" else "none"
    pilot = Pilot(rule="true", quorum=quorum, **rules)
    pilot.open()
    pilot.cast()
    if way in ("command", "answer"):
        pilot.close()
    if way == "answer":
        assert pilot.owed("north") == []
        pilot.top.answer("q" + str(len(pilot.top.history()) - 1), "valid", by="qian", reason="enough took part")
    if way in ("time", "start"):
        pilot.clock.now += timedelta(days=20)
        pilot.engine.tick() if way == "time" else pilot.start("late")
    assert pilot.owed("north") == ["explanation", "make_up_lessons"]
    if way in ("time", "start"):  # recorded long after: a consequence is never too late
        entry = next(entry for entry in pilot.units["north"].history() if isinstance(entry.event, e.Obliged))
        assert (entry.at.day, entry.recorded_at.day) == (5, 22)
    pilot.whole()


def test_r13_who_refuses_is_recorded_and_asked_about(pilot: Pilot) -> None:
    """A unit that has ended refuses; the programme records why and asks its keeper; sent again, it follows."""
    north = pilot.units["north"]
    pilot.open()
    pilot.cast()
    north.suspend(by="qian", reason="flood")
    before = len(north.history())
    pilot.close()
    (refused,) = pilot.events(pilot.top, e.ConsequenceRefused)
    assert (refused.unit, refused.reasons) == ("north", ("the run is suspended",))
    assert len(north.history()) == before
    (question,) = [owed for owed in pilot.top.todo("kong") if owed.kind == "question"]
    assert "'north' did not follow 'explanation', 'make_up_lessons' (the run is suspended)" in question.title
    with pytest.raises(Refused, match="'later' does not say"):
        pilot.top.answer(question.subject, "later", by="kong", reason="so")
    north.resume(by="qian")
    pilot.top.answer(question.subject, "again", by="kong", reason="the water has gone")
    assert pilot.owed("north") == ["explanation", "make_up_lessons"]
    pilot.whole()


def test_r13_a_unit_that_has_left_is_asked_about() -> None:
    """Its result stands, nothing is sent to its run, and nothing is dropped."""
    pilot = Pilot(quorum="none\n        asks: office")
    pilot.open()
    pilot.cast()
    pilot.top.withdraw("north", by="kong", reason="closed down")
    pilot.close()
    (refused,) = pilot.events(pilot.top, e.ConsequenceRefused)
    assert refused.reasons == ("the unit 'north' belongs to the programme no more",)
    assert [owed.kind for owed in pilot.top.todo("qian")] == ["question"]
    assert pilot.owed("north") == []
    pilot.top.answer(refused.question, "let_be", by="qian", reason="it is no more")
    pilot.whole()


def test_r13_what_is_not_possible_in_a_unit_is_refused_whole() -> None:
    """One of two targets is not possible there: neither follows, and the programme knows both."""
    pilot = Pilot(**{"go: [explanation, make_up_lessons]": "go: [explanation, look_back]"})
    pilot.units["north"].request("rating.close", by="north.lead")
    pilot.open()
    pilot.cast(north=1, south=2)
    pilot.close()
    assert pilot.owed("north") == []
    assert pilot.owed("south") == ["explanation"]
    assert [p.name for p in pilot.units["south"].status().phases if p.state == "open"] == ["again"]
    (refused,) = pilot.events(pilot.top, e.ConsequenceRefused)
    assert refused.unit == "north"
    assert "'rating' is not open" in refused.reasons[0]
    pilot.whole()


def test_r13_a_plan_of_its_own_may_not_know_the_name() -> None:
    """A unit under another plan refuses what its plan does not have; what its clock had settled before stays."""
    pilot = Pilot()
    text = POLICY.replace("RULE", "false").replace("QUORUM", "none")
    text = text.replace("      make_up_lessons: {task: Make up lessons, by: lead, opens: by band}\n", "")
    own = compile_policy(read_policy(text.replace("[explanation, make_up_lessons]", "explanation")).result())
    pilot.units["own"] = pilot.start("own", plan=own)
    pilot.open()
    pilot.cast(north=99, south=99, own=1)
    pilot.clock.now += timedelta(days=30)
    pilot.close()
    (refused,) = pilot.events(pilot.top, e.ConsequenceRefused)
    assert "no transition, outcome or duty 'make_up_lessons'" in refused.reasons[0]
    assert pilot.owed("own") == []
    assert [type(entry.event) for entry in pilot.units["own"].history()][-1] is e.WindowEnded  # settled, and kept
    pilot.whole()


def test_only_the_engine_sends_consequences() -> None:
    """Nobody obliges a unit by hand, and no programme obliges the units of another."""
    pilot = Pilot()
    north = pilot.units["north"]
    for kind, run, fields in (
        (c.Oblige, north, {"programme": pilot.top.id, "seq": 1, "go": ("explanation",)}),
        (c.LeaveProgramme, north, {"reason": "so"}),
        (c.NoteRefusal, pilot.top, {"seq": 1, "unit": "north", "reasons": ()}),
    ):
        with pytest.raises(Refused, match="PF431"):
            pilot.engine.execute(run.id, run.command(kind, by="qian", **fields))
    with pytest.raises(Refused, match="PF432"):
        pilot.engine.execute(
            north.id, north.command(c.Oblige, by="system", programme="elsewhere", seq=1, go=("explanation",))
        )


def test_r33_those_are_rated_who_belong_to_the_programme_when_the_poll_is_opened(pilot: Pilot) -> None:
    """A unit that joins later stands on no paper; a paper that leaves one out is refused."""
    pilot.open()
    pilot.units["late"] = pilot.start("late")
    with pytest.raises(Refused, match="says nothing of south"):
        pilot.cast(1, north=1)
    with pytest.raises(Refused, match="'late' is not rated"):
        pilot.cast(1, north=1, south=1, late=1)
    pilot.cast(10, north=9, south=8)
    pilot.close()
    assert pilot.owed("late") == []
    pilot.whole()


def test_r33_without_units_nobody_can_be_rated() -> None:
    """The poll is not opened."""
    pilot = Pilot()
    for unit in ("north", "south"):
        pilot.top.withdraw(unit, by="kong", reason="so")
    with pytest.raises(Refused, match="none belongs to the programme"):
        pilot.open()


def test_r33_a_doubt_about_one_unit_holds_up_no_other(pilot: Pilot) -> None:
    """All abstained about south: a person is asked about south alone, and may put it into a band."""
    pilot.open()
    for number in range(10):
        answers = {"north": "dissatisfied", "south": "abstain"}
        pilot.top.cast("three_ratings", "counties_rate_departments", by=f"c{number}", answers=answers)
    pilot.close()
    assert pilot.owed("north") == ["explanation", "make_up_lessons"]
    (question,) = [owed for owed in pilot.top.todo("qian") if owed.kind == "question"]
    assert "'counties_rate_departments' of 'south'" in question.title
    with pytest.raises(Refused, match="PF436"):
        pilot.top.answer(question.subject, "explanation", by="qian", reason="so")
    pilot.top.answer(question.subject, "below 70%", by="qian", reason="it asked for it")
    assert pilot.owed("south") == ["explanation", "make_up_lessons"]
    pilot.whole()


def test_r33_few_answers_about_a_unit_show_its_band_only(pilot: Pilot) -> None:
    """Four answers are fewer than the smallest group; the band decides all the same."""
    pilot.open()
    pilot.cast(4, north=1, south=4)
    counted = next(event for event in pilot.close().events if isinstance(event, e.PollCounted))
    assert [r.suppressed for r in counted.results if r.rated in ("north", "south")] == [True, True]
    assert pilot.owed("north") == ["explanation", "make_up_lessons"]


def test_r33_the_subject_stands_on_the_ballot_and_no_voter(tmp_path: Path) -> None:
    """The box holds edge, subject and choice; the trail holds who took part and no choice before the count."""
    pilot = Pilot(rule="true")
    pilot.open()
    pilot.cast(3, north=1, south=2)
    with pilot.engine.store.transaction(write=False) as tx:
        box = tx.ballots(f"{pilot.top.id}:rating/1/three_ratings")
    assert sorted(box)[0] == '{"choice":"content","edge":"counties_rate_departments","rated":"north"}'
    assert not any("c0" in body or "c1" in body for body in box)
    assert "dissatisfied" not in repr([entry.event for entry in pilot.top.history()])


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        ("make_up_lessons], clause", "make_up_lesson], clause", "PF201", "duty of the units 'make_up_lesson'"),
        ("make_up_lessons], clause", "over], clause", "PF201", "duty of the units 'over'"),
        ("by: office\n        anonymous", "by: lead\n        anonymous", "PF233", "stands in a unit's run"),
        ("measure: satisfied of valid}", "measure: satisfied of all}", "PF243", "does not say of what"),
        ("measure: satisfied of valid}", "measure: satisfed of valid}", "PF201", "choice of the poll"),
    ],
)
def test_r33_what_a_rating_of_units_leaves_open_does_not_compile(old: str, new: str, code: str, told: str) -> None:
    """Bands about units lead to names of the units' level; the nearest name is offered."""
    with pytest.raises(PolicyError) as caught:
        Pilot(**{old: new})
    assert [problem.code for problem in caught.value.problems] == [code]
    assert told in caught.value.problems[0].what


def test_r13_a_run_that_has_ended_is_obliged_to_nothing() -> None:
    """What it was rated is known to the programme, and a person says what becomes of it."""
    pilot = Pilot()
    north = pilot.units["north"]
    pilot.open()
    pilot.cast()
    north.request("completed", by="north.lead")
    pilot.close()
    (refused,) = pilot.events(pilot.top, e.ConsequenceRefused)
    assert refused.reasons == ("the run is concluded",)
    pilot.whole()


def test_r33_a_unit_may_be_reached_by_a_band_of_the_programme_alone() -> None:
    """What only a rating by the programme leads to is no unreachable phase of the units."""
    pilot = Pilot(**{"go: [explanation, make_up_lessons]": "go: look_back", "to: again, by: office": "to: again"})
    pilot.open()
    pilot.cast()
    pilot.close()
    assert [p.name for p in pilot.units["north"].status().phases if p.state == "open"] == ["again"]


def test_r15_an_anonymous_box_is_counted_by_group(tmp_path: Path) -> None:
    """The engine counts the box by group too, and `verify` finds the box as it was counted."""
    pilot = Pilot(f"sqlite:///{tmp_path}/runs.db", "true", **{"quorum: none": "quorum: none\n        by_group: true"})
    pilot.open()
    pilot.cast(20, north=18, south=19)
    counted = next(event for event in pilot.close().events if isinstance(event, e.PollCounted))
    assert [(r.rated, r.group, r.favourable, r.base) for r in counted.groups] == [
        ("north", "county", 18, 20), ("south", "county", 19, 20)
    ]  # fmt: skip
    pilot.whole()


def test_r33_only_units_of_the_named_kinds_are_rated() -> None:
    """`units: department` leaves the mass organisations out; without any department nobody can be rated."""
    changes = {"subject: unit": "subject: unit\n            units: department",
               "programme: {": "programme: {kinds: {department: Department, mass: Mass organisation}, "}  # fmt: skip
    with pytest.raises(PolicyError, match="kind of unit 'departmen'"):
        Pilot(**{**changes, "subject: unit": "subject: unit\n            units: departmen"})
    pilot = Pilot(kinds={"north": "mass", "south": "department"}, **changes)
    pilot.open()
    pilot.cast(10, south=1)
    pilot.close()
    assert (pilot.owed("north"), pilot.owed("south")) == ([], ["explanation", "make_up_lessons"])
    with pytest.raises(Refused, match="none belongs to the programme"):
        Pilot(kinds={"north": "mass", "south": "mass"}, **changes).open()


def test_r13_what_is_not_for_units_of_a_kind_is_refused_by_them() -> None:
    """A duty of departments is no duty of a mass organisation: the programme hears it, and nothing is dropped."""
    changes = {"opens: by band}": "opens: by band, units: department}",
               "programme: {": "programme: {kinds: {department: Department, mass: Mass organisation}, "}  # fmt: skip
    pilot = Pilot(kinds={"north": "mass", "south": "department"}, **changes)
    pilot.open()
    pilot.cast(10, north=1, south=1)
    pilot.close()
    (refused,) = pilot.events(pilot.top, e.ConsequenceRefused)
    assert refused.reasons == (
        "'explanation' is not for units of the kind 'mass'", "'make_up_lessons' is not for units of the kind 'mass'"
    )  # fmt: skip
    assert (pilot.owed("north"), pilot.owed("south")) == ([], ["explanation", "make_up_lessons"])
    pilot.whole()


def test_r13_whoever_acts_in_the_unit_is_told(pilot: Pilot) -> None:
    """One notice for the lead of the department, with all that follows; nobody else hears of it."""
    pilot.open()
    pilot.cast()
    pilot.close()
    with pilot.engine.store.transaction(write=False) as tx:
        told = [texts.read_notice(n.body) for n in tx.notices() if '"obliged"' in n.body]
    (notice,) = [notice for notice in told if notice.kind == "obliged"]
    assert (notice.unit, notice.persons) == ("north", ("north.lead",))
    assert notice.title == "Explain the result, Make up lessons"
    assert (notice.data["go"], notice.data["band"]) == ("explanation, make_up_lessons", "below 70%")
