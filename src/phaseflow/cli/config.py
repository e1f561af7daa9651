"""Where the command line finds its database, hooks and language: options, environment, then ``phaseflow.toml``.

The file is looked for in the working directory and its parents. Paths in it are relative to the file, so that a command
means the same from every folder below. Settings only; nothing is opened here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from phaseflow.errors import PolicyError, Problem, Span, did_you_mean

FILE = "phaseflow.toml"
KEYS = ("db", "locale", "hooks")
"""What stands under ``[phaseflow]``. ``[relay.NAME]`` says how the hook NAME is told; the section with the
name of a notifier is handed to it as it is.
"""
NOTIFIERS = ("smtp", "webhook", "apprise")
"""Hooks that have a section of their own."""


@attrs.frozen(kw_only=True)
class Settings:
    """What is in force. *db* is a store's URL or empty; *file* is where the rest was read, or empty."""

    db: str = ""
    locale: str = "en"
    hooks: tuple[str, ...] = ()
    notifiers: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    manners: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    file: str = ""


def read_settings(
    db: str | None = None, folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings in force.

    Args:
        db: What ``--db`` said; it wins over ``PHASEFLOW_DB``, which wins over the file.
        folder: Where to begin looking for the file; the working directory by default.
        environ: The environment; the process's by default.

    Raises:
        PolicyError: The file cannot be read, or says something that nothing reads.
    """
    given = db or (os.environ if environ is None else environ).get("PHASEFLOW_DB", "")
    file = find(folder or Path.cwd())
    settings = Settings() if file is None else read_file(file)
    return attrs.evolve(settings, db=url_of(given)) if given else settings


def find(folder: Path) -> Path | None:
    """The nearest ``phaseflow.toml`` in *folder* or above it."""
    for place in (folder, *folder.parents):
        if (place / FILE).is_file():
            return place / FILE
    return None


def read_file(file: Path) -> Settings:
    """Read one ``phaseflow.toml``."""
    import tomllib

    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _wrong(
            file, f"it cannot be read: {error}", "settings are TOML in UTF-8", "correct the file, or take it away"
        ) from None
    sections = ("phaseflow", "relay", *NOTIFIERS)
    manners = content.get("relay", {})
    wrong = [name for name, section in content.items() if name not in sections or not isinstance(section, dict)]
    wrong = wrong or [f"relay.{name}" for name, section in manners.items() if not isinstance(section, dict)]
    if wrong:
        raise _wrong(
            file,
            f"there is no section [{wrong[0]}]",
            f"it has the sections {', '.join(f'[{name}]' for name in sections)}, and [relay.NAME] for each hook",
            did_you_mean(wrong[0], sections) or "move the keys there",
        )
    own = content.get("phaseflow", {})
    for key in own:
        if key not in KEYS:
            raise _wrong(
                file,
                f"there is no setting '{key}'",
                "a setting that nothing reads would change nothing",
                did_you_mean(key, KEYS),
            )
    hooks = own.get("hooks", [])
    if not (isinstance(hooks, list) and all(isinstance(hook, str) for hook in hooks)):
        raise _wrong(
            file, "'hooks' is no list of texts", "a hook is named as package.module:Name", 'write hooks = ["console"]'
        )
    db = own.get("db", "")
    if not isinstance(db, str) or not isinstance(own.get("locale", ""), str):
        raise _wrong(
            file, "'db' and 'locale' are texts", "a database is named by a URL or a path", 'write db = "campaigns.db"'
        )
    return Settings(
        db=url_of(db, file.parent) if db else "",
        locale=own.get("locale", "en"),
        hooks=tuple(hooks),
        notifiers={name: content[name] for name in NOTIFIERS if name in content},
        manners=manners,
        file=str(file),
    )


def url_of(db: str, folder: Path | None = None) -> str:
    """A database as a URL; a bare path is a SQLite file, and a relative one lies in *folder* where that is given.

    >>> url_of("campaigns.db")
    'sqlite:///campaigns.db'
    >>> url_of("memory:")
    'memory:'
    """
    if db.startswith("sqlite:///"):
        path = db.removeprefix("sqlite:///")
    elif "://" in db or db == "memory:" or not db:
        return db
    else:
        path = db
    return f"sqlite:///{path if folder is None else folder / path}"


def _wrong(file: Path, what: str, why: str, fix: str) -> PolicyError:
    return PolicyError(
        [Problem(code="PF702", what=f"the settings are wrong: {what}", span=Span(file=str(file)), why=why, fix=fix)]
    )
