"""Units are merged and split in mid-run, and a redo takes over the open items of the run it pays for (R35)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from phaseflow import Engine, Refused, compile_policy
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: tidy
zone: Asia/Shanghai
batch: 1
appoints: office
recording: {late_by: 2 days}
roles: {office: {of: programme}, lead: {of: unit}, member: {of: unit}, auditor: {of: unit}}
defaults: {phase: {opens: with campaign, closes: by lead, clock: calendar}, duty: {due: none}}
phases:
  study:
    window: 03-01 .. 03-31
    duties: {notes: {task: Notes, each: member}}
ledgers:
  findings:
    required: [content]
    opened_by: [auditor]
    classes: {now: 7 days, staged: none}
    close: {by: owner, evidence: none, verify: auditor, poor: reopen}
    survives: true
waivers: {by: lead, duties: any, grounds: [illness], expires: optional}
programme: {outcomes: {over: {by: office, gate: {units: 2/3, concluded: any}}}}
outcomes:
  done: {by: lead}
  redo: {by: office, owes: next_batch, carry: CARRY}
"""


class Clock:
    now = datetime(2009, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Tidy:
    """Two units with a finding each, and a new one."""

    def __init__(self, url: str = "memory:", carry: str = "open_items") -> None:
        self.plan = compile_policy(read_policy(POLICY.replace("CARRY", carry), file="tidy.yaml").result())
        self.clock = Clock()
        self.engine = Engine(url, clock=self.clock)
        self.top = self.engine.start(self.plan, start="2009-03-01", roster=[{"id": "qian", "roles": ["office"]}])
        self.units: dict[str, Any] = {}
        for unit in ("a", "b"):
            self.start(unit)
        self.start("new", members=("a.m", "b.m"))
        self.items = {unit: self.find(unit) for unit in ("a", "b")}

    def start(self, unit: str, members: tuple[str, ...] = (), **more: Any) -> Any:
        roster = [{"id": f"{unit}.{short}", "roles": [role], "name": f"{role} of {unit}"}
                  for short, role in (("l", "lead"), ("m", "member"), ("s", "auditor"))]  # fmt: skip
        roster += [{"id": member, "roles": ["member"]} for member in members]
        top = more.pop("programme", self.top)
        run = self.engine.start(self.plan, unit=unit, start="2009-03-01", programme=top, roster=roster, **more)
        self.units[unit] = run
        return run

    def find(self, unit: str, kind: str = "now") -> str:
        answer = self.units[unit].open_item(
            "findings", by=f"{unit}.s", kind=kind, fields={"content": f"of {unit}"}, owner=f"{unit}.m"
        )
        return str(answer.events[0].item)

    def item(self, unit: str, number: int) -> Any:
        with self.engine.reading(self.units[unit].id) as (_tx, _head, _plan, rows, _around):
            return rows.get(f"item/findings/{number:06d}")

    def whole(self) -> None:
        for run in (self.top, *self.units.values()):
            assert run.verify() == ()


@pytest.fixture(params=["memory", "sqlite"])
def tidy(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made = Tidy("memory:" if request.param == "memory" else f"sqlite:///{tmp_path}/runs.db")
    with made.engine:
        yield made


def test_merged_units_go_on_in_one(tidy: Tidy) -> None:
    """Their open items live on with their clocks, once; all runs name each other; the programme counts one unit."""
    tidy.clock.now = datetime(2009, 3, 20, tzinfo=UTC)
    tidy.engine.tick()
    tidy.top.merge(["a", "b"], into="new", carry=["open_items"], reason="reform", by="qian")
    assert sorted(tidy.top.status().units) == ["a", "b", "new"]
    with tidy.engine.reading(tidy.top.id) as (_tx, _head, _plan, rows, _around):
        assert rows.get("count/units") == 1
    for number, unit in enumerate(("a", "b"), 1):
        left, found = tidy.item(unit, 1), tidy.item("new", number)
        assert (left.status, left.carried_to, left.timers) == ("carried", tidy.units["new"].id, ())
        assert (found.status, found.carried_from) == ("open", f"{tidy.units[unit].id}#findings/1")
        assert (found.opened, found.term.day) == (left.opened, date(2009, 3, 8))
        assert found.fields == {"content": f"of {unit}"}
        assert found.fell_due  # it was overdue there, and is here
        with pytest.raises(Refused, match="act on it in 'tidy/new'"):
            tidy.units[unit].settle_item("findings/1", by=f"{unit}.m")
    took = [event for entry in tidy.units["new"].history() if isinstance(event := entry.event, e.TookOver)]
    assert [event.source for event in took] == ["tidy/a", "tidy/b"]
    left_event = next(x.event for x in tidy.units["a"].history() if isinstance(x.event, e.WithdrawnFromProgramme))
    assert left_event.into == ("tidy/new",)
    tidy.units["new"].settle_item("findings/1", by="a.m")
    tidy.whole()


def test_after_a_merger_each_counts_once(tidy: Tidy) -> None:
    """One of three has ended; once two of them are one, it is one of two."""
    tidy.units["new"].request("done", by="new.l")
    assert tidy.top.request("over", by="qian").reasons[0].measured == "33.33% (1/3)"
    tidy.top.merge(["a"], into="b", carry=[], reason="reform", by="qian")
    held = tidy.top.request("over", by="qian")
    assert (held.held, held.reasons[0].measured) == (True, "50%")


def test_nothing_goes_along_that_is_not_named(tidy: Tidy) -> None:
    """Open items, people, waivers and debts stay where they are unless the office says so."""
    before = len(tidy.units["new"].history())
    tidy.top.merge(["a", "b"], into="new", carry=[], reason="reform", by="qian")
    assert [type(x.event).__name__ for x in tidy.units["new"].history()[before:]] == ["TookOver", "TookOver"]
    assert tidy.item("a", 1).status == "open"
    tidy.whole()


def test_people_waivers_and_debts_go_along_where_they_are_named(tidy: Tidy) -> None:
    """Holders keep their roles and names, waivers in force hold on, and the redo is owed by the one that goes on."""
    tidy.units["a"].waive("notes", by="a.l", subject="a.m", grounds="illness", reason="flu", until="2009-04-30")
    tidy.units["a"].request("redo", by="qian")
    tidy.top.merge(["a"], into="new", carry=["holders", "waivers", "debts"], reason="reform", by="qian")
    new = tidy.units["new"]
    with tidy.engine.reading(new.id) as (tx, _head, _plan, rows, _around):
        assert rows.get("person/a.l").roles == ("lead",)
        assert tx.personal(new.id, ["person/a.l/name"])["person/a.l/name"].value == "lead of a"
        (waiver,) = [row for _, row in rows.scan("waiver/")]
        assert (waiver.subject, waiver.grounds, waiver.expires.day) == ("a.m", "illness", 30)
    assert new.status().owes_redo
    assert tidy.units["a"].status().redeemed_by == new.id
    tidy.whole()


def test_a_merger_stands_or_falls_whole(tidy: Tidy) -> None:
    """An owner whom the new unit does not know, a waiver of what is not owed there: every run stays as it was."""
    tidy.start("small")
    before = {name: len(run.history()) for name, run in {**tidy.units, "top": tidy.top}.items()}
    with pytest.raises(Refused, match=r"the owner 'a\.m' is on no roster"):
        tidy.top.merge(["a", "b"], into="small", carry=["open_items"], reason="reform", by="qian")
    tidy.units["b"].waive("notes", by="b.l", subject="b.m", grounds="illness", reason="flu")
    before["b"] += 1
    with pytest.raises(Refused, match=r"'notes' is not owed by 'b\.m'"):
        tidy.top.merge(["a", "b"], into="small", carry=["waivers"], reason="reform", by="qian")
    assert {name: len(run.history()) for name, run in {**tidy.units, "top": tidy.top}.items()} == before
    tidy.top.merge(["a", "b"], into="small", carry=["open_items", "holders"], reason="reform", by="qian")
    tidy.whole()


def test_a_split_deals_out_item_by_item(tidy: Tidy) -> None:
    """One item goes to one unit, the rest to the other; a retry of the command changes nothing."""
    second, third = tidy.find("a"), tidy.find("a", "staged")
    tidy.start("half", members=("a.m",))
    for _ in range(2):
        tidy.top.split(
            "a", into={"half": ["open_items"], "new": [second]}, reason="too large", by="qian", id="split"
        )  # fmt: skip
    assert [tidy.item("a", n).carried_to for n in (1, 2, 3)] == ["tidy/half", "tidy/new", "tidy/half"]
    assert tidy.item("half", 2).carried_from == f"tidy/a#{third}"
    assert tidy.item("half", 3) is None
    tidy.whole()


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda t: t.top.merge(["a", "x"], into="new", carry=[], reason="so", by="qian"), "no unit 'x'"),
        (lambda t: t.top.merge(["a", "new"], into="new", carry=[], reason="so", by="qian"), "cannot go on in itself"),
        (lambda t: t.top.merge([], into="new", carry=[], reason="so", by="qian"), "nothing goes on"),
        (lambda t: t.top.merge(["a"], into="new", carry=["open_item"], reason="so", by="qian"), "mean 'open_items'"),
        (lambda t: t.top.merge(["a"], into="new", carry=["findings/7"], reason="so", by="qian"), "is not open"),
        (lambda t: t.top.split("a", into={"b": ["debts"], "new": ["debts"]}, reason="so", by="qian"), "several units"),
        (lambda t: t.top.merge(["a"], into="new", carry=[], reason="so", by="a.l"), "PF301"),
    ],
)  # fmt: skip
def test_what_cannot_be_merged_or_split_is_refused(act: Any, told: str) -> None:
    """Each with its reason, and nothing changes."""
    tidy = Tidy()
    before = len(tidy.top.history())
    with pytest.raises(Refused, match=told):
        act(tidy)
    assert len(tidy.top.history()) == before
    tidy.whole()


