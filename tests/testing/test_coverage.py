"""Campaign coverage: what can be covered comes from the plan, what was covered from what happened."""

import json
import re

import pytest
from click.testing import CliRunner

from phaseflow.cli import main
from phaseflow.policies import load_policy
from phaseflow.testing.coverage import clauses_by_scenario, goals, measure
from phaseflow.testing.coverage.goals import KINDS
from phaseflow.testing.coverage.observe import observed
from phaseflow.testing.scenarios.collect import results

STORY = """\
scenarios:
  whole:
    story:
      - 03-12 wang: request study.close
        held: [kickoff, notes]
      - 03-15 wang: hold kickoff --evidence minutes.pdf
      - 03-31 li, chen: record notes 100 characters
      - then wang: request study.close
      - 04-02 wang: draft summary
      - then boss: judge summary return
      - then wang: draft summary
      - then boss: judge summary accept
      - 04-15 wang: request report.close
      - 05-04 wang: poll satisfaction 82 satisfied 18 dissatisfied
      - 05-05 wang: open-item problems now --owner wang --field measure=mend
      - then wang: settle-item problems/1 --evidence r.pdf
      - then boss: verify-item problems/1 poor
      - 05-20 wang: settle-item problems/1 --evidence r.pdf
      - then boss: verify-item problems/1 good
"""


@pytest.fixture
def shown(desk):
    """Coverage by one long story: what was shown, as short texts by kind."""
    (result,) = desk.play(STORY)
    assert result.problems == ()
    (found,) = measure([result])
    return {kind: [str(goal) for goal in found.covered if goal.kind == kind] for kind in KINDS}


@pytest.mark.parametrize(
    ("kind", "covered"),
    [
        ("phase", ["study: entered", "study: left", "report: entered", "report: left", "rating: entered",
                   "rating: left"]),
        ("move", ["study.open: made", "study.close: made", "report.open: made", "report.close: made",
                  "rating.open: made", "look_back: made"]),
        ("gate", ["study.close: passed", "study.close: held: 'kickoff' done", "study.close: held: 'notes' done",
                  "report.close: passed"]),
        ("route", ["summary: draft done", "summary: approve done", "summary: approve returns to draft"]),
        ("deadline", ["study: closed at its end", "report: closed before its end",
                      "problems: now settled before its due day",
                      "problems: now settled after its due day", "kickoff: done after its due day",
                      "notes: done at its due day", "summary: done before its due day"]),
        ("rung", ["kickoff: reminded 3 days before", "kickoff: escalated to lead 1 day after",
                  "notes: reminded 3 days before"]),
        ("poll", ["satisfaction: counted", "satisfaction: below pass_mark"]),
        ("item", ["problems: closed", "problems: found poor", "problems: now opened"]),
        ("relief", []),
        ("outcome", []),
        ("clause", ["4", "3", "3.1", "3.2"]),
    ],
)  # fmt: skip
def test_what_happened_is_covered_and_nothing_else(shown, kind, covered):
    """Each kind of goal is reached by its own events, with before, at and after told apart."""
    assert sorted(shown[kind]) == sorted(covered)


def test_all_that_is_observed_of_these_kinds_is_a_goal(desk):
    """The two sides speak of the same things: what is observed in a story was derived from the plan."""
    (result,) = desk.play(STORY)
    keys = {goal.key for goal in goals(result.played.plan)}
    assert observed(result.played) - keys == set()


def test_goals_stand_at_their_lines(desk):
    """A goal knows its place in the policy, and each key is given once."""
    found = goals(load_policy(desk.folder / "policy.yaml"))
    assert len({goal.key for goal in found}) == len(found)
    places = {str(goal): goal.span.line for goal in found}
    assert places["satisfaction: below pass_mark"] == 41
    assert places["kickoff: done before its due day"] == 19
    assert all(goal.span.line for goal in found)


def test_a_scenario_that_fails_or_is_unconfirmed_covers_nothing(desk):
    """Only what somebody stands for counts."""
    found = desk.play(
        "scenarios:\n"
        "  wrong: {story: [{on: 03-02, open: none}]}\n"
        "  stub: {unconfirmed: by machine, story: [{on: 03-02, open: study}]}\n"
    )
    assert [(one.scenarios, one.covered) for one in measure(found)] == [(0, ())]
    assert clauses_by_scenario(found) == {}


def test_asking_what_a_gate_would_say_covers_its_reasons(desk):
    """`gates` leaves no event, and is still a look at the gate's answer."""
    line = "{on: 03-02, gates: {study.close: [kickoff, notes]}}"
    (coverage,) = measure(desk.play(f"scenarios: {{it: {{story: [{line}]}}}}\n"))
    assert "study.close: held: 'notes' done" in [str(goal) for goal in coverage.covered]


