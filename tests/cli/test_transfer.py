"""verify, export, import and doctor: what is found, what is carried over, what is refused."""

import contextlib
import json
import sqlite3

import pytest


def act(desk):
    """A run with a few records."""
    desk.start()
    desk.call("do", "safety", "record", "notes", "10 characters", "--by", "li.na")
    desk.call("do", "safety", "record", "notes", "20 characters", "--by", "chen")


def test_verify_finds_an_edited_entry_and_ends_with_1(desk):
    """A number changed behind phaseflow's back is found and named."""
    act(desk)
    assert desk.call("verify", "safety").stdout == "ok: 1 run checked\n"
    with contextlib.closing(sqlite3.connect(desk.folder / "test.db")) as database, database:
        last = "(SELECT max(seq) FROM entries)"
        database.execute(f"UPDATE entries SET body = replace(body, 'chen', 'wang') WHERE seq = {last}")
    found = desk.call("verify", code=1)
    assert "error PF710: safety: " in found.stderr
    assert found.stdout == "broken: 1 run checked\n"


def test_kept_heads_show_what_a_chain_alone_cannot(desk):
    """A run that is missing, and a trail that was cut, show against heads kept elsewhere (R17)."""
    act(desk)
    desk.call("export", "--heads", "-o", "heads.json")
    assert desk.call("verify", "--heads", "heads.json").stdout == "ok: 1 run checked against kept heads\n"
    desk.call("start", desk.policy, "--start", "2009-03-01", "--run", "other", "--db", "other.db")
    assert "the run is gone" in desk.call("verify", "--heads", "heads.json", "--db", "other.db", code=1).stderr
    desk.call("start", desk.policy, "--start", "2009-03-01", "--roster", "roster.csv", "--db", "rewritten.db")
    found = desk.call("verify", "--heads", "heads.json", "--db", "rewritten.db", code=1)
    assert "the trail ends at entry" in found.stderr
    desk.call("do", "safety", "record", "notes", "99 characters", "--by", "li.na", "--db", "rewritten.db")
    desk.call("do", "safety", "record", "notes", "20 characters", "--by", "chen", "--db", "rewritten.db")
    found = desk.call("verify", "--heads", "heads.json", "--db", "rewritten.db", code=1)
    assert "is not the one that was kept" in found.stderr


def test_heads_that_were_touched_prove_nothing(desk):
    """The file's root must belong to its heads."""
    act(desk)
    desk.call("export", "--heads", "-o", "heads.json")
    kept = json.loads((desk.folder / "heads.json").read_text())
    kept["heads"][0]["seq"] -= 1
    (desk.folder / "heads.json").write_text(json.dumps(kept))
    assert "error PF711: " in desk.call("verify", "--heads", "heads.json", code=1).stderr


def test_an_exported_run_is_the_same_run_elsewhere(desk):
    """Trail, status, personal data and what is owed are carried over; the chain verifies; acting goes on."""
    act(desk)
    desk.call("export", "safety", "-o", "run.jsonl")
    assert desk.call("import", "run.jsonl", "--db", "new.db").stdout.startswith("imported: safety (")
    for words in (["history", "safety"], ["status", "safety"], ["todo", "safety", "--all"]):
        assert desk.json(*words, "--db", "new.db") == desk.json(*words)
    desk.call("do", "safety", "record", "notes", "5 characters", "--by", "li.na", "--db", "new.db")
    assert desk.call("verify", "--db", "new.db").stdout == "ok: 1 run checked\n"
    assert "is in this database already" in desk.call("import", "run.jsonl", code=1).stderr


