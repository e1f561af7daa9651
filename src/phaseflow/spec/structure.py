"""A positioned tree to spec classes: shape only, and every fault in one pass.

One walk over the tree, led by the description in `kinds`. A part that is wrong is reported and left out; its neighbours
are still read. What the values *mean* (whether a name exists, whether a gate can ever pass) is not asked here.

Own walker, not cattrs: a fault needs the place of a key or a value, and cattrs sees values without places; it would
have needed a positioned tree, hooks for every kind, and a map from its attribute paths back to the text.

Codes: PF130 key missing, PF131 unknown key, PF132 key without a value, PF133 another form of value (list, mapping,
single value) expected, PF139 no kind or several kinds chosen, PF143 none of several readings fits, PF147 not a language
code, PF148 too few entries, PF149 more faults than are shown; single values have theirs in `scalars`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any, Final, TypeVar, assert_never

import attrs

from phaseflow.errors import Problem, Span, did_you_mean
from phaseflow.spec.faults import shortened
from phaseflow.spec.kinds import (
    Field,
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
    describe,
    fields_of,
    rest_of,
    short_form,
    tags_of,
    takes,
)
from phaseflow.spec.scalars import Refused, read_scalar
from phaseflow.spec.shape import Shape, Text
from phaseflow.spec.tree import MOST_PROBLEMS, Entry, Mapping, Node, Scalar, Sequence

LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*\Z")

S = TypeVar("S", bound=Shape)


class _Failed:
    """The result of a part whose faults are already reported."""


FAILED: Final = _Failed()


class _Enough(Exception):
    """So many faults that more would help nobody."""


def structure(tree: Node, cls: type[S], problems: list[Problem], *, noun: str = "policy") -> S | None:
    """Read *tree* as a *cls*.

    Args:
        tree: What `tree.parse` gave, or a part of it.
        cls: A spec class.
        problems: Every fault is appended here, in no promised order, at most 100 of them.
        noun: What the whole file is, in messages.

    Returns:
        The spec, or None if anything in it is wrong.
    """
    walk = _Walk(problems, noun)
    try:
        found = walk.object(tree, cls, "")
    except _Enough:
        return None
    return found if isinstance(found, cls) else None


def form_of(node: Node) -> Form:
    """The form a node has."""
    match node:
        case Scalar():
            return "scalar"
        case Sequence():
            return "sequence"
        case Mapping():
            return "mapping"
    assert_never(node)


_COMMA = "quote the whole text: between braces a comma ends an entry"


def _after_comma(entry: Entry) -> bool:
    """Recognise the rest of a text that was cut at its comma: ``{en: Study, training, zh: …}``."""
    return isinstance(entry.value, Scalar) and entry.value.is_null and " " in entry.key.text


def _in_form(node: Node, kind: Kind) -> str:
    """How to write a value that has another form than its field."""
    if isinstance(node, Scalar) and isinstance(kind, Many):
        return f"put it in brackets: [{shortened(node.text)}]"
    return f"write {describe(kind)}"


def _is_misspelt(key: str, node: Mapping, known: Any) -> bool:
    """Say whether a key that seems to be missing stands there in another spelling, which is told at its own place."""
    strange = [entry.key.text for entry in node.entries if entry.key.text not in known]
    return any(difflib.get_close_matches(word[:100], known, n=1, cutoff=0.6) == [key] for word in strange)


_FORM_NAMES = {"scalar": "a single value", "sequence": "a list", "mapping": "a mapping"}


@attrs.define
class _Walk:
    """One pass; *label* is everywhere the nearest key above, as its author wrote it."""

    problems: list[Problem]
    noun: str = "policy"

    def fault(self, code: str, what: str, span: Span, why: str, fix: str) -> _Failed:
        self.add(Problem(code=code, what=what, span=span, why=why, fix=fix))
        return FAILED

    def add(self, problem: Problem) -> None:
        self.problems.append(problem)
        if len(self.problems) >= MOST_PROBLEMS - 1:
            self.problems.append(
                Problem(
                    code="PF149",
                    what=f"reading stopped after {len(self.problems)} faults",
                    span=problem.span,
                    why="a file with so many faults is seldom the file that was meant",
                    fix="mend these, then read again",
                )
            )
            raise _Enough

    def value(self, node: Node, kind: Kind, label: str) -> Any:
        """Read *node* as *kind*; `FAILED` if that went wrong."""
        if isinstance(node, Scalar) and node.is_null:
            return self.null(node, kind, label)
        match kind:
            case OneOf(members):
                return self.one_of(node, members, label)
            case Object(cls):
                return self.object(node, cls, label)
            case Many():
                return self.many(node, kind, label)
            case Table():
                return self.table(node, kind, label)
            case Localised():
                return self.localised(node, label)
            case Nothing():
                return self.wrong_form(node, kind, label)
            case _ if isinstance(node, Scalar):
                return self.scalar(node, kind, label)
            case _:
                return self.wrong_form(node, kind, label)

    def null(self, node: Scalar, kind: Kind, label: str) -> Any:
        if isinstance(kind, Nothing) or (isinstance(kind, OneOf) and Nothing() in kind.members):
            return None
        return self.fault(
            "PF132", f"'{label}' is given without a value" if label else "a value is missing", node.span,
            why="an empty value could be meant or forgotten",
            fix=f"write {describe(kind)}; or leave the key out (a value that begins with '#' must be quoted)",
        )  # fmt: skip

    def wrong_form(self, node: Node, kind: Kind, label: str) -> _Failed:
        what = f"{_FORM_NAMES[form_of(node)]} stands for '{label}'" if label else f"this is no {self.noun}"
        return self.fault(
            "PF133", what, node.span,
            why=f"here belongs {describe(kind)}", fix=_in_form(node, kind),
        )  # fmt: skip

    def scalar(self, node: Scalar, kind: Kind, label: str) -> Any:
        value = read_scalar(node, kind, label)
        if not isinstance(value, Refused):
            return value
        for problem in value.problems:
            self.add(problem)
        return FAILED

    def localised(self, node: Node, label: str) -> Any:
        if isinstance(node, Scalar):
            text = self.scalar(node, FreeText(), label)
            return FAILED if text is FAILED else Text(MappingProxyType({"": text}))
        if not isinstance(node, Mapping) or not node.entries:
            return self.wrong_form(node, Localised(), label)
        texts = {}
        for entry in node.entries:
            if LANGUAGE.match(entry.key.text):
                texts[entry.key.text] = self.value(entry.value, FreeText(), entry.key.text)
                continue
            texts[entry.key.text] = self.fault(
                "PF147", f"'{shortened(entry.key.text)}' is no language code", entry.key.span,
                why=f"'{label}' is a text, or one text a language; codes are such as en, zh or pt-BR",
                fix=_COMMA if _after_comma(entry) else "write one text, or a text a language",
            )  # fmt: skip
        if any(text is FAILED for text in texts.values()):
            return FAILED
        return Text(MappingProxyType(texts))

    # Collections

    def many(self, node: Node, kind: Many, label: str) -> Any:
        if not isinstance(node, Sequence):
            if kind.one_or_many and takes(kind.item, form_of(node)):
                item = self.value(node, kind.item, label)
                return FAILED if item is FAILED else (item,)
            return self.wrong_form(node, kind, label)
        items = tuple(self.value(item, kind.item, label) for item in node.items)
        if len(items) < kind.minimum:
            return self.fault(
                "PF148", f"'{label}' has {len(items)} entries", node.span,
                why=f"at least {kind.minimum} are needed", fix="add the missing entries, or leave the key out",
            )  # fmt: skip
        return FAILED if any(item is FAILED for item in items) else items

    def table(self, node: Node, kind: Table, label: str) -> Any:
        if not isinstance(node, Mapping):
            return self.wrong_form(node, kind, label)
        found: dict[Any, Any] = {}
        whole = True
        for entry in node.entries:
            key = self.value(entry.key, kind.key, label)
            value = self.value(entry.value, kind.value, entry.key.text)
            if key is FAILED or value is FAILED:
                whole = False
            else:
                found[key] = value
        return MappingProxyType(found) if whole else FAILED

    # Objects

    def object(self, node: Node, cls: type[Shape], label: str) -> Any:
        if isinstance(node, Mapping):
            return self.from_mapping(node, cls, label)
        field = short_form(cls, form_of(node))
        if field is None:
            return self.wrong_form(node, Object(cls), label)
        value = self.value(node, field.kind, label)
        if value is FAILED:
            return FAILED
        return self.made(cls, {field.attribute: value}, node.span, {field.key: (node.span, node.span)})

    def from_mapping(self, node: Mapping, cls: type[Shape], label: str) -> Any:
        known = fields_of(cls)
        values: dict[str, Any] = {}
        spans: dict[str, tuple[Span, Span]] = {}
        whole = True
        if cls.__rest__:
            node, whole = self.rest(node, cls, values, spans)
        for entry in node.entries:
            key = entry.key.text
            field = known.get(key)
            if field is None:
                whole = self.unknown_key(entry, known, label)
                continue
            spans[key] = (entry.key.span, entry.value.span)
            spans.update(_inner_spans(key, entry.value, field.kind))
            value = self.value(entry.value, field.kind, key)
            if value is FAILED:
                whole = False
            else:
                values[field.attribute] = value
        for field in known.values():
            if field.required and field.key not in spans:
                whole = False
                if not _is_misspelt(field.key, node, known):
                    self.missing_key(node, field, label)
        return self.made(cls, values, node.span, spans) if whole else FAILED

    def rest(
        self, node: Mapping, cls: type[Shape], values: dict[str, Any], spans: dict[str, tuple[Span, Span]]
    ) -> tuple[Mapping, bool]:
        """Read the keys that stand for entries of the class's own table; what is left are its fields."""
        kind = rest_of(cls)
        assert kind is not None
        assert isinstance(kind.key, PhraseKind)
        known, begins = fields_of(cls), kind.key.cls.begins
        mine = tuple(entry for entry in node.entries if entry.key.text not in known and begins(entry.key.text))
        table = self.table(Mapping(mine, node.span), kind, "")
        if table is not FAILED:
            values[cls.__rest__] = table
        spans.update((entry.key.text, (entry.key.span, entry.value.span)) for entry in mine)
        left = tuple(entry for entry in node.entries if entry not in mine)
        return Mapping(left, node.span), table is not FAILED

    def unknown_key(self, entry: Entry, known: Any, label: str) -> bool:
        key = entry.key
        where = f"in '{label}'" if label else f"at the top of the {self.noun}"
        self.fault(
            "PF131", f"unknown key '{shortened(key.text)}' {where}", key.span,
            why="a key that nothing reads would be a rule that nobody keeps",
            fix=_COMMA if _after_comma(entry) else did_you_mean(key.text[:100], known) or "delete it",
        )  # fmt: skip
        return False

    def missing_key(self, node: Mapping, field: Field, label: str) -> None:
        example = field.example if field.example is not None else describe(field.kind)
        owner = f"'{label}'" if label else f"the {self.noun}"
        self.fault(
            "PF130", f"{owner} does not give '{field.key}'",
            node.span, why=f"it must be said: {field.doc or field.key}", fix=f"add `{field.key}:` with {example}",
        )  # fmt: skip

    def made(self, cls: type[Shape], values: dict[str, Any], span: Span, spans: dict[str, tuple[Span, Span]]) -> Any:
        """Build the object, then ask it for the rules within it."""
        made = cls(**values, span=span, spans=MappingProxyType(spans))
        problems = tuple(made.validate())
        for problem in problems:
            self.add(problem)
        return FAILED if any(problem.severity == "error" for problem in problems) else made

    # Unions: the form of the node and the keys decide; only single values are tried one reading after the other, so
    # the work stays proportional to the text.

    def one_of(self, node: Node, members: tuple[Kind, ...], label: str) -> Any:
        fitting = tuple(member for member in members if takes(member, form_of(node)))
        if not fitting:
            return self.wrong_form(node, OneOf(members), label)
        if len(fitting) == 1:
            return self.value(node, fitting[0], label)
        match node:
            case Scalar():
                return self.one_scalar(node, fitting, label)
            case Sequence():
                return self.value(node, _by_first_item(node, fitting), label)
            case Mapping():
                return self.one_mapping(node, fitting, label)
        assert_never(node)

    def one_scalar(self, node: Scalar, members: tuple[Kind, ...], label: str) -> Any:
        """Try fixed words first, then numbers, then phrases, and what takes nearly anything last."""
        failures: list[list[Problem]] = []
        for member in sorted(members, key=_rank):
            trial = _Walk([])
            value = trial.value(node, member, label)
            if value is not FAILED:
                return value
            failures.append(trial.problems)
        words = [word for member in members if isinstance(member, Words) for word in member.words]
        near = difflib.get_close_matches(node.text[:100], words, n=1, cutoff=0.75)
        if near:
            return self.scalar(node, Words(tuple(words)), label)
        best = _only_reading(members, failures) or _understood(failures, node) or _furthest(failures, node.span)
        if best is None:
            return self.fault(
                "PF143", f"'{shortened(node.text)}' cannot be read as a value of '{label}'", node.span,
                why=f"here belongs {describe(OneOf(members))}", fix="write one of these",
            )  # fmt: skip
        for problem in best:
            self.add(problem)
        return FAILED

    def one_mapping(self, node: Mapping, members: tuple[Kind, ...], label: str) -> Any:
        keys = {entry.key.text for entry in node.entries}
        tagged = [member for member in members if isinstance(member, Object) and tags_of(member.cls)]
        present = [member for member in tagged if not keys.isdisjoint(tags_of(member.cls))]
        all_tags = {tag for member in present for tag in tags_of(member.cls) if tag in keys}
        # A key can be the tag of one class and an ordinary key of another: the class that knows them all is meant.
        chosen = [member for member in present if all_tags <= set(tags_of(member.cls)) | set(fields_of(member.cls))]
        if len(chosen) == 1:
            return self.value(node, chosen[0], label)
        others = [member for member in members if member not in tagged and _meant_by(keys, member)]
        if not present and others:
            return self.value(node, _by_keys(keys, others), label)
        return self.untagged(node, tagged, sorted(all_tags), label)

    def untagged(self, node: Mapping, tagged: list[Object], found: list[str], label: str) -> Any:
        tags = [tag for member in tagged for tag in tags_of(member.cls)]
        where = f"'{label}'" if label else "this mapping"
        if found:
            two = next(entry.key for entry in reversed(node.entries) if entry.key.text in found)
            names = " and ".join(f"'{tag}'" for tag in found)
            return self.fault(
                "PF139", f"{where} says that it is {names} at once", two.span,
                why="each of these keys makes it another kind of thing", fix=f"keep one of {', '.join(found)}",
            )  # fmt: skip
        keys = (entry.key for entry in node.entries)
        near = next((key for key in keys if difflib.get_close_matches(key.text[:100], tags, 1, 0.75)), None)
        return self.fault(
            "PF139", f"{where} does not say what kind of thing it is", near.span if near else node.span,
            why="one key says so: " + ", ".join(tags),
            fix=did_you_mean(near.text, tags) if near else f"add one of these keys, such as `{tags[0]}:`",
        )  # fmt: skip