def test_each_scenario_names_the_clauses_it_executed(desk):
    """For `trace`: a clause is executed by what happened under its rules, not by their mere existence."""
    found = desk.play(
        "scenarios:\n"
        "  opened: {story: [{on: 03-02, open: study}]}\n"
        "  held: {story: [{03-02 wang: hold kickoff --evidence minutes.pdf, open: study}]}\n"
    )
    assert clauses_by_scenario(found) == {"opened": ("3",), "held": ("3", "3.1")}


def call(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


KINDS_AND_GUESTS = """\
phaseflow: 1
campaign: visits
zone: Asia/Shanghai
roles:
  office: {of: programme}
  head:   {of: unit}
  guest:  {of: unit, invited: true, clause: "1.2"}
defaults: {phase: {opens: on date, closes: by head, clock: calendar}, duty: {due: none}}
phases:
  study:
    window: 03-01 .. 03-31
    own_actions: true
    duties: {case: {task: A case, by: head, units: street, clause: "2"}}
ledgers:
  gaps: {opened_by: head, classes: {any_gap: none}, close: {by: owner, evidence: none, verify: none}, survives: false}
programme:
  kinds: {department: {clause: "1"}, street: {clause: "1.1"}}
  phases: {study: {closes: by office}}
  outcomes: {over: {by: office}}
outcomes: {completed: {by: head}}
"""


def shown_of_kinds(tmp_path, story):
    """The clauses that a story of a department and a street executes, and what the policy wants to be shown."""
    (tmp_path / "visits.yaml").write_text(KINDS_AND_GUESTS, encoding="utf-8")
    file = tmp_path / "visits.scenario.yaml"
    file.write_text(
        "start: 2026-03-01\npeople: {qian: office}\nunits:\n"
        "  water: {kind: department, people: {wang: head, ke: guest}}\n"
        "  hill: {kind: street, people: {jie: head}}\n"
        f"scenarios:\n  one:\n    story:\n{story}",
        encoding="utf-8",
    )
    (result,) = results((file,))
    assert result.problems == ()
    (found,) = measure([result])
    return clauses_by_scenario([result])[result.name], {str(goal) for goal in found.goals}


def test_a_kind_of_units_is_executed_by_what_only_such_units_do(tmp_path):
    """That there is a street shows nothing; that it does what only streets owe does."""
    told, _ = shown_of_kinds(tmp_path, "      - 03-02 jie: complete case\n        done: case\n")
    assert set(told) == {"1.1", "2"}


def test_whoever_does_what_anybody_may_acts_in_the_roles_they_have(tmp_path):
    """A guest owes nothing and answers for nothing; what the guest does nevertheless shows the guest's clause."""
    acts = "      - 03-02 wang: add-action study corner\n      - then ke: complete corner\n"
    told, _ = shown_of_kinds(tmp_path, acts)
    assert set(told) == {"1.2"}


def test_what_nobody_verifies_is_found_poor_by_nobody(tmp_path):
    """A ledger without a verifier has no goal that only a verifier can reach."""
    _, wanted = shown_of_kinds(tmp_path, "      - on: 03-02\n        in: water\n        open: study\n")
    assert {"gaps: closed", "gaps: any_gap opened"} <= wanted
    assert "gaps: found poor" not in wanted


def test_coverage_is_told_in_text_json_and_html(desk):
    """A table and what is missing with its line; the same as data; the policy's text with marks."""
    path = desk.write(STORY)
    page, clauses = desk.folder / "c.html", desk.folder / "clauses.json"
    found = call("test", path, "--coverage", "--html", page, "--clauses", clauses)
    assert found.exit_code == 0
    assert re.search(r"phases entered and left +6 of 6 +100.0 %", found.output)
    assert f"{desk.folder / 'policy.yaml'}:41:" in found.output
    told = json.loads(call("test", path, "--coverage", "--json").output)["coverage"][0]
    assert told["kinds"]["phase"] == [6, 6]
    assert [one["scenarios"] for one in told["all"] if one["key"] == "phase|unit|study|entered"] == [["whole"]]
    text = page.read_text()
    assert "<span class=all id=L" in text
    assert "<span class=none id=L" in text
    assert json.loads(clauses.read_text()) == {"whole": ["3", "3.1", "3.2", "4"]}


def test_too_little_coverage_ends_with_one(desk):
    """`--fail-under` is a floor for every policy that was played on."""
    path = desk.write(STORY)
    assert call("test", path, "--fail-under", "10").exit_code == 0
    assert call("test", path, "--fail-under", "100").exit_code == 1
