"""What no scenario has to show: every entry names its reason, and the reason is proved or refused."""

import pytest
from click.testing import CliRunner

from phaseflow.analysis.explore.answers import prove
from phaseflow.analysis.explore.happenings import Happening, never
from phaseflow.analysis.explore.properties import Open, Property
from phaseflow.analysis.findings import view
from phaseflow.cli import main
from phaseflow.errors import PolicyError
from phaseflow.policies import load_policy, read_tree
from phaseflow.testing.accepted import beside
from phaseflow.testing.judgement import judge, of_mutants
from phaseflow.testing.mutation import mutants
from phaseflow.testing.mutation.trial import Verdict
from phaseflow.testing.scenarios.collect import results
from tests.testing.conftest import POLICY

ATTIC = """\
  attic:
    opens: by transition
    window: none
    closes: by lead
    duties: {dust: {quota: 2 rooms, by: lead, needs: {done: notes}}}
  cellar: {opens: by transition, window: none, closes: by lead}
transitions:
  up: {from: study, to: attic, by: lead, gate: {reached: cellar}}
  down: {from: attic, to: cellar, by: lead}
"""
"""The key of the attic lies in the cellar, and the only way to the cellar leads through the attic."""

HOUSE = POLICY.replace("transitions:\n", ATTIC, 1)
STORY = "scenarios: {begun: {story: [{on: 03-02, open: study}]}}\n"


@pytest.fixture
def house(desk):
    """Judges entries (lines of a list) for a policy with an attic, and one scenario in which the run begins."""

    def judged(*entries, policy=HOUSE):
        (desk.folder / "policy.yaml").write_text(policy)
        lines = "".join(f"  - {{{entry}}}\n" for entry in entries)
        (desk.folder / "policy.test.yaml").write_text(f"accept:\n{lines}" if entries else "accept: []\n")
        found = list(results((desk.write(STORY),)))
        assert [result.problems for result in found] == [()]
        return judge(found)[0]

    return judged


def codes(found):
    """The codes of what is wrong with the entries, with their lines."""
    return [(problem.code, problem.span.line) for problem in found.problems]


@pytest.mark.parametrize("goal", [
    "phase: attic: entered", "phase: attic: left", "move: up: made", "move: attic.close: made",
    "needs: dust: met", "needs: dust: refused",
])  # fmt: skip
def test_what_is_proved_never_to_happen_is_accepted(house, goal):
    """Nothing leads to the phase from outside, so that nothing of it has to be shown."""
    found = house(f'goal: "{goal}", unreachable: nothing leads up there')
    assert found.problems == ()
    assert found.coverage.accepted == {goal}
    assert goal not in {one.name for one in found.coverage.missing}


def test_a_boundary_within_a_phase_that_is_never_entered_is_accepted(house):
    """The quota of the attic is never owed; boundaries are few here, so that one is already too many."""
    found = house("boundary: 'quota: dust: =', unreachable: nothing leads up there")
    assert found.pinning.accepted == {"quota: dust: ="}
    assert [code for code, _ in codes(found)] == ["PF627"]


@pytest.mark.parametrize(("entry", "code"), [
    ("goal: 'phase: rating: entered', unreachable: nobody gets there", "PF625"),
    ("goal: 'gate: study.close: passed', unreachable: nobody reads", "PF625"),
    ("goal: \"gate: study.close: held: 'notes' done\", unreachable: everybody reads", "PF625"),
    ("goal: 'outcome: redo: reached', unreachable: everybody is satisfied", "PF625"),
    ("goal: 'rung: notes: reminded 3 days before', unreachable: everybody reads at once", "PF625"),
    ("goal: 'clause: 3.1', unreachable: so it is", "PF625"),
    ("goal: 'phase: study: entered', unreachable: so it is", "PF624"),
    ("goal: 'phase: garden: entered', unreachable: there is none", "PF623"),
    ("boundary: 'quota: notes: =', unreachable: so it is", "PF625"),
    ("boundary: 'quota: letters: =', unreachable: so it is", "PF623"),
])  # fmt: skip
def test_what_is_not_proved_is_refused_at_its_line(house, entry, code):
    """What can happen, what the exploration does not speak of, what is shown and what is nothing: each has its code."""
    found = house(entry)
    assert codes(found) == [(code, 2)]
    assert found.coverage.accepted == found.pinning.accepted == frozenset()
    assert all(problem.why and problem.fix for problem in found.problems)


