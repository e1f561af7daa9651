"""Polls: opening, taking part, closing, counting, and what follows (R14, R15, R33, R34)."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage import Stage, instant, names

from phaseflow.errors import PolicyError
from phaseflow.messages import commands as c
from phaseflow.messages import events as e

ROLES = """
parameters:
  pass_mark: {value: 85%}
  redo_mark: [{from: 2009-01-01, value: 80%}, {from: 2009-03-10, value: 10%}]
  late_mark: [{from: 2009-06-01, value: 80%}]
roles: {office: Office, lead: {is_a: member}, member: Member, boss: Boss, masses: {invited: true}}
bodies: {section: Section}
"""
FIRST = {f"m{n}": "member" for n in range(1, 21)}
PEOPLE = {"off": "office", "wang": "lead", "boss": "boss", "guest": "masses", "old": "member group:retired", **FIRST}
BANDS = "exclusive: [{below: redo_mark, go: redo}, {below: pass_mark, go: look_back}, {otherwise: closing}]"


def stage(rules: str = "anonymous: false, quorum: none", edges: str = "all: {raters: member}",
          choices: str = "[good, bad, abstain]",
          measure: str = "good of valid", **more: Any) -> Stage:
    text = f"""{ROLES}
phases:
  rating:
    window: none
    duties:
      mood: {{poll: Mood, by: lead, choices: {choices}, measure: {measure}, edges: {{{edges}}}, {rules}}}
  repair: {{window: none, opens: by transition, duties: {{gaps: {{task: Fill gaps, by: lead}}}}}}
  summing: {{window: none, opens: by transition}}
transitions:
  look_back: {{from: rating, to: repair, by: lead}}
  poll_again: {{from: repair, to: rating, by: lead, window: none, duties: all, max: unlimited}}
  closing: {{from: rating, to: summing, by: lead}}
"""
    return Stage(text, PEOPLE, head=HEAD, **more)


HEAD = """
phaseflow: 1
campaign: trial
zone: UTC
outcomes: {finished: {by: office}, redo: {by: office, owes: next_batch, carry: nothing}}
defaults:
  phase: {opens: with campaign, closes: by office, clock: calendar}
  duty: {due: none}
