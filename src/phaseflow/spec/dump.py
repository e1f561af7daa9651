"""A spec back to YAML text, such that reading the text gives an equal spec.

For policies built in Python, for generated ones, and for showing what an overlay came to. Comments and the author's own
short forms are not kept: they are not part of a spec. A value must be one that can be written: where a field takes two
phrases that share a text ('7 days' is an amount and a length), only the one that is read first comes back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from phaseflow.spec.kinds import (
    Form,
    FreeText,
    Kind,
    Localised,
    Many,
    NameKind,
    Nothing,
    Object,
    OneOf,
    PhraseKind,
    Table,
    Truth,
    Whole,
    Words,
    fields_of,
    short_form,
    tags_of,
    takes,
)
from phaseflow.spec.shape import Shape, Text
from phaseflow.spec.tree import NULLS

_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_ ./%+-]*[A-Za-z0-9_./%+-])?\Z")
_UNSEEN = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")

Plain = None | bool | int | str | list[Any] | dict[str, Any]
"""A spec as it is written: scalars, lists and mappings."""


def dump(spec: Shape) -> str:
    """Write *spec* as YAML; every key that differs from its default is there."""
    return "\n".join(_lines(_object(spec, short=False))) + "\n"


def plain(value: Any, kind: Kind, *, short: bool = True) -> Plain:
    """Take a value apart into what is written; *short* allows short forms where they cannot be mistaken."""
    match kind:
        case FreeText() | NameKind() | Whole() | Truth() | Words() | Nothing():
            return value  # type: ignore[no-any-return]
        case PhraseKind():
            return str(value)
        case Localised():
            assert isinstance(value, Text)
            return value.texts[""] if list(value.texts) == [""] else dict(value.texts)
        case Object():
            return _object(value, short=short)
        case Many(item, one_or_many):
            items = [plain(one, item) for one in value]
            return items[0] if short and one_or_many and len(items) == 1 and isinstance(items[0], str) else items
        case Table(_, inner):
            return {str(name): plain(one, inner) for name, one in value.items()}
        case OneOf(members):
            member = next(one for one in members if _is_of(value, one))
            return plain(value, member, short=sum(takes(one, "scalar") for one in members) == 1)
    assert_never(kind)


def _is_of(value: Any, kind: Kind) -> bool:
    match kind:
        case FreeText() | NameKind():
            return isinstance(value, str)
        case Words(words):
            return isinstance(value, str) and value in words
        case Whole():
            return isinstance(value, int) and not isinstance(value, bool)
        case Truth():
            return isinstance(value, bool)
        case Localised():
            return isinstance(value, Text)
        case PhraseKind(cls) | Object(cls):
            return isinstance(value, cls)
        case Many(item):
            return isinstance(value, tuple) and all(_is_of(one, item) for one in value)
        case Table():
            return isinstance(value, Mapping)
        case Nothing():
            return value is None
        case OneOf(members):
            return any(_is_of(value, member) for member in members)
    assert_never(kind)


def _object(spec: Shape, *, short: bool) -> Plain:
    cls = type(spec)
    tags = tags_of(cls)
    written: dict[str, Any] = {}
    for field in fields_of(cls).values():
        value = getattr(spec, field.attribute)
        chosen = field.key in tags and value is not None
        if field.required or chosen or value != field.default_value():
            written[field.key] = plain(value, field.kind)
    if short and len(written) == 1:
        ((key, value),) = written.items()
        form: Form = "sequence" if isinstance(value, list) else "mapping" if isinstance(value, dict) else "scalar"
        field_of_form = short_form(cls, form)
        if field_of_form is not None and field_of_form.key == key:
            return value  # type: ignore[no-any-return]
    return written


def _scalar(value: bool | int | str | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if _PLAIN.match(value) and value not in NULLS:
        return value
    # JSON's escapes are YAML's too; what no editor shows is escaped as well.
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(value, ensure_ascii=False))


def _lines(value: Plain) -> Iterator[str]:
    """Block style, two blanks a level; empty collections in brackets."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            nested = bool(inner) and isinstance(inner, dict | list)
            yield from _entry(f"{_scalar(key)}:", list(_lines(inner)), nested=nested)
    elif isinstance(value, list) and value:
        for inner in value:
            first, *rest = _lines(inner)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield "{}" if isinstance(value, dict) else "[]" if isinstance(value, list) else _scalar(value)


def _entry(key: str, lines: list[str], *, nested: bool) -> Iterator[str]:
    if nested:
        yield key
        yield from (f"  {line}" for line in lines)
    else:
        yield f"{key} {lines[0]}"
