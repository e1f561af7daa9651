"""One attempt: sort what was claimed, call the plugin's hook, and say how it ended.

The courier changes nothing in a store. Whatever a hook raises becomes an outcome; only what is no `Exception` (an
interrupt, an exit) passes through, and the lease is then left to run out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from phaseflow.core.notices import Notice
from phaseflow.hooks import Impl, Later, Plugins, Recipient, Skip, Telling, Undeliverable
from phaseflow.relay.digests import digest_id, latest_only, summary
from phaseflow.relay.manner import Manner
from phaseflow.relay.patience import GAVE_UP, Note, lost_claims, read_note
from phaseflow.relay.recipients import Resolver
from phaseflow.relay.retry import RetryPolicy
from phaseflow.stores import codec
from phaseflow.stores.base import Dead, Delivered, Delivery, Expanded, Letter, Outcome, Retry, Skipped, StoreError

_USUAL = Manner()

LONGEST = timedelta(days=1)
"""No receiver can put a telling off for longer, whatever it asks for."""


@attrs.frozen(kw_only=True)
class Parcel:
    """A claimed delivery, ready to be told: by its hook to its recipient, or, for a whole notice, to nobody by name."""

    delivery: Delivery
    notice: Notice
    note: Note
    impl: Impl
    recipient: Recipient | None = None


@attrs.frozen(kw_only=True)
class Sorted:
    """What became of a claim before anything is told: *ended* needs no telling, *bundles* are told one by one."""

    ended: tuple[tuple[Delivery, Outcome], ...] = ()
    bundles: tuple[tuple[Parcel, ...], ...] = ()


@attrs.frozen(kw_only=True)
class Courier:
    """Carries deliveries to plugins. *page* is how many persons get their letters in one attempt."""

    plugins: Plugins
    policy: RetryPolicy
    resolver: Resolver
    page: int
    manners: Mapping[str, Manner]

    # --- before a hook is called --------------------------------------------------------------------------------------

    def sort(self, claimed: Sequence[Delivery], now: datetime) -> Sorted:
        """Sort the deliveries of one line: what ended, what is put off, and what is told together.

        Raises:
            StoreError: The store failed while recipients were looked up; no hook is to blame for that.
        """
        ended: list[tuple[Delivery, Outcome]] = []
        parcels: list[Parcel] = []
        if len(claimed) > 1 and any(lost_claims(one, read_note(one)) for one in claimed):
            # One of these kills the process. Told alone it is found out, and the others lose nothing by it.
            ended += [(one, Retry(at=now, progress=read_note(one).write(one))) for one in claimed[1:]]
            claimed = claimed[:1]
        for delivery in claimed:
            found = self._open(delivery, now)
            if isinstance(found, Parcel):
                parcels.append(found)
            else:
                ended.append((delivery, found))
        manner = self.manner(claimed[0].hook)
        if manner.catch_up == "latest":
            parcels, left = latest_only(parcels, lambda parcel: _late(manner, parcel))
            ended += [(parcel.delivery, Skipped("missed, and a later notice says more")) for parcel in left]
        return Sorted(ended=tuple(ended), bundles=self._bundles(parcels))

    def manner(self, hook: str) -> Manner:
        """How the hook of this name is told."""
        return self.manners.get(hook, _USUAL)

    def _open(self, delivery: Delivery, now: datetime) -> Parcel | Outcome:
        """Look at one delivery: what is left to tell, or how it ends without."""
        note = Note()
        try:
            note = read_note(delivery)
            notice = codec.decode_as(delivery.notice.body, Notice)
            return self._useless(delivery, notice, now) or self._parcel(delivery, notice, note, now)
        except StoreError:
            raise
        except Exception as error:  # a notice or a resolver that fails must not stop the others
            return self._later(delivery, note, describe(error), now)

    def _useless(self, delivery: Delivery, notice: Notice, now: datetime) -> Skipped | None:
        stale = delivery.notice.useless_after
        if stale is not None and stale <= now:
            return Skipped(f"stale since {codec.write_instant(stale)}")
        if delivery.superseded:
            return Skipped("superseded by a later notice")
        manner = self.manner(delivery.hook)
        if not delivery.recipient and manner.left_out(notice, delivery.notice.available_at):
            return Skipped("missed, and nothing missed is to be told")
        return None

    def _parcel(self, delivery: Delivery, notice: Notice, note: Note, now: datetime) -> Parcel | Outcome:
        impl = self.plugins.implementation(delivery.hook, notice.kind)
        if impl is None:
            return Skipped(f"the plugin '{delivery.hook}' has no hook for '{notice.kind}'")
        note = attrs.evolve(note, failures=note.failures + lost_claims(delivery, note))
        if note.failures >= self.policy.attempts:
            return Dead(f"{GAVE_UP}the relay ended {note.failures} times in the middle of this telling")
        if not delivery.recipient:
            if impl.each:
                return self._expand(delivery, notice, note, now)
            if not self.resolver.still_open(notice):
                return Skipped("it was done before it could be told")
            return Parcel(delivery=delivery, notice=notice, note=note, impl=impl)
        found = self.resolver.again(notice, (delivery.recipient,))
        if not found:
            return Skipped("is no longer to be told")
        at = self.manner(delivery.hook).hushed(notice, now, found[0].zone)
        if at > now:
            return Retry(at=at, progress=note.write(delivery))
        return Parcel(delivery=delivery, notice=notice, note=note, impl=impl, recipient=found[0])

    def _expand(self, delivery: Delivery, notice: Notice, note: Note, now: datetime) -> Outcome:
        page = self.resolver.page(notice, after=note.after, limit=self.page)
        manner = self.manner(delivery.hook)
        letters = tuple(
            Letter(
                recipient=person.id,
                line=f"{page.root or notice.run} {person.id}{' urgent' if notice.kind in manner.urgent else ''}",
                ready_at=manner.first(notice, now, person.zone),
            )
            for person in page.recipients
        )
        note = Note(after=page.last, posted=note.posted + len(letters))
        if page.more:
            return Expanded(letters=letters, progress=note.write(delivery), over=False)
        if not note.posted:
            return Skipped("addressed to nobody who is to be told")
        return Expanded(letters=letters)

    def _bundles(self, parcels: Sequence[Parcel]) -> tuple[tuple[Parcel, ...], ...]:
        """What goes out in one telling: a digest for each address, first, and then each of the others alone."""
        digests: dict[object, list[Parcel]] = {}
        singles: list[tuple[Parcel, ...]] = []
        for parcel in parcels:
            delivery, person = parcel.delivery, parcel.recipient
            fit = self.manner(delivery.hook).together(parcel.notice, delivery.notice.available_at)
            if person is not None and fit and self.plugins.implementation(delivery.hook, "digest") is not None:
                digests.setdefault((person.id, *sorted(person.values.items())), []).append(parcel)
            else:
                singles.append((parcel,))
        return (*map(tuple, digests.values()), *singles)

    # --- calling a hook -----------------------------------------------------------------------------------------------

    def tell(self, bundle: Sequence[Parcel], now: datetime) -> list[tuple[Delivery, Outcome]]:
        """Make one telling of a bundle; all its deliveries end alike."""
        recipient = bundle[0].recipient
        try:
            self._call(bundle, now)
        except Skip as skip:
            return [(parcel.delivery, Skipped(one_line(str(skip)))) for parcel in bundle]
        except Undeliverable as never:
            return [(parcel.delivery, Dead(GAVE_UP + describe(never, recipient))) for parcel in bundle]
        except Exception as error:  # see the module: a hook can never stop the others
            why, least = describe(error, recipient), error.after if isinstance(error, Later) else timedelta(0)
            return [(parcel.delivery, self._later(parcel.delivery, parcel.note, why, now, least)) for parcel in bundle]
        return [(parcel.delivery, Delivered()) for parcel in bundle]

    def _call(self, bundle: Sequence[Parcel], now: datetime) -> None:
        first = bundle[0]
        hook, attempt = first.delivery.hook, max(parcel.delivery.attempts for parcel in bundle)
        given: dict[str, Any] = {} if first.recipient is None else {"recipient": first.recipient}
        if len(bundle) == 1:
            telling = Telling(id=first.delivery.id, hook=hook, attempt=attempt, now=now)
            first.impl(notice=first.notice, delivery=telling, **given)
            return
        ids = tuple(parcel.delivery.id for parcel in bundle)
        notices = tuple(parcel.notice for parcel in bundle)
        impl = self.plugins.implementation(hook, "digest")
        assert impl is not None
        telling = Telling(id=digest_id(ids), hook=hook, attempt=attempt, now=now, parts=ids)
        impl(notice=summary(notices), notices=notices, delivery=telling, **given)

    def put_back(self, parcel: Parcel, now: datetime) -> Outcome:
        """Leave one for later without blame, as an earlier one of its line failed."""
        return Retry(at=now, progress=parcel.note.write(parcel.delivery))

    def _later(
        self, delivery: Delivery, note: Note, error: str, now: datetime, least: timedelta = timedelta(0)
    ) -> Outcome:
        """Back off, or give up when patience is at its end."""
        note = attrs.evolve(note, failures=note.failures + 1)
        if note.failures >= self.policy.attempts:
            return Dead(f"{GAVE_UP}{note.failures} attempts failed, the last with {error}")
        wait = max(self.policy.wait(delivery.id, note.failures), min(least, LONGEST))
        return Retry(at=now + wait, error=error, progress=note.write(delivery))


def _late(manner: Manner, parcel: Parcel) -> bool:
    return manner.is_late(parcel.notice, parcel.delivery.notice.available_at)


def describe(error: Exception, recipient: Recipient | None = None) -> str:
    """An exception in one line, without the personal values of the recipient: receipts outlive an erasure (R16)."""
    text = one_line(str(error))
    for value in sorted(recipient.values.values() if recipient is not None else (), key=len, reverse=True):
        text = text.replace(one_line(value), "…")
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def one_line(text: str) -> str:
    """A text without line breaks and other control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
