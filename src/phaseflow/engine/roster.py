"""Rosters: who takes part, from an iterable, a CSV or a YAML text. Names and addresses are taken out at once (R16)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from phaseflow.core.calendars import zone_names
from phaseflow.errors import PolicyError, Problem, Span, did_you_mean
from phaseflow.messages.commands import SYSTEM, Person
from phaseflow.spec.tree import Mapping as Map
from phaseflow.spec.tree import Scalar, Sequence, parse
from phaseflow.stores import codec
from phaseflow.stores.base import PersonalValue

Roster = Iterable[Person | Mapping[str, Any]]
"""Persons, or mappings with ``id``, ``roles`` (a list, or a text with ``;``), ``groups``, and personal fields."""

KEYS = ("id", "roles", "groups")
PERSONAL = ("name", "email", "phone", "zone")
"""Fields that are kept apart and can be erased."""


def read_roster(roster: Roster, salt: Callable[[], str]) -> tuple[tuple[Person, ...], tuple[PersonalValue, ...]]:
    """Persons with commitments, and the personal values behind them.

    Raises:
        PolicyError: with every line that is wrong.
    """
    persons: list[Person] = []
    values: list[PersonalValue] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(_lines(roster), start=1):
        found = _problems({"id": line.id} if isinstance(line, Person) else line, number, seen)
        problems += found
        if found:
            continue
        if isinstance(line, Person):
            persons.append(line)
            continue
        person, kept = _person(line, salt)
        persons.append(person)
        values += kept
    if problems:
        raise PolicyError(problems)
    return tuple(persons), tuple(values)


def _lines(roster: object) -> Iterable[Any]:
    if isinstance(roster, (str, bytes, Mapping)) or not isinstance(roster, Iterable):
        raise PolicyError(
            [
                _fault(
                    0,
                    "PF387",
                    "this is no roster",
                    "a roster is a list of persons",
                    "give [{'id': 'li.na', 'roles': ['member']}]",
                )
            ]
        )
    return roster


def _fault(line: int, code: str, what: str, why: str, fix: str) -> Problem:
    return Problem(code=code, what=what, span=Span(file="roster", line=line, col=1), why=why, fix=fix)


def _person(line: Mapping[str, Any], salt: Callable[[], str]) -> tuple[Person, list[PersonalValue]]:
    id_ = str(line["id"]).strip()
    values = [
        PersonalValue(ref=f"person/{id_}/{field}", owner=id_, salt=salt(), value=str(line[field]))
        for field in PERSONAL
        if line.get(field)
    ]
    commitments = {value.ref.rsplit("/", 1)[1]: codec.commit(value.salt, value.value) for value in values}
    person = Person(id=id_, roles=_list(line.get("roles")), groups=_list(line.get("groups")), personal=commitments)
    return person, values


def _list(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.replace(",", ";").split(";") if part.strip())
    return tuple(str(part) for part in value)


def _problems(line: object, number: int, seen: dict[str, int]) -> list[Problem]:
    """What is wrong with one line; *seen* remembers ids by their line."""
    if not isinstance(line, Mapping):
        return [
            _fault(
                number,
                "PF387",
                f"{line!r} is no person",
                "a person has an id and roles",
                "give {'id': 'li.na', 'roles': ['member']}",
            )
        ]
    found = [
        _fault(number, "PF385", f"a roster has no column '{key}'", "a person has an id, roles, groups, personal fields",
               f"use one of: {', '.join((*KEYS, *PERSONAL))}")
        for key in line
        if key not in KEYS and key not in PERSONAL
    ]  # fmt: skip
    zone = line.get("zone")
    if zone and zone not in zone_names():
        found.append(_fault(number, "PF731", f"'{zone}' in line {number} of the roster is no time zone",
                            "quiet hours are those of the clock that a person lives by",
                            did_you_mean(str(zone), zone_names()) or "write an IANA name: Asia/Shanghai"))  # fmt: skip
    for key in ("roles", "groups"):
        value = line.get(key)
        if not (
            value is None or isinstance(value, str) or (isinstance(value, Iterable) and not isinstance(value, Mapping))
        ):
            found.append(
                _fault(number, "PF385", f"the {key} {value!r} are no list", f"{key} are names", "give ['member']")
            )
    id_ = line.get("id")
    if not isinstance(id_, str) or not id_.strip() or not id_.isprintable() or "/" in id_ or id_.strip() == SYSTEM:
        found.append(_fault(number, "PF386", f"line {number} of the roster has no usable id",
                            "people are told apart by ids, which are plain texts without '/', and 'system' is nobody",
                            "give every person a short id, such as li.na"))  # fmt: skip
    elif id_.strip() in seen:
        found.append(_fault(number, "PF386", f"'{id_}' stands in lines {seen[id_.strip()]} and {number} of the roster",
                            "an id is one person, whose roles stand in one line", "merge the two lines"))  # fmt: skip
    if isinstance(id_, str):
        seen.setdefault(id_.strip(), number)
    return found


def from_csv(text: str) -> list[dict[str, str]]:
    """The lines of a CSV roster with a heading: ``id,roles,groups,name,email``; several roles stand with ``;``."""
    return [{key: value for key, value in row.items() if key and value} for row in csv.DictReader(io.StringIO(text))]


def from_yaml(text: str, file: str = "roster.yaml") -> list[dict[str, Any]]:
    """The persons of a YAML roster: a list of mappings.

    Raises:
        PolicyError: It is no such list.
    """
    tree = parse(text, file)
    items = tree.items if isinstance(tree, Sequence) else ()
    rows = [{entry.key.text: _plain(entry.value) for entry in item.entries} for item in items if isinstance(item, Map)]
    if not rows:
        raise PolicyError(
            [
                Problem(
                    code="PF387",
                    what="this is no roster",
                    span=tree.span,
                    why="a roster is a list of persons",
                    fix="write `- {id: li.na, roles: [member]}`",
                )
            ]
        )
    return rows


def _plain(node: Any) -> Any:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return ""
