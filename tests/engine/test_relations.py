"""Roles held for somebody (R38), kinds of units, duties of every unit, pairings, consultations, counted meetings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from phaseflow import Engine, Refused, compile_policy
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: schools
zone: Asia/Shanghai
roles:
  office: {of: programme}
  team: {of: programme}
  linked_leader: {of: programme, is_a: team, for: unit}
  head: {of: unit}
  staff: {of: unit}
  section_head: {of: unit, for: section}
  parents: {of: unit, invited: true}
bodies:
  section: {of: unit}
  township: {of: programme, count: 2}
  organisation: {of: programme, count: 2}
defaults: {phase: {opens: on date, closes: by head, clock: calendar}, duty: {due: window end}}
duties:
  links: {quota: 1 township, each: organisation, by: office, pairs: township}
phases:
  study:
    window: 02-24 .. 03-10
    gate: duties
    duties:
      kickoff: {meeting: Kick-off, by: head, attend: {linked_leader: some}, at_least: {parents: 10% of attending}}
      comment: {task: Comment on the school, by: linked_leader, overdue: {linked_leader: 1 day}}
      feedback: {task: Feed opinions back, each: unit, by: office}
      boarding: {task: Look at the dormitories, by: head, units: boarding_school}
      survey: {task: Look into a section, each: section, by: section_head}
      talk: {meeting: Talk in the section, each: section, by: section_head, due: none}
      history: {task: Write the history, by: unstated, asks: head}
      opinions:
        consultation: {en: Opinions of those served, zh: 征求意见}
        by: head
        of: [staff, parents]
        channels: [box, forum]
        at_least: {parents: 1/10 of consulted}
        silence: hold
programme:
  kinds: {day_school: Day school, boarding_school: Boarding school}
  outcomes: {over: {by: office}}
outcomes: {done: {by: head, from: study}}
"""

NOW = datetime(2011, 2, 24, 1, 0, tzinfo=UTC)
TOP = [
    {"id": "qian", "roles": ["office"]},
    {"id": "zhou", "roles": ["linked_leader@north"]},
    {"id": "wu", "roles": ["linked_leader@south", "linked_leader@east"]},
]


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def schools():
    """A programme with a day school (north) and a boarding school (south)."""
    engine = Engine(clock=Clock())
    plan = compile_policy(read_policy(POLICY).result())
    bodies = {"township": ["t1", "t2"], "organisation": ["o1", "o2"]}
    top = engine.start(plan, start="2011-02-24", roster=TOP, bodies=bodies)

    def school(unit: str, kind: str):
        roster = [
            {"id": f"{unit}.head", "roles": ["head"]},
            {"id": f"{unit}.li", "roles": ["staff", "section_head@music"]},
        ]
        return engine.start(
            plan, unit=unit, kind=kind, start="2011-02-24", programme=top, roster=roster,
            bodies={"section": ["music"]},
        )  # fmt: skip

    return engine, plan, top, school("north", "day_school"), school("south", "boarding_school")


def test_r38_a_role_held_for_a_unit_counts_there_and_nowhere_else(schools):
    """The leader linked with north acts for north; for south somebody else is asked."""
    _engine, _plan, _top, north, south = schools
    north.complete("comment", by="zhou")
    with pytest.raises(Refused, match=r"'zhou' may not complete 'comment': that takes 'linked_leader'") as refused:
        south.complete("comment", by="zhou")
    assert "ask wu" in str(refused.value)
    south.complete("comment", by="wu")


def test_r38_a_unit_whose_name_ends_like_another_lends_it_no_leader(schools):
    """Whoever is linked with ``old@north`` is not linked with ``north``; a role held for nobody is no role."""
    engine, plan, top, north, _south = schools
    engine.start(plan, unit="old@north", kind="day_school", start="2011-02-24", programme=top)
    top.join({"id": "xu", "roles": ["linked_leader@old@north"]}, by="system")
    with pytest.raises(Refused, match="'xu' may not complete 'comment'"):
        north.complete("comment", by="xu")
    with pytest.raises(Refused, match="held for a 'unit', and none is named"):
        top.join({"id": "yu", "roles": ["linked_leader@"]}, by="system")


