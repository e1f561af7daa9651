"""What a condition comes to: Kleene's three-valued logic over exact numbers (R23).

Here live the rules of comparing and reckoning, and the compiler from nodes to closures. Nothing is explained here, and
nothing here can raise: what cannot be compared is unknown. Only *read*, which the caller supplies, may fail.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any as Whatever
from typing import TypeAlias, TypeGuard, assert_never

from phaseflow.core.conditions.nodes import (
    UNKNOWN,
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
    Truth,
    Unknown,
    Value,
)

Reader: TypeAlias = Callable[[Read], Scalar | Decimal | Unknown | None]
"""Looks a fact up: a bool, int, Fraction, finite Decimal or str; None or UNKNOWN where it is missing. Floats count as
unknown, because they are not exact."""

Evaluator: TypeAlias = Callable[[Reader], Truth]
_Worth: TypeAlias = Callable[[Reader], object]

_MAX_EXPONENT = 400
"""A Decimal beyond 10**±400 is unknown: made into a Fraction, ``Decimal('1E+999999')`` would take a million digits."""

_TESTS: Mapping[str, Callable[[Whatever, Whatever], bool]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)


def plain(value: object) -> Scalar | Unknown:
    """The exact value behind what a reader gave; UNKNOWN where it is none of ours."""
    if type(value) in (bool, int, Fraction, str):
        return value  # type: ignore[return-value]
    # Subclasses (IntEnum, StrEnum) lose their own methods here, so that none of them can raise later.
    match value:
        case int():
            return int.__int__(value)
        case str():
            return str.__str__(value)
        case Decimal() if value.is_finite() and abs(value.adjusted()) <= _MAX_EXPONENT:
            return Fraction(value)
        case _:
            return UNKNOWN


def compare(left: object, op: CompareOp, right: object) -> Truth:
    """Compare two values. Values of different kinds, missing values and texts in order (``<``) are unknown."""
    match op:
        case "in":
            return _among(left, right)
        case "not_in":
            return negate(_among(left, right))
        case _:
            return _compare_plain(plain(left), op, plain(right))


def _compare_plain(left: Scalar | Unknown, op: CompareOp, right: Scalar | Unknown) -> Truth:
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if is_number(left) and is_number(right):
        # Fraction's own comparison takes about a microsecond; multiplying crosswise is as exact and far faster.
        return _TESTS[op](left.numerator * right.denominator, right.numerator * left.denominator)
    if type(left) is not type(right) or op not in ("==", "!="):
        return UNKNOWN
    return _TESTS[op](left, right)


def is_number(value: object) -> TypeGuard[int | Fraction]:
    """Say whether a plain value is a number; a bool is one to Python, and never to us."""
    return type(value) is int or type(value) is Fraction


def _among(left: object, right: object) -> Truth:
    if not isinstance(right, tuple):
        return UNKNOWN
    return any_of(compare(left, "==", part) for part in right)


def reckon(op: ArithOp, left: object, right: object) -> int | Fraction | Unknown:
    """Reckon exactly with two numbers; UNKNOWN for anything else, and for a division by zero."""
    a, b = plain(left), plain(right)
    if not is_number(a) or not is_number(b):
        return UNKNOWN
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return UNKNOWN if b == 0 else Fraction(a) / b
        case _:
            assert_never(op)


def negate(truth: Truth) -> Truth:
    """Kleene's not: unknown stays unknown."""
    return UNKNOWN if truth is UNKNOWN else truth is False


def all_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's and, over at least one value."""
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is UNKNOWN:
            result = UNKNOWN
    return result


def any_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's or, over at least one value."""
    result: Truth = False
    for truth in truths:
        if truth is True:
            return True
        if truth is UNKNOWN:
            result = UNKNOWN
    return result


def at_least(count: int, truths: Iterable[Truth]) -> Truth:
    """Met when *count* values are true; unmet when even the unknown ones could not reach it."""
    met = open_ = 0
    for truth in truths:
        if truth is True:
            met += 1
        elif truth is UNKNOWN:
            open_ += 1
    if met >= count:
        return True
    return False if met + open_ < count else UNKNOWN


def over_nothing(if_none: IfNone) -> Truth:
    """What ``all``, ``any`` and ``at_least`` come to over no parts: what the author said, or unknown."""
    match if_none:
        case "met":
            return True
        case "unmet":
            return False
        case "":
            return UNKNOWN
        case _:
            assert_never(if_none)


