"""The outbox in a transaction on PostgreSQL: notices, hooks, and deliveries with their turns.

Turns are handed out by looking at what is open, so two that hand out turns of one line must not overlook each other:
making deliveries is for one transaction at a time, settling for one at a time in each line.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import assert_never

from phaseflow.stores.base import (
    Dead,
    Delivered,
    Delivery,
    DeliveryStatus,
    Expanded,
    Letter,
    Outcome,
    Retry,
    Skipped,
    StoredNotice,
    delivery_key,
)
from phaseflow.stores.faults import bad_hook
from phaseflow.stores.postgres_rows import delivery_of, notice_of
from phaseflow.stores.postgres_session import Session, guarded


class Outbox(Session):
    """What a transaction does with notices and deliveries."""

    # --- outbox ---------------------------------------------------------------------------------------------------

    @guarded
    def declare_hooks(self, hooks: Collection[str], *, from_start: bool = False) -> None:
        self._must_write()
        for name in hooks:
            if not name or "/" in name:
                raise bad_hook(name)
        known = {name for (name,) in self._all("hooks_known", (list(hooks),))}
        if known >= set(hooks):
            return
        self.open()
        self._do("turns_alone", ())
        self._do("fan_out", ())
        for name in sorted(set(hooks) - known):
            if self._do("hook_declare", (name,)) and from_start:
                self._do("fan_out_all", (name,))

    @guarded
    def notices(
        self, *, run: str | None = None, after: str = "", limit: int | None = None, gapless: bool = False
    ) -> list[StoredNotice]:
        written, position = (self._one("notice_place", (after,)) if after else None) or ("0", 0)
        if run is None:
            return [notice_of(row) for row in self._all("notices", (written, position, gapless, limit))]
        return [notice_of(row) for row in self._all("notices_of_run", (run, position, limit))]

    @guarded
    def claim_deliveries(
        self,
        hooks: Collection[str],
        *,
        now: datetime,
        limit: int,
        lease_until: datetime,
        worker: str,
        letters: bool = False,
        together: int = 1,
    ) -> list[Delivery]:
        self._must_write()
        self.open()
        state = self._one("any_untold", ())
        self._check_version(state)
        if state[0]:
            self._do("turns_alone", ())
            self._do("fan_out", ())
        values = {"hooks": list(hooks), "now": now, "limit": limit, "until": lease_until, "worker": worker}
        return [delivery_of(row) for row in self._all("claim", {**values, "letters": letters, "together": together})]

    @guarded
    def settle(self, delivery: Delivery, outcome: Outcome, *, now: datetime) -> bool:
        self._must_write()
        self.open()
        key = (delivery.hook, delivery.notice.id, delivery.recipient, delivery.attempts)
        match outcome:
            case Retry(at=at, error=error, progress=progress):
                return self._do("put_back", (at, error, progress, *key)) == 1
            case Expanded(letters=letters, progress=progress, over=over):
                self._do("turns_alone", ())
                if over:
                    done = self._do("settle", ("expanded", "", now, *key)) == 1
                else:
                    done = self._do("put_back", (now, "", progress, *key)) == 1
                if done:
                    self._post(delivery, letters)
                if done and over:
                    self._do("pass_turns", _line(delivery))
                return done
            case Delivered():
                return self._settle(delivery, "delivered", "", now)
            case Skipped(reason=reason):
                return self._settle(delivery, "skipped", reason, now)
            case Dead(error=error):
                return self._settle(delivery, "dead", error, now)
            case _:
                assert_never(outcome)

    def _settle(self, delivery: Delivery, status: DeliveryStatus, error: str, now: datetime) -> bool:
        self._all("turns_of_line", (delivery.hook, delivery.line))
        key = (delivery.hook, delivery.notice.id, delivery.recipient, delivery.attempts)
        if not self._do("settle", (status, error, now, *key)):
            return False
        self._do("pass_turns", _line(delivery))
        return True

    def _post(self, whole: Delivery, letters: Collection[Letter]) -> None:
        persons, lines = [one.recipient for one in letters], [one.line for one in letters]
        ready = [one.ready_at for one in letters]
        self._do("letters_insert", (whole.hook, persons, lines, ready, whole.notice.id))
        # An earlier notice may arrive in a line after a later one.
        self._do("take_turns", (whole.hook, True, lines))
        self._do("pass_turns", (whole.hook, True, lines))

    @guarded
    def deliveries(
        self,
        *,
        status: DeliveryStatus | None = None,
        hook: str | None = None,
        run: str | None = None,
        recipient: str | None = None,
        limit: int | None = None,
    ) -> list[Delivery]:
        wanted = {"status": status, "hook": hook, "run": run, "recipient": recipient}
        clauses = [f"d.{column} = %({column})s" for column, value in wanted.items() if value is not None]
        where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
        text = f"{self._sql['deliveries']} {where} ORDER BY d.position, d.hook, d.recipient LIMIT %(limit)s"
        return [delivery_of(row) for row in self._run(text, {**wanted, "limit": limit}).fetchall()]

    @guarded
    def revive(self, delivery_id: str, *, at: datetime) -> bool:
        self._must_write()
        self.open()
        notice, hook, recipient = delivery_key(delivery_id)
        self._do("turns_alone", ())
        found = self._one("revive", (at, hook, notice, recipient))
        if found is None:
            return False
        line = (found[0], found[1], [found[2]])
        self._do("take_turns", line)
        self._do("pass_turns", line)
        return True

    @guarded
    def discard(self, delivery_id: str, *, reason: str, now: datetime) -> bool:
        self._must_write()
        notice, hook, recipient = delivery_key(delivery_id)
        self.open()
        return self._do("discard", (reason, now, hook, notice, recipient)) == 1


def _line(delivery: Delivery) -> tuple[str, bool, list[str]]:
    return delivery.hook, bool(delivery.recipient), [delivery.line]