@pytest.mark.parametrize("damage", ["edit", "gap", "tail", "order", "garbage", "plan"])
def test_a_broken_chain_is_not_taken_in(desk, damage):
    """An edit, a gap, a cut tail, another order, other bytes, another plan: refused, and nothing is written."""
    act(desk)
    desk.call("export", "safety", "-o", "run.jsonl")
    lines = (desk.folder / "run.jsonl").read_text(encoding="utf-8").splitlines()
    last = max(place for place, line in enumerate(lines) if '"kind":"entry"' in line)
    match damage:
        case "edit":
            lines[last] = lines[last].replace("chen", "wang")
        case "gap":
            del lines[last - 1]
        case "tail":
            del lines[last]
        case "order":
            lines[last], lines[last - 1] = lines[last - 1], lines[last]
        case "garbage":
            lines[last] = "{"
        case "plan":
            lines[1] = lines[1].replace("100 characters", "1 characters")
    (desk.folder / "run.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert "error PF712: " in desk.call("import", "run.jsonl", "--db", "new.db", code=1).stderr
    assert desk.call("runs", "--db", "new.db").stdout == "no runs\n"


def test_a_text_with_odd_ends_of_lines_is_carried_over(desk):
    """U+2028, U+0085 and a form feed end a line for some, and none of an exported file."""
    act(desk)
    desk.call("do", "safety", "recuse", "notes", "--by", "li.na", "--reason", "a\u2028b\x85c\x0cd\ne")
    desk.call("export", "safety", "-o", "run.jsonl")
    assert desk.call("import", "run.jsonl", "--db", "new.db").stdout.startswith("imported: safety (")
    assert desk.json("history", "safety", "--db", "new.db") == desk.json("history", "safety")


@pytest.mark.parametrize("wrong", [
    '{"kind":"entry","sek":1}', '{"kind":"personal","ref":"x"}', '{"kind":"entry","seq":"1","hash":"","body":""}',
    '{"kind":"plan","digest":7,"body":""}', '{"kind":"ballot","poll":"x","body":"{}","who":"li"}', '{"kind":[]}', "[]",
])  # fmt: skip
def test_a_line_that_export_never_wrote_is_refused(desk, wrong):
    """A line that lacks something, or says more than it should, is told as such, whatever else is sound."""
    act(desk)
    desk.call("export", "safety", "-o", "run.jsonl")
    with (desk.folder / "run.jsonl").open("a", encoding="utf-8") as file:
        file.write(wrong + "\n")
    assert (
        "error PF712: 'run.jsonl' is no exported run"
        in desk.call("import", "run.jsonl", "--db", "new.db", code=1).stderr
    )


def test_doctor_looks_at_everything_and_finds_a_broken_database(desk):
    """All is well where nothing is wrong; what is absent and not needed is no fault; a stranger's file is."""
    act(desk)
    found = desk.call("doctor").stdout
    assert "1 runs, all verified" in found
    assert "WRONG" not in found
    (desk.folder / "text.db").write_text("just words" * 100)
    assert "WRONG  database" in desk.call("doctor", "--db", "text.db", code=1).stdout
    assert {one["what"] for one in desk.json("doctor")} >= {"python", "sqlite", "time zones", "database", "hooks"}


def test_rows_that_were_touched_are_folded_anew(desk):
    """`refold` makes rows from the trail; a trail that was touched itself is refused, and nothing is written."""
    act(desk)
    before = desk.json("status", "safety")
    with contextlib.closing(sqlite3.connect(desk.folder / "test.db")) as database, database:
        database.execute("UPDATE rows SET body = replace(body, '{', '{\"odd\":1,') WHERE key LIKE 'part/%'")
        database.execute("DELETE FROM rows WHERE key LIKE 'window/%'")
        database.execute("UPDATE heads SET due_at = NULL")
    found = desk.call("verify", code=1).stderr
    assert "`phaseflow refold` makes it anew" in found
    assert "is not what the trail says" in found
    assert "rows made anew" in desk.call("refold").stdout
    assert desk.call("refold", "safety").stdout == "safety: as it was\n"
    assert desk.call("verify").stdout == "ok: 1 run checked\n"
    assert desk.json("status", "safety") == before
    with contextlib.closing(sqlite3.connect(desk.folder / "test.db")) as database, database:
        database.execute("UPDATE entries SET body = replace(body, 'chen', 'wang') WHERE seq = 3")
        database.execute("UPDATE entries SET body = replace(body, 'li.na', 'wang') WHERE seq > 3")
    assert "error PF486: " in desk.call("refold", code=1).stderr
