"""Words that say a little more: `own`, `as_of`, a bulletin that comes again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from phaseflow import Engine, PolicyError, Refused, compile_policy
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: papers
zone: Asia/Shanghai
parameters:
  mark: {values: [{from: 2009-01-01, value: 80%}, {from: 2009-04-01, value: 50%}]}
roles: {lead: Lead, member: Member}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: none}}
phases:
  study:
    window: 03-01 .. 03-31
    gate: done_share(duty='topic') >= mark
    duties:
      topic: {task: Choose a topic, each: member}
      essay: {task: Write about it, each: member, needs: {done: topic, own: true}}
      news: {bulletin: News, every: regularly, by: lead}
outcomes: {completed: {by: lead, from: study}}
"""
PEOPLE = [{"id": "wang", "roles": ["lead"]}, {"id": "li", "roles": ["member"]}, {"id": "zhao", "roles": ["member"]}]


class Clock:
    now = datetime(2009, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def begun(text: str = POLICY):
    clock = Clock()
    run = Engine(clock=clock).start(compile_policy(read_policy(text).result()), start="2009-03-01", roster=PEOPLE)
    return clock, run


def test_own_asks_for_what_the_same_person_has_done():
    """Li's essay waits for Li's topic, not for everybody's."""
    _clock, run = begun()
    run.complete("topic", by="li")
    assert {owed.subject: owed.ready for owed in run.todo("li")} == {"essay": True}
    assert {owed.subject: owed.ready for owed in run.todo("zhao")} == {"topic": True, "essay": False}
    run.complete("essay", by="li")
    with pytest.raises(Refused, match="own 'topic' done is not met"):
        run.complete("essay", by="zhao")
    with pytest.raises(PolicyError, match="'own' means nothing here"):
        begun(POLICY.replace("gate: done_share(duty='topic') >= mark", "gate: {done: topic, own: true}"))
    with pytest.raises(PolicyError, match="'own' means nothing here"):
        begun(POLICY.replace("by: lead}\noutcomes", "by: lead, needs: {done: topic, own: true}}\noutcomes"))


def test_r4_a_gate_reads_a_dated_parameter_as_of_the_opening_of_its_phase():
    """The mark fell on 1 April; a phase opened in March is judged by the mark of March, whenever it is asked."""
    clock, run = begun()
    run.complete("topic", by="li")
    clock.now = datetime(2009, 4, 5, tzinfo=UTC)
    assert run.request("study.close", by="wang").held
    asked = POLICY.replace("mark: {values", "mark: {as_of: asked, values")
    clock, run = begun(asked)
    run.complete("topic", by="li")
    assert run.request("study.close", by="wang").held
    clock.now = datetime(2009, 4, 5, tzinfo=UTC)
    assert run.request("study.close", by="wang").passed


def test_r4_nothing_follows_by_itself_from_what_changes_with_the_day():
    """`as_of: asked` is for gates that somebody asks."""
    text = POLICY.replace("mark: {values", "mark: {as_of: asked, values")
    moving = text.replace("window: 03-01 .. 03-31\n", "window: 03-01 .. 03-31\n    closes: when gate\n")
    with pytest.raises(PolicyError, match="whose value changes with the day"):
        begun(moving)
    begun(moving.replace("as_of: asked, ", ""))


def test_a_regular_bulletin_comes_again():
    """Regularly means again and again: it is done with the first, and further ones are recorded."""
    clock, run = begun()
    for day in (3, 10, 17):
        clock.now = datetime(2009, 3, day, tzinfo=UTC)
        run.complete("news", by="wang")
    assert sum(type(entry.event).__name__ == "TaskReported" for entry in run.history()) == 3
    assert sum(type(entry.event).__name__ == "DutyDone" for entry in run.history()) == 1
    assert not run.verify()


def test_a_regular_meeting_and_a_regular_task_come_again():
    """So do meetings and tasks that a document wants regularly; without the word, once is once."""
    regular = POLICY.replace(
        "      topic:",
        "      visits: {task: Visit, by: lead, every: regularly, due: none}\n"
        "      council: {meeting: Council, by: lead, every: regularly, due: none}\n"
        "      talk: {meeting: Talk, by: lead, due: none}\n"
        "      topic:",
        1,
    )
    clock, run = begun(regular)
    for day in (3, 10):
        clock.now = datetime(2009, 3, day, tzinfo=UTC)
        run.complete("visits", by="wang")
        run.hold("council", by="wang")
    kinds = [type(entry.event).__name__ for entry in run.history()]
    assert (kinds.count("TaskReported"), kinds.count("MeetingHeld"), kinds.count("DutyDone")) == (2, 2, 2)
    run.hold("talk", by="wang")
    with pytest.raises(Refused, match="'talk' is done already"):
        run.hold("talk", by="wang")
    assert not run.verify()
