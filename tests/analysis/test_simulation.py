"""Simulation: the same answer for a seed, the engine's own rules, and figures that a hand can check."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.small_policies import policies

from phaseflow.analysis.simulation import Behaviour, Forecast, compile_behaviour, simulate
from phaseflow.analysis.simulation.chance import Draw, Stream
from phaseflow.analysis.simulation.report import percent, text
from phaseflow.analysis.simulation.scene import prepare
from phaseflow.analysis.simulation.simulate import HEEDS
from phaseflow.analysis.simulation.tally import Tally
from phaseflow.analysis.simulation.trial import Run, Trial
from phaseflow.cli import main
from phaseflow.core.decide import Decision
from phaseflow.core.plan import Plan, compile_policy
from phaseflow.engine import Engine, Refused
from phaseflow.errors import PolicyError, Problem
from phaseflow.messages import commands as m
from phaseflow.messages.events import Entry, PollCounted
from phaseflow.policies import load_policy
from phaseflow.spec.reader import read, read_policy

EXAMPLES = Path(__file__).parents[2] / "examples"

SMALL = """
phaseflow: 1
campaign: small
zone: UTC
year: 2009
roles: {lead: Lead, member: Member, checker: Checker}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end}}
phases:
  study:
    window: 03-01 .. 03-31
    gate: duties
    duties:
      plan: {task: Plan, by: lead, due: 03-13}
      notes: {quota: 100 pages, each: member}
      quiz: {checklist: Quiz, each: member, items: [one, two], checked_by: checker}
      meeting: {meeting: Talk, by: lead, needs: {done: plan}, attend: {member: all}}
outcomes: {completed: {by: lead}}
"""

RICH = """
phaseflow: 1
campaign: rich
zone: Asia/Shanghai
year: 2009
roles: {lead: Lead, member: Member, office: Office, guests: {title: Guests, invited: true}}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end}}
phases:
  study:
    window: 03-01 .. 03-31
    gate: {all: [duties, {items: gaps, at_most: 0}]}
    duties:
      diary: {quota: 2 entries, each: member, every: week, partial_period: full}
      report:
        document: Report
        by: lead
        route:
          - {draft: lead}
          - {consult: member, silence: hold}
          - {approve: office, returns_to: draft, within: 5 days, silence: hold}
          - {publish: member, blocking: false}
  rating:
    opens: when study closes
    window: 30 days
    duties:
      satisfaction:
        poll: Satisfied?
        by: lead
        edges: {outside: {raters: guests}}
        choices: [satisfied, dissatisfied]
        measure: satisfied of valid
        anonymous: true
        quorum: none
        open_for: 5 days
        bands: {exclusive: [{below: 80%, go: redo}, {otherwise: completed}]}
ledgers:
  gaps:
    opened_by: lead
    classes: {now: {within: 10 days}}
    close: {by: owner, evidence: required, verify: office, poor: reopen}
    survives: false
outcomes: {completed: {}, redo: {owes: next_batch, carry: nothing}}
"""

PROGRAMME = """
phaseflow: 1
campaign: wide
zone: UTC
year: 2009
roles: {office: {title: Office, of: programme}, lead: {title: Lead, of: unit}}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end}}
phases:
  study:
    window: 03-01 .. 03-31
    gate: duties
    duties:
      launch: {meeting: Launch, by: office}
      plan: {task: Plan, by: lead, needs: {done: launch}}
programme:
  phases:
    study: {closes: by office, gate: {units: 100%, closed: study}}
  outcomes: {finished: {by: office, gate: {units: 100%, concluded: any}}}
