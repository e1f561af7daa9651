# ruff: noqa: E501 - a policy and a row of a table stay on one line
"""Phases: how they open, how they close, what a second visit brings, and what a held gate leaves behind."""

from __future__ import annotations

import pytest
from campaign import Campaign, c, compiled, e, names

from phaseflow.messages.events import Days

ROLES = "roles: {boss: Boss, member: Member}\n"
END = "outcomes: {done: {by: boss}}\n"
PEOPLE = {"ann": "boss", "bob": "member"}


def phases(text: str, more: str = "") -> str:
    """A policy with two roles, one outcome and these phases."""
    return f"{ROLES}phases:\n{text}\n{END}{more}"


OPENINGS = [
    # (id, phases, what happens until then, the day on which b opens)
    ("on date", "  b: {window: 03-01 .. 03-31, opens: on date, closes: by boss}", [("tick", "04-01")], "03-01"),
    ("with campaign", "  b: {window: none, opens: with campaign, closes: by boss}", [], "01-01 09:00"),
    (
        "when a closes",
        "  a: {window: none, opens: with campaign, closes: by boss}\n"
        "  b: {window: none, opens: when a closes, closes: by boss}",
        [("a.close", "02-03")],
        "02-03 09:00",
    ),
    (
        "when a opens",
        "  a: {window: 02-10 .. 02-20, opens: on date, closes: by boss}\n"
        "  b: {window: none, opens: when a opens, closes: by boss}",
        [("tick", "02-21")],
        "02-10",
    ),
    ("by role", "  b: {window: none, opens: by boss, closes: by boss}", [("b.open", "02-04")], "02-04 09:00"),
    (
        "when gate",
        "  a: {window: none, opens: with campaign, closes: by boss}\n"
        "  b: {window: none, opens: when gate, entry: {closed: a}, clock: unit, closes: by boss}",
        [("a.close", "02-05")],
        "02-05 09:00",
    ),
]


@pytest.mark.parametrize(("text", "steps", "day"), [o[1:] for o in OPENINGS], ids=[o[0] for o in OPENINGS])
def test_ways_to_open(text: str, steps: list[tuple[str, str]], day: str) -> None:
    """R5: each way to open a phase opens it at its own instant, and closes nothing."""
    with Campaign(phases(text), people=PEOPLE) as run:
        for move, now in steps:
            run.tick(now) if move == "tick" else run.ask(move, "ann", now)
        opened = [run.shown(entry.at) for entry in run.entries(e.PhaseOpened) if entry.event.phase == "b"]
        assert opened == [day]
        closed = [entry.event.phase for entry in run.entries(e.PhaseClosed)]
        assert closed == [move.split(".")[0] for move, _ in steps if move.endswith(".close")]


def test_open_by_transition_is_no_move_of_its_own() -> None:
    """A phase that opens by transition has no opening move, and opens when the transition closes its source."""
    text = phases("  a: {window: none, opens: with campaign, closes: by boss}\n  b: {window: none, opens: by transition, closes: by boss}",
                  "transitions: {on: {from: a, to: b, by: boss}}")  # fmt: skip
    with Campaign(text, people=PEOPLE) as run:
        run.no(c.Ask, "ann", "01-02", "PF320", move="b.open")
        assert names(run.ask("on", "ann", "01-03")) == ["GateJudged", "MoveMade", "PhaseClosed", "PhaseOpened"]
        assert run.open == ["b/1"]


CLOSINGS = [
    ("by role", "closes: by boss", [("a.close", "02-03")], "02-03 09:00"),
    ("when gate", "closes: when gate, gate: {done: job}", [("job", "02-04")], "02-04 09:00"),
    ("on date", "closes: on date", [("tick", "02-20")], "02-11"),
    ("unstated", "closes: unstated, asks: boss", [("a.close", "02-06")], "02-06 09:00"),
]


