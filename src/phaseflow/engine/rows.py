"""The rows of a run as a decision sees them: read one by one from a transaction, decoded once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phaseflow.engine.texts import read_row
from phaseflow.stores.base import Tx

PAGE = 500
"""Rows fetched at once by a scan; a decision that needs the first timer only pays for one page at most."""


class StoreRows:
    """Rows of one run, read through a transaction of a store."""

    __slots__ = ("_run", "_seen", "_tx")

    def __init__(self, tx: Tx, run: str) -> None:
        self._tx, self._run = tx, run
        self._seen: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        """The row under *key*, or None."""
        if key not in self._seen:
            text = self._tx.rows(self._run, (key,)).get(key)
            self._seen[key] = None if text is None else read_row(text)
        return self._seen[key]

    def scan(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """All rows under a prefix, in key order, page by page."""
        after, size = "", 8
        while True:
            page = self._tx.scan(self._run, prefix, after=after, limit=size)
            for key, text in page:
                if key not in self._seen:
                    self._seen[key] = read_row(text)
                yield key, self._seen[key]
            if len(page) < size:
                return
            after, size = page[-1][0], PAGE
