# ruff: noqa: E501 - a policy and a row of a table stay on one line
"""Duties: opening them with their instants, doing them in their seven kinds, and every way in which that is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from campaign import Campaign, c, e, names

from phaseflow.messages.commands import Evidence

HEAD = """
roles: {boss: Boss, lead: Lead, member: Member}
bodies: {village: {listed: as found}}
outcomes: {done: {by: boss}}
make_up: {by: boss, window: 14 days}
"""
PEOPLE = {"ann": "boss", "lea": "lead", "mo": "member", "kim": "member"}


def policy(*duties: str, phase: str = "window: 03-01 .. 03-31, opens: on date, closes: by boss", more: str = "") -> str:
    """One phase with these duties."""
    lines = "".join(f"      {duty}\n" for duty in duties)
    rest = "".join(f"    {part}\n" for part in phase.split(", "))
    return f"{HEAD}phases:\n  a:\n{rest}" + (f"    duties:\n{lines}" if duties else "") + more


def run_of(*duties: str, until: str = "03-02", people: dict[str, str] = PEOPLE, **more: Any) -> Campaign:
    """A run of such a policy, ticked to a day on which the phase is open."""
    run = Campaign(policy(*duties, **more), people=people)
    run.tick(until)
    return run


EV = (Evidence("photo", "file:1"),)
TASK = "job: {task: Job, by: lead, due: 03-10}"
QUOTA = "pages: {quota: 10 pages, each: member, by: lead, due: 03-10}"
LIST = "tour: {checklist: Tour, by: lead, items: [north, south], due: 03-10}"
MEETING = "talk: {meeting: Talk, by: lead, attend: {member: all, boss: some}, due: 03-10}"
BULLETIN = "news: {bulletin: News, by: lead, every: week}"
VISIT = "visit: {task: Visit, each: village, by: lead, due: none}"
POLL = (
    "vote: {poll: Vote, by: boss, due: none, edges: {own: {raters: member}}, choices: [good, bad], measure: good of valid, "
    "anonymous: false, quorum: none}"
)
DOCUMENT = "paper: {document: Paper, by: lead, due: none, route: [{draft: lead}]}"
PRESENT = {"mo": "present", "kim": "excused", "ann": "present"}


# --- the kinds --------------------------------------------------------------------------------------------------------


KINDS: list[tuple[str, str, list[tuple[type[c.Command], str, dict[str, Any]]]]] = [
    ("task", TASK, [(c.Complete, "lea", {"duty": "job"})]),
    ("quota", QUOTA, [(c.Record, "mo", {"duty": "pages", "amount": Fraction(4), "unit": "pages"}),
                      (c.Record, "mo", {"duty": "pages", "amount": Fraction(6), "unit": "pages"}),
                      (c.Record, "lea", {"duty": "pages", "amount": Fraction(11), "unit": "pages", "subject": "kim"})]),
    ("checklist", LIST, [(c.CheckOff, "lea", {"duty": "tour", "entry": "south"}), (c.CheckOff, "lea", {"duty": "tour", "entry": "north"})]),
    ("meeting", MEETING, [(c.HoldMeeting, "lea", {"duty": "talk", "attendance": PRESENT})]),
    ("bulletin", BULLETIN, [(c.Complete, "lea", {"duty": "news"})]),
    ("body", VISIT, [(c.ListBody, "lea", {"kind": "village", "body": "east"}), (c.Complete, "lea", {"duty": "visit", "subject": "east"})]),
]  # fmt: skip


@pytest.mark.parametrize(("duty", "acts"), [kind[1:] for kind in KINDS], ids=[kind[0] for kind in KINDS])
def test_each_kind_of_duty_is_done_in_its_way(
    duty: str, acts: list[tuple[type[c.Command], str, dict[str, Any]]]
) -> None:
    """The last of the needed acts, and none before it, makes the duty done for its subject."""
    with run_of(duty) as run:
        for index, (kind, by, given) in enumerate(acts):
            found = run.do(kind, by, "03-03", **given)
            last = index == len(acts) - 1 or given.get("amount") == 6
            assert ("DutyDone" in names(found)) == last
        first = run.all(e.DutyDone)[-1]
        assert first.in_time
        assert first.rest == 0


def test_some_is_an_amount_that_any_record_reaches() -> None:
    """`some` names no number: the first record does it."""
    with run_of("pages: {quota: some pages, each: member, due: none}") as run:
        assert "DutyDone" in names(run.record("pages", "mo", "03-03", 1, "pages"))


# --- refusals ---------------------------------------------------------------------------------------------------------

EVIDENCE = "job: {task: Job, by: lead, due: none, evidence: [photo, minutes]}"
NEEDS = "job: {task: Job, by: lead, due: none, needs: {done: pre}}"
PRE = "pre: {task: Pre, by: boss, due: none}"
HOSTED = 'job: {task: Job, by: lead, due: none, needs: {fact: audited, version: "1"}}'
LOCKED = "job: {task: Job, by: lead, due: 03-10, lock: 5 days}"
CHECKED = "job: {task: Job, by: lead, due: none, checked_by: [lead, boss]}"

REFUSALS: list[tuple[str, tuple[str, ...], type[c.Command], str, str, dict[str, Any]]] = [
    ("PF330", (TASK,), c.Complete, "lea", "03-03", {"duty": "jbo"}),
    ("PF331", (QUOTA,), c.Complete, "mo", "03-03", {"duty": "pages"}),
    ("PF331", (TASK,), c.Record, "lea", "03-03", {"duty": "job", "amount": Fraction(1), "unit": "pages"}),
    ("PF332", (TASK,), c.Complete, "lea", "02-03", {"duty": "job"}),
    ("PF334", (TASK,), c.Complete, "lea", "03-03", {"duty": "job", "subject": "mo"}),
    ("PF335", (VISIT,), c.Complete, "lea", "03-03", {"duty": "visit"}),
    ("PF335", (VISIT,), c.Complete, "lea", "03-03", {"duty": "visit", "subject": "east"}),
    ("PF336", (QUOTA,), c.Record, "ann", "03-03", {"duty": "pages", "amount": Fraction(1), "unit": "pages"}),
    ("PF336", (QUOTA,), c.Record, "lea", "03-03", {"duty": "pages", "amount": Fraction(1), "unit": "pages", "subject": "ann"}),
    ("PF301", (QUOTA,), c.Record, "mo", "03-03", {"duty": "pages", "amount": Fraction(1), "unit": "pages", "subject": "kim"}),
    ("PF301", (TASK,), c.Complete, "mo", "03-03", {"duty": "job"}),
    ("PF337", (NEEDS, PRE), c.Complete, "lea", "03-03", {"duty": "job"}),
    ("PF323", (HOSTED,), c.Complete, "lea", "03-03", {"duty": "job"}),
    ("PF338", (LOCKED,), c.Complete, "lea", "03-17", {"duty": "job"}),
    ("PF339", (EVIDENCE,), c.Complete, "lea", "03-03", {"duty": "job", "evidence": EV}),
    ("PF340", (QUOTA,), c.Record, "mo", "03-03", {"duty": "pages", "amount": Fraction(0), "unit": "pages"}),
    ("PF341", (QUOTA,), c.Record, "mo", "03-03", {"duty": "pages", "amount": Fraction(1), "unit": "characters"}),
    ("PF343", (LIST,), c.CheckOff, "lea", "03-03", {"duty": "tour", "entry": "nroth"}),
    ("PF344", (MEETING,), c.HoldMeeting, "lea", "03-03", {"duty": "talk", "attendance": {"mo": "present"}}),
    ("PF345", (TASK,), c.Confirm, "ann", "03-03", {"duty": "job", "subject": "", "good": True}),
    ("PF346", (CHECKED,), c.Confirm, "ann", "03-03", {"duty": "job", "subject": "", "good": True}),
    ("PF347", (TASK,), c.AddAction, "mo", "03-03", {"phase": "b", "name": "own", "title": "Own"}),
    ("PF348", (TASK,), c.AddAction, "mo", "03-03", {"phase": "a", "name": "own", "title": "Own"}),
    ("PF330", (TASK,), c.OrderMakeUp, "ann", "03-03", {"judged": {"jbo": "missing"}}),
    ("PF301", (TASK,), c.OrderMakeUp, "mo", "03-03", {"judged": {"job": "missing"}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "duties", "kind", "by", "now", "given"), REFUSALS, ids=[f"{r[0]}-{i}" for i, r in enumerate(REFUSALS)]
)
def test_what_is_refused_says_why(
    code: str, duties: tuple[str, ...], kind: type[c.Command], by: str, now: str, given: dict[str, Any]
) -> None:
    """Each refusal has its code, its reason and its remedy, and leaves no event (law 7)."""
    with Campaign(policy(*duties), people=PEOPLE) as run:
        run.no(kind, by, now, code, **given)


def test_a_refusal_lists_every_reason() -> None:
    """Law 7: all that is missing, at once, each with the line of the policy that demands it."""
    with run_of(EVIDENCE, MEETING) as run:
        found = run.no(c.Complete, "lea", "03-03", "PF339", duty="job")
        assert [problem.what for problem in found.problems] == [
            "'job' needs evidence of kind 'photo'",
            "'job' needs evidence of kind 'minutes'",
        ]
        assert all(problem.span.line for problem in found.problems)
        found = run.no(c.HoldMeeting, "lea", "03-03", "PF344", duty="talk", attendance={"mo": "present"})
        assert len(found.problems) == 2


def test_done_is_done() -> None:
    """PF342: a duty is done once in a visit, an entry is ticked once."""
    with run_of(TASK, LIST, MEETING) as run:
        run.do(c.Complete, "lea", "03-03", duty="job")
        run.no(c.Complete, "lea", "03-04", "PF342", duty="job")
        run.do(c.CheckOff, "lea", "03-04", duty="tour", entry="north")
        run.no(c.CheckOff, "lea", "03-04", "PF342", duty="tour", entry="north")
        run.do(c.HoldMeeting, "lea", "03-04", duty="talk", attendance=PRESENT)
        run.no(c.HoldMeeting, "lea", "03-05", "PF342", duty="talk", attendance=PRESENT)


def test_a_closed_visit_takes_no_new_facts() -> None:
    """PF333: after the closing nothing more is recorded for the visit; what happened before it still is."""
    with run_of(TASK, QUOTA) as run:
        run.ask("a.close", "ann", "03-09")
        run.no(c.Complete, "lea", "03-11", "PF333", duty="job")
        run.do(c.Complete, "lea", "03-11", at="03-08", duty="job")


# --- deadlines --------------------------------------------------------------------------------------------------------


def test_a_ladder_stops_when_the_duty_is_done() -> None:
    """Reminders go before the due day, escalations after it, and none once nobody owes it any more."""
    duty = "job: {task: Job, by: lead, due: 03-10, remind: [5 days, 1 day], overdue: {lead: 1 day, boss: 3 days}}"
    with run_of(duty) as run:
        run.do(c.Complete, "lea", "03-12 12:00", duty="job")
        run.tick("04-01")
        assert run.when(e.DutyReminded) == ["03-05", "03-09", "03-12"]
        assert run.when(e.DutyFellDue) == ["03-11"]
        assert not run.all(e.DutyDone)[0].in_time


def test_grace_still_counts_as_in_time() -> None:
    """A duty with grace falls due when the grace ends; what happened before that was in time."""
    with run_of("job: {task: Job, by: lead, due: 03-10, grace: 2 days}") as run:
        run.do(c.Complete, "lea", "03-12", duty="job")
        run.tick("04-01")
        assert run.all(e.DutyFellDue) == []
        assert run.all(e.DutyDone)[0].in_time
    with run_of("job: {task: Job, by: lead, due: 03-10, grace: 2 days}", until="03-13") as run:
        assert run.when(e.DutyFellDue) == ["03-13"]


def test_a_late_record_of_an_early_fact_rescinds_the_overdue() -> None:
    """R2: done on the 9th, due on the 10th, recorded on the 15th: the overdue is rescinded by name, and stays in the trail."""
    with run_of(TASK) as run:
        run.tick("03-12")
        done = run.do(c.Complete, "lea", "03-15", at="03-09", duty="job")
        assert names(done) == ["TaskReported", "DutyDone", "OverdueRescinded"]
        assert run.all(e.OverdueRescinded)[0].of == run.entries(e.DutyFellDue)[0].seq
        told = done.entries[0]
        assert (run.shown(told.at), run.shown(told.recorded_at)) == ("03-09 09:00", "03-15 09:00")


def test_the_lock_is_judged_by_when_it_is_recorded() -> None:
    """R2: recording ends at the lock, whatever day the fact is of; a member who did it before is not affected."""
    with run_of("job: {task: Job, each: member, due: 03-10, lock: 5 days}") as run:
        run.do(c.Complete, "mo", "03-15 23:59", at="03-09", duty="job")
        run.no(c.Complete, "kim", "03-16", "PF338", duty="job", at="03-09")
        assert [(run.shown(x.at), x.event.outstanding) for x in run.entries(e.DutyLocked)] == [("03-16", 1)]


def test_a_duty_that_is_past_when_it_opens_is_born_overdue_once() -> None:
    """R9: a due that was past at the opening makes one event, no ladder, and nothing fires for it later."""
    duty = "job: {task: Job, by: lead, due: 03-10, remind: 3 days, overdue: {boss: 3 days}}"
    text = policy(PRE, duty, phase="window: 03-01 .. 03-31, opens: by boss, closes: by boss, clock: calendar")
    with Campaign(text, people=PEOPLE) as run:
        run.ask("a.open", "ann", "03-20")
        run.tick("04-20")
        assert [(run.shown(x.at), x.event.born) for x in run.entries(e.DutyFellDue)] == [("03-20 09:00", True)]
        assert run.all(e.DutyReminded) == []


def test_a_rung_at_the_opening_itself_is_sent() -> None:
    """R8 leaves out what lies before the opening; what falls on it is not before it."""
    with run_of("job: {task: Job, by: lead, due: 03-10, remind: 9 days}") as run:
        assert run.when(e.DutyReminded) == ["03-01"]


def test_one_event_tells_of_a_whole_cohort() -> None:
    """R26: however many owe it, one instant is one event with a count."""
    with run_of(QUOTA) as run:
        run.record("pages", "mo", "03-05", 10, "pages")
        run.tick("03-20")
        assert [event.outstanding for event in run.all(e.DutyFellDue)] == [1]


@pytest.mark.parametrize(
    ("rule", "owed"),
    [("full", [7, 7, 7, 7, 7, 7]), ("prorate", [1, 7, 7, 7, 7, 2]), ("waive", [None, 7, 7, 7, 7, None])],
)
def test_a_quota_of_every_week(rule: str, owed: list[int | None]) -> None:
    """A window cut by weeks owes whole weeks in full, and its ends in full, by days, or not at all."""
    with run_of(f"pages: {{quota: 7 pages, every: week, partial_period: {rule}, each: member}}") as run:
        rows = [run.get(f"duty/a/1/pages/{index:03d}") for index in range(1, 7)]
        assert [None if row is None else row.amount for row in rows] == owed
        days = [(str(row.period.first)[5:], str(row.period.last)[5:]) for row in rows if row is not None]
        assert ("03-02", "03-08") in days


def test_a_record_goes_to_the_period_of_its_day() -> None:
    """Each week has its own count, its own due, and late records find the week of the day they happened on."""
    with run_of("pages: {quota: 7 pages, every: week, partial_period: waive, each: member}") as run:
        run.record("pages", "mo", "03-04", 7, "pages")
        run.record("pages", "mo", "03-11", 3, "pages")
        run.record("pages", "kim", "03-11", 7, "pages", at="03-08")
        assert [run.get(f"duty/a/1/pages/{i:03d}").outstanding for i in (2, 3)] == [0, 2]
        assert run.all(e.OverdueRescinded)[0].subject == "kim"
        run.tick("04-30")
        assert run.when(e.DutyFellDue) == ["03-09", "03-16", "03-23", "03-30"]


# --- days that hang on something --------------------------------------------------------------------------------------

ANCHORS = [
    ("due: 3 days after talk held", "talk", "03-08"), ("due: 1 week after job done", "job", "03-12"),
    ("due: 2 days before a end", "", "03-29"), ("due: 5 business days after talk held", "talk", "03-12"),
]  # fmt: skip


@pytest.mark.parametrize(("due", "act", "day"), ANCHORS)
def test_a_due_day_is_known_once_its_anchor_has_happened(due: str, act: str, day: str) -> None:
    """A duty that hangs on something is undated until that has happened, and then dated by an event of its own."""
    talk = "talk: {meeting: Talk, by: lead, due: none}"
    with run_of(talk, "job: {task: Job, by: lead, due: none}", f"later: {{task: After, by: lead, {due}}}") as run:
        before = run.get("duty/a/1/later").term.day
        if act == "talk":
            run.do(c.HoldMeeting, "lea", "03-06", at="03-05", duty="talk")
        if act == "job":
            run.do(c.Complete, "lea", "03-05", duty="job")
        assert (before is None) == bool(act)
        assert str(run.get("duty/a/1/later").term.day)[5:] == day
        assert len(run.all(e.DutyDated)) == bool(act)
        run.tick("04-10")
        assert len([x for x in run.all(e.DutyFellDue) if x.key == "a/1/later"]) == 1


def test_the_opening_and_closing_of_a_phase_are_anchors_too() -> None:
    """`2 days after b closes` is dated when b closes, whatever its window said."""
    more = "  b: {window: 03-01 .. 03-20, opens: on date, closes: by boss}\n"
    with run_of("later: {task: After, by: lead, due: 2 days after b closes}", more=more) as run:
        assert run.get("duty/a/1/later").term.day is None
        run.ask("b.close", "ann", "03-12")
        assert str(run.get("duty/a/1/later").term.day) == "2026-03-14"


def test_after_alone_gives_no_date() -> None:
    """`after talk held` says when it is owed and never makes it overdue."""
    with run_of(
        "talk: {meeting: Talk, by: lead, due: none}", "later: {task: After, by: lead, due: after talk held}"
    ) as run:
        run.do(c.HoldMeeting, "lea", "03-05", duty="talk")
        run.tick("12-01")
        assert run.all(e.DutyFellDue) == []


# --- checking, own actions, making up ---------------------------------------------------------------------------------


def test_what_is_checked_counts_once_it_is_confirmed() -> None:
    """`checked_by`: a report does not count, a confirmation does; a poor result is owed again."""
    with run_of(CHECKED) as run:
        assert names(run.do(c.Complete, "lea", "03-03", duty="job")) == ["TaskReported"]
        assert names(run.do(c.Confirm, "ann", "03-04", duty="job", subject="", good=False, reason="thin")) == [
            "DutyFoundPoor"
        ]
        run.do(c.Complete, "lea", "03-05", duty="job")
        assert names(run.do(c.Confirm, "ann", "03-06", duty="job", subject="", good=True)) == [
            "DutyConfirmed",
            "DutyDone",
        ]


def test_what_is_found_poor_after_it_counted_is_undone() -> None:
    """A confirmed duty that is found poor later is owed again."""
    with run_of(CHECKED) as run:
        run.do(c.Complete, "lea", "03-03", duty="job")
        run.do(c.Confirm, "ann", "03-04", duty="job", subject="", good=True)
        assert names(run.do(c.Confirm, "ann", "03-05", duty="job", subject="", good=False, reason="x")) == [
            "DutyFoundPoor",
            "DutyUndone",
        ]
        assert run.owing("job") == 1


@pytest.mark.parametrize("who", ["lea", "mo"])
def test_nobody_checks_their_own_work(who: str) -> None:
    """The self-review ban: neither whoever recorded it nor whoever owes it may check it, whatever their roles."""
    checked = "job: {task: Job, by: [lead, member], due: none, checked_by: [lead, member]}"
    with run_of(checked) as run:
        run.do(c.Complete, who, "03-03", duty="job")
        run.no(c.Confirm, who, "03-04", "PF306", duty="job", subject="", good=True)
        run.do(c.Confirm, "kim", "03-04", duty="job", subject="", good=True)


def test_the_owner_may_not_check_what_another_recorded() -> None:
    """A subject's work stays theirs when somebody else enters it."""
    with run_of("pages: {quota: 10 pages, each: member, by: lead, due: none, checked_by: [lead, member]}") as run:
        run.record("pages", "lea", "03-03", 10, "pages", subject="mo")
        for who in ("mo", "lea"):
            run.no(c.Confirm, who, "03-04", "PF306", duty="pages", subject="mo", good=True)
        run.do(c.Confirm, "kim", "03-04", duty="pages", subject="mo", good=True)
        assert run.owing("pages") == 1


