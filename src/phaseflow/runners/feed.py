"""What a waker on another engine is fed with: the due index of the store, read again and again.

That index commits with the events, so it is the outbox of wakes: none is lost when a process dies between a commit and
an announcement, and after a restart all of them are announced anew. An announcement too many is harmless.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from phaseflow.runners.crank import Crank, due_heads


@attrs.define(kw_only=True, eq=False)
class Feed:
    """Finds runs whose next due instant has not been announced yet.

    Args:
        crank: The engine as a runner sees it.
        within: How far ahead; what is due later is found when it comes nearer.
    """

    crank: Crank
    within: timedelta = timedelta(hours=1)
    _announced: dict[str, datetime] = attrs.field(init=False, factory=dict)

    def news(self) -> list[tuple[str, datetime]]:
        """Runs, each with the instant at which it is due, which may be past."""
        found: list[tuple[str, datetime]] = []
        near: dict[str, datetime] = {}
        for head in due_heads(self.crank, self.within):
            if head.due_at is None:
                continue
            near[head.run] = head.due_at
            if self._announced.get(head.run) != head.due_at:
                found.append((head.run, head.due_at))
        self._announced = near
        return found

    def forget(self, run: str) -> None:
        """Announce a run again at the next look, as the engine did not take it."""
        self._announced.pop(run, None)
