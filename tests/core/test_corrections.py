"""Corrections: what is taken back, what follows from it, which verdicts are doubted, and what cannot be voided."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import Stage, instant, names

from phaseflow.core.decide.duties import fulfilled_at
from phaseflow.core.decide.step import Step, Surroundings
from phaseflow.core.state import Draft
from phaseflow.core.state.duties import records_of
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry

HEAD = """
phaseflow: 1
campaign: trial
zone: UTC
outcomes: {finished: {by: office}}
defaults:
  phase: {opens: with campaign, closes: by office, clock: calendar, asks: chief}
  duty: {due: none}
"""

POLICY = """
roles: {office: Office, member: Member, lead: Lead, checker: Checker, chief: Chief}
appoints: office
suspension: {by: office, clock: runs}
recording: {late_by: unlimited, correct: office}
phases:
  study:
    window: 03-01 .. 03-31
    gate: {done: [notes, kickoff]}
    duties:
      notes: {quota: 10 pages, each: member, due: 03-10, overdue: {office: 3 days}}
      kickoff: {meeting: Kick-off, by: lead, due: 03-12}
      minutes: {task: Minutes, by: lead, due: 3 days after kickoff held}
      tens: {checklist: Ten ones, by: lead, items: [one, two], due: 03-10}
      essay: {quota: 2 essays, each: member, due: 03-10, checked_by: checker}
      weekly: {quota: 1 page, each: member, every: week, partial_period: full, prescribed: false}
  later: {window: 30 days, opens: when study closes, duties: {plan: {document: Plan, route: [{draft: lead}]}}}
