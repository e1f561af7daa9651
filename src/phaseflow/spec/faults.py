"""How faults of YAML's own grammar are told: in the author's words, with what to type instead.

libyaml and PyYAML name the state of their scanner; here stands a table from those names to four-part problems. Nothing
is parsed here, and no rule of phaseflow's own is judged.

Codes: PF110 a key is missing, PF112 the value must be quoted, PF114 quote not closed, PF115 bracket not closed, PF116
stray or missing colon, PF117 anything else, PF118 unknown escape.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import attrs
import yaml

from phaseflow.errors import Problem, Span

LONGEST_SHOWN = 60


def shortened(text: str) -> str:
    """*text* on one line, at most 60 characters of it, as it stands in a message."""
    shown = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text[:LONGEST_SHOWN])
    return shown + ("…" if len(text) > LONGEST_SHOWN else "")


@attrs.frozen
class _Fault:
    """What YAML said: the state it was in, what it met, the place of each, and the character met."""

    context: str
    problem: str
    opened: Span
    met: Span
    sign: str
    rest: str


Teller = Callable[[_Fault], Problem]


def _problem(code: str, what: str, span: Span, why: str, fix: str) -> Problem:
    return Problem(code=code, what=what, span=span, why=why, fix=fix)


def _no_key(fault: _Fault) -> Problem:
    return _problem(
        "PF110", "a key is missing before this ':'", fault.met,
        "every value of a mapping has a key", "write `key: value`",
    )  # fmt: skip


def _in_quotes(text: str) -> str:
    return f"'{shortened(text)}'" if '"' in text else f'"{shortened(text)}"'


def _quote(fault: _Fault) -> Problem:
    at = fault.opened if fault.context in _STARTS else fault.met
    return _problem(
        "PF112", f"the value that begins with '{fault.sign}' must be quoted", at,
        f"an unquoted '{fault.sign}' at the start of a value is a sign of YAML's own",
        f"quote this value: {_in_quotes(fault.rest)}",
    )  # fmt: skip


def _unclosed_quote(fault: _Fault) -> Problem:
    return unclosed_quote(fault.opened, fault.sign)


def unclosed_quote(opened: Span, sign: str) -> Problem:
    """Tell of a quote at *opened* that nothing closes, or the wrong thing: the first quote of a later text."""
    return _problem(
        "PF114", "the text that begins here has no closing quote", opened,
        "a quoted text ends with the quote it began with", f"add the closing {sign}",
    )  # fmt: skip


def _unclosed_bracket(fault: _Fault) -> Problem:
    close, name = ("}", "mapping") if "mapping" in fault.context else ("]", "list")
    return _problem(
        "PF115", f"the {name} that begins at {fault.opened} goes wrong here", fault.met,
        f"its entries are parted by ',' and it ends with '{close}'",
        f"add the missing ',' or '{close}', or quote a text that holds a bracket, a quote or a colon",
    )  # fmt: skip


def _ended_inside(fault: _Fault) -> Problem:
    return _problem(
        "PF115", "the file ends inside a bracket or brace", fault.met,
        "a list in brackets ends with ']' and a mapping in braces with '}'", "add what is missing",
    )  # fmt: skip


def _colon(fault: _Fault) -> Problem:
    return _problem(
        "PF116", "a ':' stands where no key can stand", fault.met,
        "a colon and a blank part a key from its value, also in the middle of a text",
        "quote the text that holds the colon; or give this line the indentation of its neighbours",
    )  # fmt: skip


def _dash(fault: _Fault) -> Problem:
    return _problem(
        "PF112", f"the value that begins with '{fault.sign}' must be quoted", fault.met,
        f"'{fault.sign}' and a blank begin an entry of their own, which needs a line of its own",
        f"quote this value: {_in_quotes(fault.rest)}; or put the entry on the next line",
    )  # fmt: skip


def _no_colon(fault: _Fault) -> Problem:
    return _problem(
        "PF116", "a ':' is missing after the key", fault.opened,
        "each line of a mapping is `key: value`", "add ': ' and a value, or indent the line to continue the one above",
    )  # fmt: skip


def _escape(fault: _Fault) -> Problem:
    return _problem(
        "PF118", "the backslash begins no escape that YAML knows", fault.met,
        "in double quotes a backslash begins an escape such as \\n or \\u00e9",
        "write \\\\ for a backslash, or use single quotes",
    )  # fmt: skip


def _directive(fault: _Fault) -> Problem:
    return _problem(
        "PF112", "a line cannot begin with '%'", fault.opened,
        "YAML keeps lines that begin with '%' for directives", "quote the key, or delete the line",
    )  # fmt: skip


def _misplaced(fault: _Fault) -> Problem:
    return _problem(
        "PF117", "this does not go with the lines above", fault.met,
        "entries of one mapping or list begin in the same column, and nothing follows a closing quote or bracket",
        "check the indentation of this line, and the quotes and brackets on it",
    )  # fmt: skip


def _says(*words: str) -> Callable[[_Fault], bool]:
    return lambda fault: any(word in fault.problem or word in fault.context for word in words)


_STARTS = ("while scanning a block scalar", "while scanning an alias", "while scanning an anchor",
           "while scanning a tag", "while parsing a tag")  # fmt: skip

_TABLE: tuple[tuple[Callable[[_Fault], bool], Teller], ...] = (
    (lambda fault: fault.sign == ":" and "block mapping" in fault.context, _no_key),
    (_says("found unexpected end of stream"), _unclosed_quote),
    (_says("escape"), _escape),
    (_says("scanning a directive"), _directive),
    (_says("cannot start any token", *_STARTS), _quote),
    (lambda fault: fault.sign == "" and "flow" in fault.context, _ended_inside),
    (_says("expected node content", "expected the node content"), _quote),
    (_says("while parsing a flow"), _unclosed_bracket),
    (_says("mapping values are not allowed"), _colon),
    (_says("sequence entries are not allowed", "mapping keys are not allowed"), _dash),
    (_says("could not find expected ':'"), _no_colon),
    (lambda _fault: True, _misplaced),
)
"""From YAML's words to ours, the first that fits: libyaml and PyYAML differ in wording, seldom in what they mean."""


