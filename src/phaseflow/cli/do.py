"""The verb `do`: one sub-verb for every command of a run, made from the table in `phaseflow.engine.acts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from phaseflow.cli.options import AT, BY, ID, LANG, STORED, Verb, finish, opened, wants_json
from phaseflow.cli.runs import pairs

if TYPE_CHECKING:
    from phaseflow.engine.grammar import Act, Option, Word

ON_BEHALF_OF = click.Option(
    ["--on-behalf-of"], default="", metavar="PERSON", help="Whose authority is used, where somebody acts for another."
)
PREVIEW = click.Option(["--preview"], is_flag=True, help="Say what would follow, and record nothing.")


class Acts(click.Group):
    """``do RUN VERB``; the sub-verbs are made when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from phaseflow.engine.acts import ACTS

        return list(ACTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from phaseflow.engine.acts import ACTS

        return None if cmd_name not in ACTS else _command(cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """``do record --help`` is meant for the sub-verb, although the run is not named."""
        asked = any(word in ("-h", "--help") for word in args[1:2])
        if asked and args[0] in self.list_commands(ctx):
            args = ["RUN", *args]
        return super().parse_args(ctx, args)


@click.group(name="do", cls=Acts, subcommand_metavar="VERB [ARGS]...", no_args_is_help=True)
@click.argument("run")
@click.pass_context
def do(ctx: click.Context, run: str) -> None:
    """Record what somebody does in a run, or ask for a move.

    For example: do district/north record notes '12000 characters' --by li.na

    A held gate is an answer: it is printed with every reason, recorded, and ends with 1. So does a refusal, which
    records nothing.
    """
    ctx.obj = run


class Questions(Acts):
    """``why-not RUN VERB``: the same sub-verbs, of which none does anything."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from phaseflow.engine.acts import ACTS

        return None if cmd_name not in ACTS else _question(cmd_name)


@click.group(name="why-not", cls=Questions, subcommand_metavar="VERB [ARGS]...", no_args_is_help=True)
@click.argument("run")
@click.pass_context
def why_not(ctx: click.Context, run: str) -> None:
    """Say why somebody cannot do something now: every objection, not only the first. Nothing is recorded.

    For example: why-not district/north complete kickoff --by li.na --lang zh

    Ends with 1 if anything stands against it.
    """
    ctx.obj = run


def _question(name: str) -> click.Command:
    """The same sub-verb as of `do`, asked about."""
    from phaseflow.engine.acts import ACTS

    act = ACTS[name]

    @click.pass_context
    def ask(ctx: click.Context, /, **given: Any) -> None:
        from phaseflow.cli import output
        from phaseflow.cli.trail import plan_of

        lang, actor = given.pop("lang"), _actor(act, given)
        envelope = {key: value for key in ("at", "on_behalf_of") if (value := given.pop(key))}
        arguments = _arguments(act, given)
        with opened() as engine:
            run = engine.run(ctx.obj)
            found = run.why_not(act.method, by=actor, **arguments, **envelope)
            plan = plan_of(engine, ctx.obj)
            told = run.in_words(lang or "en").tell_why_not(act.method, arguments, actor, found)
        if wants_json():
            output.data({"run": ctx.obj, "act": name, "by": actor, "objections": found})
        elif lang is not None or not found:
            output.say(told)
        else:
            output.problems((one.problem for one in found), plan.line, err=False)
        finish(not found)

    return Verb(name, params=[*_params(act), BY, ON_BEHALF_OF, AT, LANG, *STORED], callback=ask, help=act.help)


def _actor(act: Act, given: dict[str, Any]) -> str:
    from phaseflow.messages.commands import SYSTEM

    actor = given.pop("by") or (SYSTEM if act.by_system else None)
    if actor is None:
        raise click.UsageError("say who does it: --by PERSON")
    return str(actor)


def _arguments(act: Act, given: dict[str, Any]) -> dict[str, Any]:
    from phaseflow.engine.grammar import Mistyped

    try:
        return dict(act.read({key: value for key, value in given.items() if value not in (None, (), "")}))
    except Mistyped as error:
        raise click.UsageError(error.what) from None


def _command(name: str) -> click.Command:
    """Make the sub-verb of a row of the table."""
    from phaseflow.engine.acts import ACTS

    act = ACTS[name]

    @click.pass_context
    def carry_out(ctx: click.Context, /, **given: Any) -> None:
        from phaseflow.cli import trail

        preview, actor = given.pop("preview"), _actor(act, given)
        envelope = {key: value for key in ("at", "id", "on_behalf_of") if (value := given.pop(key))}
        with opened() as engine:
            run = engine.run(ctx.obj)
            if preview:
                run = run.rehearsal()
            arguments = _arguments(act, given)
            found = getattr(run, act.method)(by=actor, **arguments, **envelope)
            title = " ".join([name, *(str(given[word]) for word in act.titled if given.get(word))])
            trail.answer(engine, found, str(given["move"]) if act.method == "request" else title, preview=preview)

    return Verb(
        name, params=[*_params(act), BY, ON_BEHALF_OF, AT, ID, PREVIEW, *STORED], callback=carry_out, help=act.help
    )


def _params(act: Act) -> list[click.Parameter]:
    """Fresh parameters of a sub-verb."""
    return [*map(_argument, act.words), *map(_option, act.options)]


def _argument(word: Word) -> click.Argument:
    kind = click.Choice(word.choices) if word.choices else click.INT if word.number else None
    return click.Argument([word.name], required=word.required, type=kind)


def _option(given: Option) -> click.Option:
    more: dict[str, Any] = {}
    if given.pairs:
        more["callback"] = pairs
    if given.path:
        more["type"] = click.Path(exists=True, dir_okay=False)
    if given.flag:
        more["is_flag"] = True
    elif not given.multiple:
        more["default"] = given.default
    if given.metavar:
        more["metavar"] = given.metavar
    return click.Option(
        [*given.flags, given.name], required=given.required, multiple=given.multiple, help=given.help, **more
    )