def test_a_gate_that_always_passes_or_never_does_is_proved_to(house):
    """A reason that is always met holds no gate; one that never comes lets none pass."""
    first = HOUSE.replace("gate: duties", "gate: {all: [duties, {not: {closed: attic}}]}")
    (goal,) = (one.name for one in house(policy=first).coverage.goals if "attic" in one.name and one.kind == "gate")
    assert codes(house(f'goal: "{goal}", unreachable: the attic is never closed', policy=first)) == []
    never = HOUSE.replace("gate: duties", "gate: {closed: attic}")
    entry = "goal: 'gate: study.close: passed', unreachable: the attic is never closed"
    assert codes(house(entry, policy=never)) == []


CHAIN = """\
phaseflow: 1
campaign: chain
zone: UTC
roles: {lead: Lead}
phases:
  first: {opens: with campaign, window: none, closes: by lead}
  other: {opens: with campaign, window: none, closes: by lead}
  second: {opens: by transition, window: none, closes: by lead}
  last: {opens: by transition, window: none, closes: by lead}
  rest: {opens: by transition, window: none, closes: by lead}
transitions:
  go: {from: first, to: second, by: lead}
  on: {from: second, to: last, when: {reached: second}, gate: {closed: other}}
  make_room: {from: other, to: rest, when: {reached: second}}
outcomes: {over: {by: lead, from: last}}
"""


def test_what_holds_a_gate_only_on_the_way_may_hold_it(desk):
    """Wherever a run rests with the second phase open, the other one is closed; on the way there it is not yet."""
    path = desk.folder / "policy.yaml"
    path.write_text(CHAIN)
    seen = view(load_policy(path))
    at_rest = Property(name="x", kind="always", claim=seen.plan.unit.moves["on"].gate, when=Open(open="second"))
    assert prove(seen, at_rest).verdict == "proved"
    assert not never(seen, Happening(level="unit", what="held", name="on", reason="closed(other)")).proved


def test_at_most_two_per_cent_are_accepted(house):
    """One of fifty may be left to a proof; the next one is one too many."""
    names = ("phase: attic: entered", "phase: attic: left", "move: up: made")
    found = house(*(f'goal: "{name}", unreachable: nothing leads up there' for name in names))
    assert 50 <= len(found.coverage.goals) < 150
    assert codes(found) == [("PF627", 2)]


@pytest.mark.parametrize("entry", [
    "goal: a, boundary: b, unreachable: c", "goal: a", "unreachable: c", "goal: a, unreachable: b, equivalent: c",
    "goal: a, equivalent: b",
])  # fmt: skip
def test_an_entry_says_one_thing_and_one_reason(house, entry):
    """Each entry is proved by itself, and only a mutant can say the same as the policy."""
    with pytest.raises(PolicyError) as caught:
        house(entry)
    assert [problem.code for problem in caught.value.problems] == ["PF622"]


# --- mutants ----------------------------------------------------------------------------------------------------------

