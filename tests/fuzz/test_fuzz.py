"""A few hundred files of the fuzzer, the same on every machine, and the proof that it can find something."""

from __future__ import annotations

import sys
import time

import pytest
from tests.fuzz import fuzz_policies
from tests.fuzz.fuzz_policies import FILE, TOO_SLOW, Finding, Report, check_problems, fuzz, mutated, verdict
from tests.fuzz.seeds import HOSTILE, ODD, SEEDS, SMALL

from phaseflow.core.plan import compile_policy
from phaseflow.errors import PolicyError, Problem, Span
from phaseflow.spec.reader import read_policy


@pytest.mark.parametrize(
    "text", [text for text, _ in SEEDS], ids=["district", "audit", "programme", "schools", "small"]
)
def test_the_policies_it_starts_from_are_sound(text):
    """Else a mutation could never be accepted."""
    assert verdict(text, Report()) == "accepted"


def test_four_hundred_files_are_accepted_or_refused_in_their_bounds():
    """Each comes to a plan and to a dump that reads the same, or to problems with places; enough come to either."""
    report = fuzz(400, seed=20)
    assert report.findings == [], report.findings
    files = sum(report.counts[name] for name in ("accepted", "refused by the reader", "refused by the compiler"))
    assert files == 400
    assert report.counts["accepted"] >= files / 5
    assert files - report.counts["accepted"] >= files / 5
    assert len(report.codes) >= 20, report.codes


def test_a_seed_stands_for_one_file():
    """A finding of another machine can be looked at here."""
    assert mutated("1:42") == mutated("1:42")
    assert len({mutated(f"1:{index}") for index in range(20)}) > 15


_WATCHED = {"exec", "os.system", "subprocess.Popen", "open", "import", "socket.connect"}
_seen: list[str] = []
_watching = False


def _watch(event, arguments):
    if _watching and event in _WATCHED:
        _seen.append(f"{event} {arguments!r:.100}")


@pytest.fixture(scope="module")
def watched():
    """What Python itself says is executed, imported or opened while a policy is read; a hook stays till the end."""
    sys.addaudithook(_watch)
    verdict(SMALL, Report())  # zone files and the like are opened once
    verdict(SMALL.replace("closes: by boss", "closes: by boss, gate: '1 =='"), Report())
    return _seen


@pytest.mark.parametrize("expression", HOSTILE + ODD, ids=lambda text: repr(text[:40]))
def test_a_hostile_condition_never_reaches_python(expression, watched):
    """It is refused where it stands, or is a bounded condition; nothing is run, imported or opened for it."""
    global _watching
    quoted = expression.replace("'", "''").replace("\n", "\n\n")
    text = SMALL.replace("closes: by boss,", f"closes: by boss, gate: '{quoted}',")
    assert text != SMALL
    watched.clear()
    before = time.process_time()
    _watching = True
    try:
        outcome = verdict(text, Report())
    finally:
        _watching = False
    assert watched == []
    assert time.process_time() - before < TOO_SLOW
    assert outcome == ("accepted" if expression in ODD else "refused by the compiler")
    if expression in HOSTILE:
        with pytest.raises(PolicyError) as refused:
            compile_policy(read_policy(text, file=FILE).result())
        assert {problem.span.line for problem in refused.value.problems} == {6}


def test_a_crash_is_a_finding_with_its_seed_and_its_file(monkeypatch, tmp_path):
    """Whatever is no `PolicyError` is caught, told, and kept."""

    def broken(spec):
        raise RecursionError("too deep")

    monkeypatch.setattr(fuzz_policies, "dump", broken)
    monkeypatch.setattr(fuzz_policies.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    report = Report()
    index = next(index for index in range(50) if verdict_of(f"3:{index}") != "refused by the reader")
    fuzz_policies.run_one(f"3:{index}", report)
    (finding,) = report.findings
    assert f"3:{index}" in finding
    assert "RecursionError" in finding
    assert (tmp_path / FILE).read_text(encoding="utf-8") == mutated(f"3:{index}")


def verdict_of(seed):
    """Whether the reader refuses the file of this seed, without dumping it."""
    return "read" if read_policy(mutated(seed), file=FILE).spec else "refused by the reader"


def test_a_dump_that_reads_otherwise_is_a_finding(monkeypatch):
    """The round trip is compared, not only run."""
    monkeypatch.setattr(fuzz_policies, "dump", lambda spec: SMALL.replace("small", "other"))
    with pytest.raises(Finding, match="reads otherwise"):
        verdict(SMALL, Report())


@pytest.mark.parametrize(
    "problem",
    [
        Problem(code="PF000", what="w", span=Span(FILE, 0, 0), why="y", fix="f"),
        Problem(code="PF000", what="w", span=Span(FILE, 9, 1), why="y", fix="f"),
        Problem(code="PF000", what="w", span=Span(FILE, 1, 9), why="y", fix="f"),
        Problem(code="PF000", what="w", span=Span("", 1, 1), why="y", fix="f"),
        Problem(code="PF000", what="w", span=Span(FILE, 1, 1), why="", fix="f"),
        Problem(code="PF000", what="w", span=Span(FILE, 1, 1), why="y", fix=""),
    ],
    ids=["no line", "line beyond", "column beyond", "no file", "no why", "no fix"],
)
def test_a_problem_without_its_place_or_its_parts_is_a_finding(problem):
    """A refusal that helps nobody counts as a crash."""
    with pytest.raises(Finding):
        check_problems([problem], "abc\n")
