"""``extends``: one policy laid over another, before anything is structured.

Mappings merge deeply by key; single values and lists replace what they meet; ``without`` takes inherited entries away
first. A mapping over a list of mappings patches it: each key names one entry of the list, by its ``as`` or else by the
first word of the entry, so ``route: {vet: {within: 3 days}}`` changes one step and leaves the others in their order.
Every node keeps the place in its own file. Nothing here opens a file: the caller passes a `Load`.

Codes: PF119 ``without`` or a patch names no entry of the base, or more than one; PF144 the base stands outside the
project, PF145 it cannot be loaded, PF146 a loop or too many layers.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from functools import reduce

import attrs

from phaseflow.errors import PolicyError, Problem, Span, did_you_mean
from phaseflow.spec.faults import shortened
from phaseflow.spec.shape import Shape, shape
from phaseflow.spec.structure import structure
from phaseflow.spec.tree import Entry, Mapping, Node, Scalar, Sequence, decode, parse

Load = Callable[[str], bytes]
"""Gives the bytes of a file, named by a path relative to the first policy's folder, with '/'."""

MOST_LAYERS = 8

_OUTSIDE = re.compile(r"[/~]|.*[\\:\x00]")


@shape
class Header(Shape):
    """The keys of an overlay that speak about the policy it builds on.

    All other keys are laid over the base: mappings merge, a list or a single value replaces, and a mapping over a list
    of mappings changes the entries that its keys name.
    """

    extends: str = attrs.field(
        metadata={
            "doc": "The policy this one builds on, as a path from this one. Mappings merge; a list is replaced by a "
            "list, and patched by a mapping whose keys name its entries: `route: {vet: {within: 3 days}}`.",
            "example": "base.yaml",
        }
    )
    without: tuple[str, ...] = attrs.field(
        default=(),
        metadata={"doc": "Inherited entries that are dropped, such as phases.study.duties.notes.", "one_or_many": True},
    )
    house_rules: bool = attrs.field(
        default=False, metadata={"doc": "What stands here is not in the source document; the office added it."}
    )


HEADER_KEYS = ("extends", "without", "house_rules")


@attrs.frozen(kw_only=True)
class Overlay:
    """One layer over a base. What it says is known by the file of its spans."""

    file: str
    base: str
    without: tuple[str, ...]
    house_rules: bool
    span: Span


@attrs.frozen(kw_only=True)
class _Layer:
    file: str
    tree: Node
    header: Header | None


@attrs.define
class Chain:
    """Loads a policy with all that it extends; `sources` and `overlays` grow as it goes, the first file first.

    *climb* is how many folders above the first policy's own a base may stand: 0 keeps it inside that folder.
    """

    load: Load | None
    climb: int = 0
    sources: list[tuple[str, str]] = attrs.field(factory=list)
    overlays: list[Overlay] = attrs.field(factory=list)

    def tree(self, source: bytes | str, file: str) -> Node:
        """Give the merged tree.

        Raises:
            PolicyError: A layer cannot be parsed or found, or ``without`` names nothing.
        """
        layers = [self._layer(source, file)]
        path = posixpath.basename(file)
        seen = [path]
        while (header := layers[-1].header) is not None:
            path = self._base_path(header, path, seen)
            seen.append(path)
            base = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
            self._note(header, layers[-1].file, base)
            layers.append(self._layer(self._loaded(header, path), base))
        return reduce(_laid_over, reversed(layers[:-1]), layers[-1].tree)

    def _layer(self, source: bytes | str, file: str) -> _Layer:
        text = decode(source, file)
        self.sources.append((file, text))
        tree = parse(text, file)
        if not isinstance(tree, Mapping):
            return _Layer(file=file, tree=tree, header=None)
        own = tuple(entry for entry in tree.entries if entry.key.text in HEADER_KEYS)
        if not own:
            return _Layer(file=file, tree=tree, header=None)
        problems: list[Problem] = []
        header = structure(Mapping(own, own[0].key.span), Header, problems)
        if header is None:
            raise PolicyError(problems)
        rest = tuple(entry for entry in tree.entries if entry.key.text not in HEADER_KEYS)
        return _Layer(file=file, tree=Mapping(rest, tree.span), header=header)

    def _note(self, header: Header, file: str, base: str) -> None:
        self.overlays.append(
            Overlay(
                file=file,
                base=base,
                without=header.without,
                house_rules=header.house_rules,
                span=header.span_of("extends"),
            )
        )

    def _base_path(self, header: Header, path: str, seen: list[str]) -> str:
        """Where the base of the layer at *path* stands, counted from the first policy's folder."""
        named = header.extends
        found = posixpath.normpath(posixpath.join(posixpath.dirname(path), named))
        if _OUTSIDE.match(named) or found == ".." or found.split("/").count("..") > self.climb:
            raise _refused(
                header, "PF144", f"'{shortened(named)}' stands outside the project",
                "a policy and its bases move together, and a policy must not read other files of the machine; a "
                "project is a folder with a phaseflow.toml, or else the policy's own folder",
                "put the base into the same folder or below it, or a phaseflow.toml into the folder that holds both",
            )  # fmt: skip
        if found in seen:
            raise _refused(
                header, "PF146", f"'{shortened(named)}' extends this file in turn",
                "a chain of policies must end at one that extends nothing: " + " -> ".join([*seen, found]),
                "take `extends` out of one of them",
            )  # fmt: skip
        if len(seen) == MOST_LAYERS:
            raise _refused(
                header, "PF146", f"more than {MOST_LAYERS} policies extend one another",
                "nobody could say any more which line holds", "merge some of them",
            )  # fmt: skip
        return found

    def _loaded(self, header: Header, path: str) -> bytes:
        if self.load is None:
            raise _refused(
                header, "PF145", f"'{shortened(header.extends)}' cannot be found",
                "this text was not read from a folder", "read the policy from its file, or pass `load`",
            )  # fmt: skip
        try:
            return self.load(path)
        except (OSError, LookupError) as error:
            cause = error.strerror if isinstance(error, OSError) and error.strerror else "there is no such file"
            raise _refused(
                header, "PF145", f"'{shortened(header.extends)}' cannot be read: {cause}",
                "what is left out here stands there", "check the name; it is relative to this file",
            ) from None  # fmt: skip


