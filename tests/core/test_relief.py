"""Waivers, extensions and halts: who gets them, what they move, and what comes back when they end."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import Stage, names

from phaseflow.core.state import timer_instant
from phaseflow.core.state.relief import ExtensionState
from phaseflow.messages import commands as c
from phaseflow.messages import events as e

HEAD = """
phaseflow: 1
campaign: trial
zone: UTC
outcomes: {finished: {by: office}}
defaults:
  phase: {opens: with campaign, closes: by office, clock: calendar}
  duty: {due: none}
"""

POLICY = """
roles: {office: Office, chief: {is_a: member}, member: Member, lead: Lead}
appoints: office
suspension: {by: office, clock: CLOCK}
waivers: {by: [office, chief], duties: DUTIES, grounds: [illness, absence], expires: EXPIRES}
recording: {late_by: unlimited, correct: office}
extensions: {by: [office, chief], duties: DUTIES, types: [illness, workload], longest: 20 days, max: 2}
phases:
  study:
    window: 03-01 .. 03-31
    remind: 3 days
    steps: {first_half: 03-01 .. 03-15, second_half: 03-16 .. 03-31}
    gate: duties
    duties:
      notes: {quota: 10 pages, each: member, due: 03-10, grace: 1 day, lock: 5 days, remind: 2 days,
              overdue: {office: 3 days}}
      kickoff: {task: Kick off, by: lead, due: 03-10, remind: 2 days}
      weekly: {quota: 1 page, each: member, every: week, partial_period: full, prescribed: false}
      free: {task: Free, by: lead, prescribed: false}
  later:
    opens: on date
    window: 04-05 .. 04-20
"""

ROSTER = {"ann": "office", "cho": "chief", "li": "member", "mo": "member", "lee": "lead"}


def stage(policy: str = POLICY, *, duties: str = "any", expires: str = "optional", clock: str = "stops") -> Stage:
    text = policy.replace("DUTIES", duties).replace("EXPIRES", expires).replace("CLOCK", clock)
    return Stage(text, ROSTER, head=HEAD)


def waive(run: Stage, by: str = "ann", **more: Any) -> tuple[e.Event, ...]:
    return run.ok(
        c.GrantWaiver, by, **{"duty": "notes", "grounds": "illness", "reason": "in hospital", "subject": "li", **more}
    )


def extend(run: Stage, until: date, by: str = "ann", **more: Any) -> tuple[e.Event, ...]:
    given = {"duty": "notes", "type": "illness", "reason": "was ill", "subject": "li", **more}
    return run.ok(c.GrantExtension, by, until=until, **given)


def write(run: Stage, by: str, **more: Any) -> tuple[e.Event, ...]:
    return run.ok(c.Record, by, duty="notes", amount=10, unit="pages", **more)


def duty(run: Stage, key: str = "study/1/notes") -> Any:
    return run.get(f"duty/{key}")


def part(run: Stage, who: str = "li", key: str = "study/1/notes") -> Any:
    return run.get(f"part/{key}/{who}")


def when(run: Stage, kind: type[e.Event], key: str = "study/1/notes") -> list[str]:
    """When events of a kind about a duty took effect, with whom they are about."""
    return [
        f"{entry.at:%m-%d} {entry.event.subject}".strip()  # type: ignore[attr-defined]
        for entry in run.trail
        if isinstance(entry.event, kind) and getattr(entry.event, "key", key) == key
    ]


# --- waivers ----------------------------------------------------------------------------------------------------------


def test_a_waived_duty_holds_no_gate_and_is_not_done() -> None:
    """Exempt is not complete: the waived are counted apart, and the gate is passed once the others are done."""
    run = stage()
    waive(run)
    assert (duty(run).owed, duty(run).done, duty(run).waived, duty(run).outstanding) == (3, 0, 1, 2)
    for who in ("mo", "cho"):
        write(run, who)
    run.ok(c.Complete, "lee", duty="kickoff")
    assert (duty(run).done, duty(run).outstanding) == (2, 0)
    run.ok(c.Ask, "ann", move="study.close")
    assert run.events(e.GateJudged)[-1].verdict == "passed"
    run.check_replay()


def test_the_waived_get_no_reminders() -> None:
    """When the last who owed it is excepted, the timers of the duty are gone; nothing rings."""
    run = stage()
    run.ok(c.GrantWaiver, "ann", duty="kickoff", grounds="absence", reason="no hall")
    assert duty(run, "study/1/kickoff").outstanding == 0
    run.ok(c.Tick, now="03-20")
    assert when(run, e.DutyFellDue, "study/1/kickoff") == []
    assert when(run, e.DutyReminded, "study/1/kickoff") == []
    run.check_replay()


def test_an_expired_waiver_leaves_the_duty_owed_again() -> None:
    """What is still ahead rings again; the last day is included."""
    run = stage()
    waive(run, until=date(2009, 3, 5))
    run.ok(c.Tick, now="03-05 23:59")
    assert duty(run).outstanding == 2
    run.ok(c.Tick, now="03-06 00:00")
    assert names(run.events(e.WaiverEnded)) == ["WaiverEnded"]
    assert (duty(run).outstanding, part(run).waived) == (3, "")
    run.check_replay()


def test_the_timers_come_back_with_the_duty() -> None:
    """Of everybody's waiver: its end sets what is ahead of the term, and only that."""
    run = stage()
    waive(run, subject="", by="ann", until=date(2009, 3, 8))
    assert not [key for key in run.timers() if "study/1/notes" in key]
    run.ok(c.Tick, now="03-30")
    assert when(run, e.DutyReminded) == ["03-14"], "the reminder of 8 March was past; the escalation was ahead"
    assert when(run, e.DutyFellDue) == ["03-12"]
    run.check_replay()


