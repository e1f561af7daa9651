"""Mutation: small mistakes at every place where they fit, and which of them no scenario notices."""

import json
from collections import Counter

import pytest
from click.testing import CliRunner

from phaseflow.cli import main
from phaseflow.core.plan import compile_policy
from phaseflow.errors import PolicyError
from phaseflow.policies import load_policy, read_tree
from phaseflow.spec.model import Policy
from phaseflow.spec.structure import structure
from phaseflow.testing.mutation import Verdict, mutants, trial, try_mutants
from phaseflow.testing.mutation.memory import Memory, read
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
    assert noticed["quota: 99 characters"] == "safety: ninety-nine are not enough"
    assert noticed["remind: 4 days"] == "safety: reminders"
    assert noticed["overdue: {lead: 1 day}"] == "safety: reminders"
    assert "survives: true" not in noticed


def call(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_survivors_are_shown_as_a_diff_and_remembered(desk):
    """The policy's line, what it says and what it might say; the memory has one line a mutant, sorted."""
    path, memory = desk.write(STRONG), desk.folder / "mutants.json"
    found = call("test", path, "--mutate", "--all", "--jobs", "2", "--memory", memory, "--every", "2")
    assert found.exit_code == 0, found.output
    assert "\n  - survives: false\n  + survives: true\n" in found.output or "survives" not in found.output
    kept = memory.read_text()
    told = json.loads(kept)["policy.yaml"]
    assert told["noticed"]["deadline phases.study.duties.kickoff.due"] == "safety: late on the fourteenth"
    assert list(told["noticed"]) == sorted(told["noticed"])
    assert len(told["noticed"]) + len(told["unnoticed"]) > 10
    again = call("test", path, "--mutate", "--jobs", "1", "--memory", memory, "--every", "2", "--json")
    assert json.loads(again.output)["mutants"][0]["killed"] == len(told["noticed"])
    assert memory.read_text() == kept


def plays(monkeypatch):
    """Counts the plays of scenarios on mutants from now on."""
    count = Counter()
    real = trial.play

    def counted(case, plan, preludes=None):
        count[case.title] += 1
        return real(case, plan, preludes)

    monkeypatch.setattr(trial, "play", counted)
    return count


def test_only_the_killer_of_last_time_is_asked(desk, monkeypatch):
    """`--remembered` plays one scenario a mutant and notices as many; without a memory it notices none."""
    path, memory = desk.write(STRONG), desk.folder / "mutants.json"
    words = ("test", path, "--memory", memory, "--jobs", "1", "--json")
    (nothing,) = json.loads(call(*words, "--remembered").output)["mutants"]
    assert (nothing["killed"], memory.exists()) == (0, False)
    (whole,) = json.loads(call(*words, "--mutate").output)["mutants"]
    count = plays(monkeypatch)
    (quick,) = json.loads(call(*words, "--remembered").output)["mutants"]
    assert (quick["killed"], quick["mutants"]) == (whole["killed"], whole["mutants"])
    killers = {one["by"] for one in whole["all"]} - {""}
    assert count.total() == whole["killed"] + len(killers)  # each of them has to pass on the policy itself
    assert call("test", path, "--remembered").exit_code == 2


def test_what_is_remembered_wrongly_is_not_counted(desk):
    """A killer that no longer notices, that is gone, or that fails on the policy itself, notices nothing."""
    path, memory = desk.write(STRONG), desk.folder / "mutants.json"
    name = "deadline phases.study.duties.kickoff.due"
    remembered = {
        "safety: late on the fourteenth": "killed",
        "safety: ninety-nine are not enough": "survived",
        "safety: gone": "survived",
        "safety: wrong": "survived",
    }
    for killer, fate in remembered.items():
        path.write_text(path.read_text() + "  wrong: {story: [{on: 03-02, open: none}]}\n" * (killer[-5:] == "wrong"))
        memory.write_text(json.dumps({"policy.yaml": {"noticed": {name: killer}}}))
        words = ("test", path, "--memory", memory, "--remembered", "--jobs", "1", "--json")
        (found,) = json.loads(call(*words).output)["mutants"]
        assert {one["name"]: one["fate"] for one in found["all"]}[name] == fate


def test_a_survivor_is_asked_again_only_when_something_changed(desk, monkeypatch):
    """Nothing is played for a survivor while scenarios, engine and mutant are the same."""
    path, memory = desk.write(WEAK), desk.folder / "mutants.json"
    words = ("test", path, "--mutate", "--memory", memory, "--jobs", "1", "-q")
    assert call(*words).exit_code == 0
    count = plays(monkeypatch)
    assert call(*words).exit_code == 0
    few = count.total()
    path.write_text(path.read_text() + "# read again\n")
    assert call(*words).exit_code == 0
    assert count.total() - few > few * 3


@pytest.mark.parametrize("text", ["", "[]", "{", '{"policy.yaml": 3}', '{"policy.yaml": {"noticed": [1]}}'])
def test_what_is_no_memory_counts_as_none(desk, text):
    """A damaged memory costs time, and nothing else."""
    assert all(one == Memory() for one in read(text).values())


def test_two_mutants_that_say_the_same_count_once(desk):
    """The ladder of the only duty with one says the same whether it is left out there or in the defaults."""
    mutant = mutants(read_tree(desk.folder / "policy.yaml"))[0]
    one = Verdict(mutant=mutant, fate="survived", digest="a")
    found = list(trial._each_once([one, one, Verdict(mutant=mutant, fate="invalid")] * 2))
    assert [verdict.fate for verdict in found] == ["survived", *["equivalent", "invalid", "equivalent"],
                                                   "equivalent", "invalid"]  # fmt: skip


def test_too_few_noticed_ends_with_one(desk):
    """`--notice` is a floor."""
    path = desk.write(WEAK)
    assert call("test", path, "--notice", "90", "--jobs", "1", "--every", "4").exit_code == 1
    assert call("test", path, "--notice", "0", "--jobs", "1", "--every", "4").exit_code == 0
