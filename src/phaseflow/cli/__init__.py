"""The command line: the only room that prints, exits and reads the environment.

Here stand the table of verbs, the one place where errors become text and an exit code, and nothing else. A verb's
module is imported when the verb is asked for, and the rest of phaseflow when the verb does its work, so that
``phaseflow --help`` starts at once.

Exit codes: 0 all is well; 1 findings, a held gate, a refusal or an error; 2 the command line itself is wrong.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

VERBS: dict[str, str] = {
    "check": "policies",
    "explain": "policies",
    "schema": "policies",
    "calendar": "policies",
    "lint": "analyse",
    "explore": "analyse",
    "simulate": "simulate",
    "diff": "diff",
    "graph": "policies",
    "trace": "trace",
    "test": "testing",
    "start": "runs",
    "do": "do",
    "amend": "amend",
    "why": "questions",
    "why-not": "do",
    "needs": "questions",
    "todo": "questions",
    "allowed": "questions",
    "status": "questions",
    "runs": "questions",
    "history": "questions",
    "verify": "upkeep",
    "refold": "upkeep",
    "tick": "runs",
    "relay": "runs",
    "dead": "dead",
    "serve": "serve",
    "export": "transfer",
    "import": "transfer",
    "doctor": "doctor",
}
"""Each verb and the module of this package it stands in."""


class Root(click.Group):
    """The verbs, loaded on first use; whatever goes wrong leaves through `main` as text, never as a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"phaseflow.cli.{VERBS[cmd_name]}")
        found = getattr(module, "import_" if cmd_name == "import" else cmd_name.replace("-", "_"))
        assert isinstance(found, click.Command)
        return found

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line and exit; without *standalone_mode* errors are raised and the exit code is returned."""
        prog_name = prog_name or "phaseflow"
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, windows_expand_args=windows_expand_args, **extra)
        from phaseflow.cli import output

        given = list(sys.argv[1:] if args is None else args)
        as_json = "--json" in given
        output.open_streams()
        try:
            found = super().main(
                given, prog_name, complete_var, False, windows_expand_args=windows_expand_args, **extra
            )
        except click.ClickException as error:
            output.usage(error, as_json=as_json)
            sys.exit(error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            click.echo("stopped", err=True)
            sys.exit(130)
        except Exception as error:
            if not output.failure(error, as_json=as_json):
                raise
            sys.exit(1)
        sys.exit(found if isinstance(found, int) else 0)


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        from phaseflow import __version__

        click.echo(f"phaseflow {__version__}")
        ctx.exit()


_VERSION = click.Option(
    ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and stop."
)

main = Root(
    name="phaseflow",
    params=[_VERSION],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help=(
        "Campaign policies, executable.\n\n"
        "A policy is written in YAML; `check` reads it, `start` begins a run of it, `do` records what people do, "
        "and `why`, `todo` and `status` say how it stands. "
        "The database is named by --db, PHASEFLOW_DB or phaseflow.toml.\n\n"
        "Exit codes: 0 all is well, 1 findings or a refusal, 2 a wrong command line."
    ),
)
"""The entry point of the console script; also what tests hand to click's CliRunner."""

__all__ = ["VERBS", "Root", "main"]
