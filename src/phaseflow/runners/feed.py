"""What a waker on another engine is fed with: the due index of the store, read again and again.

That index commits with the events, so it is the outbox of wakes: none is lost when a process dies between a commit and
an announcement, and after a restart all of them are announced anew. An announcement too many is harmless.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import attrs

from phaseflow.runners.crank import Crank
from phaseflow.stores.base import Listening, StoreError

PAUSE = 0.2
"""Seconds between a hint and the look it leads to: many commits at once are one look."""


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
    _hint: threading.Event = attrs.field(init=False, factory=threading.Event)
    _stopping: threading.Event = attrs.field(init=False, factory=threading.Event)
    _listening: Listening = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._listening = self.crank.listen(self._hint.set)

    @property
    def open(self) -> bool:
        """Whether there is still somebody to be fed."""
        return not self._stopping.is_set()

    def close(self) -> None:
        """Feed nobody any more; who waits goes on at once."""
        self._listening.stop()
        self._stopping.set()
        self._hint.set()

    def rest(self, most: float) -> None:
        """Wait for a hint of the store, or so many seconds."""
        if self._hint.wait(most) and self.open:
            self._hint.clear()
            self._stopping.wait(min(most, PAUSE))

    def anew(self) -> None:
        """Announce everything again, as the engine may have forgotten it."""
        self._announced = {}

    def news(self) -> list[tuple[str, datetime]]:
        """Runs, each with the instant at which it is due, which may be past."""
        found: list[tuple[str, datetime]] = []
        near: dict[str, datetime] = {}
        try:
            heads = list(self.crank.upcoming(self.within))
        except StoreError:
            return []  # What was announced stays so; the store's next answer has the rest.
        for head in heads:
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
