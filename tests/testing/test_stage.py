"""The stage: a clock that only moves when told, and copies that go their own ways."""

from datetime import date, timedelta

from phaseflow.policies import load_policy
from phaseflow.testing.stage import Stage

PEOPLE = {"boss": ("office",), "wang": ("lead",), "li": ("member",), "hu": ("guests",)}


def test_a_fork_stands_as_its_origin_and_goes_its_own_way(desk):
    """What is done on one of two stages is not seen on the other, in either direction; both go on without a hole."""
    one = Stage(load_policy(desk.folder / "policy.yaml"), date(2009, 3, 1), PEOPLE)
    run = one.runs["unit"]
    run.hold("kickoff", by="wang", evidence=["minutes.pdf"])
    two = one.fork()
    assert [entry.event for entry in two.entries("unit")] == [entry.event for entry in one.entries("unit")]
    two.later(timedelta(days=1))
    two.runs["unit"].record("notes", by="li", amount="100 characters")
    run.record("notes", by="li", amount="40 characters")
    assert (one.now, two.now) != (two.now, one.now)
    assert [part.amount for key, part in one.rows("unit", "part/study/1/notes/")] == [40]
    assert [part.amount for key, part in two.rows("unit", "part/study/1/notes/")] == [100]
    assert one.runs["unit"].verify() == two.runs["unit"].verify() == ()


def test_only_those_who_are_not_merely_invited_are_staff(desk):
    """Guests answer polls and owe nothing."""
    stage = Stage(load_policy(desk.folder / "policy.yaml"), date(2009, 3, 1), PEOPLE)
    assert stage.staff == {"boss", "wang", "li"}
