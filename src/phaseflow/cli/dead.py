"""The verbs about dead letters: what was given up, to be looked at, tried again, or dropped with a reason."""

from __future__ import annotations

from typing import NoReturn

import click

from phaseflow.cli.options import STORED, opened, verb, wants_json


@click.group()
def dead() -> None:
    """Look at what could not be told; have it tried again, or drop it.

    A delivery is dead after its last attempt failed, or when its hook said that it can never be told.
    """


@verb(*STORED, name="list")
@click.option("--hook", help="Of this hook only.")
@click.option("--run", help="Of this run only.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
def list_(hook: str | None, run: str | None, limit: int | None) -> None:
    """Show dead letters, each with its error."""
    from phaseflow.cli import output
    from phaseflow.engine.texts import read_notice

    with opened() as engine:
        found = engine.dead_letters(hook=hook, run=run, limit=limit)
    if wants_json():
        output.data(
            [
                {"id": one.id, "attempts": one.attempts, "since": one.settled_at, "error": one.error,
                 "notice": read_notice(one.notice.body)}
                for one in found
            ]
        )  # fmt: skip
        return
    for one in found:
        notice = read_notice(one.notice.body)
        output.say(f"{one.id}  {notice.kind} {notice.subject}, {one.attempts} claims: {one.error}")
    if not found:
        output.say("nothing is dead")


@verb(*STORED)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="Every dead letter, of --hook and --run where given.")
@click.option("--hook", help="With --all: of this hook only.")
@click.option("--run", help="With --all: of this run only.")
def retry(ids: tuple[str, ...], every: bool, hook: str | None, run: str | None) -> None:
    """Have dead letters tried again, from now on and with fresh patience."""
    from phaseflow.cli import output

    if every == bool(ids):
        raise click.UsageError("name the letters, or give --all")
    with opened() as engine:
        wanted = [one.id for one in engine.dead_letters(hook=hook, run=run)] if every else list(ids)
        missing = [one for one in wanted if not engine.retry_dead(one)]
    if missing:
        _none(missing[0])
    if wants_json():
        output.data({"retried": wanted})
    else:
        output.say(f"{len(wanted)} to be tried again by the next relay")


@verb(*STORED)
@click.argument("id")
@click.option("--reason", required=True, help="Why nobody is to be told this any more; it stays on the delivery.")
@click.option("--by", required=True, metavar="PERSON", help="Who decides so.")
def drop(id: str, reason: str, by: str) -> None:
    """Give a dead letter up for good."""
    from phaseflow.cli import output

    with opened() as engine:
        if not engine.drop_dead(id, reason=reason, by=by):
            _none(id)
    if wants_json():
        output.data({"dropped": id})
    else:
        output.say(f"dropped: {id}")


for _verb in (list_, retry, drop):
    dead.add_command(_verb)


def _none(id: str) -> NoReturn:
    from phaseflow.errors import PolicyError, Problem

    raise PolicyError(
        [
            Problem(
                code="PF732",
                what=f"there is no dead letter '{id}'",
                why="only what was given up can be tried again or dropped",
                fix="`phaseflow dead list` shows the ids",
            )
        ]
    )
