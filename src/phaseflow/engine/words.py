"""The three questions about a run, answered in words of one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from phaseflow import prose

if TYPE_CHECKING:
    from phaseflow.core.decide.objections import Objection
    from phaseflow.engine.run import Run

THINGS = ("move", "duty", "meeting", "document", "poll", "item", "ledger", "phase", "subject", "unit")
"""What acts are done to, by the names of their arguments."""


@attrs.frozen
class Words:
    """`Run.why`, `why_not` and `what_would_it_take` as prose, with the titles of the policy for its names."""

    run: Run
    lang: str

    def _names(self) -> prose.Names:
        with self.run.engine.reading(self.run.id) as (_tx, head, plan, _rows, _around):
            return prose.Names(plan, plan.levels[head.level], prose.catalogue(self.lang))

    def why(self, move: str) -> str:
        """Why a move would be held now.

        Raises:
            Refused: there is no such move, or it is not possible here.
        """
        return prose.why(move, self.run.why(move), self._names())

    def why_not(self, act: str, /, *arguments: Any, by: str, **more: Any) -> str:
        """Why somebody cannot do something now; takes what `Run.why_not` takes."""
        found = self.run.why_not(act, *arguments, by=by, **more)
        given = {"": arguments[0]} if arguments else more
        return self.tell_why_not(act, given, by, found)

    def tell_why_not(self, act: str, given: Mapping[str, Any], by: str, found: Sequence[Objection]) -> str:
        """Objections that were found, in words; *given* is what the act was asked with."""
        names = self._names()
        thing = next((str(given[key]) for key in ("", *THINGS) if key in given), "")
        return prose.why_not(prose.doing(act, thing, names), by, found, names)

    def what_would_it_take(self, move: str) -> str:
        """The smallest set of further deeds for a move, by whom and by when; or why it is not possible any more."""
        return prose.what_would_it_take(self.run.what_would_it_take(move), self._names())