"""

ROSTER = {"ann": "office", "li": "member", "lee": "lead", "cy": "checker", "chi": "chief"}


def stage(policy: str = POLICY) -> Stage:
    return Stage(policy, ROSTER, head=HEAD)


def write(run: Stage, amount: int, duty: str = "notes", unit: str = "pages", **more: Any) -> Entry:
    """Record pages for Li; the entry of that record."""
    run.ok(c.Record, "li", duty=duty, amount=Fraction(amount), unit=unit, **more)
    return last(run, e.AmountRecorded)


def last(run: Stage, kind: type[e.Event]) -> Entry:
    return next(entry for entry in reversed(run.trail) if isinstance(entry.event, kind))


def void(run: Stage, entry: Entry, by: str = "ann", **more: Any) -> tuple[e.Event, ...]:
    return run.ok(c.Void, by, **{"seq": entry.seq, "event": entry, "reason": "a slip", **more})


def correct(
    run: Stage, entry: Entry, happened: str = "", amount: int | None = None, **more: Any
) -> tuple[e.Event, ...]:
    given = {
        "amount": None if amount is None else Fraction(amount),
        "happened": instant(happened) if happened else None,
    }
    return run.ok(c.Correct, "ann", seq=entry.seq, event=entry, reason="a slip", **given, **more)


def part(run: Stage, key: str = "study/1/notes", who: str = "li") -> Any:
    return run.get(f"part/{key}/{who}")


def duty(run: Stage, key: str = "study/1/notes") -> Any:
    return run.get(f"duty/{key}")


# --- voiding ----------------------------------------------------------------------------------------------------------


def test_a_voided_amount_no_longer_counts() -> None:
    """The trail keeps both; what is left is enough, or the duty is owed again and rings again."""
    run = stage()
    first, second = write(run, 6), write(run, 6)
    assert part(run).done
    assert names(void(run, first)) == ["EventVoided", "DutyUndone"]
    assert (part(run).amount, part(run).done, duty(run).outstanding) == (6, False, 1)
    write(run, 4)
    third = write(run, 5, duty="notes")
    assert names(void(run, third)) == ["EventVoided"], "ten are left, which is enough"
    assert part(run).done
    assert second.seq in [record.seq for record in records_of(run.rows, "study/1/notes", "li")]
    run.check_replay()


def test_what_is_owed_again_before_its_day_rings_again() -> None:
    """The timers that its being done had dropped are set for what is still ahead."""
    run = stage()
    entry = write(run, 10)
    assert not [key for key in run.timers() if "study/1/notes" in key]
    void(run, entry)
    run.ok(c.Tick, now="03-20")
    fell = [
        found for found in run.trail if isinstance(found.event, e.DutyFellDue) and found.event.key == "study/1/notes"
    ]
    assert [f"{found.at:%m-%d}" for found in fell] == ["03-11"]
    run.check_replay()


def test_what_is_owed_again_after_its_day_is_overdue_at_once() -> None:
    """The subject had not been among the overdue; a late record in time rescinds just that event."""
    run = stage()
    entry = write(run, 10, now="03-09")
    run.ok(c.Tick, now="03-15")
    events = void(run, entry)
    assert names(events) == ["EventVoided", "DutyUndone", "DutyFellDue"]
    assert events[2].subject == "li"  # type: ignore[attr-defined]
    write(run, 10, at="03-08", now="03-16")
    fell = next(entry for entry in run.trail if entry.event == events[2])
    assert last(run, e.OverdueRescinded).event.of == fell.seq  # type: ignore[attr-defined]
    run.check_replay()


def test_a_late_deed_that_is_voided_is_not_overdue_twice() -> None:
    """The subject was among the overdue already."""
    run = stage()
    run.ok(c.Tick, now="03-15")
    entry = write(run, 10)
    assert part(run).in_time is False
    assert names(void(run, entry)) == ["EventVoided", "DutyUndone"]
    run.check_replay()


@pytest.mark.parametrize("kind", ["task", "meeting", "checklist"])
def test_each_kind_of_record_can_be_taken_back(kind: str) -> None:
    """A report, a meeting, a tick: the duty is owed again and can be done again."""
    run = stage()
    run.ok(c.HoldMeeting, "lee", duty="kickoff")
    key, act, event = {
        "task": ("minutes", lambda: run.ok(c.Complete, "lee", duty="minutes"), e.TaskReported),
        "meeting": ("kickoff", lambda: run.ok(c.HoldMeeting, "lee", duty="kickoff"), e.MeetingHeld),
        "checklist": (
            "tens",
            lambda: [run.ok(c.CheckOff, "lee", duty="tens", entry=name) for name in ("one", "two")],
            e.EntryChecked,
        ),
    }[kind]
    if kind != "meeting":
        act()
    assert part(run, f"study/1/{key}", "").done
    void(run, last(run, event))
    assert not part(run, f"study/1/{key}", "").done
    if kind == "checklist":
        assert part(run, "study/1/tens", "").entries == ("one",)
        run.ok(c.CheckOff, "lee", duty="tens", entry="two")
    else:
        act()
    assert part(run, f"study/1/{key}", "").done
    run.check_replay()


def test_a_voided_meeting_takes_back_the_days_that_hung_on_it() -> None:
    """A duty due three days after the meeting has no date until it is held; corrected, it is dated anew."""
    run = stage()
    run.ok(c.HoldMeeting, "lee", duty="kickoff", now="03-03")
    assert str(duty(run, "study/1/minutes").term.day) == "2009-03-06"
    events = correct(run, last(run, e.MeetingHeld), happened="03-02", now="03-04")
    assert str(duty(run, "study/1/minutes").term.day) == "2009-03-05"
    assert names(events) == ["EventVoided", "DutyDated", "MeetingHeld", "DutyDated"]
    void(run, last(run, e.MeetingHeld))
    assert duty(run, "study/1/minutes").term.day is None
    assert run.get("happened/kickoff/held") is None
    run.check_replay()


def test_what_was_checked_is_checked_again() -> None:
    """An amount that fell short while it waited for its check, or after, is reported and confirmed anew."""
    run = stage()
    first = write(run, 2, "essay", "essays")
    void(run, first)
    run.no(c.Confirm, "cy", "PF346", duty="essay", subject="li", good=True)
    again = write(run, 2, "essay", "essays")
    run.ok(c.Confirm, "cy", duty="essay", subject="li", good=True)
    void(run, again)
    write(run, 2, "essay", "essays")
    assert not part(run, "study/1/essay").done
    run.ok(c.Confirm, "cy", duty="essay", subject="li", good=True)
    assert part(run, "study/1/essay").done
    run.check_replay()


def test_a_corrected_time_keeps_the_check() -> None:
    """What was confirmed stays confirmed when only its time was wrong."""
    run = stage()
    entry = write(run, 2, "essay", "essays", now="03-15")
    run.ok(c.Confirm, "cy", duty="essay", subject="li", good=True)
    assert part(run, "study/1/essay").in_time is False
    assert names(correct(run, entry, happened="03-09"))[-3:] == ["DutyUndone", "DutyDone", "OverdueRescinded"]
    run.check_replay()


def test_a_late_record_can_show_that_it_was_in_time() -> None:
    """R2: what was done late by the records so far was in time by one that is recorded later."""
    run = stage()
    write(run, 5, now="03-02")
    write(run, 5, now="03-14")
    assert part(run).in_time is False
    events = run.ok(c.Record, "li", duty="notes", amount=Fraction(5), unit="pages", at="03-08", now="03-16")
    assert names(events)[-3:] == ["DutyUndone", "DutyDone", "OverdueRescinded"]
    assert part(run).in_time is True
    run.check_replay()


def test_what_is_still_enough_still_waits_for_its_check() -> None:
    """A voided surplus takes nothing away from what was reported."""
    run = stage()
    write(run, 2, "essay", "essays")
    assert names(void(run, write(run, 1, "essay", "essays"))) == ["EventVoided"]
    run.ok(c.Confirm, "cy", duty="essay", subject="li", good=True)
    assert part(run, "study/1/essay").done
    run.check_replay()


def test_who_was_in_time_is_overdue_beside_the_others() -> None:
    """Others had been overdue when the day came; whoever turns out to owe it too is said to be by name."""
    run = Stage(POLICY, {**ROSTER, "mo": "member"}, head=HEAD)
    entry = write(run, 10, now="03-09")
    run.ok(c.Tick, now="03-15")
    events = void(run, entry)
    assert names(events) == ["EventVoided", "DutyUndone", "DutyFellDue"]
    run.check_replay()


def test_in_time_is_judged_on_the_deed_and_not_on_the_check() -> None:
    """Reported on the 9th, due on the 10th, checked on the 15th: in time, and the overdue is rescinded."""
    run = stage()
    write(run, 2, "essay", "essays", now="03-09")
    run.ok(c.Confirm, "cy", duty="essay", subject="li", good=True, now="03-15")
    assert part(run, "study/1/essay").in_time is True
    assert names(run.trail[-1:] and [run.trail[-1].event]) == ["OverdueRescinded"]
    run.check_replay()


# --- correcting -------------------------------------------------------------------------------------------------------


def test_a_corrected_amount_counts_instead() -> None:
    """The new record stands at the old time; done stays done, and nothing else is said."""
    run = stage()
    entry = write(run, 12, now="03-05")
    assert names(correct(run, entry, amount=11, now="03-20")) == ["EventVoided", "AmountRecorded"]
    assert part(run).amount == 11
    assert last(run, e.AmountRecorded).at == entry.at
    run.check_replay()


def test_a_correction_can_make_a_duty_done_at_the_time_it_was_done() -> None:
    """Thirteen instead of three on the 5th: done on the 5th, so in time, and the overdue is rescinded."""
    run = stage()
    entry = write(run, 3, now="03-05")
    run.ok(c.Tick, now="03-15")
    events = correct(run, entry, amount=13)
    assert names(events) == ["EventVoided", "AmountRecorded", "DutyDone", "OverdueRescinded"]
    assert f"{last(run, e.DutyDone).at:%m-%d}" == "03-05"
    run.check_replay()


@pytest.mark.parametrize(
    ("recorded", "happened", "expected", "in_time"),
    [
        ("03-15", "03-09", ["EventVoided", "AmountRecorded", "DutyUndone", "DutyDone", "OverdueRescinded"], True),
        ("03-09", "03-12", ["EventVoided", "AmountRecorded", "DutyUndone", "DutyFellDue", "DutyDone"], False),
        ("03-09", "03-08", ["EventVoided", "AmountRecorded"], True),
        ("03-15", "03-14", ["EventVoided", "AmountRecorded"], False),
    ],
)
def test_a_corrected_time_is_judged_again(recorded: str, happened: str, expected: list[str], in_time: bool) -> None:
    """In time after all rescinds the overdue; late after all says that it was overdue; else nothing changes."""
    run = stage()
    entry = write(run, 10, now=recorded)
    assert names(correct(run, entry, happened=happened, now="03-20")) == expected
    assert part(run).in_time is in_time
    run.check_replay()


def test_in_time_is_when_the_total_was_reached() -> None:
    """Of several records the one that made it enough decides, whichever was corrected or recorded last."""
    run = stage()
    first = write(run, 5, now="03-02")
    write(run, 5, now="03-14")
    assert part(run).in_time is False
    assert names(correct(run, first, amount=6, now="03-20")) == ["EventVoided", "AmountRecorded"]
    assert part(run).in_time is False
    correct(run, last(run, e.AmountRecorded), amount=10)
    assert part(run).in_time is True
    run.check_replay()


def test_a_correction_says_something_sensible() -> None:
    """Nothing, an amount where there is none or of nothing, a time to come, before the run, or in another period."""
    run = stage()
    run.ok(c.HoldMeeting, "lee", duty="kickoff")
    held, notes, weekly = last(run, e.MeetingHeld), write(run, 3), write(run, 1, "weekly", now="03-09")
    for entry, codes, says in (
        (notes, ["PF587"], {}),
        (held, ["PF588"], {"amount": Fraction(2)}),
        (notes, ["PF589", "PF590"], {"amount": Fraction(0), "happened": instant("04-01")}),
        (notes, ["PF591"], {"happened": instant("02-01")}),
        (weekly, ["PF592"], {"happened": instant("03-03")}),
    ):
        run.no(c.Correct, "ann", *codes, seq=entry.seq, event=entry, reason="a slip", **says)
    run.check_replay()


# --- what cannot be taken back ----------------------------------------------------------------------------------------


def test_who_may_correct_is_whom_the_policy_names() -> None:
    """And nobody where it names none."""
    run = stage()
    entry = write(run, 3)
    run.no(c.Void, "li", "PF301", seq=entry.seq, event=entry, reason="x")
    run.no(c.Void, "ann", "PF580", seq=99, event=None, reason="x")
    run.no(c.Void, "ann", "PF586", seq=entry.seq, event=entry, reason=" ")
    run.check_replay()
    for text in (
        POLICY.replace(", correct: office", ""),
        POLICY.replace("recording: {late_by: unlimited, correct: office}", ""),
    ):
        run = stage(text)
        entry = write(run, 3)
        run.no(c.Void, "ann", "PF581", seq=entry.seq, event=entry, reason="x")
        run.no(c.Correct, "ann", "PF581", seq=entry.seq, event=entry, reason="x")


def test_what_is_void_is_not_voided_again() -> None:
    """The refusal names the event that did it; the corrected record can be corrected in turn."""
    run = stage()
    entry = write(run, 3)
    void(run, entry)
    assert f"entry {last(run, e.EventVoided).seq}" in run.no(
        c.Void, "ann", "PF583", seq=entry.seq, event=entry, reason="x"
    )
    other = write(run, 3)
    correct(run, other, amount=4)
    run.no(c.Correct, "ann", "PF583", seq=other.seq, event=other, reason="x", amount=Fraction(5))
    correct(run, last(run, e.AmountRecorded), amount=5)
    assert part(run).amount == 5
    run.check_replay()


def test_what_was_found_poor_no_longer_counts() -> None:
    """Voiding it would take away from what was done since."""
    run = stage()
    entry = write(run, 2, "essay", "essays")
    run.ok(c.Confirm, "cy", duty="essay", subject="li", good=False, reason="copied")
    write(run, 1, "essay", "essays")
    run.no(c.Void, "ann", "PF585", seq=entry.seq, event=entry, reason="x")
    assert part(run, "study/1/essay").amount == 1
    run.check_replay()


def test_only_records_are_taken_back() -> None:
    """A verdict is never voided, a document is returned, what follows from records falls with them."""
    run = stage()
    write(run, 10)
    run.ok(c.HoldMeeting, "lee", duty="kickoff")
    write(run, 2, "essay", "essays")
    reported = last(run, e.TaskReported)
    assert reported.event.key == "study/1/essay"  # type: ignore[attr-defined]
    run.ok(c.Ask, "ann", move="study.close")
    for kind, said in (
        (e.GateJudged, "verdict"),
        (e.DutyDone, "record"),
        (e.PhaseClosed, "move"),
        (e.PersonJoined, "records"),
    ):
        entry = last(run, kind)
        assert said in run.no(c.Void, "ann", "PF584", seq=entry.seq, event=entry, reason="x")
    run.no(c.Void, "ann", "PF584", seq=reported.seq, event=reported, reason="x")
    run.ok(c.Suspend, "ann", reason="flood")
    entry = last(run, e.AmountRecorded)
    run.no(c.Void, "ann", "PF582", seq=entry.seq, event=entry, reason="x")
    run.check_replay()


# --- doubts -----------------------------------------------------------------------------------------------------------


def closed_phase() -> tuple[Stage, Entry, Entry]:
    """A run whose phase was closed by a gate that had read Li's notes; the record and the verdict."""
    run = stage()
    run.ok(c.Ask, "ann", move="study.close")
    held = last(run, e.GateJudged)
    assert held.event.verdict == "held"  # type: ignore[attr-defined]
    entry = write(run, 10)
    run.ok(c.Ask, "ann", move="study.close")
    run.ok(c.HoldMeeting, "lee", duty="kickoff")
    run.ok(c.Ask, "ann", move="study.close")
    return run, entry, last(run, e.GateJudged)


