"""The engine: where rules meet facts. See `Engine` and `Run`."""

from phaseflow.engine.answers import Answer, CommandIdReused, Owed, Refused, Status, UnknownRun
from phaseflow.engine.engine import Engine
from phaseflow.engine.receipts import Receipt, Told
from phaseflow.engine.run import Run

__all__ = ["Answer", "CommandIdReused", "Engine", "Owed", "Receipt", "Refused", "Run", "Status", "Told", "UnknownRun"]
