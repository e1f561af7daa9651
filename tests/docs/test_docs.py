"""The documentation runs, its links lead somewhere, and the tests it names are there."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, Mismatch, blocks, check, fits, pages

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<text>.+)$", re.M)
_TEST = re.compile(r"`(test_\w+)`")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [path for path in pages() if path.name != "README.md"], ids=_name)
def test_every_block_of_a_page_runs_and_prints_what_is_shown(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python and shell blocks run in order in one folder; every output that is shown was printed."""
    monkeypatch.chdir(tmp_path)
    check(path, tmp_path)


def test_a_page_that_shows_something_else_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner of the pages can fail: a wrong output, an output of nothing, a block nobody can run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tests.docs.pages.ROOT", tmp_path)
    page = tmp_path / "page.md"
    for text in (
        "```python\nprint(1)\n```\n```text\n2\n```\n",
        "words\n\n```text\n2\n```\n",
        "```python\nx = 1\n```\n```text\n2\n```\n",
        "```yaml\na: 1\n```\n",
        "```sh\nrm -r x\n```\n",
        "```rust\nfn\n```\n",
    ):
        page.write_text(text, encoding="utf-8")
        with pytest.raises(Mismatch):
            check(page, tmp_path)


@pytest.mark.parametrize(
    ("shown", "fitting"), [("a\n...\nd", True), ("...\nd", True), ("a\n...", True), ("a\n...\nc", False), ("a", False)]
)
def test_dots_stand_for_any_lines(shown: str, fitting: bool) -> None:
    """A line of three dots stands for any number of lines, and for nothing else."""
    assert fits(shown.split("\n"), ["a", "b", "c", "d"]) is fitting


def test_what_is_not_run_says_why() -> None:
    """A block that is left alone gives its reason, and there are few of them."""
    found = (block for path in pages() for block in blocks(path.read_text("utf-8")))
    left = [block.not_run for block in found if block.not_run]
    assert all(len(why) > 10 for why in left)
    assert len(left) <= 6, left


@cache
def _anchors(path: Path) -> frozenset[str]:
    """The anchors of a page's headings, as MyST and GitHub make them."""
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.M | re.S)
    plain = (re.sub(r"[^\w\- ]", "", heading["text"].lower()) for heading in _HEADING.finditer(text))
    return frozenset(heading.replace(" ", "-") for heading in plain)


@pytest.mark.parametrize("path", [*pages(), ROOT / "CHANGELOG.md"], ids=_name)
def test_every_link_leads_somewhere(path: Path) -> None:
    """Links within the repository name a file that is there and a heading that it has."""
    text = re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.M | re.S))
    lost = []
    for match in _LINK.finditer(text):
        name, _, anchor = match["target"].partition("#")
        if "://" in name:
            continue
        target = (path.parent / name).resolve() if name else path
        if not target.is_file() or (anchor and anchor not in _anchors(target)):
            lost.append(match["target"])
    assert not lost


def test_every_page_is_in_the_index() -> None:
    """A page that no table of contents names is never found."""
    listed = set()
    for index in (DOCS / "index.md", DOCS / "decisions" / "index.md"):
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```$", index.read_text("utf-8"), re.M | re.S):
            lines = (line.strip() for line in tree.splitlines())
            listed |= {(index.parent / f"{line}.md").resolve() for line in lines if line and not line.startswith(":")}
    listed.add((DOCS / "index.md").resolve())
    assert {path.resolve() for path in pages() if DOCS in path.parents} == listed


@cache
def _tests_there_are() -> frozenset[str]:
    files = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "src" / "phaseflow" / "testing").rglob("*.py")]
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


@pytest.mark.parametrize(("page", "least"), [("concepts.md", 60), ("security.md", 30)])
def test_every_proof_that_is_named_is_there(page: str, least: int) -> None:
    """A law, a rule or a claim of safety that is said to be tried names tests that exist."""
    named = set(_TEST.findall((DOCS / page).read_text("utf-8")))
    assert len(named) >= least
    assert not named - _tests_there_are()


def test_every_claim_of_safety_has_its_test() -> None:
    """No row of the threat model stands without a test that tries it."""
    rows = re.findall(r"^\| (?!claim|---)(.+) \| (.+) \|$", (DOCS / "security.md").read_text("utf-8"), re.M)
    assert len(rows) > 15
    assert [claim for claim, tried in rows if not _TEST.search(tried)] == []


def test_every_law_and_rule_has_its_line_and_its_state() -> None:
    """Fourteen laws with their proofs, forty rules: proven by a test, built, or later."""
    text = (DOCS / "concepts.md").read_text("utf-8")
    laws = re.findall(r"^### (\d+)\. .+\n((?:(?!^#).*\n)*)", text, re.M)
    assert [int(number) for number, _ in laws] == list(range(1, 15))
    assert all(_TEST.search(body) for _, body in laws)
    rules = re.findall(r"^\| R(\d+) \| .+ \| (.+) \|$", text, re.M)
    assert [int(number) for number, _ in rules] == list(range(1, 41))
    for number, state in rules:
        assert re.match(r"proven: `test_|built|later", state), number
        assert ("proven" in state) == bool(_TEST.search(state)), number


def test_the_reference_of_the_language_is_up_to_date() -> None:
    """The committed page is what the classes say now; `python docs/generate.py` writes it anew."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.PAGE.read_text("utf-8") == generate.page()


@pytest.mark.slow
def test_sphinx_builds_without_a_warning(tmp_path: Path) -> None:
    """The documentation builds offline, with warnings as errors, and loads nothing from another host."""
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(DOCS), str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    built = "".join(page.read_text("utf-8") for page in tmp_path.rglob("*.html"))
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"https?://[^\"]+", built)
