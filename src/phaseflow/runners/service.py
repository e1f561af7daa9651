"""A service in one process: wakers, a sweeper behind them, the relay, and a door to ask how it does.

Threads here only turn the crank; what they do is the engine's affair. `start` and `stop` may be called from anywhere;
signals are the command line's business.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs

from phaseflow.engine import Engine
from phaseflow.runners.crank import HELD, Crank, Waker
from phaseflow.runners.metrics import CONTENT_TYPE
from phaseflow.stores.base import Listening, StoreError

log = logging.getLogger("phaseflow.runners")

SLOW = 10.0
"""After a failure of the store a thread waits up to so many seconds longer than usual."""


LISTEN = 0.5
"""Seconds after which the thread that serves looks whether it was told to end."""

PAUSE = 0.05
"""Seconds between a hint and the look it leads to."""


@attrs.define(eq=False)
class Beat:
    """A thread that does one thing again and again, and says when it last came round; `poke` cuts its wait short."""

    name: str
    act: Callable[[], float]
    stopping: threading.Event
    poked: threading.Event = attrs.field(init=False, factory=threading.Event)
    last: float = attrs.field(init=False, factory=time.monotonic)
    rounds: int = attrs.field(init=False, default=0)
    thread: threading.Thread = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.thread = threading.Thread(target=self._go, name=f"phaseflow-{self.name}", daemon=True)

    def _go(self) -> None:
        while not self.stopping.is_set():
            try:
                wait = self.act()
            except Exception:  # nothing that is foreseen comes here; whatever it is, the thread goes on
                log.exception("the thread %s failed", self.name)
                wait = SLOW
            self.last, self.rounds = time.monotonic(), self.rounds + 1
            if self.poked.wait(wait):
                self.poked.clear()
                self.stopping.wait(min(wait, PAUSE))  # Many commits at once are one hint.

    def poke(self) -> None:
        """Come round soon."""
        self.poked.set()


@attrs.define(kw_only=True, eq=False)
class Poller:
    """The waker that needs nothing: it asks the store what is due, N threads side by side.

    On PostgreSQL pollers of many processes share the work (``SKIP LOCKED``); on SQLite one writes at a time, and a
    second one only stands by. A hint of the store has them look at once; one that is lost costs *every* at most.

    Args:
        threads: How many.
        every: The longest wait between two looks, seconds; it is shorter when something is known to be due earlier.
    """

    threads: int = 1
    every: float = 1.0
    name: str = "poller"
    beats: list[Beat] = attrs.field(init=False, factory=list)
    _stopping: threading.Event = attrs.field(init=False, factory=threading.Event)
    _listening: Listening | None = attrs.field(init=False, default=None)

    def start(self, crank: Crank) -> None:
        """Begin to look."""
        self._stopping = threading.Event()
        self._listening = crank.listen(self._poke)
        self.beats = [
            Beat(f"{self.name}-{number}", lambda: self._look(crank), self._stopping) for number in range(self.threads)
        ]
        for beat in self.beats:
            beat.thread.start()

    def stop(self) -> None:
        """End after the look under way."""
        self._stopping.set()
        if self._listening is not None:
            self._listening.stop()
        self._poke()
        for beat in self.beats:
            beat.thread.join()

    def _poke(self) -> None:
        for beat in self.beats:
            beat.poke()

    def _look(self, crank: Crank) -> float:
        """Settle what is due, if anything is; say how long there is nothing to do."""
        try:
            wait = crank.due_in(self.every)
        except StoreError:
            return min(self.every * 10, SLOW)
        if wait > 0:
            return wait
        settled = crank.sweep(self.name)
        if settled < 0:
            return min(self.every * 10, SLOW)
        return 0.0 if settled else min(HELD, self.every)


@attrs.define(kw_only=True, eq=False)
class Service:
    """Everything that keeps the runs of one store going.

    Args:
        engine: Whose runs; its hooks are told by the relay.
        wakers: Who turns the crank; one poller by default.
        sweep: How often a sweeper looks for what the wakers left lying, and how long that must have been due, seconds.
        relay: How often the outbox is looked at, seconds; 0 for never, where another process tells.
        door: Host and port of the health endpoint; none by default. Port 0 takes a free one.
        at_once: Runs settled in one transaction.
    """

    engine: Engine
    wakers: Sequence[Waker] = attrs.field(factory=lambda: [Poller()])
    sweep: float = 5.0
    relay: float = 1.0
    door: tuple[str, int] | None = None
    at_once: int = 20
    crank: Crank = attrs.field(init=False)
    _beats: list[Beat] = attrs.field(init=False, factory=list)
    _stopping: threading.Event = attrs.field(init=False, factory=threading.Event)
    _telling: Listening | None = attrs.field(init=False, default=None)
    _server: ThreadingHTTPServer | None = attrs.field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self.crank = Crank(engine=self.engine, at_once=self.at_once)

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin; returns at once."""
        self._stopping = threading.Event()
        if self.door is not None:
            self._server = _open_door(self, self.door)
        for waker in self.wakers:
            waker.start(self.crank)
        self._beats = [Beat("sweeper", self._sweep, self._stopping)]
        if self.relay > 0:
            relay = Beat("relay", self._tell, self._stopping)
            self._beats.append(relay)
            self._telling = self.crank.listen(relay.poke)  # Told soon after the commit, where the store hints.
        self.crank.hear()
        for beat in self._beats:
            beat.thread.start()
        log.info("serving", extra={"wakers": [waker.name for waker in self.wakers]})

    def stop(self) -> None:
        """End: take nothing new, finish what is under way, close the door."""
        self._stopping.set()
        self.crank.deafen()
        if self._telling is not None:
            self._telling.stop()
        for beat in self._beats:
            beat.poke()
        for waker in self.wakers:
            waker.stop()
        for beat in self._beats:
            beat.thread.join()
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
        log.info("stopped")

    def run(self, stop: threading.Event) -> None:
        """Serve until *stop* is set."""
        with self:
            # Not for ever in one go: a signal that another thread took (as after SIGCONT) does not end the wait of this
            # one, and its handler runs here, when this one next comes round.
            while not stop.wait(LISTEN):
                pass

    @property
    def port(self) -> int:
        """The port of the health endpoint; 0 where there is none."""
        return self._server.server_address[1] if self._server is not None else 0

    def health(self) -> dict[str, Any]:
        """How it does: whether the store answers, and how long ago each thread came round, seconds."""
        beats = [*self._beats, *(beat for waker in self.wakers for beat in getattr(waker, "beats", ()))]
        now = time.monotonic()
        threads = {beat.name: round(now - beat.last, 1) for beat in beats}
        stuck = [beat.name for beat in beats if not beat.thread.is_alive() or now - beat.last > STUCK]
        store = self.crank.measure()
        ok = store and not stuck and not self._stopping.is_set()
        self.crank.metrics.put("phaseflow_up", int(ok))
        return {"ok": ok, "store": store, "stuck": stuck, "threads": threads}

    def _sweep(self) -> float:
        grace = timedelta(0) if not self.wakers else timedelta(seconds=self.sweep)
        return SLOW if self.crank.sweep("sweeper", grace=grace, programmes=True) < 0 else self.sweep

    def _tell(self) -> float:
        told = self.crank.tell()
        return SLOW if told < 0 else 0 if told else self.relay


STUCK = 120.0
"""A thread that has not come round for so many seconds is taken for stuck."""


def _open_door(service: Service, place: tuple[str, int]) -> ThreadingHTTPServer:
    """``/health`` answers 200 or 503 with JSON, ``/metrics`` in OpenMetrics; nothing can be changed through it."""

    class Door(BaseHTTPRequestHandler):
        server_version = "phaseflow"
        sys_version = ""

        def do_GET(self) -> None:
            health = service.health()
            if self.path == "/health":
                self._say(200 if health["ok"] else 503, "application/json", json.dumps(health))
            elif self.path == "/metrics":
                self._say(200, CONTENT_TYPE, service.crank.metrics.text())
            else:
                self._say(404, "text/plain; charset=utf-8", "there are /health and /metrics\n")

        def _say(self, status: int, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            log.debug("door: %s", format % args)

    server = ThreadingHTTPServer(place, Door)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="phaseflow-door", daemon=True).start()
    return server
