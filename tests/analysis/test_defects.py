"""Mechanical defects: of those made at every fitting place of the examples, nearly all are found by check and lint."""

from __future__ import annotations

import pytest
from tests.analysis.defects import OPERATORS, mutants
from tests.analysis.recall import EXAMPLES, measure, policies

from phaseflow.analysis.findings import view
from phaseflow.policies import load_policy

DISTRICT = EXAMPLES / "district_campaign" / "operating.yaml"

@pytest.mark.slow
def test_nearly_every_mechanical_defect_is_found() -> None:
    """At least 95 % of what each operator makes."""
    result = measure(policies())
    for name, count in result.items():
        assert count.total == 0 or count.found / count.total >= 0.95, (name, count.missed)


def test_operators_spoil_something() -> None:
    """The table is no empty play: on the district's rules most operators fit, and each changes the policy."""
    plan = load_policy(DISTRICT)
    fitting = 0
    for operator in OPERATORS:
        one = next(mutants(operator, plan, view(plan).bounds), None)
        if one is not None:
            fitting += 1
            assert one[1] != plan.policy, operator.__name__
    assert fitting >= 28
