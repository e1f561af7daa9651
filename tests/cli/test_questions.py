"""Verbs that ask: why, todo, allowed, status, runs, history; and start, tick."""

import json

import pytest


def test_start_says_what_was_started_and_a_second_start_is_refused(desk):
    """A run starts once; the second try is a refusal with its code."""
    desk.start()
    again = desk.call("start", desk.policy, "--start", "2009-03-01", code=1)
    assert "error PF372: " in again.stderr


def test_start_takes_a_yaml_roster_and_refuses_a_bad_one(desk):
    """Rosters are CSV or YAML, by their ending; a column that nothing reads is told."""
    (desk.folder / "roster.yaml").write_text("- {id: boss, roles: [office]}\n- {id: wang, roles: [lead], name: 王}\n")
    desk.call("start", desk.policy, "--start", "2009-03-01", "--roster", "roster.yaml", "--run", "one")
    (desk.folder / "bad.csv").write_text("id,rolles\nboss,office\n")
    assert (
        "error PF385: "
        in desk.call("start", desk.policy, "--start", "2009-03-01", "--roster", "bad.csv", code=1).stderr
    )
    (desk.folder / "latin.csv").write_bytes("id,roles,name\nboss,office,Bühl\n".encode("latin-1"))
    assert (
        "error PF705: "
        in desk.call("start", desk.policy, "--start", "2009-03-01", "--roster", "latin.csv", code=1).stderr
    )
    assert (
        "error PF700: " in desk.call("start", desk.policy, "--start", "2009-03-01", "--roster", "no.csv", code=1).stderr
    )


def test_start_refuses_a_policy_with_problems_before_it_makes_a_database(desk):
    """Nothing is made on the way to a refusal."""
    (desk.folder / "bad.yaml").write_text("phaseflow: 1\n")
    assert "error PF130: " in desk.call("start", "bad.yaml", "--start", "2009-03-01", code=1).stderr
    assert not (desk.folder / "test.db").exists()


PROGRAMME = """\
phaseflow: 1
campaign: district
zone: Asia/Shanghai
roles: {office: {of: programme}, lead: {of: unit}}
bodies: {village: {of: unit, listed: as found}}
defaults: {duty: {due: window end}, phase: {opens: on date, closes: by office, clock: calendar}}
phases: {study: {window: 03-01 .. 03-31, duties: {visits: {task: Visit, each: village, by: lead}}}}
outcomes: {completed: {by: office}}
programme: {outcomes: {completed: {by: office}}}
"""


def test_units_are_started_under_their_programme(desk):
    """A unit names its programme, brings its bodies, and is enrolled once."""
    (desk.folder / "district.yaml").write_text(PROGRAMME)
    start = ("start", "district.yaml", "--start", "2009-03-01")
    desk.call(*start)
    assert "error PF380: " in desk.call(*start, "--unit", "north", code=1).stderr
    unit = (*start, "--unit", "north", "--programme", "district", "--body", "village=Lower Mill")
    assert desk.call(*unit).stdout.startswith("started: district/north (unit, ")
    assert "error PF372: " in desk.call(*unit, code=1).stderr
    assert "error PF370: " in desk.call(*unit, "--run", "another", code=1).stderr
    assert "unit north: running" in desk.call("status", "district").stdout
    assert len(desk.json("runs", "--programme", "district")) == 1
    desk.call("export", "district/north", "-o", "north.jsonl")
    found = desk.call("import", "north.jsonl", "--db", "new.db", code=1)
    assert "the programme 'district' of 'district/north' is not in this database" in found.stderr
    assert "is not NAME=VALUE" in desk.call(*unit, "--body", "village", code=2).stderr


def test_why_lists_each_unmet_requirement_with_its_line_and_clause(desk):
    """The answer to `why` is on stdout, in the form of an error, and ends with 0."""
    desk.start()
    found = desk.call("why", "safety", "study.close")
    assert found.stderr == ""
    assert found.stdout.count("held PF324: ") == 2
    assert "clause: 3.2" in found.stdout
    assert "kickoff: {meeting" in found.stdout
    assert desk.json("why", "safety", "study.close")["reasons"][1]["subjects"] == ["chen", "li.na"]
    assert "nothing stands in the way of completed" in desk.call("why", "safety", "completed").stdout


def test_why_and_needs_are_told_in_the_language_asked_for(desk):
    """`--lang` chooses the words, and neither the environment nor a locale does; data is the same in any language."""
    desk.start()
    assert desk.call("why", "safety", "study.close", LANG="zh_CN.UTF-8").stdout.count("held PF324: ") == 2
    english = desk.call("needs", "safety", "study.close", LC_ALL="zh_CN.UTF-8").stdout
    assert english.startswith(
        "4 more acts are needed for this: close “study”.\n1. Hold “Kick-off” – “Lead of the unit” (wang)"
    )
    chinese = desk.call("needs", "safety", "study.close", "--lang", "zh").stdout
    assert "由“Lead of the unit（lead）”" not in chinese
    assert "召开“Kick-off”，期限为2009年3月13日" in chinese
    assert "还有2项条件未具备" in desk.call("why", "safety", "study.close", "--lang", "zh").stdout
    data = desk.json("needs", "safety", "study.close", "--lang", "zh")
    assert (data["possible"], data["count"], data["deeds"][0]["verb"]) == (True, 4, "hold")
    assert "Invalid value for '--lang'" in desk.call("needs", "safety", "study.close", "--lang", "de", code=2).stderr


def test_needs_ends_with_one_where_nothing_helps(desk):
    """What is not possible any more says why, and ends with 1; a move that is not there is a refusal."""
    desk.start()
    desk.call("do", "safety", "request", "completed", "--by", "boss")
    found = desk.call("needs", "safety", "study.close", code=1)
    assert found.stdout.startswith("No longer possible: close “study”, since\n1. The run has ended")
    assert "PF320" in desk.call("needs", "safety", "studi.close", code=1).stderr


