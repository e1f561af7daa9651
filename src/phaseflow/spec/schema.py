"""Spec classes to a JSON Schema (2020-12), for editors and for other programs.

It accepts what the reader accepts, as far as JSON Schema can say it: names, phrases, short forms and the choice of a
class by its tag are in it; duplicate keys, and rules between keys, are not. Editors read YAML with its own types, so a
text such as ``clause: 4.2`` arrives as a number, and the schema lets it.
"""

from __future__ import annotations

import inspect
import keyword
from typing import Any, assert_never

import attrs

from phaseflow.spec.kinds import (
    Field,
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
    rest_of,
    short_form,
    tags_of,
)
from phaseflow.spec.overlay import Header
from phaseflow.spec.scalars import LONGEST_TEXT
from phaseflow.spec.shape import Shape

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAME = "[a-z][a-z0-9_]*"
_KEYWORDS = sorted(word for word in keyword.kwlist if word.islower())

_SHARED: dict[str, Schema] = {
    "text": {
        "description": f"Words for people, 1 to {LONGEST_TEXT} characters.",
        "type": ["string", "number", "boolean"], "pattern": "\\S", "maxLength": LONGEST_TEXT,
    },
    "texts": {
        "description": "A text, or one text a language.",
        "anyOf": [
            {"$ref": "#/$defs/text"},
            {
                "type": "object", "minProperties": 1, "additionalProperties": False,
                "patternProperties": {"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$": {"$ref": "#/$defs/text"}},
            },
        ],
    },
    "name": {
        "description": "A name: letters a-z, digits and '_'; no word of the expression language.",
        "type": "string", "pattern": f"^{_NAME}$", "not": {"enum": _KEYWORDS},
    },
    "path": {
        "description": "Names joined by dots.",
        "type": "string", "pattern": f"^{_NAME}(\\.{_NAME})*$",
    },
}  # fmt: skip


def json_schema(cls: type[Shape], *, extends: bool = False) -> Schema:
    """The schema of *cls*.

    Args:
        cls: A spec class, usually `Policy`.
        extends: Also accept overlays: files that name a base and may leave out anything that stands there.

    Raises:
        TypeError: Two spec classes have the same name.
    """
    walk = _Walk()
    whole = walk.reference(Object(cls))
    root: Schema = {"$schema": DIALECT, "title": _sentence(cls) or cls.__name__}
    if extends:
        over = _Walk(defs=walk.defs, owners=walk.owners, partial=True).overlay(cls)
        root |= {"if": {"type": "object", "required": ["extends"]}, "then": over, "else": whole}
    else:
        root |= whole
    return root | {"$defs": dict(sorted(walk.defs.items()))}


def _sentence(cls: type) -> str:
    """The first sentence of a class's docstring, on one line."""
    return " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())


