"""One attempt at one delivery: call the plugin's hook for the notice, or person by person, and say how it ended.

The courier changes nothing in a store. Whatever a hook raises becomes an outcome; only what is no `Exception` (an
interrupt, an exit) passes through, and the lease is then left to run out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from phaseflow.core.notices import Notice
from phaseflow.hooks import Impl, Plugins, Recipient, Skip, Telling, Undeliverable
from phaseflow.relay.recipients import Resolver
from phaseflow.relay.retry import RetryPolicy
from phaseflow.relay.tour import GAVE_UP, Call, Tour, after_page, after_rest, read_tour
from phaseflow.stores import codec
from phaseflow.stores.base import Dead, Delivered, Delivery, Outcome, Retry, Skipped, StoreError

STREAK = 3
"""So many failures in a row within one page mean that the hook is down, rather than the persons unreachable."""


@attrs.frozen(kw_only=True)
class Courier:
    """Carries deliveries to plugins. *page* is how many persons are told in one attempt."""

    plugins: Plugins
    policy: RetryPolicy
    resolver: Resolver
    page: int

    def carry(self, delivery: Delivery, now: datetime) -> Outcome:
        """Try one claimed delivery.

        Raises:
            StoreError: The store failed while recipients were looked up; no hook is to blame for that.
        """
        stale = delivery.notice.useless_after
        if stale is not None and stale <= now:
            return Skipped(f"stale since {codec.write_instant(stale)}")
        if delivery.superseded:
            return Skipped("superseded by a later notice")
        tour = Tour()
        try:
            tour = read_tour(delivery)
            notice = codec.decode_as(delivery.notice.body, Notice)
            impl = self.plugins.implementation(delivery.hook, notice.kind)
            if impl is None:
                return Skipped(f"the plugin '{delivery.hook}' has no hook for '{notice.kind}'")
            if tour.failures >= self.policy.attempts:
                return Dead(f"{GAVE_UP}the relay ended {tour.failures} times in the middle of this telling")
            return (
                self._each(delivery, notice, impl, tour, now)
                if impl.each
                else self._once(delivery, notice, impl, tour, now)
            )
        except StoreError:
            raise
        except Exception as error:  # a notice or a resolver that fails must not stop the others
            return self._later(delivery, tour, describe(error), now)

    def _once(self, delivery: Delivery, notice: Notice, impl: Impl, tour: Tour, now: datetime) -> Outcome:
        try:
            impl(notice=notice, delivery=_telling(delivery, now))
        except Skip as skip:
            return Skipped(one_line(str(skip)))
        except Undeliverable as never:
            return Dead(GAVE_UP + describe(never))
        except Exception as error:  # see the module: a hook can never stop the others
            return self._later(delivery, tour, describe(error), now)
        return Delivered()

    def _each(self, delivery: Delivery, notice: Notice, impl: Impl, tour: Tour, now: datetime) -> Outcome:
        if not tour.over:
            page = self.resolver.page(notice, after=tour.after, limit=self.page)
            call = _tell(impl, notice, delivery, page.recipients, now)
            done = after_page(tour, call, last=page.last, more=page.more)
        else:
            rest = self.resolver.again(notice, tour.left[: self.page])
            call = _tell(impl, notice, delivery, rest, now)
            done = after_rest(tour, call, size=self.page)
        if done.over and not done.left:
            return self._end(delivery, done, call, now)
        if call.untried or (done.over and call.failed):
            return self._later(delivery, done, call.error, now, moved=bool(call.told))
        return Retry(at=now, progress=attrs.evolve(done, failures=0 if call.told else tour.failures).write(delivery))

    def _end(self, delivery: Delivery, tour: Tour, call: Call, now: datetime) -> Outcome:
        """Everybody was told, or refused for good. A death loses the progress of its own attempt, so that the refused
        are noted first and buried at the next claim, which finds nobody else to tell."""
        if call.refused:
            return Retry(at=now, progress=tour.write(delivery))
        if tour.refused:
            names = "; ".join(f"{person}: {why}" for person, why in tour.refused[:10])
            return Dead(f"{GAVE_UP}{len(tour.refused)} addressed cannot be told, {tour.told} were: {names}")
        if tour.told:
            return Delivered()
        return Skipped(tour.skipped or "addressed to nobody who is to be told")

    def _later(self, delivery: Delivery, tour: Tour, error: str, now: datetime, *, moved: bool = False) -> Outcome:
        """Back off; give up when patience is at its end, but never in an attempt that told somebody."""
        tour = attrs.evolve(tour, failures=1 if moved else tour.failures + 1)
        if tour.failures >= self.policy.attempts and not moved:
            return Dead(f"{GAVE_UP}{tour.failures} attempts failed, the last with {error}")
        return Retry(at=now + self.policy.wait(delivery.id, tour.failures), error=error, progress=tour.write(delivery))


def _tell(impl: Impl, notice: Notice, delivery: Delivery, recipients: Iterable[Recipient], now: datetime) -> Call:
    told: list[str] = []
    failed: list[str] = []
    refused: list[tuple[str, str]] = []
    untried: list[str] = []
    skipped = error = ""
    streak = 0
    for recipient in recipients:
        if streak >= STREAK:
            untried.append(recipient.id)
            continue
        try:
            impl(notice=notice, delivery=_telling(delivery, now, recipient.id), recipient=recipient)
            told.append(recipient.id)
            streak = 0
        except Skip as skip:
            skipped = one_line(str(skip))
        except Undeliverable as never:
            refused.append((recipient.id, describe(never, recipient)))
        except Exception as fault:  # see the module: a hook can never stop the others
            failed.append(recipient.id)
            error = describe(fault, recipient)
            streak += 1
    return Call(
        told=tuple(told),
        failed=tuple(failed),
        refused=tuple(refused),
        untried=tuple(untried),
        skipped=skipped,
        error=error,
    )


def _telling(delivery: Delivery, now: datetime, person: str = "") -> Telling:
    place = f"{delivery.id}/{person}" if person else delivery.id
    return Telling(id=place, hook=delivery.hook, attempt=delivery.attempts, now=now)


def describe(error: Exception, recipient: Recipient | None = None) -> str:
    """An exception in one line, without the personal values of the recipient: receipts outlive an erasure (R16)."""
    text = one_line(str(error))
    for value in sorted(recipient.values.values() if recipient is not None else (), key=len, reverse=True):
        text = text.replace(one_line(value), "…")
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def one_line(text: str) -> str:
    """A text without line breaks and other control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
