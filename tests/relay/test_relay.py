"""The relay tells every hook at least once, in order, each alone, and says what it could not tell (law 11)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phaseflow import Engine
from phaseflow.core.state.ledgers import ItemState
from phaseflow.core.state.rows import DutyState, PartState, VisitState
from phaseflow.hooks import HookError, Recipient, Skip, Telling, Undeliverable, hookimpl
from phaseflow.messages.events import Days, Term
from phaseflow.relay import Directory, Relay, RelayReport, RetryPolicy, spread
from phaseflow.stores import codec, open_store
from phaseflow.stores.base import Delivery, Store, StoreError
from tests.laws.district import OFFICE, UNIT, Clock, plan
from tests.outbox import DUTY, MINUTE, NOON, PROGRAMME, RUN, change, enrol, part, post, receipts, states

EXACT = RetryPolicy(attempts=4, jitter=lambda *_: Fraction(1))
"""One, two, four minutes, and then no more."""


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Both stores that are shipped."""
    with_file = request.param == "sqlite"
    kept = open_store(f"sqlite:///{tmp_path}/outbox.db" if with_file else "memory:", durability="normal")
    yield kept
    kept.close()


OPEN_ENDED = Days(first=date(2009, 3, 1), last=None)


class Board:
    """Told each notice once, whoever is addressed. *fault* may raise."""

    def __init__(self, name: str = "board", fault: Callable[[Telling], None] = lambda telling: None) -> None:
        self.name, self.fault = name, fault
        self.told: list[str] = []

    @hookimpl
    def notice(self, notice: Any, delivery: Telling) -> None:
        self.fault(delivery)
        self.told.append(delivery.id)


class Post:
    """Told person by person. *fault* may raise."""

    def __init__(self, name: str = "post", fault: Callable[[str], None] = lambda person: None) -> None:
        self.name, self.fault = name, fault
        self.told: list[str] = []
        self.ids: list[str] = []
        self.seen: list[Recipient] = []

    @hookimpl
    def notice(self, delivery: Telling, recipient: Recipient) -> None:
        self.ids.append(delivery.id)
        self.fault(recipient.id)
        self.told.append(recipient.id)
        self.seen.append(recipient)


class Down:
    """A fault that a test switches on and off."""

    def __init__(self, *persons: str) -> None:
        self.on, self.persons = True, persons

    def __call__(self, what: Any) -> None:
        if self.on and (not self.persons or what in self.persons):
            raise ConnectionError("the line is dead")


# --- what was told, what was not ------------------------------------------------------------------------------------


def test_each_hook_is_told_each_notice_once(store: Store) -> None:
    """Two hooks, two notices: four deliveries with ids of their own, and a second run tells nothing."""
    one, two = Board("one"), Board("two")
    relay = Relay(store, [one, two])
    first, second = post(store), post(store, kind="outcome")
    assert relay.run(NOON) == RelayReport(delivered=4)
    assert one.told == [f"{first}/one", f"{second}/one"]
    assert two.told == [f"{first}/two", f"{second}/two"]
    assert relay.run(NOON) == RelayReport()
    assert states(store) == ["delivered"] * 4


@pytest.mark.failure(7, "memory", "SQLite")
def test_a_hook_that_fails_stops_no_other(store: Store) -> None:
    """A poison plugin is put off alone; the other is told everything at once (law 11)."""
    poison, sound = Board("poison", Down()), Board("sound")
    relay = Relay(store, [poison, sound], policy=EXACT)
    post(store)
    post(store)
    assert relay.run(NOON) == RelayReport(delivered=2, retried=1, waiting=2)
    assert len(sound.told) == 2
    assert poison.told == []