def syntax_problem(error: yaml.MarkedYAMLError, lines: list[str], file: str) -> Problem:
    """Tell a fault of YAML's grammar as a problem; *lines* are those of the text that was parsed."""
    met = error.problem_mark or error.context_mark
    opened = error.context_mark or met
    context = error.context or ""
    start = opened if context in _STARTS or "quoted scalar" in context or "quoted" in context else met
    line = lines[start.line] if start is not None and start.line < len(lines) else ""
    column = start.column if start is not None else 0
    rest = line[column:].rstrip()
    fault = _Fault(
        context=context,
        problem=error.problem or "",
        opened=_span(opened, lines, file),
        met=_span(met, lines, file),
        sign=line[column : column + 1],
        rest=_value(rest, line[:column]),
    )
    return next(tell(fault) for fits, tell in _TABLE if fits(fault))


def _value(rest: str, before: str) -> str:
    """The value that *rest* begins with: between brackets it ends at the comma, or at the bracket that closes them."""
    depth = sum(before.count(sign) for sign in "[{") - sum(before.count(sign) for sign in "]}")
    cut = re.split(r", |,$|[]}]", rest, maxsplit=1)[0] if depth > 0 else rest
    return cut.rstrip() or rest.rstrip(",]}") or rest


def _span(mark: Any, lines: list[str], file: str) -> Span:
    if mark is None:
        return Span(file, 1, 1)
    if mark.line >= len(lines):  # libyaml puts the end of a text without a last line end on a line of its own
        return Span(file, len(lines), len(lines[-1]) + 1)
    return Span(file, mark.line + 1, mark.column + 1)