def tried(desk, policy, *entries):
    """Codes of entries for mutants that nobody notices, and the fates of the mutants they name."""
    path = desk.folder / "policy.yaml"
    path.write_text(policy)
    (desk.folder / "policy.test.yaml").write_text("accept:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries))
    verdicts = [Verdict(mutant=one, fate="survived") for one in mutants(read_tree(path))]
    after, problems = of_mutants(path, verdicts, beside(path))
    return [problem.code for problem in problems], {one.mutant.name: one.fate for one in after}


def test_a_mutant_that_differs_in_nothing_is_equivalent(desk):
    """A default that every duty overrides decides nothing, whatever it says."""
    policy = HOUSE.replace("duty: {due: window end, remind: 3 days,", "duty: {due: window end, remind: 9 days,")
    for duty in ("meeting: Kick-off", "quota: 100 characters", "document: Summary", "poll: Are", "quota: 2 rooms"):
        assert duty in policy
    policy = (
        policy.replace("meeting: Kick-off,", "meeting: Kick-off, remind: 3 days,")
        .replace("quota: 100 characters,", "quota: 100 characters, remind: 3 days,")
        .replace("document: Summary,", "document: Summary, remind: 3 days,")
        .replace("        poll: Are you satisfied?\n", "        poll: Are you satisfied?\n        remind: 3 days\n")
        .replace("quota: 2 rooms,", "quota: 2 rooms, remind: 3 days,")
    )
    name = "length defaults.duty.remind"
    found, fates = tried(desk, policy, f"mutant: {name}, equivalent: every duty says it itself")
    assert (found, fates[name]) == ([], "accepted")
    name = "length phases.study.duties.notes.remind"
    found, fates = tried(desk, policy, f"mutant: {name}, equivalent: so it is")
    assert (found, fates[name]) == (["PF626"], "survived")


def test_a_mutant_of_what_never_happens_is_unreachable(desk):
    """It must never happen under the policy, nor under the mutant."""
    name = "amount phases.attic.duties.dust.quota"
    found, fates = tried(desk, HOUSE, f"mutant: {name}, unreachable: nothing leads there")
    assert ("PF625" in found, fates[name]) == (False, "accepted")
    name = "amount phases.study.duties.notes.quota"
    found, _ = tried(desk, HOUSE, f"mutant: {name}, unreachable: so it is")
    assert found == ["PF625"]


# --- strict -----------------------------------------------------------------------------------------------------------


def call(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_strict_wants_everything_shown_or_accepted(desk):
    """The same scenarios pass, and do not pass a strict judgement before all goals and boundaries are shown."""
    path = desk.write(STORY)
    assert call("test", path).exit_code == 0
    found = call("test", path, "--strict", "-q")
    assert found.exit_code == 1
    assert "not shown by any scenario:" in found.output
    assert "pinned by no confirmed scenario:" in found.output
    (desk.folder / "policy.yaml").write_text(SMALL)
    path.write_text(WHOLE)
    found = call("test", path, "--strict", "-q")
    assert (found.exit_code, found.output) == (0, "2 scenarios: 2 passed\n"), found.output


def test_an_entry_that_does_not_hold_fails_the_run(desk):
    """Whoever asks for coverage is told of an entry that is not needed, with its place, and ends with 1."""
    path = desk.write(STORY)
    (desk.folder / "policy.test.yaml").write_text("accept:\n  - {goal: 'phase: study: entered', unreachable: never}\n")
    assert call("test", path, "-q").exit_code == 0
    found = call("test", path, "-q", "--coverage")
    assert found.exit_code == 1
    assert "policy.test.yaml:2:13: error PF624: the goal 'phase: study: entered' is shown" in found.output
    told = call("test", path, "--coverage", "--json")
    assert told.exit_code == 1
    assert "PF624" in told.output


def test_one_policy_of_a_folder_is_judged_by_itself(desk):
    """`--policy NAME` plays only what is played on the policy of that name."""
    (desk.folder / "operating.yaml").write_text("extends: policy.yaml\nhouse_rules: true\n")
    desk.write(STORY, "policy")
    desk.write(STORY, "operating")
    assert call("test", desk.folder, "-q").output == "2 scenarios: 2 passed\n"
    assert call("test", desk.folder, "-q", "--policy", "operating.yaml").output == "1 scenario: 1 passed\n"
    assert call("test", desk.folder, "-q", "--policy", "other.yaml").exit_code == 1


SMALL = """\
phaseflow: 1
campaign: small
zone: Asia/Shanghai
roles: {lead: Lead}
phases: {only: {opens: with campaign, closes: by lead, window: none, clock: calendar}}
outcomes: {over: {by: lead, from: only}}
"""
WHOLE = """\
start: 2009-03-01
people: {wang: lead}
scenarios:
  begun and ended:
    story:
      - 03-02 wang: request over
        outcome: over
  closed by hand:
    story:
      - 03-02 wang: request only.close
        open: none
"""