@pytest.mark.failure(7, "memory", "SQLite")
def test_failures_back_off_and_end_as_dead_letters(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """One, two, four minutes after each failure, then dead and loud; what is behind it goes on."""
    down = Down()
    board = Board(fault=down)
    relay = Relay(store, [board], policy=EXACT)
    post(store)
    tried = []
    for minute in range(12):
        report = relay.run(NOON + minute * MINUTE)
        if report.retried or report.dead:
            tried.append(minute)
    assert tried == [0, 1, 3, 7]
    assert report == RelayReport()
    (dead,) = receipts(store, status="dead")
    assert dead.error == "gave up: 4 attempts failed, the last with ConnectionError: the line is dead"
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3 + [logging.ERROR]
    down.on = False
    behind = post(store)
    relay.run(NOON + timedelta(hours=1))
    assert board.told == [f"{behind}/board"]


def test_a_revived_dead_letter_has_fresh_patience(store: Store) -> None:
    """Reviving is not one last try: it is retried as often as a new one, and told under its old id."""
    down = Down()
    board = Board(fault=down)
    engine = Engine(store, hooks=[board], clock=lambda: NOON)
    relay = Relay(store, [board], policy=EXACT)
    post(store)
    for minute in range(10):
        relay.run(NOON + minute * MINUTE)
    (dead,) = engine.dead_letters()
    assert engine.retry_dead(dead.id) is True
    assert relay.run(NOON + 10 * MINUTE) == RelayReport(retried=1, waiting=1)
    assert relay.run(NOON + 11 * MINUTE) == RelayReport(retried=1, waiting=1)
    down.on = False
    assert relay.run(NOON + 13 * MINUTE) == RelayReport(delivered=1)
    assert board.told == [dead.id]
    assert engine.dead_letters() == []
    assert engine.retry_dead(dead.id) is False


@pytest.mark.failure(1, "SQLite")
def test_a_kill_between_telling_and_settling_tells_again_under_the_same_id(store: Store) -> None:
    """At least once: when the process dies behind the send, the lease runs out and the id comes again."""

    def kill(telling: Telling) -> None:
        board.told.append(telling.id)
        if telling.attempt == 1:
            raise KeyboardInterrupt

    board = Board(fault=kill)
    relay = Relay(store, [board], lease=5 * MINUTE)
    id = post(store)
    with pytest.raises(KeyboardInterrupt):
        relay.run(NOON)
    assert states(store) == ["leased"]
    assert relay.run(NOON + 4 * MINUTE) == RelayReport()
    assert relay.run(NOON + 5 * MINUTE) == RelayReport(delivered=1)
    assert set(board.told) == {f"{id}/board"}
    assert len(board.told) == 3  # at the kill, and twice by this board at the second attempt


@pytest.mark.failure(7, "memory", "SQLite")
def test_a_hook_that_kills_the_process_each_time_is_dead_lettered(store: Store) -> None:
    """Attempts that ended without a word count, or one notice could keep a relay from ever getting on."""

    def kill(telling: Telling) -> None:
        raise SystemExit

    relay = Relay(store, [Board(fault=kill)], policy=EXACT, lease=MINUTE)
    post(store)
    for minute in range(4):
        with pytest.raises(SystemExit):
            relay.run(NOON + minute * MINUTE)
    assert relay.run(NOON + 4 * MINUTE) == RelayReport(dead=1)
    assert receipts(store)[0].error == "gave up: the relay ended 4 times in the middle of this telling"


def test_notices_of_a_run_keep_their_order_at_each_hook(store: Store) -> None:
    """While an earlier notice of a run is put off, a later one waits; other runs go on."""
    down = Down()
    board = Board(fault=down)
    relay = Relay(store, [board], policy=EXACT)
    first, second = post(store), post(store)
    assert relay.run(NOON) == RelayReport(retried=1, waiting=2)
    down.on = False
    other = post(store, run=PROGRAMME)
    assert relay.run(NOON) == RelayReport(delivered=1, waiting=2)
    relay.run(NOON + MINUTE)
    assert board.told == [f"{other}/board", f"{first}/board", f"{second}/board"]


def test_a_relay_without_a_declared_hook_leaves_its_deliveries(store: Store) -> None:
    """Another relay serves them later; nothing is lost, and the report says that something waits."""
    Relay(store, [Board("there"), Post("gone")])
    post(store, persons=("li",))
    assert Relay(store, [Board("there")]).run(NOON) == RelayReport(delivered=1, waiting=1)
    later = Post("gone")
    assert Relay(store, [later]).run(NOON) == RelayReport(delivered=1)
    assert later.told == ["li"]


def test_stale_notices_are_skipped_with_their_reason(store: Store) -> None:
    """After downtime old reminders do not go out; the receipt says why (R27)."""
    board = Board()
    relay = Relay(store, [board])
    post(store, useless_after=NOON + MINUTE)
    post(store, useless_after=NOON + 3 * MINUTE)
    assert relay.run(NOON + MINUTE) == RelayReport(delivered=1, skipped=1)
    assert receipts(store)[0].error == "stale since 2009-03-10T12:01:00Z"


def test_forty_reminders_of_one_duty_become_one(store: Store) -> None:
    """Of notices with one key only the last is told (R27)."""
    board = Board()
    relay = Relay(store, [board])
    ids = [post(store, coalesce="north/notes") for _ in range(40)]
    assert relay.run(NOON) == RelayReport(delivered=1, skipped=39)
    assert board.told == [f"{ids[-1]}/board"]
    assert {delivery.error for delivery in receipts(store, status="skipped")} == {"superseded by a later notice"}


def test_a_kind_that_a_plugin_has_no_hook_for_is_skipped(store: Store) -> None:
    """A plugin that wants outcomes only is not in the way of anything else."""

    class Outcomes:
        @hookimpl
        def outcome(self) -> None: ...

    relay = Relay(store, [Outcomes()])
    post(store)
    post(store, kind="outcome")
    assert relay.run(NOON) == RelayReport(delivered=1, skipped=1)


def test_a_hook_may_decline_and_may_give_up_for_good(store: Store) -> None:
    """`Skip` is a reasoned silence, `Undeliverable` a dead letter without further tries."""
    answers: list[Exception] = [Skip("not on Sundays"), Undeliverable("no such channel")]

    def answer(telling: Telling) -> None:
        raise answers.pop(0)

    relay = Relay(store, [Board(fault=answer)])
    post(store)
    post(store)
    assert relay.run(NOON) == RelayReport(skipped=1, dead=1)
    assert [delivery.error for delivery in receipts(store)] == [
        "not on Sundays",
        "gave up: Undeliverable: no such channel",
    ]


def test_idle_is_said_at_the_end_and_cannot_stop_the_relay(store: Store) -> None:
    """A plugin may close its connection; if that fails, nothing else does."""
    said = []

    class Line:
        @hookimpl
        def notice(self) -> None: ...

        @hookimpl
        def idle(self) -> None:
            said.append(1)
            raise OSError

    relay = Relay(store, [Line()])
    post(store)
    assert relay.run(NOON) == RelayReport(delivered=1)
    assert said == [1]


@pytest.mark.failure(2, "memory", "SQLite")
def test_an_overtaken_attempt_settles_nothing(store: Store) -> None:
    """A relay that took longer than its lease cannot undo what its successor recorded."""
    successor = Board("board")

    def slow(telling: Telling) -> None:
        Relay(store, [successor]).run(NOON + 20 * MINUTE)

    relay = Relay(store, [Board("board", slow)])
    post(store)
    assert relay.run(NOON) == RelayReport(overtaken=1)
    assert len(successor.told) == 1
    assert states(store) == ["delivered"]


# --- persons --------------------------------------------------------------------------------------------------------


def letters(store: Store, status: str | None = None) -> list[Delivery]:
    """The letters of a store."""
    return [delivery for delivery in receipts(store, status=status) if delivery.recipient]


def test_persons_are_told_one_by_one_with_their_contact_of_now(store: Store) -> None:
    """Ids are resolved at the delivery, in the run and then in its programme; each person has a receipt."""
    enrol(store, ["li"])
    enrol(store, ["li", "zhao"], run=PROGRAMME, domain="elsewhere.org")
    mail = Post()
    relay = Relay(store, [mail])
    id = post(store, persons=("zhao", "li", "nobody"))
    assert relay.run(NOON) == RelayReport(delivered=3)
    assert mail.ids == [f"{id}/post/li", f"{id}/post/nobody", f"{id}/post/zhao"]
    assert [(person.name, person.email) for person in mail.seen] == [
        ("LI", "li@example.org"), ("nobody", ""), ("ZHAO", "zhao@elsewhere.org"),
    ]  # fmt: skip
    assert [(d.id, d.status, d.settled_at) for d in letters(store)] == [(id, "delivered", NOON) for id in mail.ids]
    assert states(store, recipient="") == ["expanded"]


def test_a_notice_to_nobody_is_skipped(store: Store) -> None:
    """A role without holders leaves a receipt that says so."""
    relay = Relay(store, [Post()])
    post(store)
    assert relay.run(NOON) == RelayReport(skipped=1)
    assert receipts(store)[0].error == "addressed to nobody who is to be told"


def test_an_erased_person_is_not_told(store: Store) -> None:
    """Whoever was erased in the run or in its programme gets nothing, even by id (R16)."""
    enrol(store, ["chen", "li", "wang"])
    change(store, RUN, put={"erased/li": "9"}, erase=("li",))
    enrol(store, ["chen"], run=PROGRAMME)
    change(store, PROGRAMME, put={"erased/chen": "9"}, erase=("chen",))
    mail = Post()
    relay = Relay(store, [mail])
    post(store, persons=("chen", "li", "wang"))
    assert relay.run(NOON) == RelayReport(delivered=1)
    assert mail.told == ["wang"]


def test_a_cohort_of_1200_is_told_page_by_page(store: Store) -> None:
    """1,200 members: those who owe the duty now and have no date of their own, each under an id of their own (R26)."""
    members = [f"m{number:04d}" for number in range(1200)]
    enrol(store, members)
    part(store, "m0007", done=True)
    part(store, "m0100", waived="illness")
    part(store, "m0200", reported=True)
    part(store, "m0300", term=Term(day=date(2009, 4, 1)))
    mail = Post()
    relay = Relay(store, [mail], page=100)
    id = post(store, kind="overdue", owing=DUTY)
    assert relay.run(NOON, limit=2000) == RelayReport(delivered=1197)
    assert mail.told == [member for member in members if member not in ("m0007", "m0100", "m0300")]
    assert mail.ids[0] == f"{id}/post/m0000"
    assert len(set(mail.ids)) == 1197


def test_who_did_it_meanwhile_is_no_longer_told(store: Store) -> None:
    """Whether somebody owes is asked when they are told: a duty done since is not mentioned again."""
    enrol(store, ["a", "b", "c"])
    mail = Post(fault=lambda person: part(store, "c", done=True) if person == "a" else None)
    relay = Relay(store, [mail])
    post(store, owing=DUTY)
    assert relay.run(NOON) == RelayReport(delivered=2, skipped=1)
    assert mail.told == ["a", "b"]
    assert letters(store)[-1].error == "is no longer to be told"


@pytest.mark.parametrize(
    ("row", "done"),
    [
        (f"duty/{DUTY}", DutyState(key=DUTY, name="notes", opened=NOON, owed=2, done=2)),
        (f"duty/{DUTY}", DutyState(key=DUTY, name="notes", opened=NOON, owed=2, exempt="w")),
        (f"part/{DUTY}/li", PartState(done=True, term=Term(day=date(2009, 4, 1)))),
        ("visit/study/1", VisitState(phase="study", number=1, opened=NOON, window=OPEN_ENDED, closed=NOON)),
        ("item/faults/000001", ItemState(kind="now", fields={}, owner="li", term=Term(), opened=NOON, closed=NOON)),
    ],
)
def test_nobody_is_reminded_of_what_is_done(store: Store, row: str, done: Any) -> None:
    """A reminder falls away with what it is about: a duty, somebody's own date for it, a phase, an item."""
    enrol(store, ["li"])
    mail, board = Post(), Board()
    relay = Relay(store, [mail, board])
    post(store, persons=("li",), while_open=row)
    change(store, RUN, put={row: codec.encode(done)})
    assert relay.run(NOON) == RelayReport(skipped=2)
    assert (mail.told, board.told) == ([], [])


def test_a_crash_in_a_cohort_tells_one_person_twice_at_most(store: Store) -> None:
    """Each person is a delivery of their own: after a kill only the one who was being told is told again (R26)."""
    members = [f"m{number:02d}" for number in range(50)]
    enrol(store, members)
    alive = [True]

    def kill(person: str) -> None:
        if person == "m25" and alive.pop():
            mail.told.append(person)
            raise KeyboardInterrupt

    mail = Post(fault=kill)
    relay = Relay(store, [mail], page=10, lease=MINUTE)
    post(store, owing=DUTY)
    with pytest.raises(KeyboardInterrupt):
        relay.run(NOON)
    alive[:] = [False]
    assert relay.run(NOON + MINUTE) == RelayReport(delivered=25)
    assert sorted(mail.told) == sorted([*members, "m25"])
    assert len(set(mail.ids)) == 50


def test_a_crash_between_two_pages_of_letters_leaves_nobody_out(store: Store) -> None:
    """The pages are settled with the letters they make; the next relay goes on behind the last of them."""
    members = [f"m{number:02d}" for number in range(30)]
    enrol(store, members)

    class Dying(Directory):
        pages = 0

        def page(self, notice: Any, *, after: str, limit: int) -> Any:
            self.pages += 1
            if self.pages == 3:
                raise KeyboardInterrupt
            return super().page(notice, after=after, limit=limit)

    mail = Post()
    relay = Relay(store, [mail], page=10, lease=MINUTE, resolver=Dying(store))
    post(store, owing=DUTY)
    with pytest.raises(KeyboardInterrupt):
        relay.run(NOON)
    assert len(letters(store)) == 20
    assert relay.run(NOON + MINUTE) == RelayReport(delivered=30)
    assert sorted(mail.told) == members


def test_a_person_who_cannot_be_told_now_does_not_hold_up_the_others(store: Store) -> None:
    """The rest of the cohort is told at once, and later notices too; only that person's wait, in their order."""
    enrol(store, ["a", "b", "c", "d"])
    down = Down("b")
    mail = Post(fault=down)
    relay = Relay(store, [mail], policy=EXACT)
    first = post(store, owing=DUTY)
    second = post(store, persons=("b", "c"))
    assert relay.run(NOON) == RelayReport(delivered=4, retried=1, waiting=2)
    assert mail.told == ["a", "c", "c", "d"]
    down.on = False
    assert relay.run(NOON + MINUTE) == RelayReport(delivered=2)
    assert mail.ids[-2:] == [f"{first}/post/b", f"{second}/post/b"]


def test_an_address_refused_for_good_is_a_dead_letter_of_that_person(store: Store) -> None:
    """One bad address costs one dead letter and no other person's mail; revived, only it is tried; or it is dropped."""
    enrol(store, ["a", "b", "c"])

    def refuse(person: str) -> None:
        if person == "b" and not mended:
            raise Undeliverable("550 no such user b@example.org")

    mended: list[int] = []
    mail = Post(fault=refuse)
    engine = Engine(store, hooks=[mail], clock=lambda: NOON)
    id = post(store, owing=DUTY)
    assert engine.relay() == RelayReport(delivered=2, dead=1)
    (dead,) = engine.dead_letters()
    assert (dead.id, dead.error) == (f"{id}/post/b", "gave up: Undeliverable: 550 no such user …")
    mended.append(1)
    assert engine.retry_dead(dead.id)
    assert engine.relay() == RelayReport(delivered=1)
    assert mail.told == ["a", "c", "b"]
    mended.clear()
    post(store, persons=("b",))
    engine.relay()
    (dead,) = engine.dead_letters(hook="post")
    assert engine.drop_dead(dead.id, reason="told by telephone", by="wang")
    assert not engine.drop_dead(dead.id, reason="again", by="wang")
    assert engine.dead_letters() == []
    assert letters(store)[-1].error == "dropped by wang: told by telephone"


def test_an_outage_costs_three_tries_a_run_and_nobody_a_notice(store: Store) -> None:
    """When a hook is down it is left alone; another goes on; when it is up again everybody is told exactly once."""
    members = [f"m{number:02d}" for number in range(30)]
    enrol(store, members)
    down = Down()
    mail, board = Post(fault=down), Board()
    relay = Relay(store, [mail, board], policy=EXACT, page=10)
    post(store, owing=DUTY)
    assert relay.run(NOON) == RelayReport(delivered=1, retried=3, waiting=30)
    assert relay.run(NOON + MINUTE) == RelayReport(retried=3, waiting=30)
    assert len(mail.ids) == 6
    down.on = False
    assert relay.run(NOON + 3 * MINUTE) == RelayReport(delivered=30)
    assert sorted(mail.told) == members


def test_one_notice_that_kills_the_process_takes_no_other_with_it(store: Store) -> None:
    """Of several claimed together only the first can be to blame, so it is told alone until it is dead-lettered."""
    enrol(store, ["li"])

    class Bomb(Post):
        @hookimpl
        def outcome(self, recipient: Recipient) -> None:
            raise SystemExit

    mail = Bomb()
    relay = Relay(store, [mail], policy=EXACT, lease=MINUTE)
    post(store, persons=("li",), kind="outcome")
    post(store, persons=("li",))
    post(store, persons=("li",))
    for minute in range(4):
        with pytest.raises(SystemExit):
            relay.run(NOON + minute * MINUTE)
    assert relay.run(NOON + 4 * MINUTE) == RelayReport(dead=1, delivered=2)
    assert mail.told == ["li", "li"]


def test_errors_in_receipts_hold_no_personal_values(store: Store) -> None:
    """A receipt outlives an erasure, so that the name and the address of a person do not get into it (R16)."""
    enrol(store, ["li"])

    def fail(person: str) -> None:
        raise OSError("cannot reach LI at li@example.org\nnor anybody")

    relay = Relay(store, [Post(fault=fail)])
    post(store, persons=("li",))
    relay.run(NOON)
    assert letters(store)[0].error == "OSError: cannot reach … at … nor anybody"


def test_a_failing_store_is_not_blamed_on_the_hook(store: Store) -> None:
    """When recipients cannot be read, the relay stops and the attempt is not counted as the hook's."""

    class Broken:
        def page(self, *_: Any, **__: Any) -> Any:
            raise StoreError("gone")

        again = still_open = page

    relay = Relay(store, [Post()], resolver=Broken())
    post(store, persons=("li",))
    with pytest.raises(StoreError):
        relay.run(NOON)
    assert states(store) == ["leased"]


@pytest.mark.failure(2, "memory", "SQLite")
def test_a_relay_that_was_stopped_past_its_lease_tells_no_more_of_it(store: Store) -> None:
    """SIGSTOP in a telling, then SIGCONT: what was claimed behind it belongs to the successor, not told twice."""
    enrol(store, ["li"])
    clock = [NOON]
    successor = Post()

    def stop(person: str) -> None:
        clock[0] = NOON + 20 * MINUTE
        Relay(store, [successor], clock=lambda: clock[0]).run()

    mail = Post(fault=stop)
    relay = Relay(store, [mail], clock=lambda: clock[0])
    for _ in range(3):
        post(store, persons=("li",))
    assert relay.run() == RelayReport(overtaken=1)
    assert len(successor.told) == 3
    assert len(mail.told) == 1
    assert {letter.status for letter in letters(store)} == {"delivered"}


@given(st.sets(st.integers(0, 11)), st.integers(1, 5), st.lists(st.sets(st.integers(0, 11)), max_size=6))
def test_everybody_is_told_at_least_once_whatever_fails(refused: set[int], page: int, outages: list[set[int]]) -> None:
    """Law 11 for cohorts: whoever fails in whichever attempt, in the end each is told, or is a dead letter."""
    store = open_store("memory:")
    members = [f"m{number:02d}" for number in range(12)]
    enrol(store, members)
    weather = iter(outages)
    now: set[int] = set()

    def fault(person: str) -> None:
        if int(person[1:]) in refused:
            raise Undeliverable("no")
        if int(person[1:]) in now:
            raise ConnectionError

    mail = Post(fault=fault)
    relay = Relay(store, [mail], page=page)
    post(store, owing=DUTY)
    for hour in range(12):
        now = next(weather, set())
        relay.run(NOON + timedelta(hours=hour))
    assert sorted(mail.told) == [member for member in members if int(member[1:]) not in refused]
    assert {d.recipient for d in letters(store, "dead")} == {m for m in members if int(m[1:]) in refused}


# --- patience -------------------------------------------------------------------------------------------------------


@given(st.text(), st.integers(1, 1000))
def test_the_wait_grows_up_to_its_most_and_is_never_less_than_half(delivery: str, failures: int) -> None:
    """The spread moves a wait within its upper half, the same way each time it is asked."""
    policy = RetryPolicy()
    whole = RetryPolicy(jitter=lambda *_: Fraction(1)).wait(delivery, failures)
    assert whole / 2 <= policy.wait(delivery, failures) <= whole <= policy.most
    assert policy.wait(delivery, failures) == policy.wait(delivery, failures)
    assert 0 <= spread(delivery, failures) < 1


# --- the engine -----------------------------------------------------------------------------------------------------


def test_an_engine_checks_and_declares_its_hooks_at_once(store: Store) -> None:
    """What happens before the first relay is told too; a bad plugin is found before a store is opened."""
    board = Board()
    engine = Engine(store, hooks=[board], clock=lambda: NOON)
    id = post(store)
    assert engine.relay() == RelayReport(delivered=1)
    assert board.told == [f"{id}/board"]
    with pytest.raises(HookError):
        Engine("sqlite:////nowhere/at/all.db", hooks=[object()])


def test_an_engine_without_hooks_has_a_relay_that_tells_nothing() -> None:
    """`relay` may be called in any case."""
    with Engine() as engine:
        assert engine.relay(datetime(2009, 3, 1, tzinfo=NOON.tzinfo)) == RelayReport()


def test_every_notice_of_a_real_policy_can_be_told() -> None:
    """A season of a real policy left to itself: all that is in the outbox reaches somebody or says why not."""
    clock, board, mail = Clock(), Board(), Post()
    with Engine(clock=clock, hooks=[board, mail]) as engine:
        programme = engine.start(plan(), start="2009-02-20", roster=OFFICE)
        engine.start(plan(), unit="north", start="2009-02-20", roster=UNIT, programme=programme)
        for _ in range(8):
            clock.now += timedelta(days=10)
            engine.tick()
            report = engine.relay()
            assert (report.dead, report.retried, report.waiting) == (0, 0, 0)
        with engine.store.transaction(write=False) as tx:
            posted = tx.notices()
    stale = sum(notice.useless_after is not None for notice in posted)
    assert len(posted) - stale <= len(board.told) <= len(posted)
    assert {"qian", "wang"} <= set(mail.told)
    assert len(set(mail.ids)) == len(mail.ids)
