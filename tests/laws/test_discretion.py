"""R15 for everybody who reads: no number tells of fewer people than the smallest group, and none by subtraction."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from phaseflow import Engine, Refused, compile_policy
from phaseflow.cli import main
from phaseflow.core.notices import Notice
from phaseflow.engine import Run
from phaseflow.hooks import hookimpl
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.spec.reader import read_policy

SMALLEST = 5
EDGES = ("upper", "lower")
GROUPS = ("boss", "member", "guest")
POLICY = """
phaseflow: 1
campaign: ask
zone: UTC
roles: {office: Office, boss: Boss, member: Member, guest: Guest}
defaults: {phase: {opens: on date, closes: by office, clock: calendar}, duty: {due: none}}
phases:
  rating:
    window: 03-01 .. 03-31
    gate: {poll: opinion, at_least: 85%}
    duties:
      opinion:
        poll: Are you satisfied?
        by: office
        publish: office
        edges: {upper: {raters: [boss, member, guest]}, lower: {raters: [boss, member, guest]}}
        choices: [good, bad, abstain]
        measure: good of valid
        aggregate: HOW
        by_group: true
        anonymous: true
        quorum: none
        asks: office
        BANDS
outcomes: {done: {by: office}, poor: {by: office}}
"""
NOW = datetime(2026, 3, 2, tzinfo=UTC)

papers = st.lists(
    st.tuples(st.sampled_from(EDGES), st.sampled_from(GROUPS), st.sampled_from(["good", "bad", "abstain"])), max_size=24
)


class Listener:
    """A hook that is told everything."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    @hookimpl
    def poll_decided(self, notice: Notice) -> None:
        self.heard.append(dict(notice.data))


def polled(cast: list[tuple[str, str, str]], how: str, url: str = "memory:", bands: str = "", **more: Any) -> Run:
    """A run whose poll is open, with these papers in the box."""
    people = [{"id": "boss", "roles": ["office"]}]
    people += [{"id": f"p{n}", "roles": [group]} for n, (_, group, _) in enumerate(cast)]
    engine = Engine(url, clock=lambda: NOW, **more)
    reading = read_policy(POLICY.replace("HOW", how).replace("BANDS", bands), file="ask.yaml")
    run = engine.start(compile_policy(reading.result(), reading.sources), start="2026-03-01", roster=people)
    run.open_poll("opinion", by="boss")
    for number, (edge, _, choice) in enumerate(cast):
        run.cast("opinion", edge, choice, by=f"p{number}")
    return run


def check(event: e.PollCounted, cast: list[tuple[str, str, str]]) -> None:
    """What a reader has of a count, against what was cast."""
    valid = {edge: Counter(group for at, group, choice in cast if at == edge and choice != "abstain") for edge in EDGES}
    few = {edge for edge in EDGES if valid[edge].total() < SMALLEST and any(at == edge for at, _, _ in cast)}
    assert {result.edge for result in event.results if result.base is None or result.favourable is None} == few
    assert not {line[0] for line in event.tally} & few
    assert (event.share is None) >= bool(few), "a share of all, with the other edge known, tells of the few"
    for edge in EDGES:
        groups = [row for row in event.groups if row.edge == edge]
        hidden = [row.group for row in groups if row.base is None or row.favourable is None]
        assert all(valid[edge][row.group] >= SMALLEST for row in groups if row.group not in hidden)
        if edge in few:
            assert len(hidden) == len(groups)
        elif rest := [valid[edge][group] for group in hidden if valid[edge][group]]:
            assert len(rest) >= 2, "one group that is left out is the whole less the others"
            assert sum(rest) >= SMALLEST


@settings(max_examples=20)
@given(cast=papers, how=st.sampled_from(["pooled", "mean", "lowest"]))
def test_no_reader_is_shown_a_small_group(cast: list[tuple[str, str, str]], how: str) -> None:
    """History, the answer, its repetition, hooks and the verdict of a gate: none shows, or lets compute, a few."""
    hear = Listener()
    run = polled(cast, how, hooks=[hear])
    close = run.command(c.ClosePoll, by="boss", poll="opinion")
    answers = [run.engine.execute(run.id, close) for _ in range(2)]
    judged = run.request("rating.close", by="boss")
    run.engine.relay()
    read = [entry.event for entry in run.history()]
    read += [event for answer in answers for event in answer.events]
    counts = [event for event in read if isinstance(event, e.PollCounted)]
    assert len(counts) == 3
    for event in counts:
        check(event, cast)
    hushed = any(result.suppressed for result in counts[0].results)
    for heard in hear.heard:
        assert not (hushed and heard.get("share"))
    if hushed:
        assert judged.verdict is not None
        shares = {reading.measured for reading in judged.verdict.readings if reading.fact.startswith("poll")}
        assert shares <= {"not shown, over so few answers", "unknown"}
    assert run.verify() == ()


