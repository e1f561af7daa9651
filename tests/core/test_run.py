# ruff: noqa: E501 - a policy and a row of a table stay on one line
"""A run as a whole: starting, importing, ending, reopening, archiving, halting, and the questions it asks."""

from __future__ import annotations

from datetime import date

import pytest
from campaign import Campaign, c, e, names

from phaseflow.messages.commands import Person

TEXT = """
roles: {boss: Boss, member: Member}
phases:
  a:
    window: 03-01 .. 03-31
    opens: on date
    closes: unstated
    asks: boss
    duties: {job: {task: Job, by: member, due: 03-20, remind: 5 days}}
  b: {window: 04-01 .. 04-30, opens: on date, closes: by boss}
outcomes:
  completed: {by: boss, from: a, gate: duties, reopen: boss}
  failed: {by: boss}
  again: {by: boss, owes: next_batch, carry: nothing, reopen: boss}
suspension: {by: boss, clock: CLOCK}
"""
PEOPLE = {"ann": "boss", "mo": "member"}


def run_of(clock: str = "runs", **more: object) -> Campaign:
    run = Campaign(TEXT.replace("CLOCK", clock), people=PEOPLE, **more)  # type: ignore[arg-type]
    run.tick("03-02")
    return run


# --- starting ---------------------------------------------------------------------------------------------------------


def test_a_run_starts_once() -> None:
    """PF372 for a second start, PF373 for a command before the first."""
    with run_of() as run:
        run.no(
            c.StartRun,
            "system",
            "03-03",
            "PF372",
            run="u",
            campaign="demo",
            plan="x",
            level="unit",
            unit="u",
            start=date(2026, 1, 1),
        )
        run.runs["empty"] = type(run.runs["u"])()
        run.no(c.Ask, "ann", "03-03", "PF373", on="empty", move="a.close")
        del run.runs["empty"]


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("PF360", {"level": "district"}), ("PF361", {"at_phase": "c"}), ("PF361", {"assumed": {"aa": "known"}}),
        ("PF316", {"bodies": {"village": ("east",)}}), ("PF307", {"persons": (Person(id="x", roles=("bos",)),)}),
    ],
)  # fmt: skip
def test_a_start_that_names_what_is_not_there(code: str, given: dict[str, object]) -> None:
    """Each wrong name of a start is refused, and the run then has not started."""
    with Campaign(TEXT.replace("CLOCK", "runs")) as run:
        run.runs["u"] = __import__("campaign").Run()
        usual = {"run": "u", "campaign": "demo", "plan": "x", "level": "unit", "unit": "u", "start": date(2026, 1, 1)}
        run.no(c.StartRun, "system", "01-01", code, **{**usual, **given})
        assert run.get("head") is None


def test_a_run_may_begin_in_the_middle() -> None:
    """R39: an import opens the phase that is under way, takes earlier ones as assumed, and conditions do not know those."""
    text = TEXT.replace("CLOCK", "runs").replace("closes: by boss}", "closes: by boss, gate: {closed: a}}")
    with Campaign(text, start="04-10", people=PEOPLE, at_phase="b", assumed={"a": "the minutes of March"}) as run:
        assert run.open == ["b/1"]
        run.ask("b.close", "ann", "04-12")
        assert run.all(e.GateJudged)[0].readings[0].measured == "unknown"


def test_what_is_assumed_does_not_open_with_the_campaign() -> None:
    """R39: a phase that has been elsewhere is no phase of this run, whatever opens it."""
    text = TEXT.replace("CLOCK", "runs").replace("opens: on date", "opens: with campaign", 1)
    with Campaign(text, start="04-10", people=PEOPLE, at_phase="b", assumed={"a": "the minutes of March"}) as run:
        assert run.open == ["b/1"]


# --- ending -----------------------------------------------------------------------------------------------------------


def test_an_outcome_from_a_phase_needs_it_open() -> None:
    """`from` names the phase that must be open; its duties are what `duties` means in the gate."""
    with run_of() as run:
        assert run.ask("completed", "ann", "03-05").verdict.verdict == "held"
        run.do(c.Complete, "mo", "03-06", duty="job")
        run.ask("a.close", "ann", "03-07")
        run.no(c.Ask, "ann", "03-08", "PF322", move="completed")


