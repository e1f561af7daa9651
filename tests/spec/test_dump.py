"""A spec written as YAML and read again is the same spec."""

import pytest
from hypothesis import HealthCheck, given, settings
from tests.spec.strategies import of_class
from tests.spec.test_structure import AllOf, NotThat, Part, Rated, Text_, Thing, Wait, read

from phaseflow.spec.dump import dump
from phaseflow.spec.model import Policy
from phaseflow.spec.phrases import LengthPhrase
from phaseflow.spec.reader import read_policy
from phaseflow.spec.shape import Text

SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


@given(of_class(Policy))
@settings(suppress_health_check=SLOW, deadline=None)
def test_what_is_written_reads_back_equal(policy):
    """For any policy, also one built in Python: dump then read is the identity."""
    text = dump(policy)
    reading = read_policy(text)
    assert reading.problems == (), text
    assert reading.result() == policy


@given(of_class(Thing))
@settings(suppress_health_check=SLOW, deadline=None)
def test_every_convention_reads_back_equal(thing):
    """The same for a class that uses every convention there is."""
    spec, problems = read(dump(thing))
    assert problems == []
    assert spec == thing


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (Thing(name="x"), "name: x\n"),
        (Thing(name="x", by=("a",)), "name: x\nby: a\n"),
        (Thing(name="x", which=("any",)), "name: x\nwhich:\n  - any\n"),
        (Thing(name="x", which=()), "name: x\nwhich: []\n"),
        (Thing(name="x", end=None), "name: x\nend: null\n"),
        (Thing(name="x", classes={"a": None, "b": LengthPhrase.parse("7 days")}),
         "name: x\nclasses:\n  a: null\n  b: 7 days\n"),
        (Thing(name="x", parts={"a": Part(size=2), "b": Part(), "c": Part(sizes=(1,)), "d": Part(size=2, note="y: n")}),
         'name: x\nparts:\n  a: 2\n  b: {}\n  c:\n    - 1\n  d:\n    size: 2\n    note: "y: n"\n'),
        (Thing(name="x", title=Text({"en": "~", "zh": "学习"})), 'name: x\ntitle:\n  en: "~"\n  zh: "学习"\n'),
        (Thing(name="x", cond=NotThat(not_=AllOf(all=(Text_(text="a"), Rated(poll="p"))))),
         "name: x\ncond:\n  not:\n    all:\n      - a\n      - poll: p\n"),
        (Thing(name="x", cond=Wait()), "name: x\ncond:\n  wait: short\n"),
        (Thing(name="x", mixed=(AllOf(all=()),)), "name: x\nmixed:\n  - all: []\n"),
        (Thing(name="x", title=Text({"": "a\u2028b\t\x7f"})), 'name: x\ntitle: "a\\u2028b\\t\\u007f"\n'),
    ],
)  # fmt: skip
def test_the_text_is_plain_where_it_can_be(thing, text):
    """Defaults are left out, short forms are used where they cannot be mistaken, and quotes where they are needed."""
    assert dump(thing) == text
