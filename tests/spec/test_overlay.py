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


ROUTES = BASE + """\
      plan:
        document: Plan
        by: member
        route:
          - {draft: member}
          - {vet: office, returns_to: draft}
          - {vet: [office, member], as: second_vet, returns_to: draft}
          - {publish: member}
          - {publish: office}
      talks: {meeting: Talks, by: office, agenda: [{en: One}, {en: Two}]}
  review: {window: may, gate: {all: [duties, {done: notes}]}}
"""


def routes(over):
    return read("extends: routes.yaml\n" + over, routes=ROUTES)


def test_a_mapping_over_a_list_changes_the_entries_that_it_names():
    """One step gets a time limit; the others, and their order, stay as they are."""
    route = "{second_vet: {within: 3 days, silence: hold}, vet: {as: first}}"
    study = routes(f"phases: {{study: {{duties: {{plan: {{route: {route}}}}}}}}}\n").result().phases["study"]
    plan = study.duties["plan"]
    assert [step.as_ or step.__tag__ for step in plan.route] == ["draft", "first", "second_vet", "publish", "publish"]
    second = plan.route[2]
    assert (second.vet, second.returns_to, str(second.within), second.silence) == (
        ("office", "member"), "draft", "3 days", "hold"
    )  # fmt: skip
    assert second.span_of("within").file == "plans/over.yaml"
    assert second.span_of("vet").file == second.span.file == "plans/routes.yaml"
    assert [step.within for step in plan.route if step is not second] == [None] * 4


def test_a_single_value_or_list_is_the_new_value_of_the_entrys_first_key():
    """Who vets is changed as shortly as it was written."""
    over = "phases: {study: {duties: {plan: {route: {draft: office, second_vet: [member]}}}}}\n"
    plan = routes(over).result().phases["study"].duties["plan"]
    assert (plan.route[0].draft, plan.route[2].vet) == (("office",), ("member",))
    assert plan.route[2].as_ == "second_vet"


@pytest.mark.parametrize(
    ("patch", "key", "fix"),
    [
        ("plan: {route: {vett: {within: 3 days}}}", "vett", "did you mean 'vet'?"),
        ("plan: {route: {zzz: {within: 3 days}}}", "zzz", "known here: draft, publish, second_vet, vet"),
        ("plan: {route: {publish: {by: office}}}", "publish", "give them names with `as:` in the base"),
        ("talks: {agenda: {en: Three}}", "en", "give them names with `as:` in the base"),
    ],
)
def test_a_patch_that_names_no_single_entry_is_a_fault(patch, key, fix):
    """A step that is misspelt, or one of several of the same name, is never guessed."""
    line = f"phases: {{study: {{duties: {{{patch}}}}}}}"
    reading = routes(line + "\n")
    assert faults(reading) == [("PF119", "plans/over.yaml", 2, line.index(key + ":") + 1)]
    assert [problem.fix.partition("or write the whole list")[0].rstrip(" ,;") for problem in reading.problems] == [fix]


def test_all_faults_of_all_patches_are_told_at_once():
    """Two wrong names are two faults."""
    reading = routes("phases: {study: {duties: {plan: {route: {a: {by: office}, b: {by: office}}}}}}\n")
    assert [code for code, *_ in faults(reading)] == ["PF119", "PF119"]


def test_a_list_without_names_is_replaced():
    """Names of roles, or conditions beside the word `duties`, cannot be patched; a mapping stands for the whole."""
    over = "phases: {study: {duties: {kickoff: {by: {a: b}}}}, review: {gate: {all: {done: kickoff}}}}\n"
    assert faults(routes(over)) == [("PF133", "plans/over.yaml", 2, 41)]
    over = "phases: {review: {gate: {all: {done: kickoff}}}}\n"
    (part,) = routes(over).result().phases["review"].gate.all
    assert part.done == ("kickoff",)


def test_a_slip_inside_a_patch_stands_in_the_overlay():
    """The rest of the entry is the base's, the fault is the overlay's."""
    reading = routes("phases: {study: {duties: {plan: {route: {vet: {wihtin: 3 days}}}}}}\n")
    assert faults(reading) == [("PF131", "plans/over.yaml", 2, 48)]


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


def test_a_base_may_stand_above_as_far_as_the_project_goes():
    """A plan and the template that several plans share are folders beside each other."""
    known = {"../county/policy.yaml": BASE.replace("03-01", "03-02")}

    def load(path):
        return known[path].encode()

    over = "extends: ../county/policy.yaml\n"
    reading = read_policy(over, file="plans/north/policy.yaml", load=load, climb=1)
    assert str(reading.result().phases["study"].window) == "03-02 .. 04-30"
    assert [file for file, _ in reading.sources] == ["plans/north/policy.yaml", "plans/county/policy.yaml"]
    assert faults(read_policy(over, file="plans/north/policy.yaml", load=load))[0][0] == "PF144"
    further = over.replace("..", "../..")
    assert faults(read_policy(further, file="plans/north/policy.yaml", load=load, climb=1))[0][0] == "PF144"


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
