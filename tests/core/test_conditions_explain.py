"""Why a condition is not met: complete, in the author's words, with what was measured."""

from __future__ import annotations

from fractions import Fraction

import pytest

from phaseflow.core.conditions import (
    UNKNOWN,
    All,
    Any,
    Arith,
    AtLeast,
    Choice,
    Compare,
    Const,
    Not,
    Read,
    Requirement,
    explain,
)
from phaseflow.errors import Span

ITEMS, TRUST, MARK = Read("items"), Read("poll.trust"), Read("pass_mark", parameter=True)
A, B, C = (Read(name, label=f"{name} is done") for name in "abc")
AT = Span("p.yaml", 3, 4)


def why(node, **facts):
    return explain(node, lambda fact: facts.get(fact.name)).requirements


def short(requirements):
    return [(r.label, r.met, r.measured, r.op, r.required) for r in requirements]


def test_all_lists_every_part_that_is_not_met():
    """Law 7: unmet and unknown parts are all listed, met ones are not, nested ones as if they stood alone."""
    node = All([A, All([B, Compare(ITEMS, "==", Const(0))]), C])
    assert short(why(node, a=True, b=False, items=3)) == [
        ("b is done", False, False, "==", True),
        ("items == 0", False, 3, "==", 0),
        ("c is done", None, None, "==", True),
    ]
    assert explain(node, lambda fact: 0 if fact is ITEMS else True).requirements == ()


def test_a_requirement_carries_place_clause_and_fact():
    """A requirement points at the policy and at the clause, its own or that of the nearest condition around it."""
    node = All([Compare(TRUST, ">=", MARK, span=AT, label="the people are content"), A], clause="4.2")
    first, second = why(node, **{"poll.trust": Fraction(4, 5), "pass_mark": Fraction(17, 20)})
    assert first == Requirement(
        label="the people are content",
        span=AT,
        clause="4.2",
        met=False,
        measured=Fraction(4, 5),
        required=Fraction(17, 20),
        op=">=",
        fact=TRUST,
    )
    assert second.clause == "4.2"


def test_the_measured_side_comes_first():
    """A bound written on the left is shown on the right: it is the fact that was measured."""
    facts = {"poll.trust": Fraction(4, 5), "pass_mark": Fraction(17, 20), "items": 7}
    assert short(why(Compare(MARK, "<=", TRUST), **facts)) == [
        ("poll.trust >= pass_mark", False, Fraction(4, 5), ">=", Fraction(17, 20))
    ]
    assert short(why(Compare(Const(3), ">", ITEMS), **facts)) == [("items < 3", False, 7, "<", 3)]
    ratio = Compare(Arith("/", ITEMS, Read("total")), ">=", Const(Fraction(1, 2)))
    (requirement,) = why(ratio, items=1, total=3)
    assert (requirement.measured, requirement.required, requirement.fact) == (Fraction(1, 3), Fraction(1, 2), ITEMS)


def test_a_missing_fact_is_unknown_and_not_unmet():
    """What was not measured has no value and no verdict; a division by zero is the same."""
    assert short(why(Compare(ITEMS, "==", Const(0)))) == [("items == 0", None, None, "==", 0)]
    assert short(why(Compare(TRUST, ">=", MARK), pass_mark=Fraction(1, 2))) == [
        ("poll.trust >= pass_mark", None, None, ">=", Fraction(1, 2))
    ]
    assert short(why(Compare(Arith("/", ITEMS, ITEMS), "==", Const(1)), items=0)) == [
        ("items / items == 1", None, None, "==", 1)
    ]


def test_any_lists_all_alternatives_as_one_choice():
    """Any: every alternative is listed, grouped so that a printer says 'one of', parts of one alternative together."""
    node = All([A, Any([B, All([C, Compare(ITEMS, "<", Const(2))])], label="signed or checked")])
    requirements = why(node, a=True, b=False, c=False, items=5)
    choice = Choice(choice="1", alternative=0, need=1, of=2, label="signed or checked")
    assert [r.label for r in requirements] == ["b is done", "c is done", "items < 2"]
    assert [r.group for r in requirements] == [
        (choice,),
        (Choice(choice="1", alternative=1, need=1, of=2, label="signed or checked"),),
        (Choice(choice="1", alternative=1, need=1, of=2, label="signed or checked"),),
    ]