def test_why_not_lists_every_objection(desk):
    """All that stands against an act is told at once, with its lines or in words; what is possible ends with 0."""
    desk.start()
    found = desk.call("why-not", "safety", "hold", "kickoff", "--by", "chen", code=1)
    assert [code in found.stdout for code in ("PF301", "PF339")] == [True, True]
    assert "kickoff: {meeting" in found.stdout
    told = desk.call("why-not", "safety", "hold", "kickoff", "--by", "chen", "--lang", "zh", code=1).stdout
    assert told.startswith("“chen”目前不能办理“召开‘Kick-off")
    assert "无权办理：" in told
    assert "前提未具备：" in told
    data = desk.json("why-not", "safety", "request", "study.close", "--by", "chen", code=1)
    assert [one["kind"] for one in data["objections"]] == ["not_entitled", "held", "held"]
    free = ["why-not", "safety", "hold", "kickoff", "--by", "wang", "--evidence", "minutes=m.pdf"]
    assert desk.call(*free).stdout == "Nothing stands against this: wang, hold “Kick-off”.\n"
    assert "say who does it" in desk.call("why-not", "safety", "hold", "kickoff", code=2).stderr


def test_todo_of_one_person_and_of_everybody(desk):
    """What is owed, with its due day; nothing owed is said, not left out."""
    desk.start()
    assert "hold kickoff" in desk.call("todo", "safety", "wang").stdout
    everybody = desk.call("todo", "safety", "--all").stdout
    assert "boss owes nothing now" in everybody
    assert everybody.count("record notes up to 100 characters") == 2
    assert {one["person"] for one in desk.json("todo", "safety", "--all")} == {"boss", "chen", "li.na", "wang"}


def test_allowed_lists_moves_and_says_which_are_not_yet_possible(desk):
    """A move whose gate would hold is listed and marked."""
    desk.start()
    line = next(line for line in desk.call("allowed", "safety", "boss").stdout.splitlines() if "study.close" in line)
    assert "not yet possible" in line


def test_status_and_runs_show_how_it_stands(desk):
    """A run at a glance, in its zone; and the list of runs."""
    desk.start()
    found = desk.call("status", "safety").stdout
    assert found.startswith("safety: running (unit of safety)\n")
    assert "0 of 2 duties done" in found
    assert "next due: 2009-03-06 00:00 (Asia/Shanghai)" in found
    assert desk.call("runs").stdout.splitlines()[1].startswith("safety  unit   running")
    assert desk.call("runs", "--status", "concluded").stdout == "no runs\n"


def test_history_is_one_line_an_entry_and_goes_on_from_a_number(desk):
    """`--after` is the number that was seen last."""
    desk.start()
    whole = desk.call("history", "safety").stdout.splitlines()
    assert whole[0].startswith("1 ") or whole[0].startswith("1  ")
    assert desk.call("history", "safety", "--after", 3).stdout.splitlines()[0].split()[0] == "4"
    assert len(desk.json("history", "safety", "--limit", 2)) == 2


def test_questions_change_nothing(desk):
    """After every question the trail is as long as before."""
    desk.start()
    before = desk.call("history", "safety").stdout
    desk.now = "2009-05-01T00:00Z"
    for words in (
        ["why", "safety", "study.close"],
        ["why", "safety", "study.close", "--lang", "zh"],
        ["needs", "safety", "study.close"],
        ["todo", "safety", "--all"],
        ["allowed", "safety", "boss"],
        ["status", "safety"],
        ["runs"],
    ):
        desk.call(*words)
    assert desk.call("history", "safety").stdout == before


def test_tick_processes_what_is_due_once(desk):
    """The second tick at the same instant finds nothing."""
    desk.start()
    desk.now = "2009-03-08T08:00+08:00"
    assert desk.call("tick").stdout == "1 run had something due\n"
    assert desk.json("tick") == {"runs": 0}


@pytest.mark.parametrize("words", [["runs"], ["tick"], ["verify"], ["history", "safety"], ["export", "safety"]])
def test_a_misspelt_database_is_told_and_not_made(desk, words):
    """Only start and import make a database."""
    found = desk.call(*words, "--db", "typo.db", code=1)
    assert "error PF703: there is no database 'typo.db'" in found.stderr
    assert not (desk.folder / "typo.db").exists()


def test_no_database_at_all_is_a_wrong_command_line(desk):
    """What to type is said."""
    assert "give --db FILE, set PHASEFLOW_DB" in desk.call("runs", code=2, PHASEFLOW_DB="").stderr


def test_a_file_that_is_no_database_is_a_problem(desk):
    """A driver's error never reaches the terminal."""
    (desk.folder / "text.db").write_text("these are just words, many of them, and no database at all" * 20)
    found = desk.call("runs", "--db", "text.db", "--json", code=1)
    assert json.loads(found.stderr)["problems"][0]["code"] == "PF905"


def test_every_verb_has_json(desk):
    """`--json` is there on every verb and every sub-verb."""
    import click

    from phaseflow.cli import VERBS, main
    from phaseflow.engine.acts import ACTS

    def names(command):
        return {name for param in command.params for name in param.opts}

    context = click.Context(main)
    for verb in VERBS:
        command = main.get_command(context, verb)
        assert command.help
        made = verb in ("do", "why-not")
        below = command.commands.values() if isinstance(command, click.Group) and not made else [command]
        for one in below:
            assert made or "--json" in names(one), verb
    for verb in ("do", "why-not"):
        for act in ACTS:
            assert "--json" in names(main.get_command(context, verb).get_command(context, act)), act