def test_a_waiver_that_outlives_the_due_day_ends_in_an_overdue() -> None:
    """Who is owed again after the day is overdue at once, and says so by an event of its own."""
    run = stage()
    waive(run, until=date(2009, 3, 20))
    events = run.tick("03-25")
    fell = [event for event in events if isinstance(event, e.DutyFellDue)]
    assert [(event.subject, event.outstanding, event.born) for event in fell if event.key.endswith("notes")] == [
        ("", 2, False), ("li", 1, True),
    ]  # fmt: skip
    run.check_replay()


def test_a_waiver_granted_after_the_overdue_leaves_it_on_record() -> None:
    """The overdue stood before the waiver; when it ends nothing is said twice."""
    run = stage()
    run.ok(c.Tick, now="03-13")
    waive(run, until=date(2009, 3, 20))
    run.ok(c.Tick, now="03-25")
    assert when(run, e.DutyFellDue) == ["03-12"]
    assert when(run, e.OverdueRescinded) == []
    run.check_replay()


def test_a_waiver_recorded_late_rescinds_the_overdue() -> None:
    """It was granted before the due day; what had been written meanwhile is unmade by name (R2)."""
    run = stage()
    run.ok(c.Tick, now="03-13")
    fell = run.events(e.DutyFellDue)
    number = next(
        entry.seq
        for entry in run.trail
        if isinstance(entry.event, e.DutyFellDue) and entry.event.key == "study/1/notes"
    )
    assert fell
    events = waive(run, at="03-09", now="03-14")
    assert names(events) == ["WaiverGranted", "OverdueRescinded"]
    assert events[1].of == number  # type: ignore[attr-defined]
    run.check_replay()


def test_whoever_does_a_waived_duty_has_done_it() -> None:
    """The waiver forbids nothing: a deed counts as done."""
    run = stage()
    waive(run)
    write(run, "li")
    assert (duty(run).done, duty(run).waived, duty(run).outstanding) == (1, 0, 2)
    number = run.events(e.WaiverGranted)[0].waiver
    run.ok(c.RevokeWaiver, "ann", waiver=number, reason="well again")
    assert duty(run).outstanding == 2
    run.check_replay()


