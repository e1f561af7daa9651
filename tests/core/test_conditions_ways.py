"""The smallest set of changes that meets a condition, against trying them all."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phaseflow.core.conditions import (
    UNKNOWN,
    All,
    Any,
    Arith,
    AtLeast,
    Compare,
    Condition,
    Const,
    FactType,
    Not,
    Read,
    Reader,
    Schema,
    Way,
    cheapest_way,
    compile_condition,
    parse_condition,
)
from phaseflow.core.conditions import ways as room
from phaseflow.errors import Span

Facts: TypeAlias = Mapping[str, object]

FLAGS, COUNTS = ("agreed", "held"), ("items", "units")
VALUES: Mapping[str, tuple[object, ...]] = {
    **dict.fromkeys(FLAGS, (False, True)),
    **dict.fromkeys(COUNTS, tuple(range(-1, 5))),
}

leaves = st.one_of(
    st.sampled_from([Read(name) for name in FLAGS]),
    st.builds(
        Compare,
        st.sampled_from([Read(name) for name in COUNTS]),
        st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
        st.integers(0, 3).map(Const),
    ),
    st.builds(
        Compare,
        st.integers(0, 3).map(Const),
        st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
        st.sampled_from([Read(name) for name in COUNTS]),
    ),
    st.booleans().map(Const),
)


def _some_of(need: int, parts: list[Condition]) -> Condition:
    return AtLeast(min(need, len(parts)), parts)


def _grow(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=3)
    nothing = st.sampled_from([All(()), Any(()), All((), if_none="met")])
    some = st.builds(_some_of, st.integers(1, 3), st.lists(inner, min_size=2, max_size=4))
    return st.one_of(st.builds(Any, several), st.builds(All, several), some, st.builds(Not, inner), nothing)


conditions = st.recursive(leaves, _grow, max_leaves=9)
facts = st.fixed_dictionaries({name: st.sampled_from([UNKNOWN, *values]) for name, values in VALUES.items()})
prices = st.fixed_dictionaries(dict.fromkeys(VALUES, st.sampled_from([1, 2, 5, 9, None])))


def brute_force(node: Condition, now: Facts, price: Mapping[str, int | None]) -> int | None:
    """The least sum of prices of facts that must change for *node* to hold; None where no change of facts does."""
    judge = compile_condition(node)
    found = []
    for values in product(*([(now[name]), *VALUES[name]] for name in VALUES)):
        after = dict(zip(VALUES, values, strict=True))
        changed = [price[name] for name in VALUES if repr(after[name]) != repr(now[name])]
        if None not in changed and judge(_reader(after)) is True:
            found.append(sum(one or 0 for one in changed))
    return min(found, default=None)


def _reader(now: Facts) -> Reader:
    return lambda fact: now[fact.name]  # type: ignore[return-value]


def way_of(node: Condition, now: Facts, price: Mapping[str, int | None]) -> Way | None:
    return cheapest_way(node, _reader(now), lambda fact, _value: price[fact.name])


@settings(max_examples=200)
@given(conditions, facts, prices)
def test_no_smaller_set_of_acts_meets_a_condition(node: Condition, now: Facts, price: Mapping[str, int | None]) -> None:
    """A way costs exactly what the cheapest of all changes of facts costs, and there is one whenever there is any."""
    way = way_of(node, now, price)
    least = brute_force(node, now, price)
    assert (way.cost if way is not None else None) == least


@given(conditions, facts, prices)
def test_going_the_way_meets_the_condition(node: Condition, now: Facts, price: Mapping[str, int | None]) -> None:
    """With the facts as a way wants them, the condition holds; each turn comes out as it says."""
    way = way_of(node, now, price)
    if way is not None:
        after = _reader({**now, **{fact.name: value for fact, value in way.values.items()}})
        assert compile_condition(node)(after) is True
        assert all(compile_condition(turn.leaf)(after) is turn.want for turn in way.turns)


SCHEMA = Schema(
    facts={name: FactType(result="bool") for name in "abcd"} | {"x": FactType(result="count")}, parameters={}
)


def _read(text: str) -> Condition:
    return parse_condition(text, Span("policy.yaml", 1, 1), SCHEMA)


def _way(text: str, **now: object) -> list[str]:
    found = cheapest_way(_read(text), _reader(dict.fromkeys("abcd", False) | now))
    assert found is not None
    return sorted(fact.name for fact in found.values)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a and b", ["a", "b"]),
        ("a or (b and c)", ["a"]),
        ("(a and b) or (b and c and d)", ["a", "b"]),
        ("(a or b) and (b or c)", ["b"]),  # one act that serves two choices beats two that serve one each
        ("(a or (b and c)) and not a", ["b", "c"]),  # what would break another part is no way
        ("x <= 3 and x <= 1", ["x"]),  # one fact, to the stricter bound
    ],
)
def test_the_way_is_chosen_over_the_whole_condition(text: str, wanted: list[str]) -> None:
    """Choices are not settled one by one: what serves several of them is cheaper, what breaks another is no way."""
    assert _way(text, x=9) == wanted


def test_a_reckoning_over_facts_is_one_turn() -> None:
    """Where no single fact has a value to take, the comparison as a whole is what must come out otherwise."""
    node = Any((Compare(Arith("+", Read("a"), Read("b")), "==", Const(0)), All((Read("c"), Read("d")))))
    found = cheapest_way(node, lambda fact: 1 if fact.name in "ab" else False)
    assert found is not None
    assert [turn.leaf for turn in found.turns] == [node.parts[0]]


def test_a_huge_condition_is_answered_with_a_way_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the search is cut short, the answer meets the condition and says that it may not be the cheapest."""
    monkeypatch.setattr(room, "MOST", 30)
    names = [f"f{number}" for number in range(14)]
    node = All(tuple(AtLeast(3, tuple(map(Read, names[at : at + 6]))) for at in range(0, 9, 2)))
    way = cheapest_way(node, lambda _fact: False)
    assert way is not None
    assert not way.cheapest
    assert compile_condition(node)(lambda fact: way.values.get(fact, False)) is True


def test_where_there_is_no_way() -> None:
    """A condition that no change of its facts can meet has no way."""
    assert cheapest_way(_read("a and not a"), lambda _fact: False) is None
    assert cheapest_way(Any(()), lambda _fact: False) is None
