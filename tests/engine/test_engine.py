"""The engine: one command, one transaction; ids, refusals, handles, threads and processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from phaseflow import Engine, PolicyError, Refused, compile_policy
from phaseflow.core.plan import Plan
from phaseflow.engine import CommandIdReused, UnknownRun
from phaseflow.messages import commands as c
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: safety
zone: Asia/Shanghai
appoints: lead
roles: {lead: The lead, member: A member}
defaults: {phase: {opens: on date, closes: by lead}, duty: {due: window end}}
recording: {late_by: unlimited, correct: lead}
phases:
  study:
    window: 03-01 .. 03-31
    gate: duties
    duties:
      kickoff: {meeting: Kick-off, by: lead, due: 03-13, overdue: {lead: 1 day}, clause: "3.1"}
      notes: {quota: 100 pages, each: member, clause: "3.2"}
outcomes: {completed: {by: lead, gate: {closed: study}}}
"""
PEOPLE = [
    {"id": "wang", "roles": ["lead"]},
    {"id": "li", "roles": ["member"], "name": "Li Na", "email": "li@x.example"},
]


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2009, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def to(self, day: str) -> None:
        self.now = datetime.fromisoformat(day).replace(tzinfo=UTC)


def plan(text: str = POLICY) -> Plan:
    reading = read_policy(text, file="safety.yaml")
    return compile_policy(reading.result(), reading.sources)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "postgres":
        return request.getfixturevalue("postgres")
    return "memory:" if request.param == "memory" else f"sqlite:///{tmp_path}/runs.db"


@pytest.fixture
def engine(url: str) -> Any:
    with Engine(url, clock=Clock()) as made:
        yield made


def start(engine: Engine, **more: Any) -> Any:
    return engine.start(plan(), start="2009-03-01", roster=PEOPLE, **more)


def test_a_refusal_shows_the_line_and_the_clause(engine: Engine) -> None:
    """A refused command names what, where, why and how to mend it, and changes nothing."""
    run = start(engine)
    before = len(run.history())
    with pytest.raises(Refused) as refused:
        run.hold("kickoff", by="li")
    text = str(refused.value)
    assert refused.value.kind == "not_entitled"
    assert text.startswith("safety.yaml:14:40: error PF301: 'li' may not hold 'kickoff': that takes 'lead'")
    assert "kickoff: {meeting: Kick-off" in text
    assert "ask wang" in text
    assert "clause: 3.1" in text
    assert len(run.history()) == before


def test_a_held_gate_is_an_answer_with_every_reason(engine: Engine) -> None:
    """Law 7 and R24: a held gate is a verdict and an event; every unmet requirement is listed with its line."""
    run = start(engine)
    answer = run.request("study.close", by="wang")
    assert answer.held
    assert [(r.label, r.subjects, r.clause) for r in answer.reasons] == [
        ("'kickoff' done", (), "3.1"),
        ("'notes' done", ("li",), "3.2"),
    ]
    assert [type(event).__name__ for event in answer.events] == ["GateJudged"]
    assert [reason.span.line for reason in answer.reasons] == [14, 15]
    assert run.why("study.close") == answer.reasons


def test_law_4_a_command_id_stands_for_one_command(engine: Engine) -> None:
    """The same id gives the recorded answer; the same id with other content is refused; a refused id is judged anew."""
    run = start(engine)
    with pytest.raises(Refused):
        run.record("notes", by="wang", amount="10 pages", id="k1")
    first = run.record("notes", by="li", amount="10 pages", id="k1")
    again = run.record("notes", by="li", amount="10 pages", id="k1")
    assert again.again
    assert again.entries == first.entries
    with pytest.raises(CommandIdReused):
        run.record("notes", by="li", amount="11 pages", id="k1")
    assert sum(type(e.event).__name__ == "AmountRecorded" for e in run.history()) == 1


def test_a_retry_after_the_gap_closed_is_not_given_the_stale_no(engine: Engine) -> None:
    """R24: a held verdict keeps its id, a refusal does not."""
    run = start(engine)
    assert run.request("study.close", by="wang", id="ask").held
    run.hold("kickoff", by="wang")
    run.record("notes", by="li", amount="100 pages")
    assert run.request("study.close", by="wang", id="ask").held
    assert run.request("study.close", by="wang", id="ask2").passed


def test_what_was_settled_is_kept_although_the_command_is_refused(engine: Engine) -> None:
    """R1: settling is committed even when the command is then refused."""
    run = start(engine)
    engine.clock.to("2009-03-20")  # type: ignore[attr-defined]
    with pytest.raises(Refused):
        run.hold("kickoff", by="nobody")
    kinds = [type(entry.event).__name__ for entry in run.history()]
    assert "DutyFellDue" in kinds
    assert run.verify() == ()


