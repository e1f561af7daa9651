"""The README runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from phaseflow.cli import VERBS
from tests.docs.pages import ROOT, blocks, check

README = ROOT / "README.md"


def test_the_readme_does_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block of the README runs, in order, and prints what is shown."""
    monkeypatch.chdir(tmp_path)
    check(README, tmp_path)


def test_what_the_readme_calls_absent_is_absent() -> None:
    """No verb that can be typed is listed under what is not there yet."""
    absent = README.read_text(encoding="utf-8").partition("Not there yet")[2].split("\n")[0]
    assert absent
    assert set(re.findall("`([a-z]+)`", absent)) & set(VERBS) == set()


def test_the_page_of_the_shell_names_every_verb() -> None:
    """Nothing that can be typed is found by chance only."""
    table = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").partition("| command | does |")[2]
    assert {verb for verb in VERBS if not re.search(rf"`{verb}[ `]", table)} == set()


def test_a_newcomer_sees_a_refusal_within_forty_lines() -> None:
    """Installation, policy, snippet, and a refusal with the policy's line and clause: all in the first 40 lines."""
    text = README.read_text(encoding="utf-8")
    top = "\n".join(text.splitlines()[:40])
    assert "pip install phaseflow" in top
    assert "make demo" in top
    assert "make test" in top
    shown = next(block for block in blocks(text) if block.lang == "text")
    place, line, *_, clause = top.splitlines()[shown.line :]
    assert place.startswith("study.yaml:")
    assert "notes:" in line
    assert clause.startswith("  clause:")
