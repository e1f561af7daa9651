"""The loop: claim what a line has ready, have it told, settle it, until nothing is ready.

Several relays may work on one store. A relay serves the hooks it has plugins for; deliveries to a declared hook that
it lacks are left waiting for a relay that has it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, assert_never

import attrs

from phaseflow.hooks import Plugins
from phaseflow.relay.courier import Courier, describe
from phaseflow.relay.manner import Manner
from phaseflow.relay.recipients import Directory, Resolver
from phaseflow.relay.retry import RetryPolicy
from phaseflow.stores.base import Dead, Delivered, Delivery, Expanded, Outcome, Retry, Skipped, Store

log = logging.getLogger("phaseflow.relay")

STREAK = 3
"""So many failures of a hook in a row mean that it is down: it is left alone until the next run of the relay."""

COUNTED = 1000
"""How many waiting deliveries a report counts at most; it says that there are any, not how big a backlog is."""


@attrs.frozen(kw_only=True)
class RelayReport:
    """What one run of a relay did, in deliveries.

    *retried* failed and are put off; *put_off* wait for the end of quiet hours; *overtaken* were taken over by another
    relay while this one worked on them; *waiting* is what is left, put off or for hooks not served here, counted up to
    1,000.
    """

    delivered: int = 0
    skipped: int = 0
    retried: int = 0
    dead: int = 0
    put_off: int = 0
    waiting: int = 0
    overtaken: int = 0


class Relay:
    """Tells plugins what is in the outbox of a store: at least once each, in the order of notices.

    A hook that names ``recipient`` is told by letters, one for each person addressed, in the order of that person's
    notices; any other is told each notice whole, in order for each run.

    Args:
        store: Where the outbox is.
        plugins: Plugins, or objects to make them of. They are declared to the store: each is told every notice that
            is committed after its first declaration.
        manners: How hooks are told, by their names; see `Manner` for what holds for the others.
        policy: When to try again.
        resolver: Finds recipients; by default in the rows and personal values of the run and its programme.
        clock: Gives the present instant, aware.
        worker: A name for this relay, shown on the deliveries it holds.
        lease: How long a claimed delivery is its own. Longer than any telling.
        page: How many persons of a cohort get their letters in one attempt.
        together: How many notices of one person are claimed at once, and so the most that one digest holds.

    Raises:
        HookError: A plugin is not sound.
    """

    def __init__(
        self,
        store: Store,
        plugins: Plugins | Iterable[object],
        *,
        manners: Mapping[str, Manner] | None = None,
        policy: RetryPolicy | None = None,
        resolver: Resolver | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        worker: str = "relay",
        lease: timedelta = timedelta(minutes=10),
        page: int = 100,
        together: int = 100,
    ) -> None:
        self.plugins = plugins if isinstance(plugins, Plugins) else Plugins(plugins)
        self._store, self._clock, self._worker, self._lease = store, clock, worker, lease
        self._together = together
        self._courier = Courier(
            plugins=self.plugins,
            policy=policy or RetryPolicy(),
            resolver=resolver or Directory(store),
            page=page,
            manners=dict(manners or {}),
        )
        if self.plugins.names:
            with store.transaction() as tx:
                tx.declare_hooks(self.plugins.names)

    def run(self, now: datetime | None = None, limit: int = 1000) -> RelayReport:
        """Tell what is ready.

        Args:
            now: The instant to take for the present throughout; by default the clock is read anew for each telling.
            limit: At most so many attempts; each page of a cohort is one.

        Raises:
            StoreError: The store failed. What was claimed comes back when its lease has run out.
        """
        round_ = _Round(clock=self._clock if now is None else lambda: now, left=limit)
        try:
            # Whole notices first: what becomes letters here is then told together.
            for letters in (False, True):
                while round_.left > 0 and self._turn(round_, letters=letters):
                    pass
        finally:
            self._idle()
        return RelayReport(**round_.counts, waiting=self._waiting())

    def _turn(self, round_: _Round, *, letters: bool) -> bool:
        """Claim what one line has ready and tell it; False where nothing is.

        One line at a time: each gets a whole lease, and a hook that kills the process takes no other line with it.
        """
        begun = round_.clock()
        up = [name for name in self.plugins.names if round_.streaks[name] < STREAK]
        with self._store.transaction() as tx:
            claimed = tx.claim_deliveries(
                up,
                now=begun,
                limit=1,
                lease_until=begun + self._lease,
                worker=self._worker,
                letters=letters,
                together=self._together if letters else 1,
            )
        if not claimed:
            return False
        sorted_ = self._courier.sort(claimed, begun)
        self._settle(sorted_.ended, round_)
        round_.left -= not sorted_.bundles
        blocked = False
        for bundle in sorted_.bundles:
            if round_.clock() >= begun + self._lease:
                break  # Stopped for longer than the lease: others tell the rest.
            if blocked:
                self._settle([(one.delivery, self._courier.put_back(one, round_.clock())) for one in bundle], round_)
                continue
            round_.left -= 1
            endings = self._courier.tell(bundle, round_.clock())
            self._settle(endings, round_)
            blocked = isinstance(endings[0][1], Retry)
            hook = bundle[0].delivery.hook
            round_.streaks[hook] = round_.streaks[hook] + 1 if blocked else 0
        return True

    def _settle(self, endings: Sequence[tuple[Delivery, Outcome]], round_: _Round) -> None:
        """Record how these ended, all at once."""
        if not endings:
            return
        now = round_.clock()
        with self._store.transaction() as tx:
            kept = [tx.settle(delivery, outcome, now=now) for delivery, outcome in endings]
        for (delivery, outcome), good in zip(endings, kept, strict=True):
            ending = _ending(outcome, now) if good else "overtaken"
            if ending is not None:
                round_.counts[ending] += 1
            if good and isinstance(outcome, Dead):
                log.error("delivery %s is dead: %s", delivery.id, outcome.error)
            elif ending == "retried" and isinstance(outcome, Retry):
                log.warning("delivery %s is put off until %s: %s", delivery.id, outcome.at.isoformat(), outcome.error)

    def _idle(self) -> None:
        for name, impl in self.plugins.idle():
            try:
                impl()
            except Exception as error:  # closing a connection badly is no reason to stop
                log.warning("the hook 'idle' of plugin '%s' failed: %s", name, describe(error))

    def _waiting(self) -> int:
        with self._store.transaction(write=False) as tx:
            return len(tx.deliveries(status="waiting", limit=COUNTED))


_Ending = Literal["delivered", "skipped", "retried", "dead", "overtaken", "put_off"]


def _ending(outcome: Outcome, now: datetime) -> _Ending | None:
    match outcome:
        case Delivered():
            return "delivered"
        case Skipped():
            return "skipped"
        case Dead():
            return "dead"
        case Expanded():
            return None
        case Retry(at=at, error=error):
            return "retried" if error else "put_off" if at > now else None
        case _:
            assert_never(outcome)


@attrs.define
class _Round:
    """One run of a relay: how the hooks do in it, and what came of it so far."""

    clock: Callable[[], datetime]
    left: int
    counts: Counter[str] = attrs.field(factory=Counter)
    streaks: Counter[str] = attrs.field(factory=Counter)
