"""A process killed before each statement of a command, and after the last: all of the command is there, or nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from phaseflow import Engine
from phaseflow.messages.events import AmountRecorded, RunStarted
from tests.engine.test_engine import PEOPLE, Clock, plan

COMMANDS: dict[str, Callable[[Engine], object]] = {
    "start": lambda engine: engine.start(plan(), start="2009-03-01", roster=PEOPLE, run="new", id="k"),
    "record": lambda engine: engine.run("safety").record("notes", by="li", amount="10 pages", id="k"),
}


def victim(url: str, command: str, die_at: int, ending: Any) -> None:
    """Carry out a command, and die before the statement of this number."""
    engine = Engine(url, clock=Clock())
    count = 0

    def step(*_: object) -> None:
        nonlocal count
        count += 1
        if count == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    if url.startswith("sqlite"):
        for connection in engine.store._idle:  # type: ignore[attr-defined]
            assert isinstance(connection, sqlite3.Connection)
            connection.set_trace_callback(step)
    else:
        execute = psycopg.Cursor.execute

        def counted(*args: Any, **kwargs: Any) -> Any:
            step()
            return execute(*args, **kwargs)

        psycopg.Cursor.execute = counted  # type: ignore[method-assign]
    COMMANDS[command](engine)
    step()  # Committed, and nobody was told.
    ending.put(count)
    os._exit(0)


@pytest.mark.parametrize("command", ["record", pytest.param("start", marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.failure(1, "SQLite", "PostgreSQL")
def test_a_kill_at_any_step_leaves_all_or_nothing(
    kind: str, command: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Whenever the process dies, the run is whole, the same command sent again is right, and it happened once."""
    url = f"sqlite:///{tmp_path}/a.db" if kind == "sqlite" else request.getfixturevalue("postgres")
    with Engine(url, clock=Clock()) as engine:
        engine.start(plan(), start="2009-03-01", roster=PEOPLE)
    context = multiprocessing.get_context("fork")
    ending, seen, die_at = context.SimpleQueue(), Counter[bool](), 0
    while True:
        die_at += 1
        place = str(tmp_path / f"{die_at}.db")
        if kind == "sqlite":  # From the same state each time.
            with sqlite3.connect(url.removeprefix("sqlite:///")) as source, sqlite3.connect(place) as target:
                source.backup(target)
            source.close()
            target.close()
        child = context.Process(target=victim, args=(url_of(url, place), command, die_at, ending))
        child.start()
        child.join()
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        seen[whole(url_of(url, place), command)] += 1
        if kind == "postgres":
            forget(url)
        child.close()
    assert ending.get() == die_at - 1
    assert seen[False] > 3, "killed before the commit"
    assert seen[True] > 0, "killed after the commit"


def url_of(url: str, place: str) -> str:
    return f"sqlite:///{place}" if url.startswith("sqlite") else url


def whole(url: str, command: str) -> bool:
    """Whether the command was carried out before it is sent again; in any case it is whole, and happens once."""
    with Engine(url, clock=Clock()) as engine:
        before = sum(len(run.history()) for run in engine.runs())
        assert [run.verify() for run in engine.runs()] == [()] * len(engine.runs())
        COMMANDS[command](engine)
        after = sum(len(run.history()) for run in engine.runs())
        events = [type(entry.event) for run in engine.runs() for entry in run.history() if entry.command == "k"]
        assert events.count(AmountRecorded if command == "record" else RunStarted) == 1
        assert [run.verify() for run in engine.runs()] == [()] * len(engine.runs())
        return before == after


def forget(url: str) -> None:
    """Back to the state before: drop the schema and make it anew."""
    from tests.postgres import dropped

    with dropped(url):
        pass
    with Engine(url, clock=Clock()) as engine:
        engine.start(plan(), start="2009-03-01", roster=PEOPLE)
