"""What a refusal says, in another language and with titles for names.

A refusal is worded in English where it is made. The patterns in ``en.toml`` are those wordings with named places; a
test holds them against the source. What stands in the places is put into the text of the same number in the language
asked for, so a refusal needs no second list of arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from phaseflow.errors import Problem, printable
from phaseflow.prose.catalogue import catalogue
from phaseflow.prose.names import Names

_PLACE = re.compile(r"\{(\w+)\}")
_NAMED = re.compile(r"'([^']*)'")


@cache
def patterns(code: str) -> tuple[re.Pattern[str], ...]:
    """The wordings of a refusal, each with its places."""
    return tuple(map(_compiled, catalogue("en").texts["refusals"].get(code, ())))


def _compiled(text: str) -> re.Pattern[str]:
    parts = _PLACE.split(text)
    return re.compile(
        "".join(f"(?P<{part}>.*?)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts)), re.DOTALL
    )


def refusal(problem: Problem, names: Names) -> str:
    """What is wrong, in words; one that has no pattern is told as it was made."""
    texts = names.texts.texts["refusals"].get(problem.code, ())
    for pattern, text in zip(patterns(problem.code), texts, strict=True):
        found = pattern.fullmatch(problem.what)
        if found is not None:
            given = found.groupdict()
            values = {place: _value(place, value or "", given, names) for place, value in given.items()}
            return _PLACE.sub(lambda place: values[place[1]], text)  # noqa: B023 - used at once
    return printable(problem.what)


def advice(problem: Problem, names: Names) -> str:
    """What to do about it; in English the refusal says that itself, and more exactly."""
    found = names.texts.texts.get("advice", {}).get(problem.code)
    return printable(problem.fix) if found is None else str(found)


def _value(place: str, value: str, given: Mapping[str, str | None], names: Names) -> str:
    """A value with what it is called: names by their titles, without marks, for the texts have their own."""
    kind = place.removeprefix("other_")
    naming: Mapping[str, Callable[[str], str]] = {
        "duty": names.duty, "poll": names.duty, "phase": names.phase, "role": names.role, "move": names.move,
        "ledger": names.ledger, "outcome": names.outcome, "name": names.anything, "group": names.role,
    }  # fmt: skip
    texts = names.texts
    if kind in naming:
        return texts.bare(naming[kind](value))
    match kind:
        case "status" | "kind" if texts.has(f"{kind}.{value}"):
            return texts.say(f"{kind}.{value}")
        case "kind":
            return texts.bare(names.body(value))
        case "step":
            paper = _NAMED.search(given.get("paper") or "")
            return names.step(str(given.get("duty") or (paper[1] if paper else "")), value)
        case "roles":
            roles = _NAMED.findall(value)
            return names.roles(roles) if roles else texts.say("answer.nobody_named")
        case "act":
            return _NAMED.sub(lambda name: texts.quoted(texts.bare(names.anything(name[1]))), printable(value))
        case "paper":
            return _paper(value, names)
        case _:
            return texts.word(value)


def _paper(value: str, names: Names) -> str:
    """``'report' of 'li'``: a document, and whose it is."""
    found = _NAMED.findall(value)
    title = names.duty(found[0]) if found else value
    return names.texts.say("language.of", text=title, name=printable(found[1])) if len(found) > 1 else title