@pytest.mark.parametrize(("how", "steps", "day"), [o[1:] for o in CLOSINGS], ids=[o[0] for o in CLOSINGS])
def test_ways_to_close(how: str, steps: list[tuple[str, str]], day: str) -> None:
    """R5, law 6: a phase closes by its role, by its gate, or on its date where the policy says so."""
    text = phases(
        f"  a: {{window: 02-01 .. 02-10, opens: on date, {how}, duties: {{job: {{task: Job, by: boss, due: none}}}}}}"
    )
    with Campaign(text, people=PEOPLE) as run:
        for move, now in steps:
            match move:
                case "tick":
                    run.tick(now)
                case "job":
                    run.do(c.Complete, "ann", now, duty="job")
                case _:
                    run.ask(move, "ann", now)
        assert run.when(e.PhaseClosed) == [day]


@pytest.mark.parametrize(
    "how", ["closes: by boss", "closes: unstated, asks: boss", "closes: when gate, gate: {done: job}"]
)
def test_the_end_of_a_window_closes_nothing(how: str) -> None:
    """Law 6: time alone makes a phase overdue and leaves it open."""
    text = phases(
        f"  a: {{window: 02-01 .. 02-10, opens: on date, {how}, duties: {{job: {{task: Job, by: boss, due: none}}}}}}"
    )
    with Campaign(text, people=PEOPLE) as run:
        run.tick("12-31")
        assert run.when(e.WindowEnded) == ["02-11"]
        assert run.open == ["a/1"]
        assert run.get("visit/a/1").overdue


def test_a_phase_that_closes_on_its_date_waits_for_its_gate() -> None:
    """A dated closing with a gate that is held records the verdict, stays open, and can be asked for later."""
    text = phases(
        "  a: {window: 02-01 .. 02-10, opens: on date, closes: on date, gate: {done: job}, duties: {job: {task: Job, by: boss, due: none}}}"
    )
    with Campaign(text, people=PEOPLE) as run:
        run.tick("02-12")
        assert [v.verdict for v in run.all(e.GateJudged)] == ["held"]
        assert run.open == ["a/1"]


def test_a_held_gate_is_an_answer() -> None:
    """R24: asking a gate with authority is accepted; a held verdict is an event that names what was read."""
    text = phases(
        "  a: {window: none, opens: with campaign, closes: by boss, gate: duties, duties: {job: {task: Job, by: member, due: none}}}"
    )
    with Campaign(text, people=PEOPLE) as run:
        held = run.ask("a.close", "ann", "01-02")
        assert [(v.verdict, v.duties) for v in run.all(e.GateJudged)] == [("held", ("job",))]
        assert held.requirements[0].met is False
        run.no(c.Ask, "bob", "01-02", "PF301", move="a.close")
        run.do(c.Complete, "bob", "01-03", duty="job")
        assert names(run.ask("a.close", "ann", "01-04")) == ["GateJudged", "PhaseClosed"]


def test_an_entry_that_is_held_opens_the_phase_later() -> None:
    """R3: a phase whose date comes while its entry is held waits, and opens in the macrostep that fulfils it."""
    text = phases("""
  a: {window: none, opens: with campaign, closes: by boss, duties: {plan: {task: Plan, by: boss, due: none}}}
  b: {window: 03-01 .. 03-31, opens: on date, entry: {done: plan}, clock: calendar, closes: by boss}""")
    with Campaign(text, people=PEOPLE) as run:
        run.tick("03-05")
        assert [type(entry.event).__name__ for entry in run.trail[-2:]] == ["GateJudged", "PhaseDue"]
        done = run.do(c.Complete, "ann", "03-20", duty="plan")
        assert names(done) == ["TaskReported", "DutyDone", "GateJudged", "PhaseOpened"]
        assert run.when(e.PhaseOpened)[-1] == "03-20 09:00"
        assert run.get("head").waiting == ()


