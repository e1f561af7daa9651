"""Four plans are run end to end by their scripts, here in memory: each tells its reasons and comes to its outcome."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import pytest
from tests.examples.sources import EXAMPLES


def script(example: str) -> Any:
    """The script of an example, as a module."""
    file = EXAMPLES / example / "run.py"
    spec = importlib.util.spec_from_file_location(f"run_{example}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = before
    return module


OUTCOMES = {
    "township_hospital_2011": {"unit": "completed"},
    "township_hospital_2010": {"unit": "completed"},
    "education_bureau": {
        "programme": "finished", "central": "completed", "middle": "completed", "kindergarten": "completed",
    },
    "city_pilot": {
        "programme": "finished", "committee_body": "completed", "water": "completed", "culture": "completed",
        "middle_street": "completed",
    },
}  # fmt: skip
TOLD = {
    "township_hospital_2011": ["held: open items of 'problems': 1", "held: 'sorting' done: 0 of 1"],
    "township_hospital_2010": ["refused: cannot draft 'notice'", "missing: lin, mei"],
    "education_bureau": ["'service_recipients' is 0% of those heard", "kindergarten  1 of 10 satisfied; nothing"],
    "city_pilot": ["69 of 100; explanation and make_up_lessons follows", "70 of 100; nothing follows"],
}


@pytest.mark.parametrize("example", OUTCOMES)
def test_a_programme_runs_from_its_beginning_to_its_outcome(
    example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every run ends as the plan says, tells its reasons on the way, and can be verified."""
    module = script(example)
    campaign = module.main("memory:")
    runs = dict(campaign.stage.runs)
    assert {name: run.status().outcome for name, run in runs.items()} == OUTCOMES[example]
    assert [run.verify() for run in runs.values()] == [()] * len(runs)
    module.close(campaign, "memory")
    told = capsys.readouterr().out
    for words in TOLD[example]:
        assert words in told
    assert told.count("intact") == len(runs)
