"""The cheapest way to meet a condition: the smallest set of its comparisons that must still come out otherwise.

A way is found by search, cheapest first, over sets of *turns*: comparisons that are to be met (or, under a ``not``, to
be unmet). What must be met in any case is taken at once; of a choice, each alternative is tried. After every turn the
condition is judged again as if the facts had changed, so that a turn which breaks something else, or which meets two
comparisons of one fact, is reckoned with. The first set under which the condition holds is therefore a cheapest one.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import TypeAlias, assert_never

import attrs

from phaseflow.core.conditions.evaluate import (
    Reader,
    all_of,
    any_of,
    at_least,
    compare,
    is_number,
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

MOST = 4000
"""Sets that are tried before the search stops at a way that works and may not be the cheapest, a count."""

Leaf: TypeAlias = Compare | Read | Const


@attrs.frozen
class Turn:
    """A comparison that is to come out as *want*."""

    leaf: Leaf
    want: bool


@attrs.frozen(kw_only=True)
class Way:
    """A set of turns that meets a condition.

    *values* says for every fact what it would have to be (at the nearest), *reckoned* are comparisons of a reckoning
    over facts, none of which has a single value to take. *cost* is the sum of the prices, and *cheapest* is False only
    where the search was cut short.
    """

    turns: tuple[Turn, ...]
    values: Mapping[Read, Scalar]
    reckoned: tuple[Leaf, ...] = ()
    cost: int
    cheapest: bool = True


Price: TypeAlias = Callable[[Read, Scalar], int | None]
"""What it costs to bring a fact to a value: a whole number from 0, or None where it cannot be done."""


def one_each(_fact: Read, _value: Scalar) -> int:
    """Every fact can be changed, and each change costs the same."""
    return 1


def cheapest_way(node: Condition, read: Reader, price: Price = one_each) -> Way | None:
    """The cheapest way to meet *node*; None where there is none. Nothing is to be turned where it is met already.

    Example:
        >>> one, two = Compare(Read("one"), "==", Const(0)), Compare(Read("two"), "==", Const(0))
        >>> [turn.leaf.left.name for turn in cheapest_way(Any((All((one, two)), two)), lambda fact: 1).turns]
        ['two']
    """
    search = _Search(node, read, price)
    return search.run()


@attrs.frozen
class _World:
    """The facts as they would be after some turns; *forced* are leaves whose facts have no single value to take."""

    turns: frozenset[Turn]
    values: Mapping[Read, Scalar]
    forced: Mapping[Leaf, bool]
    cost: int


class _Search:
    def __init__(self, node: Condition, read: Reader, price: Price) -> None:
        self.node, self.price = node, price
        self._read, self._seen = read, dict[Read, Scalar | Unknown]()
        self._order = {leaf: index for index, leaf in reversed(list(enumerate(_leaves(node))))}

    def now(self, fact: Read) -> Scalar | Unknown:
        if fact not in self._seen:
            found: Scalar | Decimal | Unknown | None = self._read(fact)
            self._seen[fact] = plain(found)
        return self._seen[fact]

    def run(self) -> Way | None:
        order = count()
        front = [(0, next(order), _World(frozenset(), {}, {}, 0))]
        known: set[frozenset[Turn]] = {frozenset()}
        tried = 0
        while front:
            _rank, _order, world = heapq.heappop(front)
            tried += 1
            if self.truth(self.node, world) is True:
                return self._way(world, cheapest=tried <= MOST)
            for more in self.branches(self.node, True, world):
                turns = world.turns | more
                if turns in known:
                    continue
                known.add(turns)
                following = self.world(turns)
                if following is not None:  # once too much was tried, the nearest set is followed to its end
                    rank = following.cost if tried <= MOST else -len(turns)
                    heapq.heappush(front, (rank, next(order), following))
        return None

    def _way(self, world: _World, cheapest: bool) -> Way:
        return Way(
            turns=self._ordered(world.turns),
            values=dict(world.values),
            reckoned=tuple(world.forced),
            cost=world.cost,
            cheapest=cheapest,
        )

    def _ordered(self, turns: frozenset[Turn]) -> tuple[Turn, ...]:
        """In the order of writing, so that the same question has the same answer on any machine."""
        return tuple(sorted(turns, key=lambda turn: (self._order[turn.leaf], turn.want)))

    # --- what would be ------------------------------------------------------------------------------------------------

    def world(self, turns: frozenset[Turn]) -> _World | None:
        """The nearest facts under which all turns hold; None where they contradict, or one of them cannot be had."""
        about: dict[Read, list[tuple[Turn, Compare, Constant]]] = {}
        forced: dict[Leaf, bool] = {}
        cost = 0
        for turn in self._ordered(turns):
            found = self._simple(turn.leaf)
            if found is None:
                if forced.setdefault(turn.leaf, turn.want) is not turn.want:
                    return None
                prices = [self.price(fact, UNSEEN) for fact in _facts(turn.leaf)]
                paid = [one for one in prices if one is not None]
                if not paid:
                    return None
                cost += min(paid)
            else:
                about.setdefault(found[0], []).append((turn, found[1], found[2]))
        values: dict[Read, Scalar] = {}
        for fact, wanted in about.items():
            choice = self._nearest(fact, wanted)
            if choice is None:
                return None
            values[fact], paid_for = choice
            cost += paid_for
        return _World(turns, values, forced, cost)

    def _nearest(self, fact: Read, wanted: list[tuple[Turn, Compare, Constant]]) -> tuple[Scalar, int] | None:
        now = self.now(fact)
        found: list[tuple[int, float, str, Scalar]] = []
        for value in {repr(one): one for _, test, bound in wanted for one in _near(test, bound, now)}.values():
            if all(compare(value, test.op, bound) is turn.want for turn, test, bound in wanted):
                cost = self.price(fact, value)
                if cost is not None:
                    found.append((cost, _distance(now, value), repr(value), value))
        best = min(found, default=None, key=lambda one: one[:3])
        return None if best is None else (best[3], best[0])

    def _simple(self, leaf: Leaf) -> tuple[Read, Compare, Constant] | None:
        """A leaf as one fact compared with something that does not change; None for a reckoning over facts."""
        match leaf:
            case Read():
                return leaf, Compare(leaf, "==", Const(True)), True
            case Compare(left=Read() as fact) if not fact.parameter:
                bound = self._fixed(leaf.right)
                return None if bound is None else (fact, leaf, bound)
            case Compare(right=Read() as fact) if not fact.parameter and leaf.op in _TURNED:
                bound = self._fixed(leaf.left)
                return None if bound is None else (fact, Compare(fact, _TURNED[leaf.op], leaf.left), bound)
            case _:
                return None

    def _fixed(self, value: Value) -> Constant | None:
        if any(not fact.parameter for fact in _facts(value)):
            return None
        found = self.worth(value, _World(frozenset(), {}, {}, 0))
        return None if found is UNKNOWN else found

    # --- judging ------------------------------------------------------------------------------------------------------

    def truth(self, node: Condition, world: _World) -> Truth:
        match node:
            case All() | Any() | AtLeast() if not node.parts:
                return over_nothing(node.if_none)
            case All():
                return all_of([self.truth(part, world) for part in node.parts])
            case Any():
                return any_of([self.truth(part, world) for part in node.parts])
            case AtLeast():
                return at_least(node.count, [self.truth(part, world) for part in node.parts])
            case Not():
                return negate(self.truth(node.part, world))
            case Compare() if node not in world.forced:
                return compare(self.worth(node.left, world), node.op, self.worth(node.right, world))
            case Read() | Const() if node not in world.forced:
                value = self.worth(node, world)
                return value if isinstance(value, bool) else UNKNOWN
            case Compare() | Read() | Const():
                return world.forced[node]
            case _:
                assert_never(node)

    def worth(self, node: Value, world: _World) -> Constant | Unknown:
        match node:
            case Const():
                return node.value
            case Read():
                return world.values.get(node, self.now(node))
            case Arith():
                return reckon(node.op, self.worth(node.left, world), self.worth(node.right, world))
            case _:
                assert_never(node)

    # --- where to go --------------------------------------------------------------------------------------------------

    def branches(self, node: Condition, want: bool, world: _World) -> Iterator[frozenset[Turn]]:
        """Sets of turns, one of which every way from here must make; none where a part can never come out so."""
        must = frozenset(self.musts(node, want, world))
        if must:
            yield must
            return
        match node:
            case Not():
                yield from self.branches(node.part, not want, world)
            case All() | Any() | AtLeast():
                left = [part for part in node.parts if self.truth(part, world) is not want]
                if left and _needed(node, want) == len(node.parts):
                    yield from self.branches(left[0], want, world)
                else:
                    for part in left:
                        yield from self.branches(part, want, world)
            case Compare() | Read() | Const():
                return
            case _:
                assert_never(node)

    def musts(self, node: Condition, want: bool, world: _World) -> Iterator[Turn]:
        """What must turn in any case for a node to come to *want*."""
        if self.truth(node, world) is want:
            return
        match node:
            case Not():
                yield from self.musts(node.part, not want, world)
            case All() | Any() | AtLeast():
                if node.parts and _needed(node, want) == len(node.parts):
                    for part in node.parts:
                        yield from self.musts(part, want, world)
            case Compare() | Read():
                if (turn := Turn(node, want)) not in world.turns:
                    yield turn
            case Const():
                return
            case _:
                assert_never(node)


UNSEEN: Scalar = ""
"""The value that stands for a change of a fact in a reckoning, where no single value can be named."""

_TURNED: Mapping[str, CompareOp] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _needed(node: All | Any | AtLeast, want: bool) -> int:
    match node:
        case All():
            return len(node.parts) if want else 1
        case Any():
            return 1 if want else len(node.parts)
        case AtLeast():
            return node.count if want else len(node.parts) - node.count + 1
        case _:
            assert_never(node)


def _facts(node: Value | Leaf) -> Iterator[Read]:
    match node:
        case Read():
            yield node
        case Arith() | Compare():
            yield from _facts(node.left)
            yield from _facts(node.right)
        case Const():
            return
        case _:
            assert_never(node)


def _leaves(node: Condition) -> Iterator[Leaf]:
    match node:
        case All() | Any() | AtLeast():
            for part in node.parts:
                yield from _leaves(part)
        case Not():
            yield from _leaves(node.part)
        case Compare() | Read() | Const():
            yield node
        case _:
            assert_never(node)


def _near(test: Compare, bound: Constant, now: Scalar | Unknown) -> Iterator[Scalar]:
    """Values at which a comparison with a bound can change."""
    for part in bound if isinstance(bound, tuple) else (bound,):
        if isinstance(part, bool):
            yield from (part, not part)
        elif isinstance(part, str):
            yield from (part, f"not {part}")
        else:
            step = Fraction(1, 10**6) if isinstance(part, Fraction) or isinstance(now, Fraction) else 1
            yield from (part, part + step, part - step)


def _distance(now: Scalar | Unknown, value: Scalar) -> float:
    return abs(float(value) - float(now)) if is_number(now) and is_number(value) else 0.0
