"""The memory store keeps the laws of a store."""

from __future__ import annotations

from pathlib import Path

from phaseflow.stores.base import Store
from phaseflow.stores.memory import MemoryStore
from phaseflow.testing.store_laws import StoreLaws


class TestMemory(StoreLaws):
    durable = False

    def open(self, place: Path) -> Store:
        return MemoryStore()