outcomes: {completed: {by: lead, from: study}}
"""


def plan_of(source: str) -> Plan:
    reading = read_policy(source, file="policy.yaml")
    return compile_policy(reading.result(), reading.sources)


def forecast(source: str, behaviour: str = "{}", *, units: int = 20, seed: int = 1, jobs: int = 1) -> Forecast:
    plan = plan_of(source)
    spec = read(behaviour, Behaviour, file="policy.behaviour.yaml").result()
    return simulate(plan, compile_behaviour(spec, plan), units=units, seed=seed, jobs=jobs)


AT_ONCE = "defaults: {delay: 0 days, again: 0 days, answer: 0 days}"


# --- one answer for a seed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [SMALL, PROGRAMME])
def test_a_seed_gives_one_forecast_whatever_the_processes(source: str) -> None:
    """One process, two, and once more: equal to the last figure; another seed is another forecast."""
    first = forecast(source, units=11, seed=7)
    assert forecast(source, units=11, seed=7, jobs=2) == first
    assert forecast(source, units=11, seed=7) == first
    assert attrs.evolve(forecast(source, units=11, seed=8), seed=7) != first


def test_a_unit_is_the_same_alone_and_among_others() -> None:
    """What was counted of ten units is part of what is counted of twenty with the same seed."""
    few, many = forecast(SMALL, units=10), forecast(SMALL, units=20)
    for one in few.deadlines:
        assert one.chance.met <= many.chance(one.name).met
    assert few.acts < many.acts


@settings(max_examples=50, deadline=None)
@given(st.integers(-(2**40), 2**40), st.text(max_size=5), st.integers(0, 5))
def test_a_draw_has_a_name_and_no_history(seed: int, name: str, number: int) -> None:
    """It is the same whenever it is drawn, lies within 0 and 1, and differs for another name."""
    one, other = Stream(seed), Stream(seed)
    other.draw("something else")
    assert one.draw(name, number) == other.draw(name, number)
    assert 0 < one.draw(name, number) < 1
    assert one.draw(name, number) != one.draw(name, number + 1)


DRAWS = [
    Draw("fixed", (3.0,), "seconds"), Draw("uniform", (1.0, 4.0), "seconds"),
    Draw("triangular", (1.0, 2.0, 4.0), "share"), Draw("triangular", (2.0, 2.0, 2.0), "share"),
    Draw("lognormal", (2.0, 5.0), "seconds"),
]  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(DRAWS), st.floats(1e-9, 1 - 1e-9), st.floats(1e-9, 1 - 1e-9))
def test_a_draw_rises_with_its_chance_and_keeps_its_bounds(draw: Draw, one: float, other: float) -> None:
    """The inverse of a distribution never falls; what has bounds stays within them."""
    low, high = sorted((one, other))
    assert draw.at(low) <= draw.at(high)
    if draw.form != "lognormal":
        assert draw.figures[0] <= draw.at(one) <= draw.figures[-1] + 1e-9


def test_nine_of_ten_stay_below_the_second_figure() -> None:
    """A lognormal spread is written by its middle and its ninth tenth."""
    draw = Draw("lognormal", (2.0, 5.0), "seconds")
    assert (draw.at(0.5), draw.at(0.9)) == (pytest.approx(2), pytest.approx(5))


# --- the engine's own rules -------------------------------------------------------------------------------------------


@attrs.define
class Watched:
    """A trial whose commands and entries are kept."""

    commands: list[m.Command] = attrs.field(factory=list)
    entries: list[Entry] = attrs.field(factory=list)
    refused: Counter[str] = attrs.field(factory=Counter)


def watched(source: str, behaviour: str = "{}", seed: int = 1, *, every: timedelta | None = None) -> Watched:
    """Play one trial, with a tick after each length of *every* if wanted."""
    plan = plan_of(source)
    spec = read(behaviour, Behaviour, file="b.yaml").result()
    scene = prepare(plan, compile_behaviour(spec, plan))
    trial = Trial(scene, Stream(seed), 1, Tally(), HEEDS)
    found, decide = Watched(), trial.decide
    found.entries += [entry for run in scene.runs for entry in run.entries]

    def watch(run: Run, command: m.Command) -> Decision:
        decision = decide(run, command)
        found.commands.append(command)
        found.entries += decision.entries
        if decision.refusal is not None:
            found.refused[decision.refusal.problems[0].code] += 1
        return decision

    trial.decide = watch  # type: ignore[method-assign]
    if every is not None:
        for number in range(1, 200):
            trial.at(scene.begins + every * number, trial.tick, trial.runs["unit"])
    trial.play()
    return found


def bare(entries: list[Entry]) -> list[Entry]:
    """Entries without the ids of their commands, and without the root of a ballot box, which nobody keeps here."""
    found = [attrs.evolve(entry, command="") for entry in entries]
    return [
        attrs.evolve(entry, event=attrs.evolve(entry.event, root="")) if isinstance(entry.event, PollCounted) else entry
        for entry in found
    ]


ITEMS = "ledgers: {gaps: {items: 2, entered: 2 days, settle: 5 days, verify: 1 day, poor: 50%}}"


@pytest.mark.parametrize(
    ("source", "behaviour"),
    [(SMALL, "{}"), (SMALL, "duties: {quiz: {poor: 60%}, plan: {delay: 20 days}}"), (RICH, ITEMS)],
)
def test_the_engine_gives_the_same_trail_for_the_same_commands(source: str, behaviour: str) -> None:
    """There is no second rule engine: what simulated people did is replayed on a store, entry by entry."""
    found, plan = watched(source, behaviour), plan_of(source)
    habits = compile_behaviour(Behaviour(), plan)
    begins = plan.calendar.at(habits.start, 8)
    people = [
        {"id": f"{role}_{number}", "roles": [role]}
        for role in plan.roles
        for number in range(1, habits.people[role] + 1)
    ]
    engine = Engine("memory:", clock=lambda: begins)
    run = engine.start(plan, start=habits.start, roster=people, run="unit")
    for number, command in enumerate(found.commands):
        if not isinstance(command, m.Tick):
            with suppress(Refused):
                engine.execute(run.id, attrs.evolve(command, id=f"r{number}"))
        else:
            engine.clock = lambda now=command.now: now  # type: ignore[misc]
            engine.tick()
    assert bare(engine.entries(run.id)) == bare(found.entries)
    assert len(found.entries) > 50
    engine.close()


@pytest.mark.parametrize("source", [SMALL, RICH])
def test_who_ticks_changes_nothing(source: str) -> None:
    """Timers that concern nobody are left to the next command; a tick every six hours gives the same trail (law 3)."""
    lazy, busy = watched(source, seed=3), watched(source, seed=3, every=timedelta(hours=6))
    happened = [(entry.seq, entry.at, entry.actor, entry.event) for entry in lazy.entries]
    ticked = [(entry.seq, entry.at, entry.actor, entry.event) for entry in busy.entries]
    assert ticked[: len(happened)] == happened


# --- figures that a hand can check ------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [SMALL, PROGRAMME])
def test_who_does_everything_at_once_meets_every_deadline(source: str) -> None:
    """Without any delay nothing is late, no gate waits, and every phase ends on the last day of its window."""
    found = forecast(source, AT_ONCE)
    assert {one.name for one in found.deadlines} >= {"study", "plan"}
    assert [one.name for one in found.deadlines if one.chance.share < 1] == []
    assert found.bottlenecks == ()
    assert found.phase("study").ends.p90 == date(2009, 3, 31)
    assert found.refused == ()


def test_against_a_calculation_by_hand() -> None:
    """Uniform over 0 to 26 days, due after 13: a half. A fixed delay of 40 days: the gate waits from 17:00 on 31 March
    until 10 April, is asked a day later, and nothing else is in its way."""
    source = SMALL.replace("      quiz:", "      slow: {task: Slow, by: lead}\n      quiz:")
    behaviour = """
    start: 2009-02-28
    people: {lead: 1, member: 1}
    defaults: {delay: 1 day, again: 1 day, answer: 1 day}
    duties: {plan: {delay: {uniform: [0 days, 26 days]}}, slow: {delay: 40 days}}
    """
    found = forecast(source, behaviour, units=120)
    plan = found.chance("plan")
    assert plan.low < 0.5 < plan.high
    assert plan.high - plan.low < 0.2
    assert found.chance("slow").share == 0
    assert found.chance("study").share == 0
    ends = found.phase("study").ends
    assert (ends.p10, ends.p50, ends.p90, ends.never) == (date(2009, 4, 11), date(2009, 4, 11), date(2009, 4, 11), 0)
    worst = found.bottlenecks[0]
    assert (worst.gate, worst.duty, worst.times) == ("study.close", "slow", 1)
    assert worst.waited == worst.alone == pytest.approx(9 + 7 / 24)


def test_a_gate_waits_for_what_comes_last_and_counts_what_it_waited_for_alone() -> None:
    """Two duties after the window: the later one is blamed for the wait, and alone for the time after the other."""
    two = "      slow: {task: Slow, by: lead}\n      slower: {task: Slower, by: lead}\n"
    source = SMALL.replace("      quiz:", two + "      quiz:")
    habit = "{start: 2009-02-28, defaults: {delay: 0 days}, duties: {slow: {delay: 40 days}, slower: {delay: 43 days}}}"
    found = forecast(source, habit, units=3)
    worst = found.bottlenecks[0]
    assert (worst.duty, worst.waited) == ("slower", pytest.approx(12 + 7 / 24))
    assert worst.alone == pytest.approx(3)


def test_a_chance_falls_when_delays_grow() -> None:
    """With the same draws, whoever takes longer meets no deadline that they missed before."""
    before: Forecast | None = None
    for days in (5, 13, 20, 35, 60):
        found = forecast(SMALL, f"defaults: {{delay: {{uniform: [0 days, {days} days]}}}}", units=12)
        for one in before.deadlines if before is not None else ():
            assert found.chance(one.name).met <= one.chance.met, (one.name, days)
        before = found
    assert before is not None
    assert before.chance("plan").share <= 0.5


def test_load_adds_up_to_the_acts_that_were_done() -> None:
    """Every accepted act stands in the load of one role and one week, and nothing else does."""
    for source in (SMALL, RICH, PROGRAMME):
        found = forecast(source, units=10)
        assert sum(load.acts for load in found.loads) == found.acts > 0
        for load in found.loads:
            runs = found.trials if load.level == "programme" else found.units
            assert sum(load.weeks.values()) * runs == pytest.approx(load.acts)
            assert load.most == max(load.weeks.values())


@pytest.mark.parametrize("source", [SMALL, RICH])
def test_an_act_is_an_accepted_command_of_somebody(source: str) -> None:
    """The commands of one trial, counted one by one, are the load of a forecast of one unit."""
    trial = watched(source)
    people = [command for command in trial.commands if command.by != m.SYSTEM]
    assert forecast(source, units=1).acts == len(people) - trial.refused.total()


def test_what_is_never_done_is_missed_and_holds_its_gate() -> None:
    """Half of the plans are never made: the deadline says so, and so does the gate that waits in vain."""
    found = forecast(SMALL, "duties: {plan: {never: 50%, delay: 1 day}}", units=30)
    assert 0.2 < found.chance("plan").share < 0.8
    vain = next(one for one in found.bottlenecks if (one.gate, one.duty) == ("study.close", "plan"))
    assert vain.never == pytest.approx(1 - found.chance("plan").share)
    assert found.phase("study").ends.p90 is None


def test_what_needs_another_thing_waits_for_it() -> None:
    """A meeting that needs the plan is late because of it, and the plan is blamed for the days past the due day."""
    found = forecast(SMALL, "{start: 2009-02-28, defaults: {delay: 1 day}, duties: {plan: {delay: 40 days}}}", units=3)
    blamed = next(one for one in found.bottlenecks if one.what == "needs")
    assert (blamed.gate, blamed.duty) == ("meeting", "plan")
    assert blamed.waited == pytest.approx(40 + 1 - 31)


def test_business_days_are_counted_as_such() -> None:
    """Ten business days from Sunday, 1 March 2009, end on Friday the 13th: in time; eleven do not."""
    habit = "{{defaults: {{delay: 0 days}}, duties: {{plan: {{delay: {} business days}}}}}}"
    assert forecast(SMALL, habit.format(10)).chance("plan").share == 1
    assert forecast(SMALL, habit.format(11)).chance("plan").share == 0


def test_what_takes_longer_than_anybody_looks_does_not_happen() -> None:
    """A spread without an end, and lengths of two centuries, overflow no calendar."""
    for delay in ("{lognormal: [1 day, 10000 weeks]}", "10000 weeks", "10000 business days", "10000%"):
        assert forecast(SMALL, f"defaults: {{delay: {delay}}}", units=3).phase("study").opens.never == 0


# --- documents, polls, items, units -----------------------------------------------------------------------------------


def test_a_document_that_is_sent_back_is_written_again() -> None:
    """With every version sent back nine times of ten, more is drafted than with none; after ten it is let through."""
    none = watched(RICH, AT_ONCE)
    always = watched(RICH, f"{AT_ONCE}\nduties: {{report: {{returns: 100%}}}}")
    drafts = [sum(isinstance(command, m.Draft) for command in one.commands) for one in (none, always)]
    assert drafts == [1, 11]


@pytest.mark.parametrize(("score", "outcome"), [("70%", "redo"), ("80%", "completed"), ("95%", "completed")])
def test_the_score_of_a_poll_decides_its_band(score: str, outcome: str) -> None:
    """Score and turnout are declared; the band follows by the policy's own rules."""
    habit = f"duties: {{satisfaction: {{score: {score}, turnout: 100%, invited: 10}}}}"
    found = forecast(RICH, habit, units=6)
    assert {one.name: one.share for one in found.outcomes} == {outcome: 1}