def test_a_calendar_clock_keeps_written_dates_and_a_unit_clock_counts_lengths() -> None:
    """R9: a phase opened late keeps its dates with `clock: calendar`; with `clock: unit` the window moves along."""
    for clock, last in (("calendar", "2026-03-31"), ("unit", "2026-04-19")):
        text = phases(f"""
  a: {{window: none, opens: with campaign, closes: by boss, duties: {{plan: {{task: Plan, by: boss, due: none}}}}}}
  b: {{window: 03-01 .. 03-31, opens: on date, entry: {{done: plan}}, clock: {clock}, closes: by boss,
      steps: {{second: 03-11 .. 03-31}}}}""")
        with Campaign(text, people=PEOPLE) as run:
            run.do(c.Complete, "ann", "03-20", duty="plan")
            opened = run.all(e.PhaseOpened)[-1]
            assert str(opened.window.last) == last
            assert str(opened.steps["second"].last) == last


def test_windows_may_overlap() -> None:
    """R5, R6: two dated phases are open at once where their windows overlap."""
    text = phases(
        "  a: {window: 03-01 .. 03-31, opens: on date, closes: by boss}\n  b: {window: 03-15 .. 04-15, opens: on date, closes: by boss}"
    )
    with Campaign(text, people=PEOPLE) as run:
        run.tick("03-16")
        assert run.open == ["a/1", "b/1"]
        run.ask("a.close", "ann", "03-20")
        assert run.open == ["b/1"]


LOOK_BACK = """
roles: {boss: Boss, member: Member}
phases:
  a:
    window: 03-01 .. 03-31
    opens: on date
    closes: by boss
    duties:
      job: {task: Job, by: boss, due: 03-10, remind: 3 days}
      count: {quota: 2 papers, each: member, due: a end, remind: 20 days}
  b: {window: none, opens: when a closes, closes: by boss}
transitions:
  back: {from: b, to: a, by: boss, window: 10 days, duties: DUTIES, max: MAX}
outcomes: {done: {by: boss}, stop: {by: boss}}
"""


def looked_back(duties: str, limit: str = "unlimited") -> Campaign:
    run = Campaign(LOOK_BACK.replace("DUTIES", duties).replace("MAX", limit), people=PEOPLE)
    run.do(c.Complete, "ann", "03-05", duty="job")
    run.ask("a.close", "ann", "04-01")
    return run


@pytest.mark.parametrize(("duties", "brought"), [("all", ["count", "job"]), ("missing", ["count"]), ("[job]", ["job"])])
def test_a_second_visit_has_its_own_window_and_duties(duties: str, brought: list[str]) -> None:
    """R8: a second visit lasts as long as the transition says and brings all duties, those missing, or a list."""
    with looked_back(duties) as run:
        run.ask("back", "ann", "10-01")
        assert run.open == ["a/2"]
        opened = [event for event in run.all(e.PhaseOpened) if event.visit == 2]
        assert (str(opened[0].window.first), str(opened[0].window.last)) == ("2026-10-01", "2026-10-10")
        mine = {event.name: event for event in run.all(e.DutyOpened) if event.key.startswith("a/2/")}
        assert sorted(mine) == brought
        if "job" in mine:
            assert mine["job"].term.due is None, "a written day binds the first visit only"
        if "count" in mine:
            assert str(mine["count"].term.day) == "2026-10-10", "the end of the second visit's own window"


def test_no_reminder_of_a_second_visit_lies_before_its_opening() -> None:
    """R8: re-entering a phase in October sends none of March's reminders or escalations again."""
    with looked_back("all") as run:
        before = len(run.all(e.DutyReminded)) + len(run.all(e.DutyFellDue))
        run.ask("back", "ann", "10-01")
        assert len(run.all(e.DutyReminded)) + len(run.all(e.DutyFellDue)) == before
        for key, _timer in run.runs["u"].rows.scan("timer/"):
            assert key > "timer/2026-09-30T"