def test_actions_of_ones_own_are_offers() -> None:
    """A unit adds actions where the phase takes them; no gate counts them, and a name stands once."""
    text = policy(
        TASK, phase="window: 03-01 .. 03-31, opens: on date, closes: by boss, gate: duties, own_actions: true"
    )
    with Campaign(text, people=PEOPLE) as run:
        run.no(c.AddAction, "mo", "02-01", "PF332", phase="a", name="own", title="Own")
        run.do(c.AddAction, "mo", "03-02", phase="a", name="own", title="Plant trees")
        run.no(c.AddAction, "mo", "03-02", "PF349", phase="a", name="own", title="x")
        run.no(c.AddAction, "mo", "03-02", "PF349", phase="a", name="job", title="x")
        run.no(c.AddAction, "zed", "03-02", "PF301", phase="a", name="mine", title="x")
        run.do(c.Complete, "lea", "03-03", duty="job")
        assert run.ask("a.close", "ann", "03-04").verdict.verdict == "passed"


def test_an_own_action_is_completed_by_whoever_takes_part() -> None:
    """Anybody on the roster completes an own action; strangers do not."""
    text = policy(TASK, phase="window: 03-01 .. 03-31, opens: on date, closes: by boss, own_actions: true")
    with Campaign(text, people=PEOPLE) as run:
        run.do(c.AddAction, "mo", "03-02", phase="a", name="own", title="Plant trees")
        run.no(c.Complete, "zed", "03-03", "PF301", duty="own")
        assert names(run.do(c.Complete, "kim", "03-03", duty="own")) == ["TaskReported", "DutyDone"]