def _inner_spans(key: str, node: Node, kind: Kind) -> Iterator[tuple[str, tuple[Span, Span]]]:
    """Places of the entries of a table, as 'overdue.office', and of the items of a list, as 'by.1'."""
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield f"{key}.{index}", (item.span, item.span)
    elif isinstance(node, Mapping) and isinstance(kind, Table):
        for entry in node.entries:
            yield f"{key}.{entry.key.text}", (entry.key.span, entry.value.span)
    elif isinstance(kind, Many):
        yield f"{key}.0", (node.span, node.span)


def _meant_by(keys: set[str], kind: Kind) -> bool:
    """False where a mapping can hardly be meant for this kind: a class that exists for its short form alone."""
    if not isinstance(kind, Object) or not kind.cls.__scalar__:
        return True
    known = fields_of(kind.cls)
    return len(known) > 1 or bool(keys & set(known))


def _rank(kind: Kind) -> int:
    match kind:
        case Words():
            return 0
        case Whole() | Truth():
            return 1
        case PhraseKind():
            return 2
        case NameKind():
            return 3
        case FreeText() | Localised():
            return 5
        case _:
            return 4


def _only_reading(members: tuple[Kind, ...], failures: list[list[Problem]]) -> list[Problem] | None:
    """What is wrong with the one reading that is no fixed word: a day beside `none`, a truth beside `unstated`."""
    open_to = [index for index, member in enumerate(sorted(members, key=_rank)) if not isinstance(member, Words)]
    return failures[open_to[0]] if len(open_to) == 1 else None


