"""Laws of the guard language, over random conditions, facts and texts."""

from __future__ import annotations

import time
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from phaseflow.core.conditions import (
    UNKNOWN,
    All,
    Any,
    Arith,
    AtLeast,
    Compare,
    ConditionError,
    Const,
    FactType,
    Not,
    Read,
    Schema,
    check,
    compile_condition,
    explain,
    parse_condition,
    reads,
    render,
)
from phaseflow.errors import Span

SCHEMA = Schema(
    facts={
        "approved": FactType(result="bool"),
        "summary.filed": FactType(result="bool"),
        "open_items": FactType(result="count", arguments={"kind": ("now", "limited"), "older": "number"}),
        "hours": FactType(result="number"),
        "poll.trust": FactType(result="share", arguments={"edge": "text"}),
        "outcome": FactType(result="text"),
    },
    parameters={"pass_mark": "share", "study_hours": "number"},
)
AT = Span("policy.yaml", 10, 5)

_ints = st.integers(-(10**6), 10**6)
_fractions = st.fractions(-20, 20, max_denominator=10**4)
_texts = st.text(max_size=6)
_shares = st.fractions(0, 1, max_denominator=500).map(Const)
_plain = st.one_of(_ints.map(Const), _fractions.map(lambda value: Const(value, share=False)))

_share_reads = st.one_of(
    st.just(Read("pass_mark", parameter=True)),
    st.just(Read("poll.trust")),
    _texts.map(lambda edge: Read("poll.trust", (("edge", Const(edge)),))),
)
_number_reads = st.one_of(
    st.just(Read("hours")),
    st.just(Read("study_hours", parameter=True)),
    st.just(Read("open_items")),
    st.tuples(st.sampled_from(["now", "limited"]), _ints).map(
        lambda pair: Read("open_items", (("older", Const(pair[1])), ("kind", Const(pair[0]))))
    ),
)
_numbers = st.recursive(
    st.one_of(_plain, _number_reads),
    lambda inner: st.builds(Arith, st.sampled_from("+-*/"), inner, inner),
    max_leaves=4,
)
_any_op = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
_equal_op = st.sampled_from(["==", "!="])
_in_op = st.sampled_from(["in", "not_in"])
_leaves = st.one_of(
    st.just(Read("approved")),
    st.just(Read("summary.filed")),
    st.booleans().map(Const),
    st.builds(Compare, _numbers, _any_op, _numbers),
    st.builds(Compare, st.one_of(_shares, _share_reads), _any_op, st.one_of(_shares, _share_reads)),
    st.builds(Compare, st.just(Read("outcome")), _equal_op, _texts.map(Const)),
    st.builds(
        Compare, st.just(Read("outcome")), _in_op, st.lists(_texts, min_size=1, max_size=3).map(tuple).map(Const)
    ),
    st.builds(Compare, _number_reads, _in_op, st.lists(_ints, min_size=1, max_size=3).map(tuple).map(Const)),
)
_if_none = st.sampled_from(["", "met", "unmet"])


def _grow(inner: st.SearchStrategy) -> st.SearchStrategy:
    parts = st.lists(inner, max_size=3)
    counted = parts.flatmap(
        lambda few: st.builds(AtLeast, st.integers(1, max(1, len(few))), st.just(few), if_none=_if_none)
    )
    return st.one_of(
        st.builds(Not, inner),
        st.builds(All, parts, if_none=_if_none),
        st.builds(Any, parts, if_none=_if_none),
        counted,
    )


conditions = st.recursive(_leaves, _grow, max_leaves=10)
_worlds = st.fixed_dictionaries(
    {
        "bool": st.sampled_from([True, False, None, UNKNOWN]),
        "number": st.one_of(st.none(), _ints, _fractions, st.just(Decimal("2.5")), st.just(0.5)),
        "count": st.one_of(st.none(), st.integers(0, 5)),
        "share": st.one_of(st.none(), st.fractions(0, 1, max_denominator=20), st.sampled_from([0, 1, "odd", True])),
        "text": st.one_of(st.none(), _texts),
    }
)


def _reader(world: dict[str, object]):
    return lambda fact: world[SCHEMA.kind_of(fact)]


def _reference_value(node, read):
    """A plain interpreter with None for unknown, written apart from the code under test."""
    if isinstance(node, Const):
        return node.value
    if isinstance(node, Read):
        value = read(node)
        if isinstance(value, Decimal):
            return Fraction(str(value))
        return None if value is UNKNOWN or isinstance(value, float) else value
    left, right = _reference_value(node.left, read), _reference_value(node.right, read)
    if any(isinstance(side, bool | str) or side is None for side in (left, right)):
        return None
    if node.op == "/":
        return None if right == 0 else Fraction(left) / Fraction(right)
    return {"+": left + right, "-": left - right, "*": left * right}[node.op]


def _reference_equal(left, right):
    if left is None or right is None:
        return None
    kinds = {"bool" if isinstance(v, bool) else "text" if isinstance(v, str) else "number" for v in (left, right)}
    return left == right if len(kinds) == 1 else None


def _reference_any(truths):
    truths = list(truths)
    return True if True in truths else None if None in truths else False


def _flip(truth):
    return None if truth is None else not truth


