# ruff: noqa: E501 - a policy and a row of a table stay on one line
"""The laws of DESIGN section 3 on one medium policy: random commands at random times, with random ticks in between."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from campaign import Campaign, c, compiled, e
from hypothesis import given, settings
from hypothesis import strategies as st

from phaseflow.core.decide import decide
from phaseflow.core.state import MemoryRows, timer_instant
from phaseflow.core.state.rows import RANKS
from phaseflow.messages.events import Entry

POLICY = """
calendar: {weekend: [saturday, sunday]}
roles: {boss: Boss, lead: {is_a: member}, member: {joiners: prorated}}
phases:
  study:
    window: 03-01 .. 04-12
    opens: on date
    closes: by boss
    gate: {done: [kickoff, report]}
    remind: 3 days
    overdue: {boss: 2 days}
    steps:
      training:
        window: 03-09 .. 03-22
        duties: {books: {checklist: Books, each: member, items: [one, two], due: window end}}
    duties:
      kickoff: {meeting: Kick-off, by: lead, due: 03-13, remind: [7 days, 1 day], overdue: {lead: 1 day, boss: 3 days}}
      report: {task: Report, by: lead, due: 5 business days after kickoff held, grace: 2 days, checked_by: boss}
      notes: {quota: 7 pages, every: week, partial_period: prorate, each: member, lock: 10 days, overdue: {lead: 1 day}}
  survey:
    window: 03-23 .. 05-10
    opens: on date
    closes: by boss
    clock: unit
    entry: {done: kickoff}
    duties: {visits: {task: Visits, each: member, due: 04-20, remind: 4 days}}
  rectify: {window: none, opens: when study closes, closes: by boss, duties: {plan: {task: Plan, by: lead, due: 10 days after study closes}}}
transitions:
  look_back: {from: rectify, to: study, by: boss, window: 20 days, duties: missing, max: 2, otherwise: dropped}
