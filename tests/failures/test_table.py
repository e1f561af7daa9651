"""The table of failure modes: current, whole, and made of marks that mean something."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.failures.modes import BACKENDS, EMPTY, MODES

ROOT = Path(__file__).parents[2]


def _page() -> Any:
    spec = importlib.util.spec_from_file_location("failures_page", ROOT / "docs" / "failures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


page = _page()


def test_every_cell_has_a_test_or_a_reason() -> None:
    """Fourteen modes on three stores and four wakers: no cell is empty without a reason, and none has both."""
    tried = {(trial.mode, backend) for trial in page.trials() for backend in trial.backends}
    cells = {(mode, backend) for mode in MODES for backend in BACKENDS}
    assert cells - tried - set(EMPTY) == set()
    assert tried & set(EMPTY) == set()
    assert tried | set(EMPTY) <= cells
    assert all(EMPTY.values())


def test_every_mark_is_read_and_has_a_claim() -> None:
    """What the page does not see, it cannot show: a mark stands on a function, with literal words."""
    assert all(trial.claim for trial in page.trials())
    files = [path for path in (ROOT / "tests").rglob("*.py") if path.name != "test_table.py"]
    written = sum(path.read_text(encoding="utf-8").count("@pytest.mark.failure(") for path in files)
    assert len(page.trials()) + 1 == written, "one is written in the docstring of tests/failures/modes.py"


@pytest.mark.slow  # so that two branches that add marks do not stand in each other's way
def test_the_page_is_current() -> None:
    """`python docs/failures.py` would change nothing."""
    assert page.PAGE.read_text(encoding="utf-8") == page.page()