def test_choices_nest():
    """A choice inside an alternative is told apart by its place, from the outside in."""
    node = Any([A, All([B, Any([C, Read("d")])])])
    requirements = why(node)
    assert [[(c.choice, c.alternative) for c in r.group] for r in requirements] == [
        [("", 0)],
        [("", 1)],
        [("", 1), ("1.1", 0)],
        [("", 1), ("1.1", 1)],
    ]


def test_not_turns_the_inner_leaf_round():
    """Not: the leaf is shown as what is required of it; an author's label on the not is its name."""
    assert short(why(Not(Compare(ITEMS, ">", Const(2))), items=3)) == [("items <= 2", False, 3, "<=", 2)]
    assert short(why(Not(A, label="nobody objects"), a=True)) == [("nobody objects", False, True, "==", False)]
    assert short(why(Not(A), a=True)) == [("not a is done", False, True, "==", False)]
    assert short(why(Not(Compare(ITEMS, "in", Const((1, 2)))), items=1)) == [
        ("items not in [1, 2]", False, 1, "not_in", (1, 2))
    ]
    assert short(why(Not(Not(A)), a=False)) == [("a is done", False, False, "==", True)]


@pytest.mark.parametrize(
    ("op", "inverse"),
    [("==", "!="), ("!=", "=="), ("<", ">="), (">=", "<"), (">", "<="), ("<=", ">")],
)
def test_not_inverts_every_sign(op, inverse):
    """The requirement under a not is the exact opposite of the sign that was written."""
    (requirement,) = why(Not(Compare(ITEMS, op, Const(3))))
    assert (requirement.op, requirement.label) == (inverse, f"items {inverse} 3")


def test_not_of_all_is_a_choice_and_not_of_any_is_all():
    """De Morgan: to break an 'all' one part is enough; to break an 'any' every part must go."""
    requirements = why(Not(All([A, B])), a=True, b=True)
    assert [(r.label, r.required, r.group[0].need) for r in requirements] == [
        ("not a is done", False, 1),
        ("not b is done", False, 1),
    ]
    assert [(r.label, r.group) for r in why(Not(Any([A, B])), a=True, b=False)] == [("not a is done", ())]


def test_at_least_lists_the_count_and_the_parts():
    """AtLeast: first the count, then every part, the met ones ticked."""
    node = AtLeast(2, [A, B, C], label="two of three", span=AT)
    count, *parts = why(node, a=True, b=False)
    assert short([count]) == [("two of three", None, 1, ">=", 2)]
    assert (count.span, count.fact, count.group) == (AT, None, ())
    assert [(r.label, r.met) for r in parts] == [("a is done", True), ("b is done", False), ("c is done", None)]
    assert {(r.group[0].need, r.group[0].of) for r in parts} == {(2, 3)}


def test_not_at_least_asks_for_fewer():
    """Not at_least 2 of 3, with all three met: two must go, and the count must come below two."""
    count, *parts = why(Not(AtLeast(2, [A, B, C])), a=True, b=True, c=True)
    assert (count.measured, count.op, count.required, count.met) == (3, "<", 2, False)
    assert {(r.group[0].need, r.required) for r in parts} == {(2, False)}


def test_a_choice_over_nothing_says_so():
    """R23: an empty 'all' is unknown, and is listed itself, since it has no parts to list."""
    assert short(why(All([], label="all duties"))) == [("all duties", None, None, "", None)]
    assert short(why(Any([], if_none="unmet"))) == [("any(if_none='unmet')", False, None, "", None)]


def test_a_labelled_all_heads_its_unlabelled_parts():
    """The author's words for a group are kept on the parts that have none of their own."""
    node = All([Compare(ITEMS, "==", Const(0)), A], label="the ledger is clear")
    assert [r.label for r in why(node)] == ["the ledger is clear: items == 0", "a is done"]


def test_each_fact_is_read_once():
    """A verdict rests on one reading of each fact, so that it cannot contradict itself."""
    asked = []

    def read(fact):
        asked.append(fact)
        return UNKNOWN

    explain(All([Compare(ITEMS, ">", Const(1)), Compare(ITEMS, "<", Const(5)), A]), read)
    assert asked == [ITEMS, A]
