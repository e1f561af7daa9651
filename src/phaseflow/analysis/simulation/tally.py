"""What is counted in a simulation: numbers only, that add up in any order, so that processes can share the work.

A `Tally` is one counter; its keys are tuples whose first part says what is counted. `forecast` reads them back.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

import attrs

Key = tuple[str | int, ...]

NEVER = 10_000_000
"""The day number of what did not happen: later than every day."""


@attrs.define
class Tally:
    """Counts of one or many trials."""

    counts: Counter[Key] = attrs.field(factory=Counter)

    def add(self, *key: str | int, number: int = 1) -> None:
        """Count something."""
        self.counts[key] += number

    def day(self, what: str, level: str, name: str, day: date | None) -> None:
        """Count the day on which something happened; None: it did not."""
        self.counts[what, level, name, NEVER if day is None else day.toordinal()] += 1

    def take(self, other: Tally) -> None:
        """Add the counts of another."""
        self.counts.update(other.counts)


@attrs.define
class Case:
    """One deadline of one run: the duty, phase, item or step that had it, and when it was done.

    *silent*: a step's time was over without an answer; what the policy makes of the silence is not what was wanted.
    """

    what: str
    name: str
    due: datetime | None
    day: date | None = None
    done: datetime | None = None
    silent: bool = False

    def met(self) -> bool:
        """Whether all of it was done in time."""
        return not self.silent and self.done is not None and (self.due is None or self.done <= self.due)


@attrs.define
class Cases:
    """The deadlines of the runs of one trial; at its end they become counts.

    Beside the sums stand their squares and products: runs of one programme are not independent, and only these tell
    how uncertain a share over all of them is.
    """

    found: dict[tuple[str, str, str, str], Case] = attrs.field(factory=dict)

    def close(self, tally: Tally, levels: dict[str, str], until: datetime) -> None:
        """Count every case whose instant came before the end of what is looked at."""
        sums: dict[tuple[str, str, str], list[int]] = {}
        for (run, *_rest), case in self.found.items():
            if case.due is None or case.due > until:
                continue
            pair = sums.setdefault((case.what, levels[run], case.name), [0, 0])
            pair[0] += 1
            pair[1] += case.met()
            if case.day is not None:
                tally.add("due", case.what, levels[run], case.name, case.day.toordinal())
        for key, (cases, met) in sums.items():
            sums_of = {"n": cases, "y": met, "nn": cases * cases, "ny": cases * met, "yy": met * met}
            for sign, number in sums_of.items():
                tally.add("deadline", *key, sign, number=number)
