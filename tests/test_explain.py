"""The pages of the codes, held against the source."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

import phaseflow
from phaseflow.explain import PAGES, read_pages

SOURCE = Path(phaseflow.__file__).parent
LITERAL = re.compile(r"""["'](PF\d{3})["']""")


def used():
    """Each code that stands as a literal in the source, with the rooms it stands in."""
    found = defaultdict(set)
    for file in SOURCE.rglob("*.py"):
        room = file.relative_to(SOURCE).parts
        for code in LITERAL.findall(file.read_text(encoding="utf-8")):
            found[code].add("/".join(room[: 2 if room[0] == "core" else 1]))
    return found


SHARED = {
    "PF374": {"core/decide", "engine"},  # a command and a tick alike: nothing is done ahead of its time
    "PF100": {"policies.py", "spec"},  # a file that cannot be read as a policy: not opened, or too large
    "PF324": {"core/reasons.py", "engine", "cli"},
    **{code: {"reports", "analysis"} for code in ("PF720", "PF721", "PF725", "PF727", "PF728")},  # lint grades them
    "PF340": {"core/decide", "engine"},  # an amount of nothing, and an amount without a number
}
"""Codes that stand in more than one room, looked at by hand: there, too, they mean one thing."""


def test_every_code_has_a_page_and_every_page_a_code():
    """`explain` knows each code that can be told, and nothing else."""
    assert sorted(used()) == sorted(PAGES)


def test_no_code_stands_for_two_things():
    """A code stands in one room; where it stands in two, somebody has looked that it is the same fault."""
    assert {
        code: rooms for code, rooms in used().items() if len(rooms) > 1 and not rooms <= SHARED.get(code, set())
    } == {}
    titles = [page.title for page in PAGES.values()]
    assert len(set(titles)) > len(titles) - 6


@pytest.mark.parametrize("code", sorted(PAGES))
def test_a_page_says_what_why_and_how_to_mend(code):
    """Each page is whole sentences on one line each, without a trace of the source."""
    page = PAGES[code]
    for text in (page.title, page.why, page.fix):
        assert text
        assert not re.search(r"[{]\w+[}!]|\bNone\b|self\.", text) or "`" in text


def test_a_page_of_the_wrong_form_is_found():
    """A heading without its parts, or a code with two pages, is no page."""
    good = "## PF001: a thing\n\nWhy: so\n\nFix: do\n"
    assert read_pages(good)["PF001"].fix == "do"
    for bad in (good + "\n## PF002: another\n\nWhy: so\n", good + "\n" + good):
        with pytest.raises(ValueError, match="PF00"):
            read_pages(bad)