def test_a_poll_is_over_when_its_time_is() -> None:
    """Nobody acts at the end of a poll; its band closes the phase on that day all the same."""
    ends = forecast(RICH, AT_ONCE, units=3).phase("rating").ends
    assert (ends.p10, ends.p90) == (date(2009, 4, 5), date(2009, 4, 5))


def test_a_phase_that_is_closed_by_its_date_is_closed_on_it() -> None:
    """Time closes it, and those who wait for that begin on the day after."""
    source = SMALL.replace("    gate: duties\n", "    closes: on date\n").replace(
        "outcomes:", "  review:\n    opens: when study closes\n    window: 30 days\n"
        "    duties: {look: {task: Look, by: lead, due: none}}\noutcomes:"
    )  # fmt: skip
    found = forecast(source, "{defaults: {delay: 0 days}, duties: {look: {delay: 1 day}}}", units=3)
    assert found.phase("review").opens.p90 == date(2009, 4, 1)
    assert any(load.role == "lead" and "2009-03-30" in load.weeks for load in found.loads)


def test_a_phase_without_window_and_gate_is_left_once_its_duties_are_done() -> None:
    """Nothing tells its end but what is prescribed there: ten days for the plan, and a day until somebody asks."""
    source = SMALL[: SMALL.index("      notes:")] + "outcomes: {completed: {by: lead}}\n"
    source = source.replace("03-01 .. 03-31\n    gate: duties", "none\n    opens: with campaign")
    source = source.replace("due: 03-13", "due: none")
    found = forecast(source, "{start: 2009-03-01, duties: {plan: {delay: 10 days}}}", units=3)
    assert found.phase("study").ends.p10 == date(2009, 3, 12)


