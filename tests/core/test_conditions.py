"""What conditions come to: truth tables, exact shares, and what is unknown."""

from __future__ import annotations

import copy
import enum
import pickle
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest

from phaseflow.core.conditions import (
    UNKNOWN,
    All,
    Any,
    Arith,
    AtLeast,
    Compare,
    Const,
    FactType,
    Not,
    Read,
    Schema,
    Threshold,
    check,
    compile_condition,
    explain,
    is_speakable,
    reads,
    render,
    thresholds,
)
from phaseflow.errors import Span

TRUTHS = (True, False, UNKNOWN)
A, B = Read("a"), Read("b")


def value_of(node, **facts):
    """The truth of a condition; both ways of finding it must agree."""
    read = lambda fact: facts.get(fact.name)  # noqa: E731
    truth = compile_condition(node)(read)
    assert explain(node, read).value is truth
    return truth


def test_and_is_kleenes():
    """All: unmet wins, then unknown, then met."""
    for a, b in product(TRUTHS, TRUTHS):
        expected = False if False in (a, b) else UNKNOWN if UNKNOWN in (a, b) else True
        assert value_of(All([A, B]), a=a, b=b) is expected


def test_or_is_kleenes():
    """Any: met wins, then unknown, then unmet."""
    for a, b in product(TRUTHS, TRUTHS):
        expected = True if True in (a, b) else UNKNOWN if UNKNOWN in (a, b) else False
        assert value_of(Any([A, B]), a=a, b=b) is expected


def test_not_keeps_unknown():
    """Not: unknown stays unknown."""
    assert [value_of(Not(A), a=truth) for truth in TRUTHS] == [False, True, UNKNOWN]


def test_at_least_is_certain_as_soon_as_it_can_be():
    """AtLeast 2 of 3: met with two met; unmet when the unknown ones cannot help any more; else unknown."""
    node = AtLeast(2, [A, B, Read("c")])
    assert value_of(node, a=True, b=UNKNOWN, c=True) is True
    assert value_of(node, a=True, b=False, c=False) is False
    assert value_of(node, a=False, b=False, c=UNKNOWN) is False
    assert value_of(node, a=True, b=False, c=UNKNOWN) is UNKNOWN


@pytest.mark.parametrize("make", [All, Any, lambda parts, **more: AtLeast(1, parts, **more)])
def test_r23_over_nothing_is_unknown_unless_the_author_says(make):
    """R23: all, any and at_least over an empty set are unknown unless if_none says met or unmet."""
    assert value_of(make([])) is UNKNOWN
    assert value_of(make([], if_none="met")) is True
    assert value_of(make([], if_none="unmet")) is False
    assert value_of(make([A], if_none="met"), a=False) is False


def test_unknown_cannot_pass_for_false():
    """UNKNOWN has no truth value of its own, and there is only one of it."""
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(UNKNOWN)
    assert pickle.loads(pickle.dumps(UNKNOWN)) is UNKNOWN
    assert copy.deepcopy(UNKNOWN) is UNKNOWN


@pytest.mark.parametrize(
    ("measured", "op", "required", "expected"),
    [
        (Fraction(1, 10) + Fraction(2, 10), "==", Fraction(3, 10), True),
        (Fraction(2, 3), ">=", Fraction(666_666_666_666, 10**12), True),
        (Fraction(2, 3), ">=", Fraction(666_666_666_667, 10**12), False),
        (Fraction(849_999_999_999_999_999, 10**18), ">=", Fraction(85, 100), False),
        (Fraction(17, 20), ">=", Fraction(85, 100), True),
        (Decimal("0.85"), ">=", Fraction(85, 100), True),
        (Decimal("0.1") + Decimal("0.2"), "==", Fraction(3, 10), True),
        (1, "==", Fraction(1), True),
        (1, ">=", Fraction(85, 100), True),
        (Decimal("1E+400"), ">", 3, True),
        (Decimal("1E+401"), ">", 3, UNKNOWN),
        (0.85, ">=", Fraction(85, 100), UNKNOWN),
    ],
)
def test_r23_shares_compare_as_exact_fractions(measured, op, required, expected):
    """R23: a share is exact to the last voter; a float, which is not, counts as missing."""
    assert value_of(Compare(A, op, Const(required)), a=measured) is expected
    assert value_of(Compare(A, op, B), a=measured, b=required) is expected


