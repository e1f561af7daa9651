"""Has the source document changed since a clause was encoded?

A register keeps, for each clause, the digest of its lines. Two texts have one digest if a reader would take them for
the same words: that is what `normalised` means. Nothing here opens a file; the caller hands in the lines.

>>> normalised("學(xué)習  １天") == normalised("學習1天")
True
>>> digest(["a b", "c"]) == digest(["ab ", " c"])
True
>>> digest(["ab"]) == digest(["ba"])
False
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

_GLOSS = re.compile("(?<=[\u3400-\u9fff\U00020000-\U0003ffff])\\([a-zü\u00e0-\u01dc]{1,7}\\)")
"""A reading aid behind a character, such as the ``(xué)`` that some web sites put behind a rare one."""

DIGITS = 12
"""48 bits: enough to notice an edit. It is no seal; whoever can change the source can change the register."""


def normalised(line: str) -> str:
    """A line as it counts: NFKC (so that full-width and half-width signs are one), no reading aids, no blanks."""
    return "".join(_GLOSS.sub("", unicodedata.normalize("NFKC", line)).split())


def digest(lines: Sequence[str]) -> str:
    """The first twelve hexadecimal digits of the SHA-256 of the normalised lines, one below the other."""
    text = "\n".join(map(normalised, lines))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def cut(text: str) -> list[str]:
    """A source text in lines, counted as editors count them; a line end at the very end begins no new line."""
    lines = re.split("\r\n|\r|\n", text.removeprefix("\ufeff"))
    return lines[:-1] if lines[-1] == "" else lines