def test_silence_is_not_an_answer_in_time() -> None:
    """A step that is passed because nobody answered has missed its limit, also where silence accepts."""
    source = RICH.replace("within: 5 days, silence: hold", "within: 5 days, silence: accept")
    late = forecast(source, "duties: {report: {steps: {approve: {delay: 9 days}}}}", units=3)
    assert late.chance("report.approve").share == 0
    assert late.phase("study").ends.never == 0
    soon = forecast(source, "duties: {report: {steps: {approve: {delay: 3 days}}}}", units=3)
    assert soon.chance("report.approve").share == 1


def test_nobody_judges_their_own_work_and_another_stands_in() -> None:
    """Where author and judge are of one role, the other holder judges; the document gets through in every unit."""
    source = RICH.replace("{approve: office", "{approve: lead")
    found = forecast(source, "{people: {lead: 2}}", units=12)
    assert found.refused == ()
    assert found.phase("study").ends.never == 0
    alone = forecast(source, "{people: {lead: 1}}", units=2)
    assert [one.code for one in alone.refused] == ["PF306"]
    assert alone.phase("study").ends.never == 1


def test_items_are_entered_settled_verified_and_hold_the_gate() -> None:
    """Each of three items has its clock; one that is never settled keeps the gate shut."""
    habit = "ledgers: {gaps: {items: 3, entered: 2 days, settle: 5 days, verify: 1 day, poor: 50%}}"
    found = forecast(RICH, habit, units=20, seed=2).chance("gaps.now")
    assert found.cases == 60
    assert found.low < 0.5 < found.high  # five days and one are in time, twice as many are not
    assert forecast(RICH, habit.replace("poor: 50%", "poor: 0%"), units=2).chance("gaps.now").share == 1
    never = forecast(RICH, "ledgers: {gaps: {items: 1, never: 100%}}", units=5)
    assert never.phase("study").ends.never == 1
    assert any(one.duty == "gaps" and one.never == 1 for one in never.bottlenecks)


