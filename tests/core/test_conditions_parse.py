"""What the expression form accepts, what it refuses, and where it says so."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from phaseflow.core.conditions import (
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
    parse_condition,
    walk,
)
from phaseflow.errors import Span

SCHEMA = Schema(
    facts={
        "approved": FactType(result="bool"),
        "filed": FactType(result="bool"),
        "items": FactType(result="count", arguments={"state": ("open", "closed"), "kind": "text", "older": "number"}),
        "hours": FactType(result="number"),
        "invited": FactType(result="count"),
        "poll.trust": FactType(result="share"),
        "outcome": FactType(result="text", values=("redo", "completed", "回头看")),
        "unit.name": FactType(result="text"),
    },
    parameters={"pass_mark": "share", "study_hours": "number"},
)
AT = Span("policy.yaml", 10, 5)
ITEMS, TRUST, APPROVED, FILED = Read("items"), Read("poll.trust"), Read("approved"), Read("filed")


def parse(text):
    return parse_condition(text, AT, SCHEMA)


def faults(text):
    """Each problem of a refused text as (code, the marked part of the text)."""
    with pytest.raises(ConditionError) as caught:
        parse(text)
    found = []
    for problem in caught.value.problems:
        assert (problem.span.file, problem.span.line) == ("policy.yaml", 10)
        start = problem.span.col - AT.col
        found.append((problem.code, text[start : start + problem.span.length]))
    return found


def fixes(text):
    with pytest.raises(ConditionError) as caught:
        parse(text)
    return [problem.fix for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("approved", APPROVED),
        ("  not approved ", Not(APPROVED)),
        ("true", Const(True)),
        ("approved == True", Compare(APPROVED, "==", Const(True))),
        ("approved and filed or not filed", Any([All([APPROVED, FILED]), Not(FILED)])),
        (
            "items(state='open', kind='now') == 0",
            Compare(Read("items", [("kind", Const("now")), ("state", Const("open"))]), "==", Const(0)),
        ),
        (
            "items(older=-1.5) > 2",
            Compare(Read("items", [("older", Const(Fraction(-3, 2), share=False))]), ">", Const(2)),
        ),
        ("items() == 0", Compare(ITEMS, "==", Const(0))),
        ("poll.trust >= pass_mark", Compare(TRUST, ">=", Read("pass_mark"))),
        ("poll.trust >= share(85)", Compare(TRUST, ">=", Const(Fraction(85, 100)))),
        ("poll.trust >= share(1, 10)", Compare(TRUST, ">=", Const(Fraction(1, 10)))),
        ("poll.trust >= share(100)", Compare(TRUST, ">=", Const(Fraction(1)))),
        ("hours >= 0.1", Compare(Read("hours"), ">=", Const(Fraction(1, 10), share=False))),
        ("hours == ratio(1, 3)", Compare(Read("hours"), "==", Const(Fraction(1, 3), share=False))),
        ("1 <= items < 5", All([Compare(Const(1), "<=", ITEMS), Compare(ITEMS, "<", Const(5))])),
        ("items in [1, 2]", Compare(ITEMS, "in", Const((1, 2)))),
        ("outcome not in ('redo', '回头看')", Compare(Read("outcome"), "not_in", Const(("redo", "回头看")))),
        ("poll.trust in [share(50), share(60)]", Compare(TRUST, "in", Const((Fraction(1, 2), Fraction(3, 5))))),
        (
            "items >= share(50) * invited",
            Compare(ITEMS, ">=", Arith("*", Const(Fraction(1, 2)), Read("invited"))),
        ),
        ("items / invited >= share(95)", Compare(Arith("/", ITEMS, Read("invited")), ">=", Const(Fraction(19, 20)))),
        ("at_least(1, approved, filed)", AtLeast(1, [APPROVED, FILED])),
        ("all(approved, filed, if_none='met')", All([APPROVED, FILED], if_none="met")),
        ("(approved\n  and\tfiled)", All([APPROVED, FILED])),
        ("unit.name == 'it\\'s \\u4e2d'", Compare(Read("unit.name"), "==", Const("it's 中"))),
    ],
)
def test_the_expression_form_means_these_nodes(text, node):
    """Each phrase of the language becomes the nodes that the structured form would build."""
    assert parse(text) == node


def test_numbers_are_read_from_the_text():
    """A decimal is what was written, never Python's float of it; a share of it is exact as well."""
    node = parse("poll.trust == share(33.3) and hours == 0.1 + 0.2")
    constants = [part.value for part in walk(node) if isinstance(part, Const)]
    assert constants == [Fraction(333, 1000), Fraction(1, 10), Fraction(1, 5)]


def test_parameters_are_marked_for_explanations():
    """A read of a parameter knows that it is one."""
    assert [part.parameter for part in walk(parse("poll.trust >= pass_mark")) if isinstance(part, Read)] == [
        False,
        True,
    ]


