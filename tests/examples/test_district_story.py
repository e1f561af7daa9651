"""The demo tells a whole programme, and what it tells is so: outcomes, reasons, reminders, what lives on."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "district_campaign"


def script() -> Any:
    """The example's script, as a module."""
    sys.path.insert(0, str(FOLDER))
    try:
        spec = importlib.util.spec_from_file_location("district_run", FOLDER / "run.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


def test_the_programme_runs_from_launch_to_outcome(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Five units: one held with every reason, one returned, one at 91 %, one looking back, one to be redone."""
    run = script()
    story = run.Story(f"sqlite:///{tmp_path}/district.db")
    for part in (run.preparation, run.studying, run.analysing, run.rectifying, run.rating, run.closing):
        part(story)
    ends = {unit: handle.status() for unit, handle in story.units.items()}
    assert {unit: status.outcome for unit, status in ends.items()} == {
        "finance": "completed",
        "health": "completed",
        "schools": "completed",
        "water": "redo",
        "north_office": "completed",
    }
    assert ends["water"].redeemed_by == "district_campaign/batch_3/water"
    assert story.programme.status().outcome == "finished"
    assert {unit: status.items["problems"] for unit, status in ends.items()} == {
        "finance": (1, 2), "health": (1, 2), "schools": (1, 2), "north_office": (1, 2),
        "water": (0, 2),  # its open problem lives on in the run that pays the debt
    }  # fmt: skip
    assert story.engine.run("district_campaign/batch_3/water").status().items["problems"] == (1, 1)
    told = capsys.readouterr().out
    for reason in ("'notes' done: 5 of 7 done", "'tv_talk' done: 0 of 1 done", "'great_debate' done: 0 of 1 done"):
        assert reason in told
    assert "27 Feb, document returned: " in told
    assert story.board.count["due_soon"] > 10
    assert story.board.count["escalated"] >= 3
    assert story.board.count["item_due"] == 5
    assert all(handle.verify() == () for handle in [*story.units.values(), story.programme])
    story.engine.close()