def test_a_corrected_deed_brings_the_exception_back() -> None:
    """What the waived had done is void: they are excepted as before."""
    run = stage()
    waive(run)
    write(run, "li")
    entry = next(entry for entry in run.trail if isinstance(entry.event, e.AmountRecorded))
    run.ok(c.Void, "ann", seq=entry.seq, event=entry, reason="a slip")
    assert (duty(run).done, duty(run).waived, duty(run).outstanding) == (0, 1, 2)
    run.check_replay()


def test_a_revocation_recorded_late_does_not_ring_late() -> None:
    """The run was settled up to the recording; what had its moment before is not told now."""
    run = stage()
    run.ok(c.GrantWaiver, "ann", duty="kickoff", grounds="absence", reason="no hall")
    run.ok(c.RevokeWaiver, "ann", waiver=duty(run, "study/1/kickoff").exempt, reason="found",
           at="03-05", now="03-09")
    run.ok(c.Tick, now="03-20")
    assert when(run, e.DutyReminded, "study/1/kickoff") == []
    assert when(run, e.DutyFellDue, "study/1/kickoff") == ["03-11"]
    run.check_replay()


def test_a_waiver_for_everybody_covers_whoever_has_a_day_of_their_own() -> None:
    """A moved day comes while all are excepted: nobody owes it then."""
    run = stage()
    extend(run, date(2009, 3, 14))
    waive(run, subject="")
    run.ok(c.Tick, now="03-20")
    assert [event.outstanding for event in run.events(e.DutyFellDue) if event.key == "study/1/notes"] == [0]
    run.check_replay()


def test_a_joiner_has_the_clock_of_the_duty() -> None:
    """Everybody had done it and its timers were gone; for somebody new they are set again."""
    run = stage()
    for who in ("li", "mo", "cho"):
        write(run, who)
    run.ok(c.Join, "ann", person=c.Person(id="ned", roles=("member",)))
    run.ok(c.Tick, now="03-20")
    assert when(run, e.DutyFellDue) == ["03-12"]
    run.check_replay()


def test_a_waiver_for_everybody_holds_for_joiners_too() -> None:
    """Somebody who joins while all are excepted owes nothing until it ends."""
    run = stage()
    waive(run, subject="")
    run.ok(c.Join, "ann", person=c.Person(id="ned", roles=("member",)))
    assert (duty(run).owed, duty(run).waived, duty(run).outstanding) == (4, 4, 0)
    run.ok(c.Leave, "ann", person="mo")
    assert (duty(run).owed, duty(run).waived) == (3, 3)
    run.ok(c.RevokeWaiver, "ann", waiver=duty(run).exempt, reason="over")
    assert (duty(run).waived, duty(run).outstanding) == (0, 3)
    run.check_replay()


def test_two_waivers_over_one_another_end_one_by_one() -> None:
    """One subject's own waiver goes on when everybody's ends, and the other way round."""
    for first in ("own", "all"):
        run = stage()
        waive(run)
        own = run.events(e.WaiverGranted)[-1].waiver
        waive(run, subject="")
        for name in (own, duty(run).exempt) if first == "own" else (duty(run).exempt, own):
            run.ok(c.RevokeWaiver, "ann", waiver=name, reason="over")
            expected = {"own": (0 if name == own else 3), "all": (3 if name == own else 2)}[first]
            assert duty(run).outstanding == expected
        assert duty(run).waived == 0
        run.check_replay()


def test_a_waived_person_who_leaves_is_counted_once() -> None:
    """Leaving takes the exception along."""
    run = stage()
    waive(run, until=date(2009, 3, 5))
    run.ok(c.Leave, "ann", person="li")
    assert (duty(run).owed, duty(run).waived, duty(run).outstanding) == (2, 0, 2)
    run.ok(c.Tick, now="03-07")
    assert duty(run).outstanding == 2
    run.check_replay()


