"""What the annotation of a spec field allows, said once for all who walk over spec classes.

`structure` (tree to spec), `dump` (spec to text) and `schema` (spec to JSON Schema) read the same description, so a
rule of the language stands in one place. Nothing here knows YAML or JSON.

A field's annotation may be ``str``, `Name`, `Path`, ``int``, ``bool``, `Text`, a phrase class (it has ``parse``), a
``Literal`` of words, a `Shape`, ``tuple[T, ...]``, ``Mapping[K, T]``, a union of these, and ``T | None`` for what may
be left out. Fields with the metadata ``internal`` are not the author's.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Union, assert_never

import attrs

from phaseflow.spec.shape import Name, Path, Shape, Text


@attrs.frozen
class FreeText:
    """Words for people, 1 to 2,000 characters."""


@attrs.frozen
class NameKind:
    """A name; with *dotted*, names joined by dots."""

    dotted: bool = False


@attrs.frozen
class Whole:
    """A whole number, at least *minimum* where that is set."""

    minimum: int | None = None


@attrs.frozen
class Truth:
    """``true`` or ``false``."""


@attrs.frozen
class Localised:
    """A text, or one text a language."""


@attrs.frozen
class Words:
    """One of these words."""

    words: tuple[str, ...]


@attrs.frozen
class PhraseKind:
    """A scalar with a small grammar; *cls* has ``parse``, ``pattern``, ``description`` and ``examples``."""

    cls: Any


@attrs.frozen
class Object:
    """A mapping, or the short form its class declares."""

    cls: type[Shape]


@attrs.frozen
class Many:
    """A list of at least *minimum* items; with *one_or_many* a single item may stand for it."""

    item: Kind
    one_or_many: bool = False
    minimum: int = 0


@attrs.frozen
class Table:
    """A mapping whose keys the author chooses."""

    key: Kind
    value: Kind


@attrs.frozen
class Nothing:
    """``null``, written out."""


@attrs.frozen
class OneOf:
    """Any one of these."""

    members: tuple[Kind, ...]


Kind = FreeText | NameKind | Whole | Truth | Localised | Words | PhraseKind | Object | Many | Table | Nothing | OneOf
Form = Literal["scalar", "sequence", "mapping"]


@attrs.frozen
class Field:
    """A key an author may write: *key* as written, *attribute* as it is named in Python."""

    key: str
    attribute: str
    kind: Kind
    required: bool
    default: Any
    doc: str = ""
    example: Any = None

    def default_value(self) -> Any:
        """What the attribute is when the key is left out; not for required fields."""
        return self.default.factory() if isinstance(self.default, attrs.Factory) else self.default  # type: ignore[arg-type]


def fields_of(cls: type[Shape]) -> Mapping[str, Field]:
    """The keys of *cls*, by their spelling in YAML; worked out once a class.

    Raises:
        TypeError: An annotation says something the language has no form for; the class is wrong, not a policy.
    """
    return _fields_of(typing.cast(Any, cls))  # a class is hashable; mypy takes Shape's own __hash__ for it


@cache
def _fields_of(cls: Any) -> Mapping[str, Field]:
    hints = typing.get_type_hints(cls)
    found = {}
    for attribute in attrs.fields(cls):
        if attribute.name in ("span", "spans") or not attribute.init or attribute.metadata.get("internal"):
            continue
        field = _field(cls, attribute, hints[attribute.name])
        found[field.key] = field
    return types.MappingProxyType(found)


def rest_of(cls: type[Shape]) -> Table | None:
    """The table for keys that are no fields, where *cls* has one; its keys are phrases with ``begins``."""
    if not cls.__rest__:
        return None
    kind = kind_of(typing.get_type_hints(cls)[cls.__rest__])
    if not isinstance(kind, Table) or not isinstance(kind.key, PhraseKind):
        raise TypeError(f"{cls.__name__}.{cls.__rest__}: the rest of the keys is a table with phrases for keys")
    return kind


def _field(cls: type[Shape], attribute: attrs.Attribute[Any], hint: Any) -> Field:
    more = attribute.metadata
    if not more.get("nullable"):
        hint = _without_none(hint)
    try:
        kind = kind_of(hint, one_or_many=more.get("one_or_many", False), minimum=more.get("minimum"))
    except TypeError as error:
        raise TypeError(f"{cls.__name__}.{attribute.name}: {error}") from None
    return Field(
        key=attribute.name.removesuffix("_"),
        attribute=attribute.name,
        kind=kind,
        required=attribute.default is attrs.NOTHING,
        default=attribute.default,
        doc=more.get("doc", ""),
        example=more.get("example"),
    )


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (Union, types.UnionType)


def _without_none(hint: Any) -> Any:
    if not _is_union(hint):
        return hint
    return Union[tuple(arg for arg in typing.get_args(hint) if arg is not type(None))]  # noqa: UP007


def kind_of(hint: Any, *, one_or_many: bool = False, minimum: int | None = None) -> Kind:
    """Describe an annotation; *one_or_many* and *minimum* reach its outermost list or number, also inside a union."""
    args = typing.get_args(hint)
    if _is_union(hint):
        return _union([kind_of(arg, one_or_many=one_or_many, minimum=minimum) for arg in args])
    origin = typing.get_origin(hint)
    if origin is Literal:
        if not all(isinstance(arg, str) for arg in args):
            raise TypeError(f"only words can be listed, not {hint}")
        return Words(args)
    if origin is tuple:
        if len(args) != 2 or args[1] is not Ellipsis:
            raise TypeError(f"a list is written tuple[T, ...], not {hint}")
        return Many(kind_of(args[0]), one_or_many, minimum or 0)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return Table(kind_of(args[0]), kind_of(args[1]))
    return _plain(hint, minimum)


def _plain(hint: Any, minimum: int | None) -> Kind:
    if hint is Name or hint is Path:
        return NameKind(dotted=hint is Path)
    simple: Mapping[Any, Kind] = {
        str: FreeText(), int: Whole(minimum), bool: Truth(), Text: Localised(), type(None): Nothing()
    }  # fmt: skip
    if hint in simple:
        return simple[hint]
    if isinstance(hint, type) and issubclass(hint, Shape):
        return Object(hint)
    if isinstance(hint, type) and hasattr(hint, "parse"):
        return PhraseKind(hint)
    raise TypeError(f"the language has no form for {hint}")


def _union(kinds: list[Kind]) -> Kind:
    members: list[Kind] = []
    for kind in kinds:
        members.extend(kind.members if isinstance(kind, OneOf) else (kind,))
    words = tuple(word for kind in members if isinstance(kind, Words) for word in kind.words)
    others: list[Kind] = [kind for kind in members if not isinstance(kind, Words)]
    listed: list[Kind] = [Words(tuple(dict.fromkeys(words)))] if words else []
    found = tuple(dict.fromkeys(listed + others))
    return found[0] if len(found) == 1 else OneOf(found)


def tags_of(cls: type[Shape]) -> tuple[str, ...]:
    """The keys whose presence chooses *cls* out of a union; none for a class without a tag."""
    tag: str | tuple[str, ...] = cls.__tag__
    return (tag,) if isinstance(tag, str) and tag else tuple(tag)


def short_form(cls: type[Shape], form: Form) -> Field | None:
    """The field that a bare scalar or a bare sequence sets, where *cls* declares one."""
    key = cls.__scalar__ if form == "scalar" else cls.__sequence__ if form == "sequence" else ""
    return fields_of(cls)[key.removesuffix("_")] if key else None


def takes(kind: Kind, form: Form) -> bool:
    """Say whether a node of this form can stand for the kind at all."""
    match kind:
        case FreeText() | NameKind() | Whole() | Truth() | Words() | PhraseKind():
            return form == "scalar"
        case Localised():
            return form != "sequence"
        case Object(cls):
            return form == "mapping" or short_form(cls, form) is not None
        case Many(item, one_or_many):
            return form == "sequence" or (one_or_many and takes(item, form))
        case Table():
            return form == "mapping"
        case Nothing():
            return False
        case OneOf(members):
            return any(takes(member, form) for member in members)
    assert_never(kind)


def describe(kind: Kind) -> str:
    """What may be written, for a message: 'a name', 'a list of names', 'one of …'."""
    match kind:
        case FreeText():
            return "a text"
        case NameKind(dotted):
            return "a name such as study.kickoff" if dotted else "a name"
        case Whole(minimum):
            return "a whole number" + (f" from {minimum} on" if minimum is not None else "")
        case Truth():
            return "true or false"
        case Localised():
            return "a text, or one text a language such as {en: Study, zh: 学习}"
        case Words(words):
            return " or ".join(f"'{word}'" for word in words)
        case PhraseKind(cls):
            return f"a {getattr(cls, 'noun', 'phrase')} such as {' or '.join(cls.examples[:2])}"
        case Object(cls):
            tags = tags_of(cls)
            return f"a mapping with '{tags[0]}'" if tags else "a mapping with " + _some(fields_of(cls))
        case Many(item, one_or_many):
            return f"{describe(item)}, or a list of such" if one_or_many else f"a list, each entry {describe(item)}"
        case Table(key, value):
            return f"a mapping: {describe(key)}, then {describe(value)}"
        case Nothing():
            return "null"
        case OneOf(members):
            return ", or ".join(describe(member) for member in members)
    assert_never(kind)


def _some(fields: Mapping[str, Field]) -> str:
    keys = sorted(fields, key=lambda key: not fields[key].required)
    return ", ".join(f"'{key}'" for key in keys[:4]) + (", …" if len(keys) > 4 else "")