class _Loud(str):
    def __eq__(self, other):
        raise RuntimeError("a fact must not run code of its own")

    __hash__ = str.__hash__


class _Level(enum.IntEnum):
    HIGH = 3


ODD = [None, UNKNOWN, True, False, "text", "", 0.5, float("nan"), object(), (), (1,), [1], b"x", type, 10**5000]
ODD += [_Loud("text"), _Level.HIGH, *map(Decimal, ["NaN", "sNaN", "Infinity", "1E+999999"])]


@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">=", "in", "not_in"])
@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_nothing_escapes_from_evaluation(op, value):
    """Whatever a reader gives, the answer is met, unmet or unknown; no exception, and no time lost on huge numbers."""
    bounds = [Const((1, 2)), Const(("text",))] if op.endswith("in") else [Const(3), Const("text"), Const(True), B]
    for bound in bounds:
        for left in (A, Arith("+", A, Const(1)), Arith("/", Const(1), A)):
            assert value_of(Compare(left, op, bound), a=value, b=value) in TRUTHS


def test_values_of_different_kinds_do_not_compare():
    """A yes is not 1, and '1' is not 1: such a comparison is unknown, in lists as well."""
    assert value_of(Compare(A, "==", Const(1)), a=True) is UNKNOWN
    assert value_of(Compare(A, "!=", Const(1)), a="1") is UNKNOWN
    assert value_of(Compare(A, "in", Const((1, 2))), a=True) is UNKNOWN
    assert value_of(Compare(A, "<", Const("b")), a="a") is UNKNOWN
    assert value_of(A, a=1) is UNKNOWN
    assert value_of(Compare(A, "==", Const(3)), a=_Level.HIGH) is True
    assert value_of(Compare(A, "not_in", Const((1, 2))), a=3) is True


def test_reckoning_is_exact_and_total():
    """Division gives fractions, division by zero and missing facts give unknown, and nothing is rounded."""
    share = Compare(Arith("/", A, B), ">=", Const(Fraction(2, 3)))
    assert value_of(share, a=2, b=3) is True
    assert value_of(share, a=0, b=0) is UNKNOWN
    assert value_of(share, a=2) is UNKNOWN
    assert value_of(Compare(Arith("*", A, B), "==", Const(6)), a=True, b=6) is UNKNOWN
    assert value_of(Compare(Arith("-", Arith("-", A, Const(1)), Const(1)), "==", B), a=5, b=3) is True


def test_a_crash_in_the_reader_is_the_callers():
    """Only read may raise, and what it raises reaches the caller unchanged."""

    def crash(fact):
        raise LookupError("gate crashed")

    with pytest.raises(LookupError):
        compile_condition(A)(crash)
    with pytest.raises(LookupError):
        explain(A, crash)


def test_reading_stops_when_the_answer_is_certain():
    """A compiled condition asks for no fact it does not need."""
    asked = []

    def read(fact):
        asked.append(fact.name)
        return fact.name == "b"

    assert compile_condition(All([A, B]))(read) is False
    assert compile_condition(Any([B, A]))(read) is True
    assert asked == ["a", "b"]


def test_equal_means_the_same_meaning():
    """Place, label and clause do not count; the order of arguments does not count; 1, True and 100 % differ."""
    span = Span("p.yaml", 3, 4)
    assert All([A], span=span, label="ready", clause="4.2") == All([A])
    assert Read("x", [("b", Const(1)), ("a", Const(2))]) == Read("x", [("a", Const(2)), ("b", Const(1))])
    assert len({Const(1), Const(True), Const(Fraction(1)), Const("1"), Const((1,)), Const((True,))}) == 6
    assert Const(Fraction(4, 2), share=False) == Const(2)
    assert Read("x", parameter=True) == Read("x")


