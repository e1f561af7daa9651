"""The soak finds nothing in the stores as they are, and finds each of four ways to break the rules."""

from __future__ import annotations

import pytest

from tests.soak.harness import soak
from tests.soak.saboteurs import SABOTEURS

pytestmark = pytest.mark.slow

CAUGHT = {
    "acknowledge before commit": "acknowledged and lost",
    "outbox in a second transaction": "an event without its notice",
    "no version check": "was decided as entry",
    "mark before send": "marked as delivered, and never told",
}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.failure(1, "SQLite", "PostgreSQL")
@pytest.mark.failure(2, "SQLite", "PostgreSQL")
@pytest.mark.failure(3, "PostgreSQL")
@pytest.mark.failure(8, "SQLite", "PostgreSQL")
def test_nothing_is_lost_by_kills(kind: str) -> None:
    """Under kills, and cuts and stops of the server, nothing acknowledged is lost and nothing happens twice."""
    report = soak(kind, 10, seed=1)  # type: ignore[arg-type]
    assert report.faults == ()
    assert min(report.kills, report.acknowledged, report.fired, report.told) > 20


@pytest.mark.parametrize("name", SABOTEURS)
def test_a_saboteur_is_caught(name: str) -> None:
    """A store or worker that breaks a rule is found out, and by the claim that it breaks.

    A short soak on a busy machine may kill nobody at the wrong moment; three in a row hardly ever.
    """
    reports = (soak("sqlite", 6, seed=seed, saboteur=name) for seed in range(3))
    assert any(CAUGHT[name] in fault for report in reports for fault in report.faults)
