"""Verbs that carry runs from one database to another with their chain, and heads to a safe place: export, import.

An exported run is JSON lines: a heading, the plan, then every entry as stored bytes with its hash, the personal values
it commits to, and the boxes of polls that were counted. What can be folded from the trail is not in it. What is
exported while a poll is open would show how it stands, so that is refused (R14).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from phaseflow.cli.options import STORED, opened, verb, wants_json

if TYPE_CHECKING:
    from phaseflow.engine import Engine
    from phaseflow.stores.base import Batch, Head, StoredEntry, Tx

FORMAT = 1


@verb(*STORED)
@click.argument("run", required=False)
@click.option("--heads", is_flag=True, help="Only the heads of all runs and their root, for keeping elsewhere.")
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of stdout.",
)
def export(run: str | None, heads: bool, file: Path | None) -> None:
    """Write a run with its chain as JSON lines, or the heads of all runs.

    The lines hold personal data; the heads do not.
    """
    from phaseflow.cli import output

    if (run is None) != heads:
        raise click.UsageError("name a run, or give --heads")
    with opened() as engine:
        lines = [_heads(engine)] if heads else list(run_lines(engine, str(run)))
    if file is None:
        output.say("\n".join(lines))
        return
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if wants_json():
        output.data({"file": str(file), "lines": len(lines)})
    else:
        output.say(f"wrote {file}")


def _heads(engine: Engine) -> str:
    import json

    from phaseflow.stores import codec
    from phaseflow.stores.base import HeadQuery

    with engine.store.transaction(write=False) as tx:
        heads = tx.heads(HeadQuery())
    kept = [{"run": head.run, "seq": head.seq, "chain": head.chain} for head in heads]
    return json.dumps(
        {"phaseflow": "heads", "format": FORMAT, "root": codec.heads_root(heads), "heads": kept},
        ensure_ascii=False,
        indent=1,
    )


def run_lines(engine: Engine, run: str) -> Iterator[str]:
    """The lines of an exported run.

    Raises:
        UnknownRun: There is no run of this id.
        PolicyError: A poll is open (PF713).
    """
    import attrs

    from phaseflow.engine.texts import read_entry
    from phaseflow.messages import events as e

    with engine.reading(run) as (tx, head, _plan, _rows, _around):
        stored = tx.entries(run)
        trail = [read_entry(entry.body).event for entry in stored]
        shut = _counted(run, trail)
        yield _line(kind="run", format=FORMAT, **_head_data(head))
        begun = [event.plan for event in trail if isinstance(event, (e.RunStarted, e.PlanAmended))]
        for digest in dict.fromkeys(begun):
            yield _line(kind="plan", digest=digest, body=tx.plan(digest))
        for entry in stored:
            yield _line(kind="entry", seq=entry.seq, hash=entry.hash, body=entry.body)
        refs = [
            f"person/{event.person}/{field}"
            for event in trail
            if isinstance(event, e.PersonJoined)
            for field in event.personal
        ]
        for value in tx.personal(run, list(dict.fromkeys(refs))).values():
            yield _line(kind="personal", **attrs.asdict(value))
        for key in sorted(shut):
            for body in tx.ballots(f"{run}:{key}"):
                yield _line(kind="ballot", poll=key, body=body)


def _counted(run: str, trail: list[Any]) -> set[str]:
    """The keys of all polls that were counted; none may be open."""
    from phaseflow.messages import events as e

    counted: set[str] = set()
    opened: set[str] = set()
    for event in trail:
        if isinstance(event, e.PollOpened):
            opened.add(event.key)
        elif isinstance(event, e.PollCounted):
            counted.add(event.key)
            opened.discard(event.key)
    for key in sorted(opened):
        _refuse(
            "PF713",
            f"the poll '{key}' of '{run}' is not counted yet",
            why="an open box stays shut, and without it the votes would be lost",
            fix="close the poll first",
        )
    return counted


def _line(**fields: Any) -> str:
    import json

    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _head_data(head: Head) -> dict[str, Any]:
    kept = ("run", "campaign", "plan", "seq", "chain", "level", "unit", "parent")
    return {name: getattr(head, name) for name in kept}


# --- import -----------------------------------------------------------------------------------------------------------


@verb(*STORED, name="import")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
def import_(file: Path) -> None:
    """Take in a run that `export` wrote; a broken chain is refused, and nothing is told to anybody.

    Ids of earlier commands are not carried over: a retry of one of them would be a new command here.
    """
    from phaseflow.cli import output

    with opened(create=True) as engine:
        run, count = take_in(engine, file)
    if wants_json():
        output.data({"run": run, "entries": count})
    else:
        output.say(f"imported: {run} ({count} entries, chain verified)")


def take_in(engine: Engine, file: Path) -> tuple[str, int]:
    """Import a run: check its chain, fold its rows anew, and commit everything at once.

    Raises:
        PolicyError: Not an exported run, a broken chain, or a run that is here already (PF712).
    """
    lines = _read(file)
    with engine.store.transaction() as tx:
        head = lines["run"][0]
        if tx.head(head["run"]) is not None:
            _refuse(
                "PF712",
                f"the run '{head['run']}' is in this database already",
                "a run has one trail",
                "import it into another database",
            )
        if head["parent"] and tx.head(head["parent"]) is None:
            _refuse(
                "PF712",
                f"the programme '{head['parent']}' of '{head['run']}' is not in this database",
                "a unit is judged by facts of its programme, too",
                "export and import the programme first",
            )
        batch = _batch(tx, lines)
        tx.commit(batch)
    return batch.head.run, batch.head.seq


_LINES: dict[str, dict[str, type]] = {
    "run": {"run": str, "seq": int, "chain": str, "format": int},
    "plan": {"digest": str, "body": str},
    "entry": {"seq": int, "hash": str, "body": str},
    "personal": {"ref": str, "owner": str, "salt": str, "value": str},
    "ballot": {"poll": str, "body": str},
}
"""The kinds of lines, and what each must say; a heading says more, which the trail says, too."""


def _read(file: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _LINES}
    import json

    try:
        for text in file.read_text(encoding="utf-8").rstrip("\n").split("\n"):  # not splitlines: U+2028 is no end
            line = json.loads(text)
            found[_sound(line)].append(line)
        if len(found["run"]) != 1 or not found["plan"] or found["run"][0]["format"] != FORMAT:
            raise ValueError("it needs one heading and a plan, of this format")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        _refuse(
            "PF712",
            f"'{file}' is no exported run: {error}",
            "every line is what `export` wrote",
            "export the run again",
        )
    return found


def _sound(line: dict[str, Any]) -> str:
    """The kind of a line, which is taken out of it; everything that such a line says is there, in its type."""
    kind = str(line.pop("kind"))
    wanted = _LINES[kind]
    if not all(type(line.get(name)) is kept for name, kept in wanted.items()):
        raise ValueError(f"a line of the kind '{kind}' needs {', '.join(wanted)}")
    more = line.keys() - wanted.keys()
    if more and kind != "run":
        raise ValueError(f"a line of the kind '{kind}' says {', '.join(sorted(more))}, too")
    if not isinstance(line.get("parent", ""), str | None):
        raise ValueError("the programme is named by its id")
    return kind


def _batch(tx: Tx, lines: dict[str, list[dict[str, Any]]]) -> Batch:
    """Everything of the run as one commit; the rows are folded from the trail, not taken on trust."""
    import secrets

    from phaseflow.core.decide.table import next_due
    from phaseflow.core.state import fold
    from phaseflow.core.state.rows import Draft
    from phaseflow.engine.plans import read_plan
    from phaseflow.engine.texts import read_entry, write_row
    from phaseflow.messages import events as e
    from phaseflow.stores.base import Ballot, Batch, Head, PersonalValue

    head = lines["run"][0]
    run = str(head["run"])
    stored = _chained(run, head, lines["entry"])
    plans = {line["digest"]: read_plan(line["body"]) for line in lines["plan"]}
    trail = [read_entry(entry.body) for entry in stored]
    needed = {entry.event.plan for entry in trail if isinstance(entry.event, (e.RunStarted, e.PlanAmended))}
    if needed != plans.keys() or any(digest != plan.digest for digest, plan in plans.items()):
        _refuse(
            "PF712",
            f"the plans of '{run}' are not those that its trail names",
            "a run is pinned to its plan, and goes on under another only by an amendment",
            "export the run again",
        )
    for line in lines["plan"]:
        tx.keep_plan(line["digest"], line["body"])
    rows = fold(plans[lines["plan"][0]["digest"]], trail, plans.__getitem__)
    state = rows.get("head")
    new = Head(
        run=run,
        campaign=state.campaign,
        level=state.level,
        unit=state.unit,
        parent=state.parent or None,
        plan=state.plan,
        seq=len(stored),
        chain=stored[-1].hash,
        status=state.status,
        due_at=next_due(Draft(rows)),
    )
    return Batch(
        head=new,
        expected_seq=0,
        entries=stored,
        put={key: write_row(row) for key, row in rows.scan("")},
        personal=tuple(PersonalValue(**line) for line in lines["personal"]),
        ballots=tuple(
            Ballot(poll=f"{run}:{line['poll']}", id=secrets.token_hex(16), body=line["body"])
            for line in lines["ballot"]
        ),
    )


def _chained(run: str, head: dict[str, Any], lines: list[dict[str, Any]]) -> tuple[StoredEntry, ...]:
    from phaseflow.stores import codec
    from phaseflow.stores.base import Head, StoredEntry

    stored = tuple(StoredEntry(run, line["seq"], line["body"], line["hash"]) for line in lines)
    claimed = Head(run=run, campaign="", plan="", status="", seq=head["seq"], chain=head["chain"])
    faults = codec.verify_chain(stored, run, claimed)
    if faults or not stored:
        _refuse(
            "PF712",
            f"the chain of '{run}' is broken: {faults[0].what if faults else 'it has no entry'}",
            "only a whole trail is taken in",
            "export the run again from where it is sound",
        )
    return stored


def _refuse(code: str, what: str, why: str, fix: str) -> NoReturn:
    from phaseflow.errors import PolicyError, Problem

    raise PolicyError([Problem(code=code, what=what, why=why, fix=fix)])
