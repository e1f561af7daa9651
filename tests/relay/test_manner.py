"""How hooks are told: together or singly, at what hours, and what of what was missed (R27)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phaseflow import Engine
from phaseflow.core.notices import Notice
from phaseflow.errors import PolicyError
from phaseflow.hooks import Recipient, Telling, hookimpl
from phaseflow.relay import Manner, Quiet, Relay, RelayReport, RetryPolicy, read_manner
from phaseflow.relay.manner import calendar_of
from phaseflow.stores import open_store
from phaseflow.stores.base import Store
from tests.laws.district import OFFICE, UNIT, Clock, plan
from tests.outbox import MINUTE, NOON, PROGRAMME, change, enrol, post, receipts

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def store() -> Store:
    return open_store("memory:")


class Letters:
    """Keeps what each person was told: one title, or the titles of a digest. *fault* may raise."""

    name = "letters"

    def __init__(self) -> None:
        self.told: list[tuple[str, list[str]]] = []
        self.ids: list[str] = []
        self.parts: list[tuple[str, ...]] = []
        self.fault: type[BaseException] | None = None

    def _keep(self, person: str, titles: list[str], delivery: Telling) -> None:
        self.ids.append(delivery.id)
        if self.fault is not None:
            raise self.fault
        self.told.append((person, titles))
        self.parts.append(delivery.parts)

    @hookimpl
    def notice(self, notice: Notice, delivery: Telling, recipient: Recipient) -> None:
        self._keep(recipient.id, [notice.title], delivery)

    @hookimpl
    def digest(self, notices: Sequence[Notice], delivery: Telling, recipient: Recipient) -> None:
        self._keep(recipient.id, [notice.title for notice in notices], delivery)


def told(store: Store, manner: Manner, *, now: datetime = NOON, **more: Any) -> tuple[list[Any], RelayReport]:
    hook = Letters()
    report = Relay(store, [hook], manners={"letters": manner}, **more).run(now)
    return hook.told, report


# --- together -------------------------------------------------------------------------------------------------------


def test_what_is_pending_for_a_person_goes_out_in_one_telling(store: Store) -> None:
    """Whoever wants digests gets one, over all runs of a programme, in the order of the notices; each has a receipt."""
    enrol(store, ["li", "wang"])
    enrol(store, ["li"], run=PROGRAMME)
    hook = Letters()
    relay = Relay(store, [hook], manners={"letters": Manner(digest="always")})
    ids = [post(store, persons=("li", "wang"), title="a"), post(store, persons=("li",), title="b")]
    above = post(store, run=PROGRAMME, persons=("li",), title="c")
    assert relay.run(NOON) == RelayReport(delivered=4)
    assert sorted(hook.told) == [("li", ["a", "b", "c"]), ("wang", ["a"])]
    assert (f"{ids[0]}/letters/li", f"{ids[1]}/letters/li", f"{above}/letters/li") in hook.parts
    assert {d.status for d in receipts(store) if d.recipient} == {"delivered"}


def test_who_has_two_addresses_gets_a_digest_at_each(store: Store) -> None:
    """Where a unit and its programme keep different addresses of one person, what each has to tell goes to its own."""
    enrol(store, ["li"])
    enrol(store, ["li"], run=PROGRAMME, domain="elsewhere.org")
    hook = Letters()
    relay = Relay(store, [hook], manners={"letters": Manner(digest="always")})
    for run, title in (("safety/north", "a"), (PROGRAMME, "b"), ("safety/north", "c")):
        post(store, run=run, persons=("li",), title=title)
    assert relay.run(NOON) == RelayReport(delivered=3)
    assert hook.told == [("li", ["a", "c"]), ("li", ["b"])]


def test_a_digest_has_the_same_id_again_and_another_when_it_has_grown(store: Store) -> None:
    """A receiver that drops doubles by id drops no news: what came in between two attempts makes it another digest."""
    enrol(store, ["li"])
    hook = Letters()
    relay = Relay(store, [hook], manners={"letters": Manner(digest="always")}, policy=RetryPolicy())
    for title in "ab":
        post(store, persons=("li",), title=title)
    hook.fault = ConnectionError
    relay.run(NOON)
    relay.run(NOON + HOUR)
    post(store, persons=("li",), title="c")
    hook.fault = None
    relay.run(NOON + 9 * HOUR)
    assert hook.told == [("li", ["a", "b", "c"])]
    assert hook.ids[0] == hook.ids[1] != hook.ids[2]


def test_a_digest_that_kills_the_process_is_taken_apart(store: Store) -> None:
    """After a kill the parts are told alone, so that one bad notice cannot take the others into the grave."""
    enrol(store, ["li"])
    hook = Letters()
    relay = Relay(store, [hook], manners={"letters": Manner(digest="always")}, lease=MINUTE)
    for title in "abc":
        post(store, persons=("li",), title=title)
    hook.fault = SystemExit
    with pytest.raises(SystemExit):
        relay.run(NOON)
    hook.fault = None
    relay.run(NOON + MINUTE)
    assert hook.told == [("li", ["a"]), ("li", ["b", "c"])]


def test_who_has_no_hook_for_digests_gets_a_notice_that_sums_them_up(store: Store) -> None:
    """`notice` is called once, with a notice of the kind ``digest`` and a line for each."""

    class Plain:
        @hookimpl
        def notice(self, notice: Notice, recipient: Recipient) -> None:
            seen.append(notice)

    seen: list[Notice] = []
    enrol(store, ["li"])
    relay = Relay(store, [Plain()], manners={"Plain": Manner(digest="always")})
    post(store, persons=("li",))
    post(store, persons=("li",), kind="outcome", title="Completed", data={}, clause=("4",))
    assert relay.run(NOON) == RelayReport(delivered=2)
    (summed,) = seen
    assert (summed.kind, summed.title, summed.unit, summed.clause) == ("digest", "2", "north", ("3.2", "4"))
    assert summed.data == {"1": "due_soon: Reading notes (2009-03-13)", "2": "outcome: Completed"}


def test_a_plugin_with_hooks_of_single_kinds_only_is_told_singly(store: Store) -> None:
    """Nothing is made of notices for a plugin that could not take it."""

    class Outcomes:
        @hookimpl
        def outcome(self, notice: Notice, recipient: Recipient) -> None:
            seen.append(notice.title)

    seen: list[str] = []
    enrol(store, ["li"])
    relay = Relay(store, [Outcomes()], manners={"Outcomes": Manner(digest="always")})
    for title in "ab":
        post(store, persons=("li",), kind="outcome", title=title)
    assert relay.run(NOON) == RelayReport(delivered=2)
    assert seen == ["a", "b"]


def test_urgent_kinds_wait_for_no_digest_and_no_hour(store: Store) -> None:
    """An escalation goes out at once and alone, though the rest waits for the morning."""
    enrol(store, ["li"])
    manner = Manner(digest="always", daily=time(8), quiet=Quiet.read("20:00-07:00"), urgent=frozenset({"escalated"}))
    hook = Letters()
    relay = Relay(store, [hook], manners={"letters": manner})
    post(store, persons=("li",), title="a")
    post(store, persons=("li",), title="b", kind="escalated")
    post(store, persons=("li",), title="c")
    assert relay.run(NOON) == RelayReport(delivered=1, waiting=2)
    assert relay.run(NOON + 20 * HOUR) == RelayReport(delivered=2)
    assert hook.told == [("li", ["b"]), ("li", ["a", "c"])]


# --- hours ----------------------------------------------------------------------------------------------------------


def test_quiet_hours_are_those_of_the_recipient(store: Store) -> None:
    """Noon UTC is night in Auckland and evening in Shanghai: who sleeps is told in their own morning."""
    enrol(store, ["li", "rua"])
    change(store, PROGRAMME)
    zone = {"person/rua/zone": "Pacific/Auckland"}
    change(store, "safety/north", personal=tuple(_value(ref, value) for ref, value in zone.items()))
    hook = Letters()
    relay = Relay(store, [hook], manners={"letters": Manner(quiet=Quiet.read("22:00-07:00"))})
    post(store, persons=("li", "rua"), zone="Asia/Shanghai")
    assert relay.run(NOON) == RelayReport(delivered=1, waiting=1)
    assert relay.run(NOON + 5 * HOUR) == RelayReport(waiting=1)
    assert relay.run(NOON + 6 * HOUR) == RelayReport(delivered=1)  # 07:00 in Auckland, summer time
    assert hook.told == [("li", ["Reading notes"]), ("rua", ["Reading notes"])]


def test_who_was_to_be_told_by_day_is_not_told_by_night_after_an_outage(store: Store) -> None:
    """Quiet hours are asked at each attempt, not only when the letter is made."""
    enrol(store, ["li"])
    hook = Letters()
    hook.fault = ConnectionError
    relay = Relay(store, [hook], manners={"letters": Manner(quiet=Quiet.read("22:00-07:00"))})
    post(store, persons=("li",))
    assert relay.run(NOON) == RelayReport(retried=1, waiting=1)
    hook.fault = None
    assert relay.run(NOON + 11 * HOUR) == RelayReport(put_off=1, waiting=1)
    assert relay.run(NOON + 18 * HOUR) == RelayReport(waiting=1)
    assert relay.run(NOON + 19 * HOUR) == RelayReport(delivered=1)


def test_a_zone_that_there_is_not_is_the_runs(store: Store) -> None:
    """A misspelt zone of one person stops nothing."""
    enrol(store, ["li"])
    change(store, "safety/north", personal=(_value("person/li/zone", "Middle-earth/Shire"),))
    assert told(store, Manner(quiet=Quiet.read("22:00-07:00")))[1] == RelayReport()
    post(store, persons=("li",), zone="Asia/Shanghai")
    assert told(store, Manner(quiet=Quiet.read("19:00-07:00")))[1] == RelayReport(waiting=1)


@given(
    st.integers(0, 4 * 365 * 24 * 60).map(lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + minutes * MINUTE),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_after_the_quiet_hours_it_is_not_quiet(now: datetime, start: time, end: time, zone: str) -> None:
    """The instant named is not before now, is no more than a day and an hour away, and is not put off again for long.

    Where the clock changes an end may be skipped or come twice; then the next look may put it off once more.
    """
    quiet, calendar = Quiet(start, end), calendar_of(zone)
    until = quiet.until(now, calendar)
    assert now <= until <= now + timedelta(hours=25)
    if start != end:
        assert quiet.until(until, calendar) - until <= timedelta(hours=1)


# --- what was missed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("catch_up", "titles"),
    [
        ("none", [["an approval"], ["today"]]),
        ("latest", [["third", "an approval"], ["today"]]),
        ("all", [["first", "second", "third", "an approval"], ["today"]]),
    ],
)
def test_what_was_missed_is_caught_up_with_in_one_telling(store: Store, catch_up: Any, titles: list[Any]) -> None:
    """After downtime: nothing, the latest of each subject, or all of what the clock missed; and never a burst."""
    enrol(store, ["li"])
    hook = Letters()
    relay = Relay(store, [hook], manners={"letters": Manner(catch_up=catch_up)})
    for days, title in ((9, "first"), (5, "second"), (2, "third")):
        post(store, persons=("li",), title=title, kind="overdue", at=NOON - days * DAY, told_at=NOON)
    post(store, persons=("li",), title="an approval", kind="document_approved", at=NOON - 3 * DAY, told_at=NOON)
    post(store, persons=("li",), title="today", kind="overdue", subject="other")
    relay.run(NOON)
    assert hook.told == [("li", group) for group in titles]


def test_of_each_subject_the_latest_is_told(store: Store) -> None:
    """Two members whose dates were missed are two subjects, though the duty is one."""
    enrol(store, ["li"])
    for person in ("chen", "zhao"):
        for days in (9, 5):
            post(store, persons=("li",), title=f"{person} {days}", kind="escalated", while_open=f"part/d/{person}",
                 at=NOON - days * DAY, told_at=NOON)  # fmt: skip
    assert told(store, Manner()) == ([], RelayReport())
    for person in ("chen", "zhao"):
        for days in (9, 5):
            post(store, persons=("li",), title=f"{person} {days}", kind="escalated", while_open=f"part/d/{person}",
                 at=NOON - days * DAY, told_at=NOON)  # fmt: skip
    assert told(store, Manner())[0] == [("li", ["chen 5", "zhao 5"])]


@pytest.mark.failure(5, "memory")
def test_a_first_start_is_quiet() -> None:
    """A campaign that began three months before its run: each person gets one telling of all that."""
    clock, hook = Clock(), Letters()
    clock.now = datetime(2009, 6, 1, tzinfo=UTC)
    with Engine(clock=clock, hooks=[hook]) as engine:
        programme = engine.start(plan(), start="2009-02-20", roster=OFFICE)
        engine.start(plan(), unit="north", start="2009-02-20", roster=UNIT, programme=programme)
        engine.tick()
        report = engine.relay()
        posted = len(receipts(engine.store, recipient=""))
    persons = [person for person, _ in hook.told]
    assert report.waiting == 0
    assert posted > 20
    assert len(persons) == len(set(persons)), "nobody was told twice"
    assert max(len(titles) for _, titles in hook.told) > 3


@pytest.mark.failure(5, "memory")
def test_a_month_of_downtime_is_told_once() -> None:
    """Hourly, or once after a month: the trail is the same, and the mails are few (R27)."""
    clock, hook = Clock(), Letters()
    with Engine(clock=clock, hooks=[hook]) as engine:
        programme = engine.start(plan(), start="2009-02-20", roster=OFFICE)
        engine.start(plan(), unit="north", start="2009-02-20", roster=UNIT, programme=programme)
        engine.relay()
        hook.told.clear()
        clock.now += 60 * DAY
        engine.tick()
        engine.relay()
    persons = [person for person, _ in hook.told]
    assert persons
    assert len(persons) == len(set(persons))


# --- settings -------------------------------------------------------------------------------------------------------


def test_a_manner_is_read_from_plain_settings() -> None:
    """What stands in phaseflow.toml, key by key."""
    given = {"digest": "always", "daily": "08:00", "quiet": "22:00-07:00", "catch_up": "none", "late": 12,
             "urgent": ["escalated"]}  # fmt: skip
    assert read_manner("smtp", given) == Manner(
        digest="always", daily=time(8), quiet=Quiet(time(22), time(7)), catch_up="none", late=12 * HOUR,
        urgent=frozenset({"escalated"}),
    )  # fmt: skip
    assert read_manner("smtp", {}) == Manner()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"digests": "late"}, "did you mean 'digest'"),
        ({"digest": "allways"}, "did you mean 'always'"),
        ({"quiet": "22:00"}, "names no two times"),
        ({"quiet": 7}, "quiet"),
        ({"daily": "25:00"}, "hour must be in"),
        ({"daily": "8"}, "is no time of day"),
        ({"late": -1}, "a whole number of hours"),
        ({"late": True}, "a whole number of hours"),
        ({"urgent": ["escalate"]}, "did you mean 'escalated'"),
        ({"urgent": 3}, "urgent"),
    ],
)
def test_a_wrong_setting_is_named(given: dict[str, Any], says: str) -> None:
    """PF730 with the hook, the setting and what may stand there."""
    with pytest.raises(PolicyError) as caught:
        read_manner("smtp", given)
    (problem,) = caught.value.problems
    assert problem.code == "PF730"
    assert "'smtp'" in problem.what
    assert says in f"{problem.what} {problem.fix}"


def _value(ref: str, value: str) -> Any:
    from phaseflow.stores.base import PersonalValue

    return PersonalValue(ref=ref, owner=ref.split("/")[1], salt="s", value=value)


