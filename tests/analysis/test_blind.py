"""Defects written by somebody who had not read the analysis: what check and lint say of each, and what they miss.

The files in `blind/` were written from the language's documents alone, each with the mistake an author could make, the
line (marked ``<<<``) and the harm. Before any rule was written for them, check refused 5 of the 58, and lint found 19
of the rest; what is found since by rules that they led to is told apart by `NEW`. `right-*` are policies that only look
suspicious; they were frozen before those rules, and what is said of them counts as a false alarm.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseflow.analysis.findings import view
from phaseflow.analysis.lint import lint
from phaseflow.errors import PolicyError, Problem
from phaseflow.policies import load_policy

FOLDER = Path(__file__).parent / "blind"

FOUND = {
    "01": "PF835", "02": "PF833", "03": "PF724", "04": "PF808", "05": "PF803", "06": "PF802", "07": "PF809",
    "08": "PF821", "09": "PF248", "10": "PF806", "12": "PF825", "13": "PF825", "14": "PF818", "16": "PF226",
    "17": "PF226", "18": "PF226", "19": "PF823", "20": "PF802", "22": "PF819", "23": "PF848", "24": "PF849",
    "26": "PF727", "27": "PF723", "28": "PF726", "29": "PF725", "30": "PF829", "32": "PF814", "34": "PF848",
    "35": "PF832", "37": "PF204", "38": "PF805", "39": "PF858", "40": "PF854", "41": "PF841", "43": "PF723",
    "44": "PF723", "48": "PF855", "51": "PF856", "52": "PF857", "57": "PF859", "58": "PF809",
}  # fmt: skip
"""What is said at the marked line, or at most two lines from it, by the number of the file."""

NEW = frozenset({"04", "07", "22", "23", "24", "26", "29", "30", "34", "38", "39", "40", "48", "51", "52", "57", "58"})
"""Found only since the rules that these files led to."""

MISSED = {
    "11": "how many people will hold a role is known only to a run",
    "15": "a smallest group of one is written out, and the document may mean it",
    "21": "that nobody verifies is written out", "25": "how late is late is the document's own choice",
    "31": "how long an approver has is the document's own choice",
    "33": "it is no ring: what is absorbed once is behind the document, and it waits for approval",
    "36": "who may grant what to whom is written out",
    "42": "a pass mark of 100 % is a choice; that the loop has no limit is told by a note (PF844)",
    "45": "whom one trusts is written out", "46": "needs a way through programme and unit together: exploration",
    "47": "that all must end well is the document's own choice", "53": "either of two is what `any` says",
    "54": "24 hours are 24 hours in a night of 25, too (R5)",
    "55": "that the clock runs in a halt is written out",
    "56": "a written day binds the first visit only (R8), so the second is never late",
    "59": "whom to ask is written out", "60": "that items do not survive is written out",
}  # fmt: skip
"""What nothing is said of, and why."""

TOLD_OF_RIGHT = {
    "right-02": {"PF807"},  # reported upwards without a reminder: the author means that
    "right-03": {"PF838"}, "right-11": {"PF838"},  # an end that nobody can take back: so is the document
    "right-12": {"PF851"},  # two roles of the base that nothing names: true
}  # fmt: skip
"""What is said of policies that are right; each is a matter of taste, or true of something else in the file."""


def problems(file: Path) -> list[Problem]:
    """Everything that check and lint say of a policy, notes included."""
    try:
        return [finding.problem for finding in lint(view(load_policy(file)))]
    except PolicyError as error:
        return list(error.problems)


def marked(file: Path) -> int:
    return next(n for n, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1) if "<<<" in line and n > 3)


@pytest.mark.parametrize("number", FOUND)
def test_a_defect_is_found_in_its_place(number: str) -> None:
    """By its code, at the line that its author marked or next to it."""
    file = next(FOLDER.glob(f"{number}-*[!c].yaml"))
    near = {one.code for one in problems(file) if abs(one.span.line - marked(file)) <= 2}
    assert FOUND[number] in near


def test_every_defect_is_accounted_for() -> None:
    """No file is passed over in silence; more than twenty were found before a rule was written for any of them."""
    numbers = {file.name[:2] for file in FOLDER.glob("[0-9]*.yaml")}
    assert numbers == FOUND.keys() | MISSED.keys()
    assert not FOUND.keys() & MISSED.keys()
    assert len(FOUND.keys() - NEW) >= 20


@pytest.mark.parametrize("number", MISSED)
def test_what_is_missed_is_missed(number: str) -> None:
    """A rule that begins to find one of these moves it to the other table."""
    file = next(FOLDER.glob(f"{number}-*.yaml"))
    said = [one for one in problems(file) if one.span.line == marked(file) and one.severity != "note"]
    assert [one.code for one in said if one.code not in ("PF832", "PF807", "PF838", "PF839")] == []


@pytest.mark.parametrize("file", sorted(FOLDER.glob("right-*.yaml")), ids=lambda file: file.stem)
def test_false_alarms_are_counted(file: Path) -> None:
    """Nothing but what is listed is said of policies that are right."""
    told = {one.code for one in problems(file) if one.severity != "note"}
    assert told == TOLD_OF_RIGHT.get(file.stem, set())