def test_a_conclusion_closes_what_is_open() -> None:
    """R10: the outcome ends every open phase and names what was left; no phase opens afterwards."""
    with run_of() as run:
        ended = run.ask("failed", "ann", "03-10")
        assert names(ended) == ["GateJudged", "MoveMade", "PhaseClosed", "RunConcluded"]
        run.tick("06-01")
        assert run.open == []
        assert [x.phase for x in run.all(e.PhaseOpened)] == ["a"]
        run.no(c.Ask, "ann", "06-01", "PF321", move="failed")


def test_an_outcome_is_there_while_no_phase_is_open() -> None:
    """An outcome without `from` can be asked for between two phases."""
    with run_of() as run:
        run.ask("a.close", "ann", "03-10")
        assert run.open == []
        assert "RunConcluded" in names(run.ask("failed", "ann", "03-11"))


def test_reopening_supersedes_the_conclusion() -> None:
    """R10: whom the policy names may take a conclusion back; what is ahead then opens on its date after all."""
    with run_of() as run:
        run.do(c.Complete, "mo", "03-06", duty="job")
        run.ask("completed", "ann", "03-07")
        run.no(c.Reopen, "mo", "03-08", "PF301", phase="a", spawned="stands", reason="x")
        run.no(c.Reopen, "ann", "03-08", "PF361", phase="z", spawned="stands", reason="x")
        run.do(c.Reopen, "ann", "03-08", phase="a", spawned="stands", reason="complaint")
        assert run.all(e.RunReopened)[0].supersedes == run.entries(e.RunConcluded)[0].seq
        assert run.open == ["a/2"]
        run.tick("04-02")
        assert run.open == ["a/2", "b/1"]
        assert run.all(e.DutyFellDue) == [], "no deadline of the first visit comes back"
        run.no(c.Reopen, "ann", "04-03", "PF321", phase="a", spawned="stands", reason="x")


def test_an_outcome_without_reopen_stands() -> None:
    """PF363."""
    with run_of() as run:
        run.ask("failed", "ann", "03-07")
        run.no(c.Reopen, "ann", "03-08", "PF363", phase="a", spawned="stands", reason="x")


@pytest.mark.parametrize(("spawned", "owed"), [("stands", True), ("withdrawn", False)])
def test_a_redo_is_a_debt(spawned: str, owed: bool) -> None:
    """R35: an outcome may owe a run in the next batch; a reopened run says whether that stands; a debt is paid once."""
    with run_of() as run:
        run.ask("again", "ann", "03-07")
        assert run.all(e.RedoOwed)[0].carry == "nothing"
        run.no(c.Archive, "system", "03-08", "PF365")
        run.do(c.Reopen, "ann", "03-09", phase="a", spawned=spawned, reason="x")
        assert run.get("head").owes_redo is owed
        if owed:
            run.do(c.RedeemRedo, "system", "03-10", run="next")
        run.no(c.RedeemRedo, "system", "03-11", "PF366", run="other")


def test_an_archived_run_is_put_away() -> None:
    """R10: only an ended run is archived; nothing is recorded in it and no timer is left."""
    with run_of() as run:
        run.no(c.Archive, "system", "03-03", "PF321")
        run.ask("failed", "ann", "03-07")
        run.do(c.Archive, "system", "03-08")
        run.no(c.Complete, "mo", "03-09", "PF321", duty="job")
        run.no(c.Cancel, "ann", "03-09", "PF321", reason="x")
        assert run.last is not None
        assert run.last.due_at is None


# --- halting ----------------------------------------------------------------------------------------------------------


def test_a_suspended_run_stands_still() -> None:
    """While a run is halted no timer fires and nothing is recorded; its next instant is none."""
    with run_of() as run:
        halted = run.do(c.Suspend, "ann", "03-05", reason="flood")
        assert halted.due_at is None
        assert run.tick("03-28").entries == ()
        run.no(c.Complete, "mo", "03-28", "PF321", duty="job")
        run.no(c.Ask, "ann", "03-28", "PF321", move="a.close")
        run.no(c.Suspend, "ann", "03-28", "PF321", reason="x")


