"""What every verb shares: its options, the database it opens and the clock it goes by."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from phaseflow.cli.config import Settings
    from phaseflow.engine import Engine
    from phaseflow.relay import Manner

    InstantBase = click.ParamType[datetime]
else:
    InstantBase = click.ParamType


class Instant(InstantBase):
    """An instant with its offset, such as ``2009-03-13T08:00+08:00`` or ``2009-03-13T00:00Z``."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the text; without an offset it is refused, because no run's zone is known yet."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"'{value}' is no instant; write 2009-03-13T08:00+08:00", param, ctx)
        if found.tzinfo is None:
            self.fail(f"'{value}' has no offset; write {value}+08:00, or {value}Z for UTC", param, ctx)
        return found


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Put a shared option where `chosen` finds it."""
    if value is not None and value is not False:
        ctx.find_root().meta[f"phaseflow.{param.name}"] = value


JSON = click.Option(
    ["--json", "json"], is_flag=True, expose_value=False, callback=_keep, help="Answer in JSON; errors too, on stderr."
)
DB = click.Option(
    ["--db"],
    metavar="URL",
    expose_value=False,
    callback=_keep,
    help="The database: sqlite:///FILE, or a path. [env: PHASEFLOW_DB]",
)
NOW = click.Option(
    ["--now"],
    type=Instant(),
    envvar="PHASEFLOW_NOW",
    hidden=True,
    expose_value=False,
    callback=_keep,
    help="Take this instant for the present one; for tests and demonstrations.",
)
BY = click.Option(["--by"], metavar="PERSON", help="Who does it: an id of the roster.")
AT = click.Option(
    ["--at"],
    metavar="WHEN",
    help="When it happened: a day or a time in the run's zone, DAY..DAY, or unknown; now if left out.",
)
ID = click.Option(["--id"], metavar="ID", help="The command's id; the same id again gives the recorded answer.")

LANG = click.Option(
    ["--lang"],
    type=click.Choice(["en", "zh"]),
    help="Answer in words of this language, with the policy's titles; the environment is not asked.",
)

STORED = (DB, NOW, JSON)
"""Options of a verb that looks into the database."""


class Verb(click.Command):
    """A verb that refuses a word or an option that is there and empty, as an unset variable of a script leaves it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line; what is left out is not asked about."""
        rest = super().parse_args(ctx, args)
        for param in self.params:
            typed = param.name and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
            if typed and not _filled(ctx.params.get(str(param.name))):
                name = param.human_readable_name if isinstance(param, click.Argument) else param.opts[0]
                raise click.UsageError(f"{name} is empty", ctx)
        return rest


def _filled(value: object) -> bool:
    if isinstance(value, tuple):
        return all(_filled(one) for one in value)
    return not isinstance(value, str) or bool(value.strip())


def verb(*shared: click.Option, **attributes: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Like `click.command`, with *shared* options behind the function's own."""

    def make(function: Callable[..., Any]) -> click.Command:
        found: click.Command = click.command(cls=Verb, **attributes)(function)
        found.params.extend(shared)
        return found

    return make


def chosen(name: str) -> Any:
    """What a shared option was given, or None."""
    return click.get_current_context().find_root().meta.get(f"phaseflow.{name}")


def wants_json() -> bool:
    """Whether the answer is wanted in JSON."""
    return bool(chosen("json"))


def finish(good: bool) -> None:
    """End with 0, or with 1 where something was found or held."""
    if not good:
        click.get_current_context().exit(1)


def settings() -> Settings:
    """Settings in force for this call."""
    from phaseflow.cli.config import read_settings

    return read_settings(chosen("db"))


def clock() -> Callable[[], datetime]:
    """The clock of this call: the machine's, unless a present instant is given."""
    from phaseflow.engine.engine import utc_now

    found = chosen("now")
    return (lambda: found) if isinstance(found, datetime) else utc_now


@contextmanager
def opened(*, create: bool = False, hooks: bool = False) -> Iterator[Engine]:
    """An engine on the database of this call.

    Args:
        create: Whether a database that is not there may be made.
        hooks: Whether the hooks of the settings are loaded, too.

    Raises:
        click.UsageError: No database is named.
        PolicyError: The named file is not there.
    """
    from phaseflow.engine import Engine

    found = settings()
    if not found.db:
        raise click.UsageError(
            'no database is named; give --db FILE, set PHASEFLOW_DB, or write db = "FILE" into phaseflow.toml'
        )
    if not create:
        must_exist(found.db)
    plugins: tuple[object, ...] = ()
    told: dict[str, Manner] = {}
    if hooks and found.hooks:
        from phaseflow.cli.plugins import load, manners

        plugins, told = load(found), manners(found)
    with Engine(found.db, hooks=plugins, manners=told, clock=clock(), recorder=_account()) as engine:
        yield engine


def _account() -> str:
    """The account of the operating system behind this call, as far as it can be known."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def must_exist(url: str) -> None:
    """Refuse a SQLite file that is not there: opening it would make it, and a misspelt name would go unseen."""
    from phaseflow.errors import PolicyError, Problem

    path = url.removeprefix("sqlite:///")
    if path != url and not os.path.exists(path):
        raise PolicyError(
            [
                Problem(
                    code="PF703",
                    what=f"there is no database '{path}'",
                    why="only `start` and `import` make one, so that a misspelt name is seen",
                    fix="check --db and PHASEFLOW_DB, or start a run first",
                )
            ]
        )
