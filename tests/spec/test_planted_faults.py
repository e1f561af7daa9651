"""More than a hundred slips planted into the real policy: each is told once, at its place, and its fix mends it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from tests.spec.planted_faults import FAULTS, MARK, Fault

from phaseflow.core.plan import compile_policy
from phaseflow.errors import PolicyError, Problem
from phaseflow.spec.reader import read_policy

FOLDER = Path(__file__).parents[2] / "examples" / "district_campaign"


@cache
def written(file: str) -> str:
    return (FOLDER / file).read_text(encoding="utf-8")


def problems(file: str, text: str) -> tuple[Problem, ...]:
    """What reading and compiling says of *file* with this text, beside the other file as it is."""
    reading = read_policy(text, file=file, load=lambda name: (FOLDER / name).read_bytes())
    if reading.spec is None:
        return reading.problems
    try:
        compile_policy(reading.spec, reading.sources)
    except PolicyError as error:
        return error.problems
    return ()


def place(fault: Fault, planted: str) -> tuple[int, int]:
    """Line and column of the mark, counted from 1."""
    if fault.at:
        wanted = fault.at.replace(MARK, "")
        assert planted.count(wanted) == 1, f"{wanted!r} stands {planted.count(wanted)} times"
        offset = planted.index(wanted) + fault.at.index(MARK)
    else:
        offset = planted.index(fault.new.replace(MARK, "")) + fault.new.index(MARK)
    before = planted[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def test_the_policies_are_sound_before_anything_is_planted():
    """So whatever is told below comes from the slip."""
    assert len(FAULTS) >= 60
    assert problems("policy.yaml", written("policy.yaml")) == ()
    assert problems("operating.yaml", written("operating.yaml")) == ()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.code} {fault.new.strip()[:40]!r}")
def test_a_slip_is_told_once_where_it_stands_and_its_fix_mends_it(fault):
    """One fault, one problem: the code, the line, the column; and doing what it says makes the policy whole."""
    text = written(fault.file)
    assert text.count(fault.old) == 1
    planted = text.replace(fault.old, fault.new.replace(MARK, ""))
    found = problems(fault.file, planted)
    assert all(problem.what and problem.why and problem.fix for problem in found)
    assert all(fault.word in problem.fix for problem in found), [problem.fix for problem in found]
    if fault.many:
        assert {problem.code for problem in found} == {fault.code}
    else:
        told = [(problem.code, problem.span.file, problem.span.line, problem.span.col) for problem in found]
        assert told == [(fault.code, fault.file, *place(fault, planted))], [str(problem) for problem in found]
    mended = text.replace(fault.old, fault.mend or fault.old)
    assert problems(fault.file, mended) == ()
