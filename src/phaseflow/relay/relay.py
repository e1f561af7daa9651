"""The loop: claim a delivery, have it carried, settle it, until nothing is ready.

Several relays may work on one store. A relay serves the hooks it has plugins for; deliveries to a declared hook that
it lacks are left waiting for a relay that has it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal, assert_never

import attrs

from phaseflow.hooks import Plugins
from phaseflow.relay.courier import Courier, describe
from phaseflow.relay.recipients import Directory, Resolver
from phaseflow.relay.retry import RetryPolicy
from phaseflow.stores.base import Dead, Delivered, Delivery, Expanded, Outcome, Retry, Skipped, Store

log = logging.getLogger("phaseflow.relay")

COUNTED = 1000
"""How many waiting deliveries a report counts at most; it says that there are any, not how big a backlog is."""


@attrs.frozen(kw_only=True)
class RelayReport:
    """What one run of a relay did, in deliveries.

    *retried* failed and are put off; *overtaken* were taken over by another relay while this one worked on them;
    *waiting* is what is left, put off or for hooks not served here, counted up to 1,000.
    """

    delivered: int = 0
    skipped: int = 0
    retried: int = 0
    dead: int = 0
    waiting: int = 0
    overtaken: int = 0


class Relay:
    """Tells plugins what is in the outbox of a store: at least once each, in the order of notices per run and hook.

    Args:
        store: Where the outbox is.
        plugins: Plugins, or objects to make them of. They are declared to the store: each is told every notice that
            is committed after its first declaration.
        policy: When to try again.
        resolver: Finds recipients; by default in the rows and personal values of the run and its programme.
        clock: Gives the present instant, aware.
        worker: A name for this relay, shown on the deliveries it holds.
        lease: How long a claimed delivery is its own. Longer than any attempt: *page* tellings of one plugin.
        page: How many persons of a cohort are told in one attempt.

    Raises:
        HookError: A plugin is not sound.
    """

    def __init__(
        self,
        store: Store,
        plugins: Plugins | Iterable[object],
        *,
        policy: RetryPolicy | None = None,
        resolver: Resolver | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        worker: str = "relay",
        lease: timedelta = timedelta(minutes=10),
        page: int = 50,
    ) -> None:
        self.plugins = plugins if isinstance(plugins, Plugins) else Plugins(plugins)
        self._store, self._clock, self._worker, self._lease = store, clock, worker, lease
        self._courier = Courier(
            plugins=self.plugins, policy=policy or RetryPolicy(), resolver=resolver or Directory(store), page=page
        )
        if self.plugins.names:
            with store.transaction() as tx:
                tx.declare_hooks(self.plugins.names)

    def run(self, now: datetime | None = None, limit: int = 1000) -> RelayReport:
        """Tell what is ready.

        Args:
            now: The instant to take for the present throughout; by default the clock is read anew for each delivery.
            limit: At most so many attempts; each page of a cohort is one.

        Raises:
            StoreError: The store failed. What was claimed comes back when its lease has run out.
        """
        counts: Counter[str] = Counter()
        try:
            for _ in range(limit):
                delivery = self._claim(now or self._clock())
                if delivery is None:
                    break
                outcome = self._courier.carry(delivery, now or self._clock())
                counts[self._settle(delivery, outcome, now or self._clock())] += 1
        finally:
            self._idle()
        del counts["paged"]
        return RelayReport(**counts, waiting=self._waiting())

    def _claim(self, now: datetime) -> Delivery | None:
        """One at a time: each gets a whole lease, and a hook that kills the process takes no other with it."""
        with self._store.transaction() as tx:
            claimed = tx.claim_deliveries(
                self.plugins.names, now=now, limit=1, lease_until=now + self._lease, worker=self._worker
            )
        return claimed[0] if claimed else None

    def _settle(self, delivery: Delivery, outcome: Outcome, now: datetime) -> _Ending:
        with self._store.transaction() as tx:
            kept = tx.settle(delivery, outcome, now=now)
        if not kept:
            return "overtaken"
        if isinstance(outcome, Dead):
            log.error("delivery %s is dead: %s", delivery.id, outcome.error)
        elif isinstance(outcome, Retry) and outcome.error:
            log.warning("delivery %s is put off until %s: %s", delivery.id, outcome.at.isoformat(), outcome.error)
        return _ending(outcome)

    def _idle(self) -> None:
        for name, impl in self.plugins.idle():
            try:
                impl()
            except Exception as error:  # closing a connection badly is no reason to stop
                log.warning("the hook 'idle' of plugin '%s' failed: %s", name, describe(error))

    def _waiting(self) -> int:
        with self._store.transaction(write=False) as tx:
            return len(tx.deliveries(status="waiting", limit=COUNTED))


_Ending = Literal["delivered", "skipped", "retried", "dead", "overtaken", "paged"]


def _ending(outcome: Outcome) -> _Ending:
    match outcome:
        case Delivered() | Expanded():
            return "delivered"
        case Skipped():
            return "skipped"
        case Dead():
            return "dead"
        case Retry():
            return "retried" if outcome.error else "paged"
        case _:
            assert_never(outcome)
