"""diff --replay: databases and exported files, what is told, and what is refused."""

import json

from tests.cli.conftest import POLICY


def other(desk, name, *changes):
    """The policy with some words changed, beside it."""
    text = POLICY
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (desk.folder / name).write_text(text, encoding="utf-8")
    return str(desk.folder / name)


def act(desk):
    """One member does all, the other half of it, and the lead's meeting is late."""
    desk.start()
    desk.call("do", "safety", "record", "notes", "100 characters", "--by", "li.na")
    desk.call("do", "safety", "record", "notes", "50 characters", "--by", "chen")
    desk.now = "2009-03-20T08:00+08:00"
    desk.call("do", "safety", "hold", "kickoff", "--evidence", "minutes=m.pdf", "--by", "wang")


def test_what_happened_is_decided_anew_under_both_policies(desk):
    """A later due day makes a late meeting one in time; the database is only read."""
    act(desk)
    new = other(desk, "new.yaml", ("due: 03-13", "due: 03-25"))
    before = (desk.folder / "test.db").read_bytes()
    said = desk.call("diff", desk.policy, new, "--replay", "test.db", code=1).stdout
    assert "~ duties.kickoff.due: " in said
    assert "in 1 run: 1 of them come out otherwise" in said
    assert "  due study/1/kickoff: 2009-03-13 -> 2009-03-25\n" in said
    assert "  late study/1/kickoff: done late -> done in time\n" in said
    assert (desk.folder / "test.db").read_bytes() == before
    data = json.loads(desk.call("diff", desk.policy, new, "--replay", "test.db", "--json", code=1).stdout)
    kinds = {one["kind"] for one in data["replay"]["runs"][0]["differences"]}
    assert kinds == {"due", "late"}


def test_an_exported_run_is_a_history_too(desk):
    """The same answer from the file as from the database."""
    act(desk)
    new = other(desk, "new.yaml", ("100 characters", "60 characters"))
    desk.call("export", "safety", "-o", "run.jsonl")
    from_file = desk.call("diff", desk.policy, new, "--replay", "run.jsonl", code=1).stdout
    owed = "owed by 2, 100 characters each -> owed by 2, 60 characters each"
    assert f"consequence study/1/notes is owed: {owed}" in from_file
    assert from_file == desk.call("diff", desk.policy, new, "--replay", "test.db", code=1).stdout


def test_what_is_no_history_is_refused_with_its_place(desk):
    """A database that is not there, a file that is none, and a campaign that did not run there."""
    act(desk)
    assert "PF703" in desk.call("diff", desk.policy, desk.policy, "--replay", "nowhere.db", code=1).stderr
    (desk.folder / "broken.jsonl").write_text("{}", encoding="utf-8")
    assert "PF712" in desk.call("diff", desk.policy, desk.policy, "--replay", "broken.jsonl", code=1).stderr
    strange = other(desk, "strange.yaml", ("campaign: safety", "campaign: fire"))
    assert "PF741" in desk.call("diff", strange, strange, "--replay", "test.db", code=1).stderr
    assert "no difference in meaning" in desk.call("diff", desk.policy, desk.policy, "--replay", "test.db").stdout
