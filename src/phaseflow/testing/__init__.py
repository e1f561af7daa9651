"""What policy authors and store authors use to test theirs: scenarios, a campaign for Python tests, the store laws."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phaseflow.testing.campaign import Campaign, NotSo, Then

_HOMES = dict.fromkeys(("Campaign", "NotSo", "Then"), "phaseflow.testing.campaign")

__all__ = ["Campaign", "NotSo", "Then"]


def __getattr__(name: str) -> Any:
    """Import on first use: the pytest plugin lives in this package and must stay tiny."""
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'phaseflow.testing' has no attribute {name!r}")