FEW = [("upper", "boss", "good"), *[("lower", "member", "good")] * 9, ("lower", "member", "bad")]


def test_the_stored_trail_keeps_the_numbers_and_is_asked_for_by_its_name() -> None:
    """What is verified and carried elsewhere is whole; whoever reads it says so."""
    run = polled(FEW, "pooled")
    run.close_poll("opinion", by="boss")
    (stored,) = [entry.event for entry in run.engine.stored_entries(run.id) if isinstance(entry.event, e.PollCounted)]
    (shown,) = [entry.event for entry in run.history() if isinstance(entry.event, e.PollCounted)]
    assert [(result.edge, result.favourable, result.base) for result in stored.results] == [
        ("lower", 9, 10),
        ("upper", 1, 1),
    ]
    assert [(result.edge, result.favourable, result.base) for result in shown.results] == [
        ("lower", 9, 10),
        ("upper", None, None),
    ]
    assert (stored.share, shown.share) == (stored.share, None)
    assert shown.root == stored.root


def test_a_decision_after_a_count_shows_no_more_than_the_count() -> None:
    """What a person's answer made of a count holds its results once more; they are shown as before."""
    run = polled(FEW, "unstated", bands="bands: {exclusive: [{below: 50%, go: poor}, {otherwise: done}]}")
    run.close_poll("opinion", by="boss")
    (question,) = [entry.event.question for entry in run.history() if isinstance(entry.event, e.PollHeld)]
    answer = run.answer(question, "pooled", by="boss", reason="one vote each")
    for event in [*answer.events, *(entry.event for entry in run.history())]:
        if isinstance(event, e.PollDecided):
            assert event.share is None
            assert [result.favourable for result in event.results if result.edge == "upper"] == [None]
    (stored,) = [e_.event for e_ in run.engine.stored_entries(run.id) if isinstance(e_.event, e.PollDecided)]
    assert stored.share is not None
    assert run.verify() == ()


@pytest.mark.parametrize("how", ["preview", "rehearse"])
def test_r14_a_count_is_not_tried_out(how: str) -> None:
    """Before the close nobody sees how an anonymous poll stands: its preview is refused, the close is not."""
    run = polled(FEW, "pooled")
    close = run.command(c.ClosePoll, by="boss", poll="opinion")
    with pytest.raises(Refused, match="PF485") as refused:
        getattr(run.engine, how)(run.id, close)
    assert "9" not in str(refused.value)
    assert run.verify() == ()
    assert isinstance(run.close_poll("opinion", by="boss").events[0], e.PollCounted)


def test_a_preview_hands_out_no_rows() -> None:
    """What a preview says are events, as they may be shown; rows hold what is not."""
    run = polled(FEW, "pooled")
    found = run.preview(run.command(c.Ask, by="boss", move="rating.close"))
    assert (found.put, found.ballots) == ({}, ())


def test_the_command_line_shows_what_the_engine_shows(tmp_path: Any) -> None:
    """`history`, in lines and as JSON."""
    url = f"sqlite:///{tmp_path}/a.db"
    run = polled(FEW, "pooled", url)
    run.close_poll("opinion", by="boss")
    run.engine.close()
    told = CliRunner().invoke(main, ["history", run.id, "--db", url, "--json"])
    assert told.exit_code == 0, told.output
    text = json.dumps([line for line in json.loads(told.output) if line["event"]["type"] == "PollCounted"])
    assert '"edge": "upper"' in text
    assert '"favourable": 9' in text
    assert '"favourable": 1,' not in text


def test_what_is_not_a_count_is_shown_as_it_is() -> None:
    """No other event is touched, so a reader misses nothing."""
    run = polled(FEW, "pooled")
    run.close_poll("opinion", by="boss")
    stored, shown = run.engine.stored_entries(run.id), run.history()
    differing = [type(a.event) for a, b in zip(stored, shown, strict=True) if a != b]
    assert differing == [e.PollCounted]
    assert all(attrs.evolve(a, event=b.event) == b for a, b in zip(stored, shown, strict=True))
