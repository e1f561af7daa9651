"""The verb trace, from the files to the exit code."""

import json

import pytest

SOURCE = "Plan\nEverybody studies in March.\nThe office closes.\n"
POLICY = """\
phaseflow: 1
campaign: safety
zone: UTC
clauses: clauses.yaml
roles: {office: {title: Office, clause: "2"}, member: {title: Member, clause: "1"}}
defaults: {phase: {opens: on date, closes: by office, clock: calendar}, duty: {due: window end}}
phases:
  study: {window: 03-01 .. 03-31, clause: "1", duties: {notes: {quota: 10 pages, each: member, clause: "1"}}}
outcomes: {completed: {by: office, clause: "2"}}
"""
REGISTER = """\
source: {file: plan.txt, lines: 3}
clauses:
  1: {lines: 2, status: encoded, text: Everybody studies.}
  2: {lines: 3, status: encoded, text: The office closes.}
"""


@pytest.fixture
def traced(desk):
    for name, text in (("traced.yaml", POLICY), ("clauses.yaml", REGISTER), ("plan.txt", SOURCE)):
        (desk.folder / name).write_text(text, encoding="utf-8")
    return desk


def test_trace_prints_the_matrix_and_says_that_the_source_was_not_checked(traced):
    """Clause, lines, status and rules, then what is not known."""
    found = traced.call("trace", "traced.yaml", "--strict")
    lines = [" ".join(line.split()) for line in found.stdout.splitlines()]
    assert lines[:5] == [
        "clause lines status rules", "1 2 encoded roles.member", "phases.study", "phases.study.duties.notes",
        "2 3 encoded roles.office",
    ]  # fmt: skip
    assert lines[-2:] == ["source: not checked", "2 clauses (2 encoded, 0 advisory, 0 ambiguous), 5 rules, 0 findings"]
    assert found.stderr == ""


def test_findings_go_to_stderr_and_only_strict_fails(traced):
    """Without --strict a finding does not spoil the exit code."""
    (traced.folder / "traced.yaml").write_text(POLICY.replace('office, clause: "2"}', "office}"))
    assert "warning PF663: the rule 'outcomes.completed' cites no clause" in traced.call("trace", "traced.yaml").stderr
    assert traced.call("trace", "traced.yaml", "--strict", code=1).stdout


def test_stamp_then_compare_with_the_source(traced):
    """Digests are written once; then an edited line is found, and a moved one."""
    bare = traced.json("trace", "traced.yaml", "--source", ".", "--strict", code=1)
    assert [one["code"] for one in bare["findings"]] == ["PF666", "PF666"]
    traced.call("trace", "traced.yaml", "--source", ".", "--stamp", "--strict")
    assert "digest: " in (traced.folder / "clauses.yaml").read_text()
    (traced.folder / "plan.txt").write_text(SOURCE.replace("March", "April"))
    found = traced.call("trace", "traced.yaml", "--source", ".", "--strict", code=1)
    assert "clauses.yaml:3:25: warning PF665: the source lines of '1'" in found.stderr
    assert "source: plan.txt, 1 of 2 differ" in found.stdout


def test_scenarios_may_be_handed_over_as_json(traced):
    """What scenarios executed can come from any runner."""
    (traced.folder / "done.json").write_text(json.dumps({"happy": ["1"]}))
    found = traced.call("trace", "traced.yaml", "--executed", "done.json").stdout
    assert "executed by no scenario:\n  2\n" in found
    assert "| 1 | 2 | encoded | Everybody studies. |" in traced.call("trace", "traced.yaml", "--markdown").stdout
    for text in ("{", "[]", '{"happy": "1"}'):
        (traced.folder / "done.json").write_text(text)
        traced.call("trace", "traced.yaml", "--executed", "done.json", code=2)


@pytest.mark.parametrize(
    ("change", "words", "code"),
    [
        (("traced.yaml", "clauses: clauses.yaml\n", ""), (), "PF680"),
        (("traced.yaml", "clauses: clauses.yaml", "clauses: nowhere.yaml"), (), "PF681"),
        (("clauses.yaml", "plan.txt", "nowhere.txt"), ("--source", "."), "PF682"),
        (("clauses.yaml", "status: encoded", "status: done"), (), "PF137"),
        (("traced.yaml", "by: office", "by: ofice"), (), "PF201"),
    ],
)
def test_what_is_not_there_or_not_sound_is_a_problem(traced, change, words, code):
    """No register, no source and a bad one are told in four parts, and end with 1."""
    name, old, new = change
    path = traced.folder / name
    path.write_text(path.read_text().replace(old, new))
    assert f"error {code}: " in traced.call("trace", "traced.yaml", *words, code=1).stderr


def test_stamp_needs_the_source(traced):
    """There is nothing to stamp with."""
    traced.call("trace", "traced.yaml", "--stamp", code=2)


def test_the_schema_of_registers_is_printed(desk):
    """Editors can be given it."""
    assert "clauses" in desk.json("schema", "--register")["$defs"]["Register"]["properties"]
    desk.call("schema", "--register", "--overlay", code=2)


def test_scenarios_beside_the_policy_are_played(traced):
    """The column names who executes a clause; a scenario that fails is told, and proves nothing."""
    cast = "start: 2009-03-01\npolicy: traced.yaml\npeople: {li: member, boss: office}\n"
    story = cast + "scenarios:\n  reads:\n    story:\n"
    file = traced.folder / "traced.scenario.yaml"
    file.write_text(story + "      - 03-10 li: record notes 10 pages\n        done: notes\n")
    rows = {row["clause"]: row["scenarios"] for row in traced.json("trace", "traced.yaml", "--scenarios")["rows"]}
    assert rows == {"1": ["reads"], "2": []}
    assert traced.call("trace", "traced.yaml", "--scenarios").stdout.splitlines()[0].endswith("scenarios")
    file.write_text(story + "      - 03-10 li: record notes 9 pages\n        done: notes\n")
    assert "error PF620: " in traced.call("trace", "traced.yaml", "--scenarios", code=1).stderr
    (traced.folder / "done.json").write_text("{}")
    traced.call("trace", "traced.yaml", "--scenarios", "--executed", "done.json", code=2)
