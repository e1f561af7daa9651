"""The table of capabilities: current, sound, and made of tests that depend on the rules they are about."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest
from tests.examples.sources import EXAMPLES, ROOT

from phaseflow.cli.trace import read_both


def _page():
    spec = importlib.util.spec_from_file_location("capabilities_page", ROOT / "docs" / "capabilities.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


page = _page()


def test_there_are_eighty_capabilities():
    """The groups have the sizes of the analysis."""
    assert [len(names) for names in page.GROUPS.values()] == [12, 17, 11, 12, 6, 9, 8, 5]


def test_every_capability_has_a_proof():
    """None of the eighty was needed by no plan."""
    assert {number for proof in page.proofs() for number in proof.numbers} == set(range(1, 81))


@pytest.mark.slow  # so that two branches that add marks do not stand in each other's way
def test_the_table_is_current():
    """`python docs/capabilities.py` would change nothing."""
    assert page.PAGE.read_text(encoding="utf-8") == page.page()


def test_every_mark_names_a_plan_numbers_and_clauses_that_exist():
    """A mark that names a clause nobody wrote down would remove nothing."""
    known = {
        plan: set(read_both(str(EXAMPLES / example / "policy.yaml"))[1].result().clauses)
        for plan, example in page.PLANS.items()
    }
    for proof in page.proofs():
        assert proof.plan in page.PLANS, proof
        assert proof.numbers, proof
        assert all(1 <= number <= 80 for number in proof.numbers), proof
        assert proof.clauses, proof
        assert set(proof.clauses) <= known[proof.plan], proof


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_proof_falls_with_the_rules_it_is_about():
    """Every marked test fails when the rules of its clauses, and what names them, are taken out of the policy."""
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "capability", "-rA", "-n", "2", str(ROOT / "tests" / "examples")],
        cwd=ROOT,
        env={**os.environ, "PHASEFLOW_WITHOUT_RULES": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    told = re.findall(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", found.stdout, re.M)
    dependent = {proof.test for proof in page.proofs()}
    assert dependent <= {test for _, test in told}, found.stdout[-2000:]
    assert sorted(dependent - {test for outcome, test in told if outcome != "PASSED"}) == []
