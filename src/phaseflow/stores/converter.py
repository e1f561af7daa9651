"""How each kind of value is written and read: instants, dates, exact numbers, unions, classes.

The rules stand beside the classes they serve, in one `cattrs` converter, never in the classes themselves. Texts,
registries and error reports are in `phaseflow.stores.codec`, which is what the rest of the house uses.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin

import attrs
from cattrs.converters import Converter

from phaseflow.errors import PhaseflowError, Problem, show

T = TypeVar("T")

TAG = "@type"
"""Under this key a class name stands; no Python field can have this name."""


class CodecError(PhaseflowError):
    """A value cannot be written, or a text cannot be read back; *problem* says which and why."""

    def __init__(self, what: str, *, why: str = "", fix: str = "", code: str = "PF910") -> None:
        self.problem = Problem(code=code, what=what, why=why, fix=fix)
        super().__init__(show(self.problem))


# --- instants -------------------------------------------------------------------------------------------------------


def write_instant(at: datetime) -> str:
    """An instant as ``2009-03-13T16:00:00[.ffffff]Z``.

    Raises:
        CodecError: *at* has no time zone.
    """
    if at.tzinfo is not UTC:
        at = _in_utc(at)
    return at.isoformat()[:-6] + "Z"


def read_instant(text: str) -> datetime:
    """Read what `write_instant` or `instant_key` wrote; the result is in UTC."""
    if text[-1:] != "Z":
        raise ValueError(f"{text!r} is not an instant like 2009-03-13T16:00:00Z")
    return datetime.fromisoformat(text)


def instant_key(at: datetime) -> str:
    """An instant of fixed length, ``2009-03-13T16:00:00.000000Z``: the order of the texts is the order of the instants.

    Use it in keys (``timer/...``): the shorter form of `write_instant` does not sort, since ``.`` comes before ``Z``.
    """
    if at.tzinfo is not UTC:
        at = _in_utc(at)
    return at.isoformat(timespec="microseconds")[:-6] + "Z"


def _in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise CodecError(
            f"{at!r} has no time zone",
            why="an instant without a zone is a different instant on another machine",
            fix="make it aware: datetime(..., tzinfo=UTC)",
        )
    utc = at.astimezone(UTC)
    # A subclass (pendulum) must not decide how an instant is written.
    return datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC)


# --- objects with their names ---------------------------------------------------------------------------------------


def tagged(obj: object) -> dict[str, Any]:
    cls = obj.__class__
    if not attrs.has(cls):
        raise CodecError(
            f"a {cls.__name__} cannot be encoded with a class name",
            why="only attrs classes carry one",
            fix="use dumps(...) for plain values",
        )
    plain: dict[str, Any] = to_json(obj)
    plain[TAG] = cls.__name__
    return plain


def to_json(value: object) -> Any:
    try:
        return CONVERTER.unstructure(value)
    except CodecError:
        raise
    except (TypeError, ValueError, AttributeError, KeyError) as fault:
        raise CodecError(
            f"a {type(value).__name__} cannot be written: {fault}",
            why="a value in it is not of the type its field declares",
            fix="build the object with values of the declared types",
        ) from fault


# --- the rules ------------------------------------------------------------------------------------------------------


def short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def is_union(cls: Any) -> bool:
    return get_origin(cls) in (Union, types.UnionType)


def _is_frozenset(cls: Any) -> bool:
    origin: Any = get_origin(cls)
    return origin is frozenset


def _exactly(kind: type[T]) -> Callable[[Any, Any], T]:
    def hook(value: Any, _: Any) -> T:
        if value.__class__ is not kind:
            raise ValueError(f"{value!r} is not {_ARTICLE[kind]}")
        return value

    return hook


_ARTICLE: dict[Any, str] = {int: "an integer", str: "a text", bool: "true or false"}


def _write_date(value: date) -> str:
    if isinstance(value, datetime):
        raise ValueError(f"an instant ({value}) where a date belongs")
    return value.isoformat()


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not an amount")
    return str(value)


def _write_float(value: float) -> NoReturn:
    raise CodecError(
        f"a float ({value!r}) cannot be stored",
        why="a float is not exact, and the trail must give back what was put in",
        fix="use int, Decimal or Fraction",
    )


def _read_fraction(text: Any, _: Any) -> Fraction:
    above, slash, below = text.partition("/")
    if not slash:
        raise ValueError(f"{text!r} is not a fraction like 17/20")
    return Fraction(int(above), int(below))


def _write_span(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    seconds = value.days * 86400 + value.seconds
    part = f".{value.microseconds:06d}" if value.microseconds else ""
    return f"{sign}PT{seconds}{part}S"


def _read_span(text: Any, _: Any) -> timedelta:
    body = text.removeprefix("-")
    if not (body.startswith("PT") and body.endswith("S")):
        raise ValueError(f"{text!r} is not a length of time like PT3600S")
    seconds, _dot, part = body[2:-1].partition(".")
    value = timedelta(seconds=int(seconds), microseconds=int(part.ljust(6, "0")) if part else 0)
    return value if body is text or body == text else -value


def _write_set(value: frozenset[Any]) -> list[Any]:
    return sorted(CONVERTER.unstructure(item) for item in value)


_AS_TEXT: dict[Any, Callable[[str], bool]] = {
    datetime: lambda text: text.endswith("Z") and "T" in text,
    timedelta: lambda text: text.lstrip("-").startswith("PT"),
    date: lambda text: len(text) == 10 and text[4] == text[7] == "-",
    Fraction: lambda text: "/" in text,
    Decimal: lambda text: True,
}
"""Types that are written as text, each with the test that tells it from the others in a union; Decimal is the rest."""


def _union_reader(converter: Converter) -> Callable[[Any], Callable[[Any, Any], Any]]:
    def factory(union: Any) -> Callable[[Any, Any], Any]:
        members = get_args(union)
        classes = {m.__name__: m for m in members if attrs.has(m)}
        words = {word for m in members if get_origin(m) is Literal for word in get_args(m)}
        native = {m for m in members if m in (int, str, bool, type(None))}
        texts = [(kind, test) for kind, test in _AS_TEXT.items() if kind in members]
        lists = [m for m in members if get_origin(m) in (tuple, list, frozenset)]
        if str in native and texts:
            raise CodecError(
                f"a field of type {union} cannot be read back",
                why=f"{texts[0][0].__name__} is written as text, and so is str: nothing tells them apart",
                fix="give the two cases a class each",
            )

        def read(value: Any, _: Any) -> Any:
            kind = value.__class__
            if kind is dict and classes:
                plain = dict(value)
                cls = classes.get(plain.pop(TAG, ""))
                if cls is not None:
                    return converter.structure(plain, cls)
            if kind in native or (kind in (str, int, bool) and value in words):
                return value
            if kind is str:
                for member, fits in texts:
                    if fits(value):
                        return converter.structure(value, member)
            if kind is list and lists:
                return converter.structure(value, lists[0])
            names = ", ".join(getattr(m, "__name__", str(m)) for m in members)
            raise ValueError(f"{short(repr(value))} is none of {names}")

        return read

    return factory


def _write_member(value: Any) -> Any:
    return tagged(value) if attrs.has(value.__class__) else CONVERTER.unstructure(value)


def _needs_tag(cls: Any) -> bool:
    """Unions of more than one thing beside None; `C | None` is read by its one member and needs no name."""
    return is_union(cls) and len([m for m in get_args(cls) if m is not type(None)]) > 1


def _build(*, detailed: bool) -> Converter:
    converter = Converter(omit_if_default=True, forbid_extra_keys=True, detailed_validation=detailed)
    for kind in (int, str, bool):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_unstructure_hook(float, _write_float)
    converter.register_unstructure_hook(date, _write_date)
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    converter.register_unstructure_hook(datetime, write_instant)
    converter.register_structure_hook(datetime, lambda text, _: read_instant(text))
    converter.register_unstructure_hook(time, lambda value: value.isoformat())
    converter.register_structure_hook(time, lambda text, _: time.fromisoformat(text))
    converter.register_unstructure_hook(Decimal, _write_decimal)
    converter.register_structure_hook(Decimal, lambda text, _: Decimal(_exactly(str)(text, str)))
    converter.register_unstructure_hook(Fraction, lambda value: f"{value.numerator}/{value.denominator}")
    converter.register_structure_hook(Fraction, _read_fraction)
    converter.register_unstructure_hook(timedelta, _write_span)
    converter.register_structure_hook(timedelta, _read_span)
    converter.register_unstructure_hook(frozenset, _write_set)
    converter.register_unstructure_hook_func(_is_frozenset, _write_set)
    converter.register_unstructure_hook_func(_needs_tag, _write_member)
    converter.register_structure_hook_factory(_needs_tag, _union_reader(converter))
    return converter


CONVERTER = _build(detailed=False)


@cache
def slow_converter() -> Converter:
    return _build(detailed=True)
