"""``extends``: what an overlay changes, what it leaves, and what it may not reach."""

import pytest

from phaseflow.spec.reader import read_policy

BASE = """\
phaseflow: 1
campaign: base
zone: UTC
roles: {member: Member, office: Office}
phases:
  study:
    window: 03-01 .. 04-30
    duties:
      notes: {quota: 20000 characters, each: member}
      kickoff: {meeting: Kick-off, by: [office], due: 03-13}
"""


def read(over, **files):
    known = {"base.yaml": BASE, **{name.replace("__", "/") + ".yaml": text for name, text in files.items()}}
    asked = []

    def load(path):
        asked.append(path)
        return known[path].encode()

    reading = read_policy(over, file="plans/over.yaml", load=load)
    assert all("\\" not in path and not path.startswith(("/", "..")) for path in asked)
    return reading


def faults(reading):
    assert reading.spec is None
    return [(p.code, p.span.file, p.span.line, p.span.col) for p in reading.problems]


def test_an_overlay_that_only_extends_is_its_base():
    """No other key is needed."""
    assert read("extends: base.yaml\n").result() == read_policy(BASE).result()


def test_mappings_merge_deeply_and_everything_else_is_replaced():
    """Only what the overlay names changes; lists are not joined."""
    policy = read("""\
extends: base.yaml
campaign: second
phases:
  study:
    duties:
      kickoff: {by: [member], remind: 7 days}
      report: {task: Report}
""").result()
    duties = policy.phases["study"].duties
    assert policy.campaign == "second"
    assert list(duties) == ["notes", "kickoff", "report"]
    kickoff = duties["kickoff"]
    assert (kickoff.by, str(kickoff.due), len(kickoff.remind)) == (("member",), "03-13", 1)
    assert str(policy.phases["study"].window) == "03-01 .. 04-30"


def test_every_value_keeps_the_place_in_its_own_file():
    """So a message, and a mark such as house rules, can say who wrote it."""
    policy = read("extends: base.yaml\nphases: {study: {duties: {kickoff: {due: 03-14}}}}\n").result()
    kickoff = policy.phases["study"].duties["kickoff"]
    assert kickoff.span_of("due").file == "plans/over.yaml"
    assert kickoff.span_of("by").file == "plans/base.yaml"
    assert (kickoff.span_of("due").line, kickoff.span_of("by").line) == (2, 10)


def test_without_takes_inherited_entries_away_before_merging():
    """An entry can be dropped, or dropped and written anew."""
    policy = read("""\
extends: base.yaml
without: [phases.study.duties.notes, phases.study.duties.kickoff]
phases: {study: {duties: {kickoff: {task: Begin}}}}
""").result()
    duties = policy.phases["study"].duties
    assert list(duties) == ["kickoff"]
    assert str(duties["kickoff"].task) == "Begin"


def test_without_something_unknown_is_a_fault():
    """Each path that names nothing is told, with the nearest key."""
    reading = read("extends: base.yaml\nwithout: [phases.study.duties.note, phase, campaign.x]\n")
    assert faults(reading) == [("PF119", "plans/over.yaml", 2, 10)] * 3
    assert sorted(p.fix for p in reading.problems)[:2] == ["did you mean 'notes'?", "did you mean 'phases'?"]


def test_layers_and_their_texts_are_recorded():
    """The reading says which file builds on which, which are house rules, and what every file said."""
    middle = {"mid": "extends: sub/low.yaml\n", "sub__low": "extends: ../base.yaml\n"}
    reading = read("extends: mid.yaml\nhouse_rules: true\n", **middle)
    assert [file for file, _ in reading.sources] == [
        "plans/over.yaml", "plans/mid.yaml", "plans/sub/low.yaml", "plans/base.yaml",
    ]  # fmt: skip
    assert [(o.file, o.base, o.house_rules) for o in reading.overlays] == [
        ("plans/over.yaml", "plans/mid.yaml", True),
        ("plans/mid.yaml", "plans/sub/low.yaml", False),
        ("plans/sub/low.yaml", "plans/base.yaml", False),
    ]
    assert reading.result().campaign == "base"
    assert reading.source("plans/base.yaml") == BASE
    assert reading.line_of("plans/base.yaml", 2) == "campaign: base"
    assert reading.line_of("plans/base.yaml", 99) is None


@pytest.mark.parametrize(
    "path",
    ["../base.yaml", "a/../../base.yaml", "/etc/passwd", "~/base.yaml", "C:\\\\base.yaml", "..\\\\base.yaml", "..",
     "file:base.yaml"],
)  # fmt: skip
def test_a_base_outside_the_folder_is_refused_and_never_loaded(path):
    """A policy cannot make the program read other files of the machine."""
    reading = read(f'extends: "{path}"\n')
    assert faults(reading) == [("PF144", "plans/over.yaml", 1, 11)]


@pytest.mark.parametrize(
    ("over", "files", "expected"),
    [
        ("extends: none.yaml", {}, ("PF145", "plans/over.yaml", 1, 10)),
        ("extends: over.yaml", {}, ("PF146", "plans/over.yaml", 1, 10)),
        ("extends: a.yaml", {"a": "extends: ./over.yaml"}, ("PF146", "plans/a.yaml", 1, 10)),
        ("extends: [base.yaml]", {}, ("PF133", "plans/over.yaml", 1, 10)),
        ("without: [a]", {}, ("PF130", "plans/over.yaml", 1, 1)),
        ("extends: base.yaml\nhouse_rules: yes", {}, ("PF136", "plans/over.yaml", 2, 14)),
        ("extends: a.yaml", {"a": "b: [\n"}, ("PF115", "plans/a.yaml", 2, 1)),
        ("extends: a.yaml", {"a": "a: 1\na: 2\n"}, ("PF105", "plans/a.yaml", 2, 1)),
        ("extends: base.yaml\nphases: {study: {windw: may}}", {}, ("PF131", "plans/over.yaml", 2, 18)),
    ],
)
def test_faults_stand_in_the_file_that_has_them(over, files, expected):
    """A loop, a missing base, a broken base and a slip in the overlay are each told where they are."""
    assert faults(read(over, **files)) == [expected]


def test_eight_layers_are_allowed_and_nine_are_not():
    """A chain is bounded."""
    chain = {f"l{n}": f"extends: l{n + 1}.yaml\n" for n in range(1, 7)}
    assert read("extends: l1.yaml\n", **chain, l7=BASE).result()
    reading = read("extends: l1.yaml\n", **chain, l7="extends: l8.yaml\n", l8=BASE)
    assert faults(reading) == [("PF146", "plans/l7.yaml", 1, 10)]


def test_without_a_folder_nothing_can_be_extended():
    """A text that came from nowhere says so instead of failing."""
    assert [p.code for p in read_policy("extends: base.yaml\n").problems] == ["PF145"]


def test_a_folder_that_cannot_be_read_is_a_fault_not_a_crash():
    """The system's own words are shown, without a path of the machine."""

    def load(path):
        raise PermissionError(13, "Permission denied", f"/secret/{path}")

    (problem,) = read_policy("extends: base.yaml\n", load=load).problems
    assert problem.code == "PF145"
    assert "Permission denied" in problem.what
    assert "secret" not in problem.what
