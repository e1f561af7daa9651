"""What a condition can come to: regions of facts, cut at the bounds that the policy itself names.

A number matters only by the side of each bound on which it lies, so every fact has finitely many *regions*: one value
stands for all values of a region. The room is shared by the rules about gates and by `explore`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise, product
from typing import assert_never

from phaseflow.core import conditions as c
from phaseflow.core.conditions import UNKNOWN, Read
from phaseflow.core.conditions.evaluate import (
    all_of,
    any_of,
    at_least,
    compare,
    compile_condition,
    negate,
    over_nothing,
)
from phaseflow.core.conditions.nodes import Scalar, Truth, Unknown
from phaseflow.core.plan.model import Plan

Value = Scalar | Unknown
Values = Callable[[Read], tuple[Value, ...]]
"""Every value that may stand for a region of a fact."""

MOST = 4096
"""Combinations of regions that are gone through one by one; beyond it parts are taken as independent."""

SHARES = frozenset({"done_share", "units_share", "poll_share"})
TRUTHS = frozenset({"passed", "closed", "reached", "own_done", "host"})


def kind_of(fact: Read) -> str:
    """``share``, ``truth`` or ``count``: what values a fact has."""
    return "share" if fact.name in SHARES else "truth" if fact.name in TRUTHS else "count"


def bounds_of(conditions: Iterable[c.Condition], plan: Plan) -> Mapping[Read, frozenset[Fraction]]:
    """For each fact the numbers it is held against; a parameter stands for all of its values.

    A fact inside a reckoning is held against something else than a number, and is given every bound there is.
    """
    found: dict[Read, set[Fraction]] = {}
    for condition in conditions:
        for fact, thresholds in c.thresholds(condition).items():
            numbers = found.setdefault(fact, set())
            for threshold in thresholds:
                numbers.update(_numbers(threshold.bound, plan))
    return {fact: frozenset(numbers) for fact, numbers in found.items()}


def _numbers(bound: c.Const | Read, plan: Plan) -> Iterator[Fraction]:
    if isinstance(bound, Read):
        parameter = plan.parameters.get(bound.name)
        yield from (value for _day, value in parameter.values) if parameter else ()
        return
    for value in bound.elements:
        if isinstance(value, int | Fraction) and not isinstance(value, bool):
            yield Fraction(value)


def regions(fact: Read, bounds: Iterable[Fraction]) -> tuple[Value, ...]:
    """One value for each region of a fact, and UNKNOWN."""
    match kind_of(fact):
        case "truth":
            return (True, False, UNKNOWN)
        case "share":
            cuts = sorted({Fraction(0), Fraction(1), *(bound for bound in bounds if 0 <= bound <= 1)})
            between = [simplest(low, high) for low, high in pairwise(cuts)]
            return (*sorted({*cuts, *between}), UNKNOWN)
        case _:
            cuts = sorted({Fraction(0), *(bound for bound in bounds if bound >= 0)})
            near = {int(cut) for cut in cuts} | {int(cut) + 1 for cut in cuts} | {max(0, int(cut) - 1) for cut in cuts}
            return (*sorted(near), UNKNOWN)


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction strictly between two others with the least denominator: the fewest people who can vote so."""
    below = 2
    while True:
        above = int(low * below) + 1
        if Fraction(above, below) < high:
            return Fraction(above, below)
        below += 1


def exact(condition: c.Condition) -> bool:
    """Whether every fact stands alone against a bound, so that its regions are all there is to know of it."""
    return not any(isinstance(node, c.Arith) for node in c.walk(condition)) and not any(
        isinstance(node, c.Compare) and _is_fact(node.left) and _is_fact(node.right) for node in c.walk(condition)
    )


def _is_fact(node: c.Node) -> bool:
    return isinstance(node, Read) and not node.parameter


def possible(condition: c.Condition, values: Values, plan: Plan) -> frozenset[Truth]:
    """Every truth that a condition may have while each fact has one of its values: at least those, maybe more.

    Where there are few combinations they are gone through; else the parts of a condition are taken as independent of
    one another, which can only add truths.
    """
    match condition:
        case c.Compare(left=Read(parameter=False) as fact, op=op, right=c.Const(value=bound)):
            return frozenset(compare(value, op, bound) for value in values(fact))
        case c.All() | c.Any() | c.AtLeast() if _apart(condition.parts) or not exact(condition):
            return _independent(condition, values, plan)
        case _ if not exact(condition):
            return _independent(condition, values, plan)
        case _:
            pass
    facts = tuple(fact for fact in c.reads(condition) if not fact.parameter)
    dated = tuple(fact for fact in c.reads(condition) if fact.parameter)
    choices = [values(fact) for fact in facts] + [_values_of(fact, plan) for fact in dated]
    size = 1
    for choice in choices:
        size *= len(choice)
        if size > MOST:
            return _independent(condition, values, plan)
    test, found = compile_condition(condition), set()
    for combination in product(*choices):
        worth = dict(zip((*facts, *dated), combination, strict=True))
        found.add(test(worth.__getitem__))
        if len(found) == 3:
            break
    return frozenset(found)


def _apart(parts: Iterable[c.Condition]) -> bool:
    """Whether no two parts read the same thing: then they are independent, and nothing is lost by taking them so."""
    seen: set[Read] = set()
    for part in parts:
        mine = c.reads(part)
        if not seen.isdisjoint(mine):
            return False
        seen |= mine
    return True


def _values_of(fact: Read, plan: Plan) -> tuple[Value, ...]:
    parameter = plan.parameters.get(fact.name)
    if parameter is None:
        return (UNKNOWN,)
    known: list[Value] = []
    for since, value in parameter.values:
        if since is not None and not known:
            known.append(UNKNOWN)
        known.append(int(value) if parameter.kind == "number" and value.denominator == 1 else value)
    return tuple(known)


def _independent(condition: c.Condition, values: Values, plan: Plan) -> frozenset[Truth]:
    """The truths of a condition from those of its parts."""
    match condition:
        case c.All() | c.Any() | c.AtLeast():
            return _together(condition, [possible(part, values, plan) for part in condition.parts])
        case c.Not():
            return frozenset(negate(truth) for truth in possible(condition.part, values, plan))
        case c.Compare() | c.Read() | c.Const():
            return frozenset({True, False, UNKNOWN})  # a reckoning: its facts have no regions of their own
        case _:
            assert_never(condition)


def _together(node: c.All | c.Any | c.AtLeast, parts: list[frozenset[Truth]]) -> frozenset[Truth]:
    if not parts:
        return frozenset({over_nothing(node.if_none)})
    match node:
        case c.All():
            join: Callable[[Iterable[Truth]], Truth] = all_of
        case c.Any():
            join = any_of
        case c.AtLeast(count=count):
            return _counted(count, parts)
        case _:
            assert_never(node)
    found: frozenset[Truth] = parts[0]
    for part in parts[1:]:
        found = frozenset(join(pair) for pair in product(found, part))
    return found


def _counted(count: int, parts: list[frozenset[Truth]]) -> frozenset[Truth]:
    """Truths of ``at_least``, by how many parts can be met and how many can be open."""
    seen = {(0, 0)}
    for part in parts:
        step = [(int(truth is True), int(truth is UNKNOWN)) for truth in part]
        seen = {(met + more, open_ + unknown) for met, open_ in seen for more, unknown in step}
    return frozenset(
        at_least(count, [True] * met + [UNKNOWN] * open_ + [False] * (len(parts) - met - open_)) for met, open_ in seen
    )
