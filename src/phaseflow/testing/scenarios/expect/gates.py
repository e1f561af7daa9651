"""Phases that are open, gates with what holds them, and refusals with their reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from phaseflow.core.reasons import Reason
from phaseflow.engine import Refused
from phaseflow.errors import Problem
from phaseflow.testing.scenarios.expect.look import REST, Look, wanted_of
from phaseflow.testing.scenarios.spec import Names


def open_phases(look: Look, wanted: Names) -> Iterator[Problem]:
    phases = {phase.name: phase.state for phase in look.status.phases}
    found = [name for name, state in phases.items() if state in ("open", "overdue")]
    strange = [name for name in wanted_of(wanted) if name not in phases]
    yield from (look.unknown("open", "phase", name, phases) for name in strange)
    if not strange and set(found) != set(wanted_of(wanted)):
        other = sorted(set(found) ^ set(wanted_of(wanted)))
        yield look.differs("open", "the open phases", wanted_of(wanted), found, other[0])


def phases(look: Look, wanted: Mapping[str, str]) -> Iterator[Problem]:
    phases = {phase.name: phase.state for phase in look.status.phases}
    for name, state in wanted.items():
        if name not in phases:
            yield look.unknown(f"phases.{name}", "phase", name, phases)
        elif phases[name] != state:
            yield look.differs(f"phases.{name}", f"the phase '{name}'", state, phases[name], name)


def gate_answers(look: Look, wanted: Mapping[str, Names]) -> Iterator[Problem]:
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
