"""R31: a changeover is one word; each unit changes by itself, at approval and with a meeting (plan 001)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from phaseflow import Engine, PolicyError, Refused, compile_policy
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: pilot
zone: Asia/Shanghai
roles: {pilot_office: {of: programme}, lead: {of: unit}}
defaults: {phase: {opens: on date, closes: by pilot_office, clock: calendar}, duty: {due: window end}}
phases:
  study: {window: 04-01 .. 04-20, duties: {hours: {quota: 20 hours, by: lead}}}
  analysis: {window: 04-21 .. 05-10}
  solving: {window: 05-11 .. 06-10}
changeover:
  between: [study, analysis, solving]
  by: lead
  documents:
    summary: {document: {en: Phase summary, zh: 阶段小结}, of: from}
    plan: {document: {en: Arrangement of the next phase, zh: 下阶段安排意见}, of: to}
  approve: pilot_office
  returns_to: draft
  then: {mobilisation: {meeting: {en: Mobilisation, zh: 转段动员}}}
  clause: O2.7
programme:
  phases:
    study: {closes: by pilot_office}
    analysis: {closes: by pilot_office, gate: {units: 100%, closed: analysis}}
  outcomes: {over: {by: pilot_office}}
outcomes: {done: {by: lead, from: solving}}
"""


class Clock:
    now = datetime(2008, 4, 1, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def pilot():
    """Two units of a pilot in their first phase, with the clock of the engine."""
    clock = Clock()
    engine = Engine(clock=clock)
    plan = compile_policy(read_policy(POLICY).result())
    top = engine.start(plan, start="2008-04-01", roster=[{"id": "gao", "roles": ["pilot_office"]}])
    units = {
        name: engine.start(
            plan, unit=name, start="2008-04-01", programme=top, roster=[{"id": f"{name}.lead", "roles": ["lead"]}]
        )
        for name in ("finance", "culture")
    }
    return engine, clock, units


def open_phases(run) -> list[str]:
    return [phase.name for phase in run.status().phases if phase.state in ("open", "overdue")]


def draft(run, *documents: str) -> None:
    for name in documents:
        run.draft(name, by=f"{run.id.split('/')[1]}.lead", digest="0" * 64)


def test_r31_a_unit_changes_when_its_papers_are_approved_and_its_meeting_is_held(pilot):
    """The source closes at approval, the target opens with the meeting, and between them the unit is in no phase."""
    _engine, _clock, units = pilot
    run = units["finance"]
    draft(run, "study_summary", "analysis_plan")
    run.judge("study_summary", by="gao", accept=True)
    assert open_phases(run) == ["study"]  # one of two papers is not enough
    with pytest.raises(Refused, match="'analysis_plan' has passed 'approve'"):
        run.hold("analysis_mobilisation", by="finance.lead")
    run.judge("analysis_plan", by="gao", accept=True)
    assert open_phases(run) == []
    run.hold("analysis_mobilisation", by="finance.lead")
    assert open_phases(run) == ["analysis"]
    assert open_phases(units["culture"]) == ["study"]  # each unit has its own clock


def test_r31_a_refused_paper_goes_back_to_its_draft(pilot):
    """Refusal leads back to revision; the next version is judged anew."""
    _engine, _clock, units = pilot
    run = units["culture"]
    draft(run, "study_summary", "analysis_plan")
    run.judge("study_summary", by="gao", accept=True)
    run.judge("analysis_plan", by="gao", accept=False, reason="names no dates")
    assert open_phases(run) == ["study"]
    run.draft("analysis_plan", by="culture.lead", digest="1" * 64)
    run.judge("analysis_plan", by="gao", accept=True)
    assert open_phases(run) == []


def test_r31_the_end_of_a_window_changes_nothing(pilot):
    """Without approval the unit stays where it is, overdue, however late it gets (law 6)."""
    engine, clock, units = pilot
    clock.now = datetime(2008, 6, 1, tzinfo=UTC)
    engine.tick()
    assert open_phases(units["finance"]) == ["study"]
    assert units["finance"].status().phases[0].state == "overdue"


def test_r31_the_programme_keeps_its_own_way(pilot):
    """Its phases open by their dates, with and without rules of their own: a changeover is the units' alone."""
    engine, clock, _units = pilot
    clock.now = datetime(2008, 5, 12, tzinfo=UTC)
    engine.tick()
    assert open_phases(engine.run("pilot")) == ["study", "analysis", "solving"]


def test_r31_a_refusal_points_at_the_line_of_the_changeover_and_its_clause(pilot):
    """What was written out bears the place of the word it came from."""
    _engine, _clock, units = pilot
    line = next(number for number, text in enumerate(POLICY.split("\n"), 1) if text.startswith("  approve:"))
    with pytest.raises(Refused) as refused:
        units["finance"].hold("analysis_mobilisation", by="finance.lead")
    assert {problem.span.line for problem in refused.value.problems} == {line}
    assert "O2.7" in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "code", "word"),
    [
        ("between: [study, analysis, solving]", "between: [study, analysys]", "PF201", "analysys"),
        ("between: [study, analysis, solving]", "between: [study]", "PF171", "two or more"),
        ("between: [study, analysis, solving]", "between: [study, analysis, study]", "PF171", "each phase once"),
        ("analysis: {window", "analysis: {opens: on date, window", "PF237", "opens"),
        ("study: {window", "study: {closes: by lead, window", "PF237", "closes"),
        ("{hours: {quota", "{study_summary: {task: Mine, by: lead}, hours: {quota", "PF213", "taken"),
        ("returns_to: draft", "returns_to: drafted", "PF137", "draft"),
    ],
)
def test_a_changeover_that_says_too_little_or_twice_does_not_compile(old, new, code, word):
    """Faults of the word are told at the word."""
    assert old in POLICY
    with pytest.raises(PolicyError) as error:
        compile_policy(read_policy(POLICY.replace(old, new)).result())
    assert code in {problem.code for problem in error.value.problems}, str(error.value)
    assert word in str(error.value)
