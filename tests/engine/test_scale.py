"""Programmes of many units: a census is one read, nothing is counted twice, no unit waits for the programme's row."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from phaseflow import Engine, compile_policy
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.spec.reader import read_policy
from phaseflow.stores.base import HeadQuery
from phaseflow.stores.memory_tx import MemoryTx
from tests.engine.test_programme import Clock

POLICY = """
phaseflow: 1
campaign: wide
zone: UTC
roles: {office: {of: programme}, lead: {of: unit}}
defaults: {phase: {opens: with campaign, closes: by lead}, duty: {due: window end}}
phases:
  study: {window: 03-01 .. 03-31, duties: {report: {task: Report, by: lead}}}
programme:
  phases: {study: {closes: by office, gate: {units: 100%, concluded: any}}}
  outcomes: {over: {when: {units: 100%, concluded: any}}}
outcomes: {completed: {by: lead}}
"""
WRITERS = 8


class Wide:
    """A programme of so many units."""

    def __init__(self, units: int, url: str = "memory:") -> None:
        self.plan = compile_policy(read_policy(POLICY).result())
        self.engine = Engine(url, clock=Clock())
        self.top = self.engine.start(self.plan, start="2009-03-01", roster=[{"id": "qian", "roles": ["office"]}])
        self.units = [self.start(f"u{n:03}") for n in range(units)]

    def start(self, unit: str) -> Any:
        lead = [{"id": "wang", "roles": ["lead"]}]
        return self.engine.start(self.plan, unit=unit, start="2009-03-01", programme=self.top, roster=lead)

    def order(self, number: int) -> tuple[str, c.Command]:
        """The command by which a unit finishes; all of them carry the same instant."""
        now = self.engine.clock()
        ask = c.Ask(id=f"f{number}", by="wang", at=now, now=now, move="completed")
        return self.units[number].id, ask


def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts what transactions are asked for from here on."""
    counted: Counter[str] = Counter()
    for name in ("rows", "scan", "head", "heads", "rows_of", "chains", "extent"):
        method = getattr(MemoryTx, name)

        def call(self: MemoryTx, *args: Any, _name: str = name, _method: Any = method, **more: Any) -> Any:
            counted[_name] += 1
            return _method(self, *args, **more)

        monkeypatch.setattr(MemoryTx, name, call)
    return counted


def test_a_gate_reads_as_often_for_many_units_as_for_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """R11: the census is two reads, whatever the number of units; one of a census later only what moved on is read."""
    few, many = Wide(2), Wide(40)
    counted = reads(monkeypatch)
    asked = []
    for wide in (few, many):
        fresh = Engine(wide.engine.store, clock=wide.engine.clock)  # it has counted nothing yet
        counted.clear()
        held = fresh.run("wide").request("study.close", by="qian")
        assert held.held
        asked.append(counted.copy())
    assert asked[0] == asked[1]
    assert (asked[1]["chains"], asked[1]["rows_of"]) == (1, 1)


def test_looking_whether_units_moved_reads_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick counts units and entries where they are; the programme is looked at only when these have changed."""
    wide = Wide(5)
    wide.engine.tick()
    counted = reads(monkeypatch)
    wide.engine.tick()
    assert (counted["extent"], counted["rows_of"], counted["rows"]) == (1, 0, 0)
    wide.engine.execute(*wide.order(0))
    assert wide.engine.tick() == 0
    assert counted["rows_of"] >= 1


def test_what_was_tried_and_taken_back_is_not_counted() -> None:
    """What a census keeps is named by the chain, so a unit that finished in vain has not finished."""
    wide = Wide(2)
    wide.engine.execute(*wide.order(0))

    class Over(Exception): ...

    def try_both() -> None:
        with wide.engine.store.transaction() as tx:
            wide.engine.desk.execute(tx, *wide.order(1), None, ())
            now = wide.engine.clock()
            ask = c.Ask(id="x", by="qian", at=now, now=now, move="study.close")
            assert wide.engine.desk.execute(tx, "wide", ask, None, ()).passed
            raise Over

    with pytest.raises(Over):
        try_both()
    held = wide.top.request("study.close", by="qian")
    assert (held.held, held.reasons[0].measured, held.reasons[0].subjects) == (True, "50%", ("u001",))


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
@pytest.mark.parametrize("at_once", [1, 20])
def test_units_that_finish_in_the_same_second_are_counted_once(
    kind: str, at_once: int, tmp_path: Any, request: pytest.FixtureRequest
) -> None:
    """Eight writers at once, alone and in groups: no deadlock, no entry of the programme, and then each unit once."""
    slow = kind == "postgres"
    url = request.getfixturevalue("postgres") if slow else f"sqlite:///{tmp_path}/a.db"
    wide = Wide(80 if slow else 24, url)
    before = wide.top.status().entries
    failed: list[object] = []

    def write(share: int) -> None:
        orders = [wide.order(n) for n in range(share, len(wide.units), WRITERS)]
        try:
            failed.extend(
                one for one in wide.engine.execute_many(orders, at_once=at_once) if isinstance(one, Exception)
            )
        except Exception as fault:
            failed.append(fault)

    threads = [threading.Thread(target=write, args=(share,)) for share in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert wide.top.status().entries == before
    with wide.engine.store.transaction(write=False) as tx:
        assert tx.extent(HeadQuery(parent="wide", status="concluded")).runs == len(wide.units)
    assert wide.engine.tick() == 1
    assert wide.top.status().status == "concluded"
    judged = [entry.event for entry in wide.top.history() if isinstance(entry.event, e.GateJudged)]
    assert [verdict.census.split(":")[0] for verdict in judged] == [str(len(wide.units))]
    assert [run.verify() for run in (wide.top, wide.units[0])] == [(), ()]
    wide.engine.close()
