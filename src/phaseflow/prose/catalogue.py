"""The texts of one language, and how they are filled in: numbers, plurals, lists and days.

A language is one file beside this module. A text is a template with ``{name}`` in it, or a table of forms of which a
number chooses one. Values are put in as they are and never read as templates, whatever stands in them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

import attrs

from phaseflow.core.reasons import number_text
from phaseflow.errors import PolicyError, Problem, did_you_mean, printable

LANGUAGES = ("en", "zh")
"""The languages that there are texts for, by ISO 639 code."""

PLURALS: Mapping[str, Callable[[int], str]] = {
    "one-other": lambda number: "one" if number == 1 else "other",
    "other": lambda _number: "other",
}
"""Which form a number takes, by the rule that a language names (CLDR's cardinal rules of English and Chinese)."""

_PLACE = re.compile(r"\{(\w*)\}")


def fill(template: str, values: Mapping[str, object]) -> str:
    """Put values into a template in one pass, so that no value is ever taken for a template.

    Raises:
        KeyError: the template wants a value that was not given.

    Example:
        >>> fill("{who} holds {what}", {"who": "{what}", "what": "it"})
        '{what} holds it'
    """
    return _PLACE.sub(lambda place: str(values[place[1]]), template)


@attrs.frozen
class Catalogue:
    """The texts of one language, by section and key (``deed.hold``)."""

    code: str
    texts: Mapping[str, Mapping[str, Any]] = attrs.field(repr=False)

    def say(self, key: str, /, **values: object) -> str:
        """A text with its values; where it has several forms, the number under its ``by`` chooses: the form for
        exactly that number (``=1``), else the plural of the language.

        Raises:
            KeyError: there is no such text, or a value is missing.
        """
        section, _, name = key.partition(".")
        found = self.texts[section][name]
        if isinstance(found, Mapping):
            number = values[found["by"]]
            assert isinstance(number, int), f"{key} counts by '{found['by']}', which is {number!r}"
            form = f"={number}"
            found = found[form if form in found else PLURALS[self._own("plural")](number)]
        assert isinstance(found, str)
        return fill(found, values)

    def has(self, key: str) -> bool:
        """Whether there is a text under a key."""
        section, _, name = key.partition(".")
        return name in self.texts.get(section, {})

    def _own(self, name: str) -> Any:
        return self.texts["language"][name]

    def quoted(self, text: str) -> str:
        """A name in the marks of the language; what would steer a terminal is written out."""
        return str(self._own("quote")).replace("{}", printable(text), 1)

    def bare(self, text: str) -> str:
        """A name without the marks round it."""
        before, after = str(self._own("quote")).split("{}")
        return text[len(before) : -len(after)] if text.startswith(before) and text.endswith(after) else text

    def word(self, text: str) -> str:
        """What somebody wrote, as it is; a few words of phaseflow's own are told in the language."""
        return self.say(f"word.{text}") if self.has(f"word.{text}") else printable(text)

    @property
    def gap(self) -> str:
        """What stands between two sentences."""
        return str(self._own("gap"))

    def sentence(self, text: str) -> str:
        """A text as a sentence: begun with a capital where the language has them, and ended."""
        stop = str(self._own("stop"))
        return text[:1].upper() + text[1:] + ("" if text.endswith(stop) else stop)

    def finish(self, lines: Iterable[str]) -> str:
        """Lines of an answer, with the marks round names within names made the inner ones."""
        return "\n".join(map(_nested, lines))

    def listed(self, parts: Iterable[str], how: str = "join") -> str:
        """A list in words: ``a, b, and c``; *how* is ``join`` or ``either``."""
        found, rule = list(parts), self._own(how)
        if len(found) < 2:
            return "".join(found)
        if len(found) == 2:
            return _two(rule["two"], *found)
        text = found[0]
        for part in found[1:-1]:
            text = _two(rule["more"], text, part)
        return _two(rule["last"], text, found[-1])

    def some(self, parts: Iterable[str], count: int) -> str:
        """The first of several, and how many more there are."""
        named = [printable(part) for part in parts]
        if not named:
            return ""
        names = self.listed(named)
        return names if count <= len(named) else self.say("language.more", names=names, count=count - len(named))

    def day(self, day: date) -> str:
        """A day as people write it."""
        months = self._own("months")
        month = months[day.month - 1] if months else ""
        return self.say("language.date", day=day.day, month=month, number=day.month, year=day.year)

    def value(self, value: object) -> str:
        """A measured or a wanted value: a share in percent, a list in words, what is missing as unknown."""
        match value:
            case None:
                return self.say("value.unknown")
            case bool():
                return self.say("value.true" if value else "value.false")
            case Fraction():
                percent = value * 100
                exact = percent.denominator == 1
                number = str(percent.numerator) if exact else f"{float(percent):.2f}".rstrip("0").rstrip(".")
                return self.say("language.percent", number=number)
            case tuple():
                return self.listed(self.value(part) for part in value)
            case _:
                return printable(str(value))

    def amount(self, number: Fraction, unit: str) -> str:
        """An amount with its unit; a unit that the language has no word for stays as the policy writes it."""
        text = number_text(number)
        if not self.has(f"unit.{unit}"):
            return self.say("language.amount", number=text, unit=printable(unit)).strip()
        whole = int(number) if number.denominator == 1 else 2
        return self.say(f"unit.{unit}", count=whole, number=text)

    def bullet(self, depth: int, number: int) -> str:
        """What stands before an entry of a list."""
        bullets = self._own("bullets")
        return fill(bullets[min(depth, len(bullets) - 1)], {"number": number})


def _nested(line: str) -> str:
    """Inner marks within outer ones; a line whose marks do not pair is left as it is."""
    if line.count("“") != line.count("”"):
        return line
    depth, found = 0, []
    for sign in line:
        if sign == "“":
            depth += 1
        found.append("‘’"["“”".index(sign)] if sign in "“”" and depth % 2 == 0 and depth > 0 else sign)
        if sign == "”":
            depth -= 1
    return "".join(found)


def _two(template: str, first: str, second: str) -> str:
    before, between, after = template.split("{}")
    return f"{before}{first}{between}{second}{after}"


@cache
def catalogue(code: str) -> Catalogue:
    """The texts of a language.

    Raises:
        PolicyError: there are no texts in it (PF734).
    """
    if code not in LANGUAGES:
        problem = Problem(
            code="PF734", what=f"there are no texts in the language '{code}'",
            why="each language is a file of texts, and phaseflow has these only",
            fix=did_you_mean(code, LANGUAGES),
        )  # fmt: skip
        raise PolicyError([problem])
    text = (files("phaseflow.prose") / f"{code}.toml").read_text(encoding="utf-8")
    return Catalogue(code, tomllib.loads(text))