@attrs.define
class _Walk:
    """One walk over the classes; *partial* leaves out every `required`, as an overlay may."""

    defs: dict[str, Schema] = attrs.field(factory=dict)
    owners: dict[str, Any] = attrs.field(factory=dict)
    partial: bool = False

    def shared(self, name: str) -> Schema:
        for needed in (name, "text") if name == "texts" else (name,):
            self.defs.setdefault(needed, _SHARED[needed])
        return {"$ref": f"#/$defs/{name}"}

    def reference(self, kind: Object | PhraseKind) -> Schema:
        """Point to the definition of a class; write it at the first call."""
        part = self.partial and isinstance(kind, Object)
        name = kind.cls.__name__ + (".overlay" if part else "")
        if self.owners.setdefault(name, kind.cls) is not kind.cls:
            raise TypeError(f"two spec classes are called {name}")
        if name not in self.defs:
            self.defs[name] = {}  # keeps a class that contains itself from going round
            self.defs[name] = self.object(kind.cls) if isinstance(kind, Object) else _phrase(kind.cls)
        return {"$ref": f"#/$defs/{name}"}

    def of(self, kind: Kind) -> Schema:
        match kind:
            case FreeText():
                return self.shared("text")
            case Localised():
                return self.shared("texts")
            case NameKind(dotted):
                return self.shared("path" if dotted else "name")
            case Whole(minimum):
                return {"type": "integer"} | ({"minimum": minimum} if minimum is not None else {})
            case Truth():
                return {"type": "boolean"}
            case Nothing():
                return {"type": "null"}
            case Words(words):
                # A word in digits reaches an editor as a number.
                return {"enum": [*words, *(int(word) for word in words if word.isdecimal())]}
            case Object() | PhraseKind():
                return self.reference(kind)
            case Many(item, one_or_many, minimum):
                one = self.of(item)
                many: Schema = {"type": "array", "items": one} | ({"minItems": minimum} if minimum else {})
                forms = [*([one] if one_or_many else []), many, *self.patches(item)]
                return {"anyOf": forms} if len(forms) > 1 else many
            case Table(key, value):
                return {"type": "object", "propertyNames": self.of(key), "additionalProperties": self.of(value)}
            case OneOf(members):
                return self.union(members)
        assert_never(kind)

    def patches(self, item: Kind) -> list[Schema]:
        """How an overlay may write a list of mappings besides: a mapping that names the entries it changes."""
        members = item.members if isinstance(item, OneOf) else (item,)
        if not self.partial or not any(isinstance(member, Object) for member in members):
            return []
        # Anything but a mapping is the new value of the entry's first key: who vets, for example.
        return [{"type": "object", "additionalProperties": {"anyOf": [self.of(item), {"type": ["string", "array"]}]}}]

    def union(self, members: tuple[Kind, ...]) -> Schema:
        tagged = [member for member in members if isinstance(member, Object) and tags_of(member.cls)]
        others = [self.of(member) for member in members if member not in tagged]
        chosen = [self.reference(member) | self.chosen_by(tags_of(member.cls)) for member in tagged]
        if len(chosen) > 1:
            # Tags part the classes, but an overlay may leave the tag to its base.
            chosen = [{"anyOf" if self.partial else "oneOf": chosen}]
        return {"anyOf": chosen + others} if len(chosen) + len(others) > 1 else (chosen + others)[0]

    def chosen_by(self, tags: tuple[str, ...]) -> Schema:
        if self.partial:
            return {}
        return {"required": list(tags)} if len(tags) == 1 else {"anyOf": [{"required": [tag]} for tag in tags]}

    def object(self, cls: type[Shape]) -> Schema:
        fields = fields_of(cls).values()
        required = [] if self.partial else [field.key for field in fields if field.required]
        mapping: Schema = {
            "type": "object",
            "properties": {field.key: self.property(field) for field in fields},
            **({"required": required} if required else {}),
            **self.rest(cls),
            "additionalProperties": False,
        }
        short = [short_form(cls, "scalar"), short_form(cls, "sequence")]
        forms = [self.of(field.kind) for field in short if field is not None]
        described: Schema = {"description": _sentence(cls)} if _sentence(cls) else {}
        return described | ({"anyOf": [mapping, *forms]} if forms else mapping)

    def rest(self, cls: type[Shape]) -> Schema:
        """The keys that are no fields: those that the table's phrase is meant for."""
        table = rest_of(cls)
        if table is None:
            return {}
        assert isinstance(table.key, PhraseKind)
        return {"patternProperties": {table.key.cls.pattern: self.of(table.value)}}

    def property(self, field: Field) -> Schema:
        more: Schema = {"description": field.doc} if field.doc else {}
        if field.example is not None:
            more["examples"] = [field.example]
        if isinstance(field.default, str | bool | int):
            more["default"] = field.default
        return self.of(field.kind) | more

    def overlay(self, cls: type[Shape]) -> Schema:
        """A file with a header and any part of a *cls*."""
        name = f"{cls.__name__}.overlay"
        self.reference(Object(cls))
        header = {field.key: self.property(field) for field in fields_of(Header).values()}
        # A file on its own, not what others point to: `additionalProperties` must see the header's keys too.
        body = self.defs[name]
        return body | {"properties": header | body["properties"], "required": ["extends"]}


def _phrase(cls: Any) -> Schema:
    return {
        "description": cls.description,
        "type": "string",
        "pattern": cls.pattern,
        "examples": list(cls.examples),
    }


