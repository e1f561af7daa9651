"""The door: a text in, a spec or every fault out."""

import re
from pathlib import Path

import pytest

from phaseflow.errors import PolicyError, show
from phaseflow.spec.dump import dump
from phaseflow.spec.overlay import Header
from phaseflow.spec.reader import read, read_policy

GOOD = "phaseflow: 1\ncampaign: c\nzone: UTC\nphases: {study: {window: may}}\n"
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/*.yaml"))
POLICIES = [path for path in EXAMPLES if re.search("^(phaseflow|extends):", path.read_text(encoding="utf-8"), re.M)]


def test_a_reading_gives_the_spec_or_raises_all_its_problems():
    """The caller chooses: look at the problems, or let them be raised."""
    reading = read_policy(GOOD, file="p.yaml")
    assert reading.problems == ()
    assert reading.result() is reading.spec
    assert reading.sources == (("p.yaml", GOOD),)
    assert reading.overlays == ()
    bad = read_policy(GOOD.replace("zone", "zon").replace("window", "windw"))
    assert bad.spec is None
    with pytest.raises(PolicyError) as caught:
        bad.result()
    assert caught.value.problems == bad.problems
    assert [p.code for p in bad.problems] == ["PF131", "PF131"]


def test_any_spec_class_can_be_read():
    """Clause registers and other files go through the same door."""
    assert read("without: [a]\nextends: b.yaml", Header, load=lambda _: b"").spec is None
    assert [p.code for p in read("zone: x", Header).problems] == ["PF131", "PF130"][::-1]


def test_a_problem_prints_in_four_parts_with_its_line():
    """Where, the line with a mark, why, and the fix, as an editor can click on it."""
    reading = read_policy(GOOD.replace("window: may", "window: 学, windwo: mai"), file="p.yaml")
    assert show(reading.problems[-1], reading.line_of) == (
        "p.yaml:4:29: error PF131: unknown key 'windwo' in 'study'\n"
        "    4 | phases: {study: {window: 学, windwo: mai}}\n"
        "      |                              ^^^^^^\n"
        "  why: a key that nothing reads would be a rule that nobody keeps\n"
        "  fix: did you mean 'window'?"
    )


def test_a_broken_file_keeps_its_text_for_the_printer():
    """The line can be shown even if nothing of the file could be parsed."""
    reading = read_policy("a: [\n", file="p.yaml")
    assert reading.line_of("p.yaml", 1) == "a: ["
    assert reading.source("q.yaml") is None


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_examples_read_and_read_back(path):
    """Every policy shipped with the library has the right form, and dump keeps all of it."""
    reading = read_policy(
        path.read_bytes(), file=path.name, load=lambda name: (path.parent / name).read_bytes(), climb=1
    )
    assert [show(problem, reading.line_of) for problem in reading.problems] == []
    assert read_policy(dump(reading.result())).result() == reading.result()
