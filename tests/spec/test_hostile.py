"""Hostile and awkward files: each is refused with a code and a place, and none costs more than its bounds.

The bounds hold by construction, not by a clock: the parser is fed event by event, and the tests count the events.
"""

import pytest
import yaml

from phaseflow.errors import PolicyError, show
from phaseflow.spec import tree
from phaseflow.spec.reader import read_policy
from phaseflow.spec.tree import decode, parse

HEAD = "phaseflow: 1\ncampaign: c\nzone: UTC\n"
GOOD = HEAD + "phases: {study: {window: may}}\n"


def found(source):
    """(code, line, column) of every problem."""
    reading = read_policy(source, file="p.yaml")
    assert reading.spec is None
    assert all(p.what and p.why and p.fix for p in reading.problems), reading.problems
    assert all(show(p, reading.line_of).startswith(f"p.yaml:{p.span.line}:{p.span.col}: ") for p in reading.problems)
    return [(p.code, p.span.line, p.span.col) for p in reading.problems]


BLOCK_DEEP = "".join(" " * depth + "a:\n" for depth in range(300))
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 4))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("[" * 200_000, [("PF103", 1, 33)], id="200,000 brackets"),
        pytest.param("{a: " * 100_000, [("PF103", 1, 129)], id="100,000 braces"),
        pytest.param("- " * 100_000, [("PF103", 1, 65)], id="100,000 dashes"),
        pytest.param(BLOCK_DEEP, [("PF103", 33, 33)], id="deep blocks"),
        pytest.param("a: " + "x" * 10_000_000, [("PF100", 1, 1)], id="10 MB text"),
        pytest.param(b"a: " + b"x" * 10_000_000, [("PF100", 1, 1)], id="10 MB bytes"),
        pytest.param(b"\xff" * 10_000_000, [("PF100", 1, 1)], id="10 MB of no text"),
        pytest.param("[" + "1," * 200_001 + "]", [("PF104", 1, 400_000)], id="too many values"),
        pytest.param(BOMB, [("PF106", n, c) for n, c in
                            [(1, 5), (2, 5), (2, 10), (2, 15), (3, 5), (3, 10), (3, 15), (4, 5), (4, 10), (4, 15)]],
                     id="alias bomb"),
        pytest.param("a: 1\nb: 2\na: 3\n", [("PF105", 3, 1)], id="duplicate key"),
        pytest.param("x: &x {}\ny: {<<: *x}\n", [("PF106", 1, 4), ("PF108", 2, 5), ("PF106", 2, 9)], id="merge key"),
        pytest.param("a: !!python/object/apply:os.system [x]\n", [("PF107", 1, 4)], id="python tag"),
        pytest.param("a: \x00b\n", [("PF102", 1, 4)], id="NUL"),
        pytest.param('a: "\\0"\n', [("PF102", 1, 5)], id="escaped NUL"),
        pytest.param("a: b\nc: \ud800\n", [("PF102", 2, 4)], id="lone surrogate"),
        pytest.param("a: x\u202eb\n", [("PF102", 1, 5)], id="reversed line"),
        pytest.param("a: x\u2028b: c\n", [("PF102", 1, 5)], id="hidden line break"),
        pytest.param("a: x\x85b: c\n", [("PF102", 1, 5)], id="next line"),
        pytest.param("a: \ufeffx\n", [("PF102", 1, 4)], id="byte-order mark inside"),
        pytest.param("标题: x\n名: é\n".encode("gb18030"), [("PF101", 1, 1)], id="GB 18030"),
        pytest.param("a: x\nb: é\n".encode("latin-1"), [("PF101", 2, 4)], id="Latin-1"),
        pytest.param("a: x\n".encode("utf-16"), [("PF101", 1, 1)], id="UTF-16"),
        pytest.param("a:\n\tb: 1\n", [("PF113", 2, 1)], id="tab as indentation"),
        pytest.param("a: [1,\n\t2]\n", [("PF113", 2, 1)], id="tab in brackets"),
        pytest.param("a: 'x\nb: 1\n", [("PF114", 1, 4)], id="single quote not closed"),
        pytest.param('a: b\nc: "x\n', [("PF114", 2, 4)], id="double quote not closed"),
        pytest.param("a: {b: 1\nc: 2\n", [("PF115", 2, 2)], id="brace not closed"),
        pytest.param("a: [b, {c]\n", [("PF115", 1, 10)], id="brackets crossed"),
        pytest.param("a: %b\n", [("PF112", 1, 4)], id="per cent"),
        pytest.param("a: @b\n", [("PF112", 1, 4)], id="at"),
        pytest.param("a: `b`\n", [("PF112", 1, 4)], id="backtick"),
        pytest.param("a: >= 85%\n", [("PF112", 1, 4)], id="at least"),
        pytest.param("a: [>= 85%]\n", [("PF112", 1, 5)], id="at least in brackets"),
        pytest.param("a: * b\n", [("PF112", 1, 4)], id="star"),
        pytest.param("a: & b\n", [("PF112", 1, 4)], id="ampersand"),
        pytest.param("a: !<b\n", [("PF112", 1, 4)], id="exclamation mark"),
        pytest.param("a: - b\n", [("PF112", 1, 4)], id="dash"),
        pytest.param("a: ]\n", [("PF112", 1, 4)], id="lone bracket"),
        pytest.param("%b: 1\n", [("PF112", 1, 1)], id="directive"),
        pytest.param("%YAML 1.1\n---\na: 1\n", [("PF109", 1, 1)], id="version"),
        pytest.param("a: b: c\n", [("PF116", 1, 5)], id="two colons"),
        pytest.param("a: 1\n b: 2\n", [("PF116", 2, 3)], id="indented too far"),
        pytest.param("a: 1\nb\nc: 2\n", [("PF116", 2, 1)], id="no colon"),
        pytest.param("  a: 1\nb: 2\n", [("PF117", 2, 1)], id="indented too little"),
        pytest.param('a: "x" y\n', [("PF117", 1, 8)], id="text after a quote"),
        pytest.param('a: "\\q"\n', [("PF118", 1, 5)], id="escape"),
        pytest.param(": x\n", [("PF110", 1, 1)], id="no key"),
        pytest.param("? [a, b]\n: 1\n", [("PF110", 1, 3)], id="list as key"),
        pytest.param("{a: 1}: 1\n", [("PF110", 1, 1)], id="mapping as key"),
        pytest.param("~\n", [("PF111", 1, 1)], id="nothing"),
        pytest.param("just text\n", [("PF133", 1, 1)], id="text alone"),
        pytest.param("- a\n", [("PF133", 1, 1)], id="list alone"),
    ],
)  # fmt: skip
def test_each_hazard_has_its_code_and_place(source, expected):
    """A file that must not be read is refused where it goes wrong, with why and with what to type instead."""
    assert found(source) == expected