"""


def open_it(s: Stage, **more: Any) -> None:
    s.ok(c.OpenPoll, "wang", poll="mood", **more)


def vote(s: Stage, good: int, bad: int, edge: str = "all", abstain: int = 0) -> None:
    for number, choice in enumerate(["good"] * good + ["bad"] * bad + ["abstain"] * abstain, 1):
        s.ok(c.Cast, f"m{number}", poll="mood", edge=edge, choice=choice)


def close(s: Stage, by: str = "wang", **more: Any) -> tuple[e.Event, ...]:
    return s.ok(c.ClosePoll, by, poll="mood", **more)


def poll(s: Stage) -> Any:
    return s.get("poll/rating/1/mood")


def counted(s: Stage) -> Any:
    return s.get("counted/rating/1/mood")


def answer(s: Stage, verdict: str, by: str = "wang") -> tuple[e.Event, ...]:
    return s.ok(c.Answer, by, question=s.events(e.QuestionAsked)[-1].question, verdict=verdict, reason="so")


# --- opening ----------------------------------------------------------------------------------------------------------


def test_a_poll_is_opened_by_its_organiser_once() -> None:
    """Others may not, and an open poll is not opened again; nobody takes part before."""
    s = stage()
    s.no(c.Cast, "m1", "PF457", poll="mood", edge="all", choice="good")
    s.no(c.ClosePoll, "wang", "PF464", poll="mood")
    s.no(c.OpenPoll, "m1", "PF301", poll="mood")
    open_it(s)
    s.no(c.OpenPoll, "wang", "PF450", poll="mood")
    s.no(c.Cast, "m1", "PF457", poll="mood", edge="all", choice="good", at="03-01 08:01")
    s.check_replay()


def test_a_poll_that_leaves_anonymity_open_is_not_opened() -> None:
    """Once the first answer is cast it could not be settled any more."""
    s = stage("anonymous: unstated, quorum: none, asks: office")
    assert "overlay" in s.no(c.OpenPoll, "wang", "PF451", poll="mood")


def test_a_poll_whose_answers_are_unstated_is_not_opened() -> None:
    """Where the document names neither answers nor what counts, the policy compiles, and nobody can cast."""
    s = stage("anonymous: false, quorum: none, asks: office", choices="unstated", measure="unstated")
    assert "choices" in s.no(c.OpenPoll, "wang", "PF451", "PF451", poll="mood")


def test_a_poll_waits_for_what_it_needs() -> None:
    """The plan of the poll comes first, if the policy says so."""
    s = stage("anonymous: false, quorum: none, needs: {done: gaps}")
    s.no(c.OpenPoll, "wang", "PF337", poll="mood")


def test_where_a_share_of_the_invited_is_wanted_people_must_have_been_invited() -> None:
    """Every fault of the numbers is told at once."""
    s = stage("anonymous: false, quorum: {share: 50% of invited, otherwise: void}")
    s.no(c.OpenPoll, "wang", "PF454", poll="mood")
    s.no(c.OpenPoll, "wang", "PF452", "PF453", "PF454", poll="mood",
         invited={"al": {"member": 3}, "all": {"member": -1}})
    open_it(s, invited={"all": {"member": 3}})
    s.check_replay()


# --- taking part ------------------------------------------------------------------------------------------------------


def test_only_those_who_are_asked_on_an_edge_take_part_and_in_person() -> None:
    """Another role, a made-up edge or answer, and acting for somebody are refused."""
    s = stage()
    open_it(s)
    s.no(c.Cast, "boss", "PF460", poll="mood", edge="all", choice="good")
    s.no(c.Cast, "m1", "PF455", poll="mood", edge="al", choice="good")
    s.no(c.Cast, "m1", "PF461", poll="mood", edge="all", choice="god")
    s.no(c.Cast, "m1", "PF462", poll="mood", edge="all", choice="good", rated="north")
    s.no(c.Cast, "m1", "PF458", poll="mood", edge="all", choice="good", on_behalf_of="m2")
    s.check_replay()


def test_an_open_vote_can_be_changed_until_the_poll_is_closed_and_counts_once() -> None:
    """The last choice counts."""
    s = stage()
    open_it(s)
    for choice in ("good", "good", "bad"):
        s.ok(c.Cast, "m1", poll="mood", edge="all", choice=choice)
    assert dict(poll(s).voters) == {"all": 1}
    close(s)
    assert counted(s).tally == (("all", "", "bad", 1),)
    s.no(c.Cast, "m1", "PF457", poll="mood", edge="all", choice="good")
    s.no(c.ClosePoll, "wang", "PF464", poll="mood")
    s.no(c.OpenPoll, "wang", "PF450", poll="mood")
    s.check_replay()


def test_the_organiser_hands_in_papers_of_invited_people_up_to_their_number() -> None:
    """Nobody of them is on the roster; each paper is one participation without a name."""
    s = stage("anonymous: false, quorum: {share: 50% of invited, otherwise: void}", "all: {raters: [member, masses]}")
    open_it(s, invited={"all": {"masses": 2, "member": 2}})
    s.no(c.Cast, "m1", "PF460", poll="mood", edge="all", choice="good", group="masses")
    for choice in ("good", "bad"):
        s.ok(c.Cast, "wang", poll="mood", edge="all", choice=choice, group="masses")
    s.no(c.Cast, "wang", "PF459", poll="mood", edge="all", choice="good", group="masses")
    s.ok(c.Cast, "wang", poll="mood", edge="all", choice="good")
    assert [event.person for event in s.events(e.ParticipationRecorded)] == ["", "", "wang"]
    close(s)
    assert counted(s).share == Fraction(2, 3)
    s.check_replay()


def test_a_paper_answers_for_everybody_who_is_rated_on_its_edge() -> None:
    """Sections are rated one by one; a paper that leaves one out, or names another, is refused."""
    s = stage(edges="all: {raters: member, subject: section}",
              rules="anonymous: true, quorum: none, aggregate: lowest, bands: {exclusive: [{below: 50%, go: redo}]}",
              bodies={"section": ("north", "south")})
    open_it(s)
    s.no(c.Cast, "m1", "PF463", poll="mood", edge="all", answers={"north": "good"})
    s.no(c.Cast, "m1", "PF461", "PF462", poll="mood", edge="all", answers={"north": "god", "west": "good"})
    for number in range(1, 7):
        s.ok(c.Cast, f"m{number}", poll="mood", edge="all",
             answers={"north": "good", "south": "bad" if number > 2 else "good"})
    assert dict(poll(s).papers) == {"all": 12}
    close(s, tally=(("all", "north", "good", 6), ("all", "south", "good", 2), ("all", "south", "bad", 4)))
    assert [(r.rated, r.favourable, r.base) for r in counted(s).results] == [("north", 6, 6), ("south", 2, 6)]
    assert counted(s).share == Fraction(1, 3)
    assert s.get("head").outcome == "redo"
    s.check_replay()


# --- anonymity --------------------------------------------------------------------------------------------------------


def test_no_row_and_no_event_of_an_anonymous_poll_knows_a_choice() -> None:
    """The choice leaves by the ballots of the decision, bare: no voter, no time, no order, no command (R14)."""
    s = stage("anonymous: true, quorum: none, at_least: {retired: 1% of respondents}", choices="[chalk, cheese]",
              measure="chalk of valid")
    open_it(s)
    s.ok(c.Cast, "m1", poll="mood", edge="all", choice="chalk")
    s.ok(c.Cast, "old", poll="mood", edge="all", choice="cheese")
    assert s.ballots == [("rating/1/mood", '{"choice":"chalk","edge":"all","rated":""}'),
                         ("rating/1/mood", '{"choice":"cheese","edge":"all","rated":""}')]
    told = repr(s.trail) + repr(s.rows.rows)
    assert "chalk" not in told
    assert "cheese" not in told
    assert [(event.person, event.groups) for event in s.events(e.ParticipationRecorded)] == [("m1", ()),
                                                                                             ("old", ("retired",))]
    s.check_replay()


def test_an_anonymous_vote_is_cast_once() -> None:
    """A second one is refused, and neither refusal nor repetition puts anything into the box."""
    s = stage("anonymous: true, quorum: none")
    open_it(s)
    s.ok(c.Cast, "m1", poll="mood", edge="all", choice="good")
    s.no(c.Cast, "m1", "PF456", poll="mood", edge="all", choice="bad")
    assert len(s.ballots) == 1
    s.check_replay()


def test_a_box_that_does_not_hold_what_was_cast_is_not_counted() -> None:
    """More, fewer, or other answers than were cast: refused as crashed, and the poll stays as it is."""
    s = stage("anonymous: true, quorum: none")
    open_it(s)
    vote(s, 2, 1)
    s.no(c.ClosePoll, "wang", "PF466", poll="mood", tally=(("all", "", "good", 3), ("all", "", "bad", 1)))
    s.no(c.ClosePoll, "wang", "PF466", poll="mood")
    s.no(c.ClosePoll, "wang", "PF465", poll="mood", tally=(("all", "", "great", 3),))
    assert poll(s).status == "open"
    decision = s.do(c.ClosePoll, "wang", poll="mood", tally=(("all", "", "good", 2), ("all", "", "bad", 1)), root="r")
    assert decision.sealed == ("rating/1/mood",)
    assert (counted(s).share, counted(s).root) == (Fraction(2, 3), "r")
    s.check_replay()


def test_a_condition_knows_no_result_before_the_count() -> None:
    """The share is unknown while the poll is open, also when every vote is in the rows."""
    s = stage()
    open_it(s)
    vote(s, 3, 0)
    assert counted(s) is None
    close(s)
    assert counted(s).share == 1
    s.check_replay()


def test_a_result_over_few_answers_is_suppressed() -> None:
    """Fewer valid answers than the smallest group: the band decides, the number is not to be shown."""
    s = stage(f"anonymous: true, quorum: none, smallest_group: 4, bands: {{{BANDS}}}")
    open_it(s)
    vote(s, 3, 0, abstain=5)
    close(s, tally=(("all", "", "good", 3), ("all", "", "abstain", 5)))
    assert counted(s).suppressed
    assert counted(s).results[0].suppressed
    assert counted(s).band == "otherwise"
    s.check_replay()


# --- composition and quorum -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "old", "others", "invited", "met"),
    [("respondents", 1, 9, 100, True), ("respondents", 1, 10, 100, False), ("invited", 1, 19, 10, True),
     ("invited", 1, 1, 11, False),
     ("cast", 0, 5, 10, False)],
)  # fmt: skip
def test_the_composition_is_judged_on_who_took_part_before_anything_is_counted(base: str, old: int, others: int,
                                                                               invited: int, met: bool) -> None:
    """A tenth exactly is enough; below it the poll is held, and no count is in the trail (R15)."""
    s = stage(f"anonymous: false, quorum: none, at_least: {{retired: 10% of {base}}}")
    open_it(s, invited={"all": {"member": invited}})
    vote(s, others, 0)
    if old:
        s.ok(c.Cast, "old", poll="mood", edge="all", choice="bad")
    events = names(close(s))
    assert ("PollCounted" in events) is met
    assert ("PollHeld" in events) is not met
    s.check_replay()


@pytest.mark.parametrize(("voters", "status"), [(5, "counted"), (4, "void")])
def test_a_turnout_below_the_quorum_voids_the_poll_where_the_policy_says_so(voters: int, status: str) -> None:
    """Half of ten is five."""
    s = stage("anonymous: false, quorum: {share: 50% of invited, otherwise: void}")
    open_it(s, invited={"all": {"member": 10}})
    vote(s, voters, 0)
    close(s)
    assert poll(s).status == status
    s.check_replay()


def test_after_a_void_poll_a_new_round_begins_with_an_empty_box() -> None:
    """The old participation stays on record; everybody may take part again, into another box."""
    s = stage("anonymous: true, quorum: {count: 2, otherwise: void}")
    open_it(s)
    s.ok(c.Cast, "m1", poll="mood", edge="all", choice="good")
    assert names(close(s)) == ["PollVoided"]
    assert s.get("duty/rating/1/mood").outstanding == 1
    open_it(s)
    vote(s, 2, 0)
    assert [box for box, _ in s.ballots] == ["rating/1/mood", "rating/1/mood#2", "rating/1/mood#2"]
    close(s, tally=(("all", "", "good", 2),))
    assert [event.round for event in s.events(e.PollOpened)] == [1, 2]
    assert len(list(s.rows.scan("vote/rating/1/mood/1/"))) == 1
    assert s.get("duty/rating/1/mood").outstanding == 0
    s.check_replay()


@pytest.mark.parametrize(("verdict", "status"), [("valid", "counted"), ("void", "void"), ("run_on", "open")])
def test_a_held_turnout_is_put_to_the_role_that_the_policy_names(verdict: str, status: str) -> None:
    """Its answer lets the poll be counted, voids it, or lets it run on."""
    s = stage("anonymous: false, quorum: {count: 3, otherwise: hold}, asks: office")
    open_it(s)
    vote(s, 2, 0)
    assert names(close(s)) == ["QuestionAsked", "PollHeld"]
    s.no(c.ClosePoll, "wang", "PF464", poll="mood")
    s.no(c.Answer, "wang", "PF301", question=s.events(e.QuestionAsked)[0].question, verdict=verdict, reason="")
    s.no(c.Answer, "off", "PF467", question=s.events(e.QuestionAsked)[0].question, verdict="perhaps", reason="")
    answer(s, verdict, "off")
    assert poll(s).status == status
    s.check_replay()


def test_an_admitted_anonymous_poll_is_counted_from_its_box_whatever_the_turnout() -> None:
    """The engine closes it again, now with a tally that counts."""
    s = stage("anonymous: true, quorum: {count: 3, otherwise: hold}, asks: office")
    open_it(s)
    vote(s, 2, 0)
    close(s, tally=(("all", "", "good", 2),))
    assert "good" not in repr([entry for entry in s.trail if isinstance(entry.event, (e.PollHeld, e.QuestionAsked))])
    answer(s, "valid", "off")
    assert poll(s).status == "admitted"
    close(s, by="system", tally=(("all", "", "good", 2),))
    assert poll(s).status == "counted"
    s.check_replay()


def test_a_poll_runs_on_as_often_as_the_policy_says_and_is_void_then() -> None:
    """Two extensions of five days, at the written instants, also when nobody looked for a month (law 3)."""
    rules = "anonymous: true, open_for: 5 days, quorum: {count: 3, otherwise: extend, extend: 5 days, max: 2}"
    daily, late = stage(rules), stage(rules)
    for s in (daily, late):
        open_it(s, now="03-02")
    for day in range(3, 25):
        daily.tick(f"03-{day:02d}")
    late.tick("03-25")
    for s in (daily, late):
        found = [(entry.at, type(entry.event).__name__) for entry in s.trail
                 if isinstance(entry.event, (e.PollFellDue, e.PollRunOn, e.PollVoided))]
        assert found == [
            (instant("03-07"), "PollFellDue"), (instant("03-07"), "PollRunOn"), (instant("03-12"),
                "PollFellDue"), (instant("03-12"), "PollRunOn"),
            (instant("03-17"), "PollFellDue"), (instant("03-17"), "PollVoided"),
        ]  # fmt: skip
        assert s.timers() == []
        s.check_replay()


def test_when_its_time_is_over_an_open_vote_is_counted_and_a_ballot_box_waits_for_the_engine() -> None:
    """Nobody can take part any more; the system may close the anonymous one, and nobody else's turn is needed."""
    plain, box = (stage(f"anonymous: {word}, quorum: none, open_for: 5 days") for word in ("false", "true"))
    for s in (plain, box):
        open_it(s)
        vote(s, 1, 0)
        s.no(c.ClosePoll, "system", "PF301", poll="mood")
        s.tick("03-20")
        s.no(c.Cast, "m9", "PF457", poll="mood", edge="all", choice="good")
    assert (poll(plain).status, poll(box).status) == ("counted", "ended")
    close(box, by="system", tally=(("all", "", "good", 1),))
    assert counted(box).share == 1
    for s in (plain, box):
        s.check_replay()


