# ruff: noqa: E501 - a policy and a row of a table stay on one line
"""R21 and R18: a run goes on under another plan only by an amendment, which lists what it moves and judges nothing anew."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from phaseflow import Engine, PolicyError, Refused, compile_policy
from phaseflow.core.calendars import Calendar
from phaseflow.messages import events as e
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: safety
zone: Asia/Shanghai
calendar: {closed: [2009-05-01]}
roles: {lead: The lead, member: A member, guard: {title: Guard}}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end, remind: 3 days}}
duties: {log: {task: Log, by: lead, due: none}}
phases:
  study:
    window: 03-01 .. 03-31
    gate: duties
    duties:
      kickoff: {meeting: Kick-off, by: lead, due: 03-13, overdue: {lead: 1 day}}
      notes: {quota: 100 pages, each: member}
      walk: {checklist: Walk, by: lead, items: [east, west]}
  work: {window: 04-01 .. 04-30, duties: {dig: {task: Dig, by: lead}}}
outcomes: {completed: {by: lead, gate: {closed: study}}}
"""
PEOPLE = [{"id": "wang", "roles": ["lead"]}, {"id": "li", "roles": ["member"]}, {"id": "gu", "roles": ["guard"]}]


class Clock:
    now = datetime(2009, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def to(self, day: str) -> None:
        self.now = datetime.fromisoformat(day).replace(hour=1, tzinfo=UTC)


def plan(*changes: tuple[str, str], amends: str = "") -> Any:
    """The plan of the policy with some of its text changed, and what it says of runs under way."""
    text = POLICY + (f"amends: {amends}\n" if amends else "")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return compile_policy(read_policy(text).result())


@pytest.fixture
def begun(tmp_path: Path) -> Any:
    with Engine(f"sqlite:///{tmp_path}/runs.db", clock=Clock()) as engine:
        yield engine, engine.start(plan(), start="2009-03-01", roster=PEOPLE)


def due(run: Any, name: str, person: str = "wang") -> date | None:
    return next(owed.due for owed in run.todo(person) if owed.subject == name)


NOTICE = "{binds: at_once, notice: 10 days}"


def test_r21_a_plan_that_says_nothing_of_runs_under_way_binds_none(begun) -> None:
    """Law 9: without an explicit word a run keeps its plan."""
    _engine, run = begun
    with pytest.raises(Refused, match="binds no run that has begun"):
        run.amend(plan(("03-31", "04-05")))
    with pytest.raises(Refused, match="binds no run that has begun"):
        run.amend(plan(("03-31", "04-05"), amends="{binds: new_runs}"))
    with pytest.raises(Refused, match="goes by this plan already"):
        run.amend(plan())


def test_r21_an_amendment_lists_every_date_it_moves(begun) -> None:
    """Windows, due days and their ladders move; the event has old plan, new plan, and each new term."""
    engine, run = begun
    answer = run.amend(plan(("03-01 .. 03-31", "03-01 .. 04-10"), ("due: 03-13", "due: 03-20"), amends=NOTICE))
    event = next(event for event in answer.events if isinstance(event, e.PlanAmended))
    assert event.previous == plan().digest
    assert {key: term.day for key, term in event.moved.items()} == {
        "duty/study/1/kickoff": date(2009, 3, 20),
        "duty/study/1/notes": date(2009, 4, 10),
        "duty/study/1/walk": date(2009, 4, 10),
    }
    assert event.visits["visit/study/1"].window.last == date(2009, 4, 10)
    engine.clock.to("2009-04-08")
    engine.tick()
    happened = [type(entry.event).__name__ for entry in run.history()]
    assert "WindowEnded" not in happened
    assert due(run, "notes", "li") == date(2009, 4, 10)
    assert not run.verify()


def test_r21_what_was_judged_stays_judged(begun) -> None:
    """A duty that has fallen due keeps its day and its verdict: relief for the past is a waiver."""
    engine, run = begun
    engine.clock.to("2009-03-16")
    engine.tick()
    answer = run.amend(plan(("due: 03-13", "due: 03-28"), amends=NOTICE))
    event = next(event for event in answer.events if isinstance(event, e.PlanAmended))
    assert "duty/study/1/kickoff" not in event.moved
    assert due(run, "kickoff") == date(2009, 3, 13)


def test_r21_nobody_is_late_for_what_is_new(begun) -> None:
    """New duties of an open visit, and due days that come earlier, wait for the notice."""
    engine, run = begun
    engine.clock.to("2009-03-06")
    run.amend(plan(("walk: {", "poster: {task: Poster, by: lead, due: 03-08}\n      walk: {"),
                   ("due: 03-13", "due: 03-09"), amends=NOTICE))  # fmt: skip
    assert due(run, "poster") == date(2009, 3, 16)
    assert due(run, "kickoff") == date(2009, 3, 16)
    with pytest.raises(PolicyError, match="gives no notice"):
        plan(amends="{binds: at_once}")


def test_r21_only_favourable(begun) -> None:
    """More time and smaller quotas bind, less time, larger quotas and new duties do not."""
    _engine, run = begun
    run.amend(plan(
        ("due: 03-13", "due: 03-09"), ("100 pages", "60 pages"), ("03-01 .. 03-31", "03-01 .. 04-15"),
        ("walk: {", "poster: {task: Poster, by: lead}\n      walk: {"), amends="{binds: favourable}",
    ))  # fmt: skip
    assert due(run, "kickoff") == date(2009, 3, 13)
    assert due(run, "notes", "li") == date(2009, 4, 15)
    assert run.record("notes", by="li", amount="60 pages").events[-1].__class__ is e.DutyDone
    assert not any(owed.subject == "poster" for owed in run.todo("wang"))
    assert not run.verify()


def test_r21_from_the_next_phase(begun) -> None:
    """The open phase goes on as it was; the new plan binds when another phase opens."""
    engine, run = begun
    answer = run.amend(plan(("due: 03-13", "due: 03-25"), ("dig: {task: Dig, by: lead}", "drill: {task: Drill, by: lead}"),
                            amends="{binds: next_phase, notice: 0 days}"))  # fmt: skip
    assert [type(event) for event in answer.events] == [e.AmendmentAdopted]
    assert due(run, "kickoff") == date(2009, 3, 13)
    engine.clock.to("2009-04-02")
    engine.tick()
    assert {owed.subject for owed in run.todo("wang")} >= {"drill"}
    assert not any(owed.subject == "dig" for owed in run.todo("wang"))
    assert not run.verify()


def test_r21_from_a_day_on(begun) -> None:
    """An amendment recorded early takes effect on its day, by a timer, however late somebody ticks."""
    engine, run = begun
    run.amend(plan(("03-01 .. 03-31", "03-01 .. 04-10"), amends="{binds: at_once, from: 2009-03-10, notice: 5 days}"))
    assert due(run, "notes", "li") == date(2009, 3, 31)
    engine.clock.to("2009-03-25")
    engine.tick()
    assert due(run, "notes", "li") == date(2009, 4, 10)
    entry = next(entry for entry in run.history() if isinstance(entry.event, e.PlanAmended))
    assert entry.at == datetime(2009, 3, 9, 16, tzinfo=UTC)
    assert not run.verify()


def test_r21_what_has_state_is_kept_renamed_or_dropped_by_name(begun) -> None:
    """All that is missing is said at once; records go on under a new name, and what is dropped is owed no more."""
    _engine, run = begun
    run.record("notes", by="li", amount="70 pages")
    run.check("walk", "east", by="wang")
    renamed = (("notes: {", "pages: {"), ("      walk: {checklist: Walk, by: lead, items: [east, west]}\n", ""))
    with pytest.raises(Refused) as refused:
        run.amend(plan(*renamed, amends=NOTICE))
    assert [problem.code for problem in refused.value.problems] == ["PF481", "PF481"]
    run.amend(plan(*renamed, amends="{binds: at_once, notice: 10 days, names: {notes: pages, walk: dropped}}"))
    assert not any(owed.subject in ("walk", "notes") for owed in [*run.todo("wang"), *run.todo("li")])
    assert next(owed.rest for owed in run.todo("li") if owed.subject == "pages") == "30 of 100 pages"
    run.record("pages", by="li", amount="30 pages")
    run.hold("kickoff", by="wang")
    assert run.request("study.close", by="wang").passed
    assert not run.verify()


@pytest.mark.parametrize(
    ("change", "names", "says"),
    [
        (("  work: {", "  labour: {"), "", ""),  # a phase nobody has been in may go
        (("  study:", "  learn:"), "", "has been in 'study'"),
        (("notes: {quota: 100 pages, each: member}", "notes: {task: Notes, each: member}"), "", "cannot go on as 'notes'"),
        (("notes: {", "pages: {"), ", names: {notes: pagse}", "did you mean 'pages'"),
    ],
)  # fmt: skip
def test_r21_what_cannot_go_on_is_refused(begun, change, names, says) -> None:
    """A phase that was seen keeps its name; a duty goes on only under one of its kind."""
    _engine, run = begun
    gate = ("gate: {closed: study}", "gate: {closed: learn}") if change[1] == "  learn:" else ("by: lead", "by: lead")
    new = plan(change, gate, amends=f"{{binds: at_once, notice: 10 days{names}}}")
    if says:
        with pytest.raises(Refused, match=says):
            run.amend(new)
    else:
        run.amend(new)
    assert not run.verify()


def test_r21_what_roles_bring_changes_with_the_plan(begun) -> None:
    """Guards become members: from now on they owe what every member owes."""
    _engine, run = begun
    run.amend(plan(("guard: {title: Guard}", "guard: {title: Guard, is_a: member}"), amends=NOTICE))
    assert any(owed.subject == "notes" for owed in run.todo("gu"))
    run.record("notes", by="gu", amount="100 pages")
    assert not run.verify()


def test_a_rehearsed_amendment_changes_nothing(begun) -> None:
    """A dry run says what would move, and keeps neither plan nor event."""
    engine, run = begun
    new = plan(("03-01 .. 03-31", "03-01 .. 04-10"), amends=NOTICE)
    answer = run.rehearsal().amend(new)
    assert any(isinstance(event, e.PlanAmended) for event in answer.events)
    assert len(run.history()) == max(entry.seq for entry in run.history())
    with engine.store.transaction(write=False) as tx:
        assert tx.plan(new.digest) is None


def test_an_amended_run_is_exported_and_taken_in_with_all_its_plans(begun, tmp_path: Path, monkeypatch) -> None:
    """Every plan that the trail names goes along; the rows are folded through them."""
    from click.testing import CliRunner

    from phaseflow.cli import main

    engine, run = begun
    run.amend(plan(("03-01 .. 03-31", "03-01 .. 04-10"), amends=NOTICE))
    engine.close()
    monkeypatch.chdir(tmp_path)
    shell = CliRunner(env={"PHASEFLOW_NOW": "2009-03-03T09:00+08:00"})
    out = shell.invoke(main, ["export", "safety", "--db", "sqlite:///runs.db"])
    assert out.exit_code == 0, out.output
    Path("safety.jsonl").write_text(out.stdout, encoding="utf-8")
    assert shell.invoke(main, ["import", "safety.jsonl", "--db", "sqlite:///other.db"]).exit_code == 0
    found = shell.invoke(main, ["verify", "--db", "sqlite:///other.db"])
    assert found.exit_code == 0, found.output


BUSY = POLICY.replace("due: 03-13, overdue: {lead: 1 day}", "due: 03-13, grace: 5 business days")


def test_r18_provisional_dates_are_settled_by_an_amendment_of_the_calendar(tmp_path: Path, monkeypatch) -> None:
    """Days off that were unknown at the start move what counts business days, in an event that lists it."""
    reading = read_policy(BUSY)
    known = compile_policy(reading.result(), reading.sources)
    bare = Calendar.from_data({**known.calendar.as_data(), "known_until": "2008-12-31"})
    early = compile_policy(reading.result(), reading.sources, bare)
    later = {**known.calendar.as_data(), "closed": [["2009-03-16", "flood"], ["2009-03-17", "flood"], *known.calendar.as_data()["closed"]]}
    clock = Clock()
    with Engine(f"sqlite:///{tmp_path}/runs.db", clock=clock) as engine:
        run = engine.start(early, start="2009-03-01", roster=PEOPLE)
        opened = [x.event for x in run.history() if isinstance(x.event, e.DutyOpened) and x.event.name == "kickoff"]
        assert opened[0].term.provisional
        renewed = compile_policy(reading.result(), reading.sources, Calendar.from_data(later))
        monkeypatch.setattr("phaseflow.engine.run.compile_policy", lambda *_: renewed)
        answer = run.renew_calendar()
        event = next(event for event in answer.events if isinstance(event, e.CalendarAmended))
        before, after = opened[0].term.grace, event.moved["duty/study/1/kickoff"].grace
        assert (after - before).days == 4  # two days off, and the weekend that now lies between
        assert not event.moved["duty/study/1/kickoff"].provisional
        assert not run.verify()
        with pytest.raises(Refused, match="goes by this plan already"):
            run.renew_calendar()


# --- versions that end ------------------------------------------------------------------------------------------------

FLOOD = "{binds: at_once, notice: 5 days, until: 2009-03-20}"
LATER = (("due: 03-13", "due: 03-28"), ("03-01 .. 03-31", "03-01 .. 04-15"))
POSTER = ("walk: {", "poster: {task: Poster, by: lead}\n      walk: {")


def test_a_version_ends_on_its_day_and_what_was_before_holds_again(begun) -> None:
    """Days go back where they were, but never into the past: the notice counts from the end. What it brought is gone."""
    engine, run = begun
    answer = run.amend(plan(*LATER, POSTER, amends=FLOOD))
    event = next(event for event in answer.events if isinstance(event, e.PlanAmended))
    assert (event.returns, event.ends) == (plan().digest, datetime(2009, 3, 20, 16, tzinfo=UTC))
    assert due(run, "kickoff") == date(2009, 3, 28)
    assert due(run, "notes", "li") == date(2009, 4, 15)
    assert run.status().until == "2009-03-20"
    engine.clock.to("2009-03-22")  # somebody ticks two days late; it ended on time all the same
    engine.tick()
    entry = [entry for entry in run.history() if isinstance(entry.event, e.PlanAmended)][-1]
    assert (entry.at, entry.event.plan, entry.event.returns) == (event.ends, plan().digest, "")
    assert due(run, "kickoff") == date(2009, 3, 26)  # 13 March is past; the notice runs from 21 March
    assert due(run, "notes", "li") == date(2009, 3, 31)
    assert not any(owed.subject == "poster" for owed in run.todo("wang"))
    assert run.status().status == "running"
    assert not run.verify()


def test_a_version_ends_with_what_happens(begun) -> None:
    """It ends before anything follows from what ended it, so that a phase opens under the plan before."""
    engine, run = begun
    dig = ("dig: {task: Dig, by: lead}", "dig: {task: Dig, by: lead, due: 04-12}")
    run.amend(plan(*LATER, dig, amends="{binds: at_once, notice: 5 days, until: study closes}"))
    run.record("notes", by="li", amount="100 pages")
    run.check("walk", "east", by="wang")
    run.check("walk", "west", by="wang")
    run.hold("kickoff", by="wang")
    assert len([one for one in run.history() if isinstance(one.event, e.PlanAmended)]) == 1
    engine.clock.to("2009-04-02")
    engine.tick()
    run.request("study.close", by="wang")
    found = [type(one.event).__name__ for one in run.history()]
    assert found.count("PlanAmended") == 2
    assert due(run, "dig") == date(2009, 4, 30)
    assert not run.verify()


def test_a_version_that_stays_takes_the_place_of_one_that_ends(begun) -> None:
    """Whoever amends for good does not have the flood's end bring back what was before it."""
    engine, run = begun
    run.amend(plan(*LATER, amends=FLOOD))
    lasting = plan(("due: 03-13", "due: 03-30"), amends=NOTICE)
    run.amend(lasting)
    engine.clock.to("2009-03-25")
    engine.tick()
    assert due(run, "kickoff") == date(2009, 3, 30)
    assert run.status().plan == lasting.digest
    assert not run.verify()


def test_two_versions_that_end_go_back_to_the_plan_before_both(begun) -> None:
    """The second takes the place of the first, also where there is a way back to."""
    engine, run = begun
    run.amend(plan(*LATER, amends=FLOOD))
    run.amend(plan(*LATER, ("100 pages", "60 pages"), amends="{binds: at_once, notice: 5 days, until: 2009-03-24}"))
    engine.clock.to("2009-03-22")
    engine.tick()
    assert due(run, "notes", "li") == date(2009, 4, 15)
    engine.clock.to("2009-03-26")
    engine.tick()
    assert run.status().plan == plan().digest
    assert next(owed.rest for owed in run.todo("li") if owed.subject == "notes") == "100 of 100 pages"
    assert not run.verify()


@pytest.mark.parametrize(
    ("changes", "amends", "says"),
    [
        ((("phases:", "phases:\n  extra: {window: 05-01 .. 05-31}"),), FLOOD, "cannot bring the phase 'extra'"),
        ((("walk: {", "paper: {document: Paper, by: lead, route: [{draft: lead}]}\n      walk: {"),), FLOOD, "the document 'paper'"),
        ((("dig: {task: Dig, by: lead}", "dig: {task: Dig, each: member}"),), FLOOD, "'dig', which is of another kind"),
        (LATER, "{binds: at_once, notice: 5 days, until: 2009-03-01}", "ended on 2009-03-01"),
        (LATER, "{binds: at_once, notice: 5 days, until: study opens}", "'study opens' has happened already"),
        (LATER, "{binds: at_once, notice: 5 days, until: study end}", "never knows when 'study end' is"),
    ],
)  # fmt: skip
def test_what_could_not_end_is_not_begun(begun, changes, amends, says) -> None:
    """Every way back is checked before a version is put upon a run."""
    _engine, run = begun
    with pytest.raises(Refused, match=says):
        run.amend(plan(*changes, amends=amends))
    assert not run.verify()


@pytest.mark.parametrize(
    ("amends", "code"),
    [
        ("{binds: at_once, notice: 5 days, until: about 2009-03-20}", "PF173"),
        ("{binds: at_once, notice: 5 days, until: 03-20}", "PF173"),
        ("{binds: at_once, notice: 5 days, until: 5 days after study closes}", "PF173"),
        ("{binds: new_runs, until: 2009-03-20}", "PF174"),
        ("{binds: favourable, until: 2009-03-20}", "PF174"),
        ("{binds: at_once, notice: 5 days, until: 2009-03-20, names: {walk: dropped}}", "PF175"),
        ("{binds: at_once, notice: 5 days, until: stduy closes}", "PF201"),
    ],
)
def test_an_end_that_nobody_can_tell_is_no_end(amends, code) -> None:
    """The policy is refused in its place."""
    with pytest.raises(PolicyError) as refused:
        plan(amends=amends)
    assert code in {problem.code for problem in refused.value.problems}


def test_no_run_begins_under_a_version_that_ends(begun) -> None:
    """There would be no plan to go back to."""
    engine, _run = begun
    with pytest.raises(Refused, match="holds only until 2009-03-20"):
        engine.start(plan(amends=FLOOD), run="other", start="2009-03-01", roster=PEOPLE)


def test_an_adopted_amendment_that_has_become_impossible_is_given_up_and_asked_about(begun) -> None:
    """What came up between adoption and its day must not stop the clock of the run (law 6)."""
    engine, run = begun
    later = plan(("dig: {task: Dig, by: lead}", "drill: {task: Drill, by: lead}"),
                 amends="{binds: at_once, from: 2009-04-10, notice: 5 days}")  # fmt: skip
    run.amend(later)
    engine.clock.to("2009-04-12")  # meanwhile the second phase has opened, and with it what the new plan lacks
    engine.tick()
    given_up = next(one.event for one in run.history() if isinstance(one.event, e.AmendmentGivenUp))
    assert given_up.reasons == ("'dig' is owed, and the new plan has no duty 'dig'",)
    assert any(isinstance(one.event, e.QuestionAsked) for one in run.history())
    assert run.status().plan == plan().digest
    assert not run.verify()


def test_an_adopted_amendment_without_the_phase_that_opens_is_given_up(begun) -> None:
    """A phase that only the plan in force has opens under it."""
    engine, run = begun
    run.amend(plan(("work: {", "labour: {"), amends="{binds: next_phase, notice: 5 days}"))
    engine.clock.to("2009-04-02")
    engine.tick()
    given_up = next(one.event for one in run.history() if isinstance(one.event, e.AmendmentGivenUp))
    assert given_up.reasons == ("'work' opens, and the new plan has no such phase",)
    assert any(owed.subject == "dig" for owed in run.todo("wang"))
    assert not run.verify()


def test_what_was_dropped_does_not_come_back_as_new(begun) -> None:
    """A record stands under its name for ever, so the name is not given away again."""
    _engine, run = begun
    run.amend(plan(("      walk: {checklist: Walk, by: lead, items: [east, west]}\n", ""),
                   amends="{binds: at_once, notice: 5 days, names: {walk: dropped}}"))  # fmt: skip
    with pytest.raises(Refused, match="dropped by an earlier amendment"):
        run.amend(plan(amends=NOTICE))