def test_a_programme_waits_for_its_units_and_they_for_it() -> None:
    """The launch stands in the programme, the plans in the units: a late launch makes plans late, and late units the
    programme."""
    found = forecast(PROGRAMME, "{units: 3, duties: {launch: {delay: 40 days}, plan: {delay: 1 day}}}", units=9)
    assert (found.units, found.trials) == (9, 3)
    assert found.chance("plan").share == 0
    assert found.chance("study", level="programme").share == 0
    assert {one.name: one.share for one in found.outcomes} == {"finished": 1, "completed": 1}
    assert found.phase("study", level="programme").ends.p50 >= found.phase("study").ends.p50  # type: ignore[operator]


def test_units_of_one_programme_stand_and_fall_together() -> None:
    """Where nothing differs between programmes, the interval knows how many there were, not how many units."""
    late = "units: 10, duties: {launch: {delay: {uniform: [0 days, 60 days]}}, plan: {delay: 0 days}}"
    split = forecast(PROGRAMME, f"{{{late}, defaults: {{again: 0 days}}}}", units=200).chance("plan")
    assert 0 < split.share < 1
    assert split.high - split.low > 0.3  # twenty programmes, and not two hundred units
    together = forecast(PROGRAMME, f"{{units: 10, {AT_ONCE}}}", units=20).chance("plan")
    apart = forecast(PROGRAMME, f"{{units: 1, {AT_ONCE}}}", units=20).chance("plan")
    assert together.share == apart.share == 1
    assert together.low < apart.low < 1