def _understood(failures: list[list[Problem]], node: Scalar) -> list[Problem] | None:
    """The reading that took in the whole text and refuses only its value, such as 185%."""
    whole = len(node.text.strip(" "))
    for found in failures:
        if found[0].code in _REFUSES_VALUE and found[0].span.length == whole:
            return found
    return None


_REFUSES_VALUE = frozenset({"PF123", "PF126", "PF128"})
"""A day no calendar has, a window that cannot be, a share beyond everything."""


def _furthest(failures: list[list[Problem]], span: Span) -> list[Problem] | None:
    """The reading that understood the most before it failed, if one stands out."""
    reached: Callable[[list[Problem]], int] = lambda found: max((p.span.col - span.col for p in found), default=0)  # noqa: E731
    ranked = sorted(failures, key=reached, reverse=True)
    return ranked[0] if reached(ranked[0]) > reached(ranked[1]) else None


def _by_first_item(node: Sequence, members: tuple[Kind, ...]) -> Kind:
    """Of several kinds of list, the one whose entries have the form of the first entry."""
    if not node.items:
        return members[0]
    form = form_of(node.items[0])
    return next((kind for kind in members if isinstance(kind, Many) and takes(kind.item, form)), members[0])


def _by_keys(keys: set[str], members: list[Kind]) -> Kind:
    """Of several untagged kinds of mapping: the class that knows most of the keys; a text where all are languages."""
    for member in members:
        if isinstance(member, Localised) and keys and all(LANGUAGE.match(key) for key in keys):
            return member

    def known(member: Kind) -> int:
        return len(keys & set(fields_of(member.cls))) if isinstance(member, Object) else 0

    return max(members, key=known)
