"""Rosters: who takes part, from an iterable, a CSV or a YAML text. Names and addresses are taken out at once (R16)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from phaseflow.errors import PolicyError, Problem, Span
from phaseflow.messages.commands import Person
from phaseflow.spec.tree import Mapping as Map
from phaseflow.spec.tree import Scalar, Sequence, parse
from phaseflow.stores import codec
from phaseflow.stores.base import PersonalValue

Roster = Iterable[Person | Mapping[str, Any]]
"""Persons, or mappings with ``id``, ``roles`` (a list, or a text with ``;``), ``groups``, and personal fields."""

KEYS = ("id", "roles", "groups")
PERSONAL = ("name", "email", "phone")
"""Fields that are kept apart and can be erased."""


def read_roster(roster: Roster, salt: Callable[[], str]) -> tuple[tuple[Person, ...], tuple[PersonalValue, ...]]:
    """Persons with commitments, and the personal values behind them.

    Raises:
        PolicyError: with every line that is wrong.
    """
    persons: list[Person] = []
    values: list[PersonalValue] = []
    problems: list[Problem] = []
    for number, line in enumerate(roster, start=1):
        if isinstance(line, Person):
            persons.append(line)
            continue
        found = _problems(line, number)
        problems += found
        if not found:
            person, kept = _person(line, salt)
            persons.append(person)
            values += kept
    if problems:
        raise PolicyError(problems)
    return tuple(persons), tuple(values)


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


def _problems(line: Mapping[str, Any], number: int) -> list[Problem]:
    where = Span(file="roster", line=number, col=1)
    found = [
        Problem(
            code="PF385",
            what=f"a roster has no column '{key}'",
            span=where,
            why="a person has an id, roles, groups, and personal fields",
            fix=f"use one of: {', '.join((*KEYS, *PERSONAL))}",
        )
        for key in line
        if key not in KEYS and key not in PERSONAL
    ]
    id_ = str(line.get("id") or "").strip()
    if not id_ or "/" in id_:
        found.append(
            Problem(
                code="PF386",
                what=f"line {number} of the roster has no usable id",
                span=where,
                why="people are told apart by ids, which hold no '/'",
                fix="give every person a short id, such as li.na",
            )
        )
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