def test_what_an_unstated_quorum_means_is_asked_after_the_count() -> None:
    """The count stands; no condition reads it and nothing follows before the answer."""
    for verdict, status, reached in (("valid", "counted", "repair"), ("void", "void", "rating")):
        s = stage(f"anonymous: false, quorum: unstated, asks: office, bands: {{{BANDS}}}")
        open_it(s)
        vote(s, 4, 1)
        assert names(close(s)) == ["PollCounted", "QuestionAsked", "PollHeld"]
        assert counted(s) is None
        assert s.get("head").open == ("campaign/1", "rating/1")
        answer(s, verdict, "off")
        assert poll(s).status == status
        assert s.get("head").open[-1] == f"{reached}/1"
        s.check_replay()


# --- bands ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("good", "bad", "band", "opened", "outcome"),
    [(17, 3, "otherwise", "summing/1", ""), (16, 3, "below pass_mark", "repair/1", ""),
     (4, 1, "below pass_mark", "repair/1", ""),
     (15, 4, "below redo_mark", "campaign/1", "redo"), (0, 5, "below redo_mark", "campaign/1", "redo"), (20, 0,
         "otherwise", "summing/1", "")],
)  # fmt: skip
def test_a_result_falls_into_the_first_band_that_fits_exactly(good: int, bad: int, band: str, opened: str,
                                                              outcome: str) -> None:
    """85 % is not below 85 %, 80 % not below 80 %; the lower band stands first and is not swallowed."""
    s = stage(f"anonymous: false, quorum: none, bands: {{{BANDS}}}")
    open_it(s)
    vote(s, good, bad)
    events = names(close(s))
    assert events[:2] == ["PollCounted", "DutyDone"]
    assert counted(s).share == Fraction(good, good + bad)
    assert counted(s).band == band
    assert s.get("head").open[-1] == opened
    assert s.get("head").outcome == outcome
    s.check_replay()


