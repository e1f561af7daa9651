"""Keys in order, for rows in memory: a new key moves some hundred others at most, however many there are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from operator import itemgetter

BLOCK = 512
"""Keys of a full block when it is made, a count; it is cut in two when it has twice as many."""

_first = itemgetter(0)


class Keys:
    """Different keys, walked in order by prefix. They stand in sorted blocks, and no block but an only one is empty."""

    __slots__ = ("_blocks",)

    def __init__(self, keys: Iterable[str] = ()) -> None:
        every = sorted(keys)
        self._blocks = [every[begin : begin + BLOCK] for begin in range(0, len(every), BLOCK)] or [[]]

    def add(self, key: str) -> None:
        """Take in a key that is not there yet."""
        place = self._place(key)
        block = self._blocks[place]
        insort(block, key)
        if len(block) >= 2 * BLOCK:
            self._blocks[place : place + 1] = [block[:BLOCK], block[BLOCK:]]

    def remove(self, key: str) -> None:
        """Leave out a key that is there."""
        place = self._place(key)
        block = self._blocks[place]
        del block[bisect_left(block, key)]
        if not block and len(self._blocks) > 1:
            del self._blocks[place]

    def under(self, prefix: str) -> Iterator[str]:
        """The keys that begin with *prefix*, in order; do not change the keys meanwhile."""
        place = self._place(prefix)
        begin = bisect_left(self._blocks[place], prefix)
        for block in self._blocks[place:]:
            for index in range(begin, len(block)):
                key = block[index]
                if not key.startswith(prefix):
                    return
                yield key
            begin = 0

    def _place(self, key: str) -> int:
        """The block where a key stands or would stand: the last that begins with no later key, else the first."""
        return bisect_right(self._blocks, key, 1, key=_first) - 1
