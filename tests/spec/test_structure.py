"""From tree to spec: the conventions of spec classes, and every fault in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal, Union

import attrs
import pytest

from phaseflow.errors import Problem
from phaseflow.spec.kinds import fields_of
from phaseflow.spec.phrases import AmountPhrase, LengthPhrase, SharePhrase, WindowPhrase
from phaseflow.spec.shape import EMPTY, Name, Path, Shape, Text, shape
from phaseflow.spec.structure import structure
from phaseflow.spec.tree import decode, parse


@shape
class Part(Shape):
    """A part."""

    __scalar__: ClassVar[str] = "size"
    __sequence__: ClassVar[str] = "sizes"

    size: int = attrs.field(default=0, metadata={"doc": "How big.", "minimum": 1})
    sizes: tuple[int, ...] = attrs.field(default=())
    note: str | None = None

    def validate(self) -> Iterable[Problem]:
        if self.size and self.sizes:
            yield Problem(code="PF999", what="two sizes", span=self.span_of("sizes"))


@shape
class AllOf(Shape):
    __tag__: ClassVar[str] = "all"
    all: tuple[Cond, ...] = attrs.field(metadata={"one_or_many": True})


@shape
class NotThat(Shape):
    __tag__: ClassVar[str] = "not"
    not_: Cond


@shape
class AtLeast(Shape):
    __tag__: ClassVar[str] = "at_least"
    at_least: int
    of: tuple[Cond, ...]


@shape
class Rated(Shape):
    """Its tag is ``poll``; ``at_least`` is an ordinary key here."""

    __tag__: ClassVar[str] = "poll"
    poll: Name
    at_least: SharePhrase | Name | None = None


@shape
class Wait(Shape):
    """Its tag has a default, and must be written all the same."""

    __tag__: ClassVar[str] = "wait"
    wait: Name = Name("short")
    of: Name | None = None


@shape
class Text_(Shape):
    __scalar__: ClassVar[str] = "text"
    text: str


Cond = Union[Text_, AllOf, NotThat, AtLeast, Rated, Wait]  # noqa: UP007


@shape
class Thing(Shape):
    name: Name
    title: Text | None = None
    from_: Path | None = None
    flag: bool = False
    mode: Literal["full", "prorated", "none"] = "full"
    parts: Mapping[Name, Part] = EMPTY
    cond: Cond | None = None
    by: tuple[Name, ...] = attrs.field(default=(), metadata={"one_or_many": True})
    which: Literal["any"] | tuple[Name, ...] = attrs.field(default="any", metadata={"one_or_many": True})
    window: Literal["none"] | WindowPhrase | None = None
    amount: SharePhrase | AmountPhrase | LengthPhrase | int | None = None
    hidden: bool | Literal["unstated"] = "unstated"
    end: LengthPhrase | None = attrs.field(default=LengthPhrase.parse("1 day"), metadata={"nullable": True})
    classes: Mapping[Name, LengthPhrase | None] = EMPTY
    steps: tuple[Part, ...] = ()
    mixed: tuple[Name, ...] | tuple[AllOf, ...] = ()
    pairs: tuple[Name, ...] = attrs.field(default=(), metadata={"minimum": 2})
    loaded: int = attrs.field(default=0, metadata={"internal": True})


def read(text):
    problems: list[Problem] = []
    spec = structure(parse(decode(text, "f"), "f"), Thing, problems)
    assert (spec is None) == bool(problems)
    return spec, problems


def good(text):
    spec, problems = read("name: x\n" + text)
    assert not problems
    return spec


def bad(text):
    """(code, line, column) of every fault in a thing whose first line is its name."""
    spec, problems = read("name: x\n" + text)
    assert spec is None
    assert all(p.what and p.why and p.fix for p in problems if p.code != "PF999")
    return sorted((p.code, p.span.line, p.span.col) for p in problems)


def test_keys_are_field_names_without_the_underscore():
    """``from_`` is written ``from``, and its span is kept under the key."""
    thing = good("from: a.b\n")
    assert thing.from_ == "a.b"
    key, value = thing.spans["from"]
    assert (key.line, key.col, value.col) == (2, 1, 7)
    assert thing.span_of("from") == value
    assert thing.span_of("title") == thing.span


def test_spans_do_not_count_when_specs_are_compared():
    """Two texts that say the same give equal specs."""
    assert good("flag: true\nmode: none\n") == good("mode:   none\nflag: true\n")


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("title: Study", "title", Text({"": "Study"})),
        ("title: {en: Study, zh: 学习}", "title", Text({"en": "Study", "zh": "学习"})),
        ("flag: true", "flag", True),
        ("by: a", "by", ("a",)),
        ("by: [a, b]", "by", ("a", "b")),
        ("by: []", "by", ()),
        ("which: any", "which", "any"),
        ("which: a", "which", ("a",)),
        ("which: [any]", "which", ("any",)),
        ("window: none", "window", "none"),
        ("hidden: true", "hidden", True),
        ("hidden: unstated", "hidden", "unstated"),
        ("amount: 5", "amount", 5),
        ("amount: 85%", "amount", SharePhrase.parse("85%")),
        ("amount: 3 books", "amount", AmountPhrase.parse("3 books")),
        ("end: null", "end", None),
        ("parts: {a: 3, b: {size: 4}, c: [1, 2]}", "parts",
         {"a": Part(size=3), "b": Part(size=4), "c": Part(sizes=(1, 2))}),
        ("classes: {a: 7 days, b: ~}", "classes", {"a": LengthPhrase.parse("7 days"), "b": None}),
        ("steps: [1, {size: 2}]", "steps", (Part(size=1), Part(size=2))),
        ("cond: a == b", "cond", Text_(text="a == b")),
        ("cond: {text: a}", "cond", Text_(text="a")),
        ("cond: {all: duties}", "cond", AllOf(all=(Text_(text="duties"),))),
        ("cond: {not: {all: [a, {not: b}]}}", "cond",
         NotThat(not_=AllOf(all=(Text_(text="a"), NotThat(not_=Text_(text="b")))))),
        ("cond: {wait: short}", "cond", Wait()),
        ("mixed: [a, b]", "mixed", ("a", "b")),
        ("mixed: [{all: a}]", "mixed", (AllOf(all=(Text_(text="a"),)),)),
        ("mixed: []", "mixed", ()),
        ("cond: {at_least: 1, of: [a]}", "cond", AtLeast(at_least=1, of=(Text_(text="a"),))),
        ("cond: {poll: p, at_least: 85%}", "cond", Rated(poll="p", at_least=SharePhrase.parse("85%"))),
        ("cond: {poll: p, at_least: mark}", "cond", Rated(poll="p", at_least="mark")),
    ],
)  # fmt: skip
def test_each_convention_reads_as_it_says(text, field, value):
    """One row a convention: scalars, short forms, lists, tables, unions, tags."""
    assert getattr(good(text), field) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mood: none", [("PF131", 2, 1)]),
        ("loaded: 1", [("PF131", 2, 1)]),
        ("title:", [("PF132", 2, 7)]),
        ("parts: {a: ~}", [("PF132", 2, 12)]),
        ("title: [a]", [("PF133", 2, 8)]),
        ("title: {}", [("PF133", 2, 8)]),
        ("flag: {a: b}", [("PF133", 2, 7)]),
        ("steps: 3", [("PF133", 2, 8)]),
        ("parts: 3", [("PF133", 2, 8)]),
        ("window: [may]", [("PF133", 2, 9)]),
        ("by: Office", [("PF134", 2, 5)]),
        ("by: [a, class]", [("PF134", 2, 9)]),
        ("from: a..b", [("PF134", 2, 7)]),
        ("parts: {A: 1}", [("PF134", 2, 9)]),
        ("parts: {a: 0}", [("PF135", 2, 12)]),
        ("parts: {a: 007}", [("PF135", 2, 12)]),
        ("flag: yes", [("PF136", 2, 7)]),
        ("flag: 'true'", [("PF136", 2, 8)]),
        ("mode: prorate", [("PF137", 2, 7)]),
        ("title: ''", [("PF138", 2, 9)]),
        (f"title: {'x' * 2001}", [("PF138", 2, 8)]),
        ("mixed: [{all: a}, b]", [("PF133", 2, 19)]),
        ("cond: {of: a}", [("PF139", 2, 7)]),
        ("cond: {}", [("PF139", 2, 7)]),
        ("cond: {al: [a]}", [("PF139", 2, 8)]),
        ("cond: {all: [a], not: b}", [("PF139", 2, 18)]),
        ("amount: '>= 5'", [("PF143", 2, 10)]),
        ("title: {english: x}", [("PF147", 2, 9)]),
        ("pairs: [a]", [("PF148", 2, 8)]),
        ("parts: {a: {size: 1, sizes: [1]}}", [("PF999", 2, 29)]),
        ("window: 03-01 .. 02-31", [("PF123", 2, 18)]),
        ("window: nonne", [("PF137", 2, 9)]),
    ],
)
def test_each_fault_has_its_code_and_place(text, expected):
    """One row a fault: at the value if the value is wrong, at the key if the key is."""
    assert bad(text) == expected


def test_a_missing_key_is_reported_where_its_mapping_begins():
    """What is not there has no place of its own."""
    _, problems = read("flag: true\n")
    assert [(p.code, p.span.line, p.span.col) for p in problems] == [("PF130", 1, 1)]
    assert "'name'" in problems[0].what


def test_all_faults_come_in_one_pass():
    """A wrong part hides neither its neighbours nor the parts inside them."""
    assert bad("flagg: true\nmode: x\nparts: {a: x, b: {sise: 1}}\ncond: {all: [a, {not: {}}]}\nby: [A, b, C]\n") == [
        ("PF131", 2, 1), ("PF131", 4, 19), ("PF134", 6, 6), ("PF134", 6, 12), ("PF135", 4, 12), ("PF137", 3, 7),
        ("PF139", 5, 23),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("titel: x", "did you mean 'title'?"),
        ("mode: ful", "did you mean 'full'?"),
        ("flag: on", "write true"),
        ("flag: NO", "write false"),
        ("parts: {a: 1_000}", "write 1000"),
        ("parts: {a: '3'}", "write 3"),
        ("by: Lead group", "write 'lead_group'"),
        ("cond: {al: a}", "did you mean 'all'?"),
        ("title: {en: Study, and more}", "quote the whole text: between braces a comma ends an entry"),
    ],
)
def test_a_fault_says_what_to_type_instead(text, fix):
    """The fix is a word to type, not advice to look elsewhere."""
    _, problems = read("name: x\n" + text)
    assert [p.fix for p in problems] == [fix]


def test_the_reading_that_understood_most_is_the_one_reported():
    """Of several phrases that could stand here, the fault is told for the one the author was writing."""
    _, problems = read("name: x\namount: 1 month round sideways\n")
    assert [p.code for p in problems] == ["PF125"] or problems[0].span.col > 9


def test_a_wrong_class_is_a_programming_error():
    """An annotation the language has no form for is told when the class is first used, with its field."""

    @shape
    class Wrong(Shape):
        when: float

    Wrong.__annotations__["when"] = float
    with pytest.raises(TypeError, match=r"Wrong\.when"):
        fields_of(Wrong)


def test_entries_and_items_keep_their_places():
    """A fault found later can point to one entry of a table or one item of a list."""
    thing = good("parts:\n  a: 1\n  b: 2\nby: [x, yy]\n")
    assert [(span.line, span.col) for span in thing.spans["parts.b"]] == [(4, 3), (4, 6)]
    assert (thing.span_of("by.1").line, thing.span_of("by.1").col) == (5, 9)
    assert good("by: x\n").span_of("by.0").col == 5
