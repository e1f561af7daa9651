"""Slips in the words that the district policy does not use: each is told once, at its place, and its fix mends it."""

from __future__ import annotations

import pytest
from tests.fuzz.seeds import SCHOOLS
from tests.spec.planted_faults import MARK, Fault
from tests.spec.test_planted_faults import place

from phaseflow.core.plan import compile_policy
from phaseflow.errors import PolicyError, Problem
from phaseflow.spec.reader import read_policy

FILE = "schools.yaml"


def slip(old: str, new: str, code: str, word: str, **more: str) -> Fault:
    return Fault(FILE, old, new, code, word, **more)  # type: ignore[arg-type]


SLIPS = (
    slip("between: [study, work]", "between: [study, ▶wrok]", "PF201", "'work'"),
    slip("of: from}", "of: ▶form}", "PF137", "'from'"),
    slip("  approve: office\n  returns_to", "  approve: ▶ofice\n  returns_to", "PF201", "'office'"),
    slip("  returns_to: draft\n  then", "  then", "PF130", "`returns_to:`", at="▶between: [study, work]"),
    slip("is_a: team, for: unit", "is_a: team, for: ▶unti", "PF201", "'unit'"),
    slip("units: boarding_school", "units: ▶bording_school", "PF201", "'boarding_school'"),
    slip("{parents: 10% of attending}", "{parents: ▶10% of consulted}", "PF250", "10% of attending"),
    slip("by: unstated, asks: head, from", "by: ▶unstated, from", "PF206", "`asks: ROLE`"),
    slip("        silence: hold\n  work", "  work", "PF130", "`silence:`", at="▶consultation: {en"),
    slip("each: organisation, by: office, pairs: township", "by: office, pairs: ▶township", "PF170", "`each: ROLE`"),
    slip("pairs: township", "pairs: ▶towship", "PF201", "'township'"),
    slip("binds: at_once, from: 2011-03-09, notice: 10 days", "binds: ▶at_once, from: 2011-03-09", "PF172", "10 days"),
    slip("binds: at_once", "binds: ▶at_onec", "PF137", "'at_once'"),
    slip("instead_of: notes", "instead_of: ▶note", "PF201", "'notes'"),
    slip("go: repair", "go: ▶repiar", "PF201", "'repair'"),
    slip("opens: by band", "opens: ▶by hand", "PF137", "'by band'"),
    slip("otherwise: office, asks: head", "otherwise: office", "PF206", "`asks: ROLE`", at="close: ▶{by: owner"),
    slip("each: staff}", "each: staff, every: ▶week}", "PF141", "`partial_period: full`",
         mend="each: staff, every: week, partial_period: full}"),
    slip("by_group: true", "by_group: ▶ture", "PF136", "true or false"),
    slip("from: 7 days before study begins", "from: ▶7 days before stduy begins", "PF201", "'study'"),
    slip("from: 7 days before study begins", "from: ▶7 days after kickoff held", "PF484", "`needs:`",
         mend="needs: {done: kickoff}"),
)  # fmt: skip


def problems(text: str) -> tuple[Problem, ...]:
    reading = read_policy(text, file=FILE)
    if reading.spec is None:
        return reading.problems
    try:
        compile_policy(reading.spec, reading.sources)
    except PolicyError as error:
        return error.problems
    return ()


@pytest.mark.parametrize("fault", SLIPS, ids=lambda fault: f"{fault.code} {fault.new.strip()[:40]!r}")
def test_a_slip_in_a_new_word_is_told_once_where_it_stands_and_its_fix_mends_it(fault: Fault) -> None:
    """One fault, one problem: the code, the line, the column; and doing what it says makes the policy whole."""
    assert SCHOOLS.count(fault.old) == 1
    planted = SCHOOLS.replace(fault.old, fault.new.replace(MARK, ""))
    found = problems(planted)
    told = [(problem.code, problem.span.line, problem.span.col) for problem in found]
    assert told == [(fault.code, *place(fault, planted))], [str(problem) for problem in found]
    assert fault.word in found[0].fix
    assert problems(SCHOOLS.replace(fault.old, fault.mend or fault.old)) == ()
