"""Why a condition is not met: every requirement that stands in the way, with what was measured (law 7).

The truth comes from the same rules as in `evaluate`; each fact is read once. Words for people are not made here beyond
a label: the printer knows units and languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, TypeAlias, assert_never

import attrs

from phaseflow.core.conditions.analyse import MIRRORED, walk
from phaseflow.core.conditions.evaluate import (
    Reader,
    all_of,
    any_of,
    at_least,
    compare,
    negate,
    over_nothing,
    plain,
    reckon,
)
from phaseflow.core.conditions.nodes import (
    UNKNOWN,
    All,
    Any,
    Arith,
    AtLeast,
    Compare,
    CompareOp,
    Condition,
    Const,
    Constant,
    Not,
    Read,
    Scalar,
    Truth,
    Unknown,
    Value,
)
from phaseflow.core.conditions.render import render
from phaseflow.errors import NOWHERE, Span

_INVERSE: Mapping[CompareOp, CompareOp] = MappingProxyType(
    {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not_in", "not_in": "in"}
)


@attrs.frozen(kw_only=True)
class Choice:
    """One alternative of several: *need* of the *of* alternatives of this choice must be met.

    Requirements that share *choice* and *alternative* belong to the same alternative and must be met together.

    Args:
        choice: The place of the choice in the condition, as child numbers from the top, ``"0.2"``; ``""`` is the top.
        alternative: From 0, in the order of writing.
        label: The author's words for the choice, or empty.
    """

    choice: str
    alternative: int
    need: int
    of: int
    label: str = ""


@attrs.frozen(kw_only=True)
class Requirement:
    """One thing that the condition asks, and how it stands.

    Args:
        label: The author's words, or the canonical text of what is required.
        met: None where it is unknown. True only for the met alternatives of a choice that needs more.
        measured: What the fact gave; None where it is missing.
        required: What it is compared with by *op*; None where that is missing. A share is a Fraction from 0 to 1.
        op: Empty where there is nothing to compare: a choice over nothing, or a met alternative made of several parts.
        fact: The (first) fact on the measured side; None for a count of met alternatives and for a constant.
        group: The choices it belongs to, from the outermost in; empty for what must be met in any case.
    """

    label: str
    span: Span = NOWHERE
    clause: str = ""
    met: bool | None
    measured: Scalar | None = None
    required: Constant | None = None
    op: CompareOp | Literal[""] = ""
    fact: Read | None = None
    group: tuple[Choice, ...] = ()


@attrs.frozen(kw_only=True)
class Verdict:
    """The answer to a condition, and every requirement that is unmet or unknown; none are listed for True."""

    value: Truth
    requirements: tuple[Requirement, ...]


def explain(node: Condition, read: Reader) -> Verdict:
    """Judge a condition and list everything that is in the way of its being met.

    Example:
        >>> verdict = explain(Compare(Read("items"), "==", Const(0)), lambda fact: 3)
        >>> [(r.label, r.measured, r.op, r.required) for r in verdict.requirements]
        [('items == 0', 3, '==', 0)]
    """
    seen: dict[Read, Scalar | Decimal | Unknown | None] = {}

    def once(fact: Read) -> Scalar | Decimal | Unknown | None:
        if fact not in seen:
            seen[fact] = read(fact)
        return seen[fact]

    judged = _judge(node, once)
    return Verdict(value=judged.truth, requirements=tuple(_missing(judged, True, _Place())))


@attrs.frozen
class _Judged:
    """A node with its truth; a comparison also keeps the two values it came to."""

    node: Condition
    truth: Truth
    parts: tuple[_Judged, ...] = ()
    left: Constant | Unknown = UNKNOWN
    right: Constant | Unknown = UNKNOWN


def _judge(node: Condition, read: Reader) -> _Judged:
    match node:
        case All() | Any() | AtLeast():
            parts = tuple(_judge(part, read) for part in node.parts)
            return _Judged(node, _of(node, tuple(part.truth for part in parts)), parts)
        case Not():
            part = _judge(node.part, read)
            return _Judged(node, negate(part.truth), (part,))
        case Compare():
            left, right = _worth(node.left, read), _worth(node.right, read)
            return _Judged(node, compare(left, node.op, right), (), left, right)
        case Read() | Const():
            value = _worth(node, read)
            truth = value if isinstance(value, bool) else UNKNOWN
            return _Judged(node, truth, (), value, True)
        case _:
            assert_never(node)


def _of(node: All | Any | AtLeast, truths: tuple[Truth, ...]) -> Truth:
    if not truths:
        return over_nothing(node.if_none)
    match node:
        case All():
            return all_of(truths)
        case Any():
            return any_of(truths)
        case AtLeast():
            return at_least(node.count, truths)
        case _:
            assert_never(node)


def _worth(node: Value, read: Reader) -> Constant | Unknown:
    match node:
        case Const():
            return node.value
        case Read():
            return plain(read(node))
        case Arith():
            return reckon(node.op, _worth(node.left, read), _worth(node.right, read))
        case _:
            assert_never(node)


@attrs.frozen(kw_only=True)
class _Place:
    """What a requirement takes from the nodes around it.

    *label* is the words of a ``not`` right above, *heading* those of a labelled ``all`` further up.
    """

    path: tuple[int, ...] = ()
    label: str = ""
    heading: str = ""
    clause: str = ""
    group: tuple[Choice, ...] = ()

    def below(self, index: int) -> _Place:
        return attrs.evolve(self, path=(*self.path, index))


_Group: TypeAlias = All | Any | AtLeast


def _missing(judged: _Judged, want: bool, place: _Place) -> Iterator[Requirement]:
    """Everything that keeps a node from coming to *want*; under a ``not``, that is False."""
    node = judged.node
    if judged.truth is want:
        return
    place = attrs.evolve(place, clause=node.clause or place.clause)
    match node:
        case Not():
            yield from _missing(
                judged.parts[0], not want, attrs.evolve(place.below(0), label=node.label or place.label)
            )
        case All() | Any() | AtLeast() if not node.parts:
            yield _alone(node, judged.truth, want, place)
        case All() | Any() | AtLeast():
            yield from _missing_parts(node, judged, want, place)
        case Compare() | Read() | Const():
            yield _leaf(node, judged, want, place)
        case _:
            assert_never(node)


def _missing_parts(node: _Group, judged: _Judged, want: bool, place: _Place) -> Iterator[Requirement]:
    label, size = node.label or place.label, len(node.parts)
    need = _needed(node, want)
    if need == size and not isinstance(node, AtLeast):
        heading = label or place.heading
        for index, part in enumerate(judged.parts):
            yield from _missing(part, want, attrs.evolve(place.below(index), label="", heading=heading))
        return
    if isinstance(node, AtLeast):
        yield _count(node, judged, want, place)
    for index, part in enumerate(judged.parts):
        choice = Choice(choice=".".join(map(str, place.path)), alternative=index, need=need, of=size, label=label)
        inside = attrs.evolve(place.below(index), label="", heading="", group=(*place.group, choice))
        if part.truth is want:
            yield _alone(part.node, part.truth, want, inside)
        else:
            yield from _missing(part, want, inside)


def _needed(node: _Group, want: bool) -> int:
    """How many parts must come to *want*; to break ``at least 2 of 3``, two must fail (De Morgan, counted)."""
    match node:
        case All():
            return len(node.parts) if want else 1
        case Any():
            return 1 if want else len(node.parts)
        case AtLeast():
            return node.count if want else len(node.parts) - node.count + 1
        case _:
            assert_never(node)


def _met(truth: Truth, want: bool) -> bool | None:
    return None if truth is UNKNOWN else truth is want


def _words(node: Condition, want: bool, place: _Place) -> str:
    if place.label:
        return place.label
    text = node.label or render(node)
    if not want:
        text = f"not {text}" if node.label or not isinstance(node, All | Any) else f"not ({text})"
    return f"{place.heading}: {text}" if place.heading and not node.label else text


def _alone(node: Condition, truth: Truth, want: bool, place: _Place) -> Requirement:
    """A node that is listed as one, without its parts."""
    clause = node.clause or place.clause
    label = _words(node, want, place)
    return Requirement(label=label, span=node.span, clause=clause, met=_met(truth, want), group=place.group)


def _count(node: AtLeast, judged: _Judged, want: bool, place: _Place) -> Requirement:
    met = sum(part.truth is True for part in judged.parts)
    requirement = _alone(node, judged.truth, want, place)
    return attrs.evolve(requirement, measured=met, required=node.count, op=">=" if want else "<")


def _leaf(node: Compare | Read | Const, judged: _Judged, want: bool, place: _Place) -> Requirement:
    shown, left, right = _measured_left(node, judged)
    op = shown.op if want else _INVERSE[shown.op]
    if isinstance(node, Compare):
        words = node if node.label else attrs.evolve(shown, op=op)
        label = _words(words, want or not node.label, place)
        required = None if right is UNKNOWN else right
    else:
        label, op, required = _words(node, want, place), "==", want
    return Requirement(
        label=label,
        span=node.span,
        clause=place.clause,
        met=_met(judged.truth, want),
        measured=None if left is UNKNOWN or isinstance(left, tuple) else left,
        required=required,
        op=op,
        fact=next((part for part in walk(shown.left) if isinstance(part, Read)), None),
        group=place.group,
    )


def _measured_left(
    node: Compare | Read | Const, judged: _Judged
) -> tuple[Compare, Constant | Unknown, Constant | Unknown]:
    """A leaf as a comparison with what was measured on the left: ``3 <= items`` is shown as ``items >= 3``."""
    if not isinstance(node, Compare):
        return Compare(node, "==", Const(True)), judged.left, judged.right
    if node.op in MIRRORED and _is_bound(node.left) and not _is_bound(node.right):
        mirrored = attrs.evolve(node, left=node.right, op=MIRRORED[node.op], right=node.left)
        return mirrored, judged.right, judged.left
    return node, judged.left, judged.right


def _is_bound(node: Value) -> bool:
    return not any(isinstance(part, Read) and not part.parameter for part in walk(node))
