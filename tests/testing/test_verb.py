"""The verb `test`: results, reports and exit codes; pytest is not imported."""

import json
import subprocess
import sys
from xml.etree import ElementTree

from click.testing import CliRunner

from phaseflow.cli import main

GOOD = "scenarios:\n  it opens: {story: [{on: 03-02, open: study}]}\n"
BAD = GOOD + "  it is closed: {story: [{on: 03-02, open: none}]}\n  later: {todo: ask}\n"


def call(*words):
    found = CliRunner().invoke(main, [str(word) for word in words])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.output
    return found


def test_results_are_told_line_by_line_and_counted(desk):
    """One line a scenario, failures in full, a sum at the end; 1 where one failed."""
    path = desk.write(BAD)
    found = call("test", desk.folder)
    assert found.exit_code == 1
    assert f"passed      {path}: it opens\n" in found.output
    assert f"todo        {path}: later (ask)\n" in found.output
    assert f"{path}:5:" in found.output
    assert found.output.endswith("3 scenarios: 1 passed, 1 failed, 1 todo\n")
    assert call("test", path, "-k", "it opens").exit_code == 0
    assert call("test", path, "-k", "later").exit_code == 0
    assert call("test", path, "-k", "later", "--strict").exit_code == 1


def test_nothing_to_test_does_not_pass(desk):
    """A folder without scenarios, and words that fit none, end with 1."""
    assert "error PF601: " in call("test", desk.folder).output
    desk.write(GOOD)
    assert call("test", desk.folder, "-k", "no such words").exit_code == 1
    assert call("test", desk.folder).exit_code == 0


def test_results_are_written_for_machines(desk):
    """JSON on stdout; JUnit and Markdown into files."""
    path = desk.write(BAD)
    found = call("test", path, "--json", "--junit", desk.folder / "j.xml", "--markdown", desk.folder / "m.md")
    told = json.loads(found.output)
    assert told["counts"] == {"passed": 1, "failed": 1, "todo": 1, "unconfirmed": 0}
    assert told["scenarios"][1]["problems"][0]["code"] == "PF620"
    suite = ElementTree.parse(desk.folder / "j.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert "expected none, found study" in suite[1][0].get("message")
    assert "| it is closed |" in (desk.folder / "m.md").read_text()


def test_pytest_is_not_needed(desk):
    """The verb works where pytest is not installed."""
    path = desk.write(GOOD)
    code = (
        "import sys\nsys.modules['pytest'] = None\nfrom phaseflow.cli import main\n"
        f"main(['test', {str(path)!r}])\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout.endswith("1 scenario: 1 passed\n")
