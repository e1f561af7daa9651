"""The console notifier."""

from __future__ import annotations

import io

from phaseflow.notifiers import Console
from phaseflow.relay import Relay
from phaseflow.stores import open_store
from tests.outbox import DUTY, NOON, enrol, post


def test_one_line_a_notice_however_many_are_addressed() -> None:
    """A cohort of three is one line, and a text with a line break stays on its line."""
    stream, store = io.StringIO(), open_store("memory:")
    relay = Relay(store, [Console(stream)])
    enrol(store, ["a", "b", "c"])
    post(store, owing=DUTY)
    post(store, kind="question", title="Who\ndecides?", roles=("office",))
    relay.run(NOON)
    assert stream.getvalue() == (
        "2009-03-10 12:00Z  [safety · north] Due soon: Reading notes (2009-03-13)  -> member\n"
        "2009-03-10 12:00Z  [safety · north] A decision is needed: Who decides?  -> office\n"
    )
