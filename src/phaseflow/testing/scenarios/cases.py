"""Parameterised scenarios: ``cases:`` and the ``$names`` they fill in, worked out on the tree before it is structured.

A scalar that is nothing but ``$name`` becomes the value of the case, whatever its form; inside a longer text the value
is put in as text. Places stay those of the scenario's own file.

Codes: PF607 cases that are no list of tables, or a ``$name`` that a case does not give, or gives in vain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import attrs

from phaseflow.errors import Problem, Span, did_you_mean
from phaseflow.spec import tree as t

_NAME = re.compile(r"\$([a-z][a-z0-9_]*)")

Values = Mapping[str, t.Node]


@attrs.frozen
class Filled:
    """A scenario's body with one case filled in; *label* names the case, empty where there are none."""

    label: str
    body: t.Node
    span: Span


def expand(body: t.Node, problems: list[Problem]) -> Iterator[Filled]:
    """One body for each case, or the body itself."""
    entry = body.get("cases") if isinstance(body, t.Mapping) else None
    if entry is None or not isinstance(body, t.Mapping):
        yield Filled("", body, body.span)
        return
    rest = t.Mapping(tuple(one for one in body.entries if one is not entry), body.span)
    cases = entry.value.items if isinstance(entry.value, t.Sequence) else ()
    if not cases or not all(isinstance(case, t.Mapping) for case in cases):
        problems.append(
            _fault(
                "the cases are no list of tables",
                entry.value.span,
                "each case gives a value to every $name of the story",
                "write cases: [{share: 85}, {share: 84}]",
            )
        )
        return
    for case in cases:
        assert isinstance(case, t.Mapping)
        values = {one.key.text: one.value for one in case.entries}
        used: set[str] = set()
        body = _fill(rest, values, used, problems)
        problems += [
            _fault(
                f"the case gives '{name}', and the scenario has no '${name}'",
                node.span,
                "a value that nothing reads tests nothing",
                did_you_mean(name, used),
            )
            for name, node in values.items()
            if name not in used
        ]
        yield Filled(", ".join(f"{name} {_text(node)}" for name, node in values.items()), body, case.span)


def _fault(what: str, span: Span, why: str, fix: str) -> Problem:
    return Problem(code="PF607", what=what, span=span, why=why, fix=fix)


def _text(node: t.Node) -> str:
    match node:
        case t.Scalar():
            return node.text
        case t.Sequence():
            return "+".join(_text(item) for item in node.items)
        case t.Mapping():
            return "+".join(f"{entry.key.text}={_text(entry.value)}" for entry in node.entries)


def _fill(node: t.Node, values: Values, used: set[str], problems: list[Problem]) -> t.Node:
    match node:
        case t.Scalar():
            return _fill_scalar(node, values, used, problems)
        case t.Sequence():
            return t.Sequence(tuple(_fill(item, values, used, problems) for item in node.items), node.span)
        case t.Mapping():
            return t.Mapping(tuple(_fill_entry(entry, values, used, problems) for entry in node.entries), node.span)


def _fill_entry(entry: t.Entry, values: Values, used: set[str], problems: list[Problem]) -> t.Entry:
    key = _fill_scalar(entry.key, values, used, problems)
    value = _fill(entry.value, values, used, problems)
    return t.Entry(key if isinstance(key, t.Scalar) else entry.key, value)


def _fill_scalar(node: t.Scalar, values: Values, used: set[str], problems: list[Problem]) -> t.Node:
    names = _NAME.findall(node.text)
    if not names:
        return node
    strange = [name for name in names if name not in values]
    problems += [
        _fault(
            f"the case does not give '${name}'",
            node.span,
            "every $name of a scenario with cases is filled by each case",
            did_you_mean(name, values) or f"add '{name}' to the case",
        )
        for name in strange
    ]
    if strange:
        return node
    used.update(names)
    whole = _NAME.fullmatch(node.text)
    if whole is not None:
        value = values[whole[1]]
        return attrs.evolve(value, span=node.span)
    text = _NAME.sub(lambda match: _text(values[match[1]]), node.text)
    return attrs.evolve(node, text=text)
