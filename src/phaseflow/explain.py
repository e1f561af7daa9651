"""The pages behind the codes: what a problem means, why it is a rule, and how to mend it.

The pages stand in ``problems.md``, which is also a page of the documentation; here they are only read. A test holds
them against the source: every code has a page, and no page is left without its code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType

import attrs

_PAGE = re.compile(
    r"^## (?P<code>PF\d{3}): (?P<title>.+)\n\nWhy: (?P<why>.+)\n\nFix: (?P<fix>.+)\n"
    r"(?:\n```\n(?P<example>(?:.*\n)*?)```\n)?",
    re.M,
)


@attrs.frozen(kw_only=True)
class Page:
    """One code: *title* says what is wrong in general, *example* shows a text or a command that leads to it."""

    title: str
    why: str
    fix: str
    example: str = ""


def read_pages(text: str) -> Mapping[str, Page]:
    """The pages of a text in the form of ``problems.md``.

    Raises:
        ValueError: A heading has no page of the right form, or a code has two.
    """
    headings = re.findall(r"^## (\S+?):", text, re.M)
    pages = dict(_found(text))
    if len(headings) != len(pages) or set(headings) != set(pages):
        raise ValueError(f"pages that cannot be read or stand twice: {sorted(set(headings) ^ set(pages)) or headings}")
    return MappingProxyType(pages)


def _found(text: str) -> Iterator[tuple[str, Page]]:
    for match in _PAGE.finditer(text):
        example = (match["example"] or "").rstrip("\n")
        yield match["code"], Page(title=match["title"], why=match["why"], fix=match["fix"], example=example)


PAGES: Mapping[str, Page] = read_pages((files("phaseflow") / "problems.md").read_text(encoding="utf-8"))
"""Every code with its page."""
