"""Rules about ends and what leads to them: bands, transitions, outcomes, and moments at which nothing can happen yet.

Codes: PF838 an end that cannot be taken back, PF839 an end decided without a quorum, PF841 a band that goes nowhere
from here, PF842 a transition nobody makes, PF843 a duty no band goes to, PF844 may go on for ever, PF855 an amendment
after the last day, PF856 an entry held by the days themselves, PF857 a run that may be ended on its first day, PF858 a
gate that asks for what only a result brings.
"""

from __future__ import annotations

from collections.abc import Iterator

from phaseflow.analysis.findings import Finding, View, found
from phaseflow.analysis.numbers import bands_of
from phaseflow.core import conditions as c
from phaseflow.core.plan.model import CAMPAIGN, Duty, Move, Phase
from phaseflow.errors import Span
from phaseflow.spec import duties as specs


def _targets(duty: Duty) -> Iterator[tuple[str, Span]]:
    for _at, bands in bands_of(duty):
        for band in (*bands.exclusive, *bands.cumulative):
            for name in band.go:
                yield str(name), band.span_of("go")
            if band.otherwise is not None:
                yield str(band.otherwise), band.span_of("otherwise")


def ends_by_band(view: View) -> Iterator[Finding]:
    """What a poll alone decides: can an end be taken back, and does it take more than one answer?"""
    for level in view.levels:
        for duty in level.duties.values():
            ends = [name for name, _span in _targets(duty) if name in level.outcomes]
            for name in dict.fromkeys(ends):
                spec = level.outcomes[name]
                if not spec.reopen:
                    yield found(
                        "PF838", f"outcomes.{name}",
                        f"'{name}' is decided by '{duty.name}', and nobody can take it back",
                        spec.span, clause=spec.clause,
                        why="an end that nobody asked for needs a way to be looked at again",
                        fix="add `reopen: ROLE`",
                    )  # fmt: skip
            goals = ends or [name for name, _span in _targets(duty)]
            if goals and isinstance(duty.spec, specs.PollDuty) and duty.spec.quorum == "none":
                yield found(
                    "PF839", f"duties.{duty.name}", f"one answer to '{duty.name}' can lead to '{goals[0]}'",
                    duty.spec.span_of("quorum"), clause=duty.clause,
                    why="without a quorum a poll is valid however few take part",
                    fix="add `quorum: {share: 50% of invited, otherwise: hold}`",
                )  # fmt: skip


def band_from_elsewhere(view: View) -> Iterator[Finding]:
    """A band that goes to a transition out of a phase in which the poll does not stand."""
    for level in view.levels:
        for duty in level.duties.values():
            for name, span in _targets(duty):
                move = level.moves.get(name)
                if move is not None and move.source and duty.phase not in (CAMPAIGN, move.source):
                    yield found(
                        "PF841", f"duties.{duty.name}.bands",
                        f"'{name}' leaves '{move.source}', and '{duty.name}' is held in '{duty.phase}'", span,
                        clause=duty.clause,
                        why="a move is possible only from its own phase; the run would ask what to do instead",
                        fix=f"go to a transition `from: {duty.phase}`",
                    )  # fmt: skip


def nobody_makes_it(view: View) -> Iterator[Finding]:
    """A transition without a role, a condition or a band; a duty that waits for a band which never comes."""
    above = {name for duty in view.duties() for name, _span in _targets(duty)}
    for level in view.levels:
        named = above | {move.otherwise for move in level.moves.values()}
        for move in level.moves.values():
            if move.kind == "transition" and not _alive(move, named):
                yield found(
                    "PF842", f"transitions.{move.name}", f"the transition '{move.name}' is never made", move.span,
                    severity="error", clause=move.clause,
                    why="no role may ask for it, no condition makes it, and no band goes to it",
                    fix="add `by: ROLE`, `when: CONDITION`, or name it in a band",
                )  # fmt: skip
        for duty in level.duties.values():
            if duty.spec.opens == "by band" and duty.name not in above:
                yield found(
                    "PF843", f"duties.{duty.name}", f"'{duty.name}' is never owed: no band goes to it", duty.span,
                    severity="error", clause=duty.clause,
                    why="with `opens: by band` a duty begins only when a result leads to it",
                    fix="name it in a band, or drop `opens`",
                )  # fmt: skip


def _alive(move: Move, named: set[str]) -> bool:
    return bool(move.by or move.when is not None or move.name in named)