def test_periods_are_waived_up_to_the_last_day() -> None:
    """Of a duty that comes every week the weeks of the waiver stay waived; a week it only touches is owed again."""
    run = stage()
    waive(run, duty="weekly", until=date(2009, 3, 11))
    granted = run.events(e.WaiverGranted)
    periods = {event.duty: event.expires for event in granted}
    keys = sorted(key for key, _ in run.rows.scan("duty/study/1/weekly/"))
    inside = [key.removeprefix("duty/") for key in keys if run.get(key).period.last <= date(2009, 3, 11)]
    touched = [key.removeprefix("duty/") for key in keys if run.get(key).period.first <= date(2009, 3, 11)]
    assert list(periods) == touched
    assert [key for key, expires in periods.items() if expires is None] == inside
    run.ok(c.Tick, now="03-13")
    assert [run.get(f"duty/{key}").waived for key in touched] == [1, 1, 0][-len(touched) :]
    run.check_replay()


def test_a_waiver_is_refused_with_every_reason() -> None:
    """Duty, ground, reason and last day are judged together."""
    run = stage(duties="[kickoff]", expires="required")
    run.no(
        c.GrantWaiver,
        "ann",
        "PF552",
        "PF553",
        "PF554",
        "PF555",
        duty="notes",
        grounds="weather",
        reason=" ",
        subject="li",
    )
    run = stage(expires="never")
    run.no(
        c.GrantWaiver,
        "ann",
        "PF556",
        "PF560",
        duty="notes",
        grounds="illness",
        reason="x",
        subject="lee",
        until=date(2009, 3, 9),
    )
    run = stage()
    run.no(
        c.GrantWaiver,
        "ann",
        "PF557",
        duty="notes",
        grounds="illness",
        reason="x",
        subject="li",
        until=date(2009, 2, 20),
    )
    waive(run)
    run.no(c.GrantWaiver, "ann", "PF558", duty="notes", grounds="illness", reason="x", subject="li")
    write(run, "mo")
    run.no(c.GrantWaiver, "ann", "PF559", duty="notes", grounds="illness", reason="x", subject="mo")
    run.no(c.GrantWaiver, "mo", "PF301", duty="notes", grounds="illness", reason="x", subject="li")
    run.no(c.RevokeWaiver, "ann", "PF561", waiver="w99", reason="x")
    run.check_replay()


def test_nobody_excepts_themselves() -> None:
    """Neither by name nor as one of all who owe it; another holder may."""
    run = stage()
    run.no(c.GrantWaiver, "cho", "PF551", duty="notes", grounds="illness", reason="x", subject="cho")
    run.no(c.GrantWaiver, "cho", "PF551", duty="notes", grounds="illness", reason="x")
    waive(run, by="cho")
    waive(run, by="ann", subject="cho")
    run.ok(c.Join, "ann", person=c.Person(id="ann", roles=("lead",)))
    run.no(c.GrantWaiver, "ann", "PF551", duty="kickoff", grounds="illness", reason="x")
    run.check_replay()


def test_without_the_words_there_is_no_relief() -> None:
    """Waivers and extensions are off unless the policy turns them on."""
    text = "\n".join(line for line in POLICY.split("\n") if not line.startswith(("waivers", "extensions")))
    run = stage(text)
    run.no(c.GrantWaiver, "ann", "PF550", duty="notes", grounds="illness", reason="x", subject="li")
    run.no(c.RevokeWaiver, "ann", "PF550", waiver="w1", reason="x")
    for kind in (c.GrantExtension, c.RequestExtension):
        run.no(kind, "ann", "PF562", duty="notes", type="illness", reason="x", until=date(2009, 3, 20))
    run.no(c.RefuseExtension, "ann", "PF562", duty="notes", reason="x")
    run.check_replay()


# --- extensions -------------------------------------------------------------------------------------------------------


