"""The expression form of a condition: text in, nodes out, or every reason why not.

The grammar is a small part of Python's, parsed with the standard `ast` after the whitelist in `lexer`. Only Python's
*grammar* is used: nothing is compiled, imported, called or looked up. Types and names are judged in `schema`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from phaseflow.core.conditions.lexer import MAX_DEPTH, Place, scan
from phaseflow.core.conditions.nodes import (
    All,
    Any,
    Arith,
    ArithOp,
    AtLeast,
    Compare,
    CompareOp,
    Condition,
    Const,
    IfNone,
    Not,
    Read,
    Scalar,
    Value,
)
from phaseflow.core.conditions.render import quoted, render
from phaseflow.core.conditions.schema import Schema, check
from phaseflow.errors import PolicyError, Problem, Span

MAX_NODES: Final = 300

_COMPARISONS: Mapping[type[ast.cmpop], CompareOp] = MappingProxyType(
    {
        ast.Eq: "==",
        ast.NotEq: "!=",
        ast.Lt: "<",
        ast.LtE: "<=",
        ast.Gt: ">",
        ast.GtE: ">=",
        ast.In: "in",
        ast.NotIn: "not_in",
    }
)
_RECKONINGS: Mapping[type[ast.operator], ArithOp] = MappingProxyType(
    {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
)
_GROUPS: Final = ("all", "any", "at_least")


class ConditionError(PolicyError):
    """An expression cannot be read, or does not fit its schema; *problems* holds every fault, sorted by position."""


def parse_condition(text: str, span: Span, schema: Schema) -> Condition:
    """Read an expression and check it against a schema.

    Args:
        text: At most 2,000 characters, 300 parts, 40 deep. ``and or not``, comparisons (also chained), ``in`` with a
            list of constants, ``+ - * /`` on numbers, facts with constant arguments, ``share(85)``, ``ratio(1, 3)``,
            ``at_least(2, a, b, c)``, ``all(…)`` and ``any(…)`` with an optional ``if_none='met'``.
        span: Where the first character of *text* stands.
        schema: The facts and parameters that may be named.

    Raises:
        ConditionError: with all problems, each with its place inside the text; codes PF150 to PF159.

    Example:
        >>> from phaseflow.core.conditions.schema import FactType
        >>> from phaseflow.errors import NOWHERE
        >>> parse_condition("items == 0", NOWHERE, Schema(facts={"items": FactType(result="count")}))
        Compare(left=Read(name='items', args=()), op='==', right=Const(value=0, share=False))
    """
    place = Place(text, span)
    if problems := scan(place):
        raise ConditionError(problems)
    builder = _Builder(place, schema)
    node = builder.condition(_python(place), 1)
    if problems := builder.problems or check(node, schema):
        raise ConditionError(problems)
    return node


def _python(place: Place) -> ast.expr:
    # Line breaks and tabs become as many spaces, so that columns hold; leading space would be an indent to Python.
    flat = place.text.translate({9: " ", 10: " ", 13: " "})
    bare = flat.lstrip(" ")
    try:
        return ast.parse(bare, mode="eval").body
    except SyntaxError as error:
        at = min(max(error.offset or len(bare) + 1, 1), len(bare) + 1) - 1
        what = f"the condition cannot be read: {error.msg}" if error.offset else "the condition ends too early"
        where = place.at(len(flat) - len(bare) + at)
        raise ConditionError([Problem(code="PF150", what=what, span=where, why=_GRAMMAR)]) from None
    except (ValueError, RecursionError, MemoryError):
        raise ConditionError([Problem(code="PF151", what="the condition is too deep", span=place.span)]) from None


_GRAMMAR = "an expression is made of facts, comparisons, and, or, not and brackets"
_BROKEN = Const(True)
"""Stands where a problem was reported; it never leaves `parse_condition`."""


class _Builder:
    """Turns Python's syntax tree into ours. What is not expressly known is refused, with its place."""

    def __init__(self, place: Place, schema: Schema) -> None:
        self.place = place
        self.schema = schema
        self.problems: list[Problem] = []
        self.seen = 0
        self.indent = len(place.text) - len(place.text.lstrip(" \t\r\n"))
        self.bytes = None if place.text.isascii() else place.text.lstrip(" \t\r\n").encode()

    # -- places ----------------------------------------------------------------------------------------------------

    def column(self, offset: int) -> int:
        """Characters from the start of the text; Python counts bytes of UTF-8."""
        return self.indent + (offset if self.bytes is None else len(self.bytes[:offset].decode()))

    def bounds(self, tree: ast.expr) -> tuple[int, int]:
        start = self.column(tree.col_offset)
        return start, self.column(tree.end_col_offset or tree.col_offset + 1)

    def span(self, tree: ast.expr) -> Span:
        start, end = self.bounds(tree)
        return self.place.at(start, end - start)

    def source(self, tree: ast.expr) -> str:
        start, end = self.bounds(tree)
        return self.place.text[start:end]

    def refuse(self, code: str, tree: ast.expr, what: str, why: str = "", fix: str = "") -> Const:
        self.problems.append(Problem(code=code, what=what, span=self.span(tree), why=why, fix=fix))
        return _BROKEN

    def is_too_big(self, tree: ast.expr, depth: int) -> bool:
        """Count one part; from the first fault of size on, nothing more is read."""
        self.seen += 1
        if depth <= MAX_DEPTH and self.seen <= MAX_NODES:
            return False
        if not any(problem.code == "PF151" for problem in self.problems):
            what = f"the condition is more than {MAX_DEPTH} deep, or has more than {MAX_NODES} parts"
            self.refuse("PF151", tree, what, "a condition is bounded, so that reading it always ends soon")
        return True

    # -- conditions ------------------------------------------------------------------------------------------------

    def condition(self, tree: ast.expr, depth: int) -> Condition:
        if self.is_too_big(tree, depth):
            return _BROKEN
        match tree:
            case ast.BoolOp(op=op, values=values):
                parts = self.conditions(values, depth)
                return (All if isinstance(op, ast.And) else Any)(parts, span=self.span(tree))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self.condition(operand, depth + 1), span=self.span(tree))
            case ast.Compare():
                return self.comparison(tree, depth)
            case ast.Call(func=ast.Name(id=word)) if word in _GROUPS:
                return self.group(word, tree, depth)
            case ast.Name() | ast.Attribute() | ast.Call() | ast.Constant():
                value = self.value(tree, depth, counted=True)
                return _BROKEN if isinstance(value, Arith) else value
            case _:
                what = f"{quoted(self.source(tree))} is a value, not a condition"
                return self.refuse("PF157", tree, what, "a condition is true or false", "compare it with something")

    def conditions(self, trees: Sequence[ast.expr], depth: int) -> tuple[Condition, ...]:
        return tuple(self.condition(tree, depth + 1) for tree in trees)

    def comparison(self, tree: ast.Compare, depth: int) -> Condition:
        sides = [tree.left, *tree.comparators]
        values = [self.value(side, depth + 1) for side in sides]
        parts: list[Condition] = []
        for index, op in enumerate(tree.ops):
            start, end = self.bounds(sides[index])[0], self.bounds(sides[index + 1])[1]
            span = self.place.at(start, end - start)
            word = _COMPARISONS.get(type(op))
            if word is None:  # 'is' never gets here; kept so that a new sign of Python is refused, not misread
                return self.refuse(
                    "PF152", tree, f"{quoted(self.source(tree))} has a sign that is not part of this language"
                )
            parts.append(Compare(values[index], word, values[index + 1], span=span))
        return parts[0] if len(parts) == 1 else All(tuple(parts), span=self.span(tree))

    def group(self, word: str, tree: ast.Call, depth: int) -> Condition:
        if_none, span = self.if_none(word, tree), self.span(tree)
        if word == "at_least":
            count = self.value(tree.args[0], depth + 1) if tree.args else _BROKEN
            parts = self.conditions(tree.args[1:], depth)
            if not isinstance(count, Const) or type(count.value) is not int:
                fix = "write at_least(2, a, b, c)"
                return self.refuse("PF152", tree, "'at_least' begins with a whole number", fix=fix)
            return AtLeast(count.value, parts, if_none=if_none, span=span)
        return (All if word == "all" else Any)(self.conditions(tree.args, depth), if_none=if_none, span=span)

    def if_none(self, word: str, tree: ast.Call) -> IfNone:
        for given in tree.keywords:
            if given.arg == "if_none" and len(tree.keywords) == 1 and isinstance(given.value, ast.Constant):
                if given.value.value == "met":
                    return "met"
                if given.value.value == "unmet":
                    return "unmet"
            what = f"'{word}' takes if_none='met' or if_none='unmet', and nothing else by name"
            self.refuse("PF152", given.value, what)
        return ""

    # -- values ----------------------------------------------------------------------------------------------------

    def value(self, tree: ast.expr, depth: int, *, counted: bool = False) -> Value:
        if not counted and self.is_too_big(tree, depth):
            return _BROKEN
        match tree:
            case ast.BinOp(op=op) if type(op) in _RECKONINGS:
                left, right = self.value(tree.left, depth + 1), self.value(tree.right, depth + 1)
                return Arith(_RECKONINGS[type(op)], left, right, span=self.span(tree))
            case ast.Name() | ast.Attribute():
                return self.named(tree)
            case ast.Call():
                return self.call(tree, depth)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return self.listed(tree, parts, depth)
            case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
                return self.literal(tree)
            case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                what = f"the condition {quoted(self.source(tree))} stands where a value is needed"
                return self.refuse("PF152", tree, what, "a comparison compares values, not conditions")
            case _:
                what = f"{quoted(self.source(tree))} is not part of this language"
                return self.refuse("PF152", tree, what, _GRAMMAR)

    def named(self, tree: ast.Name | ast.Attribute) -> Const | Read:
        name = self.dotted(tree)
        if name in ("true", "false"):
            return Const(name == "true", span=self.span(tree))
        if name is None:
            return self.refuse("PF152", tree, f"{quoted(self.source(tree))} is no name of a fact")
        if name in (*_GROUPS, "share", "ratio"):
            return self.refuse("PF152", tree, f"'{name}' is a word of this language and needs brackets after it")
        return Read(name, span=self.span(tree), parameter=name in self.schema.parameters)

    def dotted(self, tree: ast.expr) -> str | None:
        words: list[str] = []
        while isinstance(tree, ast.Attribute):
            words.append(tree.attr)
            tree = tree.value
        if not isinstance(tree, ast.Name):
            return None
        return ".".join((tree.id, *reversed(words)))

    def call(self, tree: ast.Call, depth: int) -> Const | Read:
        name = self.dotted(tree.func)
        if name in ("share", "ratio"):
            return self.fraction(name, tree, depth)
        if name is None or name in _GROUPS:
            what = f"{quoted(self.source(tree))} stands where a value is needed"
            return self.refuse("PF152", tree, what, "only facts that are declared can be asked")
        if tree.args:
            known = self.schema.facts[name].arguments if name in self.schema.facts else {}
            fix = f"write {name}({next(iter(known))}=…)" if known else f"write '{name}' alone"
            return self.refuse("PF154", tree.args[0], f"'{name}' takes its arguments by name only", fix=fix)
        arguments: list[tuple[str, Const]] = []
        for given in tree.keywords:
            value = self.value(given.value, depth + 1)
            if given.arg is None or not isinstance(value, Const):
                return self.refuse("PF152", given.value, f"an argument of '{name}' is one constant, given by name")
            arguments.append((given.arg, value))
        return Read(name, tuple(arguments), span=self.span(tree), parameter=name in self.schema.parameters)

    def fraction(self, word: str, tree: ast.Call, depth: int) -> Const:
        """``share(85)`` is 85 %; ``share(1, 3)`` and ``ratio(1, 3)`` are a third."""
        given = [self.value(part, depth + 1) for part in tree.args]
        exact = [Fraction(number) for part in given for number in _plain_numbers(part)]
        if tree.keywords or len(exact) != len(given) or len(exact) not in ((1, 2) if word == "share" else (2,)):
            fix = "write share(85) for 85 %, or share(1, 3)" if word == "share" else "write ratio(1, 3)"
            return self.refuse(
                "PF158", tree, f"{quoted(self.source(tree))} is no {word}", "it takes plain numbers", fix
            )
        if len(exact) == 2 and exact[1] == 0:
            return self.refuse("PF158", tree, f"{quoted(self.source(tree))} divides by zero")
        if len(exact) == 1 and 0 < exact[0] < 1:
            what = f"{quoted(self.source(tree))} is less than one percent"
            fix = f"write {render(Const(exact[0]))}, or {render(Const(exact[0] / 100))} if so little was meant"
            return self.refuse("PF158", tree, what, "share(85) is 85 percent", fix)
        value = exact[0] / (100 if len(exact) == 1 else exact[1])
        if word == "ratio":
            return Const(value, share=False, span=self.span(tree))
        if not 0 <= value <= 1:
            return self.refuse("PF158", tree, f"{quoted(self.source(tree))} is not between 0 and 100 percent")
        return Const(value, share=True, span=self.span(tree))

    def listed(self, tree: ast.expr, parts: Sequence[ast.expr], depth: int) -> Const:
        values = [self.value(part, depth + 1) for part in parts]
        constants = [part for part in values if isinstance(part, Const)]
        scalars: list[Scalar] = [part.value for part in constants if not isinstance(part.value, tuple)]
        if len(scalars) != len(parts) or not parts:
            return self.refuse("PF152", tree, "a list holds constants, at least one", fix="write ['now', 'limited']")
        if len({part.share for part in constants}) > 1:
            what = "the list mixes shares with other values"
            return self.refuse("PF155", tree, what, "a list holds values of one kind")
        return Const(tuple(scalars), share=constants[0].share, span=self.span(tree))

    def literal(self, tree: ast.Constant | ast.UnaryOp) -> Const:
        sign, inner = (-1, tree.operand) if isinstance(tree, ast.UnaryOp) else (1, tree)
        value = inner.value if isinstance(inner, ast.Constant) else None
        if isinstance(value, bool | str) and sign == 1:
            return Const(value, share=False, span=self.span(tree))
        if isinstance(value, int | float) and not isinstance(value, bool):
            # The text is read again: Python's float has already lost what was written.
            return Const(sign * Fraction(self.source(inner)), share=False, span=self.span(tree))
        return self.refuse("PF152", tree, f"{quoted(self.source(tree))} is no constant of this language")


def _plain_numbers(node: Value) -> Iterator[int | Fraction]:
    """The number a node holds, if it holds one that is no share."""
    if isinstance(node, Const) and not node.share:
        value = node.value
        if isinstance(value, int | Fraction) and not isinstance(value, bool):
            yield value