def test_a_verdict_that_read_a_corrected_fact_is_doubted_by_name() -> None:
    """R2: it stands, a person is asked, and the phase stays closed; the held verdict before it is not doubted."""
    run, entry, verdict = closed_phase()
    assert verdict.event.duties == ("kickoff", "notes")  # type: ignore[attr-defined]
    events = void(run, entry, reason="copied from a book")
    assert names(events) == ["EventVoided", "DutyUndone", "VerdictDoubted", "QuestionAsked"]
    doubt, asked = events[2:]
    assert (doubt.verdict, doubt.fact, doubt.because) == (verdict.seq, "notes", last(run, e.EventVoided).seq)  # type: ignore[attr-defined]
    assert asked.role == "chief"  # type: ignore[attr-defined]
    run.ok(c.Answer, "chi", question=asked.question, verdict="stands", reason="the rest was good")  # type: ignore[attr-defined]
    assert "later/1" in run.get("head").open
    write(run, 10, at="03-01 08:02", now="03-03")
    again = void(run, last(run, e.AmountRecorded))
    assert "VerdictDoubted" not in names(again), "the verdict had not read this one"
    run.check_replay()


def test_a_correction_that_changes_no_fact_doubts_nothing() -> None:
    """Whether the duty is done is what the gate had read, and that has not changed."""
    run, entry, _verdict = closed_phase()
    assert "VerdictDoubted" not in names(correct(run, entry, amount=11))
    assert "VerdictDoubted" in names(correct(run, last(run, e.AmountRecorded), amount=9))
    run.check_replay()