def test_a_limit_leads_to_its_otherwise() -> None:
    """R22: once `max` is used up, the same request leads to what the policy says otherwise."""
    text = (
        LOOK_BACK.replace("DUTIES", "all")
        .replace("MAX", "1, otherwise: stop")
        .replace("opens: when a closes", "opens: by boss")
    )
    with Campaign(text, people=PEOPLE) as run:
        run.tick("03-02")
        run.ask("b.open", "ann", "03-02")
        run.ask("a.close", "ann", "03-02")
        run.ask("back", "ann", "03-03")
        run.ask("b.open", "ann", "03-03")
        run.ask("a.close", "ann", "03-04")
        assert names(run.ask("back", "ann", "03-05"))[-1] == "RunConcluded"
        assert run.get("head").outcome == "stop"


def test_an_otherwise_that_is_not_possible_asks_a_role() -> None:
    """A limit whose `otherwise` is a move that cannot be made here puts a question instead of breaking."""
    text = phases(
        """
  a: {window: none, opens: with campaign, closes: by boss}
  b: {window: none, opens: with campaign, closes: unstated, asks: boss}
  d: {window: none, opens: by boss, closes: unstated, asks: boss}""",
        """
transitions:
  again: {from: a, to: a, by: boss, window: none, duties: all, max: 1, otherwise: other}
  other: {from: d, to: b, by: boss, window: none, duties: all, max: unlimited}
""",
    )
    with Campaign(text, people=PEOPLE) as run:
        run.ask("again", "ann", "01-02")
        assert names(run.ask("again", "ann", "01-03")) == ["GateJudged", "QuestionAsked"]
        assert run.open == ["b/1", "a/2"]


def test_an_automatic_transition_into_an_open_phase_is_not_made() -> None:
    """R6: opening an open phase is illegal, also for a transition that would happen by itself; nothing breaks."""
    text = phases("""
  a: {window: none, opens: with campaign, closes: by boss, duties: {job: {task: Job, by: boss, due: none}}}
  b: {window: none, opens: with campaign, closes: by boss}""",
        "transitions: {over: {from: a, to: b, when: {done: job}, window: none, duties: all, max: unlimited}}")  # fmt: skip
    with Campaign(text, people=PEOPLE) as run:
        assert names(run.do(c.Complete, "ann", "01-02", duty="job")) == ["TaskReported", "DutyDone"]
        assert run.open == ["a/1", "b/1"]
        assert names(run.ask("b.close", "ann", "01-03")) == [
            "GateJudged",
            "PhaseClosed",
            "MoveMade",
            "PhaseClosed",
            "PhaseOpened",
        ]
        assert run.open == ["b/2"]


def test_an_automatic_transition_is_made_in_the_step_that_fulfils_it() -> None:
    """R3: consequences follow within the same macrostep, with the command's own id on each entry."""
    text = phases(
        """
  a: {window: none, opens: with campaign, closes: by boss, duties: {job: {task: Job, by: boss, due: none}}}
  b: {window: none, opens: by transition, closes: by boss}""",
        "transitions: {over: {from: a, to: b, when: {done: job}}}",
    )
    with Campaign(text, people=PEOPLE) as run:
        made = run.do(c.Complete, "ann", "01-02", duty="job")
        assert names(made)[2:] == ["MoveMade", "PhaseClosed", "PhaseOpened"]
        assert {entry.command for entry in made.entries} == {"c2"}


REFUSALS = [
    ("unknown", "PF320", "stduy.close", "ann"), ("unknown", "PF320", "b.opne", "ann"),
    ("illegal", "PF322", "b.close", "ann"), ("illegal", "PF322", "a.open", "ann"),
    ("not_entitled", "PF301", "a.close", "bob"), ("crashed", "PF323", "c.close", "ann"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "code", "move", "by"), REFUSALS)
