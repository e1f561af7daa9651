"""The scenarios beside the examples: they pass, and between them they execute every clause that makes a rule."""

import pytest
from tests.examples.sources import EXAMPLES

from phaseflow.cli.trace import played, read_both, traced

WITH_SCENARIOS = sorted({path.parent.name for path in EXAMPLES.glob("*/*.scenario.yaml")})


@pytest.mark.parametrize("example", WITH_SCENARIOS)
def test_the_scenarios_of_an_example_pass_and_are_traced(example):
    """`phaseflow trace --scenarios` has nothing to complain of, and most clauses with a rule are executed."""
    policy = str(EXAMPLES / example / "operating.yaml")
    reading, register = read_both(policy)
    found = traced(reading, register, None, played(policy))
    assert [str(one) for one in found.findings] == []
    ruled = [row.clause for row in found.rows if row.rules]
    assert len(found.unexecuted) * 4 <= len(ruled), found.unexecuted


@pytest.mark.parametrize("example", ["health_bureau", "bureau_work_style", "sanitation_office", "rectification_review"])
def test_every_clause_with_a_rule_is_executed(example):
    """Duties that come again in each week and steps without days count, too."""
    policy = str(EXAMPLES / example / "operating.yaml")
    reading, register = read_both(policy)
    assert traced(reading, register, None, played(policy)).unexecuted == ()
