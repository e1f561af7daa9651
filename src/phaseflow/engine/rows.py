"""The rows of a run as a decision sees them: read from a transaction when they are asked for, decoded once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phaseflow.engine.habits import Guess
from phaseflow.engine.texts import read_row
from phaseflow.stores.base import Look, Tx

FIRST = 8
"""Rows of the first page of a scan, which is all that is needed of the timers as a rule."""

PAGE = 500
"""Rows fetched at once by a scan that goes on."""


class StoreRows:
    """Rows of one run, read through a transaction of a store.

    Args:
        tx: The transaction.
        run: The run.
        looked: Rows that were read already, and which keys and prefixes had been asked for.
    """

    __slots__ = ("_pages", "_run", "_seen", "_texts", "_tx", "keys", "prefixes")

    def __init__(self, tx: Tx, run: str, looked: tuple[Look, Guess] | None = None) -> None:
        self._tx, self._run = tx, run
        self._seen: dict[str, Any] = {}
        self._texts: dict[str, str | None] = {}
        self._pages: dict[str, list[tuple[str, str]]] = {}
        self.keys: set[str] = set()
        self.prefixes: set[str] = set()
        if looked is not None:
            look, asked = looked
            self._texts = dict.fromkeys(asked.keys) | dict(look.rows)
            self._pages = dict(look.scans)

    def get(self, key: str) -> Any:
        """The row under *key*, or None."""
        if key not in self._seen:
            self.keys.add(key)
            text = self._texts[key] if key in self._texts else self._tx.rows(self._run, (key,)).get(key)
            self._seen[key] = None if text is None else read_row(text)
        return self._seen[key]

    def scan(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """All rows under a prefix, in key order, page by page."""
        self.prefixes.add(prefix)
        after, size = "", FIRST
        page = self._pages.get(prefix)
        while True:
            if page is None:
                page = self._tx.scan(self._run, prefix, after=after, limit=size)
                if not after:  # Asked for again and again by one decision; on a server each time is a round trip.
                    self._pages[prefix] = page
            for key, text in page:
                if key not in self._seen:
                    self._seen[key] = read_row(text)
                yield key, self._seen[key]
            if len(page) < size:
                return
            after, size, page = page[-1][0], PAGE, None