def compile_condition(node: Condition) -> Evaluator:
    """Compile a condition into a function of a reader; it stops reading as soon as the answer is certain.

    Example:
        >>> ready = compile_condition(Compare(Read("items"), "==", Const(0)))
        >>> ready(lambda fact: 0), ready(lambda fact: None)
        (True, UNKNOWN)
    """
    match node:
        case All() | Any() | AtLeast() if not node.parts:
            return _always(over_nothing(node.if_none))
        case All():
            return _all(tuple(compile_condition(part) for part in node.parts))
        case Any():
            return _any(tuple(compile_condition(part) for part in node.parts))
        case AtLeast():
            return _at_least(node.count, tuple(compile_condition(part) for part in node.parts))
        case Not():
            return _not(compile_condition(node.part))
        case Compare():
            return _compare(node)
        case Read():
            return _truth_of(node)
        case Const():
            return _always(node.value if isinstance(node.value, bool) else UNKNOWN)
        case _:
            assert_never(node)


def _always(truth: Truth) -> Evaluator:
    return lambda _read: truth


def _truth_of(fact: Read) -> Evaluator:
    def truth_of(read: Reader) -> Truth:
        value = read(fact)
        return value if value is True or value is False else UNKNOWN

    return truth_of


def _not(part: Evaluator) -> Evaluator:
    return lambda read: negate(part(read))


def _all(parts: tuple[Evaluator, ...]) -> Evaluator:
    # The loops of all_of and any_of stand here again: a generator in between doubles the time of a small condition.
    def every(read: Reader) -> Truth:
        result: Truth = True
        for part in parts:
            truth = part(read)
            if truth is False:
                return False
            if truth is UNKNOWN:
                result = UNKNOWN
        return result

    return every


def _any(parts: tuple[Evaluator, ...]) -> Evaluator:
    def some(read: Reader) -> Truth:
        result: Truth = False
        for part in parts:
            truth = part(read)
            if truth is True:
                return True
            if truth is UNKNOWN:
                result = UNKNOWN
        return result

    return some


def _at_least(count: int, parts: tuple[Evaluator, ...]) -> Evaluator:
    return lambda read: at_least(count, (part(read) for part in parts))


def _compare(node: Compare) -> Evaluator:
    left, op, right = node.left, node.op, node.right
    if isinstance(left, Read) and isinstance(right, Const) and op not in ("in", "not_in"):
        if is_number(right.value):
            return _fact_against_number(left, op, right.value)
        if isinstance(right.value, str):
            return _fact_against_text(left, op, right.value)
    return _two_values(_value(left), op, _value(right))


def _two_values(left: _Worth, op: CompareOp, right: _Worth) -> Evaluator:
    test = _TESTS.get(op)

    def two_values(read: Reader) -> Truth:
        a, b = left(read), right(read)
        if test is not None and is_number(a) and is_number(b):
            return test(a.numerator * b.denominator, b.numerator * a.denominator)
        return compare(a, op, b)

    return two_values


def _fact_against_number(fact: Read, op: CompareOp, bound: int | Fraction) -> Evaluator:
    test, up, down = _TESTS[op], bound.numerator, bound.denominator

    def against_number(read: Reader) -> Truth:
        value = read(fact)
        kind = type(value)
        if kind is int:
            return test(value * down, up)  # type: ignore[operator]
        if kind is Fraction:
            return test(value.numerator * down, up * value.denominator)  # type: ignore[union-attr]
        return compare(value, op, bound)

    return against_number


def _fact_against_text(fact: Read, op: CompareOp, bound: str) -> Evaluator:
    if op not in ("==", "!="):
        return lambda read: compare(read(fact), op, bound)
    test = _TESTS[op]

    def against_text(read: Reader) -> Truth:
        value = read(fact)
        return test(value, bound) if type(value) is str else compare(value, op, bound)

    return against_text


def _value(node: Value) -> _Worth:
    match node:
        case Const():
            value = node.value
            return lambda _read: value
        case Read():
            return lambda read: read(node)
        case Arith():
            op, left, right = node.op, _value(node.left), _value(node.right)
            return lambda read: reckon(op, left(read), right(read))
        case _:
            assert_never(node)
