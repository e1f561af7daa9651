"""Mechanical mistakes at every place where they fit: small changes of the merged tree of a policy.

Each operator stands for a mistake that people make: the other side of a comparison, a day too many, calendar days for
business days, a rung, a reviewer, a band, a condition left out. What comes of a change is judged elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import attrs

from phaseflow.errors import Span
from phaseflow.spec import tree as t

Path = tuple[str | int, ...]

OPERATORS = {
    "comparison": "the other side of a comparison",
    "threshold": "a bound moved by one per cent, or by one",
    "deadline": "a day moved by one",
    "length": "a length that is one longer",
    "calendar": "calendar days for business days, or the reverse",
    "amount": "an amount that is one less",
    "rung": "a reminder or an escalation left out",
    "reviewer": "a step of a route, or one of several roles, left out",
    "band": "a band left out",
    "condition": "a condition left out",
    "silence": "another meaning of silence",
    "switch": "a yes for a no",
}
"""Operators by name, with the mistake they stand for."""

NOT_RULES = frozenset({
    "clause", "clauses", "title", "zone", "campaign", "year", "batch", "calendar", "phaseflow", "extends", "en", "zh",
    "agenda", "task", "meeting", "document", "poll", "checklist", "bulletin", "consultation", "note", "count",
    "bodies", "items", "choices", "criteria", "about",
})  # fmt: skip
"""Keys below which nothing is a rule that a run can show."""


@attrs.frozen(kw_only=True)
class Mutant:
    """One change: *path* leads to the node in the merged tree; *after* None means that it is left out.

    *before_text* and *after_text* are the key with its value, in one line, as a policy diff shows them.
    """

    operator: str
    path: Path
    span: Span
    after: t.Node | None
    before_text: str
    after_text: str
    nth: int = 1
    """Which it is of those that the operator makes at this path."""

    @property
    def name(self) -> str:
        """The mutant's name: operator and path, as ``length phases.study.duties.notes.remind``."""
        nth = f" #{self.nth}" if self.nth > 1 else ""
        return f"{self.operator} {'.'.join(map(str, self.path))}{nth}"

    def diff(self) -> str:
        """The change as a diff of the policy."""
        lines = [f"{self.span}: {self.name}: {OPERATORS[self.operator]}", f"  - {self.before_text}"]
        return "\n".join([*lines, f"  + {self.after_text}" if self.after_text else "  +"])

    def apply(self, tree: t.Node) -> t.Node:
        """The tree with the change."""
        return _changed(tree, self.path, self.after)


def _changed(node: t.Node, path: Path, after: t.Node | None) -> t.Node:
    head, rest = path[0], path[1:]
    match node:
        case t.Mapping():
            entries = []
            for entry in node.entries:
                if entry.key.text != head:
                    entries.append(entry)
                elif rest:
                    entries.append(t.Entry(entry.key, _changed(entry.value, rest, after)))
                elif after is not None:
                    entries.append(t.Entry(entry.key, after))
            return t.Mapping(tuple(entries), node.span)
        case t.Sequence():
            items = []
            for index, item in enumerate(node.items):
                if index != head:
                    items.append(item)
                elif rest:
                    items.append(_changed(item, rest, after))
                elif after is not None:
                    items.append(after)
            return t.Sequence(tuple(items), node.span)
        case t.Scalar():
            return node


def flow(node: t.Node) -> str:
    """A node in one line, in YAML's flow style."""
    match node:
        case t.Scalar():
            return '"' + node.text.replace('"', '\\"') + '"' if node.quoted else node.text
        case t.Sequence():
            return f"[{', '.join(map(flow, node.items))}]"
        case t.Mapping():
            return "{" + ", ".join(f"{entry.key.text}: {flow(entry.value)}" for entry in node.entries) + "}"


def mutants(tree: t.Node) -> tuple[Mutant, ...]:
    """Every mutant of a policy's merged tree, in its order, each with a name of its own."""
    found: Counter[str] = Counter()
    named = []
    for mutant in _walk(tree, (), tree):
        found[mutant.name] += 1
        named.append(attrs.evolve(mutant, nth=found[mutant.name]))
    return tuple(named)


