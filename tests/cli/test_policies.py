"""Verbs about a policy alone: check, explain, schema, calendar, graph."""

import json
import re


def test_check_of_a_sound_policy_gives_one_line_with_counts_and_digest(desk):
    """A sound policy is told in one line on stdout."""
    found = desk.call("check", desk.policy)
    assert re.fullmatch(
        r"ok \S+policy.yaml: safety, 2 phases, 3 duties, 3 clauses, digest [0-9a-f]{12}\n", found.stdout
    )
    assert found.stderr == ""


def test_check_tells_every_problem_with_its_place_and_ends_with_1(desk):
    """All problems of a pass are told at once, clickable, on stderr; other policies are still checked."""
    bad = desk.folder / "bad.yaml"
    bad.write_text(
        (desk.folder / "policy.yaml").read_text().replace("by: lead", "by: leed").replace("office:", "offise:")
    )
    found = desk.call("check", bad, desk.policy, code=1)
    heads = re.findall(r"^(\S+):(\d+):(\d+): error (PF\d+): ", found.stderr, re.M)
    assert len(heads) >= 3
    assert {code for *_, code in heads} == {"PF201"}
    assert all(file == str(bad) for file, *_ in heads)
    assert "did you mean 'lead'?" in found.stderr
    assert found.stdout.startswith("ok ")


def test_check_as_json_holds_the_problems(desk):
    """With --json the findings are the answer: on stdout, each with its place in numbers."""
    (desk.folder / "bad.yaml").write_text("phaseflow: 1\ncampaign: c\nzone: Nowhere\nphases: {study: {window: may}}\n")
    found = desk.json("check", "bad.yaml", desk.policy, code=1)
    assert [one["ok"] for one in found] == [False, True]
    assert found[0]["problems"][0]["file"] == "bad.yaml"
    assert all(problem["line"] > 0 for problem in found[0]["problems"])


def test_a_policy_that_is_not_there_is_a_problem_and_no_traceback(desk):
    """A missing file, a folder and a binary file are told like any other problem."""
    (desk.folder / "bytes.yaml").write_bytes(b"\xff\xfe\x00\x01")
    for name, code in (("nowhere.yaml", "PF100"), (".", "PF100"), ("bytes.yaml", "PF101")):
        assert f"error {code}: " in desk.call("check", name, code=1).stderr


def test_explain_prints_the_page_of_a_code_in_any_case(desk):
    """A page has the title, the why, an example and the fix."""
    found = desk.call("explain", "pf105").stdout
    assert found.startswith("PF105: ")
    assert all(f"\n{part}:" in found for part in ("why", "example", "fix"))
    assert desk.json("explain", "PF105")["code"] == "PF105"


def test_explain_of_an_unknown_code_is_a_wrong_command_line(desk):
    """An unknown code ends with 2 and names a near one."""
    assert "there is no code 'PF999'; did you mean" in desk.call("explain", "PF999", code=2).stderr


def test_schema_is_the_json_schema_of_policies(desk):
    """The schema is printed as it is published."""
    assert json.loads(desk.call("schema").stdout)["$schema"].startswith("https://json-schema.org/")


def test_calendar_resolves_windows_due_days_and_reminders(desk):
    """Windows, due days and reminders appear with their days, in the policy's zone."""
    found = desk.call("calendar", desk.policy, "--start", "2009-03-01")
    lines = [re.sub(" +", " ", line.strip()) for line in found.stdout.splitlines()]
    assert "study 2009-03-01 .. 2009-03-31 study" in lines
    assert "meeting kickoff due 2009-03-13 lead: Kick-off" in lines
    assert "remind 2009-03-06 00:00 to those who owe it" in lines
    assert found.stderr == ""


def test_calendar_tells_what_is_odd_as_warnings_on_stderr(desk):
    """What is odd does not spoil the exit code."""
    (desk.folder / "odd.yaml").write_text((desk.folder / "policy.yaml").read_text().replace("04-01 ..", "03-20 .."))
    assert re.search(
        r"^odd.yaml:\d+:\d+: warning PF720: ", desk.call("calendar", "odd.yaml", "--start", "2009-03-01").stderr, re.M
    )
    assert desk.json("calendar", "odd.yaml", "--start", "2009-03-01")["warnings"][0]["code"] == "PF720"


def test_calendar_refuses_a_level_that_is_not_there(desk):
    """A policy without a programme has no calendar of one."""
    assert (
        "no level 'programme'"
        in desk.call("calendar", desk.policy, "--start", "2009-03-01", "--level", "programme", code=2).stderr
    )


def test_graph_draws_the_moves_of_the_machine(desk):
    """Phases with windows, moves with who asks for them, outcomes as ends."""
    drawn = desk.call("graph", desk.policy).stdout
    assert drawn.startswith("stateDiagram-v2\n")
    assert 'state "study (03-01 .. 03-31)" as study' in drawn
    assert "study --> [*]: study.close [by office; gate]" in drawn
    assert "[*] --> outcome_completed: completed [by office]" in drawn
