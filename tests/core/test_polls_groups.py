"""Results by group: on the ballot, and shown only where no few can be told from them (R15)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import Stage

from phaseflow.core.counting import hidden
from phaseflow.messages import commands as c
from phaseflow.messages import events as e


@pytest.mark.parametrize(
    ("valid", "secret"),
    [
        ({"a": 10, "b": 7}, ""),  # all large: all shown
        ({"a": 10, "b": 3}, "ab"),  # b is small, and could be had as the whole less a
        ({"a": 10, "b": 7, "c": 3}, "bc"),  # the smallest of the others goes with it
        ({"a": 10, "b": 2, "c": 1}, "abc"),  # two small ones are three together: a few again
        ({"a": 10, "b": 3, "c": 3}, "bc"),  # two small ones are six together: enough
        ({"a": 10, "b": 4, "c": 4, "d": 5}, "bc"),  # d is just large enough, and not needed
        ({"a": 5, "b": 5, "c": 4}, "ac"),  # of equals the first by name
        ({"a": 10, "b": 0}, "b"),  # nobody answered: nothing to show, and nobody to hide
        ({"a": 10, "b": 0, "c": 1}, "abc"),  # who gave no answer hides nobody
        ({}, ""),
    ],
)
def test_a_small_group_takes_others_with_it(valid: Mapping[str, int], secret: str) -> None:
    """Complementary suppression, with five as the smallest group to be shown."""
    assert hidden(valid, 5) == frozenset(secret)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 12)), st.integers(1, 8))
def test_the_rest_of_the_whole_tells_of_no_few(valid: dict[str, int], smallest: int) -> None:
    """The whole less the groups that are shown is nothing, or enough people of two groups at least."""
    secret = hidden(valid, smallest)
    rest = [valid[group] for group in secret if valid[group]]
    assert all(valid[group] >= smallest for group in valid if group not in secret)
    if rest and sum(valid.values()) >= smallest:
        assert sum(rest) >= smallest
        assert len(rest) >= 2


ROLES = """
roles: {office: Office, member: Member, boss: Boss, masses: {invited: true}}
phases:
  rating:
    window: none
    duties:
      mood:
        poll: Mood
        by: office
        choices: [good, bad, abstain]
        measure: good of valid
        edges: {all: {raters: [member, boss, masses]}}
        by_group: true
        anonymous: ANONYMOUS
        quorum: none
        at_least: {retired: 1% of respondents}
"""
PEOPLE = {
    "off": "office",
    **{f"m{n}": "member" for n in range(10)},
    **{f"r{n}": "member group:retired" for n in range(6)},
    **{f"b{n}": "boss" for n in range(2)},
}


def stage(anonymous: str = "false") -> Stage:
    s = Stage(ROLES.replace("ANONYMOUS", anonymous), PEOPLE)
    s.ok(c.OpenPoll, "off", poll="mood")
    for name in PEOPLE:
        if name != "off":
            s.ok(c.Cast, name, poll="mood", edge="all", choice="bad" if name in ("m0", "r0", "b0") else "good")
    return s


def table(s: Stage) -> dict[str, Any]:
    counted = s.get("counted/rating/1/mood")
    return {row.group: row.base and (row.favourable, row.base) for row in counted.groups}


def test_each_answer_counts_for_one_group() -> None:
    """Whoever belongs to a group that the policy asks for counts there, others under the role they answer in."""
    s = stage()
    for _ in range(5):
        s.ok(c.Cast, "off", poll="mood", edge="all", choice="good", group="masses")
    s.ok(c.ClosePoll, "off", poll="mood")
    assert table(s) == {"boss": None, "masses": None, "member": (9, 10), "retired": (5, 6)}
    assert s.get("counted/rating/1/mood").share == Fraction(20, 23)
    s.check_replay()


def test_what_is_not_to_be_shown_is_in_no_event() -> None:
    """Two bosses are too few: their numbers, and those of the next smallest group, are not recorded."""
    s = stage()
    s.ok(c.ClosePoll, "off", poll="mood")
    assert table(s) == {"boss": None, "member": (9, 10), "retired": None}
    s.check_replay()


def test_a_result_that_is_suppressed_shows_no_group() -> None:
    """Where the whole is too small, so is each part."""
    rules = ROLES.replace("ANONYMOUS", "false").replace("quorum: none", "quorum: none\n        smallest_group: 30")
    s = Stage(rules, PEOPLE)
    s.ok(c.OpenPoll, "off", poll="mood")
    for n in range(10):
        s.ok(c.Cast, f"m{n}", poll="mood", edge="all", choice="good")
    s.ok(c.Cast, "r0", poll="mood", edge="all", choice="good")
    s.ok(c.ClosePoll, "off", poll="mood")
    assert table(s) == {"member": None, "retired": None}


def test_the_group_stands_on_an_anonymous_ballot_and_nothing_else_more() -> None:
    """Only where the policy wants results by group; voter, time and order stay away (R14)."""
    s = stage("true")
    assert {body for _, body in s.ballots} == {
        '{"choice":"bad","edge":"all","group":"boss","rated":""}',
        '{"choice":"bad","edge":"all","group":"member","rated":""}',
        '{"choice":"bad","edge":"all","group":"retired","rated":""}',
        '{"choice":"good","edge":"all","group":"boss","rated":""}',
        '{"choice":"good","edge":"all","group":"member","rated":""}',
        '{"choice":"good","edge":"all","group":"retired","rated":""}',
    }
    assert "good" not in repr(s.events(e.ParticipationRecorded))
    s.check_replay()
