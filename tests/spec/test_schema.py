"""The JSON Schema accepts what the reader accepts and refuses what it refuses, as far as JSON Schema can say it."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from tests.spec.strategies import of_class
from tests.spec.test_structure import Thing

from phaseflow.spec.dump import plain
from phaseflow.spec.kinds import Object
from phaseflow.spec.model import Policy
from phaseflow.spec.schema import json_schema
from phaseflow.spec.shape import Shape, shape
from phaseflow.spec.structure import structure
from phaseflow.spec.tree import Mapping, Scalar, decode, parse

POLICY = jsonschema.Draft202012Validator(json_schema(Policy, extends=True))
THING = jsonschema.Draft202012Validator(json_schema(Thing))
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
TYPED = {"true": True, "false": False}


def as_editors_read(node):
    """A tree as JSON, with the types of YAML 1.2's core schema: what an editor hands to the schema."""
    if isinstance(node, Scalar):
        if node.quoted:
            return node.text
        if node.is_null:
            return None
        return int(node.text) if re.fullmatch("-?[0-9]+", node.text) else TYPED.get(node.text, node.text)
    if isinstance(node, Mapping):
        return {entry.key.text: as_editors_read(entry.value) for entry in node.entries}
    return [as_editors_read(item) for item in node.items]


def both(text):
    """(does the reader take it, does the schema take it) as a thing."""
    tree = parse(decode(text))
    return structure(tree, Thing, []) is not None, THING.is_valid(as_editors_read(tree))


@pytest.mark.parametrize("schema", [POLICY.schema, THING.schema], ids=["policy", "thing"])
def test_the_schema_is_a_schema(schema):
    """It is valid against the dialect it names, JSON through and through, and every reference resolves."""
    jsonschema.Draft202012Validator.check_schema(schema)
    text = json.dumps(schema)
    for name in set(re.findall(r'"#/\$defs/([^"]+)"', text)):
        assert schema["$defs"][name]


EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/*/*.yaml"))


@pytest.mark.parametrize(
    "file",
    [file for file in EXAMPLES if file.stem in ("policy", "operating")],
    ids=lambda file: f"{file.parent.name}/{file.stem}",
)
def test_the_schema_accepts_the_policies_of_the_examples(file):
    """An editor that goes by the schema has nothing against a real policy, nor against an overlay."""
    written = as_editors_read(parse(decode(file.read_text(encoding="utf-8"))))
    assert [f"{error.json_path}: {error.message[:200]}" for error in POLICY.iter_errors(written)] == []


@given(of_class(Policy))
@settings(suppress_health_check=SLOW, deadline=None, max_examples=60)
def test_the_schema_accepts_every_policy(policy):
    """Whatever can be built can be written, and the schema lets it."""
    written = json.loads(json.dumps(plain(policy, Object(Policy), short=False)))
    assert [error.message for error in POLICY.iter_errors(written)] == []


@pytest.mark.parametrize(
    "line",
    [
        "from: a.b", "title: Study", "title: {en: Study, zh: 学习}", "title: 5", "flag: true", "by: a", "by: [a, b]",
        "which: any", "which: a", "window: none", "window: 03-01 .. 04-30", "hidden: unstated", "amount: 5",
        "amount: 85%", "end: null", "parts: {a: 3, b: {size: 4}, c: [1, 2]}", "classes: {a: 7 days, b: ~}",
        "cond: a == b", "cond: {all: duties}", "cond: {not: {all: [a, {not: b}]}}", "cond: {at_least: 1, of: [a]}",
        "cond: {poll: p, at_least: 85%}", "cond: {wait: short}", "mixed: [{all: a}]", "pairs: [a, b]",
    ],
)  # fmt: skip
def test_good_samples_pass_both(line):
    """What the reader takes, the schema takes."""
    assert both(f"name: x\n{line}\n") == (True, True)


@pytest.mark.parametrize(
    "line",
    [
        "mood: none", "title: ''", "title: [a]", "title: {}", "title: {english: x}", "flag: yes", "flag: 'true'",
        "by: Office", "by: [a, class]", "from: a..b", "mode: prorate", "parts: {a: 0}", "parts: {a: x}",
        "parts: {A: 1}", "steps: 3", "window: [may]", "window: nonne", "amount: '>= 5'", "cond: {}",
        "cond: {of: a}", "cond: {al: [a]}",
        "cond: {all: [a], not: b}", "cond: {at_least: 1}", "pairs: [a]", "flag:", "loaded: 1",
    ],
)  # fmt: skip
def test_bad_samples_fail_both(line):
    """What the reader refuses for its form, the schema refuses."""
    assert both(f"name: x\n{line}\n") == (False, False)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("extends: base.yaml", True),
        ("extends: base.yaml\nhouse_rules: true\nwithout: phases.study", True),
        ("extends: base.yaml\nphases: {study: {duties: {a: {due: 03-13}}}}", True),
        ("extends: base.yaml\nduties: {a: {route: {vet: {within: 3 days, silence: hold}, approve: office}}}", True),
        ("extends: base.yaml\nduties: {a: {route: {vet: {wihtin: 3 days}}}}", False),
        ("extends: base.yaml\nduties: {a: {route: {approve: {a: b}}}}", False),
        ("extends: base.yaml\nduties: {a: {evidence: {vet: office}}}", False),
        ("phaseflow: 1\ncampaign: c\nzone: UTC\nphases: {}\nduties: {a: {document: A, route: {vet: office}}}", False),
        ("extends: base.yaml\nphase: {}", False),
        ("extends: base.yaml\nphases: {study: {window: rubbish}}", False),
        ("house_rules: true", False),
        ("phaseflow: 1\ncampaign: c\nzone: UTC\nphases: {}", True),
        ("campaign: c\nzone: UTC\nphases: {}", False),
    ],
)
def test_an_overlay_may_leave_out_what_its_base_says(text, valid):
    """With `extends` nothing else is required; without it everything required is."""
    assert POLICY.is_valid(as_editors_read(parse(decode(text)))) is valid


def test_every_key_carries_its_sentence():
    """Editors show the one sentence of the field, so no field of a policy is without it."""
    silent = [
        f"{name}.{key}"
        for name, found in POLICY.schema["$defs"].items()
        for form in [found, *found.get("anyOf", [])]
        for key, described in form.get("properties", {}).items()
        if not described.get("description")
    ]
    assert silent == []


def test_two_classes_of_one_name_are_refused():
    """Their definitions would overwrite each other."""

    def other():
        @shape
        class Thing(Shape):
            name: str

        return Thing

    @shape
    class Both(Shape):
        one: str

    Both.__annotations__["one"] = Thing
    one, two = other(), Both
    two.__annotations__["one"] = Thing | one
    with pytest.raises(TypeError, match="two spec classes"):
        json_schema(two)