@pytest.mark.parametrize(
    ("value", "error"), [(0.5, TypeError), (None, TypeError), ((), ValueError), (Fraction(3, 2), ValueError)]
)
def test_a_constant_that_cannot_be_meant_is_refused(value, error):
    """Floats, nothing, empty lists and shares above 100 % are no constants."""
    with pytest.raises(error):
        Const(value)


def test_reads_and_thresholds_name_what_is_asked():
    """The analyser sees each fact with the bounds it is held against, its own side first, parameters as bounds."""
    mark = Read("pass_mark", parameter=True)
    trust, items, total = Read("poll.trust"), Read("items"), Read("total")
    node = All(
        [
            Not(Compare(trust, "<", Const(Fraction(4, 5)))),
            Compare(mark, "<=", trust),
            Compare(Arith("/", items, total), ">", Const(Fraction(1, 2))),
            Compare(items, "in", Const((1, 2))),
            Compare(items, "<=", total),
            A,
        ]
    )
    assert reads(node) == {mark, trust, items, total, A}
    half = Threshold(op=">", bound=Const(Fraction(1, 2)), exact=False)
    assert thresholds(node) == {
        trust: (Threshold(op="<", bound=Const(Fraction(4, 5))), Threshold(op=">=", bound=mark)),
        items: (half, Threshold(op="in", bound=Const((1, 2)))),
        total: (half,),
        A: (Threshold(op="==", bound=Const(True)),),
    }


def test_a_structured_condition_is_checked_like_a_written_one():
    """check() finds all faults of nodes built by hand, each with the span and clause of its node."""
    schema = Schema(facts={"items": FactType(result="count", arguments={"kind": ("now",)}, required={"kind"})})
    at = Span("p.yaml", 7, 3)
    node = AtLeast(3, [Compare(Read("itms"), "==", Const(0)), Read("items", span=at, clause="4.2")])
    problems = check(node, schema)
    assert [problem.code for problem in problems] == ["PF159", "PF153", "PF154", "PF157"]
    assert (problems[2].span, problems[2].clause) == (at, "4.2")
    assert problems[1].fix == "did you mean 'items'?"


def test_names_must_be_speakable():
    """A schema refuses names no expression can say, and one name for two things."""
    assert is_speakable("poll.satisfaction")
    for name in ("", "Poll", "poll.", "poll.class", "share", "true", "_x", "a b", "投票"):
        assert not is_speakable(name)
        with pytest.raises(ValueError, match="no condition can say"):
            Schema(parameters={name: "share"})
    with pytest.raises(ValueError, match="both"):
        Schema(facts={"x": FactType(result="bool")}, parameters={"x": "bool"})


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Any([All([A, B]), Not(Any([A, B]))]), "a and b or not (a or b)"),
        (All([All([A, B]), A]), "(a and b) and a"),
        (All([]), "all()"),
        (Any([A], if_none="unmet"), "any(a, if_none='unmet')"),
        (AtLeast(2, [A, B, Not(A)]), "at_least(2, a, b, not a)"),
        (Compare(Arith("-", A, Arith("-", B, Const(-1))), "not_in", Const((1, 2))), "a - (b - -1) not in [1, 2]"),
        (Compare(Arith("*", Arith("+", A, B), Const(Fraction(5, 2), share=False)), "<", B), "(a + b) * 2.5 < b"),
        (Compare(A, ">=", Const(Fraction(1, 3))), "a >= share(1, 3)"),
        (Compare(A, ">=", Const(Fraction(333, 1000))), "a >= share(33.3)"),
        (Compare(A, ">=", Const(Fraction(1, 1000))), "a >= share(1, 1000)"),
        (Compare(A, ">=", Const(Fraction(1, 3), share=False)), "a >= ratio(1, 3)"),
        (Compare(A, "==", Const("it's")), 'a == "it\'s"'),
    ],
)
def test_the_canonical_text_has_the_brackets_it_needs(node, text):
    """render writes what a person would write, with no bracket too many or too few."""
    assert render(node) == text
