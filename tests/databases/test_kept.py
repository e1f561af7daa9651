"""Databases of earlier versions open in this one: they verify, go on, tell what was left to tell, and export alike."""

from __future__ import annotations

import gzip
import re
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from phaseflow import Engine
from phaseflow.cli.transfer import run_lines, take_in
from phaseflow.messages import events as e
from phaseflow.stores import sql
from phaseflow.stores.base import HeadQuery
from tests.databases.record import FOLDER, UNITS, Clock, Post

KEPT = sorted(FOLDER.glob("*.gz"))
RUNS = ["kept", "kept/north", "kept/south"]


class Reachable(Post):
    """The same hook, now that the south can be reached."""

    def _tell(self, notice: Any, delivery: Any) -> None:
        self.told.append(delivery.id)


Reachable.__name__ = "Post"


@contextmanager
def restored(file: Path, place: Path, server: str) -> Iterator[str]:
    """A kept database, put where a store can open it; its URL."""
    content = gzip.decompress(file.read_bytes())
    if ".db" in file.suffixes:
        (place / "kept.db").write_bytes(content)
        yield f"sqlite:///{place}/kept.db"
        return
    name = f"kept_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'".encode())
        try:
            url = server.replace("@/postgres", f"@/{name}")
            with psycopg.connect(url) as connection:
                connection.execute(content)
            yield url
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


SHAPES = {"sqlite-1"}
"""Databases whose rows had another shape; they were recorded before the first release, which had no upcasts yet."""


@pytest.fixture(params=KEPT, ids=[file.name.partition(".")[0] for file in KEPT])
def kept(request: pytest.FixtureRequest, tmp_path: Path, postgres_server: str) -> Iterator[str]:
    """The URL of each kept database."""
    with restored(request.param, tmp_path, postgres_server) as url:
        if request.param.name.partition(".")[0] in SHAPES:
            with Engine(url) as engine:
                assert all("`phaseflow refold`" in " ".join(engine.run(run).verify()) for run in RUNS[1:])
                assert [run for run in RUNS if engine.run(run).refold()] == RUNS[1:]
                assert not any(engine.run(run).refold() for run in RUNS)
        yield url


def test_each_migration_has_a_kept_database() -> None:
    """Whoever adds a migration records a database of it (README.md), so that the next one finds it."""
    for kind, dialect in (("sqlite", "sqlite"), ("postgresql", "postgres")):
        numbers = {int(found[1]) for file in KEPT if (found := re.match(rf"{kind}-(\d+)", file.name))}
        assert numbers == set(range(1, len(sql.migrations(dialect)) + 1)), f"python -m tests.databases.record ({kind})"


def test_it_opens_and_verifies(kept: str) -> None:
    """Every run is there, its chain whole, its rows as the trail says, its box as it was counted, its names at hand."""
    with Engine(kept, clock=Clock()) as engine:
        assert [run.id for run in engine.runs()] == RUNS
        assert [engine.run(run).verify() for run in RUNS] == [(), (), ()]
        north = engine.run("kept/north")
        (counted,) = [entry.event for entry in north.history() if isinstance(entry.event, e.PollCounted)]
        assert [(result.favourable, result.base) for result in counted.results] == [(5, 6)]
        with engine.store.transaction(write=False) as tx:
            assert tx.personal(north.id, ["person/wang/name"])["person/wang/name"].value == "Wang Fang"
        assert engine.run("kept").status().units == dict.fromkeys(UNITS, "running")


def test_it_goes_on(kept: str) -> None:
    """Work is recorded, deadlines fire once, what was not told is told under its old id, and nothing is told twice."""
    hook, clock = Reachable(), Clock()
    clock.now = datetime(2026, 3, 25, 1, tzinfo=UTC)
    with Engine(kept, hooks=[hook], clock=clock) as engine:
        with engine.store.transaction(write=False) as tx:
            before = {delivery.id: delivery.status for delivery in tx.deliveries()}
        assert {"delivered", "waiting"} <= set(before.values())
        engine.tick()
        engine.relay()
        assert len(set(hook.told)) == len(hook.told)
        assert not {told for told in hook.told if before.get(told) in ("delivered", "skipped")}
        with engine.store.transaction(write=False) as tx:
            after = {delivery.id: delivery.status for delivery in tx.deliveries()}
        assert set(after.values()) <= {"delivered", "skipped", "expanded"}
        assert {told for told in before if before[told] == "waiting"} <= after.keys()
        south = engine.run("kept/south")
        south.record("notes", by="m1", amount="60 pages")
        south.hold("kickoff", by="wang")
        missed = [entry.event for entry in south.history() if isinstance(entry.event, e.DutyFellDue)]
        assert len({event.key for event in missed}) == len(missed) >= 2
        assert [engine.run(run).verify() for run in RUNS] == [(), (), ()]


def test_it_exports_alike(kept: str, tmp_path: Path) -> None:
    """What is exported, taken in by a fresh database and exported again is the same, byte for byte."""
    with Engine(kept, clock=Clock()) as engine, Engine(f"sqlite:///{tmp_path}/fresh.db", clock=Clock()) as fresh:
        for run in RUNS:
            lines = list(run_lines(engine, run))
            (tmp_path / "run.jsonl").write_text("\n".join(lines) + "\n")
            take_in(fresh, tmp_path / "run.jsonl")
            again = list(run_lines(fresh, run))
            assert sorted(again) == sorted(lines)
        with engine.store.transaction(write=False) as tx, fresh.store.transaction(write=False) as other:
            assert tx.chains(HeadQuery()) == other.chains(HeadQuery())
            for run in RUNS:
                assert tx.scan(run, "") == other.scan(run, "")


def test_a_kept_file_is_what_it_says(tmp_path: Path) -> None:
    """The number in the name is the schema inside, so no file was made by a later version under an old name."""
    for file in KEPT:
        found = re.match(r"(sqlite|postgresql)-(\d+)", file.name)
        assert found is not None
        content = gzip.decompress(file.read_bytes())
        if found[1] == "sqlite":
            (tmp_path / "a.db").write_bytes(content)
            connection = sqlite3.connect(tmp_path / "a.db")
            inside = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.close()
        else:
            inside = max(map(int, re.findall(r"INSERT INTO phaseflow\.versions VALUES \((\d+),", content.decode())))
        assert inside == int(found[2])