@pytest.mark.parametrize("name", ["a/b", "a\nb", " a", "x" * 201, "\x1b[31m", "a\u202eb"])
def test_names_of_units_and_bodies_are_short_and_plain(schools, name):
    """Names are printed, sorted and joined by '/'; what would break that names nothing, and nothing is started."""
    engine, plan, top, north, _south = schools
    before = len(engine.runs()), len(top.history()), len(north.history())
    more = {"kind": "day_school", "start": "2011-02-24", "programme": top}
    for act in (
        lambda: engine.start(plan, unit=name, **more),
        lambda: engine.start(plan, unit="west", bodies={"section": [name]}, **more),
        lambda: north.list_body("section", name),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert {problem.code for problem in refused.value.problems} == {"PF483"}
    assert (len(engine.runs()), len(top.history()), len(north.history())) == before


def test_r38_whoever_is_linked_is_invited_and_told_for_this_unit_only(schools):
    """Attendance and notices find the holder for this unit."""
    _engine, _plan, _top, north, south = schools
    with pytest.raises(Refused, match="nobody of 'linked_leader' attended"):
        south.hold("kickoff", by="south.head", attendance={"zhou": "present"}, counts={"parents": 5})
    north.hold("kickoff", by="north.head", attendance={"zhou": "present"}, counts={"parents": 5})


def test_r38_a_meeting_is_held_for_each_body_by_those_who_stand_for_it(schools):
    """It names whose meeting it is, is done once for each, and is taken back for that one alone."""
    _engine, _plan, _top, north, _south = schools
    north.list_body("section", "sports")
    with pytest.raises(Refused, match="no 'section' is listed"):
        north.hold("talk", by="north.li")
    held = north.hold("talk", by="north.li", subject="music")
    assert [event.subject for event in held.events] == ["music", "music"]
    with pytest.raises(Refused, match="is done by 'music' already"):
        north.hold("talk", by="north.li", subject="music")
    with pytest.raises(Refused, match="section_head@sports"):
        north.hold("talk", by="north.li", subject="sports")
    assert north.verify() == ()


def test_r38_relations_are_many_to_many_and_change_with_time(schools):
    """One leader may answer for several units; an appointment gives another one, from a day on."""
    _engine, _plan, top, _north, south = schools
    top.appoint("zhou", "linked_leader@south", by="system", since="2011-02-24")
    south.complete("comment", by="zhou")
    with pytest.raises(Refused, match="held for a 'unit', and none is named"):
        top.join({"id": "xu", "roles": ["linked_leader"]}, by="system")
    with pytest.raises(Refused, match="held for nobody in particular"):
        top.join({"id": "xu", "roles": ["office@north"]}, by="system")


def test_a_role_held_for_a_body_acts_for_that_body(schools):
    """Whoever is in charge of a section acts for it, and the head does not."""
    _engine, _plan, _top, north, _south = schools
    with pytest.raises(Refused, match="section_head@music"):
        north.complete("survey", by="north.head", subject="music")
    north.complete("survey", by="north.li", subject="music")


def test_a_duty_of_one_kind_of_unit_is_owed_by_no_other(schools):
    """What is for boarding schools stands in no day school's way."""
    _engine, plan, top, north, south = schools
    assert any("boarding" in reason.label for reason in south.why("study.close"))
    assert not any("boarding" in reason.label for reason in north.why("study.close"))
    with pytest.raises(Refused, match="there is no kind of unit 'night_school'"):
        _engine.start(plan, unit="west", kind="night_school", start="2011-02-24", programme=top)
    with pytest.raises(Refused, match="the unit 'west' is of no kind"):
        _engine.start(plan, unit="west", start="2011-02-24", programme=top)


def test_a_duty_of_every_unit_is_done_by_the_programme(schools):
    """The office feeds opinions back to each school, in the school's own run."""
    _engine, _plan, _top, north, south = schools
    north.complete("feedback", by="qian")
    assert "feedback" not in {owed.subject for owed in north.todo("qian")}
    assert "feedback" in {owed.subject for owed in south.todo("qian")}


def test_where_the_document_names_nobody_the_role_asked_acts(schools):
    """`by: unstated` is owed all the same, by the role that is asked."""
    _engine, _plan, _top, north, _south = schools
    with pytest.raises(Refused, match="that takes 'head'"):
        north.complete("history", by="north.li")
    north.complete("history", by="north.head")


def test_a_pairing_counts_each_partner_once(schools):
    """Every organisation is linked with a township of its own; a wrong link is voided and made again."""
    _engine, _plan, top, _north, _south = schools
    with pytest.raises(Refused, match="one in each record"):
        top.record("links", by="qian", subject="o1", amount="1 township")
    with pytest.raises(Refused, match="no 'township' is listed under 't9'"):
        top.record("links", by="qian", subject="o1", amount="1 township", pair="t9")
    top.record("links", by="qian", subject="o1", amount="1 township", pair="t1")
    with pytest.raises(Refused, match="'t1' is paired with 'o1' already"):
        top.record("links", by="qian", subject="o2", amount="1 township", pair="t1")
    top.record("links", by="qian", subject="o2", amount="1 township", pair="t2")
    assert [owed for owed in top.todo("qian") if owed.subject == "links"] == []


def test_a_meeting_is_composed_as_the_policy_says(schools):
    """A tenth of those there are parents, named or counted; exactly a tenth is enough."""
    _engine, _plan, _top, north, _south = schools
    with pytest.raises(Refused, match="'parents' is 8%"):
        north.hold("kickoff", by="north.head", attendance={"zhou": "present"}, counts={"staff": 22, "parents": 2})
    with pytest.raises(Refused, match="cannot be counted"):
        north.hold("kickoff", by="north.head", attendance={"zhou": "present"}, counts={"parent": 2})
    north.hold("kickoff", by="north.head", attendance={"zhou": "present"}, counts={"staff": 17, "parents": 2})


def test_a_consultation_ends_when_enough_of_those_served_were_heard(schools):
    """R15 on a consultation: a tenth of those consulted, and every channel was there."""
    _engine, _plan, _top, north, _south = schools
    north.draft("opinions", by="north.head", digest="0" * 64)
    north.opine("opinions", by="north.li", ref="letter 1")
    with pytest.raises(Refused, match="'parents' is 0%"):
        north.end_consultation("opinions", by="north.head", consulted={"staff": 30})
    north.end_consultation("opinions", by="north.head", consulted={"staff": 27, "parents": 3})
    assert not any(owed.subject == "opinions" for owed in north.todo("north.head"))
    assert any(owed.subject == "opinions_channels" for owed in north.todo("north.head"))
    north.check("opinions_channels", "box", by="north.head")
    north.check("opinions_channels", "forum", by="north.head")
    assert not any(owed.subject == "opinions_channels" for owed in north.todo("north.head"))


def test_what_happened_is_found_again_after_all_this(schools):
    """The chain holds and the rows are those that the trail gives (laws 2 and 14)."""
    engine, _plan, top, north, _south = schools
    top.record("links", by="qian", subject="o1", amount="1 township", pair="t1")
    north.hold("kickoff", by="north.head", attendance={"zhou": "present"}, counts={"parents": 5})
    for run in engine.runs():
        assert not run.verify()
