"""Who was told what: receipts, and the fact that a gate may ask of them ("was properly notified").

A receipt is what the relay keeps of a delivery. It is no part of a run's state, so no hook can change a decision
(law 11): a gate that asks whether somebody was told is given the answer as a witnessed fact (R19), read in the
transaction of the asking and recorded with the verdict, and replay never asks again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

import attrs

from phaseflow.core.notices import Notice, NoticeKind
from phaseflow.engine import texts
from phaseflow.stores.base import Delivery, DeliveryStatus, Tx


@attrs.frozen(kw_only=True)
class Receipt:
    """How one telling ended, or stands.

    *person* is empty where a hook is told notices whole. *at* is when it ended; None while it waits. *why* says why it
    was skipped, put off or given up. A person who was told in a digest has a receipt for each notice in it.
    """

    id: str
    hook: str
    person: str
    kind: NoticeKind
    subject: str
    status: DeliveryStatus
    at: datetime | None
    why: str = ""


def receipts(tx: Tx, run: str, *, hook: str | None = None, subject: str | None = None) -> Iterator[Receipt]:
    """The receipts of a run, of one *hook* and about one *subject* where given, in the order of the notices."""
    for delivery in tx.deliveries(run=run, hook=hook):
        notice = texts.read_notice(delivery.notice.body)
        if delivery.status != "expanded" and subject in (None, notice.subject):
            yield _receipt(delivery, notice)


def _receipt(delivery: Delivery, notice: Notice) -> Receipt:
    return Receipt(
        id=delivery.id,
        hook=delivery.hook,
        person=delivery.recipient,
        kind=notice.kind,
        subject=notice.subject,
        status=delivery.status,
        at=delivery.settled_at,
        why=delivery.error,
    )


@attrs.frozen
class Told:
    """The fact that everybody who was to be told of a duty was told of it, by one hook, at least once.

    Register it under a name and a version, and a gate can ask for it: ``{fact: told_of_hearing, version: "1"}``.
    It does not hold where nobody was to be told yet, or where somebody's every letter waits, was given up, or was
    skipped because no address is known. Whoever did the duty before they were told needed no telling.

    Args:
        duty: The name of the duty (a phase, a document, a poll or an item will do as well).
        hook: The name of the hook whose receipts count, such as ``smtp``.
        kinds: The kinds of notices that count; all by default.
    """

    duty: str
    hook: str
    kinds: Collection[NoticeKind] = ()

    def read(self, tx: Tx, run: str) -> bool:
        """Whether it holds now, as this transaction sees it."""
        told: dict[str, bool] = {}
        for receipt in receipts(tx, run, hook=self.hook, subject=self.duty):
            if self.kinds and receipt.kind not in self.kinds:
                continue
            needless = receipt.status == "skipped" and receipt.why in NEEDLESS
            told[receipt.person] = told.get(receipt.person, False) or receipt.status == "delivered" or needless
        return bool(told) and all(told.values())


NEEDLESS = ("is no longer to be told", "it was done before it could be told")
"""Why nobody had to be told any more; the relay's words (a test holds them together)."""
