"""Results as text: JUnit for build servers, Markdown for merge requests, plain data. Nothing here prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from xml.etree import ElementTree as xml

from phaseflow.errors import show
from phaseflow.testing.scenarios.collect import Result

STATES = ("passed", "failed", "todo", "unconfirmed")


def counts(found: Iterable[Result]) -> dict[str, int]:
    """How many of each state."""
    count = Counter(result.state for result in found)
    return {state: count[state] for state in STATES}


def summary(found: Sequence[Result]) -> str:
    """One line: ``12 scenarios: 11 passed, 1 failed``."""
    told = ", ".join(f"{number} {state}" for state, number in counts(found).items() if number)
    return f"{len(found)} {'scenario' if len(found) == 1 else 'scenarios'}: {told or 'none'}"


def as_data(found: Sequence[Result]) -> dict[str, Any]:
    """The results in JSON's types, but for problems."""
    return {
        "counts": counts(found),
        "scenarios": [
            {
                "file": result.file,
                "name": result.name,
                "state": result.state,
                "reason": result.reason,
                "problems": list(result.problems),
            }
            for result in found
        ],
    }


def junit(found: Sequence[Result]) -> str:
    """JUnit XML: a suite for each file."""
    root = xml.Element("testsuites", name="phaseflow")
    for file, group in groupby(found, key=lambda result: result.file):
        results = list(group)
        count = counts(results)
        suite = xml.SubElement(root, "testsuite", name=file, tests=str(len(results)), failures=str(count["failed"]),
                               errors="0", skipped=str(count["todo"] + count["unconfirmed"]))  # fmt: skip
        for result in results:
            case = xml.SubElement(suite, "testcase", classname=file, name=_clean(result.name))
            if result.state == "failed":
                first = result.problems[0]
                failure = xml.SubElement(case, "failure", type=first.code, message=_clean(first.what))
                failure.text = _clean("\n".join(map(show, result.problems)))
            elif result.state in ("todo", "unconfirmed"):
                xml.SubElement(case, "skipped", message=_clean(f"{result.state}: {result.reason}"))
    xml.indent(root)
    return xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """What XML 1.0 can hold: control signs of a hostile name are shown as escapes."""
    return "".join(sign if sign in "\n\t" or sign >= " " else ascii(sign)[1:-1] for sign in text)


def markdown(found: Sequence[Result]) -> str:
    """A table of all scenarios, and each failure in full."""
    lines = [f"## Scenarios\n\n{summary(found)}\n", "| scenario | file | |", "|---|---|---|"]
    lines += [f"| {_cell(result.name)} | {_cell(result.file)} | {result.state} |" for result in found]
    for result in found:
        if result.state == "failed":
            lines += [f"\n### {_cell(result.name)}\n", "```text", *map(show, result.problems), "```"]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