def test_a_ring_of_look_backs_comes_to_an_end() -> None:
    """People who go round without any delay are stopped, and the simulation goes on."""
    ring = "transitions: {back: {from: rating, to: rating, window: 30 days, duties: all, max: unlimited}}\n"
    source = RICH.replace("{below: 80%, go: redo}", "{below: 80%, go: back}").replace("outcomes:", f"{ring}outcomes:")
    source = source.replace(", redo: {owes: next_batch, carry: nothing}", "")
    source = source.replace("open_for: 5 days", "open_for: 1 hour")
    habit = f"{AT_ONCE}\nduties: {{satisfaction: {{score: 10%, invited: 3}}}}\nuntil: 2009-06-30"
    found = forecast(source, habit, units=1)
    assert {one.name for one in found.outcomes} == {"open"}


# --- what is declared -------------------------------------------------------------------------------------------------

WRONG = [
    ("duties: {ntoes: {delay: 3 days}}", "PF940", "1:10", "did you mean 'notes'?"),
    ("people: {membr: 3}", "PF940", "1:10", "did you mean 'member'?"),
    ("moves: {study.clos: never}", "PF940", "1:9", "did you mean 'study.close'?"),
    ("bodies: {village: 3}", "PF940", "1:10", "leave it out: the policy has no kind of bodies"),
    ("ledgers: {gapps: {items: 1}}", "PF940", "1:11", "leave it out: the policy has no ledger"),
    ("kinds: [town]", "PF940", "1:9", "leave it out: the policy has no kind of units"),
    ("defaults: {delay: {uniform: [1 day, 2 days], fixed: 1 day}}", "PF941", "1:19", "write one of: fixed, uniform"),
    ("defaults: {delay: {}}", "PF941", "1:19", "write one of: fixed, uniform"),
    ("defaults: {delay: {triangular: [1 day, 2 days]}}", "PF942", "1:32", "the least, the likeliest and the greatest"),
    ("defaults: {delay: {uniform: [1 day, 50%]}}", "PF943", "1:29", "all of them as lengths"),
    ("defaults: {delay: {uniform: [5 days, 1 day]}}", "PF944", "1:29", "the smaller one first"),
    ("defaults: {delay: {lognormal: [0 days, 1 day]}}", "PF944", "1:31", "above 0"),
    ("start: next spring", "PF945", "1:8", "2009-03-01"),
    ("{start: 2009-03-01, until: 2009-02-01}", "PF945", "1:28", "later `until`"),
    ("duties: {plan: {score: 80%}}", "PF946", "1:17", "leave 'score' out"),
    ("duties: {plan: {parts: 2}}", "PF946", "1:17", "leave 'parts' out"),
    ("people: {member: 5000000}", "PF948", "1:18", "smaller number"),
    ("units: 3", "PF948", "1:8", "say on the command line"),
    ("defaults: {delay: soon}", "PF121", "1:19", ""),
    ("defaults: {delay: 3 dyas}", "PF122", "1:21", "did you mean 'days'?"),
    ("defaults: {delay: 99999999 days}", "PF949", "1:19", "another unit"),
    ("defaults: {never: 185%}", "PF128", "1:19", ""),
    ("defualts: {delay: 1 day}", "PF131", "1:1", "did you mean 'defaults'?"),
    ("&a {people: {member: 3}}", "PF106", "1:1", ""),
    ("[1, 2]", "PF133", "1:1", ""),
]