def _walk(node: t.Node, path: Path, tree: t.Node) -> Iterator[Mutant]:
    match node:
        case t.Mapping():
            for entry in node.entries:
                key = entry.key.text
                if key in NOT_RULES and not _is_rule(key, entry.value):
                    continue
                yield from _droppable(entry, (*path, key))
                yield from _walk(entry.value, (*path, key), tree)
        case t.Sequence():
            for index, item in enumerate(node.items):
                yield from _walk(item, (*path, index), tree)
        case t.Scalar():
            yield from _scalar(node, path)


def _is_rule(key: str, value: t.Node) -> bool:
    """``items`` and ``count`` are also words of conditions and quorums."""
    return key in ("items", "count") and isinstance(value, t.Scalar) and value.text.isidentifier()


# --- leaving out ------------------------------------------------------------------------------------------------------

_DROPPED_KEYS = {
    "needs": "condition", "gate": "condition", "entry": "condition", "evidence": "condition", "checked_by": "reviewer",
    "independent_of": "condition", "grace": "deadline", "lock": "deadline",
}  # fmt: skip
_DROPPED_ITEMS = {
    "remind": "rung", "route": "reviewer", "exclusive": "band", "cumulative": "band", "all": "condition",
    "done": "condition", "evidence": "condition", "by": "reviewer", "checked_by": "reviewer", "based_on": "condition",
}  # fmt: skip
_DROPPED_ENTRIES = {"overdue": "rung", "at_least": "condition", "passed": "condition"}


def _droppable(entry: t.Entry, path: Path) -> Iterator[Mutant]:
    key, value = entry.key.text, entry.value
    if key == "remind" and isinstance(value, t.Scalar):
        yield _drop("rung", path, entry.key.span, f"{key}: {flow(value)}", "")
    if key in _DROPPED_KEYS and not (isinstance(value, t.Scalar) and value.text == "none"):
        yield _drop(_DROPPED_KEYS[key], path, entry.key.span, f"{key}: {flow(value)}", "")
    if key in _DROPPED_ITEMS and isinstance(value, t.Sequence) and len(value.items) > 1:
        for index, item in enumerate(value.items):
            if key == "route" and index == 0:
                continue
            left = t.Sequence(tuple(one for one in value.items if one is not item), value.span)
            yield _drop(_DROPPED_ITEMS[key], (*path, index), item.span, f"{key}: {flow(value)}", f"{key}: {flow(left)}")
    alone = key == "passed" and isinstance(value, t.Mapping) and len(value.entries) < 2  # the same as no condition
    if key in _DROPPED_ENTRIES and isinstance(value, t.Mapping) and not alone:
        for one in value.entries:
            kept = t.Mapping(tuple(other for other in value.entries if other is not one), value.span)
            yield _drop(_DROPPED_ENTRIES[key], (*path, one.key.text), one.key.span, f"{key}: {flow(value)}",
                        f"{key}: {flow(kept)}")  # fmt: skip


def _drop(operator: str, path: Path, span: Span, before: str, after: str) -> Mutant:
    return Mutant(operator=operator, path=path, span=span, after=None, before_text=before, after_text=after)


# --- saying something else --------------------------------------------------------------------------------------------

_UNIT = "business days?|days?|weeks?|hours?|months?"
_LENGTH = re.compile(rf"(?P<about>about +)?(?P<count>\d+) +(?P<unit>{_UNIT})(?P<rest>.*)\Z")
_SHARE = re.compile(r"(?P<count>\d+(?:\.\d+)?)%(?P<rest>.*)\Z")
_AMOUNT = re.compile(r"(?P<count>\d+) +(?P<unit>[a-z_]+)\Z")
_DAY = re.compile(r"(?P<year>\d{4}-)?(?P<month>\d\d)-(?P<day>\d\d)\Z")
_DAY_LAST = re.compile(r"(?P<before>.*\.\. *(?:about +)?)(?P<day>(?:\d{4}-)?\d\d-\d\d)\Z")
_FLIPPED = {">=": ">", "<=": "<", ">": ">=", "<": "<=", "==": "!="}
_COMPARE = re.compile(r">=|<=|==|>|<")
_SILENCE = {"hold": "go_on", "go_on": "hold", "accept": "return", "return": "accept"}
_SWITCHED = {"true": "false", "false": "true", "required": "none", "optional": "required", "reopen": "make_up",
             "prorated": "full", "full": "prorated", "any": "all"}  # fmt: skip
