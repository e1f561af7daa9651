"""The service: health, metrics, resting runs, the relay; and clocks that step."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from phaseflow import Engine
from phaseflow.hooks import hookimpl
from phaseflow.runners import Crank, Metrics, Poller, Service
from phaseflow.stores.base import StoreBusy
from tests.engine.test_batches import many, poisoned
from tests.engine.test_engine import Clock
from tests.runners.laws import fell, runs_on, until

HOUR = timedelta(hours=1)


def get(service: Service, path: str) -> tuple[int, str, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{service.port}{path}", timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def test_the_door_says_how_the_service_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """200 while threads come round and the store answers, 503 when it does not; numbers that a parser reads."""
    with Engine(clock=Clock()) as engine:
        many(engine, 3)
        service = Service(engine=engine, wakers=[Poller(every=0.05)], door=("127.0.0.1", 0))
        with service:
            assert until(lambda: service.crank.metrics.value("phaseflow_runs_settled", waker="poller") == 3)
            status, kind, body = get(service, "/health")
            assert (status, kind) == (200, "application/json")
            assert set(json.loads(body)["threads"]) == {"poller-0", "sweeper", "relay"}
            status, kind, body = get(service, "/metrics")
            assert kind.startswith("application/openmetrics-text")
            found = {family.name: family for family in text_string_to_metric_families(body)}
            settled = {s.labels["waker"]: s.value for s in found["phaseflow_runs_settled"].samples}
            assert settled == {"poller": 3, "sweeper": 0}
            assert found["phaseflow_up"].samples[0].value == 1
            assert get(service, "/secrets")[0] == 404

            def away(**_: Any) -> Any:
                raise StoreBusy("away")

            with monkeypatch.context() as patch:
                patch.setattr(engine.store, "transaction", away)
                status, _, body = get(service, "/health")
            assert (status, json.loads(body)["store"]) == (503, False)
        assert service.port == 0


def test_labels_and_empty_metrics_are_sound() -> None:
    """What stands in a label is escaped; with nothing counted the text is still whole."""
    metrics = Metrics()
    assert text_string_to_metric_families(metrics.text())
    metrics.add("phaseflow_wakes", waker='a"b\\c\nd')
    families = {family.name: family for family in text_string_to_metric_families(metrics.text())}
    assert families["phaseflow_wakes"].samples[0].labels == {"waker": 'a"b\\c\nd'}


def test_hooks_are_told_by_the_service() -> None:
    """What falls due is told without anybody calling the relay."""

    class Board:
        @hookimpl
        def overdue(self, notice: Any) -> None:
            told.append(notice.subject)

    told: list[str] = []
    with Engine(clock=Clock(), hooks=[Board()]) as engine:
        many(engine, 2)
        with Service(engine=engine, wakers=[Poller(every=0.05)], relay=0.05):
            assert until(lambda: told == ["kickoff", "kickoff"])


def test_a_hint_of_the_store_has_hooks_told_at_once() -> None:
    """Though the outbox is looked at once an hour only, what is committed is told in a moment."""

    class Board:
        @hookimpl
        def gate_held(self, notice: Any) -> None:
            told.append(notice.subject)

    told: list[str] = []
    with Engine(clock=Clock(), hooks=[Board()]) as engine:
        (run,) = runs_on(engine, 1)
        with Service(engine=engine, wakers=[Poller(every=3600)], relay=3600, sweep=3600):
            time.sleep(0.2)
            assert run.request("study.close", by="wang").held
            assert until(lambda: told == ["study.close"], 10)


def test_a_run_that_fails_rests_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure it is left alone, so that a poison run costs little; once mended it is well at once."""
    clock = Clock()
    with Engine(clock=clock) as engine:
        many(engine, 2)
        crank = Crank(engine=engine)
        poisoned(monkeypatch, "run00")
        assert crank.sweep("x") == 1
        assert crank.sweep("x") == 0
        assert crank.metrics.value("phaseflow_runs_failed") == 1
        clock.now += timedelta(seconds=10)
        crank.sweep("x")
        clock.now += timedelta(seconds=9)
        crank.sweep("x")
        assert crank.metrics.value("phaseflow_runs_failed") == 2
        assert crank.wake("run00", "x") is None
        crank.measure()
        assert crank.metrics.value("phaseflow_runs_failing") == 1
        assert crank.metrics.value("phaseflow_lag_seconds") > 0
        monkeypatch.undo()
        clock.now += timedelta(seconds=30)
        assert crank.sweep("x") == 1
        crank.measure()
        assert crank.metrics.value("phaseflow_runs_failing") == 0


def test_an_unforeseen_failure_ends_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a waker's round raises, the next round comes."""
    monkeypatch.setattr("phaseflow.runners.service.SLOW", 0.01)
    rounds: list[int] = []
    real = Crank.sweep

    def sweep(crank: Crank, *args: Any, **more: Any) -> int:
        rounds.append(1)
        if len(rounds) < 3:
            raise MemoryError
        return real(crank, *args, **more)

    monkeypatch.setattr(Crank, "sweep", sweep)
    with Engine(clock=Clock()) as engine:
        (run,) = runs_on(engine, 1)
        engine.clock.to("2009-03-20")  # type: ignore[attr-defined]
        with Service(engine=engine, wakers=[Poller(every=0.01)], relay=0):
            assert until(lambda: fell(run) == 1)


def test_a_clock_that_steps_back_does_nothing_twice_and_nothing_early() -> None:
    """Failure mode 11: an hour back, then forward past the deadline: it fires once, at its instant, and order holds."""
    clock = Clock()
    with Engine(clock=clock) as engine:
        (run,) = runs_on(engine, 1)
        crank = Crank(engine=engine)
        clock.now = datetime(2009, 3, 13, 15, 59, tzinfo=UTC)
        assert crank.sweep("x") == 0
        clock.now = datetime(2009, 3, 13, 16, 1, tzinfo=UTC)
        assert crank.sweep("x") == 1
        clock.now -= HOUR
        assert crank.sweep("x") == 0
        assert run.record("notes", by="li", amount="1 page").passed
        clock.now += 2 * HOUR
        crank.sweep("x")
        assert fell(run) == 1
        assert not run.verify()
        times = [entry.recorded_at for entry in run.history()]
        assert [entry.seq for entry in run.history()] == list(range(1, len(times) + 1))


def test_two_machines_with_clocks_apart_fire_each_deadline_once() -> None:
    """A skew of five seconds: whoever is ahead fires it, the other finds nothing to do."""
    clock = Clock()
    with Engine(clock=clock) as engine:
        (run,) = runs_on(engine, 1)
        ahead = Crank(engine=Engine(engine.store, clock=lambda: clock.now + timedelta(seconds=5)))
        behind = Crank(engine=engine)
        clock.now = datetime(2009, 3, 13, 15, 59, 57, tzinfo=UTC)
        assert behind.sweep("x") == 0
        assert ahead.sweep("x") == 1
        assert behind.sweep("x") == 0
        clock.now += HOUR
        assert behind.sweep("x") == 0
        assert fell(run) == 1


