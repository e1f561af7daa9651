"""Write ``docs/capabilities.md``: which test proves which capability for which of the nine plans.

``python docs/capabilities.py`` writes the page out of the marks of the tests in ``tests/examples``; a test fails while
it is out of date. The marks are read from the source, so that the page needs no test run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).parent / "capabilities.md"
TESTS = ROOT / "tests" / "examples"

PLANS: Mapping[str, str] = {
    "000": "health_bureau", "001": "city_pilot", "002-1": "township_hospital_2011", "002-2": "township_hospital_2010",
    "002-3": "bureau_work_style", "002-4": "sanitation_office", "002-5": "education_bureau",
    "003": "rectification_review", "004": "district_campaign",
}  # fmt: skip
"""The nine plans, each with the folder of its example."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Time and calendars": (
        "inclusive windows of campaign, phase and step", "no year until a run starts", "ten-day periods",
        "months and approximate edges", "overlapping and identical windows", "gaps inside a phase",
        "fixed days that end no phase", "deadlines independent of each other and of windows",
        "owed after an event, without a date", "recurring periods and regular acts", "no silent shift to working days",
        "begun before it was signed, recorded later",
    ),
    "Phases and gates": (
        "any number of phases, steps with or without days", "several phases open at once",
        "changeover with documents, approval and mobilisation", "each unit has its own clock",
        "entry gate: plan approved or handed in", "time closes nothing", "loops across phases",
        "early start of a later task", "documents at the start and end of each phase", "make-up",
        "look-back and a new poll", "redo in the next batch", "batches and pilots", "life after the campaign",
        "own actions beside prescribed ones", "conditional branches", "start in the middle",
    ),
    "Tasks and quotas": (
        "quota with comparator, number, unit, subject, period", "one task, many obligations",
        "different quotas for different roles", "units that never convert", "bundles of N",
        "per phase, per week, over the campaign", "coverage of a roster", "pairings", "tasks without a number",
        "invited and exempt", "checklists and attendance",
    ),
    "Documents": (
        "vet, approve, file, circulate, publish", "a chain for each document", "revisions with kept versions",
        "consultation of several audiences", "reviewer by role of the author", "escalation of a part",
        "a document for each person", "filed together", "audience of publication", "one document based on another",
        "parents, aliases, missing annexes", "criteria of a review",
    ),
    "Meetings": (
        "what must come first", "observers and speakers", "agenda, and duties after it", "one for each section",
        "meetings that open phases", "attendance without a verdict on persons",
    ),
    "Polls and outcomes": (
        "who rates whom", "anonymous ballots", "composition before counting", "thresholds and bands",
        "consequences are work", "rounds", "polls that change nothing", "plan and form of a poll",
        "comments down a hierarchy",
    ),
    "Rectification ledger": (
        "fields of each plan", "several axes", "closed one by one", "public commitment", "explained and joint items",
        "items that outlive the campaign", "poor results make up", "a second ledger for rules",
    ),
    "Organisation, oversight and audit": (
        "tree of units, templates, roles", "contact points and double responsibility", "up and down between levels",
        "inspections, bulletins, publicity", "history with clause and version",
    ),
}  # fmt: skip

_HEAD = """\
# Nine plans, eighty capabilities

phaseflow was made for nine campaign plans; each stands as an example in `examples/`, with a register of its clauses.
Their analysis gave eighty capabilities that an engine needs.
The table counts, for each capability and plan, the tests that show it through the engine; below it they are named.
A slow test takes the rules of the test's clauses out of the policy and sees the test fail.

This page is generated from the marks of the tests; `python docs/capabilities.py` writes it anew.
An empty cell says that no test bears that mark: most plans need only some of the capabilities.
"""


@attrs.frozen(kw_only=True)
class Proof:
    """A marked test: *plan* and *numbers* are what it proves, *clauses* what it depends on."""

    test: str
    file: str
    plan: str
    numbers: tuple[int, ...]
    clauses: tuple[str, ...]


def proofs() -> list[Proof]:
    """Every marked test, by file and place."""
    return [proof for path in sorted(TESTS.glob("test_*.py")) for proof in _of_file(path)]


def _of_file(path: Path) -> Iterator[Proof]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for mark in getattr(node, "decorator_list", ()):
            if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("mark.capability"):
                plan, *numbers = map(ast.literal_eval, mark.args)
                clauses = next((ast.literal_eval(one.value) for one in mark.keywords if one.arg == "clauses"), ())
                yield Proof(
                    test=node.name,  # type: ignore[attr-defined]
                    file=path.name,
                    plan=plan,
                    numbers=tuple(numbers),
                    clauses=tuple(clauses),
                )


def page() -> str:
    """The whole page."""
    found = proofs()
    parts = [_HEAD, _overview(found), _matrix(found)]
    number = 0
    for group, names in GROUPS.items():
        parts.append(f"\n## {group}\n")
        for name in names:
            number += 1
            parts.append(f"### {number}. {name}\n")
            cells = [_cell(plan, number, found) for plan in PLANS]
            parts.append("\n".join(cell for cell in cells if cell) or "No test bears this mark.")
            parts.append("")
    return "\n".join(parts).rstrip("\n") + "\n"


def _overview(found: list[Proof]) -> str:
    lines = ["| plan | example | capabilities | tests |", "| --- | --- | --- | --- |"]
    for plan, example in PLANS.items():
        own = [proof for proof in found if proof.plan == plan]
        numbers = {number for proof in own for number in proof.numbers}
        lines.append(f"| {plan} | `{example}` | {len(numbers)} | {len(own)} |")
    return "\n".join(lines) + "\n"


def _matrix(found: list[Proof]) -> str:
    """How many tests stand in each cell; the sections below name them."""
    lines = [f"| | capability | {' | '.join(PLANS)} |", "| --- " * (len(PLANS) + 2) + "|"]
    for number, name in enumerate((name for names in GROUPS.values() for name in names), start=1):
        counts = [sum(proof.plan == plan and number in proof.numbers for proof in found) for plan in PLANS]
        lines.append(f"| {number} | {name} | {' | '.join(str(count or '') for count in counts)} |")
    return "\n".join(lines)


def _cell(plan: str, number: int, found: list[Proof]) -> str:
    tests = [f"`{proof.test}`" for proof in found if proof.plan == plan and number in proof.numbers]
    return f"- {plan}: {', '.join(tests)}" if tests else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
