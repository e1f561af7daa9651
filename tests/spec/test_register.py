"""What may stand in a register of clauses, and how its faults are told."""

import json

import pytest
from jsonschema import Draft202012Validator

from phaseflow.spec.register import Register, read_register
from phaseflow.spec.schema import json_schema

GOOD = """\
source: {file: plan.txt, lines: 40, part: [3, 20], title: {en: Plan, zh: 方案}}
clauses:
  P1.2: {lines: [4, 5], digest: 0123456789ab, status: encoded, text: Units study.}
  4.1: {lines: 6, status: advisory, text: Safety first., why: a principle}
  Q-3: {lines: 7, status: ambiguous, text: Ten days., why: of what is open, reading: Of March.}
"""


def test_a_register_is_read_with_its_lines():
    """One line or two; a name may look like a number."""
    register = read_register(GOOD).result()
    assert [(name, one.first, one.last) for name, one in register.clauses.items()] == [
        ("P1.2", 4, 5), ("4.1", 6, 6), ("Q-3", 7, 7),
    ]  # fmt: skip
    assert (register.source.first, register.source.last) == (3, 20)


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("P1.2:", "P1..2:", "PF650", "3:3"),
        ("[4, 5]", "[5, 4]", "PF651", "3:17"),
        ("[4, 5]", "[4, 5, 6]", "PF651", "3:17"),
        ("[4, 5]", "[4, 21]", "PF651", "3:17"),
        ("[4, 5]", "[2, 4]", "PF651", "3:17"),
        ("part: [3, 20]", "part: [20, 3]", "PF651", "1:43"),
        (", why: a principle", "", "PF652", "4:27"),
        ("text: Units study.", "text: Units study., why: so", "PF652", "3:84"),
        ("text: Safety first.", "text: Safety first., reading: so", "PF652", "4:58"),
        ("0123456789ab", "0123456789AB", "PF653", "3:33"),
        ("status: encoded", "status: done", "PF137", "3:55"),
        ("text: Units study.", "txt: Units study.", "PF131", "3:64"),
    ],
)
def test_a_fault_is_told_where_it_is(old, new, code, place):
    """Each fault has its code and its place."""
    reading = read_register(GOOD.replace(old, new), file="clauses.yaml")
    assert reading.spec is None
    assert (code, f"clauses.yaml:{place}") in [(one.code, str(one.span)) for one in reading.problems]


def test_all_faults_are_told_at_once():
    """One pass finds the faults of every clause."""
    bad = GOOD.replace("[4, 5]", "[5, 4]").replace(", why: a principle", "").replace(", why: of what is open", "")
    assert [one.code for one in read_register(bad).problems] == ["PF651", "PF652", "PF652"]


def test_the_schema_takes_what_the_reader_takes():
    """Editors get the same rules of form."""
    schema = json_schema(Register)
    Draft202012Validator.check_schema(schema)
    good = {"source": {"file": "a"}, "clauses": {"A": {"lines": [1, 2], "status": "encoded", "text": "x"}}}
    judge = Draft202012Validator(schema)
    assert judge.is_valid(good)
    for key in ("lines", "status", "text"):
        bad = json.loads(json.dumps(good))
        del bad["clauses"]["A"][key]
        assert not judge.is_valid(bad)
