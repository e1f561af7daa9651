"""YAML text to a positioned tree: what is kept, and where it says it stands."""

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from phaseflow.errors import PolicyError, Problem
from phaseflow.spec import tree
from phaseflow.spec.tree import Mapping, Scalar, Sequence, decode, parse

LOADERS = [pytest.param(yaml.SafeLoader, id="python")]
if hasattr(yaml, "CSafeLoader"):
    LOADERS.append(pytest.param(yaml.CSafeLoader, id="libyaml"))


@pytest.fixture(params=LOADERS, autouse=True)
def _loader(request, monkeypatch):
    monkeypatch.setattr(tree, "_LOADER", request.param)


def read(source):
    return parse(decode(source, "p.yaml"), "p.yaml")


def faults(source) -> list[Problem]:
    with pytest.raises(PolicyError) as caught:
        read(source)
    return list(caught.value.problems)


def outcome(source) -> list[Problem]:
    """The problems of reading *source*; none if it could be read."""
    try:
        read(source)
    except PolicyError as error:
        return list(error.problems)
    return []


def place(node):
    return (node.span.line, node.span.col, node.span.length)


def value(source, key="a"):
    found = read(source)
    assert isinstance(found, Mapping)
    return found.get(key).value


@pytest.mark.parametrize("text", ["NO", "on", "yes", "12:30", "014", "1_000", "1e3", "0x1F", ".5", "2026-01-31", "y"])
def test_a_plain_scalar_is_the_text_its_author_wrote(text):
    """No value is turned into a number, a date or a truth value by YAML's rules."""
    assert value(f"a: {text}") == Scalar(text, False, value(f"a: {text}").span)


@pytest.mark.parametrize("text", ["on", "yes", "NO", "12:30", "1"])
def test_a_key_is_the_text_its_author_wrote(text):
    """``on:`` is the key 'on', not true."""
    assert [entry.key.text for entry in read(f"{text}: x").entries] == [text]


@pytest.mark.parametrize(
    ("written", "is_null"), [("", True), ("~", True), ("null", True), ('""', False), ("'~'", False), ("nil", False)]
)
def test_only_an_unquoted_nothing_is_null(written, is_null):
    """A quoted empty text is a text; nothing at all is not."""
    assert value(f"a: {written}").is_null is is_null


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a: bcd", (1, 4, 3)),
        ("a: 'b d'", (1, 5, 3)),
        ('a: "b d"', (1, 5, 3)),
        ("标题: 1\na: 学习 x", (2, 4, 4)),
        ("x: {标题: 学, a: b}\na: z", (2, 4, 1)),
        ("a: |\n\n   85%\nb: c", (3, 4, 3)),
        ("a: >-\n  text\n  more", (2, 3, 4)),
        ("a: aa\n  bb", (1, 4, 2)),
        ("a: ''", (1, 5, 1)),
        ("a: {b: c}", (1, 4, 6)),
        ("a: [b,\n  c]", (1, 4, 1)),
        ("a:\n  bb: c", (2, 3, 2)),
        ("a:\n  - bb", (2, 3, 1)),
        ("\ufeffa: b", (1, 4, 1)),
        ("x: y\r\na: bb\r\n", (2, 4, 2)),
    ],
)
def test_a_span_covers_the_text_inside_the_quotes(source, expected):
    """Lines and columns count characters from 1, whatever the script, the style and the line ends."""
    assert place(value(source)) == expected


def test_entries_keep_their_order_and_their_keys_places():
    """A mapping keeps the order it was written in, and each key its own span."""
    found = read("b: 1\na:\n  - x\n  - {c: d}\n")
    assert [(e.key.text, place(e.key)) for e in found.entries] == [("b", (1, 1, 1)), ("a", (2, 1, 1))]
    items = found.get("a").value
    assert isinstance(items, Sequence)
    assert [place(item) for item in items.items] == [(3, 5, 1), (4, 5, 6)]
    assert all(item.span.file == "p.yaml" for item in items.items)


def test_every_duplicate_key_is_reported_with_both_lines():
    """Duplicates do not end the pass: all of them come back, each naming the first."""
    found = faults("a: 1\nb: 2\na: 3\nc: {d: 1, d: 2}\nb: 4\n")
    assert [(p.code, p.span.line, p.span.col) for p in found] == [("PF105", 3, 1), ("PF105", 4, 11), ("PF105", 5, 1)]
    assert "line 1" in found[0].why


def test_anchors_aliases_tags_and_merge_keys_are_reported_together():
    """What YAML hangs on values is refused, all of it in one pass."""
    found = faults("a: &x 1\nb: *x\nc: !!str 2\nd:\n  <<: *x\n")
    assert [(p.code, p.span.line) for p in found] == [
        ("PF106", 1), ("PF106", 2), ("PF107", 3), ("PF108", 5), ("PF106", 5),
    ]  # fmt: skip


def test_the_limits_hold_at_their_edge(monkeypatch):
    """Depth and size are refused one beyond the limit, not at it."""
    monkeypatch.setattr(tree, "DEEPEST", 3)
    monkeypatch.setattr(tree, "MOST_NODES", 5)
    monkeypatch.setattr(tree, "MOST_CHARACTERS", 20)
    assert read("[[[x]]]")
    assert [p.code for p in faults("[[[[]]]]")] == ["PF103"]
    assert read("[1, 2, 3, 4]")
    assert [p.code for p in faults("[1, 2, 3, 4, 5]")] == ["PF104"]
    assert read("a: 45678901234567890")
    assert [p.code for p in faults("a: 456789012345678901")] == ["PF100"]


@pytest.mark.parametrize("source", ["", "# only this\n", "---\n", "~", "\ufeff"])
def test_an_empty_file_is_told_as_such(source):
    """Blanks and comments alone are no policy."""
    assert [p.code for p in faults(source)] == ["PF111"]


def test_a_second_document_is_refused():
    """What follows '---' would silently not be read."""
    (problem,) = faults("a: 1\n---\nb: 2\n")
    assert (problem.code, problem.span.line) == ("PF109", 2)


@given(st.text(max_size=200))
@example("{")
@example("a: '")
def test_any_text_gives_a_tree_or_problems_that_stand_in_it(text):
    """Reading never fails otherwise than by positioned problems."""
    lines = tree.lines_of(text.removeprefix("\ufeff"))
    for problem in outcome(text):
        assert problem.what
        assert problem.why
        assert problem.fix
        assert 1 <= problem.span.line <= len(lines)
        assert 1 <= problem.span.col <= len(lines[problem.span.line - 1]) + 1


SIGNS = ["a", "b", ": ", "- ", "\n", "  ", "{", "}", "[", "]", ", ", '"', "'", "|", ">", "%", "@", "&x", "*x", "!t",
         "#", "---", "...", "? ", "\\", "学", "\r\n", "~", "<<"]  # fmt: skip
YAMLISH = st.lists(st.sampled_from(SIGNS), max_size=40).map("".join)


@given(YAMLISH)
def test_any_yamlish_text_gives_a_tree_or_problems(text):
    """The same for texts made of YAML's own signs, on which its grammar fails in every way."""
    count = len(tree.lines_of(text))
    assert all(problem.code.startswith("PF1") and 1 <= problem.span.line <= count for problem in outcome(text))


@given(st.binary(max_size=100))
def test_any_bytes_give_a_text_or_a_place(source):
    """Bytes that are no UTF-8 are told with the place of the first bad one."""
    assert all(problem.span.line for problem in outcome(source))
