"""Single values: the text of one scalar to the value its field takes, or the reason why not.

Here YAML's own typing ends and the language's begins: what is a number, a truth value, a name or a phrase is decided by
the kind of the field alone. Lists, mappings and the choice between kinds are read in `structure`.

Codes: PF134 not a name, PF135 not a whole number, PF136 not true or false, PF137 unknown word, PF138 text empty or too
long; phrases bring their own (PF120 to PF129).
"""

from __future__ import annotations

import keyword
import re
from typing import Any

import attrs

from phaseflow.errors import PolicyError, Problem, did_you_mean
from phaseflow.spec.faults import shortened
from phaseflow.spec.kinds import FreeText, Kind, NameKind, PhraseKind, Truth, Whole, Words, describe
from phaseflow.spec.tree import Scalar

LONGEST_TEXT = 2_000
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")

_WHOLE = re.compile(r"(?:0|-?[1-9][0-9]{0,14})\Z")
_TRUTH = {"true": True, "false": False}
_MEANT = {
    **dict.fromkeys(("yes", "on", "y", "true", "1"), "true"),
    **dict.fromkeys(("no", "off", "n", "false", "0"), "false"),
}


@attrs.frozen
class Refused:
    """A scalar is not what belongs here; *problems* say why."""

    problems: tuple[Problem, ...]


def read_scalar(node: Scalar, kind: Kind, label: str) -> Any:
    """Read *node* as a kind of single value.

    Args:
        node: Not null.
        kind: A text, a name, a number, a truth value, a word or a phrase.
        label: The key it stands for, for messages.

    Returns:
        The value, or `Refused`.
    """
    match kind:
        case FreeText():
            return _text(node, label)
        case NameKind(dotted):
            return _name(node, dotted)
        case Whole(minimum):
            return _whole(node, minimum, label)
        case Truth():
            return _truth(node, label)
        case Words(words):
            return _word(node, words, label)
        case PhraseKind(cls):
            return _phrase(node, cls)
        case _:
            raise TypeError(f"{kind} is no kind of single value")


def _refused(code: str, what: str, node: Scalar, why: str, fix: str) -> Refused:
    return Refused((Problem(code=code, what=what, span=node.span, why=why, fix=fix),))


def _text(node: Scalar, label: str) -> str | Refused:
    if node.text.strip() and len(node.text) <= LONGEST_TEXT:
        return node.text
    size = f"has {len(node.text):,} characters" if node.text.strip() else "is empty"
    return _refused(
        "PF138", f"the text of '{label}' {size}", node,
        why=f"a text has 1 to {LONGEST_TEXT:,} characters", fix="write it shorter, or leave the key out",
    )  # fmt: skip


def _is_name(text: str) -> bool:
    return bool(NAME.match(text)) and not keyword.iskeyword(text)


def _name(node: Scalar, dotted: bool) -> str | Refused:
    if _is_name(node.text):
        return node.text
    parts = node.text.split(".") if dotted else [node.text]
    bad = next((part for part in parts if not _is_name(part)), None)
    if bad is None:
        return node.text
    if keyword.iskeyword(bad):
        return _refused(
            "PF134", f"'{bad}' cannot be a name", node,
            why="it is a word of the expression language", fix=f"call it '{bad}_' or another name",
        )  # fmt: skip
    better = re.sub(r"[^a-z0-9]+", "_", bad.lower()).strip("_")
    return _refused(
        "PF134", f"'{shortened(bad)}' cannot be a name", node,
        why="a name begins with a letter a-z and goes on with a-z, 0-9 and '_'",
        fix=f"write '{shortened(better)}'" if _is_name(better) else "choose one; a `title` can be in any script",
    )  # fmt: skip


def _whole(node: Scalar, minimum: int | None, label: str) -> int | Refused:
    def enough(text: str) -> bool:
        return bool(_WHOLE.match(text)) and (minimum is None or int(text) >= minimum)

    if enough(node.text) and not node.quoted:
        return int(node.text)
    bound = f" from {minimum} on" if minimum is not None else ""
    plain = node.text.replace("_", "").replace(",", "").lstrip("0")
    return _refused(
        "PF135", f"'{shortened(node.text)}' does not count as a number for '{label}'", node,
        why=f"here belongs a whole number{bound}, in plain digits and without quotes",
        fix=f"write {plain}" if enough(plain) else f"write a whole number{bound}",
    )  # fmt: skip


def _truth(node: Scalar, label: str) -> bool | Refused:
    if node.text in _TRUTH and not node.quoted:
        return _TRUTH[node.text]
    return _refused(
        "PF136", f"'{shortened(node.text)}' does not say true or false for '{label}'", node,
        why="only true and false, unquoted and in small letters, are read; yes, on and no are ordinary words here",
        fix=f"write {_MEANT.get(node.text.lower(), 'true or false')}",
    )  # fmt: skip


def _word(node: Scalar, words: tuple[str, ...], label: str) -> str | Refused:
    if node.text in words:
        return node.text
    return _refused(
        "PF137", f"'{shortened(node.text)}' is no value of '{label}'", node,
        why=f"here belongs {describe(Words(words))}", fix=did_you_mean(node.text[:100], words),
    )  # fmt: skip


def _phrase(node: Scalar, cls: Any) -> Any:
    # Written with escapes or over several lines, a text has other columns than the file: then the whole is pointed at.
    literal = node.span.length == len(node.text)
    try:
        value = cls.parse(node.text, node.span)
    except PolicyError as error:  # PhraseError is one
        example = f"write it as in {' or '.join(cls.examples[:2])}"
        problems = (one if one.fix else attrs.evolve(one, fix=example) for one in error.problems)
        return Refused(tuple(one if literal else attrs.evolve(one, span=node.span) for one in problems))
    return value if literal else attrs.evolve(value, span=node.span)
