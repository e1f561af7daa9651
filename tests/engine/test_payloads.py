"""What people type is data: never SQL, a format, a path, code, or markup, whatever it looks like (threat model)."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from phaseflow import Engine, compile_policy
from phaseflow.engine import Run
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: payloads
zone: UTC
roles: {lead: Lead, member: Member}
bodies: {village: {title: Village, listed: as found}}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: none}}
recording: {late_by: unlimited, correct: lead}
phases:
  study:
    window: 03-01 .. 03-31
    own_actions: true
    duties:
      kickoff: {meeting: Kick-off, by: lead}
      notes: {quota: 10 pages, each: member}
      visit: {task: Visit, each: village, by: lead}
      report: {document: Report, by: lead, route: [{draft: lead}, {consult: member, silence: go_on}]}
ledgers:
  gaps: {opened_by: member, required: [what], close: {by: lead, evidence: required, verify: none}, survives: false}
outcomes: {completed: {by: lead, from: study}}
"""

PAYLOADS = {
    "sql": "x'); DROP TABLE entry; --",
    "format": "{0.__class__.__mro__} %s %n {}",
    "path": "../../../../etc/passwd",
    "markup": "<script>alert('x')</script>&amp;",
    "code": "__import__('os').system('true')",
    "shell": "$(touch pwned); `id` | rm -rf .",
    "template": "{{ config }} ${7*7} #{x}",
    "yaml": "!!python/object/apply:os.system ['true']",
    "letters": "李娜 · Ünïcode · ½ ≥ №",
}


@pytest.fixture(params=["memory:", "sqlite"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    url = f"sqlite:///{tmp_path}/runs.db" if request.param == "sqlite" else request.param
    with Engine(url, clock=lambda: datetime(2026, 3, 2, 8, tzinfo=UTC)) as engine:
        yield engine, tmp_path


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_whatever_is_typed_comes_back_as_it_was_typed(opened: Any, payload: str) -> None:
    """Reasons, references, names of bodies and fields of items are kept letter by letter, and nothing else happens."""
    engine, folder = opened
    person = {"id": "li", "roles": ["member"], "name": payload, "email": payload, "groups": [payload]}
    run: Run = engine.start(
        compile_policy(read_policy(POLICY).result()), start="2026-03-01",
        roster=[{"id": "wang", "roles": ["lead"]}, person],
    )  # fmt: skip
    run.hold("kickoff", by="wang", evidence=[f"minutes={payload}"])
    run.list_body("village", payload.replace("/", "|"), by="wang")
    run.complete("visit", subject=payload.replace("/", "|"), by="wang")
    run.draft("report", by="wang", digest="0" * 64, ref=payload)
    run.opine("report", by="li", ref=payload)
    run.open_item("gaps", by="li", owner="li", fields={"what": payload})
    run.add_action("study", "extra", by="wang", title=payload)
    entry = run.record("notes", by="li", amount="1 page").entries[0]
    run.void(entry.seq, by="wang", reason=payload)
    said = repr([entry.event for entry in run.history()])
    assert said.count(repr(payload)[1:-1]) >= 6
    assert not run.verify()
    assert run.status().phases[0].state == "open"
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith("runs.db")) == []


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_no_payload_changes_the_schema(tmp_path: Path, payload: str) -> None:
    """The tables of a SQLite store are the same after every payload has been a command id, a run and an actor."""
    file = tmp_path / "runs.db"
    with Engine(f"sqlite:///{file}", clock=lambda: datetime(2026, 3, 2, 8, tzinfo=UTC)) as engine:
        plan = compile_policy(read_policy(POLICY).result())
        before = _schema(file)
        people = [{"id": "wang", "roles": ["lead"]}]
        run = engine.start(plan, run=payload, id=payload, start="2026-03-01", roster=people)
        run.hold("kickoff", by="wang", id=payload + "2")
        assert engine.run(payload).history()[-1].command == payload + "2"
        assert [found.id for found in engine.runs()] == [payload]
    assert _schema(file) == before


def _schema(file: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(file) as db:
        return sorted(db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
