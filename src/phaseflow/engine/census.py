"""A census of a programme's units (R11): what a gate over shares counts, read in one go and kept for the next one.

A run's rows follow from its trail (law 2), and the chain's last hash names the trail; so what was read of a run is good
for as long as its chain is the same, in whatever transaction it was read. A census therefore asks for the chains of all
units, and for the rows of those that moved on.
"""

from __future__ import annotations

import attrs

from phaseflow.core.decide import UnitFact
from phaseflow.engine.texts import decode_row
from phaseflow.stores.base import HeadQuery, Tx

UNITS_KEPT = 50_000
"""Units of all programmes together that are kept, a count; about 1 KB each."""

Known = dict[str, tuple[str, UnitFact]]
"""By run: the chain, and what its row says."""


class Censuses:
    """Takes censuses and keeps the last one of each programme. Safe to share between threads: one is replaced whole."""

    def __init__(self) -> None:
        self._last: dict[str, Known] = {}

    def take(self, tx: Tx, programme: str) -> tuple[UnitFact, ...]:
        """The units of a programme, by run id, each with its committed row and the number of its latest entry."""
        known = self._last.get(programme, {})
        units = HeadQuery(parent=programme)
        chains = tx.chains(units)
        moved = [run for run, chain in chains if run not in known or known[run][0] != chain]
        if moved:
            known = known | self._read(tx, attrs.evolve(units, runs=tuple(moved)))
            self._keep(programme, known)
        return tuple(known[run][1] for run, _ in chains if run in known)

    @staticmethod
    def _read(tx: Tx, where: HeadQuery) -> Known:
        return {
            head.run: (head.chain, UnitFact(run=head.run, unit=head.unit, seq=head.seq, head=decode_row(row)))
            for head, row in tx.rows_of(where, "head")
            if row is not None
        }

    def _keep(self, programme: str, known: Known) -> None:
        if sum(map(len, self._last.values())) + len(known) > UNITS_KEPT:
            self._last = {}
        self._last[programme] = known
