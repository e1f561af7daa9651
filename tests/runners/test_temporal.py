"""The waker on Temporal, on a real test server of the Python package."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from phaseflow import Engine
from phaseflow.runners import Service, Waker
from phaseflow.runners.temporal import TemporalWaker
from tests.notifiers.test_smtp import free_port
from tests.runners.laws import WakerLaws, fell, runs_on, shifted, until


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    """A server that keeps everything in memory, on a port of its own."""
    port = free_port()
    server = subprocess.Popen(
        [os.path.join(os.path.dirname(sys.executable), "temporal-test-server"), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"127.0.0.1:{port}"
    server.kill()
    server.wait()


class TestOnTemporal(WakerLaws):
    @pytest.fixture(autouse=True)
    def _server(self, target: str, request: pytest.FixtureRequest) -> None:
        self.target, self.queue = target, request.node.name

    def url(self, place: Path, request: pytest.FixtureRequest) -> str:
        return f"sqlite:///{place}/runs.db"

    def waker(self, engine: Engine) -> Waker:
        return TemporalWaker(target=self.target, queue=self.queue, every=0.1)


@pytest.mark.failure(5, "Temporal")
def test_without_temporal_the_sweeper_does_the_work(tmp_path: Path) -> None:
    """Failure mode 5: the engine is down; deadlines are late by the grace and no more, and the end is clean."""
    with Engine(f"sqlite:///{tmp_path}/runs.db", clock=shifted(60)) as engine:
        runs = runs_on(engine, 3)
        engine.clock = shifted(0.5)
        waker = TemporalWaker(target=f"127.0.0.1:{free_port()}", every=0.1)
        with Service(engine=engine, wakers=[waker], sweep=0.3, relay=0):
            assert until(lambda: all(fell(run) for run in runs))
        assert [fell(run) for run in runs] == [1] * 3