def test_a_parameter_is_read_as_of_the_opening_of_the_visit() -> None:
    """The redo mark fell to 10 % on 10 March; a poll of a phase that opened on the 1st keeps 80 % (R4)."""
    s = stage(f"anonymous: false, quorum: none, bands: {{{BANDS}}}")
    open_it(s, now="03-20")
    vote(s, 1, 1)
    close(s)
    assert counted(s).band == "below redo_mark"
    s.check_replay()


def test_a_band_whose_bound_had_no_value_is_asked_about() -> None:
    """No band is guessed; the answer may name a consequence of the policy."""
    s = stage("anonymous: false, quorum: none, asks: office, bands: {exclusive: [{below: late_mark, go: look_back}]}")
    open_it(s)
    vote(s, 1, 1)
    assert "PollHeld" in names(close(s))
    answer(s, "look_back", "off")
    assert counted(s).band == "by decision"
    assert s.get("head").open[-1] == "repair/1"
    s.check_replay()


def test_cumulative_bands_all_follow() -> None:
    """Below 60 % explains and makes up; `otherwise` is for when none applies."""
    rules = (
        "anonymous: false, quorum: none, bands: {cumulative: [{below: 70%, go: gaps}, {below: 60%, go: look_back}, "
        "{otherwise: closing}]}"
    )
    low, high = stage(rules), stage(rules)
    for s, good in ((low, 5), (high, 9)):
        open_it(s)
        vote(s, good, 10 - good)
        close(s)
        s.check_replay()
    assert counted(low).go == ("gaps", "look_back")
    assert counted(low).band == "below 70%; below 60%"
    assert counted(high).go == ("closing",)


