"""What a sub-verb of `do` is made of: words, options, and how they become the keywords of a method of `Run`.

The sub-verbs themselves stand in `phaseflow.cli.acts`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import click

from phaseflow.cli.runs import pairs

Given = dict[str, Any]


@attrs.frozen(kw_only=True)
class Act:
    """One sub-verb: *words* are positional (a name ending in ``?`` may be left out), *options* come after them.

    *read* turns what was typed into the keywords of the method; *by_system* says that nobody need be named.
    """

    method: str
    help: str
    words: tuple[str | click.Argument, ...] = ()
    options: tuple[Callable[[], click.Option], ...] = ()
    read: Callable[[Given], Given] = lambda given: given
    by_system: bool = False

    @property
    def titled(self) -> tuple[str, ...]:
        """The words that name what the act is about, for the headline of the answer."""
        return tuple(param.name for param in self.params() if isinstance(param, click.Argument) and param.name)[:2]

    def params(self) -> list[click.Parameter]:
        """Fresh parameters of the sub-verb."""
        return [
            *(word if isinstance(word, click.Argument) else _word(word) for word in self.words),
            *(make() for make in self.options),
        ]


def _word(name: str) -> click.Argument:
    return click.Argument([name.rstrip("?")], required=not name.endswith("?"))


def choice(name: str, *words: str) -> click.Argument:
    """A positional word that is one of a few."""
    return click.Argument([name], type=click.Choice(words))


def option(*names: str, **more: Any) -> Callable[[], click.Option]:
    """An option, made anew for each sub-verb that has it."""
    return lambda: click.Option(list(names), **more)


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
    callback=pairs,
    metavar="NAME=TEXT",
    help="A field of the item; may be repeated.",
)
AXES = option(
    "--axis",
    "axes",
    multiple=True,
    callback=pairs,
    metavar="NAME=VALUE",
    help="Where the item stands on an axis; may be repeated.",
)
DUE = option("--due", metavar="DATE", help="Its own last day.")


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
    if not all(count.isdigit() for _, count in found.get("counts", ())):
        raise click.UsageError("--count takes ROLE=COUNT")
    numbers = {role: int(count) for role, count in found.pop("counts", ())}
    return {**found, **({"attendance": who} if who else {}), **({"counts": numbers} if numbers else {})}


def version(given: Given) -> Given:
    """A draft is known by the digest of its content, which is read here and nowhere kept."""
    found = tables("answers")(given)
    file = found.pop("file", None)
    if (file is None) == ("digest" not in found):
        raise click.UsageError("name the version: --file PATH, or --digest SHA256")
    if file is not None:
        found["digest"] = hashlib.sha256(Path(file).read_bytes()).hexdigest()
        found.setdefault("ref", str(file))
    return found


def invited(given: Given) -> Given:
    invited: dict[str, dict[str, int]] = {}
    for place, count in given.pop("invited", ()):
        edge, sign, group = place.partition("/")
        if not sign or not count.isdigit():
            raise click.UsageError(f"'{place}={count}' is not EDGE/GROUP=COUNT")
        invited.setdefault(edge, {})[group] = int(count)
    return {**given, "invited": invited}


def counts(given: Given) -> Given:
    found = dict(given)
    if "consulted" in found:
        if not all(count.isdigit() for _, count in found["consulted"]):
            raise click.UsageError("--consulted takes GROUP=COUNT")
        found["consulted"] = {group: int(count) for group, count in found["consulted"]}
    return found


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
