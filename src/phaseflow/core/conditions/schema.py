"""Which facts and parameters a condition may name, and whether a condition fits them.

Here live the declarations and the type checker; both forms of a condition go through it. No text is read here, and no
fact is looked up: time is no fact either, unless a schema declares a named instant as one (R4).
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, assert_never

import attrs

from phaseflow.core.conditions.nodes import (
    All,
    Any,
    Arith,
    AtLeast,
    Compare,
    Condition,
    Const,
    Not,
    Read,
    Scalar,
    Value,
)
from phaseflow.core.conditions.render import quoted, render
from phaseflow.errors import Problem, did_you_mean

Kind: TypeAlias = Literal["bool", "number", "count", "share", "text"]
Argument: TypeAlias = tuple[Scalar, ...] | Literal["text", "number"]

WORDS: Final = frozenset({"all", "any", "at_least", "share", "ratio", "true", "false", "and", "or", "not", "in"})
"""Words of the language itself; no fact or parameter may bear them."""

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")

_IN_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "bool": "yes or no",
        "number": "a number",
        "count": "a count",
        "share": "a share",
        "text": "a text",
        "ratio": "a ratio",
    }
)


def is_speakable(name: str) -> bool:
    """Say whether an expression can name a fact so: dotted, lower case, and no word of this language or of Python."""
    words = name.split(".")
    return bool(_NAME.fullmatch(name)) and name not in WORDS and not any(keyword.iskeyword(word) for word in words)


def _frozen(mapping: Mapping[str, Argument]) -> Mapping[str, Argument]:
    return MappingProxyType(dict(mapping))


def _names(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names)


@attrs.frozen(kw_only=True)
class FactType:
    """What one fact gives, and how it may be asked for.

    Args:
        result: What the fact gives. A share is between 0 and 1, a count is a whole number from 0.
        arguments: By name: the allowed values, or ``"text"`` or ``"number"`` for any.
        required: The arguments that must be given.
        values: The texts that a text fact may give, where they are known; anything else is a misspelling.
    """

    result: Kind
    arguments: Mapping[str, Argument] = attrs.field(factory=dict, converter=_frozen)
    required: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    values: tuple[str, ...] = attrs.field(default=(), converter=tuple)


def _facts(facts: Mapping[str, FactType]) -> Mapping[str, FactType]:
    return MappingProxyType(dict(facts))


def _parameters(parameters: Mapping[str, Kind]) -> Mapping[str, Kind]:
    return MappingProxyType(dict(parameters))


@attrs.frozen(kw_only=True)
class Schema:
    """The facts and parameters that a condition may name; one namespace for both.

    Raises:
        ValueError: a name is not speakable (see `is_speakable`), or is declared twice.
    """

    facts: Mapping[str, FactType] = attrs.field(factory=dict, converter=_facts)
    parameters: Mapping[str, Kind] = attrs.field(factory=dict, converter=_parameters)

    def __attrs_post_init__(self) -> None:
        mute = sorted(name for name in (*self.facts, *self.parameters) if not is_speakable(name))
        twice = sorted(self.facts.keys() & self.parameters.keys())
        if mute or twice:
            raise ValueError(f"names no condition can say: {mute}; names of both a fact and a parameter: {twice}")

    def kind_of(self, read: Read) -> Kind | None:
        """What a read gives; None where the name is not declared."""
        fact = self.facts.get(read.name)
        return fact.result if fact else self.parameters.get(read.name)


def check(node: Condition, schema: Schema) -> list[Problem]:
    """Find every name that is not declared and everything that does not fit together, in the order of writing.

    Codes: PF153 names, PF154 arguments, PF155 comparisons, PF156 reckoning, PF157 true-or-false, PF159 never or always.
    """
    checker = _Checker(schema)
    checker.condition(node)
    return checker.problems


_AnyKind: TypeAlias = Kind | Literal["ratio"]
_NUMERIC: Final = frozenset({"number", "count", "ratio"})


class _Checker:
    """Walks one condition; a kind of None means: already reported, so stay silent about what hangs on it."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.problems: list[Problem] = []

    def report(self, code: str, node: Condition | Value, what: str, why: str = "", fix: str = "") -> None:
        clause = "" if isinstance(node, Arith) else node.clause
        self.problems.append(Problem(code=code, what=what, span=node.span, why=why, fix=fix, clause=clause))

    def condition(self, node: Condition) -> None:
        match node:
            case All() | Any():
                self.conditions(node.parts)
            case AtLeast():
                self.at_least(node)
            case Not():
                self.condition(node.part)
            case Compare():
                self.compare(node)
            case Read() | Const():
                kind = self.value(node)
                if kind not in (None, "bool"):
                    self.report(
                        "PF157",
                        node,
                        f"{quoted(render(node))} is {_IN_WORDS[str(kind)]}, not a condition",
                        "a condition is true or false",
                        "compare it with something, as in 'open_items == 0'",
                    )
            case _:
                assert_never(node)

    def conditions(self, parts: Iterable[Condition]) -> None:
        for part in parts:
            self.condition(part)

    def at_least(self, node: AtLeast) -> None:
        if node.parts and not 1 <= node.count <= len(node.parts):
            answer = "always" if node.count < 1 else "never"
            self.report(
                "PF159",
                node,
                f"at least {node.count} of {len(node.parts)} conditions is {answer} met",
                "a gate that cannot answer both ways decides nothing",
                f"ask for 1 to {len(node.parts)}",
            )
        self.conditions(node.parts)

    def value(self, node: Value) -> _AnyKind | None:
        match node:
            case Const():
                return self.constant(node)
            case Read():
                return self.read(node)
            case Arith():
                return self.reckoning(node)
            case _:
                assert_never(node)

    def constant(self, node: Const) -> Kind | None:
        kinds = {_scalar_kind(part, node.share) for part in node.elements}
        if len(kinds) == 1:
            return kinds.pop()
        self.report(
            "PF155", node, f"the list {render(node)} mixes values of several kinds", "a list holds values of one kind"
        )
        return None

    def read(self, node: Read) -> Kind | None:
        fact = self.schema.facts.get(node.name)
        if fact is None and node.name not in self.schema.parameters:
            known = (*self.schema.facts, *self.schema.parameters)
            self.report(
                "PF153",
                node,
                f"there is no fact or parameter '{node.name}'",
                "a condition reads only facts and parameters that are declared",
                did_you_mean(node.name, known),
            )
            return None
        self.arguments(node, fact or FactType(result=self.schema.parameters[node.name]))
        return self.schema.kind_of(node)

    def arguments(self, node: Read, fact: FactType) -> None:
        given = [name for name, _ in node.args]
        for name in sorted({name for name in given if given.count(name) > 1}):
            self.report("PF154", node, f"'{node.name}' is given '{name}' twice", "an argument has one value")
        for name in sorted(fact.required.difference(given)):
            self.report("PF154", node, f"'{node.name}' needs the argument '{name}'", fix=f"write {node.name}({name}=…)")
        for name, value in node.args:
            self.argument(node, name, value, fact)

    def argument(self, node: Read, name: str, value: Const, fact: FactType) -> None:
        allowed = fact.arguments.get(name)
        place: Condition = value if value.span.line else node
        if allowed is None:
            fix = did_you_mean(name, fact.arguments) or f"write '{node.name}' without it"
            self.report("PF154", place, f"'{node.name}' takes no argument '{name}'", "", fix)
        elif isinstance(allowed, str):
            kind = "list" if isinstance(value.value, tuple) else _scalar_kind(value.elements[0], value.share)
            if kind != allowed:
                why = f"'{name}' takes {_IN_WORDS[allowed]}"
                self.report("PF154", place, f"'{node.name}' cannot be asked for {name}={render(value)}", why)
        elif not any(Const(one) == value for one in allowed):
            spelled = [str(one) if isinstance(one, str) else render(Const(one)) for one in allowed]
            what = f"'{node.name}' knows no {name} {render(value)}"
            self.report("PF154", place, what, fix=did_you_mean(str(value.value), spelled))

    def reckoning(self, node: Arith) -> _AnyKind | None:
        left, right = self.value(node.left), self.value(node.right)
        for side, kind in ((node.left, left), (node.right, right)):
            if kind in ("bool", "text") or (isinstance(side, Const) and isinstance(side.value, tuple)):
                self.report(
                    "PF156",
                    side,
                    f"{quoted(render(side))} is {_IN_WORDS[str(kind)]}; '{node.op}' reckons with numbers only",
                    "there is no arithmetic on texts, lists and yes-or-no answers",
                )
                left = None
        if left is None or right is None:
            return None
        result = _reckoned(node, left, right)
        if result is None:
            self.report(
                "PF156",
                node,
                f"{quoted(render(node))} adds {_IN_WORDS[left]} to {_IN_WORDS[right]}",
                "a share is added only to a share",
                "multiply the share by what it is a share of",
            )
        return result

    def compare(self, node: Compare) -> None:
        left, right = self.value(node.left), self.value(node.right)
        is_list = isinstance(node.right, Const) and isinstance(node.right.value, tuple)
        if is_list is not (node.op in ("in", "not_in")) or _is_list(node.left):
            self.report(
                "PF155",
                node,
                f"{quoted(render(node))} does not compare like with like",
                "'in' and 'not in' look a value up in a list of constants; the other signs compare two values",
                "write a list on the right of 'in', as in kind in ['now', 'limited']",
            )
        elif left is not None and right is not None:
            self.kinds(node, left, right)

    def kinds(self, node: Compare, left: _AnyKind, right: _AnyKind) -> None:
        if not _comparable(left, right):
            self.report(
                "PF155",
                node,
                f"{quoted(render(node))} compares {_IN_WORDS[left]} with {_IN_WORDS[right]}",
                "shares compare with shares, numbers and counts with numbers, texts with texts",
                _share_meant(node.left if right == "share" else node.right),
            )
        elif left in ("bool", "text") and node.op in ("<", "<=", ">", ">="):
            self.report(
                "PF155",
                node,
                f"{quoted(render(node))} asks for an order of {'texts' if left == 'text' else 'yes-or-no answers'}",
                "only numbers, counts and shares have an order",
                "ask with ==, != or in",
            )
        else:
            for fact, bound in ((node.left, node.right), (node.right, node.left)):
                self.known_texts(fact, bound)

    def known_texts(self, fact: Value, bound: Value) -> None:
        declared = self.schema.facts.get(fact.name) if isinstance(fact, Read) else None
        if declared is None or not declared.values or not isinstance(bound, Const):
            return
        for text in bound.elements:
            if text not in declared.values:
                what = f"{quoted(render(fact))} is never {text!r}"
                self.report("PF159", bound, what, "", did_you_mean(str(text), declared.values))