def test_making_up_owes_a_new_duty_and_keeps_the_old_verdict() -> None:
    """R32: what is judged missing or poor becomes a new duty with its own window; the old one keeps its verdict, and a
    gate that asks for the duty takes the new one."""
    text = (
        policy(TASK, LIST, PRE)
        + "  b: {window: none, opens: when a closes, closes: by boss, gate: {done: [job, pre]}}\n"
    )
    with Campaign(text, people=PEOPLE) as run:
        run.do(c.Complete, "ann", "03-02", duty="pre")
        run.ask("a.close", "ann", "04-01")
        made = run.do(c.OrderMakeUp, "ann", "04-05", judged={"job": "missing", "pre": "present", "tour": "poor"})
        assert [x.makes_up for x in made.events if isinstance(x, e.DutyOpened)] == ["a/1/job", "a/1/tour"]
        assert str(run.get(f"duty/{run.get('latest/job')}").term.day) == "2026-04-18"
        assert run.ask("b.close", "ann", "04-06").verdict.verdict == "held"
        run.do(c.Complete, "lea", "04-07", duty="job")
        assert run.get("duty/a/1/job").outstanding == 1, "the old duty keeps its verdict"
        assert run.ask("b.close", "ann", "04-08").verdict.verdict == "passed"


def test_what_is_made_up_counts_once_the_make_up_s_own_checker_has_seen_it() -> None:
    """`checked_by` of the make-up binds what it orders, whoever checks the duty itself; the duty as it was is not."""
    text = policy(TASK, PRE).replace("window: 14 days}", "window: 14 days, checked_by: member}")
    with Campaign(text, people=PEOPLE) as run:
        assert names(run.do(c.Complete, "ann", "03-02", duty="pre")) == ["TaskReported", "DutyDone"]
        run.do(c.OrderMakeUp, "ann", "03-05", judged={"job": "missing", "pre": "poor"})
        assert names(run.do(c.Complete, "lea", "03-06", duty="job")) == ["TaskReported"]
        run.no(c.Confirm, "ann", "03-07", "PF301", duty="job", subject="", good=True)
        run.do(c.Confirm, "mo", "03-07", duty="job", subject="", good=True)
        assert run.get(f"duty/{run.get('latest/job')}").outstanding == 0