def may_go_on(view: View) -> Iterator[Finding]:
    """What has no limit may go on for ever; each round needs a person (R22)."""
    programme = view.plan.policy.programme
    loops = [*view.plan.policy.transitions.items(), *(programme.transitions.items() if programme else ())]
    for name, spec in loops:
        if spec.max == "unlimited":
            who = " or ".join(f"'{role}'" for role in spec.by) or "a result"
            yield found(
                "PF844", f"transitions.{name}", f"'{name}' may be made for ever; each round needs {who}",
                spec.span_of("max"), severity="note", clause=spec.clause,
                why="a loop without a limit is legal where each round begins with a person or a poll",
                fix="nothing to do if the document means it; else write a number and `otherwise`",
            )  # fmt: skip

def ended_at_once(view: View) -> Iterator[Finding]:
    """An outcome that may be asked for from every phase and asks for nothing, though there is something to be done."""
    for level in view.levels:
        owing = any(duty.phase != CAMPAIGN for duty in level.duties.values())
        if len(level.phases) < 2 or not owing:
            continue
        for move in level.moves.values():
            if move.kind == "outcome" and move.by and not move.source and move.gate is None and move.when is None:
                spec, last = level.outcomes[move.outcome], list(level.phases)[-1]
                others = [name for name in level.outcomes if name != move.outcome]
                if not others:
                    yield found(
                        "PF857", f"outcomes.{move.outcome}",
                        f"a run may be ended as '{move.outcome}' on its first day, whatever is still to be done",
                        spec.span, clause=spec.clause,
                        why="it can be asked for from every phase, and its gate asks for nothing",
                        fix=f"add `from: {last}`, or a gate such as `{{closed: {last}}}`",
                    )  # fmt: skip


# --- what comes too late or too early ---------------------------------------------------------------------------------


def entry_held_by_days(view: View) -> Iterator[Finding]:
    """A phase that is to begin on a day and waits for another that is planned to end later."""
    for bound in view.bounds.values():
        for phase in bound.level.phases.values():
            mine = bound.windows.get(phase.name)
            for name in _must_be_closed(phase):
                other, planned = bound.level.phases.get(name), bound.windows.get(name)
                if other is None or mine is None or planned is None or mine.first is None or planned.last is None:
                    continue
                if phase.opens.kind == "date" and planned.last > mine.first and not mine.about and not planned.about:
                    yield found(
                        "PF856", f"phases.{phase.name}.entry",
                        f"'{phase.name}' is to begin on {mine.first} and waits for '{name}', which is planned to end on"
                        f" {planned.last}",
                        phase.spec.span_of("entry"), clause=phase.clause,
                        why="if everybody keeps to the plan, the phase cannot begin on its day",
                        fix="move one of the windows, or ask for less at the entry",
                    )  # fmt: skip


def _must_be_closed(phase: Phase) -> Iterator[str]:
    parts = phase.entry.parts if isinstance(phase.entry, c.All) else (phase.entry,)
    for part in parts:
        if isinstance(part, c.Read) and part.name == "closed":
            yield str(dict(part.args)["phase"].value)


def gate_of_a_result(view: View) -> Iterator[Finding]:
    """A gate that asks whether a duty is done which is owed only after a certain result."""
    for level in view.levels:
        for move in level.moves.values():
            gate = move.gate
            parts = gate.parts if isinstance(gate, c.All) else (gate,)
            for fact in sorted({fact for part in parts if part is not None for fact in _outright(part)}, key=str):
                duty = level.duties.get(str(dict(fact.args)["duty"].value))
                if duty is not None and duty.spec.opens == "by band" and not duty.spec.if_none:
                    yield found(
                        "PF858", f"{move.name}.gate",
                        f"'{move.name}' waits for '{duty.name}', which is owed only where a result leads to it",
                        fact.span if fact.span.line else move.span, clause=move.clause,
                        why="what is not owed is neither done nor undone, and a gate that does not know stays shut",
                        fix=f"add `if_none: met` to '{duty.name}', or take it out of the gate",
                    )  # fmt: skip


def _outright(part: c.Condition) -> Iterator[c.Read]:
    """Facts about a duty's being done that hold up the gate by themselves."""
    if isinstance(part, c.Compare) and isinstance(part.left, c.Read) and part.left.name == "outstanding":
        yield part.left


def amended_after_the_end(view: View) -> Iterator[Finding]:
    """A version that binds from a day on which nothing of the campaign is left to change."""
    amends = view.plan.policy.amends
    if amends is None or amends.from_ is None or amends.from_.year is None:
        return
    days = [bound.windows.get(name) for bound in view.bounds.values() for name in bound.level.phases]
    ends = [one.last for one in days if one is not None and one.last is not None]
    binds = amends.from_.bounds()[0]
    if view.dated and ends and len(ends) == len(days) and max(ends) < binds:
        yield found(
            "PF855", "amends", f"the version binds from {binds}, and the last phase ends on {max(ends)}",
            amends.span_of("from"), clause=amends.clause,
            why="what is over is not changed any more, so it binds nobody", fix="let it bind from an earlier day",
        )  # fmt: skip