outcomes: {completed: {when: {closed: [survey, rectify]}}, dropped: {by: boss}}
delegation: {roles: lead, longest_chain: 1}
suspension: {by: boss, clock: runs}
"""

PLAN = compiled(POLICY)
PEOPLE = {"ann": "boss", "lea": "lead", "mo": "member"}

Deed = tuple[type[c.Command], tuple[str, ...], dict[str, Any]]
"""A command, who does it as a rule, and its fields."""

KIM, MO = c.Person(id="kim", roles=("member",)), c.Person(id="mo", roles=("lead",))
MEMBERS = ("lea", "mo", "kim")
DEEDS: list[Deed] = [
    *[(c.Ask, ("ann",), {"move": move}) for move in ("study.close", "survey.close", "rectify.close", "look_back", "look_back", "dropped")],
    *[(c.Record, MEMBERS, {"duty": "notes", "amount": Fraction(amount), "unit": "pages"}) for amount in (1, 4, 7, 7)],
    (c.HoldMeeting, ("lea",), {"duty": "kickoff"}), (c.HoldMeeting, ("lea",), {"duty": "kickoff"}),
    (c.Complete, ("lea",), {"duty": "report"}), (c.Complete, ("lea",), {"duty": "plan"}), (c.Complete, MEMBERS, {"duty": "visits"}),
    *[(c.CheckOff, MEMBERS, {"duty": "books", "entry": entry}) for entry in ("one", "two")],
    *[(c.Confirm, ("ann",), {"duty": "report", "subject": "", "good": good}) for good in (True, True, False)],
    (c.Join, ("system",), {"person": KIM}), (c.Join, ("system",), {"person": MO}), (c.Leave, ("system",), {"person": "kim"}),
    *[(c.Appoint, ("system",), {"person": "kim", "role": "member", "since": date(2026, month, day), "until": date(2026, month, 29)})
      for month, day in ((3, 5), (3, 20), (4, 10))],
    (c.Suspend, ("ann",), {"reason": "x"}), (c.Resume, ("ann",), {}), (c.Resume, ("ann",), {}),
]  # fmt: skip

Happening = tuple[int, int, str, type[c.Command], dict[str, Any]]
"""Hours since the one before, hours it is recorded late, by whom, and the command."""


@st.composite
def histories(draw: st.DrawFn) -> list[Happening]:
    """Commands in the order of their recording; most of them by whom they belong to, some by anybody."""
    found = []
    for _ in range(draw(st.integers(3, 24))):
        kind, usual, fields = draw(st.sampled_from(DEEDS))
        who = draw(st.sampled_from((*usual * 3, "ann", "mo")))
        found.append((draw(st.integers(1, 140)), draw(st.sampled_from((0, 0, 0, 30, 150))), who, kind, fields))
    return found


def played(history: list[Happening], ticks: list[int]) -> Campaign:
    """Play a history, with ticks so many hours after each command as *ticks* says; every decision is made twice."""
    run = Campaign(PLAN, start="02-20", people=PEOPLE)
    now, spare = run.instant("03-02"), iter([*ticks, *[0] * len(history) * 3])
    for hours, late, by, kind, fields in history:
        before = now
        now += timedelta(hours=hours)
        for _ in range(2):
            if (pause := next(spare)) and before + timedelta(hours=pause) < now:
                before += timedelta(hours=pause)
                at_once(run, c.Tick, "system", before, before, {})
        at_once(run, kind, by, now - timedelta(hours=late), now, fields)
    at_once(run, c.Tick, "system", now + timedelta(days=90), now + timedelta(days=90), {})
    return run


def at_once(run: Campaign, kind: type[c.Command], by: str, at: Any, now: Any, fields: dict[str, Any]) -> None:
    """Decide and keep; the same inputs give an equal decision, and the rows that went in are untouched (law 1)."""
    run.count += kind is not c.Tick
    command = kind(id=f"c{run.count}" if kind is not c.Tick else "tick", by=by, at=at, now=now, **fields)
    here = run.runs["u"]
    copy = MemoryRows(here.rows.rows)
    found, again = decide(run.plan, here.rows, command), decide(run.plan, copy, command)
    assert here.rows.rows == copy.rows
    assert (found.entries, found.put, found.drop, found.due_at) == (again.entries, again.put, again.drop, again.due_at)
    assert (found.refusal is None) == (again.refusal is None)
    if found.refusal is not None:
        assert len(found.entries) == found.settled, "a refusal leaves no event of its own, and what was settled stays"
    here.take(found)


def told(entry: Entry) -> tuple[object, ...]:
    """An entry without what names the command or tick that happened to process it."""
    return (entry.seq, entry.at, entry.actor, entry.on_behalf_of, entry.authority, entry.timer, entry.event)


@settings(max_examples=150)
@given(histories(), st.lists(st.integers(0, 120), max_size=30))
def test_tick_invariance(history: list[Happening], ticks: list[int]) -> None:
    """Law 3: the trail is the same whoever ticked when: between the commands often, or only once at the end."""
    with played(history, []) as lazy, played(history, ticks) as eager:
        assert [told(entry) for entry in eager.trail] == [told(entry) for entry in lazy.trail]
        assert {k: v for k, v in eager.runs["u"].rows.rows.items() if k != "clock"} == {
            k: v for k, v in lazy.runs["u"].rows.rows.items() if k != "clock"}  # fmt: skip


@settings(max_examples=80)
@given(histories())
def test_timers_fire_in_their_order_and_none_is_left_behind(history: list[Happening]) -> None:
    """R3: timers of one drain come by instant and rank, unless born later; after settling none lies in the past."""
    with played(history, []) as run:
        clock = run.get("clock")
        if run.get("head").status != "suspended":
            assert all(timer_instant(key) > clock.watermark for key, _ in run.runs["u"].rows.scan("timer/"))
        fired = [entry for entry in run.trail if entry.timer]
        assert all(entry.at >= timer_instant(entry.timer) for entry in fired)
        for one, other in pairwise(fired):
            if one.command == other.command and one.recorded_at == other.recorded_at:
                assert one.at <= other.at
                written = {timer_instant(one.timer), timer_instant(other.timer), one.at, other.at}
                if other.seq == one.seq + 1 and len(written) == 1:
                    assert one.timer < other.timer, "nothing was born in between, so rank and path decide"


@settings(max_examples=80)
@given(histories())
def test_nothing_is_told_of_a_visit_before_it_opened(history: list[Happening]) -> None:
    """R8: no reminder, due or escalation is dated before the opening of its visit, and none is armed so."""
    with played(history, []) as run:
        opened = {f"{x.event.phase}/{x.event.visit}": x.at for x in run.entries(e.PhaseOpened)}
        for entry in run.trail:
            match entry.event:
                case e.DutyReminded(key=key, rung=rung):
                    assert rung.at >= opened["/".join(key.split("/")[:2])]
                case e.DutyFellDue(key=key):
                    assert entry.at >= opened["/".join(key.split("/")[:2])]
                case e.PhaseReminded(phase=phase, visit=visit, rung=rung):
                    assert rung.at >= opened[f"{phase}/{visit}"]


@settings(max_examples=80)
@given(histories())
def test_counters_agree_with_the_roster(history: list[Happening]) -> None:
    """R25: what the counters of a duty say is what counting its subjects one by one gives."""
    with played(history, []) as run:
        rows = run.runs["u"].rows
        for key, state in rows.scan("duty/"):
            visit = "/".join(key.split("/")[1:3])
            if run.plan.unit.duties[state.name].each != "member" or visit not in run.get("head").open:
                continue
            holders = {name.rsplit("/", 1)[1] for name, _ in rows.scan("holder/member/")}
            parts = {name.rsplit("/", 1)[1]: part for name, part in rows.scan(f"part/{state.key}/")}
            owing = {who for who in holders if not (who in parts and (parts[who].done or parts[who].owes == 0))}
            assert state.outstanding == len(owing), (key, owing, parts)


def test_ranks_are_those_of_the_rule() -> None:
    """R3: resume, open, expire, due, grace, lock, escalate, remind, close."""
    assert list(RANKS) == ["resume", "open", "expire", "due", "grace", "lock", "escalate", "remind", "close"]
    assert list(RANKS.values()) == sorted(RANKS.values())


def test_what_was_settled_stays_although_the_command_is_refused() -> None:
    """R1: settling is committed with a refused command, and its entries carry the instants of the timers."""
    with Campaign(PLAN, start="02-20", people=PEOPLE) as run:
        run.no(c.Ask, "ann", "03-08", "PF322", move="rectify.close")
        assert run.open == ["study/1"]
        assert run.when(e.PhaseOpened) == ["03-01"]
        assert run.get("clock").watermark == run.instant("03-08")


def test_a_watermark_never_goes_back() -> None:
    """R1: a command recorded with an earlier `now` than the run was settled to is judged at the watermark."""
    with Campaign(PLAN, start="02-20", people=PEOPLE) as run:
        run.tick("03-15")
        found = run.do(c.HoldMeeting, "lea", "03-12", duty="kickoff")
        assert {entry.recorded_at for entry in found.entries} == {run.instant("03-15")}


def test_a_role_that_begins_while_nobody_ticks_sets_the_same_timers() -> None:
    """Law 3: a joiner by appointment brings the deadline back, whether the run was awake on that day or not."""
    text = """
roles: {boss: Boss, member: Member}
phases: {a: {window: 03-01 .. 03-31, opens: on date, closes: by boss, duties: {job: {task: Job, each: member, due: 03-20}}}}
outcomes: {done: {by: boss}}
"""
    trails = []
    for ticks in ([], ["03-11", "03-21"]):
        with Campaign(text, people={"mo": "member"}) as run:
            run.do(c.Complete, "mo", "03-05", duty="job")
            run.do(c.Appoint, "system", "03-06", person="kim", role="member", since=date(2026, 3, 10))
            for day in (*ticks, "04-15"):
                run.tick(day)
            trails.append([told(entry) for entry in run.trail])
            assert run.when(e.DutyFellDue) == ["03-21"]
    assert trails[0] == trails[1]