@pytest.mark.parametrize(("behaviour", "code", "place", "fix"), WRONG)
def test_a_wrong_behaviour_is_told_where_it_is_and_how_to_mend_it(
    behaviour: str, code: str, place: str, fix: str
) -> None:
    """Names that nothing bears, figures that cannot be, keys that do not fit: each with place and fix, none as a
    traceback."""
    with pytest.raises(PolicyError) as error:
        forecast(SMALL, behaviour)
    problem = error.value.problems[0]
    assert (problem.code, f"{problem.span.line}:{problem.span.col}") == (code, place)
    assert problem.span.file == "policy.behaviour.yaml"
    assert fix in problem.fix


def test_habits_of_documents_and_polls_are_checked_too() -> None:
    """Unknown steps, a returning step that judges nothing, a score that is no share, an unknown class and phase: all at
    once."""
    behaviour = """
    duties:
      report: {steps: {aprove: {delay: 1 day}, draft: {returns: 10%}}}
      satisfaction: {score: {uniform: [10%, 120%]}}
    ledgers: {gaps: {items: 1, classes: [later], after: rateing}}
    """
    with pytest.raises(PolicyError) as error:
        forecast(RICH, behaviour)
    assert [problem.code for problem in error.value.problems] == ["PF940", "PF946", "PF947", "PF940", "PF940"]


def test_a_role_goes_before_the_default_and_a_duty_before_the_role() -> None:
    """Who is told of more nearly is believed."""
    spec = read(
        "{defaults: {delay: 1 day}, roles: {member: {delay: 2 days}}, duties: {quiz: {delay: 3 days}}}", Behaviour
    ).result()
    duties = compile_behaviour(spec, plan_of(SMALL)).duties
    assert [duties["unit", name].delay.figures[0] / 86_400 for name in ("plan", "notes", "quiz")] == [1, 2, 3]


def test_what_is_assumed_is_said_and_what_is_declared_is_not() -> None:
    """The forecast names its assumptions; each goes once the file says otherwise."""
    assumed = forecast(SMALL, units=1).assumed
    said = forecast(
        SMALL, "{start: 2009-03-01, until: 2009-08-01, people: {lead: 1, member: 2, checker: 1}, "
        "defaults: {delay: 1 day, never: 0%, again: 1 day, answer: 1 day, undated: 5 days}}", units=1
    ).assumed  # fmt: skip
    assert len(assumed) > 8
    assert len(said) == 2
    assert set(said) <= set(assumed)


# --- whatever is given ------------------------------------------------------------------------------------------------

FIGURES = st.sampled_from(
    ["0 days", "1 day", "110%", "3 business days", "10000 weeks", "5 hours", "-1 days", "NaN", "", "1e9 days", "[]"]
)
SHARES = st.sampled_from(["0%", "50%", "100%", "1/3", "150%", "lots"])
SPREADS = st.one_of(
    FIGURES, st.builds("{{uniform: [{}, {}]}}".format, FIGURES, FIGURES),
    st.builds("{{lognormal: [{}, {}]}}".format, FIGURES, FIGURES),
    st.builds("{{triangular: [{}, {}, {}]}}".format, FIGURES, FIGURES, FIGURES),
)  # fmt: skip
DUTIES = st.sampled_from(["diary", "report", "satisfaction", "nothing"])
HABITS = st.builds("{{delay: {}, never: {}, {}: {}}}".format, SPREADS, SHARES,
                   st.sampled_from(["returns", "turnout", "score", "poor", "parts", "opinions"]), SHARES)  # fmt: skip
BEHAVIOURS = st.builds(
    "people: {{member: {}}}\ndefaults: {{delay: {}, again: {}}}\nduties: {{{}: {}}}".format,
    st.sampled_from(["0", "1", "3", "-1", "1000000"]), SPREADS, SPREADS, DUTIES, HABITS,
)  # fmt: skip


def told_or_refused(behaviour: str) -> None:
    """Either a forecast whose text can be told, or problems with a place."""
    problems: tuple[Problem, ...] = ()
    try:
        found = forecast(RICH, behaviour, units=1)
    except PolicyError as error:
        problems = error.problems
    else:
        assert text(found)
        assert min((one.chance.low for one in found.deadlines), default=0) >= 0
    assert all(problem.span.line for problem in problems)