@pytest.mark.parametrize(
    ("source", "fix"),
    [
        ("a: >= 85%  \n", 'quote this value: ">= 85%"'),
        ("a: [>= 85%]\n", 'quote this value: ">= 85%"'),
        ('a: @"b"\n', "quote this value: '@\"b\"'"),
        ("a: ]\n", 'quote this value: "]"'),
    ],
)
def test_the_value_is_shown_with_its_quotes(source, fix):
    """The fix can be copied into the file."""
    assert [problem.fix for problem in read_policy(source).problems] == [fix]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("on: approve", ("PF131", 4, 1), id="on as key"),
        pytest.param("yes: 1", ("PF131", 4, 1), id="yes as key"),
        pytest.param("batch: 014", ("PF135", 4, 8), id="octal"),
        pytest.param("batch: 1_000", ("PF135", 4, 8), id="underscore"),
        pytest.param("batch: 12:30", ("PF135", 4, 8), id="sexagesimal"),
        pytest.param("batch: 9999999999999999999999999", ("PF135", 4, 8), id="huge number"),
        pytest.param('batch: "2"', ("PF135", 4, 9), id="quoted number"),
        pytest.param("batch:", ("PF132", 4, 7), id="nothing given"),
        pytest.param("batch: ~", ("PF132", 4, 8), id="null"),
        pytest.param("roles: {m: {invited: NO}}", ("PF136", 4, 22), id="Norway"),
        pytest.param("roles: {m: {invited: yes}}", ("PF136", 4, 22), id="yes"),
        pytest.param("title: {en: Study, train and do, zh: x}", ("PF147", 4, 20), id="comma in braces"),
    ],
)
def test_yamls_own_typing_never_changes_a_value(line, expected):
    """What YAML would silently turn into something else is a positioned fault with the fix."""
    assert found(HEAD + line + "\nphases: {study: {window: may}}\n") == [expected]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(GOOD.replace("\n", "\r\n"), id="CRLF"),
        pytest.param("\ufeff" + GOOD, id="byte-order mark"),
        pytest.param(b"\xef\xbb\xbf" + GOOD.encode(), id="byte-order mark in bytes"),
        pytest.param(GOOD.rstrip("\n"), id="no last line end"),
        pytest.param("---\n" + GOOD + "...\n", id="document marks"),
    ],
)
def test_harmless_variants_read_the_same(source):
    """Line ends, a byte-order mark and document marks change nothing."""
    assert read_policy(source).result() == read_policy(GOOD).result()


@pytest.mark.parametrize("source", ["[" * 200_000, "{a: " * 100_000, "- " * 100_000, "[" + "1," * 300_000 + "]"])
def test_reading_stops_at_the_limit(source, monkeypatch):
    """Depth and number are checked on each event: no more events are taken than the limits allow."""
    taken = 0

    class Counting(tree._LOADER):
        def get_event(self):
            nonlocal taken
            taken += 1
            return super().get_event()

    monkeypatch.setattr(tree, "_LOADER", Counting)
    with pytest.raises(PolicyError):
        parse(decode(source))
    assert taken <= 2 * tree.MOST_NODES if "1" in source else taken < 3 * tree.DEEPEST


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("".join(f"unknown_key_{n}: 1\n" for n in range(50_000)), id="unknown keys"),
        pytest.param("a: 1\n" * 50_000, id="duplicates"),
        pytest.param(HEAD + "phases:\n" + "".join(f"  p{n}: {{window: x}}\n" for n in range(20_000)), id="phrases"),
        pytest.param("x" * 1_000_000 + ": 1\n", id="one long word"),
        pytest.param(HEAD + "campaign_" + "x" * 900 + ": 1\n", id="long unknown key"),
    ],
)
def test_faults_are_bounded_in_number_and_size(source):
    """A hostile file buys at most a hundred messages, and none repeats more than a line of it."""
    reading = read_policy(source)
    assert reading.spec is None
    assert len(reading.problems) <= tree.MOST_PROBLEMS
    assert all(len(p.what) + len(p.fix) + len(p.why) < 1_500 for p in reading.problems)


def test_without_libyaml_the_same_faults_are_found(monkeypatch):
    """PyYAML's own parser stands in for libyaml with the same limits."""
    monkeypatch.setattr(tree, "_LOADER", yaml.SafeLoader)
    assert found("[" * 200_000) == [("PF103", 1, 33)]
    assert found("a: >= 85%\n") == [("PF112", 1, 4)]
    assert found('a: "\\ud800"\n') == [("PF102", 1, 5)]
    assert read_policy(GOOD).result()
