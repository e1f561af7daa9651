"""What a scenario expects, held against how things stand: one function for each key of a line.

Each yields a problem for every difference: what was expected and what was found, at the place in the scenario, with the
line of the policy that makes it so. Codes: PF606 a name that the policy does not have, PF620 something else was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

import attrs

from phaseflow.core.gates import text_of
from phaseflow.core.notices import Notice
from phaseflow.core.plan.model import Duty
from phaseflow.core.reasons import Reason
from phaseflow.core.state.rows import DutyState, PartState
from phaseflow.engine import Refused, Status
from phaseflow.engine.texts import read_notice
from phaseflow.errors import Problem, Span, did_you_mean
from phaseflow.messages.events import Entry
from phaseflow.relay.recipients import Directory
from phaseflow.testing.scenarios.spec import Line, Names
from phaseflow.testing.stage import PROGRAMME, Stage

NOBODY = frozenset({"none", "nobody", "nothing"})
REST = frozenset({"and more", "…", "..."})
"""The last of a list of reasons that need not be all."""


@attrs.frozen(kw_only=True)
class Look:
    """One look at one run. *since* is how long its trail was before this line."""

    stage: Stage
    name: str
    line: Line
    since: int

    @property
    def status(self) -> Status:
        """The run at a glance."""
        return self.stage.runs[self.name].status()

    def entries(self, after: int = 0) -> list[Entry]:
        """The trail from an entry on."""
        return self.stage.entries(self.name, after)

    def differs(self, key: str, what: str, expected: object, found: object, cause: str = "") -> Problem:
        """An expectation that is not met; *cause* names what the policy has to say about it."""
        day = self.stage.plan.calendar.local(self.stage.now)
        return Problem(
            code="PF620",
            what=f"{what}: expected {_shown(expected)}, found {_shown(found)}",
            span=self.line.span_of(key),
            why=f"so it stands in '{self.name}' on {day:%Y-%m-%d %H:%M}" + self.rule(cause),
            fix="change what is expected, or the policy",
            clause=self.clause(cause),
        )

    def unknown(self, key: str, noun: str, word: str, known: Iterable[str]) -> Problem:
        """A name that the policy does not have."""
        return Problem(
            code="PF606",
            what=f"there is no {noun} '{word}' in '{self.name}'",
            span=self.line.key_span_of(key),
            why="what is expected is named as in the policy",
            fix=did_you_mean(word, known),
        )

    def _rule(self, name: str) -> Any:
        level = self.stage.level(self.name)
        first = name.split(" ")[0].split("/")[0]
        for table in (level.duties, level.moves, level.phases, level.ledgers):
            if first in table:
                return table[first]
        return level.phases.get(first.split(".")[0])

    def rule(self, name: str) -> str:
        """Where the policy speaks of something, with its line."""
        span: Span | None = getattr(self._rule(name), "span", None) if name else None
        if span is None or not span.line:
            return ""
        text = (self.stage.plan.line(span.file, span.line) or "").strip()
        return f"; {span}: {text[:160]}"

    def clause(self, name: str) -> str:
        """The clauses behind something."""
        return ", ".join(getattr(self._rule(name), "clause", ())) if name else ""


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value or "none"
    if isinstance(value, Collection):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def _wanted(names: Names) -> list[str]:
    return [name for name in names.names if name not in NOBODY]


Check = Callable[[Look, Any], Iterator[Problem]]


def check(look: Look) -> Iterator[Problem]:
    """Every difference between what a line expects and how things stand."""
    for key, function in CHECKS.items():
        value = getattr(look.line, key)
        if value is None or value == {}:
            continue
        yield from function(look, value)


# --- phases and gates -------------------------------------------------------------------------------------------------


def _open(look: Look, wanted: Names) -> Iterator[Problem]:
    phases = {phase.name: phase.state for phase in look.status.phases}
    found = [name for name, state in phases.items() if state in ("open", "overdue")]
    strange = [name for name in _wanted(wanted) if name not in phases]
    yield from (look.unknown("open", "phase", name, phases) for name in strange)
    if not strange and set(found) != set(_wanted(wanted)):
        other = sorted(set(found) ^ set(_wanted(wanted)))
        yield look.differs("open", "the open phases", _wanted(wanted), found, other[0])


def _phases(look: Look, wanted: Mapping[str, str]) -> Iterator[Problem]:
    phases = {phase.name: phase.state for phase in look.status.phases}
    for name, state in wanted.items():
        if name not in phases:
            yield look.unknown(f"phases.{name}", "phase", name, phases)
        elif phases[name] != state:
            yield look.differs(f"phases.{name}", f"the phase '{name}'", state, phases[name], name)


def _gates(look: Look, wanted: Mapping[str, Names]) -> Iterator[Problem]:
    for move, names in wanted.items():
        try:
            found = look.stage.runs[look.name].why(move)
        except Refused as refused:
            told = f"refused ({refused.kind}: {refused.problems[0].what})"
            if not any(_fits_refusal(name, refused) for name in names.names):
                yield look.differs(f"gates.{move}", f"'{move}'", names.names, told, move)
            continue
        if names.names == ("passes",):
            if found:
                yield look.differs(f"gates.{move}", f"'{move}'", "passes", reasons_text(found), move)
        else:
            yield from reasons(look, f"gates.{move}", move, names, found)


def reasons(look: Look, key: str, move: str, wanted: Names, found: tuple[Reason, ...]) -> Iterator[Problem]:
    """Each reason that is wanted must be among those found, and each found one wanted, unless more are allowed."""
    told = [reason.problem().what for reason in found]
    pieces = [piece for piece in wanted.names if piece not in REST and piece not in ("yes", "true")]
    missing = [piece for piece in pieces if not any(piece in one for one in told)]
    open_end = len(pieces) < len(wanted.names)
    surplus = [] if open_end else [one for one in told if not any(piece in one for piece in pieces)]
    if missing or surplus or not told:
        yield look.differs(key, f"the reasons that hold '{move}'", list(wanted.names), told, move)


def reasons_text(found: tuple[Reason, ...]) -> str:
    """Why a gate is held, in one line."""
    return "held: " + "; ".join(reason.problem().what for reason in found)


def _fits_refusal(word: str, refused: Refused) -> bool:
    if word == refused.kind or any(word == problem.code for problem in refused.problems):
        return True
    text = " ".join(f"{problem.what} {problem.why} {problem.fix}" for problem in refused.problems)
    return word in text


def fits(words: Names, refused: Refused) -> list[str]:
    """The words of a ``refused`` that the refusal does not bear out."""
    return [word for word in words.names if not _fits_refusal(word, refused)]


# --- duties -----------------------------------------------------------------------------------------------------------


def _state_of(look: Look, name: str) -> DutyState | None:
    key = look.stage.row(look.name, f"latest/{name}")
    found: DutyState | None = look.stage.row(look.name, f"duty/{key}") if key else None
    return found


def _known_duty(look: Look, key: str, name: str) -> Problem | None:
    duties = look.stage.level(look.name).duties
    return None if name in duties else look.unknown(key, "duty", name, duties)


def duty_word(look: Look, name: str) -> tuple[str, str]:
    """How a duty stands, in a word, and as a count."""
    state = _state_of(look, name)
    if state is None:
        return "not begun", "0 of 0"
    count = f"{state.done} of {state.owed}"
    if state.exempt:
        return "exempt", count
    if state.owed == 0:
        return "not owed", count
    if state.outstanding <= 0:
        return "done", count
    if state.locked:
        return "locked", count
    return ("overdue" if _is_late(look, state) else "open"), count


def _is_late(look: Look, state: DutyState) -> bool:
    limit = state.term.grace or state.term.due
    return limit is not None and look.stage.now >= limit


def _duties(look: Look, wanted: Mapping[str, str]) -> Iterator[Problem]:
    for name, text in wanted.items():
        strange = _known_duty(look, f"duties.{name}", name)
        if strange is not None:
            yield strange
            continue
        word, count = duty_word(look, name)
        if text not in (word, count):
            yield look.differs(f"duties.{name}", f"'{name}'", text, f"{word} ({count} done)", name)


def _part(look: Look, name: str, subject: str) -> PartState | None:
    state = _state_of(look, name)
    found: PartState | None = look.stage.row(look.name, f"part/{state.key}/{subject}") if state is not None else None
    return found


def _done(look: Look, wanted: Names) -> Iterator[Problem]:
    for text in _wanted(wanted):
        name, _, subject = text.partition(" of ")
        strange = _known_duty(look, "done", name)
        if strange is not None:
            yield strange
        elif subject:
            part = _part(look, name, subject)
            if part is None or not part.done:
                found = f"{part.amount} recorded" if part is not None and part.amount else "not done"
                yield look.differs("done", f"'{text}'", "done", found, name)
        elif duty_word(look, name)[0] != "done":
            yield look.differs("done", f"'{name}'", "done", " ".join(duty_word(look, name)), name)


def _overdue(look: Look, wanted: Names) -> Iterator[Problem]:
    level = look.stage.level(look.name)
    late = {phase.name for phase in look.status.phases if phase.state == "overdue"}
    persons: set[str] = set()
    for name, rule in level.duties.items():
        state = _state_of(look, name)
        if state is None or state.outstanding <= 0 or state.exempt or not _is_late(look, state):
            continue
        late.add(name)
        if rule.subjects == "role":
            persons |= {f"{name} of {who}" for who in _owing(look, rule, state)}
    names = _wanted(wanted)
    known = {*level.duties, *level.phases}
    for text in names:
        if text.partition(" of ")[0] not in known:
            yield look.unknown("overdue", "phase or duty", text.partition(" of ")[0], known)
    missing = [text for text in names if text not in late and text not in persons]
    surplus = sorted(name for name in late if not any(text.partition(" of ")[0] == name for text in names))
    if missing or surplus:
        yield look.differs("overdue", "what is overdue", names, sorted(late), (surplus or missing)[0])


def _owing(look: Look, rule: Duty, state: DutyState) -> list[str]:
    found = []
    for person in look.stage.holders(look.name, rule.each):
        part: PartState | None = look.stage.row(look.name, f"part/{state.key}/{person}")
        if part is None or not (part.done or part.waived or part.owes == 0):
            found.append(person)
    return found


def _todo(look: Look, wanted: Mapping[str, Names]) -> Iterator[Problem]:
    for person, names in wanted.items():
        found = [owed.subject for owed in look.stage.runs[look.name].todo(person)]
        yield from _list(look, f"todo.{person}", f"what '{person}' owes", names, found)


def _allowed(look: Look, wanted: Mapping[str, Names]) -> Iterator[Problem]:
    for person, names in wanted.items():
        found = [owed.subject for owed in look.stage.runs[look.name].allowed(person)]
        missing = [name for name in _wanted(names) if name not in found]
        if missing or (found and not _wanted(names)):
            yield look.differs(f"allowed.{person}", f"what '{person}' may do", list(names.names), found)


def _list(look: Look, key: str, what: str, names: Names, found: list[str]) -> Iterator[Problem]:
    wanted = [name for name in _wanted(names) if name not in REST]
    open_end = any(name in REST for name in names.names)
    missing = [name for name in wanted if name not in found]
    surplus = [] if open_end else [name for name in found if name not in wanted]
    if missing or surplus:
        yield look.differs(key, what, list(names.names), found, (missing or surplus)[0])


# --- documents, polls, ledgers ----------------------------------------------------------------------------------------


def _documents(look: Look, wanted: Mapping[str, str]) -> Iterator[Problem]:
    for text, step in wanted.items():
        name, _, subject = text.partition(" of ")
        strange = _known_duty(look, f"documents.{text}", name)
        if strange is not None:
            yield strange
            continue
        state = _state_of(look, name)
        found = look.stage.row(look.name, f"document/{state.key}/{subject}") if state is not None else None
        told = "not begun" if found is None else found.step or "done"
        if told != step:
            yield look.differs(f"documents.{text}", f"the document '{text}'", step, told, name)


def _polls(look: Look, wanted: Mapping[str, str]) -> Iterator[Problem]:
    for name, text in wanted.items():
        strange = _known_duty(look, f"polls.{name}", name)
        if strange is not None:
            yield strange
            continue
        told = _poll_words(look, name)
        if text not in told and not _same_share(text, told):
            yield look.differs(f"polls.{name}", f"the poll '{name}'", text, ", ".join(told), name)


def _poll_words(look: Look, name: str) -> list[str]:
    state = _state_of(look, name)
    poll = look.stage.row(look.name, f"poll/{state.key}") if state is not None else None
    if state is None or poll is None:
        return ["not opened"]
    counted = look.stage.row(look.name, f"counted/{state.key}")
    words = [poll.status]
    if counted is not None and counted.share is not None:
        words += text_of(counted.share).removesuffix(")").split(" (")  # '84.85%' and '28/33', or '82%' alone
    band: str = getattr(counted, "band", "") or ""
    if band:
        words.append(band)
    return words


def _same_share(text: str, told: list[str]) -> bool:
    """Whether a share is told in other digits: ``80.0%`` for ``80%``, ``8/10`` for ``4/5``."""
    try:
        wanted = Fraction(text.removesuffix("%"))
        shares = [Fraction(word.removesuffix("%")) for word in told if word[0].isdigit() and word[-1] == text[-1:]]
        shares += [Fraction(word) for word in told if "/" in word and "/" in text]
    except (ValueError, ZeroDivisionError):
        return False
    return wanted in shares


_COUNT = re.compile(r"(\d+)(?: of (\d+))?(?: open)?\Z")


def _items(look: Look, wanted: Mapping[str, str]) -> Iterator[Problem]:
    ledgers = look.status.items
    for text, state in wanted.items():
        if "/" in text:
            found = dict(look.stage.items(look.name)).get(text)
            told = "not there" if found is None else found.status
            if told != state:
                yield look.differs(f"items.{text}", f"the item '{text}'", state, told, text)
        elif text not in ledgers:
            yield look.unknown(f"items.{text}", "ledger", text, ledgers)
        else:
            match, (left, all_) = _COUNT.match(state), ledgers[text]
            good = match is not None and int(match[1]) == left and match[2] in (None, str(all_))
            if not good:
                yield look.differs(f"items.{text}", f"the ledger '{text}'", state, f"{left} of {all_} open", text)


# --- who is told ------------------------------------------------------------------------------------------------------


def notices(stage: Stage, name: str, day_of: datetime) -> list[tuple[Notice, frozenset[str]]]:
    """The notices of a run on the civil day of an instant, with the persons they go to."""
    day = stage.plan.calendar.day_of(day_of)
    found = []
    with stage.engine.store.transaction(write=False) as tx:
        stored = tx.notices(run=stage.runs[name].id)
    directory = Directory(stage.engine.store)
    for one in stored:
        notice = read_notice(one.body)
        if stage.plan.calendar.day_of(notice.at) != day:
            continue
        persons: set[str] = set()
        after, more = "", True
        while more:
            page = directory.page(notice, after=after, limit=500)
            persons |= {recipient.id for recipient in page.recipients}
            after, more = page.last, page.more
        found.append((notice, frozenset(persons)))
    return found


def _notice_check(kinds: tuple[str, ...], key: str, verb: str) -> Check:
    def run(look: Look, wanted: Mapping[str, Names]) -> Iterator[Problem]:
        today = [one for one in notices(look.stage, look.name, look.stage.now) if not kinds or one[0].kind in kinds]
        for text, names in wanted.items():
            about = [one for one in today if _about(one[0], text, by_kind=not kinds)]
            persons = {who for _, found in about for who in found}
            roles = {role for notice, _ in about for role in notice.roles}
            named = set(_wanted(names))
            missing = named - persons - roles
            covered = set(named) & persons
            for role in named & roles:
                covered |= set(look.stage.holders(look.name, role))
            if missing or persons - covered or (not named and about):
                yield look.differs(f"{key}.{text}", f"who is {verb} of '{text}' that day", list(names.names),
                                   sorted(persons) or sorted(roles), text)  # fmt: skip

    return run


def _about(notice: Notice, text: str, *, by_kind: bool) -> bool:
    if not by_kind:
        return notice.subject == text
    kind, _, subject = text.partition(" ")
    return notice.kind == kind and (not subject or notice.subject == subject)


def _asked(look: Look, wanted: Names) -> Iterator[Problem]:
    rows = look.stage.rows(look.name, "question/")
    found = [row.role for _, row in rows if getattr(row, "answered", None) is None]
    yield from _list(look, "asked", "the roles that are asked", wanted, found)


# --- events -----------------------------------------------------------------------------------------------------------


def _happened(look: Look, wanted: Names) -> Iterator[Problem]:
    entries = look.entries(look.since)
    for text in _wanted(wanted):
        if not any(matches(entry, text) for entry in entries):
            found = list(dict.fromkeys(type(entry.event).__name__ for entry in entries))
            yield look.differs("happened", "what happened since the line before", text, found)


def _never(look: Look, wanted: Names) -> Iterator[Problem]:
    for text in _wanted(wanted):
        entry = next((entry for entry in look.entries() if matches(entry, text)), None)
        if entry is not None:
            yield look.differs("never", f"'{text}'", "never", f"entry {entry.seq} of {entry.at:%Y-%m-%d %H:%M} UTC")


def matches(entry: Entry, text: str) -> bool:
    """Whether an entry is the event that a text names, and each further word stands in one of its fields."""
    name, *words = text.split(" ")
    event = entry.event
    if type(event).__name__ != name:
        return False
    values: list[str] = []
    for field in attrs.fields(type(event)):
        value = getattr(event, field.name)
        values += [str(value), *(str(value).split("/") if isinstance(value, str) else ())]
        if isinstance(value, tuple):
            values += map(str, value)
        values += [getattr(value, "role", ""), getattr(value, "kind", "")]
    return all(word in values for word in words)


# --- the run ----------------------------------------------------------------------------------------------------------


def _plain(key: str, what: str, found: Callable[[Look], Any]) -> Check:
    def run(look: Look, wanted: Any) -> Iterator[Problem]:
        value = found(look)
        if isinstance(wanted, str) and wanted in NOBODY:
            wanted = ""
        if value != wanted:
            yield look.differs(key, what, wanted, value)

    return run


def _units(look: Look, wanted: Mapping[str, str]) -> Iterator[Problem]:
    runs = {name: run.status().status for name, run in look.stage.units.items()}
    for name, state in wanted.items():
        if name not in runs:
            yield look.unknown(f"units.{name}", "unit", name, runs)
        elif runs[name] != state:
            yield look.differs(f"units.{name}", f"the unit '{name}'", state, runs[name])


CHECKS: Mapping[str, Check] = {
    "open": _open,
    "phases": _phases,
    "gates": _gates,
    "duties": _duties,
    "done": _done,
    "overdue": _overdue,
    "todo": _todo,
    "allowed": _allowed,
    "documents": _documents,
    "polls": _polls,
    "items": _items,
    "reminded": _notice_check(("due_soon",), "reminded", "reminded"),
    "escalated": _notice_check(("escalated",), "escalated", "told by escalation"),
    "told": _notice_check((), "told", "told"),
    "asked": _asked,
    "happened": _happened,
    "never": _never,
    "outcome": _plain("outcome", "the outcome", lambda look: look.status.outcome),
    "status": _plain("status", "the run", lambda look: look.status.status),
    "owes_redo": _plain("owes_redo", "whether a redo is owed", lambda look: look.status.owes_redo),
    "units": _units,
}
"""Every key of a line that expects something, beside the answer to the act."""

__all__ = ["CHECKS", "NOBODY", "PROGRAMME", "Look", "check", "fits", "matches", "notices", "reasons", "reasons_text"]
