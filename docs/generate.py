"""Write ``docs/reference/language.md`` out of the spec classes: every key, phrase and condition an author may write.

``python docs/generate.py`` writes the page; a test fails while it is out of date. What the page says stands in the
docstrings and in the ``doc`` of each field; nothing is written here but the frame.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, assert_never

import attrs

from phaseflow.core.plan import conditions as facts
from phaseflow.spec import conditions, kinds
from phaseflow.spec.model import Policy
from phaseflow.spec.overlay import Header
from phaseflow.spec.phrases import PHRASES
from phaseflow.spec.shape import Shape

PAGE = Path(__file__).parent / "reference" / "language.md"

_HEAD = """\
# Reference: the language

This page is generated from the classes that read a policy; `python docs/generate.py` writes it anew.
[The language](../language.md) explains; `phaseflow schema` prints the same as a JSON Schema, for editors.

In the tables, *required* keys must be written; *one or many* means that a single value may stand for a list.
A default is what stands for a key that is left out; where none is shown, nothing stands for it.
Some keys are required only together with others; the sentence of the key then says so, and `check` finds it.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD, "## The policy\n", *_sections([Policy, Header])]
    parts += ["## Phrases\n", "Short texts with a small grammar of their own; each can be quoted or not.\n"]
    parts += [_phrase(cls) for cls in PHRASES]
    parts += ["## Conditions\n", _CONDITIONS, *_sections(_conditions())]
    parts += ["## Facts\n", _facts()]
    return "\n".join(parts)


_CONDITIONS = """\
A condition stands wherever a key takes one: `gate`, `entry`, `when`, `needs`.
It is a tree of the mappings below, or an expression such as `items(ledger='problems') == 0 and closed(phase='study')`.
The word `duties` alone means every prescribed duty of the phase and its steps.
"""


def _conditions() -> list[type[Shape]]:
    found = kinds.kind_of(conditions.Condition)
    assert isinstance(found, kinds.OneOf)
    return [member.cls for member in found.members if isinstance(member, kinds.Object)]


def _facts() -> str:
    """The facts of the expression form, from the docstring of the room that declares them."""
    lines = inspect.getdoc(facts) or ""
    listed = [line for line in lines.split("\n") if line.startswith("``")]
    rows = "\n".join(f"- {names.replace('``', '`').strip()}: {what.strip()}" for names, _, what in map(_parted, listed))
    return f"Expressions read these facts, beside the parameters of the policy.\n\n{rows}\n"


def _parted(line: str) -> tuple[str, str, str]:
    names, sign, what = line.rpartition("``")
    return names + sign, "", what


def _sections(roots: Iterable[type[Shape]]) -> Iterator[str]:
    """A section for each class that can be reached, conditions aside, each once and after who uses it first."""
    seen: list[type[Shape]] = []
    waiting = list(roots)
    own = set(waiting)
    while waiting:
        cls = waiting.pop(0)
        if cls in seen or (cls in _conditions() and cls not in own):
            continue
        seen.append(cls)
        yield _section(cls)
        found = [used for field in kinds.fields_of(cls).values() for used in _classes(field.kind)]
        waiting = [*found, *waiting]


def _classes(kind: kinds.Kind) -> Iterator[type[Shape]]:
    match kind:
        case kinds.Object(cls):
            yield cls
        case kinds.Many(item=item):
            yield from _classes(item)
        case kinds.Table(value=value):
            yield from _classes(value)
        case kinds.OneOf(members):
            for member in members:
                yield from _classes(member)
        case _:
            return


def _section(cls: type[Shape]) -> str:
    short = [f"a bare {form} is its `{field.key}`" for form, field in _shorts(cls)]
    note = f"\nShort form: {'; '.join(short)}.\n" if short else ""
    rows = "\n".join(_row(field) for field in kinds.fields_of(cls).values())
    return (
        f"### {cls.__name__}\n\n{_sentences(cls)}\n{note}\n"
        f"| key | what | value | required | default |\n|---|---|---|---|---|\n{rows}\n"
    )


def _shorts(cls: type[Shape]) -> Iterator[tuple[str, kinds.Field]]:
    for form, word in (("scalar", "value"), ("sequence", "list")):
        field = kinds.short_form(cls, form)  # type: ignore[arg-type]
        if field is not None:
            yield word, field


def _row(field: kinds.Field) -> str:
    required = "yes" if field.required else ""
    example = f" Example: `{field.example}`." if field.example is not None else ""
    cells = (f"`{field.key}`", _cell(field.doc + example), _cell(_value(field.kind)), required, _default(field))
    return f"| {' | '.join(cells)} |"


def _default(field: kinds.Field) -> str:
    if field.required or isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
        return ""
    value = field.default_value()
    if value is None or (isinstance(value, (tuple, Mapping)) and not value):
        return ""
    shown = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
    return f"`{', '.join(map(str, shown)) if isinstance(shown, tuple) else shown}`"


def _value(kind: kinds.Kind) -> str:
    match kind:
        case kinds.FreeText():
            return "text"
        case kinds.Localised():
            return "text, or one a language"
        case kinds.NameKind(dotted):
            return "dotted name" if dotted else "name"
        case kinds.Whole(minimum):
            return "whole number" + (f" from {minimum}" if minimum is not None else "")
        case kinds.Truth():
            return "`true` or `false`"
        case kinds.Nothing():
            return "`null`"
        case kinds.Words(words):
            return ", ".join(f"`{word}`" for word in words)
        case kinds.PhraseKind(cls) | kinds.Object(cls):
            return f"[{cls.__name__}](#{cls.__name__.lower()})"
        case kinds.Many(item, one_or_many):
            return f"{_value(item)}; {'one or many' if one_or_many else 'a list'}"
        case kinds.Table(key, value):
            return f"{_value(key)}: {_value(value)}"
        case kinds.OneOf(members):
            if any(member in members for member in _condition_kinds()):
                return "[condition](#conditions)"
            return ", or ".join(dict.fromkeys(map(_value, members)))
    assert_never(kind)


def _condition_kinds() -> tuple[kinds.Kind, ...]:
    return tuple(kinds.Object(cls) for cls in _conditions())


def _phrase(cls: Any) -> str:
    examples = ", ".join(f"`{example}`" for example in cls.examples)
    return f"### {cls.__name__}\n\n{cls.description}\n\nExamples: {examples}.\n"


def _sentences(cls: type[Shape]) -> str:
    """The docstring's first paragraph, one sentence a line."""
    first = " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split()).replace("``", "`")
    return first.replace(". ", ".\n")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("``", "`").replace("\n", " ")


if __name__ == "__main__":
    new = page()
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    PAGE.write_text(new, encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: {'unchanged' if new == old else 'written'}\n")