def test_a_poll_without_bands_changes_nothing() -> None:
    """The result is recorded, no consequence is invented (cap. 65)."""
    s = stage()
    open_it(s)
    vote(s, 0, 3)
    assert names(close(s)) == ["PollCounted", "DutyDone"]
    s.check_replay()


@pytest.mark.parametrize(("verdict", "status", "opened"), [("void", "void", "rating/1"),
    ("nothing", "counted", "rating/1"), ("look_back", "counted", "repair/1")])
def test_no_valid_answer_is_in_no_band_and_is_asked_about(verdict: str, status: str, opened: str) -> None:
    """Only abstentions: no share, no crash, a question; the answer voids it, lets it rest, or names a consequence."""
    s = stage(f"anonymous: false, quorum: none, bands: {{{BANDS}}}")
    open_it(s)
    vote(s, 0, 0, abstain=3)
    assert names(close(s)) == ["PollCounted", "QuestionAsked", "PollHeld"]
    answer(s, verdict)
    assert poll(s).status == status
    assert s.get("head").open[-1] == opened
    s.check_replay()


@pytest.mark.parametrize(("tie", "status", "opened"), [("void", "void", "rating/1"), ("hold", "waiting", "rating/1"),
                                                       ("closing", "counted", "summing/1")])
def test_a_tie_is_what_the_policy_says(tie: str, status: str, opened: str) -> None:
    """Void, held, or a consequence of its own."""
    s = stage(f"anonymous: false, quorum: none, tie: {tie}, bands: {{{BANDS}}}")
    open_it(s)
    vote(s, 4, 4)
    close(s)
    assert poll(s).status == status
    assert s.get("head").open[-1] == opened
    s.check_replay()