def test_an_extension_moves_every_instant_together() -> None:
    """Due, grace, lock and ladder keep their distances; others keep their day; the first term stays on record."""
    run = stage()
    before = duty(run).term
    extend(run, date(2009, 3, 14))
    term = part(run).term
    assert (term.day - before.day).days == 4
    for name in ("due", "grace", "lock"):
        assert (getattr(term, name) - getattr(before, name)).days == 4
    assert [(a.at - b.at).days for a, b in zip(term.ladder, before.ladder, strict=True)] == [4, 4]
    assert run.get("extension/study/1/notes/li") == ExtensionState(original=before, count=1)
    run.ok(c.Tick, now="03-30")
    assert when(run, e.DutyFellDue) == ["03-12", "03-16 li"]
    assert next(event.outstanding for event in run.events(e.DutyFellDue) if event.key == "study/1/notes") == 2
    run.check_replay()


def test_an_extension_for_everybody_moves_the_duty_and_who_would_be_behind() -> None:
    """A subject with an earlier day of its own goes along; one with a later day keeps it."""
    run = stage()
    extend(run, date(2009, 3, 12))
    extend(run, date(2009, 3, 28), subject="mo")
    events = extend(run, date(2009, 3, 20), subject="")
    assert [event.subject for event in events] == ["", "li"]  # type: ignore[attr-defined]
    assert [str(state.term.day) for state in (duty(run), part(run), part(run, "mo"))] == [
        "2009-03-20",
        "2009-03-20",
        "2009-03-28",
    ]
    run.check_replay()


def test_an_extension_after_the_day_rescinds_and_opens_recording_again() -> None:
    """The overdue is unmade by name; what the lock had ended is possible again."""
    run = stage()
    run.ok(c.Tick, now="03-17")
    run.no(c.Record, "li", "PF338", duty="notes", amount=10, unit="pages")
    events = extend(run, date(2009, 3, 20))
    assert names(events) == ["ExtensionGranted", "OverdueRescinded"]
    write(run, "li")
    assert part(run).in_time is True
    assert [event for event in run.events(e.OverdueRescinded) if event.subject == "li"] == [events[1]], "rescinded once"
    run.check_replay()


def test_an_overdue_is_rescinded_once() -> None:
    """Moved for everybody and then done: the event that was unmade by the move is not unmade again."""
    run = stage()
    run.ok(c.Tick, now="03-13")
    events = extend(run, date(2009, 3, 20), subject="")
    assert names(events) == ["ExtensionGranted", "OverdueRescinded"]
    assert "OverdueRescinded" not in names(write(run, "li"))
    run.check_replay()


def test_an_extension_to_a_day_that_is_past_too_stays_overdue() -> None:
    """The first overdue is rescinded and another one stands in its place."""
    run = stage()
    run.ok(c.Tick, now="03-17")
    events = extend(run, date(2009, 3, 14))
    assert names(events) == ["ExtensionGranted", "OverdueRescinded", "DutyFellDue"]
    run.check_replay()


def test_the_limits_of_extensions_are_counted_from_the_first_day() -> None:
    """Twenty days in all, twice: of the first due day, for each subject; every reason at once."""
    run = stage()
    extend(run, date(2009, 3, 20))
    run.no(
        c.GrantExtension,
        "ann",
        "PF569",
        duty="notes",
        type="illness",
        reason="x",
        subject="li",
        until=date(2009, 3, 31),
    )
    extend(run, date(2009, 3, 30))
    run.no(c.GrantExtension, "ann", "PF565", "PF566", "PF569", "PF570", duty="notes", type="weather", reason="",
           subject="li",
           until=date(2009, 4, 30))  # fmt: skip
    run.no(
        c.GrantExtension,
        "ann",
        "PF568",
        "PF570",
        duty="notes",
        type="illness",
        reason="x",
        subject="li",
        until=date(2009, 3, 30),
    )
    extend(run, date(2009, 3, 30), subject="mo")
    run.check_replay()


