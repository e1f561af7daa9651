"""A policy without the rules of some clauses, and without whatever names them: what remains still compiles.

A test that stands although the rule it is about is gone proves nothing. `tests/examples/conftest.py` takes the clauses
of a test from its mark where the environment asks for it.
"""

from __future__ import annotations

import re

from phaseflow.core.plan import compile_policy
from phaseflow.errors import PolicyError
from phaseflow.spec.reader import read_policy
from phaseflow.spec.tree import Entry, Mapping, Node, Scalar, Sequence, parse

_PLAIN = re.compile("[A-Za-z0-9_]([A-Za-z0-9_ .%/-]*[A-Za-z0-9_%])?\\Z")

_removed: frozenset[str] = frozenset()


def removed() -> frozenset[str]:
    """The clauses whose rules are out of every policy that `bench.plan_of` gives."""
    return _removed


def remove(clauses: frozenset[str]) -> None:
    """From now on, leave out the rules of these clauses."""
    global _removed
    _removed = clauses


def without(tree: Node, clauses: frozenset[str]) -> str:
    """The text of a policy without every rule that cites one of these clauses.

    What names a rule that is gone goes, too, until the rest compiles.
    """
    text = write(_rules_out(tree, clauses))
    for _ in range(30):
        reading = read_policy(text, file="stripped.yaml")
        try:
            compile_policy(reading.result(), reading.sources)
        except PolicyError as error:
            rest, hit = _pruned(parse(text, ""), {problem.span.line for problem in error.problems})
            if rest is None or not hit:
                raise
            text = write(rest)
        else:
            return text
    raise AssertionError("a policy without these rules never compiles")


def _cites(node: Node, clauses: frozenset[str]) -> bool:
    if not isinstance(node, Mapping):
        return False
    entry = node.get("clause")
    if entry is None:
        return False
    named = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
    return any(isinstance(one, Scalar) and one.text in clauses for one in named)


def _rules_out(node: Node, clauses: frozenset[str]) -> Node:
    if isinstance(node, Mapping):
        kept = [entry for entry in node.entries if not _cites(entry.value, clauses)]
        return Mapping(tuple(Entry(one.key, _rules_out(one.value, clauses)) for one in kept), node.span)
    if isinstance(node, Sequence):
        return Sequence(tuple(_rules_out(item, clauses) for item in node.items if not _cites(item, clauses)), node.span)
    return node


def write(node: Node, depth: int = 0) -> str:
    """A tree as YAML in which every scalar has a line of its own, so that a line is a place."""
    pad = "  " * depth
    if isinstance(node, Scalar):
        return f"{pad}{_quoted(node)}\n"
    if isinstance(node, Sequence):
        if not node.items:
            return f"{pad}[]\n"
        return "".join(f"{pad}-\n{write(item, depth + 1)}" for item in node.items)
    if not node.entries:
        return f"{pad}{{}}\n"
    return "".join(f"{pad}{_quoted(one.key)}:\n{write(one.value, depth + 1)}" for one in node.entries)


def _quoted(node: Scalar) -> str:
    text = node.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return text if not node.quoted and _PLAIN.match(text) else f'"{text}"'


def _pruned(node: Node, lines: set[int]) -> tuple[Node | None, bool]:
    """The tree without the smallest parts that stand on these lines, and whether there were any."""
    if isinstance(node, Scalar):
        return (None, True) if node.span.line in lines else (node, False)
    hit = False
    if isinstance(node, Sequence):
        items = []
        for item in node.items:
            kept, there = _pruned(item, lines)
            hit |= there
            if kept is not None:
                items.append(kept)
        return (Sequence(tuple(items), node.span) if items else None), hit
    entries = []
    for entry in node.entries:
        if entry.key.span.line in lines:
            hit = True
            continue
        kept, there = _pruned(entry.value, lines)
        hit |= there
        if kept is not None:
            entries.append(Entry(entry.key, kept))
    return (Mapping(tuple(entries), node.span) if entries else None), hit
