"""Hypothesis strategies for specs, made from the same description of spec classes that the reader follows."""

from __future__ import annotations

import keyword
from contextlib import suppress
from types import MappingProxyType
from typing import Any, assert_never

from hypothesis import strategies as st

from phaseflow.spec.kinds import (
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
    tags_of,
)
from phaseflow.spec.phrases import PhraseError
from phaseflow.spec.shape import Shape, Text

NAMES = st.one_of(
    st.sampled_from(["study", "office", "a", "true", "null", "on", "no", "x1"]),
    st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
).filter(lambda name: not keyword.iskeyword(name))

# What may not stand in a policy at all: controls other than the line end and the tab, surrogates, non-characters.
TEXTS = st.one_of(
    st.sampled_from(["null", "~", "yes", "1:30", "- a", "# x", "'", '"', "\\", "a: b", "%", "研, 究", " x ", "a\nb"]),
    st.text(
        st.characters(
            exclude_categories=("Cs", "Cc"), include_characters="\n\t\x85\u2028", exclude_characters="\ufffe\uffff"
        ),
        min_size=1,
        max_size=30,
    ),
).filter(str.strip)
LANGUAGES = st.sampled_from(["en", "zh", "no", "pt-BR", "bo"])


def of_class(cls: type[Shape], depth: int = 3) -> st.SearchStrategy[Any]:
    """Specs of *cls* that obey the rules within each object; deeper than *depth* only what is required."""

    @st.composite
    def build(draw: st.DrawFn) -> Any:
        values = {}
        for field in fields_of(cls).values():
            wanted = field.required or field.key in tags_of(cls)
            if wanted or (depth > 0 and draw(st.integers(0, 3)) == 0):
                values[field.attribute] = draw(of_kind(field.kind, depth - 1))
        return cls(**values)

    return build().filter(lambda made: not list(made.validate()))


def of_kind(kind: Kind, depth: int) -> st.SearchStrategy[Any]:
    match kind:
        case FreeText():
            return TEXTS
        case NameKind(dotted):
            return st.lists(NAMES, min_size=1, max_size=3).map(".".join) if dotted else NAMES
        case Whole(minimum):
            return st.integers(min_value=-5 if minimum is None else minimum, max_value=10**9)
        case Truth():
            return st.booleans()
        case Localised():
            texts = st.dictionaries(LANGUAGES, TEXTS, min_size=1, max_size=2)
            return st.one_of(TEXTS.map(lambda text: {"": text}), texts).map(lambda found: Text(MappingProxyType(found)))
        case Words(words):
            return st.sampled_from(words)
        case PhraseKind(cls):
            return st.sampled_from(cls.examples).map(lambda text: cls.parse(text))
        case Object(cls):
            return st.deferred(lambda: of_class(cls, depth))
        case Many(item, _, minimum):
            most = max(minimum, 2 if depth > 0 else 0)
            return st.lists(of_kind(item, depth), min_size=minimum, max_size=most).map(tuple)
        case Table(key, value):
            entries = st.dictionaries(of_kind(key, depth), of_kind(value, depth), max_size=2 if depth > 0 else 0)
            return entries.map(MappingProxyType)
        case Nothing():
            return st.none()
        case OneOf(members):
            flat = [one for one in members if not isinstance(one, Object) or one.cls.__scalar__]
            chosen = st.one_of([of_kind(one, depth) for one in (members if depth > 0 or not flat else flat)])
            return chosen.map(lambda value: _as_written(value, members))
    assert_never(kind)


def _as_written(value: Any, members: tuple[Kind, ...]) -> Any:
    """Where a text has two readings ('7 days' is an amount and a length), the one that comes first: words, phrases."""
    phrases = [member.cls for member in members if isinstance(member, PhraseKind)]
    if type(value) not in phrases:
        return value
    if any(isinstance(member, Words) and str(value) in member.words for member in members):
        return str(value)
    for cls in phrases:
        with suppress(PhraseError):
            return cls.parse(str(value))
    raise AssertionError(value)