def test_what_is_recorded_after_a_verdict_does_not_touch_it() -> None:
    """A verdict had read only what stood before it."""
    run, first, _verdict = closed_phase()
    extra = run.ok(c.Record, "li", duty="notes", amount=Fraction(3), unit="pages", at="03-01 08:02", now="03-02")
    assert names(extra) == ["AmountRecorded"]
    assert names(void(run, last(run, e.AmountRecorded))) == ["EventVoided"]
    assert "VerdictDoubted" in names(void(run, first))
    run.check_replay()


# --- laws -------------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["write", "void", "correct", "move"]), st.integers(1, 12), st.integers(1, 20)),
        max_size=15,
    )
)
def test_done_and_in_time_are_what_the_standing_records_say(acts: list[tuple[str, int, int]]) -> None:
    """After any sequence the subject is done exactly if the records that stand are enough, and in time if they were."""
    run = stage()
    for act, amount, day in acts:
        standing = [
            entry
            for entry in run.trail
            if isinstance(entry.event, e.AmountRecorded) and run.get(f"voided/{entry.seq:08d}") is None
        ]
        at, now = (
            f"03-{day:02d} 08:30",
            max(f"{run.now:%m-%d}", f"03-{day:02d}") + f" {9 + run.count // 60:02d}:{run.count % 60:02d}",
        )
        match act:
            case "write":
                run.ok(c.Record, "li", duty="notes", amount=Fraction(amount), unit="pages", at=at, now=now)
            case "void" if standing:
                void(run, standing[amount % len(standing)], now=now)
            case "correct" if standing:
                correct(run, standing[amount % len(standing)], amount=amount, now=now)
            case "move" if standing:
                correct(run, standing[amount % len(standing)], happened=at, now=now)
        state, found = duty(run), part(run)
        if found is None:
            continue
        kept = [
            entry
            for entry in run.trail
            if isinstance(entry.event, e.AmountRecorded) and run.get(f"voided/{entry.seq:08d}") is None
        ]
        assert found.amount == sum(entry.event.amount for entry in kept)  # type: ignore[attr-defined]
        assert found.done == (found.amount >= 10)
        assert state.done == found.done
        step = Step(run.plan, Draft(run.rows), Surroundings(), at=run.now, now=run.now)
        when = fulfilled_at(step, state, "li")
        assert (when is not None) == found.done
        if when is not None:
            assert found.in_time == (when < state.term.due)
    run.check_replay()
