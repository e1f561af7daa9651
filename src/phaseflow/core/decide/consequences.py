"""What a programme's decision brings about in the runs of its units, and what becomes of it there (R13).

The programme records one event for all units that a consequence concerns (R26). For each of them the engine hands the
unit's run a command, in the same transaction; `sendings` says which. The unit follows it whole or refuses it with every
reason; then the programme records the refusal and asks a role, so that nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from phaseflow.core.decide import phases, succession
from phaseflow.core.decide.step import Step, refuse, refuse_all
from phaseflow.core.state.duties import duty_of
from phaseflow.core.state.rows import Question, Rows
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import EdgeResult, Entry
from phaseflow.spec.duties import PollDuty

ABOUT = "consequence:"
"""What a question about a refused consequence is about begins with this; the entry's number and the unit follow."""


@attrs.frozen(kw_only=True)
class Sending:
    """A command for another run; *run* is empty where the unit belongs to the programme no more.

    *must*: whoever asked for this acts on several runs at once, so that a refusal anywhere refuses the whole act.
    """

    unit: str
    run: str
    command: c.Command
    must: bool = False


def sendings(programme: str, rows: Rows, entry: Entry) -> Iterator[Sending]:
    """What an entry of a run asks of others: a programme's of the runs of its units, one that is handed on of the next.

    The id of each command names the entry and the unit, so that it is carried out once. It happened when the entry did;
    how late a fact may be recorded does not bind it.
    """
    event = entry.event
    match event:
        case e.UnitsObliged(units=units):
            for unit in units:
                command = c.Oblige(
                    **_envelope(programme, entry, unit), programme=programme, seq=entry.seq, go=event.go,
                    key=event.key, edge=event.edge, band=event.band,
                )  # fmt: skip
                yield Sending(unit=unit, run=rows.get(f"unit/{unit}") or "", command=command)
        case e.UnitWithdrawn(unit=unit, run=run) if run:
            leave_it = c.LeaveProgramme(
                **_envelope(programme, entry, unit), reason=event.reason, into=event.into, carry=event.carry
            )  # fmt: skip
            yield Sending(unit=unit, run=run, command=leave_it, must=bool(event.carry))
        case e.HandedOver(to=to):
            fields = succession.taking(programme, entry.seq, rows, event)
            yield Sending(
                unit=to, run=to, command=c.TakeOver(**_envelope(programme, entry, to), **fields), must=True
            )  # fmt: skip
        case _:
            return


def _envelope(programme: str, entry: Entry, unit: str) -> dict[str, Any]:
    return {
        "id": f"{programme}:{entry.seq}:{unit}", "by": c.SYSTEM, "at": entry.at, "now": entry.recorded_at,
        "recorded_by": entry.recorded_by,
    }  # fmt: skip


def refusal_of(sending: Sending, entry: Entry, reasons: Iterable[str]) -> c.NoteRefusal:
    """The command by which the programme notes that a unit's run refused."""
    sent = sending.command
    return c.NoteRefusal(
        id=f"{sent.id}:refused", by=c.SYSTEM, at=sent.now, now=sent.now, recorded_by=sent.recorded_by,
        seq=entry.seq, unit=sending.unit, reasons=tuple(reasons),
    )  # fmt: skip


# --- in the programme -------------------------------------------------------------------------------------------------