def test_an_extension_after_everybodys_counts_from_the_first_day_of_all() -> None:
    """A subject gains nothing by the duty having been moved before."""
    run = stage()
    extend(run, date(2009, 3, 20), subject="")
    run.no(
        c.GrantExtension,
        "ann",
        "PF569",
        duty="notes",
        type="illness",
        reason="x",
        subject="li",
        until=date(2009, 3, 31),
    )
    extend(run, date(2009, 3, 30))
    assert str(run.get("extension/study/1/notes/li").original.day) == "2009-03-10"
    run.check_replay()


def test_what_cannot_be_moved_is_not_moved() -> None:
    """A duty off the list, one without a date, one that is done or waived, a subject that owes nothing."""
    run = stage(duties="[notes, free]")
    day = date(2009, 3, 20)
    run.no(c.GrantExtension, "ann", "PF564", duty="kickoff", type="illness", reason="x", until=day)
    run.no(c.GrantExtension, "ann", "PF567", duty="free", type="illness", reason="x", until=day)
    run.no(c.GrantExtension, "ann", "PF572", duty="notes", type="illness", reason="x", subject="lee", until=day)
    write(run, "li")
    run.no(c.GrantExtension, "ann", "PF571", duty="notes", type="illness", reason="x", subject="li", until=day)
    waive(run, subject="mo")
    run.no(c.GrantExtension, "ann", "PF571", duty="notes", type="illness", reason="x", subject="mo", until=day)
    run.no(c.GrantExtension, "cho", "PF563", duty="notes", type="illness", reason="x", subject="cho", until=day)
    run.no(c.GrantExtension, "cho", "PF563", duty="notes", type="illness", reason="x", until=day)
    run.no(c.GrantExtension, "lee", "PF301", duty="notes", type="illness", reason="x", subject="mo", until=day)
    run.check_replay()


def test_a_request_waits_for_its_answer() -> None:
    """One at a time; granted or refused with a reason, it is gone."""
    run = stage()
    asked = {"duty": "notes", "type": "illness", "reason": "ill", "until": date(2009, 3, 14)}
    run.ok(c.RequestExtension, "li", **asked)
    assert run.get("request/study/1/notes/li").by == "li"
    run.no(c.RequestExtension, "li", "PF573", **asked)
    run.no(c.RequestExtension, "lee", "PF336", **asked)
    run.no(c.RefuseExtension, "ann", "PF574", duty="notes", subject="mo", reason="no")
    run.no(c.RefuseExtension, "ann", "PF566", duty="notes", subject="li", reason="")
    run.no(c.RefuseExtension, "lee", "PF301", duty="notes", subject="li", reason="no")
    run.ok(c.RefuseExtension, "ann", duty="notes", subject="li", reason="no need")
    assert run.get("request/study/1/notes/li") is None
    run.ok(c.RequestExtension, "li", **asked)
    extend(run, date(2009, 3, 14))
    assert run.get("request/study/1/notes/li") is None
    run.no(c.RequestExtension, "li", "PF565", "PF568", **{**asked, "type": "ilness"})
    run.check_replay()


# --- halts ------------------------------------------------------------------------------------------------------------


def test_a_stopped_clock_moves_what_was_ahead() -> None:
    """Terms of duties and subjects, windows with their steps, periods, openings; not what was past."""
    run = stage()
    extend(run, date(2009, 3, 14))
    run.ok(c.Tick, now="03-09")
    run.ok(c.Suspend, "ann", reason="flood", now="03-09 12:00")
    assert run.do(c.Tick, now="03-18").events == ()
    run.ok(c.Resume, "ann", now="03-19 12:00")
    assert str(duty(run).term.day) == "2009-03-20"
    assert str(part(run).term.day) == "2009-03-24"
    stay = run.get("visit/study/1")
    assert (str(stay.window.first), str(stay.window.last)) == ("2009-03-01", "2009-04-10")
    assert str(stay.steps["first_half"].last) == "2009-03-25"
    assert (str(run.get("window/later").first), str(run.get("window/later").last)) == ("2009-04-15", "2009-04-30")
    periods = [state.period for _key, state in run.rows.scan("duty/study/1/weekly/")]
    for before, after in pairwise(periods):
        assert (after.first - before.last).days == 1, "periods still follow one another"
    run.ok(c.Tick, now="05-10")
    assert when(run, e.DutyFellDue) == ["03-22", "03-26 li"]
    assert when(run, e.DutyReminded) == ["03-08", "03-22 li", "03-24", "03-28 li"]
    assert [f"{entry.at:%m-%d}" for entry in run.trail if isinstance(entry.event, e.WindowEnded)] == ["04-11", "05-01"]
    assert [f"{entry.at:%m-%d}" for entry in run.trail if isinstance(entry.event, e.StepEnded)] == ["03-26", "04-11"]
    began = [(f"{entry.at:%m-%d}", entry.event.step) for entry in run.trail if isinstance(entry.event, e.StepBegan)]
    assert began == [("03-01", "first_half"), ("03-26", "second_half")]
    opened = [entry for entry in run.trail if isinstance(entry.event, e.PhaseOpened) and entry.event.phase == "later"]
    assert [f"{entry.at:%m-%d}" for entry in opened] == ["04-15"]
    run.check_replay()


