"""A function of the host is told like any other hook."""

from __future__ import annotations

from typing import Any

from phaseflow.notifiers import call
from phaseflow.relay import Relay, RelayReport
from phaseflow.stores import open_store
from tests.outbox import NOON, enrol, post, receipts


def test_a_function_is_called_with_each_notice_or_for_each_person() -> None:
    """Two arguments: once a notice; three: once for each person; failures are retried like any other's."""
    store = open_store("memory:")
    enrol(store, ["li", "wang"])
    told: list[Any] = []

    def board(notice: Any, delivery: Any) -> None:
        told.append(delivery.id)

    def each(notice: Any, delivery: Any, recipient: Any, room: str = "a") -> None:
        told.append((recipient.name, room))

    def broken(*_: Any) -> None:
        raise OSError("no")

    relay = Relay(store, [call(board), call(each, name="people"), call(broken)])
    id = post(store, persons=("li", "wang"))
    assert relay.run(NOON) == RelayReport(delivered=3, retried=1, waiting=1)
    assert told == [f"{id}/board", ("LI", "a"), ("WANG", "a")]
    assert receipts(store, hook="broken")[0].error == "OSError: no"
