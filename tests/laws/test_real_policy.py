"""Laws 2, 3 and 4 on the real policy: random commands, random ticks, the same trail."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws.district import ACTS, District, trail

STEPS = st.lists(
    st.tuples(st.integers(0, len(ACTS) - 1), st.integers(0, 24 * 12), st.lists(st.integers(1, 24 * 6), max_size=3)),
    min_size=1,
    max_size=25,
)
FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(STEPS)
def test_law_3_tick_invariance(steps: list[tuple[int, int, list[int]]]) -> None:
    """R1–R3: hourly, daily or never ticked in between, the same commands give the same trail."""
    quiet, busy = District(), District()
    for number, (act, hours, ticks) in enumerate(steps):
        begun = busy.clock.now
        for tick in sorted(ticks):
            if tick < hours:
                busy.clock.now = begun + timedelta(hours=tick)
                busy.engine.tick()
        busy.clock.now = begun
        assert quiet.act(act, hours, f"k{number}") == busy.act(act, hours, f"k{number}")
    for one in (quiet, busy):
        one.clock.now += timedelta(days=400)
        one.engine.tick()
    assert trail(quiet.unit) == trail(busy.unit)
    assert trail(quiet.programme) == trail(busy.programme)


@FEW
@given(STEPS)
def test_law_2_replay(steps: list[tuple[int, int, list[int]]]) -> None:
    """Folding a run's events gives its state, row by row; the chain holds."""
    district = District()
    for number, (act, hours, _ticks) in enumerate(steps):
        district.act(act, hours, f"k{number}")
    district.clock.now += timedelta(days=60)
    district.engine.tick()
    assert district.unit.verify() == ()
    assert district.programme.verify() == ()


@FEW
@given(STEPS)
def test_law_4_idempotence(steps: list[tuple[int, int, list[int]]]) -> None:
    """An accepted command sent again under its id gives the recorded answer and changes nothing."""
    once, twice = District(), District()
    for number, (act, hours, _ticks) in enumerate(steps):
        first = once.act(act, hours, f"k{number}")
        assert twice.act(act, hours, f"k{number}") == first
        if first in ("done", "held"):
            before = len(twice.unit.history())
            assert twice.act(act, 0, f"k{number}") == first
            assert len(twice.unit.history()) == before
    assert trail(once.unit) == trail(twice.unit)


def test_the_acts_do_something() -> None:
    """The random acts are no empty play: in a good order most of them are accepted."""
    district = District()
    seen = [district.act(number, 12, f"k{number}") for number in range(len(ACTS))]
    assert seen.count("done") + seen.count("held") >= 8, seen
