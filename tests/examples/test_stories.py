"""The programme of every example runs end to end on SQLite."""

import subprocess
import sys

import pytest
from tests.examples.sources import EXAMPLES, ROOT

STORIES = ("bureau_work_style", "health_bureau", "rectification_review", "sanitation_office")
"""The others are run, and looked at more closely, in `test_four_stories.py` and `test_district_story.py`."""


@pytest.mark.parametrize("example", STORIES)
def test_the_programme_runs_from_beginning_to_end(example, tmp_path):
    """The script ends well, with a timeline, an outcome and a trail that verifies."""
    db = tmp_path / "story.db"
    found = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / example / "run.py"), "--db", f"sqlite:///{db}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert "intact" in found.stdout
    assert "broken" not in found.stdout
    assert db.is_file()


def test_every_example_that_encodes_a_plan_has_its_script():
    """A register without a programme would be paper."""
    for folder in (path.parent for path in EXAMPLES.glob("*/operating.yaml")):
        assert (folder / "run.py").is_file(), folder.name
        assert list(folder.glob("*.scenario.yaml")), folder.name