def test_bad_commands_get_a_clear_refusal(engine: Engine) -> None:
    """Unknown run, unknown duty, before the start, in the future, a malformed amount: refused, nothing changed."""
    run = start(engine)
    before = len(run.history())
    for act, code in (
        (lambda: run.complete("kikcoff", by="wang"), "PF330"),
        (lambda: run.hold("kickoff", by="wang", at="2009-02-01"), "PF375"),
        (lambda: run.hold("kickoff", by="wang", at="2009-03-09"), "PF374"),
        (lambda: run.record("notes", by="li", amount="ten pages"), "PF12"),
        (lambda: run.record("notes", by="li", amount="5 hours"), "PF341"),
        (lambda: run.hold("kickoff", by="wang", at="soon"), "PF384"),
        (lambda: run.request("study.shut", by="wang"), "PF320"),
        (lambda: run.appoint("li", "queen", by="wang", since="2009-03-02"), "PF307"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.problems[0].code.startswith(code), refused.value
        assert all(problem.fix for problem in refused.value.problems)
    with pytest.raises(UnknownRun, match="did you mean 'safety'"):
        engine.run("saftey")
    assert len(run.history()) == before


def test_preview_changes_nothing(engine: Engine) -> None:
    """A preview says what would be, and writes nothing."""
    run = start(engine)
    before = len(run.history())
    decision = run.preview(run.command(c.Record, by="li", duty="notes", amount=100, unit="pages"))
    assert [type(event).__name__ for event in decision.events] == ["AmountRecorded", "DutyDone"]
    assert len(run.history()) == before


def test_todo_and_allowed(engine: Engine) -> None:
    """`todo` is what is owed, `allowed` what is possible; both carry line and clause."""
    run = start(engine)
    assert [(o.what, o.rest, o.clause, str(o.due)) for o in run.todo("li")] == [
        ("record notes up to 100 pages", "100 of 100 pages", "3.2", "2009-03-31")
    ]
    assert [o.subject for o in run.allowed("wang")] == ["study.close", "completed", "kickoff"]
    assert [o.ready for o in run.allowed("wang")] == [False, False, True]


def test_a_roster_with_faults_names_them_all(engine: Engine) -> None:
    """Every bad line of a roster is reported at once, and nothing is started."""
    with pytest.raises(PolicyError) as error:
        engine.start(plan(), start="2009-03-01", roster=[{"id": "", "roles": []}, {"id": "x", "rolls": ["member"]}])
    assert [problem.code for problem in error.value.problems] == ["PF386", "PF385"]
    assert engine.runs() == []


def test_personal_values_are_kept_apart_and_erased(engine: Engine) -> None:
    """R16: the trail holds commitments only; after an erasure it still verifies, and the values are gone."""
    run = start(engine)
    assert "Li Na" not in str(run.history())
    with engine.store.transaction(write=False) as tx:
        assert tx.personal(run.id, ["person/li/name"])["person/li/name"].value == "Li Na"
    run.erase("li", by="wang", reason="asked for it")
    with engine.store.transaction(write=False) as tx:
        assert tx.personal(run.id, ["person/li/name", "person/li/email"]) == {}
    assert run.verify() == ()


def test_a_plan_is_found_again_by_its_digest(tmp_path: Path) -> None:
    """Law 9: another process decides under the kept plan, not under today's file."""
    url = f"sqlite:///{tmp_path}/runs.db"
    clock = Clock()
    with Engine(url, clock=clock) as engine:
        start(engine)
    with Engine(url, clock=clock) as engine:
        run = engine.run("safety")
        with pytest.raises(Refused, match=r"safety\.yaml:14"):
            run.hold("kickoff", by="li")
        assert run.hold("kickoff", by="wang").passed


def test_threads_lose_no_update(tmp_path: Path) -> None:
    """Eight threads on one run: every accepted amount is there, exactly once."""
    clock = Clock()
    with Engine(f"sqlite:///{tmp_path}/runs.db", clock=clock) as engine:
        run = start(engine)

        def work(number: int) -> None:
            for _ in range(10):
                run.record("notes", by="li", amount="1 page")

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert run.todo("li")[0].rest == "20 of 100 pages"
        assert run.verify() == ()


def test_processes_lose_no_update(tmp_path: Path) -> None:
    """Three processes on one file: nothing is lost, the chain is intact."""
    url = f"sqlite:///{tmp_path}/runs.db"
    with Engine(url, clock=Clock()) as engine:
        start(engine)
    script = (
        "import sys\nfrom datetime import datetime, UTC\nfrom phaseflow import Engine\n"
        f"engine = Engine({url!r}, clock=lambda: datetime(2009, 3, 2, 2, tzinfo=UTC))\n"
        "run = engine.run('safety')\nfor _ in range(15): run.record('notes', by='li', amount='1 page')\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    with Engine(url, clock=Clock()) as engine:
        run = engine.run("safety")
        assert run.todo("li")[0].rest == "55 of 100 pages"
        assert run.verify() == ()


def test_verify_finds_an_edited_row(tmp_path: Path) -> None:
    """A row that is not what the trail says is found; so is an edited entry."""
    import sqlite3

    url = f"sqlite:///{tmp_path}/runs.db"
    with Engine(url, clock=Clock()) as engine:
        run = start(engine)
        run.record("notes", by="li", amount="10 pages")
    base = sqlite3.connect(tmp_path / "runs.db")
    table = next(
        name for (name,) in base.execute("select name from sqlite_master where type='table'") if "entr" in name
    )
    base.execute(f"update {table} set body = replace(body, '\"10\"', '\"99\"')")
    base.execute(f"update {table} set body = replace(body, '10/1', '99/1')")
    base.commit()
    base.close()
    with Engine(url, clock=Clock()) as engine:
        assert engine.run("safety").verify() != ()


def test_late_facts_are_judged_by_when_they_happened(engine: Engine) -> None:
    """R2: done on the 9th, recorded on the 15th: overdue was written, and is rescinded by name."""
    run = start(engine)
    engine.clock.to("2009-03-16")  # type: ignore[attr-defined]
    engine.tick()
    run.hold("kickoff", by="wang", at="2009-03-09")
    trail = run.history()
    fell = next(entry for entry in trail if type(entry.event).__name__ == "DutyFellDue")
    rescinded = next(entry.event for entry in trail if type(entry.event).__name__ == "OverdueRescinded")
    assert rescinded.of == fell.seq
    held = next(entry for entry in trail if type(entry.event).__name__ == "MeetingHeld")
    assert held.recorded_at - held.at > timedelta(days=6)


def test_r24_a_held_gate_names_twenty_and_the_others_are_a_page_away(engine: Engine) -> None:
    """A reason has a count, its first subjects and a cursor; `owing` goes on from there to the last."""
    persons = [{"id": f"m{number:03d}", "roles": ["member"]} for number in range(45)]
    run = engine.start(plan(), start="2009-03-01", roster=[*PEOPLE, *persons])
    reason = next(found for found in run.why("study.close") if found.duty == "notes")
    assert (reason.count, len(reason.subjects), reason.cursor) == (46, 20, "m018")
    assert "--after m018" in reason.problem().fix
    rest = run.owing("notes", after=reason.cursor)
    assert (*reason.subjects, *rest) == tuple(sorted(["li", *(person["id"] for person in persons)]))
    assert run.owing("notes", after="m043", limit=1) == ("m044",)
    with pytest.raises(Refused, match="did you mean 'notes'"):
        run.owing("note")


def test_a_rehearsal_answers_and_keeps_nothing(engine: Engine) -> None:
    """What would follow is said exactly, refusals too; trail and rows stay as they were."""
    run = start(engine)
    before = run.history()
    answer = run.rehearsal().record("notes", by="li", amount="100 pages")
    assert [type(event).__name__ for event in answer.events] == ["AmountRecorded", "DutyDone"]
    with pytest.raises(Refused, match="'wang' does not owe 'notes'"):
        run.rehearsal().record("notes", by="wang", amount="1 page")
    assert run.rehearsal().request("study.close", by="wang").held
    assert run.history() == before
    assert not run.verify()


def test_r39_what_happened_some_time_in_a_stretch_is_judged_by_the_stretch(engine: Engine) -> None:
    """In time if all of it was, late if none of it was, and neither yes nor no where the due instant lies within."""
    run = start(engine)
    engine.clock.to("2009-04-10")  # type: ignore[attr-defined]
    engine.tick()

    def judged(at: str) -> bool | None:
        answer = run.rehearsal().hold("kickoff", by="wang", at=at)
        return next(event.in_time for event in answer.events if hasattr(event, "in_time"))

    assert judged("2009-03-02 .. 2009-03-13") is True
    assert judged("2009-03-14 .. 2009-04-02") is False
    assert judged("2009-03-13 .. 2009-03-14") is None
    assert judged("unknown") is None
    run.hold("kickoff", by="wang", at="2009-03-10 .. 2009-03-12")
    entry = next(entry for entry in run.history() if type(entry.event).__name__ == "MeetingHeld")
    assert entry.earliest == datetime(2009, 3, 9, 16, tzinfo=UTC)
    assert entry.at == datetime(2009, 3, 12, 15, 59, 59, tzinfo=UTC)
    assert any(type(entry.event).__name__ == "OverdueRescinded" for entry in run.history())
    with pytest.raises(Refused, match="ends before it begins"):
        run.record("notes", by="li", amount="1 page", at="2009-03-12 .. 2009-03-10")
    with pytest.raises(Refused, match="before the start of the run"):
        run.record("notes", by="li", amount="1 page", at="2009-02-12 .. 2009-03-10")
    assert not run.verify()
