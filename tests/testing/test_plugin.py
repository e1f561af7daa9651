"""The pytest plugin: scenario files are tests, failures are shown as they are, and nobody else is slowed down."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.testing.conftest import CAST, POLICY

PLUGIN = ("-p", "no:phaseflow", "-p", "phaseflow.testing.plugin", "-p", "no:cacheprovider")
"""The plugin by its module, whether or not this environment has installed its entry point."""

GOOD = CAST + "scenarios:\n  it opens: {story: [{on: 03-02, open: study}]}\n"


@pytest.fixture
def folder(pytester):
    pytester.path.joinpath("policy.yaml").write_text(POLICY, encoding="utf-8")
    return pytester


def write(folder, text, name="safety.scenario.yaml"):
    folder.path.joinpath(name).write_text(text, encoding="utf-8")


def test_scenarios_are_collected_beside_other_tests(folder):
    """A file of scenarios gives one test for each case; other YAML files are left alone."""
    write(folder, GOOD)
    write(folder, "not: a scenario", "other.yaml")
    folder.makepyfile("def test_it(): pass")
    folder.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=2)


def test_a_failure_shows_the_scenario_and_the_policy_without_a_traceback(folder):
    """The four parts of a message, at the place in the scenario."""
    write(folder, GOOD.replace("open: study", "open: report"))
    found = folder.runpytest_inprocess(*PLUGIN)
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(
        ["safety.scenario.yaml:4:*error PF620: the open phases: expected report, found study", "  why: *policy.yaml:*"]
    )
    found.stdout.no_fnmatch_line("*Traceback*")
    found.stdout.no_fnmatch_line("*.py:*")


@pytest.mark.parametrize(
    ("text", "code"),
    [(CAST + "scenarios: {}\n", "PF601"), ("", "PF111"), (GOOD.replace("story", "stroy"), "PF131")],
)
def test_a_file_that_cannot_be_read_is_an_error(folder, text, code):
    """Nothing to play, nothing at all, and a misspelt key end with an error, not with silence."""
    write(folder, text)
    found = folder.runpytest_inprocess(*PLUGIN)
    assert found.ret != 0
    found.stdout.fnmatch_lines([f"*error {code}: *"])
    found.stdout.no_fnmatch_line("*Traceback*")


def test_todo_is_skipped_and_unconfirmed_does_not_pass(folder):
    """Neither may be mistaken for a test that passed."""
    write(folder, GOOD + "  later: {todo: ask}\n  stub: {unconfirmed: by machine, story: [{on: 03-02, open: study}]}\n")
    folder.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=1, skipped=1, xpassed=1)


def test_a_broken_policy_fails_its_scenarios(folder):
    """The policy's own problems are shown, at their places in the policy."""
    folder.path.joinpath("policy.yaml").write_text(POLICY.replace("by: lead, due: 03-13", "by: laed, due: 03-13"))
    write(folder, GOOD)
    found = folder.runpytest_inprocess(*PLUGIN)
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(["policy.yaml:19:40: error PF201: *"])


def test_fixtures_set_up_a_campaign_for_tests_in_python(folder):
    """Given, when, then, in the words of scenarios; the fixtures need no import."""
    folder.makepyfile(
        '''
        import pytest
        from phaseflow.testing import NotSo

        CAST = {"boss": "office", "wang": "lead", "li": ["member"]}

        def test_story(campaign, run, clock):
            one = campaign("policy.yaml", start="2009-03-01", people=CAST)
            one.given(("03-10 wang", "hold kickoff --evidence minutes.pdf"))
            one.when("03-20 wang", "request study.close").is_held("'notes' done")
            one.when("then li", "hold kickoff").is_refused("not_entitled")
            one.when("03-21 li", "record notes 100 characters").accepted().then(open="study", done=["notes", "kickoff"])
            assert run().status().status == "running"
            assert clock().now.day == 21
            with pytest.raises(NotSo, match="the open phases: expected report, found study"):
                one.when("then").then(open="report")
            with pytest.raises(AssertionError, match="found: accepted"):
                one.when("then li", "record notes 1 character").is_refused()
            with pytest.raises(NotSo, match="no option"):
                one.when("then").then(open="report", done="nothing_like_it")
        '''
    )
    found = folder.runpytest_inprocess(*PLUGIN)
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["*there is no duty 'nothing_like_it'*"])


def test_the_plugin_is_tiny_until_it_is_needed():
    """It is loaded by every pytest of the environment: it imports nothing of phaseflow, and hardly takes a moment."""
    code = (
        "import sys, pytest\n"
        "before = set(sys.modules)\n"
        "import phaseflow.testing.plugin\n"
        "print(sorted(set(sys.modules) - before))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "['phaseflow', 'phaseflow.testing', 'phaseflow.testing.plugin']"


def test_the_entry_point_is_declared():
    """pytest finds the plugin by itself where phaseflow is installed."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["entry-points"]["pytest11"] == {"phaseflow": "phaseflow.testing.plugin"}