def test_a_stopped_clock_moves_polls_and_steps_of_documents() -> None:
    """Who was to answer within five days has five days, the halt not counted."""
    run = stage(
        POLICY.replace(
            "      free:",
            """      plan:
        document: Plan
        route: [{draft: lead}, {approve: office, within: 5 days, silence: hold, returns_to: draft}]
      mood:
        poll: Mood
        by: office
        edges: {all: {raters: member}}
        choices: [good, bad, abstain]
        measure: good of valid
        anonymous: false
        quorum: none
        open_for: 5 days
      free:""",
        )
    )
    run.ok(c.Draft, "lee", document="plan", digest="a" * 64, now="03-02")
    run.ok(c.OpenPoll, "ann", poll="mood", now="03-02 09:00")
    before = [key for key in run.timers() if "/document/" in key or "/poll/" in key]
    run.ok(c.Suspend, "ann", reason="flood", now="03-03")
    run.ok(c.Resume, "ann", now="03-13")
    after = [key for key in run.timers() if "/document/" in key or "/poll/" in key]
    assert len(before) == len(after) == 2
    assert [(timer_instant(b) - timer_instant(a)).days for a, b in zip(before, after, strict=True)] == [10, 10]
    run.ok(c.Tick, now="03-30")
    assert len(run.events(e.StepFellDue, e.PollFellDue)) == 2
    run.check_replay()


def test_a_running_clock_moves_nothing() -> None:
    """What fell due meanwhile is said at the resumption."""
    run = stage(clock="runs")
    run.ok(c.Suspend, "ann", reason="flood", now="03-09 12:00")
    events = run.ok(c.Resume, "ann", now="03-19 12:00")
    assert events[0] == e.RunResumed()
    assert when(run, e.DutyFellDue) == ["03-19"]
    run.check_replay()


def test_a_halt_within_a_day_moves_nothing() -> None:
    """Days are whole days of the run's zone."""
    run = stage()
    run.ok(c.Suspend, "ann", reason="alarm", now="03-09 12:00")
    assert run.ok(c.Resume, "ann", now="03-09 20:00")[0] == e.RunResumed()
    run.check_replay()


def test_what_was_past_before_a_halt_stays_past() -> None:
    """An overdue stays overdue at its day; only the lock, still ahead, moves."""
    run = stage()
    run.ok(c.Tick, now="03-13")
    due, lock = duty(run).term.due, duty(run).term.lock
    run.ok(c.Suspend, "ann", reason="flood", now="03-13 12:00")
    run.ok(c.Resume, "ann", now="03-23 12:00")
    assert str(duty(run).term.day) == "2009-03-10"
    assert duty(run).term.due == due
    assert (duty(run).term.lock - lock).days == 10
    run.ok(c.Tick, now="03-31")
    assert when(run, e.DutyFellDue) == ["03-12"]
    assert when(run, e.DutyLocked) == ["03-26"]
    run.check_replay()