def test_after_a_halt_the_clock_ran_on_or_stood_still() -> None:
    """`clock: runs`: what fell due meanwhile falls due at the resumption; `stops`: every date moves by the days."""
    with run_of("runs") as run:
        run.do(c.Suspend, "ann", "03-05", reason="flood")
        run.do(c.Resume, "ann", "03-25")
        assert run.when(e.DutyFellDue) == ["03-25 09:00"]
    with run_of("stops") as run:
        run.do(c.Suspend, "ann", "03-05", reason="flood")
        run.do(c.Resume, "ann", "03-25")
        run.tick("04-15")
        assert run.when(e.DutyFellDue) == ["04-10"]
        run.no(c.Resume, "ann", "04-16", "PF321")


def test_halting_is_for_whom_the_policy_names() -> None:
    """PF301 for others, PF362 where the policy lets nobody."""
    with run_of() as run:
        run.no(c.Suspend, "mo", "03-05", "PF301", reason="x")
        run.do(c.Cancel, "ann", "03-06", reason="called off")
        assert run.get("head").status == "cancelled"
    with Campaign(TEXT.replace("suspension: {by: boss, clock: CLOCK}\n", ""), people=PEOPLE) as run:
        for kind in (c.Suspend, c.Cancel):
            run.no(kind, "ann", "01-05", "PF362", reason="x")


# --- questions, units -------------------------------------------------------------------------------------------------


def test_a_question_is_answered_once_by_the_role_that_was_asked() -> None:
    """Where the policy leads to what is not possible, a role is asked; its answer is recorded and moves nothing."""
    text = """
roles: {boss: Boss, member: Member}
phases:
  a: {window: none, opens: with campaign, closes: unstated, asks: boss}
  b: {window: none, opens: by boss, closes: unstated, asks: boss}
transitions:
  again: {from: a, to: a, by: boss, window: none, duties: all, max: 1, otherwise: other}
  other: {from: b, to: a, by: boss, window: none, duties: all, max: unlimited}
outcomes: {done: {by: boss}}
"""
    with Campaign(text, people=PEOPLE) as run:
        run.ask("again", "ann", "01-02")
        run.ask("again", "ann", "01-03")
        name = run.all(e.QuestionAsked)[0].question
        assert run.all(e.QuestionAsked)[0].role == "boss"
        run.no(c.Answer, "mo", "01-04", "PF301", question=name, verdict="stay", reason="x")
        run.no(c.Answer, "ann", "01-04", "PF367", question="q0", verdict="stay", reason="x")
        run.do(c.Answer, "ann", "01-04", question=name, verdict="stay", reason="nothing else is open")
        run.no(c.Answer, "ann", "01-05", "PF368", question=name, verdict="go", reason="x")


def test_units_are_enrolled_once_and_withdrawn_once() -> None:
    """PF369–PF371: units belong to a programme, once each."""
    text = """
roles: {office: {of: programme}, lead: {of: unit}}
phases: {a: {window: none, opens: with campaign, closes: by lead}}
outcomes: {done: {by: lead}}
programme: {phases: {a: {opens: by office, closes: by office}}, outcomes: {over: {by: office}}}
"""
    with Campaign(text) as run:
        run.begin("north", "01-01", {"nan": "lead"})
        run.do(c.EnrolUnit, "system", "01-02", on="p", unit="north", run="north")
        run.no(c.EnrolUnit, "system", "01-02", "PF370", on="p", unit="north", run="other")
        run.no(c.EnrolUnit, "system", "01-02", "PF369", on="north", unit="x", run="x")
        run.no(c.WithdrawUnit, "system", "01-02", "PF371", on="p", unit="south", reason="x")
        run.do(c.WithdrawUnit, "system", "01-03", on="p", unit="north", reason="merged", into=("south",))
        assert run.get("count/units", on="p") == 0
