"""Who was told, and gates that ask for it: receipts are witnessed facts, never state (laws 1, 2 and 11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from phaseflow import Engine, compile_policy
from phaseflow.engine.receipts import NEEDLESS, Told
from phaseflow.hooks import Recipient, Undeliverable, hookimpl
from phaseflow.relay import courier
from phaseflow.spec.reader import read_policy
from tests.engine.test_engine import Clock, url

__all__ = ["url"]

POLICY = """
phaseflow: 1
campaign: hearings
zone: Asia/Shanghai
roles: {lead: The lead, member: A member}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end}}
phases:
  hearing:
    window: 03-01 .. 03-31
    gate: {fact: told_of_statement, version: "1"}
    duties:
      statement: {quota: 1 page, each: member, remind: [10 days, 3 days]}
outcomes: {completed: {by: lead}}
"""
PEOPLE = [{"id": "wang", "roles": ["lead"]}, {"id": "li", "roles": ["member"]}, {"id": "chen", "roles": ["member"]}]


class Mail:
    """Tells each person; *refused* cannot be reached."""

    name = "mail"

    def __init__(self) -> None:
        self.refused: set[str] = {"chen"}

    @hookimpl
    def notice(self, recipient: Recipient) -> None:
        if recipient.id in self.refused:
            raise Undeliverable("no such address")


@pytest.fixture
def mail() -> Mail:
    return Mail()


@pytest.fixture
def engine(url: str, mail: Mail) -> Any:
    facts: Any = {("told_of_statement", "1"): Told("statement", "mail")}
    with Engine(url, clock=Clock(), hooks=[mail], facts=facts) as made:
        yield made


def begun(engine: Engine) -> Any:
    reading = read_policy(POLICY, file="hearings.yaml")
    return engine.start(compile_policy(reading.result(), reading.sources), start="2009-03-01", roster=PEOPLE)


def test_a_gate_holds_until_everybody_was_told(engine: Engine, mail: Mail) -> None:
    """Nobody yet, one unreachable, all told: the gate asks the receipts, and its verdict records what it read."""
    run = begun(engine)
    assert run.request("hearing.close", by="wang").held
    engine.clock.to("2009-03-22")  # type: ignore[attr-defined]
    engine.tick()
    assert run.request("hearing.close", by="wang").held, "the reminder is written, and nobody was told of it"
    engine.relay()
    assert [(r.person, r.status) for r in run.receipts(hook="mail", subject="statement")] == [
        ("chen", "dead"),
        ("li", "delivered"),
    ]
    answer = run.request("hearing.close", by="wang")
    assert answer.held
    mail.refused.clear()
    (dead,) = engine.dead_letters()
    engine.retry_dead(dead.id)
    engine.relay()
    answer = run.request("hearing.close", by="wang")
    assert answer.passed
    assert answer.verdict is not None
    assert [(reading.fact, reading.met) for reading in answer.verdict.readings] != []
    assert not run.verify()


def test_whoever_did_it_before_being_told_needed_no_telling(engine: Engine) -> None:
    """A letter that fell away with its duty counts; one to somebody without an address does not."""
    run = begun(engine)
    engine.clock.to("2009-03-22")  # type: ignore[attr-defined]
    engine.tick()
    engine.relay()
    (dead,) = engine.dead_letters()
    run.record("statement", by="chen", amount="1 page")
    engine.retry_dead(dead.id)
    engine.relay()
    assert {(r.person, r.why) for r in run.receipts(subject="statement")} == {("chen", NEEDLESS[0]), ("li", "")}
    assert run.request("hearing.close", by="wang").passed


def test_what_a_hook_does_changes_no_trail(engine: Engine, mail: Mail) -> None:
    """Laws 2 and 11: told or not, the events are the same, and receipts stand in no row of the run."""
    run = begun(engine)
    engine.clock.to("2009-03-29")  # type: ignore[attr-defined]
    engine.tick()
    before = run.history()
    mail.refused.clear()
    engine.relay()
    assert run.history() == before
    with engine.store.transaction(write=False) as tx:
        assert not [key for key, _ in tx.scan(run.id, "") if "told" in key]


def test_a_fact_is_called_only_when_it_is_asked_for(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other commands do not pay for it, and one asking reads it once."""
    calls: list[str] = []
    real = Told.read

    def read(told: Told, tx: Any, run: str) -> bool:
        calls.append(run)
        return real(told, tx, run)

    monkeypatch.setattr(Told, "read", read)
    run = begun(engine)
    run.record("statement", by="li", amount="1 page")
    assert calls == []
    run.request("hearing.close", by="wang")
    assert calls == [run.id]


def test_the_words_of_the_relay_are_those_that_count() -> None:
    """The two reasons why nobody need be told any more stand in the relay as they stand here."""
    from pathlib import Path

    text = Path(courier.__file__).read_text(encoding="utf-8")
    assert all(f'"{words}"' in text for words in NEEDLESS)


def test_kinds_can_be_chosen(engine: Engine, mail: Mail) -> None:
    """A fact about overdues alone is not met by a reminder."""
    mail.refused.clear()
    run = begun(engine)
    engine.clock.now = datetime(2009, 3, 22, tzinfo=UTC) + timedelta(hours=1)  # type: ignore[attr-defined]
    engine.tick()
    engine.relay()
    with engine.store.transaction(write=False) as tx:
        assert Told("statement", "mail").read(tx, run.id)
        assert not Told("statement", "mail", kinds=("overdue",)).read(tx, run.id)
        assert not Told("statement", "post").read(tx, run.id)
