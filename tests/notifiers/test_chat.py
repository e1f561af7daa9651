"""Messages through Apprise to a real receiver: delivery, outage, settings."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from phaseflow.notifiers import Apprise
from phaseflow.relay import Relay, RelayReport
from phaseflow.stores import open_store
from tests.notifiers.receiver import Receiver
from tests.notifiers.test_smtp import free_port
from tests.outbox import NOON, post


def test_a_service_is_told_in_words_and_again_after_an_outage() -> None:
    """Down: put off. Up again: told once, with the subject as title."""
    store = open_store("memory:")
    receiver = Receiver(free_port())
    relay = Relay(store, [Apprise(url=f"json://127.0.0.1:{receiver.port}/room")])
    post(store)
    assert relay.run(NOON) == RelayReport(retried=1, waiting=1)
    receiver.answers = [(200, {})]
    with receiver:
        assert relay.run(NOON + timedelta(hours=1)) == RelayReport(delivered=1)
    (body,) = map(json.loads, receiver.bodies)
    assert body["title"] == "[safety · north] Due soon: Reading notes (2009-03-13)"
    assert "Clause: 3.2" in body["message"]


def test_an_unknown_service_is_refused_without_its_secrets() -> None:
    """The error names the scheme; neither it nor the object shows what stands behind it."""
    with pytest.raises(ValueError, match="begins with 'nosuch'") as caught:
        Apprise(url="nosuch://token@host/")
    assert "token" not in str(caught.value)
    assert "secret" not in repr(Apprise(url="json://user:secret@127.0.0.1/"))
