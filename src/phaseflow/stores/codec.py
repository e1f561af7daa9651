"""Messages and rows as text.

Here live the canonical JSON and the converter between attrs classes and JSON; the hashes over the texts are in
`phaseflow.stores.trail` and are offered here too. Nothing here reads a database or knows a message by name: classes
come in as arguments.

A class is written as an object with its name under ``"@type"``. A field whose type is one class (or that class or
None) is written without a name; a field whose type is a union of classes is written with it. Fields at their default
are left out, so **a default is part of a message's shape**: changing it changes what old texts mean and needs an
upcast, exactly like renaming a field.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, Literal, NoReturn, TypeVar, Union, cast, get_args, get_origin

import attrs
import cattrs
from cattrs.converters import Converter
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.v import format_exception

from phaseflow.errors import PhaseflowError, Problem, did_you_mean, show
from phaseflow.stores.trail import ChainFault as ChainFault
from phaseflow.stores.trail import chain as chain
from phaseflow.stores.trail import commit as commit
from phaseflow.stores.trail import digest as digest
from phaseflow.stores.trail import genesis as genesis
from phaseflow.stores.trail import heads_root as heads_root
from phaseflow.stores.trail import link as link
from phaseflow.stores.trail import merkle_root as merkle_root
from phaseflow.stores.trail import verify_chain as verify_chain

T = TypeVar("T")
Registry = Mapping[str, type[Any]]

TAG = "@type"
"""Under this key a class name stands; no Python field can have this name."""


class CodecError(PhaseflowError):
    """A value cannot be written, or a text cannot be read back; *problem* says which and why."""

    def __init__(self, what: str, *, why: str = "", fix: str = "", code: str = "PF910") -> None:
        self.problem = Problem(code=code, what=what, why=why, fix=fix)
        super().__init__(show(self.problem))


# --- canonical JSON -------------------------------------------------------------------------------------------------

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def dumps(value: object) -> str:
    """Write plain values as canonical JSON: keys sorted, no blanks, UTF-8 as it is.

    Dates, instants, fractions, decimals, durations and sets inside are written as `encode` writes them.

    >>> from fractions import Fraction
    >>> dumps({"share": Fraction(17, 20), "by": ("wang",)})
    '{"by":["wang"],"share":"17/20"}'

    Raises:
        CodecError: A float, a naive datetime, a lone surrogate, or a class that has no written form.
    """
    return _text(_to_json(value))


def loads(text: str) -> Any:
    """Read JSON into plain values; floats are refused, since nothing here writes them."""
    try:
        return _DECODER.decode(text)
    except ValueError as fault:
        raise CodecError(
            f"the stored text is not JSON: {fault}",
            why="every stored text is canonical JSON; this one was changed or cut",
            fix="run `phaseflow verify`; it names the first entry that was touched",
        ) from None


def _text(plain: object) -> str:
    try:
        text = _ENCODER.encode(plain)
    except TypeError as fault:
        raise CodecError(
            f"a value cannot be written: {fault}",
            why="texts, numbers, dates, tuples, mappings and attrs classes have a written form; this has none",
            fix="put an attrs class in its place",
        ) from None
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as fault:
            raise CodecError(
                f"a text holds half a character: {text[fault.start : fault.end]!r}",
                why="only whole Unicode characters can be stored and hashed",
                fix="decode the input with its real encoding before you hand it in",
            ) from None
    return text


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"a float ({text}) where only integers, decimals and fractions are kept")


_DECODER = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float)


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


# --- the converter --------------------------------------------------------------------------------------------------


def encode(obj: object) -> str:
    """Write an attrs object as canonical JSON with its class name.

    Raises:
        CodecError: It holds something that has no written form (a float, a naive datetime, an unknown class).
    """
    return _text(_tagged(obj))


def to_plain(obj: object) -> Any:
    """What `encode` writes, as plain values before they become text: for ``--json`` and for putting inside others."""
    return _tagged(obj)


def decode(text: str, registry: Registry) -> Any:
    """Read what `encode` wrote; *registry* says which class names are known (see `registry_of`).

    Raises:
        CodecError: Unknown class name, unknown or missing field, or a value of the wrong kind.
    """
    plain = loads(text)
    if not isinstance(plain, dict) or not isinstance(plain.get(TAG), str):
        raise CodecError(
            f"the stored text names no class: {_short(text)}",
            why=f'an encoded object carries its class name under "{TAG}"',
            fix="read plain values with loads(...)",
        )
    name = plain[TAG]
    cls = registry.get(name)
    if cls is None:
        raise CodecError(
            f"the stored text is a {name!r}, which is not known here",
            why="a text is read only into classes that the reader has listed",
            fix=did_you_mean(name, registry) or "give the registry that holds this class",
            code="PF911",
        )
    del plain[TAG]
    return _structure(plain, cls)


def decode_as(text: str, cls: type[T]) -> T:
    """Read what `encode` wrote for exactly *cls*."""
    return cast(T, decode(text, {cls.__name__: cls}))


def registry_of(*classes: Any) -> Registry:
    """A registry of classes and of unions of classes.

    Raises:
        CodecError: Two different classes of one name.
    """
    known: dict[str, type[Any]] = {}
    for cls in classes:
        for member in get_args(cls) if _is_union(cls) else (cls,):
            if known.setdefault(member.__name__, member) is not member:
                raise CodecError(
                    f"two classes are called {member.__name__!r}",
                    why="a stored text names its class by its bare name",
                    fix="rename one of them",
                )
    return types.MappingProxyType(known)


def _tagged(obj: object) -> dict[str, Any]:
    cls = obj.__class__
    if not attrs.has(cls):
        raise CodecError(
            f"a {cls.__name__} cannot be encoded with a class name",
            why="only attrs classes carry one",
            fix="use dumps(...) for plain values",
        )
    plain: dict[str, Any] = _to_json(obj)
    plain[TAG] = cls.__name__
    return plain


def _to_json(value: object) -> Any:
    try:
        return _CONVERTER.unstructure(value)
    except CodecError:
        raise
    except (TypeError, ValueError, AttributeError, KeyError) as fault:
        raise CodecError(
            f"a {type(value).__name__} cannot be written: {fault}",
            why="a value in it is not of the type its field declares",
            fix="build the object with values of the declared types",
        ) from fault


def _structure(plain: Any, cls: type[T]) -> T:
    try:
        return _CONVERTER.structure(plain, cls)
    except CodecError:
        raise
    except Exception:
        # The fast converter stops at the first fault and names no field; only now the slow one is asked for all.
        return _explain(plain, cls)


def _explain(plain: Any, cls: type[T]) -> T:
    try:
        return _slow_converter().structure(plain, cls)
    except Exception as fault:
        faults = cattrs.transform_error(fault, path=cls.__name__, format_exception=_reason)
        raise CodecError(
            f"the stored text is not a {cls.__name__}: {'; '.join(faults)}",
            why="each field is read back exactly as its class declares it, and nothing is guessed",
            fix="if the class changed since the text was written, add an upcast from the old shape",
        ) from fault


def _reason(fault: BaseException, kind: Any) -> str:
    if isinstance(fault, CodecError):
        return fault.problem.what
    if isinstance(fault, ValueError) and not isinstance(fault, ForbiddenExtraKeysError) and fault.args:
        return str(fault)
    return format_exception(fault, kind)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def _is_union(cls: Any) -> bool:
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
    return sorted(_CONVERTER.unstructure(item) for item in value)


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
            raise ValueError(f"{_short(repr(value))} is none of {names}")

        return read

    return factory


def _write_member(value: Any) -> Any:
    return _tagged(value) if attrs.has(value.__class__) else _CONVERTER.unstructure(value)


def _needs_tag(cls: Any) -> bool:
    """Unions of more than one thing beside None; `C | None` is read by its one member and needs no name."""
    return _is_union(cls) and len([m for m in get_args(cls) if m is not type(None)]) > 1


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


_CONVERTER = _build(detailed=False)


@cache
def _slow_converter() -> Converter:
    return _build(detailed=True)
