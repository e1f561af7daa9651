"""`serve` as a process of its own: it is told to end, killed, stopped and continued, and loses nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.notifiers.test_smtp import free_port
from tests.runners.laws import until

HOOK = '''
import os, signal, time
from phaseflow.hooks import hookimpl

class Diary:
    """Writes each telling down, and then has happen to its process what the file `fate` says, once."""

    name = "diary"

    @hookimpl
    def notice(self, notice, delivery):
        with open("diary.txt", "a") as diary:
            print(delivery.id, file=diary, flush=True)
            os.fsync(diary.fileno())
        try:
            fate = open("fate").read()
            os.rename("fate", "fate.done")
        except FileNotFoundError:
            return
        os.kill(os.getpid(), getattr(signal, fate))
        while not os.path.exists("go"):  # stopped and continued, it is still in this telling
            time.sleep(0.02)
'''
LATER = "2009-03-12T08:00+08:00"
AFTER_THE_LEASE = "2009-03-12T08:11+08:00"


@pytest.fixture
def place(desk: Any, tmp_path: Path) -> Path:
    """A folder with a started run, whose reminder is due, and a hook that writes a diary."""
    (tmp_path / "diary_hook.py").write_text(HOOK)
    (tmp_path / "phaseflow.toml").write_text('[phaseflow]\nhooks = ["diary_hook:Diary"]\n')
    sys.path.insert(0, str(tmp_path))
    try:
        desk.start()
    finally:
        sys.path.remove(str(tmp_path))
    return tmp_path


def serve(place: Path, *words: str, now: str = LATER) -> subprocess.Popen[str]:
    environment = {**os.environ, "PHASEFLOW_DB": str(place / "test.db"), "PHASEFLOW_NOW": now, "PYTHONPATH": str(place)}
    command = [sys.executable, "-m", "phaseflow.cli", "serve", "--every", "0.05", *words]
    return subprocess.Popen(
        command, cwd=place, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def diary(place: Path) -> list[str]:
    file = place / "diary.txt"
    return file.read_text().split() if file.exists() else []


def ended(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str]:
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    return process.returncode, err


def stop_outside_a_write(process: subprocess.Popen[str], file: Path) -> None:
    """Let a stopped process go on for a moment until no thread of it is frozen with SQLite's one lock in its hands."""
    for _ in range(100):
        with contextlib.closing(sqlite3.connect(file, timeout=0.3, isolation_level=None)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
                time.sleep(0.05)
                process.send_signal(signal.SIGSTOP)
            else:
                database.execute("ROLLBACK")
                return
    raise AssertionError("the process never let go of the file")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_does_what_is_due_and_ends_when_it_is_told_to(place: Path, number: int) -> None:
    """Due runs are settled, hooks are told, the door answers; a signal ends it with 0, in words of JSON."""
    port = free_port()
    process = serve(place, "--door", str(port), "--log", "json", "--pollers", "2")
    try:
        assert until(lambda: len(diary(place)) >= 2)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            assert json.load(answer)["ok"] is True
    finally:
        code, err = ended(process, number)
    assert code == 0
    said = [json.loads(line) for line in err.splitlines()]
    assert [line["says"] for line in said] == ["serving", "stopped"]
    assert said[0]["wakers"] == ["poller"]
    assert len(diary(place)) == len(set(diary(place)))


@pytest.mark.failure(1, "SQLite", "serve")
def test_a_kill_between_telling_and_settling_tells_again_under_the_same_id(place: Path) -> None:
    """Failure mode 1: SIGKILL behind the send. The next process settles all; one id comes twice, and no other."""
    (place / "fate").write_text("SIGKILL")
    process = serve(place)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    (killed,) = diary(place)
    after = serve(place, now=AFTER_THE_LEASE)
    assert until(lambda: len(diary(place)) >= 3)
    code, err = ended(after)
    assert code == 0
    told = diary(place)
    assert told.count(killed) == 2
    assert len(told) == len(set(told)) + 1
    assert "stopped" in err


@pytest.mark.failure(2, "SQLite", "serve")
def test_one_that_was_stopped_past_its_lease_is_overtaken(place: Path, desk: Any) -> None:
    """Failure mode 2: SIGSTOP in a telling, another takes over, SIGCONT: it settles nothing and tells nothing again."""
    (place / "fate").write_text("SIGSTOP")
    stopped = serve(place)
    try:
        assert until(lambda: (place / "fate.done").exists())
        stop_outside_a_write(stopped, place / "test.db")
        (held,) = diary(place)
        other = serve(place, now=AFTER_THE_LEASE)
        try:
            assert until(lambda: diary(place).count(held) == 2)
            assert until(lambda: len(set(diary(place))) >= 2)
        finally:
            assert ended(other)[0] == 0
        before = diary(place)
        (place / "go").touch()
        stopped.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        assert diary(place) == before
    finally:
        (place / "go").touch()
        stopped.send_signal(signal.SIGCONT)
        assert ended(stopped)[0] == 0
    assert diary(place) == before
    desk.now = AFTER_THE_LEASE
    assert "ok" in desk.call("verify").stdout


@pytest.mark.failure(1, "SQLite", "serve")
@pytest.mark.failure(2, "SQLite", "serve")
def test_a_killed_poller_leaves_its_work_to_the_next(place: Path, desk: Any) -> None:
    """SIGKILL while it serves, again and again: the chain is whole and every reminder is there once."""
    for pause in (0.35, 0.4, 0.5, 0.6):
        process = serve(place)
        time.sleep(pause)
        process.kill()
        process.communicate(timeout=30)
    last = serve(place, now=AFTER_THE_LEASE)
    assert until(lambda: len(set(diary(place))) >= 2)
    assert ended(last)[0] == 0
    desk.now = AFTER_THE_LEASE
    assert "ok" in desk.call("verify").stdout
    history = desk.call("history", "safety").stdout
    assert history.count("DutyReminded key=study/1/kickoff") == 1


@pytest.mark.parametrize("door", ["nowhere", "127.0.0.1:", "1:99999"])
def test_a_door_is_a_host_and_a_port(desk: Any, door: str) -> None:
    """What is no HOST:PORT is told before anything is opened."""
    desk.call("serve", "--door", door, code=2)