_SWITCHES = frozenset({
    "survives", "blocking", "anonymous", "answer_each", "published", "parked", "prescribed", "evidence", "expires",
    "poor", "joiners", "leavers", "if_none", "absence",
})  # fmt: skip
_COUNTS = frozenset({"at_most", "max", "at_least", "smallest_group", "longest_chain", "count"})


def _scalar(node: t.Scalar, path: Path) -> Iterator[Mutant]:
    key = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
    for operator, text in _texts(key, node.text, path):
        after = attrs.evolve(node, text=text)
        yield Mutant(operator=operator, path=path, span=node.span, after=after, before_text=f"{key}: {flow(node)}",
                     after_text=f"{key}: {flow(after)}")  # fmt: skip


def _texts(key: str, text: str, path: Path) -> Iterator[tuple[str, str]]:
    length, share, amount = _LENGTH.match(text), _SHARE.match(text), _AMOUNT.match(text)
    day, last = _DAY.match(text), _DAY_LAST.match(text)
    if length is not None:
        yield from _lengths(key, length)
    elif share is not None:
        yield from _shares(key, share)
    elif key == "quota" and amount is not None and int(amount["count"]) > 1:
        yield "amount", f"{int(amount['count']) - 1} {amount['unit']}"
    elif key in ("due", "from") and day is not None:
        yield "deadline", _next_day(text)
    elif key == "window" and last is not None:
        yield "deadline", last["before"] + _next_day(last["day"])
    elif key in _COUNTS and text.isdigit():
        yield "threshold", str(int(text) + 1)
    elif key == "silence" and text in _SILENCE:
        yield "silence", _SILENCE[text]
    elif key in _SWITCHES and text in _SWITCHED:
        yield "switch", _SWITCHED[text]
    elif key in ("gate", "when", "needs", "entry") or isinstance(path[-1], int):
        for match in _COMPARE.finditer(text):
            yield "comparison", text[: match.start()] + _FLIPPED[match[0]] + text[match.end() :]


def _lengths(key: str, found: re.Match[str]) -> Iterator[tuple[str, str]]:
    about, count, unit, rest = found["about"] or "", int(found["count"]), found["unit"].rstrip("s"), found["rest"]
    if about:
        return  # nothing can be missed by it (R40)
    if key == "quota":
        if count > 1:
            yield "amount", f"{count - 1} {unit}s{rest}"
        return
    plural = "" if count + 1 == 1 else "s"
    yield "length", f"{count + 1} {unit}{plural}{rest}"
    plural = "" if count == 1 else "s"
    if unit == "business day":
        yield "calendar", f"{count} day{plural}{rest}"
    elif unit == "day" and count > 1:
        yield "calendar", f"{count} business day{plural}{rest}"


def _shares(key: str, found: re.Match[str]) -> Iterator[tuple[str, str]]:
    count, rest = found["count"], found["rest"]
    whole = float(count)
    if key in ("below", "value"):
        yield "comparison", f"{count.rstrip('0').rstrip('.') if '.' in count else count}.001%{rest}"
    # all but one of a hundred units is a difference that nobody sees: where all are wanted, one of ten may be missing
    moved = whole + 1 if whole < 100 else whole - (10 if key == "units" else 1)
    yield "threshold", f"{moved:g}%{rest}"


def _next_day(text: str) -> str:
    parts = text.split("-")
    year = int(parts[0]) if len(parts) == 3 else 2001
    found = date(year, int(parts[-2]), int(parts[-1])) + timedelta(days=1)
    return found.isoformat() if len(parts) == 3 else f"{found:%m-%d}"
