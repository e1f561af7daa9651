"""A picture of one level as Mermaid text: the states and moves that the machine accepted, with windows and outcomes.

Read from the `transitions` machine itself, so that the picture shows what runs. Returns text; renders nothing.
"""

from __future__ import annotations

from phaseflow.core.plan.machine import FINAL
from phaseflow.core.plan.model import IDLE, LevelPlan, Move


def mermaid(level: LevelPlan) -> str:
    """A ``stateDiagram-v2``: ``[*]`` is a phase that is not open, a double circle an outcome.

    Opening and closing are edges from and to ``[*]``; edges that happen by themselves are marked ``auto``, those behind
    a condition ``gate``.
    """
    lines = ["stateDiagram-v2"]
    lines += [f"    state {_quoted(_label(level, name))} as {name}" for name in level.phases]
    lines += [f"    state {_quoted(f'outcome: {name}')} as {_outcome(name)}" for name in level.outcomes]
    for name, event in level.machine.events.items():
        move = level.moves[name]
        anywhere = move.kind == "outcome" and not move.source
        for source, found in list(event.transitions.items()):
            if anywhere and source != IDLE:
                continue  # An outcome that is there from everywhere is drawn once.
            lines += [f"    {_state(source)} --> {_state(transition.dest)}: {_told(move)}" for transition in found]
    lines += [f"    {_outcome(name)} --> [*]" for name in level.outcomes]
    return "\n".join(lines) + "\n"


def _label(level: LevelPlan, name: str) -> str:
    phase = level.phases[name]
    window = "" if phase.window.kind == "none" else f" ({phase.window})"
    return f"{phase.title}{window}"


def _state(name: str) -> str:
    if name == IDLE:
        return "[*]"
    return _outcome(name.removeprefix(FINAL)) if name.startswith(FINAL) else name


def _outcome(name: str) -> str:
    return f"outcome_{name}"


def _told(move: Move) -> str:
    marks = [*(["gate"] if move.gate is not None else []), *(["auto"] if move.when is not None else [])]
    if move.by:
        marks.insert(0, f"by {', '.join(move.by)}")
    return move.name + (f" [{'; '.join(marks)}]" if marks else "")


_ENTITIES = str.maketrans({"#": "#35;", '"': "#quot;", ";": "#59;", "\n": " "})


def _quoted(text: str) -> str:
    """A text in Mermaid's quotes; its own quotes, and signs that Mermaid would read, are written as entities."""
    return f'"{text.translate(_ENTITIES)}"'