@pytest.mark.parametrize("carry", ["open_items", "nothing"])
def test_r35_the_redo_takes_over_what_the_outcome_says(carry: str) -> None:
    """The open items really move into the run of the next batch, with their clocks; or none does."""
    tidy = Tidy(carry=carry)
    old = tidy.units["a"]
    old.settle_item(tidy.items["a"], by="a.m")
    tidy.find("a", "staged")
    old.request("redo", by="qian")
    third = tidy.engine.start(tidy.plan, start="2009-03-02", run="tidy/2", batch=2)
    again = tidy.start("a", programme=third, run="tidy/2/a", batch=2, redeems=old)
    if carry == "nothing":
        assert tidy.item("a", 1) is None
        return
    first, second = tidy.item("a", 1), tidy.item("a", 2)
    assert (first.status, first.settled_by, second.status) == ("settled", "a.m", "open")
    again.verify_item("findings/1", by="a.s", good=True)
    old.archive(by="system")
    assert (old.verify(), again.verify()) == ((), ())


def test_r35_a_redo_that_cannot_take_over_is_not_started() -> None:
    """The owner of an item is missing in the new roster: nothing is started, and the debt stands."""
    tidy = Tidy()
    old = tidy.units["a"]
    old.request("redo", by="qian")
    third = tidy.engine.start(tidy.plan, start="2009-03-02", run="tidy/2", batch=2)
    with pytest.raises(Refused, match=r"the owner 'a\.m' is on no roster"):
        tidy.engine.start(tidy.plan, unit="a", start="2009-03-02", run="tidy/2/a", programme=third, redeems=old)
    assert "tidy/2/a" not in [run.id for run in tidy.engine.runs()]
    assert old.status().owes_redo
    assert not old.status().redeemed_by