def _refused(header: Header, code: str, what: str, why: str, fix: str) -> PolicyError:
    return PolicyError([Problem(code=code, what=what, span=header.span_of("extends"), why=why, fix=fix)])


def _laid_over(base: Node, layer: _Layer) -> Node:
    assert layer.header is not None
    problems: list[Problem] = []
    for path in layer.header.without:
        base = _removed(base, path.split("."), path, layer.header.span_of("without"), problems)
    if problems:
        raise PolicyError(problems)
    laid = _merged(base, layer.tree, problems)
    if problems:
        raise PolicyError(problems)
    return laid


def _merged(base: Node, over: Node, problems: list[Problem]) -> Node:
    """Lay *over* on *base*: mappings by key, in the base's order; named entries of a list; else replace."""
    if not isinstance(over, Mapping):
        return over
    if isinstance(base, Sequence):
        return _patched(base, over, problems)
    if not isinstance(base, Mapping):
        return over
    entries = {entry.key.text: entry for entry in base.entries}
    for entry in over.entries:
        below = entries.get(entry.key.text)
        deep = below is not None and isinstance(below.value, Mapping | Sequence) and isinstance(entry.value, Mapping)
        laid = Entry(below.key, _merged(below.value, entry.value, problems)) if deep and below else entry
        entries[entry.key.text] = laid
    return Mapping(tuple(entries.values()), base.span)


def _patched(base: Sequence, over: Mapping, problems: list[Problem]) -> Node:
    """*base* with the entries changed that *over* names; a list of anything but mappings has no names to go by."""
    items = [item for item in base.items if isinstance(item, Mapping) and item.entries]
    if not items or len(items) < len(base.items):
        return over
    names = [_name_of(item) for item in items]
    for entry in over.entries:
        if names.count(entry.key.text) == 1:
            index = names.index(entry.key.text)
            items[index] = _with_patch(items[index], entry, problems)
        else:
            problems.append(_no_single(entry.key, names))
    return Sequence(tuple(items), base.span)


def _name_of(item: Mapping) -> str:
    """What an entry of a list is called: its ``as``, else its first key, as ``vet`` in ``{vet: office}``."""
    given = item.get("as")
    return given.value.text if given is not None and isinstance(given.value, Scalar) else item.entries[0].key.text


def _with_patch(item: Mapping, patch: Entry, problems: list[Problem]) -> Mapping:
    """One entry of a list, changed; a value that is no mapping is the new value of the entry's first key."""
    over = patch.value
    if not isinstance(over, Mapping):
        first = Scalar(item.entries[0].key.text, False, patch.key.span)
        over = Mapping((Entry(first, over),), patch.key.span)
    laid = _merged(item, over, problems)
    assert isinstance(laid, Mapping)
    return laid


def _no_single(key: Scalar, names: list[str]) -> Problem:
    shown = shortened(key.text)
    if key.text in names:
        return Problem(
            code="PF119",
            what=f"'{shown}' could be any of {names.count(key.text)} entries of the base's list",
            span=key.span,
            why="a mapping over a list changes the entries that it names, and these share one name",
            fix="give them names with `as:` in the base, or write the whole list here",
        )
    return Problem(
        code="PF119",
        what=f"the base's list has no entry '{shown}'",
        span=key.span,
        why="a mapping over a list changes the entries that it names, each by its `as` or its first key",
        fix=f"{did_you_mean(key.text[:100], names)}; or write the whole list here",
    )


def _removed(node: Node, parts: list[str], path: str, span: Span, problems: list[Problem]) -> Node:
    """*node* without the entry at *parts*; a path that leads nowhere becomes a problem."""
    entry = node.get(parts[0]) if isinstance(node, Mapping) else None
    if entry is None or not isinstance(node, Mapping):
        keys = [entry.key.text for entry in node.entries] if isinstance(node, Mapping) else []
        problems.append(
            Problem(
                code="PF119",
                what=f"`without` names '{shortened(path)}', but the base has no '{shortened(parts[0])}' there",
                span=span,
                why="an exception from a rule that does not exist is a slip, or the base has changed",
                fix=did_you_mean(parts[0][:100], keys) or "only keys of mappings can be taken away; drop this path",
            )
        )
        return node
    if len(parts) == 1:
        kept = tuple(other for other in node.entries if other is not entry)
    else:
        inner = Entry(entry.key, _removed(entry.value, parts[1:], path, span, problems))
        kept = tuple(inner if other is entry else other for other in node.entries)
    return Mapping(kept, node.span)