def test_making_up_is_off_unless_the_policy_turns_it_on() -> None:
    """PF350."""
    with Campaign(policy(TASK).replace("make_up: {by: boss, window: 14 days}\n", ""), people=PEOPLE) as run:
        run.no(c.OrderMakeUp, "ann", "03-02", "PF350", judged={"job": "missing"})


def test_a_duty_of_the_whole_campaign_is_owed_from_the_start() -> None:
    """Duties outside every phase open with the run and live as long as it does."""
    text = policy(TASK, more="duties: {all_along: {task: All along, by: lead, due: none}}\n")
    with Campaign(text, people=PEOPLE) as run:
        run.do(c.Complete, "lea", "01-05", duty="all_along")
        assert run.get("duty/campaign/1/all_along").outstanding == 0


@pytest.mark.parametrize(("late_by", "refused"), [("3 days", True), ("30 days", False)])
def test_how_late_a_fact_may_be_recorded(late_by: str, refused: bool) -> None:
    """R2, law 13: the policy says how long after it happened a fact may be recorded; the future is never recorded."""
    with Campaign(policy(TASK, more=f"recording: {{late_by: {late_by}}}\n"), people=PEOPLE) as run:
        run.tick("03-02")
        run.no(c.Complete, "lea", "03-09", "PF374", duty="job", at="03-10")
        run.no(c.Complete, "lea", "03-09", "PF375", duty="job", at="2025-12-30")
        if refused:
            run.no(c.Complete, "lea", "03-09", "PF376", duty="job", at="03-03")
        else:
            run.do(c.Complete, "lea", "03-09", duty="job", at="03-03")