def test_every_node_knows_its_place():
    """Spans count characters, not bytes, and point into the scalar."""
    text = "outcome == '回头看' and not items > 5"
    marked = {text[node.span.col - AT.col : node.span.col - AT.col + node.span.length] for node in walk(parse(text))}
    assert marked == {text, "outcome == '回头看'", "outcome", "'回头看'", "not items > 5", "items > 5", "items", "5"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("poll.trst >= pas_mark and itms == 0", [("PF153", "poll.trst"), ("PF153", "pas_mark"), ("PF153", "itms")]),
        ("outcome == '回头看' and itms == 0", [("PF153", "itms")]),
        ("items(kid='now') == 0", [("PF154", "'now'")]),
        ("items(state='opne') == 0 and hours > 'x'", [("PF154", "'opne'"), ("PF155", "hours > 'x'")]),
        ("items(state='open', state='open') == 0", [("PF154", "items(state='open', state='open')")]),
        ("items(older='x') == 0", [("PF154", "'x'")]),
        ("items('now') == 0", [("PF154", "'now'")]),
        ("pass_mark(a=1) == share(5)", [("PF154", "1")]),
        ("poll.trust >= 85", [("PF155", "poll.trust >= 85")]),
        ("items == poll.trust", [("PF155", "items == poll.trust")]),
        ("unit.name < 'b'", [("PF155", "unit.name < 'b'")]),
        ("approved > filed", [("PF155", "approved > filed")]),
        ("approved == 1", [("PF155", "approved == 1")]),
        ("items in 5", [("PF155", "items in 5")]),
        ("items == [5]", [("PF155", "items == [5]")]),
        ("[5] == items", [("PF155", "[5] == items")]),
        ("items in [1, 'a']", [("PF155", "[1, 'a']")]),
        ("items in [1, share(5)]", [("PF155", "[1, share(5)]")]),
        ("items + share(5) > 1", [("PF156", "items + share(5)")]),
        ("items + approved > 1", [("PF156", "approved")]),
        ("items", [("PF157", "items")]),
        ("approved and 5", [("PF157", "5")]),
        ("items + 1", [("PF157", "items + 1")]),
        ("poll.trust > share(0.85)", [("PF158", "share(0.85)")]),
        ("poll.trust > share(101) or poll.trust > share(1, 0)", [("PF158", "share(101)"), ("PF158", "share(1, 0)")]),
        ("poll.trust > share('a')", [("PF158", "share('a')")]),
        ("outcome == 'rdeo'", [("PF159", "'rdeo'")]),
        ("at_least(3, approved, filed)", [("PF159", "at_least(3, approved, filed)")]),
        ("at_least(0, approved)", [("PF159", "at_least(0, approved)")]),
        ("items.__class__ == 5", [("PF152", "items.__class__")]),
        ("__items == 5", [("PF152", "__items")]),
        ("items(kind=['now']) == 0", [("PF154", "['now']")]),
        ("at_least(approved)", [("PF152", "at_least(approved)")]),
        ("all(approved, if_none='maybe')", [("PF152", "'maybe'")]),
        ("approved = true", [("PF150", "=")]),
        ("items >= 85%", [("PF150", "%")]),
        ("items ≥ 5 && approved", [("PF150", "≥"), ("PF150", "&&")]),
        ("approved and", [("PF150", "")]),
        ("(approved", [("PF150", "(")]),
        ("  approved filed", [("PF150", "f")]),
        ("approved AND filed", [("PF152", "AND")]),
        ("outcome == '回头看' filed", [("PF150", "f")]),
        ("", [("PF150", "")]),
        ("   ", [("PF150", " ")]),
    ],
)
def test_every_fault_is_named_and_placed(text, expected):
    """All faults of a pass come at once, each with its code and the characters it is about."""
    assert faults(text) == expected


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("poll.trst >= pass_mark", "did you mean 'poll.trust'?"),
        ("poll.trust >= 85", "write share(85)"),
        ("poll.trust >= 0.85", "write share(85)"),
        ("poll.trust > share(0.85)", "write share(85), or share(17, 2000) if so little was meant"),
        ("items >= 85%", "write a share as share(85)"),
        ("items ≥ 5", "write '>='"),
        ("approved = true", "write '=='"),
        ("approved AND filed", "write 'and'"),
        ("outcome == 'rdeo'", "did you mean 'redo'?"),
        ("items(kid='now') == 0", "did you mean 'kind'?"),
    ],
)
def test_a_fault_says_how_to_mend_it(text, fix):
    """The fix is the nearest spelling, or the text to write."""
    assert fixes(text) == [fix]


