"""The verb that looks at the installation: doctor. It finds what would go wrong later, and says what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import click

from phaseflow.cli.options import STORED, finish, opened, settings, verb, wants_json

PACKAGES = ("transitions", "attrs", "cattrs", "pendulum", "PyYAML", "pluggy", "click", "tzdata")
EXTRAS = ("holidays",)


class Finding(NamedTuple):
    """One thing looked at: whether it is well (None: absent, and not needed), and what was found."""

    what: str
    good: bool | None
    found: str


@verb(*STORED)
def doctor() -> None:
    """Look at Python, packages, time zones, SQLite, the settings, the database and the hooks."""
    from phaseflow.cli import output

    found = [_look(name, look) for name, look in LOOKS.items()]
    if wants_json():
        output.data([one._asdict() for one in found])
    else:
        word = {True: "ok", False: "WRONG", None: "-"}
        output.say(output.columns((word[one.good], one.what, one.found) for one in found))
    finish(all(one.good is not False for one in found))


def _look(name: str, look: Callable[[], tuple[bool | None, str]]) -> Finding:
    from phaseflow.errors import PhaseflowError

    try:
        return Finding(name, *look())
    except (PhaseflowError, OSError, click.UsageError) as error:
        return Finding(name, False, (str(error) or type(error).__name__).split("\n")[0])


def _python() -> tuple[bool, str]:
    return sys.version_info >= (3, 11), f"{sys.version.split()[0]} ({sys.executable})"


def _packages() -> tuple[bool, str]:
    versions = {name: _version(name) for name in ("phaseflow", *PACKAGES)}
    missing = [name for name, version in versions.items() if version is None and name != "phaseflow"]
    return not missing, f"missing: {', '.join(missing)}" if missing else ", ".join(
        f"{name} {version}" for name, version in versions.items() if version
    )


def _extras() -> tuple[bool | None, str]:
    versions = {name: _version(name) for name in EXTRAS}
    there = [f"{name} {version}" for name, version in versions.items() if version]
    return (
        (True, ", ".join(there))
        if there
        else (None, "no 'holidays': `calendar: {country: …}` needs phaseflow[calendars]")
    )


def _version(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _zones() -> tuple[bool, str]:
    from phaseflow.core.calendars.zones import zone_names

    count = len(set(zone_names()))
    return count > 300, f"{count} zones, tzdata {_version('tzdata') or 'of the system'}"


def _sqlite() -> tuple[bool, str]:
    import sqlite3  # asked for its version only; the driver itself belongs to `stores`

    return sqlite3.sqlite_version_info >= (3, 35), sqlite3.sqlite_version


def _settings() -> tuple[bool | None, str]:
    found = settings()
    return (True if found.file else None), found.file or "no phaseflow.toml here or above"


def _database() -> tuple[bool | None, str]:
    db = settings().db
    if not db:
        return None, "none named"
    with opened() as engine:
        runs = engine.runs()
        broken = [run.id for run in runs if run.verify()]
    return not broken, f"{db}: broken runs: {', '.join(broken)}" if broken else f"{db}: {len(runs)} runs, all verified"


def _hooks() -> tuple[bool | None, str]:
    from phaseflow.cli.plugins import load

    found = settings()
    if not found.hooks:
        return None, "none named"
    load(found)
    return True, ", ".join(found.hooks)


LOOKS: dict[str, Callable[[], tuple[bool | None, str]]] = {
    "python": _python,
    "packages": _packages,
    "extras": _extras,
    "time zones": _zones,
    "sqlite": _sqlite,
    "settings": _settings,
    "database": _database,
    "hooks": _hooks,
}
