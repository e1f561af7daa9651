"""What an act is made of: words, options, and how they become the keywords of a method of `Run`.

The acts themselves stand in `phaseflow.engine.acts`. The command line makes its sub-verbs from this description, and
scenarios read their lines by it (`typed`), so that an act is written in one way everywhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs

from phaseflow.errors import PhaseflowError, did_you_mean

Given = dict[str, Any]


class Mistyped(PhaseflowError):
    """An act is not written as its row of the table says; *token* is what is wrong, where it can be told."""

    def __init__(self, what: str, token: Token | None = None, fix: str = "") -> None:
        self.what, self.token, self.fix = what, token, fix
        super().__init__(what)


@attrs.frozen
class Token:
    """A piece of a written act: *text* without its quotes, *at* its offset in characters, *length* with the quotes."""

    text: str
    at: int
    length: int


@attrs.frozen(kw_only=True)
class Word:
    """A positional word; one of *choices* where there are any."""

    name: str
    required: bool = True
    choices: tuple[str, ...] = ()
    number: bool = False


@attrs.frozen(kw_only=True)
class Option:
    """What may follow the words: ``--flag VALUE``, kept under *name*.

    With *pairs* the value is ``NAME=VALUE``; with *path* a file that exists; with *flag* there is no value.
    """

    flags: tuple[str, ...]
    name: str
    help: str = ""
    required: bool = False
    multiple: bool = False
    pairs: bool = False
    path: bool = False
    flag: bool = False
    default: str | None = None
    metavar: str | None = None


def _words(given: Iterable[str | Word]) -> tuple[Word, ...]:
    return tuple(
        word if isinstance(word, Word) else Word(name=word.rstrip("?"), required=not word.endswith("?"))
        for word in given
    )


@attrs.frozen(kw_only=True)
class Act:
    """One act: *words* are positional (a name ending in ``?`` may be left out), *options* come after them.

    *read* turns what was typed into the keywords of the method; *by_system* says that nobody need be named.
    """

    method: str
    help: str
    words: tuple[Word, ...] = attrs.field(default=(), converter=_words)
    options: tuple[Option, ...] = ()
    read: Callable[[Given], Given] = lambda given: given
    by_system: bool = False

    @property
    def titled(self) -> tuple[str, ...]:
        """The words that name what the act is about, for the headline of the answer."""
        return tuple(word.name for word in self.words)[:2]


def choice(name: str, *words: str) -> Word:
    """A positional word that is one of a few."""
    return Word(name=name, choices=words)


def number(name: str) -> Word:
    """A positional word that counts."""
    return Word(name=name, number=True)


def option(*names: str, **more: Any) -> Option:
    """An option: its flags, and the name it is kept under where that is another one."""
    flags = tuple(name for name in names if name.startswith("--"))
    kept = next((name for name in names if not name.startswith("--")), flags[0][2:].replace("-", "_"))
    return Option(flags=flags, name=kept, **more)


SUBJECT = option("--subject", default="", help="For whom; the actor (or the unit) if left out.")
EVIDENCE = option(
    "--evidence",
    multiple=True,
    metavar="KIND=REF",
    help="Evidence by reference, such as minutes=minutes.pdf; may be repeated.",
)
REASON = option("--reason", required=True, help="Why.")
WHY = option("--reason", default="", help="Why; needed where it is a no.")
UNTIL = option("--until", metavar="DATE", help="Last day.")
STEP = option("--step", default="", help="Which step, where more than one is possible.")
VERSION = option("--digest", default="", help="The SHA-256 of the version that was read.")
FIELDS = option(
    "--field",
    "fields",
    multiple=True,
    pairs=True,
    metavar="NAME=TEXT",
    help="A field of the item; may be repeated.",
)
AXES = option(
    "--axis",
    "axes",
    multiple=True,
    pairs=True,
    metavar="NAME=VALUE",
    help="Where the item stands on an axis; may be repeated.",
)
DUE = option("--due", metavar="DATE", help="Its own last day.")

JOINT = option(
    "--with-owner", "joint", multiple=True, metavar="PERSON", help="Who answers for it too; may be repeated."
)


def is_count(text: str) -> bool:
    """Whether a text is a whole number as people write one; ``²`` is a digit to Python, and no number."""
    return text.isascii() and text.isdigit() and len(text) <= 18


# --- readings ---------------------------------------------------------------------------------------------------------


def yes_where(word: str, name: str, good: str) -> Callable[[Given], Given]:
    """A choice of words becomes a yes or no: *name* is true where the word is *good*."""

    def read(given: Given) -> Given:
        found = dict(given)
        found[name] = found.pop(word) == good
        return found

    return read


def tables(*names: str) -> Callable[[Given], Given]:
    """Pairs become mappings."""
    return lambda given: {key: dict(value) if key in names else value for key, value in given.items()}


def attendance(given: Given) -> Given:
    found = dict(given)
    who = {
        person.strip(): state
        for state in ("present", "excused", "absent")
        for person in found.pop(state, "").split(",")
        if person.strip()
    }
    if not all(is_count(count) for _, count in found.get("counts", ())):
        raise Mistyped("--count takes ROLE=COUNT")
    numbers = {role: int(count) for role, count in found.pop("counts", ())}
    return {**found, **({"attendance": who} if who else {}), **({"counts": numbers} if numbers else {})}


def version(given: Given) -> Given:
    """A draft is known by the digest of its content, which is read here and nowhere kept."""
    found = tables("answers")(given)
    file = found.pop("file", None)
    if (file is None) == ("digest" not in found):
        raise Mistyped("name the version: --file PATH, or --digest SHA256")
    if file is not None:
        found["digest"] = hashlib.sha256(Path(file).read_bytes()).hexdigest()
        found.setdefault("ref", str(file))
    return found


def invited(given: Given) -> Given:
    invited: dict[str, dict[str, int]] = {}
    for place, count in given.pop("invited", ()):
        edge, sign, group = place.partition("/")
        if not sign or not is_count(count):
            raise Mistyped(f"'{place}={count}' is not EDGE/GROUP=COUNT")
        invited.setdefault(edge, {})[group] = int(count)
    return {**given, "invited": invited}


def counts(given: Given) -> Given:
    found = dict(given)
    if "consulted" in found:
        if not all(is_count(count) for _, count in found["consulted"]):
            raise Mistyped("--consulted takes GROUP=COUNT")
        found["consulted"] = {group: int(count) for group, count in found["consulted"]}
    return found


def split(given: Given) -> Given:
    """Which units go on, and what each of them takes along."""
    found = dict(given)
    into: dict[str, tuple[str, ...]] = dict.fromkeys(found.pop("into", ()), ())
    for unit, what in found.pop("carry", ()):
        into[unit] = (*into.get(unit, ()), what)
    return {**found, "into": into}


def person(given: Given) -> Given:
    return {
        "person": {
            "id": given["person"],
            "roles": given.get("role", ()),
            **{key: value for key, value in given.items() if key not in ("person", "role")},
        }
    }


def renamed(**names: str) -> Callable[[Given], Given]:
    """Rename options that may be repeated to the plural the method takes."""
    return lambda given: {names.get(key, key): value for key, value in given.items()}


# --- acts written in a line -------------------------------------------------------------------------------------------

AT = option("--at", help="When it happened; now if left out.")
ON_BEHALF_OF = option("--on-behalf-of", help="Whose authority is used.")
ENVELOPE = (AT, ON_BEHALF_OF)
"""Options that every act has in a line, beside its own."""

_TOKEN = re.compile(r"'([^']*)'|\"([^\"]*)\"|((?:[^\s'\"]|'[^']*'|\"[^\"]*\")+)")


def tokens_of(text: str) -> list[Token]:
    """Cut a line at its blanks; quotes hold words together."""
    found = []
    for match in _TOKEN.finditer(text):
        single, double, plain = match.groups()
        value = single if single is not None else double if double is not None else re.sub("['\"]", "", plain)
        found.append(Token(value, match.start(), match.end() - match.start()))
    return found


def typed(act: Act, name: str, tokens: Sequence[Token]) -> Given:
    """What was typed, by name, from the tokens behind the act's own name.

    The last word takes all that is left, so that an amount or a title needs no quotes.

    Raises:
        Mistyped: A word or an option is missing, strange or wrong.
    """
    given: Given = {}
    words: list[Token] = []
    rest = list(tokens)
    while rest:
        token = rest.pop(0)
        if not token.text.startswith("--"):
            words.append(token)
            continue
        flag, sign, value = token.text.partition("=")
        found = next((one for one in (*act.options, *ENVELOPE) if flag in one.flags), None)
        if found is None:
            known = [one.flags[0] for one in (*act.options, *ENVELOPE)]
            raise Mistyped(f"'{name}' has no option '{flag}'", token, did_you_mean(flag, known))
        _take(found, token, (value if sign else None), rest, given)
    _place(act, name, words, given)
    return given


def _take(found: Option, token: Token, value: str | None, rest: list[Token], given: Given) -> None:
    if found.flag:
        given[found.name] = True
        return
    if value is None:
        if not rest:
            wanted = found.metavar or "TEXT"
            raise Mistyped(f"'{token.text}' is given without a value", token, f"write {token.text} {wanted}")
        value = rest.pop(0).text
    if found.pairs:
        key, sign, what = value.partition("=")
        if not (key and sign and what):
            raise Mistyped(f"'{value}' is not NAME=VALUE", token, f"write {token.text} NAME=VALUE")
        given[found.name] = (*given.get(found.name, ()), (key, what))
    else:
        given[found.name] = (*given.get(found.name, ()), value) if found.multiple else value


def _place(act: Act, name: str, words: list[Token], given: Given) -> None:
    left = list(words)
    for index, word in enumerate(act.words):
        if not left:
            if word.required:
                wanted = " ".join(one.name.upper() for one in act.words)
                raise Mistyped(f"'{name}' lacks its {word.name}", None, f"write {name} {wanted}")
            continue
        token = left.pop(0)
        text = token.text
        if index == len(act.words) - 1 and not word.choices and not word.number:
            text = " ".join([text, *(one.text for one in left)])
            left = []
        if word.choices and text not in word.choices:
            raise Mistyped(f"'{text}' is no {word.name} of '{name}'", token, did_you_mean(text, word.choices))
        if word.number and not is_count(text):
            raise Mistyped(f"'{text}' is no number", token, f"the {word.name} is counted from 1")
        given[word.name] = int(text) if word.number else text
    if left:
        fix = "leave it out, or quote what belongs together"
        raise Mistyped(f"'{left[0].text}' is too much for '{name}'", left[0], fix)