# --- several edges ----------------------------------------------------------------------------------------------------

TWO = "up: {raters: member}, down: {raters: boss}"


@pytest.mark.parametrize(("how", "share", "band"), [("pooled", Fraction(10, 11), "otherwise"),
    ("mean", Fraction(1, 2), "below redo_mark"), ("lowest", Fraction(0), "below redo_mark")])
def test_several_results_become_one_by_the_named_aggregate(how: str, share: Fraction, band: str) -> None:
    """Ten members say good, the one boss says bad: pooled, mean and lowest lead to different bands."""
    s = stage(f"anonymous: false, quorum: none, aggregate: {how}, bands: {{{BANDS}}}", TWO)
    open_it(s)
    vote(s, 10, 0, "up")
    s.ok(c.Cast, "boss", poll="mood", edge="down", choice="bad")
    close(s)
    assert (counted(s).share, counted(s).band) == (share, band)
    s.check_replay()


def test_with_each_every_result_has_its_own_band() -> None:
    """There is no one share; both consequences follow, once each."""
    s = stage("anonymous: false, quorum: none, aggregate: each, bands: {exclusive: [{below: 50%, go: gaps}, "
              "{otherwise: closing}]}", TWO)
    open_it(s)
    vote(s, 3, 0, "up")
    s.ok(c.Cast, "boss", poll="mood", edge="down", choice="bad")
    close(s)
    assert counted(s).share is None
    assert [(r.edge, r.band) for r in counted(s).results] == [("down", "below 50%"), ("up", "otherwise")]
    assert set(counted(s).go) == {"gaps", "closing"}
    s.check_replay()