def test_four_ways_to_say_no(kind: str, code: str, move: str, by: str) -> None:
    """Law 7: illegal here, unknown, not entitled and crashed are different answers, and leave no event."""
    text = phases("""
  a: {window: none, opens: by boss, closes: by boss}
  b: {window: none, opens: by boss, closes: by boss}
  c: {window: none, opens: with campaign, closes: by boss, gate: {fact: audited, version: "1"}}""")
    with Campaign(text, people=PEOPLE) as run:
        run.ask("a.open", "ann", "01-02")
        assert run.no(c.Ask, by, "01-03", code, move=move).kind == kind


def test_a_concluded_run_moves_no_more() -> None:
    """R10: after its conclusion a run refuses every move."""
    with Campaign(phases("  a: {window: none, opens: with campaign, closes: by boss}"), people=PEOPLE) as run:
        run.ask("done", "ann", "01-02")
        run.no(c.Ask, "ann", "01-03", "PF321", move="a.close")


def test_steps_are_windows_and_block_nothing() -> None:
    """R7: a step begins and ends on its days, its duties are due by its end, and it is no state of the machine."""
    text = phases("""
  a:
    window: 03-01 .. 03-31
    opens: on date
    closes: by boss
    steps:
      first: {window: 03-02 .. 03-10, duties: {job: {task: Job, by: boss, due: window end}}}
      second: 03-11 .. 03-20""")
    assert {source for source, _ in compiled(text).unit.table} == {"idle", "a"}
    with Campaign(text, people=PEOPLE) as run:
        run.tick("03-31")
        assert run.when(e.StepBegan) == ["03-02", "03-11"]
        assert run.when(e.StepEnded) == ["03-11", "03-21"]
        assert run.when(e.DutyFellDue) == ["03-11"]
        assert run.open == ["a/1"]


def test_a_windows_ladder_reminds_and_escalates() -> None:
    """A phase reminds before the end of its window and escalates after it, until it is closed."""
    text = phases(
        "  a: {window: 03-01 .. 03-31, opens: on date, closes: by boss, remind: [7 days, 1 day], overdue: {boss: 2 days, member: 9 days}}"
    )
    with Campaign(text, people=PEOPLE) as run:
        run.ask("a.close", "ann", "04-05")
        run.tick("05-01")
        assert run.when(e.PhaseReminded) == ["03-24", "03-30", "04-03"]
        assert [event.rung.role for event in run.all(e.PhaseReminded)] == ["", "", "boss"]


# --- over units -------------------------------------------------------------------------------------------------------

PROGRAMME = """
roles: {office: {of: programme}, lead: {of: unit}}
phases:
  study: {window: 03-01 .. 03-31, opens: on date, closes: by lead}
  sum_up: {window: none, opens: when study closes, closes: by lead}
outcomes: {completed: {by: lead}}
programme:
  phases:
    study: {opens: on date, closes: by office, gate: {units: 60%, closed: study, if_none: unmet}}
    sum_up: {opens: by office, closes: by office}
  outcomes: {finished: {by: office, gate: {units: 100%, concluded: any}}}
"""


def programme() -> Campaign:
    run = Campaign(PROGRAMME)
    run.do(c.Join, "system", "01-02", on="p", person=c.Person(id="off", roles=("office",)))
    return run


def test_a_parent_gate_takes_a_census() -> None:
    """R11: the parent's gate counts the units as they stand, and its verdict keeps the share that was read."""
    with programme() as run:
        for unit, lead in (("north", "nan"), ("south", "sue"), ("east", "eli")):
            run.begin(unit, "01-03", {lead: "lead"})
            run.do(c.EnrolUnit, "system", "01-03", on="p", unit=unit, run=unit)
        run.tick("03-02", on="p")
        run.ask("study.close", "nan", "03-05", on="north")
        run.ask("study.close", "off", "03-06", on="p")
        assert run.all(e.GateJudged, on="p")[-1].readings[0].measured == "33.33% (1/3)"
        assert run.all(e.GateJudged, on="p")[-1].verdict == "held"
        run.ask("study.close", "sue", "03-07", on="south")
        run.ask("study.close", "off", "03-08", on="p")
        assert run.all(e.GateJudged, on="p")[-1].verdict == "passed"


