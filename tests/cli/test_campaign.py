"""A whole small campaign through the command line, each step a process of its own, on one database file."""

import contextlib
import json
import os
import subprocess
import sys

COMMAND = [sys.executable, "-m", "phaseflow.cli"]


def run(desk, *words, now, code=0):
    """Call phaseflow in a process of its own."""
    desk.now = now
    found = subprocess.run(
        [*COMMAND, *map(str, words)],
        cwd=desk.folder,
        env=os.environ | desk.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.returncode == code, found.stdout + found.stderr
    assert "Traceback" not in found.stderr
    return found


def test_a_campaign_from_start_to_end_in_separate_processes(desk):
    """Start, act, be refused, be held, pass, conclude and verify: each step finds what the one before wrote."""
    run(desk, "start", desk.policy, "--start", "2009-03-01", "--roster", "roster.csv", now="2009-03-01T08:00+08:00")
    refused = run(desk, "do", "safety", "hold", "kickoff", "--by", "wang", now="2009-03-10T08:00+08:00", code=1)
    assert "error PF339: " in refused.stderr
    assert "kickoff: {meeting" in refused.stderr  # the line of the policy
    assert "clause: 3.1" in refused.stderr
    run(
        desk,
        "do",
        "safety",
        "hold",
        "kickoff",
        "--by",
        "wang",
        "--present",
        "li.na,chen",
        "--evidence",
        "minutes=m.pdf",
        now="2009-03-10T08:00+08:00",
    )
    run(desk, "do", "safety", "record", "notes", "100 characters", "--by", "li.na", now="2009-03-11T08:00+08:00")
    held = run(desk, "do", "safety", "request", "study.close", "--by", "boss", now="2009-03-20T08:00+08:00", code=1)
    assert held.stdout.startswith("held: study.close\n")
    assert "chen" in held.stdout
    assert held.stderr == ""
    run(desk, "do", "safety", "record", "notes", "100 characters", "--by", "chen", now="2009-03-21T08:00+08:00")
    passed = run(desk, "do", "safety", "request", "study.close", "--by", "boss", now="2009-03-22T08:00+08:00")
    assert passed.stdout.startswith("passed: study.close\n")
    (desk.folder / "summary.txt").write_text("All is well.")
    assert "1 run had something due" in run(desk, "tick", now="2009-04-02T08:00+08:00").stdout
    run(desk, "do", "safety", "draft", "summary", "--by", "wang", "--file", "summary.txt", now="2009-04-03T08:00+08:00")
    run(desk, "do", "safety", "judge", "summary", "accept", "--by", "boss", now="2009-04-04T08:00+08:00")
    run(desk, "do", "safety", "request", "report.close", "--by", "boss", now="2009-04-05T08:00+08:00")
    run(desk, "do", "safety", "request", "completed", "--by", "boss", now="2009-04-06T08:00+08:00")
    assert "safety: concluded as completed" in run(desk, "status", "safety", now="2009-04-07T08:00+08:00").stdout
    assert run(desk, "verify", now="2009-04-07T08:00+08:00").stdout == "ok: 1 run checked\n"


def test_a_process_that_is_killed_in_mid_command_loses_nothing_that_was_answered(desk):
    """SIGKILL at any moment: whatever was answered is there, nothing is half there, and a retry by id does it once."""
    run(desk, "start", desk.policy, "--start", "2009-03-01", "--roster", "roster.csv", now="2009-03-01T08:00+08:00")
    run(
        desk,
        "do",
        "safety",
        "record",
        "notes",
        "10 characters",
        "--by",
        "li.na",
        "--id",
        "first",
        now="2009-03-02T08:00+08:00",
    )
    for pause in (0.05, 0.2, 0.35, 0.5):
        words = ["do", "safety", "record", "notes", "1 character", "--by", "li.na", "--id", f"kill-{pause}"]
        process = subprocess.Popen(
            [*COMMAND, *words], cwd=desk.folder, env=os.environ | desk.environment, stdout=subprocess.DEVNULL
        )
        with contextlib.suppress(
            subprocess.TimeoutExpired
        ):  # where it is hit is chance: the claim holds for every place
            process.wait(timeout=pause)
        process.kill()
        process.wait(timeout=60)
        again = run(desk, *words, "--json", now="2009-03-02T08:00+08:00")
        assert json.loads(again.stdout)["answer"] == "recorded"
    run(desk, "verify", now="2009-03-02T08:00+08:00")
    trail = json.loads(run(desk, "history", "safety", "--json", now="2009-03-02T08:00+08:00").stdout)
    amounts = [entry["event"]["amount"] for entry in trail if entry["event"]["type"] == "AmountRecorded"]
    assert amounts == ["10", "1", "1", "1", "1"]


def test_help_imports_nothing_heavy():
    """`phaseflow --help` loads no YAML, no calendars, no machine, no converter and no database."""
    script = (
        "import sys\nfrom click.testing import CliRunner\nfrom phaseflow.cli import main\n"
        "assert 'calendar' in CliRunner().invoke(main, ['--help']).stdout\n"
        "heavy = {'attr', 'yaml', 'pendulum', 'transitions', 'cattrs', 'sqlite3', 'pluggy',"
        " 'holidays', 'dateutil', 'tomllib',"
        " 'phaseflow.engine', 'phaseflow.core', 'phaseflow.spec', 'phaseflow.stores'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout == "[]\n"


def test_the_entry_point_is_the_root_of_the_verbs():
    """The installed console script and `python -m phaseflow.cli` are the same program."""
    found = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.startswith("phaseflow 0.")