def _is_list(node: Value) -> bool:
    return isinstance(node, Const) and isinstance(node.value, tuple)


def _scalar_kind(value: Scalar, share: bool) -> Kind:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "text"
    return "share" if share else "number"


def _comparable(left: _AnyKind, right: _AnyKind) -> bool:
    if "ratio" in (left, right) and "share" in (left, right):
        return True
    return left == right or (left in _NUMERIC and right in _NUMERIC)


def _reckoned(node: Arith, left: _AnyKind, right: _AnyKind) -> _AnyKind | None:
    """The kind of a result; None where it has no meaning. A ratio may be read as a share or as a number."""
    match node.op:
        case "/":
            return "ratio"
        case "*":
            # share(50) * invited is a number of people; pass_mark * 2 is still a share: both readings stay open.
            return "ratio" if "share" in (left, right) or "ratio" in (left, right) else _widest(left, right)
        case "+" | "-":
            if "share" in (left, right):
                return "share" if {left, right} <= {"share", "ratio"} else None
            return "ratio" if "ratio" in (left, right) else _widest(left, right)
        case _:
            assert_never(node.op)


def _widest(left: _AnyKind, right: _AnyKind) -> _AnyKind:
    return left if left == right else "number"


def _share_meant(node: Value) -> str:
    """What to write where a plain number stands against a share: 85 for share(85), 0.85 as well."""
    if isinstance(node, Const) and isinstance(node.value, int | Fraction) and not isinstance(node.value, bool):
        percent = node.value if isinstance(node.value, int) or node.value >= 1 else node.value * 100
        if 0 <= percent <= 100:
            return f"write {render(Const(Fraction(percent, 100)))}"
    return ""