def test_a_share_of_no_units_is_what_the_policy_says() -> None:
    """R23: a share over no units is unknown unless `if_none` says met or unmet; unknown holds the gate."""
    with programme() as run:
        run.tick("03-02", on="p")
        run.ask("study.close", "off", "03-06", on="p")
        reading = run.all(e.GateJudged, on="p")[-1].readings[0]
        assert (reading.measured, reading.met) == ("0%", False)
        run.ask("finished", "off", "03-06", on="p")
        reading = run.all(e.GateJudged, on="p")[-1].readings[0]
        assert (reading.measured, reading.met) == ("unknown", None)


def test_withdrawn_and_cancelled_units_do_not_count() -> None:
    """R11: the denominator of a census is the units that are neither withdrawn nor cancelled."""
    with programme() as run:
        for unit, lead in (("north", "nan"), ("south", "sue")):
            run.begin(unit, "01-03", {lead: "lead"})
        run.ask("study.close", "nan", "03-05", on="north")
        run.do(c.WithdrawUnit, "system", "03-05", on="south", unit="south", reason="merged")
        run.tick("03-02", on="p")
        assert run.ask("study.close", "off", "03-06", on="p").verdict.verdict == "passed"


def test_the_start_of_a_run_binds_every_window() -> None:
    """R30: yearless dates are resolved once, from the start of the run on, and stand in the first event."""
    text = phases("  a: {window: 11-01 .. 02-10, opens: on date, closes: by boss}")
    with Campaign(text, start="2025-10-15", people=PEOPLE) as run:
        started = run.all(e.RunStarted)[0]
        assert started.windows["a"] == Days(
            first=run.instant("2025-11-01 12:00").date(), last=run.instant("2026-02-10 12:00").date()
        )


# --- ends of the road -------------------------------------------------------------------------------------------------

ROAD = """
roles: {boss: Boss, voter: Voter}
phases:
  a:
    window: none
    opens: with campaign
    closes: by boss
    duties:
      job: {task: Job, by: boss, due: none}
      vote: {poll: Vote, by: boss, due: none, edges: {own: {raters: voter}}, choices: [good, bad], measure: good of valid,
             anonymous: false, quorum: none, bands: {exclusive: [{below: 50%, go: failed}, {otherwise: job}]}}
  b: {window: none, opens: by transition, closes: by boss}
transitions:
  on: {from: a, to: b, when: {done: job}, max: 1, otherwise: back, window: none, duties: all}
  back: {from: b, to: a, by: boss, max: unlimited, window: none, duties: all}
outcomes: {failed: {}, done: {by: boss}}
"""


def test_a_move_that_leads_nowhere_is_asked_about_once() -> None:
    """A limit whose `otherwise` is not possible asks, and the run comes to rest."""
    with Campaign(ROAD, start="03-01", people={"ann": "boss", "vo": "voter"}) as run:
        run.do(c.Complete, "ann", "03-02", duty="job")
        assert run.open == ["b/1"]
        run.ask("back", "ann", "03-03")
        run.do(c.Complete, "ann", "03-04", duty="job")
        run.tick("03-05")
        assert [x.text for x in run.all(e.QuestionAsked)] == ["'on' leads to 'back', which is not possible now"]


def test_a_poll_that_is_counted_after_the_end_ends_nothing_again() -> None:
    """R10: what survives a conclusion goes on, and a band that would end the run once more is asked about."""
    with Campaign(ROAD, start="03-01", people={"ann": "boss", "vo": "voter"}) as run:
        run.do(c.OpenPoll, "ann", "03-02", poll="vote")
        run.do(c.Cast, "vo", "03-02", poll="vote", edge="own", choice="bad")
        run.ask("done", "ann", "03-03")
        run.do(c.ClosePoll, "ann", "03-04", poll="vote")
        assert [x.outcome for x in run.all(e.RunConcluded)] == ["done"]
        assert len(run.all(e.QuestionAsked)) == 1