def test_a_concluded_run_opens_no_phase() -> None:
    """R10: what was scheduled to open does not, and nothing of a phase rings any more."""
    run = stage()
    run.ok(c.Ask, "ann", move="finished")
    assert not [key for key in run.timers() if key.endswith("/later") or "/visit" in key or "/1/study" in key]
    run.ok(c.Tick, now="04-10")
    assert run.events(e.PhaseDue) == []
    run.check_replay()


# --- laws -------------------------------------------------------------------------------------------------------------

ACTS = st.sampled_from(["waive", "all", "revoke", "extend", "write", "void", "correct", "join", "leave", "wait"])


@settings(max_examples=60, deadline=None)
@given(acts=st.lists(st.tuples(ACTS, st.sampled_from(["li", "mo", "cho"])), max_size=20))
def test_who_is_outstanding_is_counted_right(acts: list[tuple[str, str]]) -> None:
    """After any sequence: outstanding is exactly the number of holders who have not done it and are not excepted."""
    run = Stage(POLICY.replace("DUTIES", "any").replace("EXPIRES", "optional").replace("CLOCK", "stops")
               , ROSTER, head=HEAD)  # fmt: skip
    for act, who in acts:
        match act:
            case "waive" | "all":
                subject = who if act == "waive" else ""
                run.do(c.GrantWaiver, "ann", duty="notes", grounds="illness", reason="x", subject=subject)
            case "revoke":
                for key, _ in list(run.rows.scan("waiver/"))[:1]:
                    run.ok(c.RevokeWaiver, "ann", waiver=key.removeprefix("waiver/"), reason="x")
            case "extend":
                run.do(
                    c.GrantExtension,
                    "ann",
                    duty="notes",
                    type="illness",
                    reason="x",
                    subject=who,
                    until=date(2009, 3, 25),
                )
            case "write":
                run.do(c.Record, who, duty="notes", amount=Fraction(10 - run.count % 2 * 5), unit="pages")
            case "void":
                records = [entry for entry in run.trail if isinstance(entry.event, e.AmountRecorded)]
                if records:
                    run.do(c.Void, "ann", seq=records[-1].seq, event=records[-1], reason="x")
            case "correct":
                records = [entry for entry in run.trail if isinstance(entry.event, e.AmountRecorded)]
                if records:
                    entry = records[-1]
                    amount = Fraction(run.count % 3 * 6 + 1)
                    run.do(c.Correct, "ann", seq=entry.seq, event=entry, reason="x", amount=amount)
            case "join":
                run.do(c.Join, "ann", person=c.Person(id=who, roles=("member",)))
            case "leave":
                run.do(c.Leave, "ann", person=who)
            case "wait":
                run.now = run.now.replace(day=min(28, run.now.day + 4))
                run.do(c.Tick)
        state = duty(run)
        holders = [key.rsplit("/", 1)[1] for key, _ in run.rows.scan("holder/member/")]
        left = [
            who for who in holders if not ((row := part(run, who)) and (row.done or row.waived)) and not state.exempt
        ]
        assert state.outstanding == len(left)
    run.check_replay()


@pytest.mark.parametrize("ticks", [["03-02", "03-31"], ["03-05", "03-06", "03-12", "03-13", "03-20", "03-31"]])
def test_relief_does_not_depend_on_the_ticker(ticks: list[str]) -> None:
    """Law 3: expiry, reminders and overdues come at the same instants however often somebody ticks."""
    trails = []
    for days in (ticks, ["03-31"]):
        run = stage()
        waive(run, until=date(2009, 3, 12))
        extend(run, date(2009, 3, 16), subject="mo")
        run.ok(c.GrantWaiver, "ann", duty="kickoff", grounds="absence", reason="x", until=date(2009, 3, 5))
        for day in days:
            run.tick(day)
        trails.append([(entry.at, entry.event) for entry in run.trail])
        run.check_replay()
    assert trails[0] == trails[1]
    assert when(run, e.DutyReminded, "study/1/kickoff") == ["03-08"]
