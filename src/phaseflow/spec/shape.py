"""How a spec class is declared: frozen, keyword-only, every given key with its place in the file.

The conventions that `reader` and `schema` follow:

- a YAML key is the field's name without a trailing underscore (``from_`` is written ``from``);
- ``__scalar__`` names the field that a bare scalar sets, ``__sequence__`` the field that a bare sequence sets;
- ``__tag__`` is the key whose presence chooses this class out of a union;
- ``__rest__`` names a table (an ``internal`` field) for keys that are no fields but read as keys of that table; the
  table's key is a phrase whose ``begins`` tells which texts are meant for it;
- field metadata: ``doc`` (one sentence), ``one_or_many`` (a single value may stand for a list), ``minimum``,
  ``example``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NewType, Self, TypeVar, dataclass_transform

import attrs

from phaseflow.errors import NOWHERE, Problem, Span

Name = NewType("Name", str)
"""A name: ``[a-z][a-z0-9_]*``, no Python keyword."""

Path = NewType("Path", str)
"""Names joined by dots, such as ``study.kickoff``."""

T = TypeVar("T")

EMPTY: Mapping[Any, Any] = MappingProxyType({})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attrs.field,))
def shape(cls: type[T]) -> type[T]:
    """Make *cls* a frozen, keyword-only attrs class whose spans do not count when two specs are compared."""
    return attrs.frozen(kw_only=True)(cls)


@shape
class Shape:
    """What an author may write as one mapping (or its short form)."""

    __scalar__: ClassVar[str] = ""
    __sequence__: ClassVar[str] = ""
    __tag__: ClassVar[str] = ""
    __rest__: ClassVar[str] = ""

    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)
    spans: Mapping[str, tuple[Span, Span]] = attrs.field(default=EMPTY, eq=False, repr=False)

    def span_of(self, key: str) -> Span:
        """The place of the value given for *key*, or of the whole mapping where the key was left out.

        ``by.1`` is the second item of a list and ``overdue.office`` an entry of a table; where such a part has no place
        of its own, that of the whole value is given.
        """
        return self._spans_of(key)[1]

    def key_span_of(self, key: str) -> Span:
        """The place of the key itself, such as ``overdue.office``: where the key is a name that may be misspelt."""
        return self._spans_of(key)[0]

    def _spans_of(self, key: str) -> tuple[Span, Span]:
        while key not in self.spans and "." in key:
            key = key.rpartition(".")[0]
        return self.spans.get(key, (self.span, self.span))

    def but(self, **changes: Any) -> Self:
        """The same with some fields changed."""
        return attrs.evolve(self, **changes)  # type: ignore[misc]  # every shape is attrs

    def validate(self) -> Iterable[Problem]:
        """Rules within this one object; the reader asks for them after structuring."""
        return ()


@attrs.frozen
class Text:
    """A text in one or several languages; the empty language code stands for a text written without one."""

    texts: Mapping[str, str] = attrs.field(factory=dict)

    def get(self, *languages: str) -> str:
        """The text in the first of *languages* that is there, else in the first one written."""
        for language in (*languages, ""):
            if language in self.texts:
                return self.texts[language]
        return next(iter(self.texts.values()), "")

    def __str__(self) -> str:
        return self.get("en")
