"""The district example: policy, register and overlay belong together, and nothing is cited that nobody wrote down."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from phaseflow.core.plan import compile_policy
from phaseflow.spec.duties import OpinionStep
from phaseflow.spec.phrases import LengthPhrase
from phaseflow.spec.reader import Reading, read_policy
from phaseflow.spec.shape import Shape, Text
from phaseflow.spec.tree import Mapping as Branch
from phaseflow.spec.tree import Scalar, Sequence, decode, parse

FOLDER = Path(__file__).parents[2] / "examples" / "district_campaign"
STATUSES = {"encoded": set(), "advisory": {"why"}, "ambiguous": {"reading", "why"}}
CHINESE = re.compile("[\u4e00-\u9fff]")


def plain(node: Any) -> Any:
    """A tree as dictionaries, lists and texts; the parser refuses a key that is given twice."""
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return [plain(item) for item in node.items]
        case Branch():
            return {entry.key.text: plain(entry.value) for entry in node.entries}


def read(name: str) -> Reading[Any]:
    return read_policy((FOLDER / name).read_bytes(), file=name, load=lambda path: (FOLDER / path).read_bytes())


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in a spec, with its path."""
    yield path, value
    if isinstance(value, Shape):
        for field in attrs.fields(type(value)):
            if field.eq:
                yield from walk(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, f"{path}.{key}")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from walk(item, f"{path}.{index}")


def citations(spec: Any) -> set[tuple[str, str]]:
    """(place of the rule, clause) of every citation in a policy."""
    return {
        (path, clause)
        for path, shape in walk(spec)
        if isinstance(shape, Shape) and hasattr(shape, "clause")
        for clause in shape.clause
    }


@pytest.fixture(scope="module")
def register() -> dict[str, Any]:
    return plain(parse(decode((FOLDER / "clauses.yaml").read_bytes(), "clauses.yaml"), "clauses.yaml"))


@pytest.fixture(scope="module")
def policy() -> Any:
    return read("policy.yaml").result()


@pytest.fixture(scope="module")
def operating() -> Any:
    return read("operating.yaml").result()


@pytest.mark.parametrize("name", ["policy.yaml", "operating.yaml"])
def test_policy_and_overlay_compile_without_a_warning(name):
    """Both can be run as they stand."""
    reading = read(name)
    assert compile_policy(reading.result(), reading.sources).warnings == ()


def test_every_clause_is_complete(register):
    """A clause has lines, one sentence of our own and a status, and says why where it creates no plain rule."""
    for name, clause in register["clauses"].items():
        assert re.fullmatch(r"[A-Z]+[0-9]*(\.[0-9]+|\.poll|\.sum)*", name), name
        assert set(clause) == {"lines", "digest", "text", "status"} | STATUSES[clause["status"]], name
        words = [clause[key] for key in ("text", "reading", "why") if key in clause]
        assert all(word and not CHINESE.search(word) for word in words), name
        assert clause["text"].endswith("."), name


def test_the_register_follows_the_lines_of_the_source(register):
    """Lines lie within the source, run forwards, and never go back from one clause to the next."""
    before = 1
    for name, clause in register["clauses"].items():
        first, last = map(int, clause["lines"])
        assert before <= first <= last <= int(register["source"]["lines"]), name
        before = first


def test_every_citation_is_in_the_register(register, policy):
    """A rule that cites a clause nobody wrote down would cite nothing."""
    assert {clause for _, clause in citations(policy)} <= set(register["clauses"])


def test_what_is_cited_is_exactly_what_makes_rules(register, policy):
    """Every encoded or ambiguous clause has a rule that cites it; an advisory one has none."""
    made = {name for name, clause in register["clauses"].items() if clause["status"] != "advisory"}
    assert {clause for _, clause in citations(policy)} == made


def test_every_rule_cites_its_clause(policy):
    """Roles, phases, steps, duties, transitions, bands, outcomes and ledgers say where they come from."""
    moving = ("Phase", "Step", "Transition", "Outcome", "Band")
    kinds = (*moving, "Parameter", "Role", "Body", "Duty", "Ledger", "ItemClass")
    silent = [
        path
        for path, shape in walk(policy)
        if isinstance(shape, Shape)
        and type(shape).__name__.removesuffix("Spec").endswith(kinds)
        and not path.startswith(".defaults")
        and ".route." not in path
        and not shape.clause  # type: ignore[attr-defined]
    ]
    assert silent == []


def test_every_title_is_bilingual(policy):
    """What people read stands in English and in the words of the document."""
    texts = [(path, text) for path, text in walk(policy) if isinstance(text, Text)]
    assert len(texts) > 100
    assert [path for path, text in texts if set(text.texts) != {"en", "zh"}] == []


def test_the_policy_holds_no_house_rules(policy):
    """No reminder, ladder, grace, time limit, relief or year: the document has none."""
    lengths = {path for path, value in walk(policy) if isinstance(value, LengthPhrase)}
    assert lengths == set()
    for key in ("year", "waivers", "extensions", "delegation", "suspension", "recording", "make_up"):
        assert getattr(policy, key) is None, key


def test_silence_of_the_document_is_written_down(policy):
    """Whoever is heard may say nothing; the document gives no answer to that, so the policy invents none."""
    hearing = [step for _, step in walk(policy) if isinstance(step, OpinionStep)]
    assert len(hearing) == 2
    assert {(step.silence, step.asks) for step in hearing} == {("unstated", "office")}


def test_the_overlay_is_house_rules_and_cites_nothing_of_its_own(policy, operating):
    """An office cannot lend its own rules the weight of the document; a route it repeats keeps its citations."""
    assert [layer.house_rules for layer in read("operating.yaml").overlays] == [True]
    assert citations(operating) == citations(policy)


def test_the_overlay_leaves_nothing_unstated(policy, operating):
    """Where the document is silent, the office has decided."""
    assert [path for path, value in walk(policy) if value == "unstated"] != []
    assert [path for path, value in walk(operating) if value == "unstated"] == []
