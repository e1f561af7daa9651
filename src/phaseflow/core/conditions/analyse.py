"""What a condition looks at: the facts it reads, and the bounds it holds them against.

For lint, exploration and the static read sets of commands (R25). Nothing is evaluated here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, assert_never

import attrs

from phaseflow.core.conditions.nodes import (
    All,
    Any,
    Arith,
    AtLeast,
    Compare,
    CompareOp,
    Const,
    Node,
    Not,
    Read,
    Value,
)
from phaseflow.errors import NOWHERE, Span

MIRRORED: Final[Mapping[CompareOp, CompareOp]] = MappingProxyType(
    {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
)
"""The same comparison with its sides changed; ``in`` and ``not_in`` have no mirror."""


@attrs.frozen(kw_only=True)
class Threshold:
    """A bound that a fact is held against, with the fact on the left of *op*.

    *bound* is a constant or a parameter to be read. *exact* is False where the fact stands inside a reckoning, so that
    the bound is one of the whole expression and not of the fact alone.
    """

    op: CompareOp
    bound: Const | Read
    exact: bool = True
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node, from left to right."""
    match node:
        case All() | Any() | AtLeast():
            return node.parts
        case Not():
            return (node.part,)
        case Compare() | Arith():
            return (node.left, node.right)
        case Read() | Const():
            return ()
        case _:
            assert_never(node)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, top down and from left to right."""
    yield node
    for child in children(node):
        yield from walk(child)


def reads(node: Node) -> frozenset[Read]:
    """Every fact and parameter that a condition may read."""
    return frozenset(part for part in walk(node) if isinstance(part, Read))


def thresholds(node: Node) -> Mapping[Read, tuple[Threshold, ...]]:
    """For each fact, the bounds it is held against, in the order of writing; parameters stand as bounds, not as facts.

    A fact that stands alone as a condition is held against ``true``. Negation is not worked in: the bound is the same.
    """
    found: dict[Read, list[Threshold]] = {}
    for fact, threshold in _thresholds(node):
        found.setdefault(fact, []).append(threshold)
    return MappingProxyType({fact: tuple(dict.fromkeys(bounds)) for fact, bounds in found.items()})


def _thresholds(node: Node) -> Iterator[tuple[Read, Threshold]]:
    match node:
        case Compare():
            yield from _held_against(node.left, node.op, node.right, node.span)
            if node.op in MIRRORED:
                yield from _held_against(node.right, MIRRORED[node.op], node.left, node.span)
        case Read():
            yield node, Threshold(op="==", bound=Const(True), span=node.span)
        case _:
            for child in children(node):
                yield from _thresholds(child)


def _held_against(side: Value, op: CompareOp, bound: Value, span: Span) -> Iterator[tuple[Read, Threshold]]:
    if isinstance(bound, Const) or (isinstance(bound, Read) and bound.parameter):
        for fact in walk(side):
            if isinstance(fact, Read) and not fact.parameter:
                yield fact, Threshold(op=op, bound=bound, exact=fact is side, span=span)
