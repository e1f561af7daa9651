"""YAML text to a positioned tree: bounded, literal, and without YAML's typing.

Here live the tree (`Scalar`, `Sequence`, `Mapping`), the checks that make a text fit to be parsed at all (`decode`) and
the parser (`parse`), which takes libyaml's *events* one by one and so can stop at any of them. A scalar stays the text
its author wrote: whether ``NO``, ``12:30`` or ``014`` is a word, a time or a number is decided by the field it fills.
Nothing here knows a spec class; how a YAML fault is worded stands in `faults`.

Codes: PF100 too long, PF101 not UTF-8, PF102 forbidden character, PF103 too deep, PF104 too many values, PF105 key
given twice, PF106 anchor or alias, PF107 tag, PF108 merge key, PF109 second document or directive, PF110 key that is no
text, PF111 nothing to read, PF113 tab; PF112 to PF118 are faults of YAML's own grammar (`faults`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import yaml

from phaseflow.errors import PolicyError, Problem, Span
from phaseflow.spec.faults import shortened, syntax_problem, unclosed_quote

MOST_CHARACTERS = 2_000_000
MOST_NODES = 200_000
DEEPEST = 32
"""Collections inside collections. The language itself needs eleven."""
MOST_PROBLEMS = 100
"""A pass stops after so many: nobody mends more at once, and a hostile file must not buy work by the fault."""

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""What YAML reads as nothing, when it is not quoted."""