def test_an_unstated_aggregate_is_asked_for_after_the_count() -> None:
    """The answer names one, and only then a band applies."""
    s = stage(f"anonymous: false, quorum: unstated, aggregate: unstated, asks: office, bands: {{{BANDS}}}", TWO)
    open_it(s)
    vote(s, 10, 0, "up")
    s.ok(c.Cast, "boss", poll="mood", edge="down", choice="bad")
    close(s)
    answer(s, "valid", "off")
    assert poll(s).status == "waiting"
    answer(s, "pooled", "off")
    assert (counted(s).share, counted(s).band) == (Fraction(10, 11), "otherwise")
    assert s.get("head").open[-1] == "summing/1"
    s.check_replay()


def test_bands_of_an_edge_bind_that_edge_alone() -> None:
    """The other edge is only recorded (R33)."""
    s = stage("anonymous: false, quorum: none",
              "up: {raters: member, bands: {exclusive: [{below: 70%, go: look_back}]}}, down: {raters: boss}")
    open_it(s)
    vote(s, 1, 1, "up")
    s.ok(c.Cast, "boss", poll="mood", edge="down", choice="bad")
    close(s)
    assert [(r.edge, r.band) for r in counted(s).results] == [("down", ""), ("up", "below 70%")]
    assert counted(s).go == ("look_back",)
    s.check_replay()


# --- rounds -----------------------------------------------------------------------------------------------------------


def test_a_poll_is_held_again_in_a_later_visit_and_both_rounds_stay() -> None:
    """Look back, fill the gaps, poll again: two counts, two duties (cap. 64)."""
    s = stage(f"anonymous: true, quorum: none, bands: {{{BANDS}}}")
    open_it(s)
    vote(s, 4, 1)
    close(s, tally=(("all", "", "bad", 1), ("all", "", "good", 4)))
    s.ok(c.Ask, "wang", move="poll_again")
    open_it(s)
    vote(s, 9, 1)
    close(s, tally=(("all", "", "bad", 1), ("all", "", "good", 9)))
    assert [s.get(f"counted/rating/{n}/mood").share for n in (1, 2)] == [Fraction(4, 5), Fraction(9, 10)]
    assert {box for box, _ in s.ballots} == {"rating/1/mood", "rating/2/mood"}
    assert s.get("head").open[-1] == "summing/1"
    s.check_replay()