def test_only_the_engine_hands_over() -> None:
    """Nobody takes over by hand, and a run that has ended takes over nothing."""
    tidy = Tidy()
    new = tidy.units["new"]
    with pytest.raises(Refused, match="PF546"):
        tidy.engine.execute(new.id, new.command(c.TakeOver, by="qian", source="tidy/a", seq=1))
    new.request("done", by="new.l")
    with pytest.raises(Refused, match="PF547"):
        tidy.top.merge(["a"], into="new", carry=["open_items"], reason="reform", by="qian")


def test_an_item_of_several_is_everybodys_and_any_of_them_may_report_it(tidy: Tidy) -> None:
    """Each owner has it to do and is told; one reports it, and none of them verifies it."""
    unit = tidy.units["new"]
    item = unit.open_item(
        "findings", by="new.s", kind="now", fields={"content": "road"}, owner="a.m", joint=["b.m", "new.s"]
    ).events[0].item  # fmt: skip
    for person in ("a.m", "b.m", "new.s"):
        assert item in [owed.subject for owed in unit.todo(person)]
    with pytest.raises(Refused, match=r"the owner 'x\.m' is on no roster"):
        unit.open_item("findings", by="new.s", kind="now", fields={"content": "x"}, owner="a.m", joint=["x.m"])
    unit.amend_item(item, by="new.s", reason="all the same", fields={"content": "the road"})
    unit.settle_item(item, by="b.m")
    with pytest.raises(Refused, match=r"'new\.s' may not judge .*: its owner"):
        unit.verify_item(item, by="new.s", good=True)
    with tidy.engine.store.transaction(write=False) as tx:
        (told,) = [n.body for n in tx.notices(run=unit.id) if '"item_opened"' in n.body]
    assert '"persons": ["a.m", "b.m", "new.s"]' in told or '"persons":["a.m","b.m","new.s"]' in told
    tidy.whole()