@settings(max_examples=25, deadline=None)
@given(BEHAVIOURS)
def test_any_behaviour_is_simulated_or_refused_in_its_place(behaviour: str) -> None:
    """Whatever stands in a behaviour file: a forecast, or problems that can be mended."""
    told_or_refused(behaviour)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(BEHAVIOURS)
def test_many_behaviours_are_simulated_or_refused_in_their_place(behaviour: str) -> None:
    """The same for many more."""
    told_or_refused(behaviour)


@pytest.mark.parametrize(("first", "count"), [(1, 12), pytest.param(100, 250, marks=pytest.mark.slow)])
def test_random_policies_are_simulated_to_their_end(first: int, count: int) -> None:
    """Rings, look-backs, gates that never pass, phases that wait for each other: every trial comes to an end."""
    for seed, _tries, plan in policies(first, count):
        found = simulate(plan, units=2, seed=seed)
        assert found.units == 2, seed
        assert sum(load.acts for load in found.loads) == found.acts


# --- from the shell ---------------------------------------------------------------------------------------------------


def run(*words: str) -> Result:
    found = CliRunner().invoke(main, list(words))
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    return tmp_path


def test_the_verb_tells_phases_deadlines_load_and_bottlenecks(here: Path) -> None:
    """A policy alone is enough; a file beside it is found; both answer with every table."""
    told = run("simulate", "small.yaml", "--units", "5", "--jobs", "1").stdout
    for title in ("assumed", "phases", "deadlines", "how runs end", "load: acts of one run", "what was waited for"):
        assert title in told
    (here / "small.behaviour.yaml").write_text("duties: {plan: {delay: 40 days}}", encoding="utf-8")
    slow = run("simulate", "small.yaml", "--units", "5", "--jobs", "1").stdout
    assert re.search(r"\n  plan +2009-03-13 +0 % ", slow)


def test_the_verb_gives_data_and_ends_with_one_below_a_bound(here: Path) -> None:
    """`--json` holds the forecast in numbers; `--fail-under` judges the worst deadline."""
    found = json.loads(run("simulate", "small.yaml", "--units", "5", "--jobs", "1", "--seed", "3", "--json").stdout)
    assert (found["units"], found["seed"], found["campaign"]) == (5, 3, "small")
    assert {type(one["chance"]["share"]) for one in found["deadlines"]} <= {float, int}
    (here / "fast.yaml").write_text(AT_ONCE, encoding="utf-8")
    words = ("simulate", "small.yaml", "--units", "3", "--jobs", "1", "--behaviour", "fast.yaml", "--fail-under", "99")
    assert run(*words).exit_code == 0
    (here / "fast.yaml").write_text("duties: {plan: {delay: 40 days}}", encoding="utf-8")
    assert run(*words).exit_code == 1


def test_a_wrong_behaviour_file_is_a_positioned_error(here: Path) -> None:
    """The command line shows file, line, code and fix, and ends with 1."""
    (here / "small.behaviour.yaml").write_text("duties: {ntoes: {delay: 3 days}}", encoding="utf-8")
    found = run("simulate", "small.yaml")
    assert found.exit_code == 1
    assert "small.behaviour.yaml:1:10: error PF940: the policy has no duty 'ntoes'" in found.stderr
    assert run("simulate", "small.yaml", "--behaviour", "nothing.yaml").exit_code == 2


def test_percentages_do_not_look_rounder_than_they_are() -> None:
    """What is not all is never 100 %, and what is not nothing never 0 %."""
    assert [percent(share) for share in (0, 0.00001, 0.125, 0.5, 0.99999, 1)] == [
        "0 %", "< 0.1 %", "12.5 %", "50 %", "> 99.9 %", "100 %",
    ]  # fmt: skip


# --- the examples -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/operating.yaml")), ids=lambda path: path.parent.name)
def test_every_example_goes_to_its_end(path: Path) -> None:
    """With a few units and nothing declared, programmes included: every run ends, and nobody is refused anything."""
    plan = load_policy(path)
    found = simulate(plan, units=6, seed=2)
    assert {one.name for one in found.outcomes} & set(plan.unit.outcomes)
    assert [one for one in found.outcomes if one.name == "open"] == []
    assert found.refused == ()
    assert text(found)
