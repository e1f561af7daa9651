"""A mail server and an HTTP receiver that are away and come back, beside a hook that always fails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from phaseflow import Engine
from phaseflow.notifiers import Smtp, Webhook
from phaseflow.runners import Poller, Service
from tests.engine.test_engine import PEOPLE, Clock, plan
from tests.failures.crew import Poison
from tests.notifiers.receiver import Receiver
from tests.notifiers.test_smtp import Office, free_port
from tests.notifiers.test_webhook import SECRET
from tests.runners.laws import DUE, until

LEAD = {"id": "wang", "roles": ["lead"], "email": "wang@example.org"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture
def engine(tmp_path: Path, clock: Clock, ports: tuple[int, int]) -> Iterator[Engine]:
    mail = Smtp(host="127.0.0.1", port=ports[0], sender="campaign@example.org", security="none")
    post = Webhook(url=f"http://127.0.0.1:{ports[1]}", secret=SECRET, plain=True)
    with Engine(f"sqlite:///{tmp_path}/runs.db", clock=clock, hooks=[Poison(), mail, post]) as engine:
        yield engine


@pytest.mark.slow
@pytest.mark.failure(7, "SQLite", "poller")
def test_receivers_that_were_away_are_told_and_poison_is_not_waited_for(
    engine: Engine, clock: Clock, ports: tuple[int, int]
) -> None:
    """Both servers are down when the deadline falls: it is put off. Up again, each is told once, under its own id.

    The poisoned hook is tried again and again beside them and ends as dead letters, which can be dropped with a reason.
    Seen to fail where a failed telling is marked as delivered.
    """
    run = engine.start(plan(), start="2009-03-01", roster=[LEAD, *PEOPLE[1:]])
    clock.now = DUE
    office, receiver = Office(), Receiver(ports[1])
    with Service(engine=engine, wakers=[Poller(every=0.05)], relay=0.05, sweep=3600):
        assert until(lambda: failed(engine) == {"poison", "smtp", "webhook"})
        assert office.mails == []
        mailbox = Controller(office, hostname="127.0.0.1", port=ports[0])
        mailbox.start()
        try:
            with receiver:
                clock.now += timedelta(minutes=10)
                assert until(lambda: delivered(engine) == {"smtp", "webhook"})
                for _ in range(14):
                    clock.now += timedelta(hours=7)
                    if until(lambda: bool(engine.dead_letters()), 0.5):
                        break
                assert until(lambda: bool(engine.dead_letters()))
        finally:
            mailbox.stop()
    ids = [headers["webhook-id"] for headers in receiver.headers]
    assert len(ids) == len(set(ids)) > 0
    mails = [mail["Message-ID"] for mail in office.mails]
    assert len(mails) == len(set(mails)) > 0
    assert {one.hook for one in engine.dead_letters()} == {"poison"}
    (dead, *_) = engine.dead_letters()
    assert engine.drop_dead(dead.id, reason="the plugin was taken away", by="ops")
    assert dead.id not in {one.id for one in engine.dead_letters()}
    assert run.verify() == ()


def failed(engine: Engine) -> set[str]:
    """The hooks whose telling has failed at least once and waits."""
    with engine.store.transaction(write=False) as tx:
        return {one.hook for one in tx.deliveries(status="waiting") if one.error}


def delivered(engine: Engine) -> set[str]:
    """The hooks that were told all there is."""
    with engine.store.transaction(write=False) as tx:
        found = tx.deliveries()
    return {one.hook for one in found} - {one.hook for one in found if one.status in ("waiting", "leased")}
