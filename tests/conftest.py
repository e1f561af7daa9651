"""Settings for all tests: no deadlines, because machines are shared and a slow second is no fault.

And the PostgreSQL of the session: `postgres` gives the URL of a schema that is the test's own.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import postgres as servers

pytest.register_assert_rewrite("phaseflow.testing.store_laws")  # the shipped laws fail with values, like our own tests


def pytest_terminal_summary(terminalreporter):
    """Say whether the documents behind the examples were at hand; no test is skipped where they are not."""
    from tests.examples.sources import sources

    folder = sources()
    terminalreporter.write_line(f"source documents of the examples: {folder or 'not at hand, not checked'}")


settings.register_profile("phaseflow", deadline=None)
settings.load_profile("phaseflow")


def _place(config: pytest.Config) -> Path:
    """The folder that all workers of a session share."""
    own: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> str:
    """The URL of the session's PostgreSQL, which is started when the first test asks for it."""
    session = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    return f"postgresql://postgres@/postgres?host={servers.shared(_place(pytestconfig), session)}"


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """The URL of a store in a schema of its own, dropped afterwards."""
    with servers.dropped(f"{postgres_server}&schema=t_{uuid.uuid4().hex[:12]}") as url:
        yield url


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the PostgreSQL of the session; the worker processes leave that to the one that began them."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        servers.end(_place(session.config))