# --- what does not compile --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "edges", "code"),
    [("anonymous: false, quorum: none, each: member", "all: {raters: member}", "PF490"),
     ("anonymous: false, quorum: none, at_least: {retired: 10%}", "all: {raters: member}", "PF491"),
     ("anonymous: false, quorum: {share: 10% of cast, otherwise: void}", "all: {raters: member}", "PF492"),
     ("anonymous: false, quorum: none, tie: closin", "all: {raters: member}", "PF201"),
     ("anonymous: false, quorum: none", "all: {raters: member, subject: sektion}", "PF201"),
     (f"anonymous: false, quorum: none, bands: {{{BANDS}}}", "all: {raters: member, subject: section}", "PF242")],
)  # fmt: skip
def test_a_poll_that_leaves_something_open_does_not_compile(rules: str, edges: str, code: str) -> None:
    """Law 5, for polls."""
    with pytest.raises(PolicyError) as caught:
        stage(rules, edges)
    assert [problem.code for problem in caught.value.problems] == [code]


# --- the law of counting ----------------------------------------------------------------------------------------------


def reference(votes: list[tuple[str, str]], how: str) -> tuple[Fraction | None, str]:
    """Counting by hand: (share, band) of polls over two edges with bands at 80 % and 85 %."""
    by_edge = {edge: Counter(choice for e_, choice in votes if e_ == edge) for edge in ("down", "up")}
    shares = []
    for counts in by_edge.values():
        valid = counts["good"] + counts["bad"]
        shares.append(Fraction(counts["good"], valid) if valid else None)
    if how == "pooled":
        valid = sum(counts["good"] + counts["bad"] for counts in by_edge.values())
        share = Fraction(sum(counts["good"] for counts in by_edge.values()), valid) if valid else None
    elif None in shares:
        share = None
    else:
        share = min(shares) if how == "lowest" else sum(shares) / 2  # type: ignore[type-var, arg-type]
    if share is None:
        return None, ""
    return share, "below redo_mark" if share < Fraction(4, 5) else "below pass_mark" if share < Fraction(17,
        20) else "otherwise"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(["up", "down"]), st.integers(1, 20),
                       st.sampled_from(["good", "good", "good", "good", "bad", "abstain"])), max_size=60),
    st.sampled_from(["pooled", "mean", "lowest"]), st.booleans(),
)  # fmt: skip
def test_counting_agrees_with_counting_by_hand(casts: list[tuple[str, int, str]], how: str, anonymous: bool) -> None:
    """However people vote, share and band are those of twenty lines of arithmetic, from the box and from the rows."""
    s = stage(f"anonymous: {str(anonymous).lower()}, quorum: none, aggregate: {how}, bands: {{{BANDS}}}",
              "up: {raters: member}, down: {raters: member}")
    open_it(s)
    votes: dict[tuple[str, int], str] = {}
    for edge, voter, choice in casts:
        decision = s.do(c.Cast, f"m{voter}", poll="mood", edge=edge, choice=choice)
        assert decision.accepted is not (anonymous and (edge, voter) in votes)
        if decision.accepted:
            votes[edge, voter] = choice
    tally = Counter((edge, "", choice) for (edge, _), choice in votes.items())
    close(s, tally=tuple((*key, n) for key, n in sorted(tally.items())) if anonymous else ())
    share, band = reference([(edge, choice) for (edge, _), choice in votes.items()], how)
    result = counted(s) or poll(s).result
    assert result.tally == tuple((*key, n) for key, n in sorted(tally.items()))
    if share is None:
        assert poll(s).status == "waiting"
    else:
        assert (counted(s).share, counted(s).band) == (share, band)
    s.check_replay()
