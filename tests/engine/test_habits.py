"""Guessing what a command reads: a command on a server is one read and one write, and no guess changes a decision."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phaseflow import Engine
from phaseflow.engine.habits import MOST, Guess, Habits
from phaseflow.messages import commands as c
from phaseflow.stores.memory_tx import MemoryTx
from tests.engine.test_engine import Clock, start


def record(by: str, duty: str = "notes", id: str = "k") -> c.Record:
    now = Clock()()
    return c.Record(id=id, by=by, at=now, now=now, duty=duty, amount=1, unit="pages")


def test_a_command_on_a_server_is_one_read_and_one_write(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """DESIGN: on PostgreSQL a command is bound by round trips. Once its kind is known it takes two."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(self: Any, query: Any, *args: Any, **more: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *args, **more)

    with Engine(postgres, clock=Clock()) as engine:
        run = start(engine)
        run.record("notes", by="li", amount="1 page")
        monkeypatch.setattr(psycopg.Cursor, "execute", noted)
        run.record("notes", by="li", amount="1 page")
        assert [text.split()[0] for text in sent if not text.startswith("--")] == ["WITH"]
        assert len(sent) == 2


def test_a_guess_is_for_others_of_the_kind() -> None:
    """What was read for one person is guessed for another; what belongs to another duty is not."""
    habits = Habits()
    assert habits.guess(record("li")) == Guess()
    habits.learn(record("li"), Guess(frozenset({"head", "person/li", "part/1/notes/li"}), frozenset({"away/li/"})))
    wang = Guess(frozenset({"head", "person/wang", "part/1/notes/wang"}), frozenset({"away/wang/"}))
    assert habits.guess(record("wang")) == wang
    assert habits.guess(record("wang", duty="books")) == Guess()
    habits.learn(record("li"), Guess(frozenset({"clock"})))
    assert habits.guess(record("wang")) == wang.together(Guess(frozenset({"clock"})))


def test_a_guess_does_not_grow_without_end() -> None:
    """A kind of command that reads something else each time is begun anew, and asks for little."""
    habits = Habits()
    for number in range(1000):
        habits.learn(record("li"), Guess(frozenset({f"item/{number}"})))
        assert len(habits.guess(record("li")).keys) <= MOST


@given(
    wrong=st.frozensets(st.sampled_from(["head", "clock", "person/li", "part/x", "none", ""]), max_size=4),
    ranges=st.frozensets(st.sampled_from(["timer/", "holder/", "nothing/", ""]), max_size=3),
)
def test_no_guess_changes_a_decision(wrong: frozenset[str], ranges: frozenset[str]) -> None:
    """Whatever is guessed, right or wrong, the trail is the same."""
    trails = []
    for guess in (Guess(), Guess(wrong, ranges)):
        with Engine("memory:", clock=Clock(), ids=iter(map(str, range(99))).__next__) as engine:
            made = start(engine)
            habits = engine.desk.habits
            habits.guess = lambda _, guess=guess: guess  # type: ignore[method-assign, misc]
            begun = len(made.history())
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(MemoryTx, "far", True)
                made.record("notes", by="li", amount="3 pages")
                made.hold("kickoff", by="wang")
            trails.append([entry.event for entry in made.history()[begun:]])
    assert trails[0] == trails[1]
