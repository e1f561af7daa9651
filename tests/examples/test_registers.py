"""Every example that stands for a document: each rule is traced to its clause, and the document is still the same."""

import re
from pathlib import Path

import pytest
from tests.examples.sources import EXAMPLES, sources, traced_examples

from phaseflow.cli.trace import read_both, traced
from phaseflow.spec.shape import Text

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("name", ["policy.yaml", "operating.yaml"])
@pytest.mark.parametrize("example", traced_examples())
def test_an_example_is_strict_clean(example, name):
    """Nothing is cited that nobody wrote down, nothing demanded is left out, and the source is as it was encoded.

    Where the source documents are not at hand, the trace says so and claims nothing about them.
    """
    reading, register = read_both(str(EXAMPLES / example / name))
    folder = sources()
    found = traced(reading, register, None if folder is None else str(folder), None)
    assert [str(one) for one in found.findings] == []
    expected = "not checked" if folder is None else f"{register.result().source.file}, unchanged"
    assert found.source == expected


@pytest.mark.parametrize("example", traced_examples())
def test_a_register_is_stamped_and_in_our_own_words(example):
    """Each clause has a digest, is one or two sentences long, and copies no words of the document."""
    _, register = read_both(str(EXAMPLES / example / "policy.yaml"))
    for name, clause in register.result().clauses.items():
        assert clause.digest, name
        words = [clause.text, clause.reading or "", clause.why or ""]
        assert not any(CHINESE.search(word) for word in words), name
        assert clause.text.endswith("."), name


@pytest.mark.parametrize("example", traced_examples())
def test_titles_are_in_both_languages(example):
    """What people read stands in English and in the words of the document; house rules have no document."""
    from phaseflow.analysis.citing import walk

    reading, _ = read_both(str(EXAMPLES / example / "policy.yaml"))
    for path, shape, _ in walk(reading.result()):
        for key in shape.spans:
            value = getattr(shape, key, None)
            texts = value if isinstance(value, tuple) else (value,)
            for text in texts:
                assert not isinstance(text, Text) or set(text.texts) == {"en", "zh"}, f"{path}.{key}"


def test_a_policy_of_an_example_has_no_house_rules():
    """The plan alone stands in policy.yaml; what an office adds is marked in operating.yaml."""
    for example in traced_examples():
        reading, _ = read_both(str(EXAMPLES / example / "policy.yaml"))
        assert not any(overlay.house_rules for overlay in reading.overlays), example
        over, _ = read_both(str(EXAMPLES / example / "operating.yaml"))
        assert over.overlays[0].house_rules, example


def test_where_the_sources_are_looked_for(tmp_path, monkeypatch):
    """The variable wins; a folder that is not there is no folder."""
    monkeypatch.setenv("PHASEFLOW_SOURCES", str(tmp_path))
    assert sources() == tmp_path
    monkeypatch.setenv("PHASEFLOW_SOURCES", str(tmp_path / "nowhere"))
    assert sources() is None
    monkeypatch.delenv("PHASEFLOW_SOURCES")
    assert sources() is None or Path(sources()).is_dir()  # type: ignore[arg-type]
