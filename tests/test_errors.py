"""How a problem looks: its four parts, and a marker that stands under its place however long the line is."""

from __future__ import annotations

import pytest

from phaseflow.errors import WIDEST, Problem, Span, show


@pytest.mark.parametrize("col", [1, 50, 399, 400, 401, 5_000, 299_990, 300_000])
def test_a_hostile_line_is_cut_round_its_place(col: int) -> None:
    """A line of 300,000 characters is shown in part; the marker stands under the character that is meant."""
    line = "[" * (col - 1) + "X" + "[" * (300_000 - col)
    text = show(Problem(code="PF103", what="too deep", span=Span("deep.yaml", 1, col)), lambda _file, _line: line)
    source, marker = text.split("\n")[1:3]
    assert len(source) < WIDEST + 20
    assert source[marker.index("^")] == "X"


def test_a_short_line_is_shown_whole() -> None:
    """What fits is not cut."""
    text = show(Problem(code="PF1", what="x", span=Span("a.yaml", 3, 5, 3)), lambda _file, _line: "ab: cde fg")
    assert text.split("\n")[1:3] == ["    3 | ab: cde fg", "      |     ^^^"]