HOSTILE = [
    "'a' * 10**10 == 'x'",
    "'a' * 10000000000 == 5",
    "unit.name * 9999999999 == 5",
    "1 << 10**10 > 5",
    "10 ** 10 ** 10 > 5",
    "[1] * 10000000000 == 5",
    "9" * 1999 + " > items",
    "9" * 300 + ".5 > items",
    "1e999999 > items",
    "0x" + "f" * 500 + " > items",
    "1_000 > items",
    "1j == items",
    "(" * 1000,
    "(" * 300 + "approved" + ")" * 300,
    "[" * 1999,
    "not " * 499 + "approved",
    "-" * 1990 + "1 > 0",
    "0<" * 400 + "items",
    "items + " * 200 + "1 > 0",
    "1 < " * 450 + "items",
    "items(" * 300 + ")" * 300,
    "at_least(1, " * 60 + "approved" + ")" * 60,
    "approved " * 100_000,
    "f'{approved}' == 'x'",
    "f'{().__class__}' == unit.name",
    "b'x' == unit.name",
    "'a' 'b' == unit.name",
    "'''a''' == unit.name",
    "'\\N{BULLET}' == unit.name",
    "'\\d' == unit.name",
    "'\\U00ffffff' == unit.name",
    "lambda: approved",
    "(lambda: approved)()",
    "[approved for x in items]",
    "{approved}",
    "{'a': approved}",
    "(x := approved)",
    "approved if filed else filed",
    "await approved",
    "yield approved",
    "approved is None",
    "None == outcome",
    "... == items",
    "items.__class__ == 5",
    "approved.__class__.__mro__",
    "().__class__.__bases__[0].__subclasses__()",
    "'x'.join == unit.name",
    "'{0.__class__}'.format(approved) == 'x'",
    "unit.name.upper == 'X'",
    "items[0] == 0",
    "items[0:1] == 0",
    "items(**{'state': 'open'}) == 0",
    "items(*[1]) == 0",
    "items(state=outcome) == 0",
    "items(state=['open']) == 0",
    "items(_x=1) == 0",
    "items(state='open')(kind='x') == 0",
    "open('/etc/passwd') == 'x'",
    "__import__('os').system('true') == 0",
    "eval('1') == 1",
    "exec('1') == 1",
    "share(85)(1) == poll.trust",
    "share.real == poll.trust",
    "approved; filed",
    "approved # and filed",
    "(approved # ) \n and filed",
    "approved \\\n and filed",
    "import os",
    "@approved",
    "approved @ filed",
    "~items == 0",
    "+items == 0",
    "items // 2 == 0",
    "items % 2 == 0",
    "items | 2 == 0",
    "approved\x00",
    "\ud800 == items",
    "'\ud800' == unit.name",
    "ａｐｐｒｏｖｅｄ",
    "approved\u200b and filed",
    "approved\u2028and filed",
    "approved) or (filed",
    "share(1, 0) == poll.trust",
    "ratio(1, 0) == items",
    "items in []",
    "items in [[1]]",
    "items in [items]",
    "approved == (items == 0)",
    "(approved, filed)",
    "approved,",
    "all == 5",
    "any(approved)(filed)",
    "at_least()",
    "at_least(1.5, approved)",
    "at_least(count=1)",
    "all(*[approved])",
    "all(approved, **{})",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_refused_at_once(text):
    """Nothing outside the grammar gets in: each of these ends in ConditionError, in bounded time, with a place."""
    began = time.perf_counter()
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert time.perf_counter() - began < 1
    assert all(problem.span.line == 10 and problem.what for problem in caught.value.problems)


def test_the_bounds_are_reached_and_not_passed():
    """2,000 characters, 300 parts and a depth of 40 are allowed; one more is not."""
    assert parse("approved".ljust(2000))
    assert faults("approved".ljust(2001))[0][0] == "PF151"
    assert len(parse(" or ".join(["approved"] * 150)).parts) == 150
    assert parse("all(" + ",".join(["filed"] * 299) + ")")
    assert faults("all(" + ",".join(["filed"] * 300) + ")")[0][0] == "PF151"
    assert parse("(" * 40 + "approved" + ")" * 40)
    assert faults("approved and " + "(" * 41 + "approved" + ")" * 41) == [("PF151", "(")]
    assert parse("not " * 39 + "approved")
    assert faults("not " * 40 + "approved")[0][0] == "PF151"


def test_a_comment_cannot_swallow_a_part():
    """A # inside a condition is refused; what follows would silently not be asked."""
    assert faults("approved # and filed")[0] == ("PF150", "#")


def test_a_text_over_several_lines_is_placed_as_a_whole():
    """Columns of later lines are not known to a scalar, so its beginning is named and nothing is invented."""
    with pytest.raises(ConditionError) as caught:
        parse("approved and\n  itms == 0")
    assert [problem.span for problem in caught.value.problems] == [AT]
