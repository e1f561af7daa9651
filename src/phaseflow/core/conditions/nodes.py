"""The shape of a condition: what a policy asks, as data.

Here live the nodes that the expression form and the structured YAML form both become, and the values they speak of.
No text is read, nothing is evaluated, and no fact is looked up here.

Two nodes are equal when they *mean* the same: their place, label and clause do not count.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from fractions import Fraction
from typing import Final, Literal, TypeAlias

import attrs

from phaseflow.errors import NOWHERE, Span

Scalar: TypeAlias = bool | int | Fraction | str
Constant: TypeAlias = Scalar | tuple[Scalar, ...]
CompareOp: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not_in"]
ArithOp: TypeAlias = Literal["+", "-", "*", "/"]
IfNone: TypeAlias = Literal["", "met", "unmet"]


class Unknown(enum.Enum):
    """The third truth value, with one member. It is neither true nor false: ``if verdict:`` fails, ask ``is True``."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("UNKNOWN is neither true nor false; ask 'is True', 'is False' or 'is UNKNOWN'")


UNKNOWN: Final = Unknown.UNKNOWN
Truth: TypeAlias = bool | Unknown


def _meaning(value: object) -> object:
    """Tell True from 1 and 1 from Fraction(1), which Python holds equal."""
    if isinstance(value, tuple):
        return tuple(_meaning(part) for part in value)
    return (type(value).__name__, value)


@attrs.frozen
class _Placed:
    span: Span = attrs.field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@attrs.frozen
class _Named(_Placed):
    label: str = attrs.field(default="", kw_only=True, eq=False, repr=False)
    clause: str = attrs.field(default="", kw_only=True, eq=False, repr=False)


@attrs.frozen
class Const(_Named):
    """A value that stands in the policy: bool, int, Fraction or str, or a non-empty tuple of these.

    A Fraction is a share (0 to 1) unless *share* is False; a plain number that is whole is kept as an int.

    Raises:
        TypeError: the value is of another type; floats are refused because they are not exact.
        ValueError: a share outside 0 to 1, a share that is not a number, or an empty tuple.
    """

    value: Constant = attrs.field(eq=_meaning)
    share: bool = attrs.field(kw_only=True)

    @share.default
    def _fractions_are_shares(self) -> bool:
        return all(type(part) is Fraction for part in self.elements)

    def __attrs_post_init__(self) -> None:
        parts = tuple(self._element(part) for part in self.elements)
        if not parts:
            raise ValueError("a list of constants holds at least one")
        object.__setattr__(self, "value", parts if isinstance(self.value, tuple) else parts[0])

    @property
    def elements(self) -> tuple[Scalar, ...]:
        """The values of a list; the value itself, alone, where it is no list."""
        return self.value if isinstance(self.value, tuple) else (self.value,)

    def _element(self, part: Scalar) -> Scalar:
        if type(part) not in (bool, int, Fraction, str):
            raise TypeError(f"a constant is a bool, int, Fraction or str, not {type(part).__name__}")
        if self.share:
            if isinstance(part, bool | str) or not 0 <= part <= 1:
                raise ValueError(f"a share lies between 0 and 1, not {part!r}; say share=False for a plain number")
            return Fraction(part)
        return part.numerator if isinstance(part, Fraction) and part.denominator == 1 else part


def _sorted_arguments(arguments: Iterable[tuple[str, Const]]) -> tuple[tuple[str, Const], ...]:
    return tuple(sorted(arguments, key=lambda pair: pair[0]))


@attrs.frozen(cache_hash=True)
class Read(_Named):
    """A fact that somebody else supplies; true or false where it stands as a condition.

    Args:
        name: Dotted, as in ``poll.satisfaction``.
        args: Constants by name, kept sorted, so that the order of writing does not count.
        parameter: A hint for explanations: the value is a bound of the policy, not a measurement. It does not count
            in comparing two reads.
    """

    name: str
    args: tuple[tuple[str, Const], ...] = attrs.field(default=(), converter=_sorted_arguments)
    parameter: bool = attrs.field(default=False, kw_only=True, eq=False, repr=False)


@attrs.frozen
class Arith(_Placed):
    """One reckoning on two numbers; exact, and unknown where it cannot be done (division by zero, a missing fact)."""

    op: ArithOp
    left: Value
    right: Value


@attrs.frozen
class Compare(_Named):
    """Two values compared; ``in`` and ``not_in`` have a `Const` tuple on the right."""

    left: Value
    op: CompareOp
    right: Value


def _parts(parts: Iterable[Condition]) -> tuple[Condition, ...]:
    return tuple(parts)


@attrs.frozen
class Not(_Named):
    """Met when *part* is not; unknown stays unknown."""

    part: Condition


@attrs.frozen
class All(_Named):
    """Met when every part is. Over no parts it is unknown, unless *if_none* says met or unmet (R23)."""

    parts: tuple[Condition, ...] = attrs.field(converter=_parts)
    if_none: IfNone = attrs.field(default="", kw_only=True)


@attrs.frozen
class Any(_Named):
    """Met when at least one part is. Over no parts it is unknown, unless *if_none* says met or unmet (R23)."""

    parts: tuple[Condition, ...] = attrs.field(converter=_parts)
    if_none: IfNone = attrs.field(default="", kw_only=True)


@attrs.frozen
class AtLeast(_Named):
    """Met when *count* or more parts are. Over no parts it is unknown, unless *if_none* says met or unmet (R23)."""

    count: int
    parts: tuple[Condition, ...] = attrs.field(converter=_parts)
    if_none: IfNone = attrs.field(default="", kw_only=True)


Value: TypeAlias = Const | Read | Arith
Condition: TypeAlias = All | Any | Not | AtLeast | Compare | Read | Const
Node: TypeAlias = Condition | Arith
