"""Duties: how they stand, who has done them, what is overdue, what persons owe and may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from phaseflow.core.plan.model import Duty
from phaseflow.core.state.rows import DutyState, PartState
from phaseflow.errors import Problem
from phaseflow.testing.scenarios.expect.look import Look, compare_list, wanted_of
from phaseflow.testing.scenarios.spec import Names


def state_of(look: Look, text: str) -> DutyState | None:
    """The instance of a duty that a text names: ``notes`` now, or ``notes/2``, the second period of what comes again.

    What comes again stands for the period of this day; before the first it is that one, and after the last the last.
    """
    name, _, number = text.partition("/")
    found = _instances(look, name)
    if number:
        named = number.isdigit() and 0 < int(number) <= len(found)
        return found[int(number) - 1] if named else None
    today = look.stage.plan.calendar.day_of(look.stage.now)
    lasting = (one for one in found if one.period is None or one.period.last is None or today <= one.period.last)
    return next(lasting, found[-1] if found else None)


def _instances(look: Look, name: str) -> list[DutyState]:
    """Every period of what comes again, in order; the only instance of anything else; of the latest visit."""
    key = look.stage.row(look.name, f"latest/{name}")
    latest: DutyState | None = look.stage.row(look.name, f"duty/{key}") if key else None
    if latest is None or latest.period is None:
        return [latest] if latest is not None else []
    rows = look.stage.rows(look.name, f"duty/{latest.key.rpartition('/')[0]}/")
    return [row for _, row in rows if row.period is not None]


def known_duty(look: Look, key: str, text: str) -> Problem | None:
    """What is wrong with the name of a duty, if anything is."""
    duties = look.stage.level(look.name).duties
    name = text.partition("/")[0]
    return None if name in duties else look.unknown(key, "duty", name, duties)


def duty_word(look: Look, name: str) -> tuple[str, str]:
    """How a duty stands, in a word, and as a count."""
    state = state_of(look, name)
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


def of_duties(look: Look, wanted: Mapping[str, str]) -> Iterator[Problem]:
    for name, text in wanted.items():
        strange = known_duty(look, f"duties.{name}", name)
        if strange is not None:
            yield strange
            continue
        word, count = duty_word(look, name)
        if text not in (word, count):
            yield look.differs(f"duties.{name}", f"'{name}'", text, f"{word} ({count} done)", name)


def _part(look: Look, name: str, subject: str) -> PartState | None:
    state = state_of(look, name)
    found: PartState | None = look.stage.row(look.name, f"part/{state.key}/{subject}") if state is not None else None
    return found


def done(look: Look, wanted: Names) -> Iterator[Problem]:
    for text in wanted_of(wanted):
        name, _, subject = text.partition(" of ")
        strange = known_duty(look, "done", name)
        if strange is not None:
            yield strange
        elif subject:
            part = _part(look, name, subject)
            if part is None or not part.done:
                found = f"{part.amount} recorded" if part is not None and part.amount else "not done"
                yield look.differs("done", f"'{text}'", "done", found, name)
        elif duty_word(look, name)[0] != "done":
            yield look.differs("done", f"'{name}'", "done", " ".join(duty_word(look, name)), name)


def overdue(look: Look, wanted: Names) -> Iterator[Problem]:
    level = look.stage.level(look.name)
    late = {phase.name for phase in look.status.phases if phase.state == "overdue"}
    persons: set[str] = set()
    for name, rule in level.duties.items():
        for state in _instances(look, name):
            if state.outstanding <= 0 or state.exempt or not _is_late(look, state):
                continue
            late.add(name)
            if rule.subjects == "role":
                persons |= {f"{name} of {who}" for who in _owing(look, rule, state)}
    names = wanted_of(wanted)
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


def todo(look: Look, wanted: Mapping[str, Names]) -> Iterator[Problem]:
    for person, names in wanted.items():
        found = [owed.subject for owed in look.stage.runs[look.name].todo(person)]
        yield from compare_list(look, f"todo.{person}", f"what '{person}' owes", names, found)


def allowed(look: Look, wanted: Mapping[str, Names]) -> Iterator[Problem]:
    for person, names in wanted.items():
        found = [owed.subject for owed in look.stage.runs[look.name].allowed(person)]
        missing = [name for name in wanted_of(names) if name not in found]
        if missing or (found and not wanted_of(names)):
            yield look.differs(f"allowed.{person}", f"what '{person}' may do", list(names.names), found)
