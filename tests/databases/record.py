"""Kept databases: small campaigns as a version of phaseflow left them, to be opened by every later one.

    python -m tests.databases.record

writes ``sqlite-N.db.gz`` and ``postgresql-N.sql.gz``, where N is the number of the newest migration, for each that is
not kept yet. A kept database is never written anew: README.md says when a new one is recorded. The campaign has some
of everything: a programme with units, people with names, work done and owing, an item with its clock, a counted
anonymous poll, deadlines behind and ahead, and an outbox in which some was told, some failed and some waits.
"""

from __future__ import annotations

import gzip
import itertools
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from phaseflow import Engine, compile_policy
from phaseflow.hooks import hookimpl
from phaseflow.spec.reader import read_policy
from phaseflow.stores import sql

FOLDER = Path(__file__).parent
POLICY = """
phaseflow: 1
campaign: kept
zone: Asia/Shanghai
roles: {office: {of: programme}, lead: {of: unit}, member: {of: unit}}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end}}
phases:
  study:
    window: 03-01 .. 03-31
    gate: duties
    duties:
      kickoff: {meeting: Kick-off, by: lead, due: 03-13, remind: [3 days], overdue: {lead: 1 day, office: 3 days}}
      notes: {quota: 100 pages, each: member, due: 03-20}
      opinion:
        poll: Are you satisfied?
        by: lead
        edges: {all: {raters: member}}
        choices: [good, bad]
        measure: good of valid
        anonymous: true
        quorum: none
  repair: {window: 04-01 .. 04-30, duties: {mend: {task: Mend, by: lead, due: 04-10}}}
ledgers:
  problems:
    required: [measure]
    opened_by: [lead]
    classes: {now: 7 days}
    close: {by: owner, evidence: none, verify: lead, poor: reopen}
    survives: true
programme:
  phases: {study: {closes: by office, gate: {units: 100%, closed: study}}}
  outcomes: {over: {by: office, gate: {units: 100%, concluded: any}}}
outcomes: {completed: {by: lead}}
"""
MEMBERS = 6
UNITS = ("north", "south")


class Clock:
    """A clock that is set by hand."""

    now = datetime(2026, 3, 2, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Post:
    """A hook that takes what it is told, but never anything about the south."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @hookimpl
    def item_opened(self, notice: Any, delivery: Any) -> None:
        self._tell(notice, delivery)

    @hookimpl
    def due_soon(self, notice: Any, delivery: Any) -> None:
        self._tell(notice, delivery)

    @hookimpl
    def escalated(self, notice: Any, delivery: Any) -> None:
        self._tell(notice, delivery)

    def _tell(self, notice: Any, delivery: Any) -> None:
        if notice.unit == "south":
            raise RuntimeError("the south cannot be reached")
        self.told.append(delivery.id)


def campaign(url: str) -> None:
    """Play the campaign into a store; the same each time."""
    reading = read_policy(POLICY, file="kept.yaml")
    plan = compile_policy(reading.result(), reading.sources)
    numbers = itertools.count(1)
    clock = Clock()
    with (
        mock.patch("secrets.token_hex", side_effect=lambda _n: f"{next(numbers):032d}"),
        Engine(url, hooks=[Post()], clock=clock, ids=lambda: f"id{next(numbers)}") as engine,
    ):
        engine.relay()  # declares the hook
        top = engine.start(plan, start="2026-03-01", roster=[{"id": "qian", "name": "Qian", "roles": ["office"]}])
        for unit in UNITS:
            people = [{"id": "wang", "name": "Wang Fang", "email": "wang@example.org", "roles": ["lead"]}]
            people += [{"id": f"m{n}", "name": f"Member {n}", "roles": ["member"]} for n in range(MEMBERS)]
            run = engine.start(plan, unit=unit, start="2026-03-01", programme=top, roster=people)
            run.record("notes", by="m0", amount="100 pages")
            run.record("notes", by="m1", amount="40 pages")
            run.open_item("problems", by="wang", kind="now", fields={"measure": "a new roof"}, owner="m2")
        north = engine.run("kept/north")
        north.open_poll("opinion", by="wang")
        for number in range(MEMBERS):
            north.cast("opinion", "all", "good" if number else "bad", by=f"m{number}")
        north.close_poll("opinion", by="wang")
        clock.now = datetime(2026, 3, 12, 1, tzinfo=UTC)
        engine.tick()
        north.hold("kickoff", by="wang")
        engine.relay()
        clock.now = datetime(2026, 3, 15, 1, tzinfo=UTC)
        engine.tick()


# --- keeping --------------------------------------------------------------------------------------------------------


def sqlite_bytes() -> bytes:
    """The campaign as a SQLite file, without free pages and log."""
    with tempfile.TemporaryDirectory() as place:
        campaign(f"sqlite:///{place}/a.db")
        connection = sqlite3.connect(f"{place}/a.db", isolation_level=None)
        connection.execute(f"VACUUM INTO '{place}/b.db'")
        connection.close()
        return Path(place, "b.db").read_bytes()


def postgresql_text() -> bytes:
    """The campaign as statements, in a schema of its usual name."""
    from tests import postgres as servers

    with servers.Server(settings=servers.FAST) as server:
        campaign(server.url())
        return dump(server.base)


def dump(socket: Path, *, database: str = "postgres", schema: str = "phaseflow") -> bytes:
    """A schema as plain statements that any driver can send, by pg_dump."""
    from tests import postgres as servers

    done = subprocess.run(
        [servers.packaged() / "pg_dump", "-h", str(socket), "-U", "postgres", "-d", database, f"--schema={schema}",
         "--inserts", "--no-owner", "--no-privileges"],
        capture_output=True, check=True, env={**os.environ, "PGCLIENTENCODING": "UTF8"},
    )  # fmt: skip
    lines = done.stdout.decode().splitlines(keepends=True)
    # psql's own commands, and settings that an older server does not know
    return "".join(line for line in lines if not re.match(r"\\|SET transaction_timeout|--|$", line)).encode()


def keep(kind: str, ending: str, made: Callable[[], bytes]) -> None:
    """Write a database, unless one of its number is kept already."""
    dialect = "sqlite" if kind == "sqlite" else "postgres"
    file = FOLDER / f"{kind}-{len(sql.migrations(dialect))}.{ending}.gz"
    if file.exists():
        sys.stdout.write(f"{file.name} is kept already\n")
        return
    file.write_bytes(gzip.compress(made(), 9, mtime=0))
    sys.stdout.write(f"{file.name}: {file.stat().st_size} bytes\n")


def main() -> None:
    """Keep what is not kept yet."""
    keep("sqlite", "db", sqlite_bytes)
    keep("postgresql", "sql", postgresql_text)


if __name__ == "__main__":
    main()
