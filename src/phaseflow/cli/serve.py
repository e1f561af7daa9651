"""The verb that keeps going: serve. Here are signals and the log; what is done is in `phaseflow.runners`."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import click

from phaseflow.cli.options import STORED, opened, verb


def place(_ctx: click.Context, param: click.Parameter, given: str | None) -> tuple[str, int] | None:
    """Read ``HOST:PORT``, ``:PORT`` or ``PORT``; the host is this machine alone unless another is named."""
    if given is None:
        return None
    host, _, port = given.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f"'{given}' is not HOST:PORT", param=param)
    return host.strip("[]") or "127.0.0.1", int(port)


@verb(*STORED)
@click.option("--pollers", type=click.IntRange(1), default=1, show_default=True, help="Threads that look for due runs.")
@click.option("--every", type=click.FloatRange(0.01), default=1.0, show_default=True, help="Seconds between two looks.")
@click.option("--no-relay", is_flag=True, help="Tell no hooks; another process does.")
@click.option("--door", metavar="HOST:PORT", callback=place, help="Answer /health and /metrics there.")
@click.option(
    "--log", "style", type=click.Choice(["text", "json"]), default="text", show_default=True, help="One line an event."
)
def serve(pollers: int, every: float, no_relay: bool, door: tuple[str, int] | None, style: str) -> None:
    """Process what is due and tell the hooks, until SIGTERM or SIGINT; what is under way is finished first.

    Several may serve one database. Killed at any instant, nothing is lost: what was due is done by the next.
    """
    from phaseflow.runners import Poller, Service

    logs(style)
    stop = threading.Event()

    def end(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)  # The second time it is meant.
        stop.set()

    with opened(hooks=True) as engine:
        service = Service(
            engine=engine,
            wakers=[Poller(threads=pollers, every=every)],
            relay=0 if no_relay or not engine.hooks else every,
            door=door,
        )
        before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            service.run(stop)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Lines(logging.Formatter):
    """A record as one line: of JSON, or of words."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self.style_ = style

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        data: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "log": record.name}
        data["says"] = record.getMessage()
        data |= {key: record.__dict__[key] for key in ("run", "wakers", "delivery") if key in record.__dict__}
        if record.exc_info:
            data["trace"] = self.formatException(record.exc_info)
        if self.style_ == "json":
            return json.dumps(data, ensure_ascii=False, default=str)
        head = f"{at} {data['level']:7} {data['says']}"
        return f"{head}\n{data['trace']}" if record.exc_info and record.levelno >= logging.ERROR else head


def logs(style: str) -> None:
    """Send the log of phaseflow to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(style))
    own = logging.getLogger("phaseflow")
    own.handlers[:] = [handler]
    own.setLevel(logging.INFO)
    own.propagate = False
