"""The canonical text of a condition: what a person reads, and what parses back to an equal node.

Only writing lives here; the grammar that reads it back is in `parse`. The round trip holds for every node that fits a
schema.
"""

from __future__ import annotations

from fractions import Fraction
from typing import assert_never

from phaseflow.core.conditions.nodes import All, Any, Arith, AtLeast, Compare, Const, IfNone, Node, Not, Read, Scalar

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _ATOM = range(7)


def render(node: Node) -> str:
    """Write a node as an expression.

    Example:
        >>> render(All((Read("approved"), Compare(Read("poll.trust"), ">=", Const(Fraction(85, 100))))))
        'approved and poll.trust >= share(85)'
    """
    return _write(node)[0]


def quoted(text: str) -> str:
    """A piece of a condition in quotes, for a message; in the other quotes where it holds a text itself."""
    return f'"{text}"' if "'" in text else f"'{text}'"


def _write(node: Node) -> tuple[str, int]:
    """The text of a node, and how tightly its outermost operator binds."""
    match node:
        case All():
            return _joined("all", " and ", _AND, node.parts, node.if_none)
        case Any():
            return _joined("any", " or ", _OR, node.parts, node.if_none)
        case AtLeast():
            return _called("at_least", (str(node.count), *map(render, node.parts)), node.if_none), _ATOM
        case Not():
            return f"not {_within(node.part, _NOT)}", _NOT
        case Compare():
            op = "not in" if node.op == "not_in" else node.op
            return f"{_within(node.left, _SUM)} {op} {_within(node.right, _SUM)}", _COMPARE
        case Arith():
            level = _SUM if node.op in "+-" else _PRODUCT
            # Python reads a - b - c from the left, so an equal operator on the right needs its brackets.
            return f"{_within(node.left, level)} {node.op} {_within(node.right, level + 1)}", level
        case Read():
            arguments = ", ".join(f"{name}={render(value)}" for name, value in node.args)
            return (f"{node.name}({arguments})" if arguments else node.name), _ATOM
        case Const():
            return _constant(node), _ATOM
        case _:
            assert_never(node)


def _within(node: Node, level: int) -> str:
    text, own = _write(node)
    return text if own >= level else f"({text})"


def _joined(word: str, sign: str, level: int, parts: tuple[Node, ...], if_none: IfNone) -> tuple[str, int]:
    if len(parts) < 2 or if_none:
        return _called(word, tuple(map(render, parts)), if_none), _ATOM
    return sign.join(_within(part, level + 1) for part in parts), level


def _called(word: str, arguments: tuple[str, ...], if_none: IfNone) -> str:
    return f"{word}({', '.join((*arguments, *([f'if_none={if_none!r}'] if if_none else [])))})"


def _constant(node: Const) -> str:
    texts = [_share(part) if node.share else _scalar(part) for part in node.elements]
    return f"[{', '.join(texts)}]" if isinstance(node.value, tuple) else texts[0]


def _scalar(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return _decimal(value) or f"ratio({value.numerator}, {value.denominator})"
    return repr(value)


def _share(value: Scalar) -> str:
    share = Fraction(value)
    percent = _decimal(share * 100)
    # Below one percent it is written as a fraction: 'share(0.85)' too easily means 85 %, so the grammar refuses it.
    if percent and (share == 0 or share * 100 >= 1):
        return f"share({percent})"
    return f"share({share.numerator}, {share.denominator})"


def _decimal(value: Fraction) -> str:
    """The value as a finite decimal of at most 12 places; empty where it has none."""
    scaled = value * 10**12
    if scaled.denominator != 1:
        return ""
    whole, rest = divmod(abs(scaled.numerator), 10**12)
    digits = f"{rest:012d}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}{'.' + digits if digits else ''}"