# C0 and C1 controls, lone surrogates, byte-order marks inside the text, the three line breaks that YAML counts and
# editors do not (they would shift every position), and bidirectional overrides, which let a line read otherwise than
# it is. Tabs too: the two parsers disagree on where YAML allows one. Written as what may stand, so that nothing is
# forgotten.
_FORBIDDEN = re.compile(
    "[^\n\r -~\u00a0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_IN_SCALAR = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LINE_BREAK = re.compile("\r\n|\r|\n")

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@attrs.frozen
class Scalar:
    """A single value as written; *span* covers its text without the quotes."""

    text: str
    quoted: bool
    span: Span

    @property
    def is_null(self) -> bool:
        """True where the author gave a key no value: nothing at all, ``~`` or ``null``."""
        return not self.quoted and self.text in NULLS


@attrs.frozen
class Sequence:
    """A list; *span* is its bracket, or the dash of its first item."""

    items: tuple[Node, ...]
    span: Span


@attrs.frozen
class Entry:
    """A key with its value."""

    key: Scalar
    value: Node


@attrs.frozen
class Mapping:
    """Keys with values, in the order written, each key once; *span* is its brace, or its first key."""

    entries: tuple[Entry, ...]
    span: Span

    def get(self, key: str) -> Entry | None:
        """The entry of *key*, or None."""
        return next((entry for entry in self.entries if entry.key.text == key), None)


Node = Scalar | Sequence | Mapping


def lines_of(text: str) -> list[str]:
    """Cut *text* into lines the way positions count them."""
    return _LINE_BREAK.split(text)


def decode(source: bytes | str, file: str = "") -> str:
    """Give the text of a policy file, without a byte-order mark.

    Raises:
        PolicyError: The text is too long (PF100), not UTF-8 (PF101), or holds a forbidden character (PF102, PF113).
    """
    # Four bytes are the most a character takes: this bounds the work before anything is decoded.
    if len(source) > MOST_CHARACTERS * (4 if isinstance(source, bytes) else 1):
        raise PolicyError([_too_long(file)])
    text = _from_utf8(source, file) if isinstance(source, bytes) else source
    text = text.removeprefix("\ufeff")
    if len(text) > MOST_CHARACTERS:
        raise PolicyError([_too_long(file)])
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        raise PolicyError([_forbidden(forbidden.group(), _place(text[: forbidden.start()], file))])
    return text


def _place(before: str, file: str) -> Span:
    lines = lines_of(before)
    return Span(file, len(lines), len(lines[-1]) + 1)


def _too_long(file: str) -> Problem:
    return Problem(
        code="PF100",
        what=f"the file has more than {MOST_CHARACTERS:,} characters",
        span=Span(file, 1, 1),
        why="a policy is read by people; this bound also keeps a damaged or hostile file from costing anything",
        fix="split it with `extends`, or check that this is the file you meant",
    )


def _from_utf8(source: bytes, file: str) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place(source[: error.start].decode("utf-8").removeprefix("\ufeff"), file)
        wide = source[:2] in (b"\xff\xfe", b"\xfe\xff")
        problem = Problem(
            code="PF101",
            what="the file is written in UTF-16" if wide else f"the byte 0x{source[error.start]:02x} is not UTF-8",
            span=place,
            why="policies are UTF-8 text, so that every machine reads the same words",
            fix="save the file again with the encoding UTF-8",
        )
    raise PolicyError([problem])


def _forbidden(sign: str, span: Span) -> Problem:
    if sign == "\t":
        return Problem(
            code="PF113",
            what="a tab stands here",
            span=span,
            why="YAML counts blanks; a tab has no width that everybody agrees on",
            fix='replace it by blanks, or write it as "\\t" in double quotes if it is meant',
        )
    return Problem(
        code="PF102",
        what=f"the character U+{ord(sign):04X} cannot stand in a policy",
        span=span,
        why="it is invisible or moves what follows, so that the line would not read as it is",
        fix=f'delete it, or write it as "\\u{ord(sign):04x}" in double quotes if it is meant'
        if 0x80 <= ord(sign) < 0xD800
        else "delete it",
    )


@attrs.define
class _Open:
    """A collection whose end has not come yet; a mapping waits for a value while *key* is set."""

    mapping: bool
    span: Span
    mark: Any
    flow: bool
    items: list[Any] = attrs.field(factory=list)
    seen: dict[str, Scalar] = attrs.field(factory=dict)
    key: Scalar | None = None


class _Stop(Exception):
    """Parsing cannot, or need not, go on; the problems say why."""


@attrs.define
class _Builder:
    """Builds the tree from events; keeps every fault it can go on after."""

    text: str
    file: str
    problems: list[Problem] = attrs.field(factory=list)
    stack: list[_Open] = attrs.field(factory=list)
    root: Node | None = None
    nodes: int = 0
    documents: int = 0
    quote_over_lines: Any = None
    _lines: list[str] | None = None

    def fault(self, code: str, what: str, span: Span, why: str, fix: str, *, fatal: bool = False) -> None:
        self.problems.append(Problem(code=code, what=what, span=span, why=why, fix=fix))
        if fatal or len(self.problems) >= MOST_PROBLEMS:
            raise _Stop

    def line(self, index: int) -> str:
        if self._lines is None:
            self._lines = lines_of(self.text)
        return self._lines[index] if index < len(self._lines) else ""

    def span(self, mark: Any, length: int = 1) -> Span:
        return Span(self.file, mark.line + 1, mark.column + 1, max(1, length))

    def scalar_span(self, event: Any) -> Span:
        """Where the text of a scalar stands, so that an offset into the text is an offset into the line."""
        start, end = event.start_mark, event.end_mark
        if event.style in ("|", ">"):
            return self._block_span(start)
        quote = 1 if event.style in ("'", '"') else 0
        stop = end.column - quote if end.line == start.line else len(self.line(start.line))
        column = start.column + quote
        return Span(self.file, start.line + 1, column + 1, max(1, stop - column))

    def _block_span(self, start: Any) -> Span:
        index = start.line + 1
        while not self.line(index).strip() and self._lines is not None and index < len(self._lines):
            index += 1
        content = self.line(index)
        if not content.strip():
            return self.span(start)
        margin = len(content) - len(content.lstrip())
        return Span(self.file, index + 1, margin + 1, len(content.strip()))

    def start(self, event: Any, span: Span) -> None:
        """Count a new node and refuse what YAML hangs on it: anchors and tags."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.fault(
                "PF104", f"the file holds more than {MOST_NODES:,} values", span,
                why="reading is bounded, so that no file can stop the program that reads it",
                fix="split the policy with `extends`", fatal=True,
            )  # fmt: skip
        if event.anchor is not None:
            self.fault(
                "PF106", f"the anchor '&{shortened(event.anchor)}' is not allowed", span,
                why="reuse is written with `extends` and `defaults`, where it can be seen; YAML anchors are not read",
                fix="delete the anchor, or quote the value if it is a text that begins with '&'",
            )  # fmt: skip
        if event.tag is not None:
            self.fault(
                "PF107", f"the tag '{shortened(event.tag)}' is not allowed", span,
                why="the key alone says how its value is read",
                fix="delete the tag, or quote the value if it is a text that begins with '!'",
            )  # fmt: skip

    def scalar(self, event: Any) -> None:
        # libyaml calls the plain style '', PyYAML None.
        node = Scalar(event.value, bool(event.style), self.scalar_span(event))
        over_lines = event.style in ("'", '"') and event.end_mark.line > event.start_mark.line
        self.quote_over_lines = event if over_lines else None
        self.start(event, node.span)
        hidden = _IN_SCALAR.search(node.text) if event.style == '"' else None
        if hidden:
            self.problems.append(_forbidden(hidden.group(), node.span))
        self.put(node)

    def open_quote(self, error: yaml.MarkedYAMLError) -> Problem | None:
        """Tell of a quote left open that the first quote of a later text closed, so that only then things failed."""
        event, met = self.quote_over_lines, error.problem_mark
        if event is None or met is None or met.line != event.end_mark.line:
            return None
        return unclosed_quote(self.span(event.start_mark), event.style)

    def opening(self, event: Any, *, mapping: bool) -> None:
        span = self.span(event.start_mark)
        self.start(event, span)
        if len(self.stack) >= DEEPEST:
            self.fault(
                "PF103", f"the values are nested more than {DEEPEST} deep", span,
                why="no policy needs it, and reading is bounded",
                fix="check the brackets and the indentation from here upwards", fatal=True,
            )  # fmt: skip
        if self.stack and self.stack[-1].mapping and self.stack[-1].key is None:
            self.fault(
                "PF110", f"a {'mapping' if mapping else 'list'} stands where a key belongs", span,
                why="keys are plain words", fix="write `key: value`, or quote the text if it begins with a bracket",
                fatal=True,
            )  # fmt: skip
        self.stack.append(_Open(mapping, span, event.start_mark, bool(event.flow_style)))

    def closing(self, event: Any) -> None:
        done = self.stack.pop()
        span = done.span
        if done.flow and event.end_mark.line + 1 == span.line:
            span = self.span(done.mark, event.end_mark.column - done.mark.column)
        elif not done.flow and done.mapping and done.items:
            span = done.items[0].key.span
        self.put(Mapping(tuple(done.items), span) if done.mapping else Sequence(tuple(done.items), span))

    def put(self, node: Node) -> None:
        """Hand a finished node to whatever is open: as key, value, item, or as the whole document."""
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if not top.mapping:
            top.items.append(node)
        elif top.key is None:
            top.key = self.key(top, node)
        else:
            top.items.append(Entry(top.key, node))
            top.key = None

    def key(self, top: _Open, node: Node) -> Scalar:
        if not isinstance(node, Scalar) or not node.text:
            self.fault(
                "PF110", "a key is missing before this ':'", node.span,
                why="every value of a mapping has a key", fix="write `key: value`", fatal=True,
            )  # fmt: skip
        assert isinstance(node, Scalar)
        if node.text == "<<" and not node.quoted:
            self.fault(
                "PF108", "the merge key '<<' is not allowed", node.span,
                why="reuse is written with `extends` and `defaults`, where it can be seen", fix="delete this line",
            )  # fmt: skip
        first = top.seen.setdefault(node.text, node)
        if first is not node:
            self.fault(
                "PF105", f"the key '{shortened(node.text)}' is given twice", node.span,
                why=f"it already stands on line {first.span.line}, and only one of the two could hold",
                fix=f"delete one of them, or merge lines {first.span.line} and {node.span.line}",
            )  # fmt: skip
        return node

    def alias(self, event: Any) -> None:
        span = self.span(event.start_mark, len(event.anchor) + 1)
        self.fault(
            "PF106", f"the alias '*{shortened(event.anchor)}' is not allowed", span,
            why="reuse is written with `extends` and `defaults`, where it can be seen; YAML anchors are not read",
            fix="write the value out, or quote it if it is a text that begins with '*'",
        )  # fmt: skip
        self.put(Scalar(f"*{event.anchor}", True, span))

    def document(self, event: Any) -> None:
        self.documents += 1
        if event.version or event.tags or self.documents > 1:
            self.fault(
                "PF109", "a second document begins here" if self.documents > 1 else "a YAML directive stands here",
                self.span(event.start_mark), why="a policy file is one document, read by one set of rules",
                fix="delete the line that begins with '---' or '%', or move what follows to a file of its own",
                fatal=True,
            )  # fmt: skip


_TAKES: dict[type, Callable[[_Builder, Any], None]] = {
    yaml.ScalarEvent: _Builder.scalar,
    yaml.MappingStartEvent: lambda builder, event: builder.opening(event, mapping=True),
    yaml.SequenceStartEvent: lambda builder, event: builder.opening(event, mapping=False),
    yaml.MappingEndEvent: _Builder.closing,
    yaml.SequenceEndEvent: _Builder.closing,
    yaml.AliasEvent: _Builder.alias,
    yaml.DocumentStartEvent: _Builder.document,
}
"""What each event does; the ends of documents and of the stream do nothing."""


def _events(text: str) -> Iterator[Any]:
    loader = _LOADER(text)
    try:
        while (event := loader.get_event()) is not None:
            yield event
    finally:
        loader.dispose()


def parse(text: str, file: str = "") -> Node:
    """Parse *text*, which `decode` let through, into a tree.

    Args:
        text: The text of one file.
        file: Its name, as it shall stand in messages.

    Raises:
        PolicyError: Faults of the form (PF103 to PF118): all that can be told apart, at most 100. After a fault of
            YAML's own grammar nothing further is known, so it comes last.
    """
    builder = _Builder(text, file)
    try:
        for event in _events(text):
            take = _TAKES.get(event.__class__)
            if take is not None:
                take(builder, event)
    except _Stop:
        pass
    except yaml.MarkedYAMLError as error:
        builder.problems.append(builder.open_quote(error) or syntax_problem(error, lines_of(text), file))
    if not builder.problems and (builder.root is None or (isinstance(builder.root, Scalar) and builder.root.is_null)):
        builder.problems.append(_nothing(file))
    if builder.problems or builder.root is None:
        raise PolicyError(builder.problems)
    return builder.root


def _nothing(file: str) -> Problem:
    return Problem(
        code="PF111",
        what="the file is empty",
        span=Span(file, 1, 1),
        why="there is nothing to read but blanks and comments",
        fix="begin with `phaseflow: 1`",
    )
