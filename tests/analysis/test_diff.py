# ruff: noqa: E501 - a change of a policy stays on one line
"""The difference between two policies: nothing where they mean the same, and every defect where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.analysis.defects import OPERATORS, mutants

from phaseflow.analysis.diff import Change, diff, said
from phaseflow.analysis.findings import view
from phaseflow.cli import main
from phaseflow.core.plan import Plan, compile_policy
from phaseflow.errors import PolicyError
from phaseflow.policies import load_policy
from phaseflow.spec.dump import dump
from phaseflow.spec.reader import read_policy

DISTRICT = Path(__file__).parents[2] / "examples" / "district_campaign"

FIRST = """\
phaseflow: 1
campaign: first
zone: UTC
parameters: {mark: 85%, hours: 20}
roles: {lead: Lead, member: Member}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end, remind: 3 days}}
phases:
  study:
    window: 03-01 .. 03-31
    gate: duties
    duties:
      notes: {quota: 10 pages, each: member, clause: "1"}
      report: {document: Report, by: lead, route: [{draft: lead}, {approve: member, within: 3 days, silence: hold}]}
outcomes: {done: {by: lead}}
"""


def plan(text: str) -> Plan:
    return compile_policy(read_policy(text.encode(), file="policy.yaml").result())


SAME = [
    ("defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end, remind: 3 days}}",
     "defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end}}"),
    ("each: member, clause: \"1\"", "each: member, title: Study notes"),
    ("phaseflow: 1", "# a comment\nphaseflow: 1"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), SAME, ids=["defaults", "words", "comments"])
def test_policies_that_mean_the_same_show_no_difference(old: str, new: str) -> None:
    """Where a value stands, what a thing is called and which clause it cites are no difference."""
    text = FIRST.replace(old, new)
    if "remind" not in new and "remind" in old:  # written at each duty instead of once
        text = text.replace("each: member,", "each: member, remind: 3 days,").replace("by: lead, route", "by: lead, remind: 3 days, route")
    assert diff(plan(FIRST), plan(text)) == ()


CHANGED = [
    ("10 pages", "12 pages", "~ duties.notes.quota: 10 pages -> 12 pages"),
    ("each: member,", "each: member, due: 03-20,", "~ duties.notes.due: window end -> 03-20"),
    ("gate: duties", "gate: {done: report}", "~ phases.study.gate: "),
    ("within: 3 days", "within: 5 days", "~ duties.report.route.approve.within: 3 days -> 5 days"),
    ("mark: 85%", "mark: 80%", "~ parameters.mark.value: 85 % -> 80 %"),
    ("hours: 20", "hours: 1", "~ parameters.hours.value: 20 -> 1"),
    ("member: Member", "member: Member, guest: {invited: true}", "+ roles.guest: of unit, invited yes"),
    ("done: {by: lead}", "done: {by: member}", "~ outcomes.done.by: lead -> member"),
    (", {approve: member, within: 3 days, silence: hold}", "", "- duties.report.route.approve: place 2, act approve, "),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), CHANGED, ids=lambda value: value[:24])
def test_a_change_is_told_in_the_words_of_the_policy(old: str, new: str, says: str) -> None:
    """Each change is one line: where, from what, to what; and the other way round it is told the other way round."""
    first, second = plan(FIRST), plan(FIRST.replace(old, new))
    found = diff(first, second)
    assert [str(change)[: len(says)] for change in found if str(change).startswith(says)] == [says], list(map(str, found))
    back = {(change.at, change.aspect, change.old, change.new) for change in diff(second, first)}
    assert back == {(change.at, change.aspect, change.new, change.old) for change in found}


def test_an_overlay_written_out_is_no_difference() -> None:
    """The district's rules, with the overlay laid over and written out in one file, mean the same."""
    whole = load_policy(DISTRICT / "operating.yaml")
    assert diff(whole, compile_policy(read_policy(dump(whole.policy).encode()).result())) == ()


def test_every_defect_is_a_difference() -> None:
    """Whatever an operator spoils in the district's rules shows, where it still compiles."""
    whole = load_policy(DISTRICT / "operating.yaml")
    shown = 0
    for operator in OPERATORS:
        for number, (_where, spoilt) in enumerate(mutants(operator, whole, view(whole).bounds)):
            if number == 3:
                break
            try:
                second = compile_policy(spoilt)
            except PolicyError:
                continue
            assert diff(whole, second), operator.__name__
            shown += 1
    assert shown > 20


def test_the_verb_compares(tmp_path: Path) -> None:
    """Exit 0 and one sentence where nothing differs, 1 and a line for each change otherwise."""
    (tmp_path / "a.yaml").write_text(FIRST, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(FIRST.replace("10 pages", "12 pages"), encoding="utf-8")
    same = CliRunner().invoke(main, ["diff", str(tmp_path / "a.yaml"), str(tmp_path / "a.yaml")])
    assert (same.exit_code, same.stdout) == (0, "no difference in meaning\n")
    other = CliRunner().invoke(main, ["diff", str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")])
    assert (other.exit_code, other.stdout) == (1, "~ duties.notes.quota: 10 pages -> 12 pages\n")


def test_values_are_said_as_written() -> None:
    """Nothing is an empty text; a change without an old value says so."""
    assert [said(value) for value in (None, (), True, {"office": 1})] == ["", "", "yes", "office 1"]
    assert str(Change(kind="changed", at="phases.a", aspect="gate", new="duties")) == "~ phases.a.gate: nothing -> duties"
