"""Counters and gauges, and their text in the OpenMetrics format (https://openmetrics.io, version 1.0).

A dozen numbers need no client library; that the text is sound is checked against the parser of one in the tests.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

import attrs

COUNTERS: Mapping[str, str] = {
    "phaseflow_sweeps": "Looks at all that is due.",
    "phaseflow_sweep_seconds": "Time spent on them.",
    "phaseflow_runs_settled": "Runs in which something was due and was processed.",
    "phaseflow_runs_failed": "Attempts to settle a run that failed.",
    "phaseflow_wakes": "Looks at one run that a waker asked for.",
    "phaseflow_deliveries": "Deliveries of notices, by how they ended.",
    "phaseflow_store_errors": "Failures of the store.",
}
GAUGES: Mapping[str, str] = {
    "phaseflow_lag_seconds": "How long the run that is due longest has been due.",
    "phaseflow_runs_due": "Runs that are due now, counted up to 1000.",
    "phaseflow_runs_failing": "Runs that could not be settled and rest.",
    "phaseflow_deliveries_waiting": "Deliveries that wait, counted up to 1000.",
    "phaseflow_dead_letters": "Deliveries that were given up, counted up to 1000.",
    "phaseflow_up": "Whether every thread is alive and the store answers.",
}

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@attrs.define(eq=False)
class Metrics:
    """The numbers of one process. Safe to share between threads."""

    _values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = attrs.field(init=False, factory=dict)
    _lock: threading.Lock = attrs.field(init=False, factory=threading.Lock)

    def add(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        assert name in COUNTERS
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            self._values[key] = self._values.get(key, 0) + amount

    def put(self, name: str, value: float) -> None:
        """Set a gauge."""
        assert name in GAUGES
        with self._lock:
            self._values[name, ()] = value

    def value(self, name: str, **labels: str) -> float:
        """A counter or a gauge as it stands; 0 where nothing was counted."""
        with self._lock:
            return self._values.get((name, tuple(sorted(labels.items()))), 0)

    def text(self) -> str:
        """All of them, in OpenMetrics."""
        with self._lock:
            values = dict(self._values)
        lines: list[str] = []
        for names, kind, suffix in ((COUNTERS, "counter", "_total"), (GAUGES, "gauge", "")):
            for name, told in names.items():
                found = [(labels, value) for (known, labels), value in sorted(values.items()) if known == name]
                lines += [f"# TYPE {name} {kind}", f"# HELP {name} {told}"]
                lines += [f"{name}{suffix}{_labels(labels)} {value:g}" for labels, value in found]
        return "\n".join([*lines, "# EOF", ""])


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    pairs = ",".join(f'{name}="{escaped(value)}"' for name, value in labels)
    return f"{{{pairs}}}" if pairs else ""
