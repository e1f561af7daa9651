"""Messages and rows as text.

Here live the canonical JSON and the registries of classes. How each kind of value is written is in
`phaseflow.stores.converter`, the hashes over the texts are in `phaseflow.stores.trail`; both are offered here too.
Nothing here reads a database or knows a message by name: classes come in as arguments.

A class is written as an object with its name under ``"@type"``. A field whose type is one class (or that class or
None) is written without a name; a field whose type is a union of classes is written with it. Fields at their default
are left out, so **a default is part of a message's shape**: changing it changes what old texts mean and needs an
upcast, exactly like renaming a field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar, cast, get_args

import cattrs
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.v import format_exception

from phaseflow.errors import did_you_mean
from phaseflow.stores.converter import CONVERTER, TAG, is_union, short, slow_converter, tagged, to_json
from phaseflow.stores.converter import CodecError as CodecError
from phaseflow.stores.converter import instant_key as instant_key
from phaseflow.stores.converter import read_instant as read_instant
from phaseflow.stores.converter import write_instant as write_instant
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
    return write_plain(to_json(value))


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


def write_plain(plain: object) -> str:
    """Write what is plain already (texts, numbers, lists and mappings of them), as `dumps` would."""
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


# --- objects --------------------------------------------------------------------------------------------------------


def encode(obj: object) -> str:
    """Write an attrs object as canonical JSON with its class name.

    Raises:
        CodecError: It holds something that has no written form (a float, a naive datetime, an unknown class).
    """
    return write_plain(tagged(obj))


def to_plain(obj: object) -> Any:
    """What `encode` writes, as plain values before they become text: for ``--json`` and for putting inside others."""
    return tagged(obj)


def decode(text: str, registry: Registry) -> Any:
    """Read what `encode` wrote; *registry* says which class names are known (see `registry_of`).

    Raises:
        CodecError: Unknown class name, unknown or missing field, or a value of the wrong kind.
    """
    return from_plain(loads(text), registry)


def from_plain(plain: Any, registry: Registry) -> Any:
    """Read what `to_plain` gave, out of a text that was read already; errors as in `decode`."""
    if not isinstance(plain, dict) or not isinstance(plain.get(TAG), str):
        raise CodecError(
            f"the stored text names no class: {short(repr(plain))}",
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
    return _structure({key: value for key, value in plain.items() if key != TAG}, cls)


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
        for member in get_args(cls) if is_union(cls) else (cls,):
            if known.setdefault(member.__name__, member) is not member:
                raise CodecError(
                    f"two classes are called {member.__name__!r}",
                    why="a stored text names its class by its bare name",
                    fix="rename one of them",
                )
    return MappingProxyType(known)


def _structure(plain: Any, cls: type[T]) -> T:
    try:
        return CONVERTER.structure(plain, cls)
    except CodecError:
        raise
    except Exception:
        # The fast converter stops at the first fault and names no field; only now the slow one is asked for all.
        return _explain(plain, cls)


def _explain(plain: Any, cls: type[T]) -> T:
    try:
        return slow_converter().structure(plain, cls)
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