def oblige(step: Step, key: str, results: Iterable[EdgeResult]) -> None:
    """Record what the results of a poll oblige units to: one event for each edge, band and consequence (R26)."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for result in results:
        if result.go:
            groups.setdefault((result.edge, result.band, result.go), []).append(result.rated)
    for (edge, band, go), units in groups.items():
        step.emit(e.UnitsObliged(go=go, units=tuple(units), key=key, edge=edge, band=band))


def refused(step: Step, command: c.NoteRefusal) -> None:
    """Record that a unit did not follow, and ask the role that the poll names, else those who keep the roster."""
    _only_system(command, "note a refusal")
    sent: e.UnitsObliged | None = step.get(f"obliged/{command.seq:08d}")
    role, what = "", "that it was withdrawn"
    if sent is not None:
        what = ", ".join(f"'{name}'" for name in sent.go)
        spec = step.level.duties[duty_of(step.rows, sent.key).name].spec if sent.key else None
        role = str(spec.asks or "") if isinstance(spec, PollDuty) else ""
    why = "; ".join(command.reasons)
    text = f"'{command.unit}' did not follow {what} ({why}): send it `again`, or `let_be`?"
    about = f"{ABOUT}{command.seq}:{command.unit}"
    question = phases.ask_role(step, role, about, text)
    step.emit(e.ConsequenceRefused(seq=command.seq, unit=command.unit, reasons=command.reasons, question=question))


def answered(step: Step, command: c.Answer, question: Question) -> None:
    """Send a refused consequence once more, or let it be."""
    number, unit = question.about.removeprefix(ABOUT).split(":", 1)
    sent: e.UnitsObliged | None = step.get(f"obliged/{int(number):08d}")
    allowed = ("again", "let_be") if sent is not None else ("let_be",)
    if command.verdict not in allowed:
        refuse(
            "malformed",
            "PF430",
            f"'{command.verdict}' does not say what becomes of the consequence for '{unit}'",
            why="a consequence that a unit refused is sent once more, or is let be with a reason",
            fix=f"answer {' or '.join(allowed)}",
        )
    if command.verdict == "again" and sent is not None:
        step.emit(attrs.evolve(sent, units=(unit,)))


# --- in a unit's run --------------------------------------------------------------------------------------------------


def obliged(step: Step, command: c.Oblige) -> None:
    """Follow what the programme says of this unit, whole or not at all."""
    _only_system(command, "oblige a unit")
    if command.programme != step.head.parent:
        refuse(
            "illegal",
            "PF432",
            f"'{step.head.run}' is no unit of '{command.programme}'",
            why="a programme obliges its own units",
            fix="look at the programme's `status`",
        )
    if step.head.status != "running":
        refuse(
            "illegal",
            "PF433",
            f"the run is {step.head.status}",
            why="only a running run can be obliged to anything",
            fix={"suspended": "resume it first", "concluded": "reopen it first"}.get(step.head.status, "let it be"),
        )
    known = [name for name in (*step.level.moves, *step.level.duties) if "." not in name]
    refuse_all("unknown", [
        Problem(
            code="PF434", what=f"the plan of this unit has no transition, outcome or duty '{name}'",
            why="a unit follows its own plan, and the programme's band leads to a name of the units",
            fix=did_you_mean(name, known) or "give the unit's plan that name, or let it be",
        )
        for name in command.go if name not in known
    ])  # fmt: skip
    kind = step.head.kind
    refuse_all("illegal", [
        Problem(
            code="PF437", what=f"'{name}' is not for units of the kind '{kind}'", span=duty.spec.span_of("units"),
            why="the policy says for which kinds of units a duty is", clause=", ".join(duty.clause),
            fix="rate only units of the right kinds (`units:` at the edge), or let it be",
        )
        for name in command.go if (duty := step.level.duties.get(name)) is not None and not duty.concerns(kind)
    ])  # fmt: skip
    step.emit(e.Obliged(
        programme=command.programme, seq=command.seq, go=command.go, key=command.key, edge=command.edge,
        band=command.band,
    ))  # fmt: skip
    for name in command.go:
        move = step.level.moves.get(name)
        if move is not None:
            phases.find_move(step, name)  # what is not possible here is refused, and the programme is told
        phases.go(step, (name,), f"{command.programme}:{command.seq}")


def leave(step: Step, command: c.LeaveProgramme) -> None:
    """Note that this unit was taken out of its programme."""
    _only_system(command, "take a unit out of its programme")
    step.emit(e.WithdrawnFromProgramme(reason=command.reason, into=command.into))
    succession.hand_over(step, command.carry)


def _only_system(command: c.Command, act: str) -> None:
    if command.by != c.SYSTEM:
        refuse(
            "not_entitled",
            "PF431",
            f"'{command.by}' cannot {act}",
            why="what one run asks of another is sent by the engine, together with the decision behind it",
            fix="make that decision in the programme's run",
        )


HANDLERS: Mapping[type[c.Command], Callable[[Step, Any], None]] = {
    c.Oblige: obliged,
    c.LeaveProgramme: leave,
    c.NoteRefusal: refused,
}
"""Commands of this room; the engine alone sends them."""