def _reference(node, read):
    match node:
        case Read() | Const():
            value = _reference_value(node, read)
            return value if isinstance(value, bool) else None
        case Not():
            return _flip(_reference(node.part, read))
        case Compare():
            left, right = _reference_value(node.left, read), _reference_value(node.right, read)
            if node.op in ("in", "not_in"):
                found = _reference_any(_reference_equal(left, one) for one in right)
                return found if node.op == "in" else _flip(found)
            equal = _reference_equal(left, right)
            if equal is None or node.op in ("==", "!="):
                return equal if node.op != "!=" else _flip(equal)
            if isinstance(left, bool | str):
                return None
            return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[node.op]
    if not node.parts:
        return {"": None, "met": True, "unmet": False}[node.if_none]
    truths = [_reference(part, read) for part in node.parts]
    if isinstance(node, All):
        return _flip(_reference_any(map(_flip, truths)))
    if isinstance(node, Any):
        return _reference_any(truths)
    if truths.count(True) >= node.count:
        return True
    return False if truths.count(True) + truths.count(None) < node.count else None


@settings(max_examples=400)
@given(conditions, _worlds)
def test_compiled_and_explained_agree_with_a_plain_interpreter(node, world):
    """compile_condition, explain and a reference interpreter give one truth for every condition and every world."""
    read = _reader(world)
    expected = _reference(node, read)
    expected = UNKNOWN if expected is None else expected
    assert compile_condition(node)(read) is expected
    assert explain(node, read).value is expected


@settings(max_examples=400)
@given(conditions)
def test_render_and_parse_round_trip(node):
    """The canonical text of a well-typed condition parses back to an equal condition, and renders the same again."""
    text = render(node)
    again = parse_condition(text, AT, SCHEMA)
    assert again == node
    assert hash(again) == hash(node)
    assert render(again) == text


@given(conditions)
def test_check_accepts_what_fits(node):
    """A condition made from declared facts of fitting kinds has no problems."""
    assert check(node, SCHEMA) == []


@given(conditions, _worlds)
def test_a_verdict_lists_something_exactly_when_it_is_not_met(node, world):
    """Law 7: whatever is not met, unknown included, says what is missing; what is met lists nothing."""
    verdict = explain(node, _reader(world))
    assert bool(verdict.requirements) is (verdict.value is not True)
    assert all(r.met is not True or r.group for r in verdict.requirements)
    assert all(r.label for r in verdict.requirements)


_distinct = st.integers(1, 8).flatmap(
    lambda size: st.recursive(
        st.just("leaf"),
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.sampled_from(["all", "any", "some"]), st.lists(inner, min_size=1, max_size=3)),
        ),
        max_leaves=size,
    )
)


def _plant(shape, names):
    if shape == "leaf":
        return Read(f"fact{next(names)}")
    word, below = shape
    if word == "not":
        return Not(_plant(below, names))
    parts = [_plant(part, names) for part in below]
    match word:
        case "all":
            return All(parts)
        case "any":
            return Any(parts)
        case _:
            return AtLeast((len(parts) + 1) // 2, parts)


@given(_distinct, st.lists(st.sampled_from([True, False, None]), min_size=100, max_size=100))
def test_meeting_all_that_is_listed_meets_the_condition(shape, values):
    """Law 7: the list is complete. Who mends every requirement listed has met the condition; nothing new turns up."""
    node = _plant(shape, iter(range(100)))
    world = {f"fact{index}": value for index, value in enumerate(values)}
    for requirement in explain(node, lambda fact: world[fact.name]).requirements:
        if requirement.fact is not None:
            world[requirement.fact.name] = requirement.required
    assert compile_condition(node)(lambda fact: world[fact.name]) is True


@given(
    _distinct,
    st.lists(st.sampled_from([True, False, None]), min_size=100, max_size=100),
    st.integers(0, 99),
    st.booleans(),
)
def test_knowing_more_never_overturns_what_is_certain(shape, values, index, learned):
    """Kleene: a condition that is met or unmet stays so, whatever a missing fact turns out to be."""
    node = _plant(shape, iter(range(100)))
    ready = compile_condition(node)
    before = ready(lambda fact: values[int(fact.name[4:])])
    known = [learned if at == index and value is None else value for at, value in enumerate(values)]
    after = ready(lambda fact: known[int(fact.name[4:])])
    assert before is UNKNOWN or after is before


@given(conditions, _worlds)
def test_nothing_is_read_that_reads_does_not_name(node, world):
    """reads() names every fact that evaluating or explaining may ask for."""
    asked = set()

    def read(fact):
        asked.add(fact)
        return world[SCHEMA.kind_of(fact)]

    compile_condition(node)(read)
    explain(node, read)
    assert asked <= reads(node)


_WORDS = r"""
    approved open_items poll.trust and or not in == != < <= > >= = + - * / ( ) [ ] , . 'now' " 5 85 0.5 1e9 share ratio
    all any at_least if_none kind lambda : := { } ** << f'' # \ % $ ; 中 ＞ True None _x __class__ if else for await
"""
_words = st.sampled_from([*_WORDS.split(), "\n"])


@settings(max_examples=600)
@given(
    st.one_of(
        st.text(max_size=80), st.lists(_words, max_size=40).map(" ".join), st.lists(_words, max_size=40).map("".join)
    )
)
def test_any_text_is_parsed_or_refused_and_nothing_else(text):
    """parse_condition raises ConditionError and nothing else, soon, with every place inside the text."""
    began = time.perf_counter()
    node, problems = None, ()
    try:
        node = parse_condition(text, AT, SCHEMA)
    except ConditionError as error:
        problems = error.problems
    assert time.perf_counter() - began < 2
    assert (node is None) is bool(problems)
    assert all(problem.code.startswith("PF15") and problem.what for problem in problems)
    assert all(AT.col <= problem.span.col <= AT.col + len(text) for problem in problems)
    assert node is None or parse_condition(render(node), AT, SCHEMA) == node
