"""A hint that something was committed that somebody may be waiting for. Never more than a hint.

It may come late, twice, for nothing, or not at all; whoever waits looks by himself now and then all the same.
"""

from __future__ import annotations

from collections.abc import Callable

from phaseflow.stores.base import Batch, Listening


class Bell:
    """Hints within one process: those who listen are called by the thread that committed."""

    def __init__(self) -> None:
        self._woken: list[Callable[[], None]] = []

    def listen(self, woken: Callable[[], None]) -> Listening:
        """Have *woken* called from now on."""
        self._woken.append(woken)
        return Ear(self._woken, woken)

    def ring(self) -> None:
        """Call all who listen."""
        for woken in tuple(self._woken):
            woken()


class Ear:
    """One who listens to a `Bell`."""

    def __init__(self, among: list[Callable[[], None]], woken: Callable[[], None]) -> None:
        self._among, self._woken = among, woken

    def stop(self) -> None:
        """Listen no more; stopping twice is no fault."""
        if self._woken in self._among:
            self._among.remove(self._woken)


def awaited(batch: Batch) -> bool:
    """Whether somebody may be waiting for this: a relay for notices, a poller for a due instant."""
    return bool(batch.notices) or batch.head.due_at is not None
