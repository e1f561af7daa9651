"""The verbs that check runs against themselves and against heads kept elsewhere, and make rows anew: verify, refold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from phaseflow.cli.options import STORED, finish, opened, verb, wants_json

if TYPE_CHECKING:
    from phaseflow.engine import Engine
    from phaseflow.errors import Problem
    from phaseflow.stores.base import Head


@verb(*STORED)
@click.argument("run", required=False)
@click.option(
    "--heads",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Also compare with heads that `export --heads` wrote.",
)
def verify(run: str | None, heads: Path | None) -> None:
    """Check the chain, the fold, personal data and ballot boxes of a run, or of all runs.

    A chain alone shows edits, gaps and reordering; a cut tail, a missing run or a rewritten chain shows against heads
    that were kept somewhere else. Ends with 1 if anything is wrong.
    """
    from phaseflow.cli import output

    with opened() as engine:
        handles = [engine.run(run)] if run else engine.runs()
        found = {handle.id: list(handle.verify()) for handle in handles}
        anchored = against_heads(engine, heads, run) if heads is not None else ()
    good = not anchored and not any(found.values())
    if wants_json():
        output.data({"ok": good, "runs": found, "heads": list(anchored)})
    else:
        for name, faults in found.items():
            output.problems(_problem(f"{name}: {fault}") for fault in faults)
        output.problems(anchored)
        runs = f"{len(found)} {'run' if len(found) == 1 else 'runs'}"
        output.say(f"{'ok' if good else 'broken'}: {runs} checked{' against kept heads' if heads else ''}")
    finish(good)


@verb(*STORED)
@click.argument("run", required=False)
def refold(run: str | None) -> None:
    """Fold the rows of a run, or of all runs, anew from the trail.

    For after an upgrade that says so, or where `verify` finds rows that are not what the trail says. No entry is added
    and nobody is told anything. Stop what writes to the database first; a later version's database is refused.
    """
    from phaseflow.cli import output

    with opened() as engine:
        handles = [engine.run(run)] if run else engine.runs()
        found = {handle.id: handle.refold() for handle in handles}
    if wants_json():
        output.data({"runs": found})
    else:
        for name, count in found.items():
            done = f"{count} {'row' if count == 1 else 'rows'} made anew" if count else "as it was"
            output.say(f"{name}: {done}")


def _problem(what: str) -> Problem:
    from phaseflow.errors import Problem

    return Problem(
        code="PF710",
        what=what,
        why="what stands in the database is not what phaseflow wrote there",
        fix="restore the database from a copy made before; keep this one for the audit",
    )


def against_heads(engine: Engine, file: Path, only: str | None = None) -> tuple[Problem, ...]:
    """What a database lacks of the heads in a file: a missing run, a shorter trail, another chain.

    Raises:
        PolicyError: The file holds no heads, or not those it says (PF711).
    """
    faults = []
    with engine.store.transaction(write=False) as tx:
        for kept in read_heads(file):
            if only is not None and kept.run != only:
                continue
            here = tx.head(kept.run)
            entry = tx.entries(kept.run, after=kept.seq - 1, limit=1) if here is not None else []
            if here is None:
                faults.append(_problem(f"{kept.run}: the run is gone; the kept heads have it with {kept.seq} entries"))
            elif not entry:
                faults.append(
                    _problem(f"{kept.run}: the trail ends at entry {here.seq}; the kept heads have entry {kept.seq}")
                )
            elif entry[0].hash != kept.chain:
                faults.append(_problem(f"{kept.run}: the chain up to entry {kept.seq} is not the one that was kept"))
    return tuple(faults)


def read_heads(file: Path) -> list[Head]:
    """The heads of a file that `export --heads` wrote, checked against its own root."""
    import json

    from phaseflow.errors import PolicyError, Problem, Span
    from phaseflow.stores import codec
    from phaseflow.stores.base import Head

    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        heads = [
            Head(run=str(head["run"]), seq=int(head["seq"]), chain=str(head["chain"]), campaign="", plan="", status="")
            for head in content["heads"]
        ]
        if codec.heads_root(heads) != content["root"]:
            raise ValueError("its root does not belong to its heads")
    except (ValueError, KeyError, TypeError) as error:
        raise PolicyError(
            [
                Problem(
                    code="PF711",
                    what=f"these are no kept heads: {error!s}",
                    span=Span(file=str(file)),
                    why="heads prove something only as they were written",
                    fix="take the file that `phaseflow export --heads` wrote",
                )
            ]
        ) from None
    return heads
