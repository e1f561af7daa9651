"""Mutation: small mistakes at every place where they fit, and which of them no scenario notices."""

import json

import pytest
from click.testing import CliRunner

from phaseflow.cli import main
from phaseflow.core.plan import compile_policy
from phaseflow.errors import PolicyError
from phaseflow.policies import load_policy, read_tree
from phaseflow.spec.model import Policy
from phaseflow.spec.structure import structure
from phaseflow.testing.mutation import mutants, try_mutants
from phaseflow.testing.mutation.operators import OPERATORS, flow
from phaseflow.testing.mutation.trial import score


def texts(policy):
    """(operator, before, after) of every mutant of a policy."""
    return [(one.operator, one.before_text, one.after_text) for one in mutants(read_tree(policy))]


@pytest.mark.parametrize(
    ("operator", "before", "after"),
    [
        ("comparison", "below: 80%", "below: 80.001%"),
        ("threshold", "below: 80%", "below: 81%"),
        ("comparison", "value: 85%", "value: 85.001%"),
        ("deadline", "due: 03-13", "due: 03-14"),
        ("deadline", "window: 03-01 .. 03-31", "window: 03-01 .. 04-01"),
        ("length", "remind: 3 days", "remind: 4 days"),
        ("calendar", "remind: 3 days", "remind: 3 business days"),
        ("amount", "quota: 100 characters", "quota: 99 characters"),
        ("rung", "remind: 3 days", ""),
        ("rung", "overdue: {lead: 1 day, office: 3 days}", "overdue: {office: 3 days}"),
        ("reviewer", "route: [{draft: lead}, {approve: office, returns_to: draft}]", "route: [{draft: lead}]"),
        ("condition", "gate: duties", ""),
        ("condition", "evidence: [minutes]", ""),
        ("switch", "survives: false", "survives: true"),
    ],
)  # fmt: skip
def test_a_mistake_is_made_where_it_fits(desk, operator, before, after):
    """Each operator changes what it is for, and shows the change as the policy writes it."""
    assert (operator, before, after) in texts(desk.folder / "policy.yaml")


def test_a_mutant_changes_one_thing_and_its_policy_differs(desk):
    """A mutant has a name of its own; most of them compile, and then mean something else than the policy."""
    tree, plan = read_tree(desk.folder / "policy.yaml"), load_policy(desk.folder / "policy.yaml")
    found = mutants(tree)
    assert len({one.name for one in found}) == len(found)
    assert {one.operator for one in found} <= set(OPERATORS)
    compiled = 0
    for one in found:
        changed = one.apply(tree)
        assert flow(changed) != flow(tree)
        problems = []
        try:
            spec = structure(changed, Policy, problems)
            compiled += spec is not None and compile_policy(spec, plan.texts, plan.calendar).digest != plan.digest
        except PolicyError:
            continue
    assert compiled > len(found) // 2


WEAK = "scenarios: {opened: {story: [{on: 03-02, open: study}]}}\n"
STRONG = """\
scenarios:
  due on the thirteenth:
    story:
      - 03-13 23:59:59 wang: hold kickoff --evidence minutes.pdf
        happened: DutyDone kickoff True
  late on the fourteenth:
    story:
      - 03-14 00:00:00 wang: hold kickoff
        refused: minutes
      - 03-14 00:00:00 wang: hold kickoff --evidence minutes.pdf
        happened: DutyDone kickoff False
  ninety-nine are not enough:
    story:
      - 03-02 li: record notes 99 characters
        duties: {notes: 0 of 2}
  reminders:
    story:
      - on: 03-10
        reminded: {kickoff: wang}
      - on: 03-15
        escalated: {kickoff: wang}
      - on: 03-17
        escalated: {kickoff: boss}
"""


def test_what_no_scenario_pins_survives_and_what_one_pins_is_noticed(desk):
    """A story that looks at nothing notices nothing; each story at an edge notices the mistakes made there."""
    policy = desk.folder / "policy.yaml"
    weak = list(try_mutants(policy, [desk.write(WEAK)], jobs=1))
    strong = list(try_mutants(policy, [desk.write(STRONG)], jobs=1))
    assert score(weak)[0] <= 4
    noticed = {one.mutant.after_text: one.by for one in strong if one.fate == "killed"}
    assert noticed["due: 03-14"]
    assert noticed["quota: 99 characters"] == "ninety-nine are not enough"
    assert noticed["remind: 4 days"] == "reminders"
    assert noticed["overdue: {lead: 1 day}"] == "reminders"
    assert "survives: true" not in noticed


def call(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_survivors_are_shown_as_a_diff_and_remembered(desk):
    """The policy's line, what it says and what it might say; the memory names who noticed what."""
    path, memory = desk.write(STRONG), desk.folder / "mutants.json"
    found = call("test", path, "--mutate", "--all", "--jobs", "2", "--memory", memory, "--every", "2")
    assert found.exit_code == 0, found.output
    assert "\n  - survives: false\n  + survives: true\n" in found.output or "survives" not in found.output
    told = json.loads(memory.read_text())[str(desk.folder / "policy.yaml")]
    assert told["mutants"] > 10
    assert {one["fate"] for one in told["all"]} >= {"killed", "survived"}
    again = call("test", path, "--mutate", "--jobs", "1", "--memory", memory, "--every", "2", "--json")
    assert json.loads(again.output)["mutants"][0]["killed"] == told["killed"]


def test_too_few_noticed_ends_with_one(desk):
    """`--notice` is a floor."""
    path = desk.write(WEAK)
    assert call("test", path, "--notice", "90", "--jobs", "1", "--every", "4").exit_code == 1
    assert call("test", path, "--notice", "0", "--jobs", "1", "--every", "4").exit_code == 0
