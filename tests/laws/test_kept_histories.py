"""R20: what was decided once is decided the same for ever: kept histories end with the heads they were kept with."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.histories.corpus import EXAMPLES, FOLDER, replay

LARGE = 20_000
"""Files beyond so many bytes are left to the slow ring."""


def _files() -> list[object]:
    return [
        pytest.param(file, marks=[pytest.mark.slow] if file.stat().st_size > LARGE else [], id=file.stem.split(".")[0])
        for file in sorted(FOLDER.glob("*.jsonl.gz"))
    ]


@pytest.mark.parametrize("file", _files())
def test_r20_a_kept_history_is_decided_the_same(file: Path) -> None:
    """Plans compile to their digests, every command is decided again, and every run ends with the same chain."""
    heads = replay(file)
    assert heads
    assert {run: found for run, (kept, found) in heads.items() if found != kept} == {}


def test_r20_every_example_has_a_kept_history() -> None:
    """A new example is recorded with `python -m tests.histories.corpus`."""
    assert {path.parent.name for path in EXAMPLES.glob("*/run.py")} == {
        file.name.split(".")[0] for file in FOLDER.glob("*.jsonl.gz")
    }


def test_r20_another_decision_shows(tmp_path: Path) -> None:
    """The check can fail: a history without one of its commands ends with another chain."""
    smallest = min(FOLDER.glob("*.jsonl.gz"), key=lambda file: file.stat().st_size)
    lines = gzip.decompress(smallest.read_bytes()).decode().splitlines()
    del lines[next(index for index, line in enumerate(lines) if "Complete" in line)]
    touched = tmp_path / "touched.jsonl.gz"
    touched.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert any(found != kept for kept, found in replay(touched).values())
