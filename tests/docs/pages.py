"""Running the documentation: the blocks of one page, in order, in one folder, and what they print.

- A block whose first line is ``# NAME.yaml`` (or ``.toml``) is written to that file; for other files the comment
  ``<!-- file: NAME -->`` stands above the block.
- ``python`` blocks share one namespace. In ``sh`` blocks every ``phaseflow`` line is a call of the command line and
  ``export NAME=VALUE`` sets its environment.
- A ``text`` block right behind one that ran is what it printed; a line ``...`` in it stands for any lines.
- ``<!-- not run: WHY -->`` above a block leaves it alone.

``python -m tests.docs.pages PAGE...`` runs pages and writes what they print into their ``text`` blocks.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
from click.testing import CliRunner

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```(?P<lang>[^\n]*)\n(?P<text>(?:.*\n)*?)```$", re.M)
_ABOVE = re.compile(r"<!-- (?P<what>file|not run): (?P<value>.+) -->\n\Z")
_FILE = re.compile(r"# (\S+\.(?:yaml|toml))\n")
_DIGEST = re.compile(r"\b[0-9a-f]{12}\b")
WRITTEN = ("yaml", "toml", "csv", "json")


@attrs.frozen(kw_only=True)
class Block:
    """One fenced block: *line* is where its fence stands, *start* and *end* where its text lies in the page."""

    line: int
    lang: str
    text: str
    start: int
    end: int
    file: str = ""
    not_run: str = ""


class Mismatch(AssertionError):
    """A page does not do what it says."""


def pages() -> list[Path]:
    """Every page that is written by hand."""
    found = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
    return [ROOT / "README.md", *found]


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page."""
    found = []
    for match in _FENCE.finditer(text):
        above = _ABOVE.search(text[: match.start()])
        marks = {above["what"]: above["value"]} if above else {}
        named = _FILE.match(match["text"])
        file = marks.get("file", named[1] if named else "")
        found.append(Block(
            line=text.count("\n", 0, match.start()) + 1, lang=match["lang"], text=match["text"],
            start=match.start("text"), end=match.end("text"), file=file, not_run=marks.get("not run", ""),
        ))  # fmt: skip
    return found


def plain(text: str) -> list[str]:
    """Lines to compare: without trailing blanks, digests left out."""
    return [_DIGEST.sub("<digest>", line.rstrip()) for line in text.strip("\n").split("\n")]


def fits(shown: list[str], printed: list[str]) -> bool:
    """Whether what is shown is what was printed; a line ``...`` stands for any lines."""
    if not shown:
        return not printed
    if shown[0] == "...":
        return any(fits(shown[1:], printed[at:]) for at in range(len(printed) + 1))
    return bool(printed) and shown[0] == printed[0] and fits(shown[1:], printed[1:])


@attrs.define
class Page:
    """One page while it runs."""

    path: Path
    folder: Path
    names: dict[str, Any] = attrs.field(factory=lambda: {"__name__": "page"})
    environment: dict[str, str] = attrs.field(factory=dict)

    def run(self) -> Iterator[tuple[Block, str]]:
        """Run every block; (the block that shows an output, what was printed) for each that does."""
        printed: str | None = None
        for block in blocks(self.path.read_text(encoding="utf-8")):
            if block.not_run or block.lang.startswith("{"):  # a directive of Sphinx
                printed = None
            elif block.lang == "text":
                if printed is None:
                    raise Mismatch(f"{self.where(block)}: nothing ran right before this output")
                yield block, printed
                printed = None
            elif block.lang in WRITTEN:
                if not block.file:
                    raise Mismatch(f"{self.where(block)}: name the file in the first line, or say why it is not run")
                (self.folder / block.file).write_text(block.text, encoding="utf-8")
                printed = None
            elif block.lang in ("python", "sh"):
                printed = self.python(block) if block.lang == "python" else self.shell(block)
            else:
                raise Mismatch(f"{self.where(block)}: '{block.lang}' blocks are not known here; say why it is not run")

    def where(self, block: Block) -> str:
        return f"{self.path.relative_to(ROOT)}:{block.line}"

    def python(self, block: Block) -> str:
        code = compile("\n" * block.line + block.text, str(self.path), "exec")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(code, self.names)
        return out.getvalue()

    def shell(self, block: Block) -> str:
        from phaseflow.cli import main

        out = ""
        for line in block.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if not words:
                continue
            if words[0] == "export":
                name, _, value = words[1].partition("=")
                self.environment[name] = value
            elif words[0] == "phaseflow":
                found = CliRunner().invoke(main, words[1:], env=self.environment)
                if found.exception is not None and not isinstance(found.exception, SystemExit):
                    raise found.exception
                if found.exit_code == 2:
                    raise Mismatch(f"{self.where(block)}: {line}\n{found.output}")
                out += found.output
            else:
                raise Mismatch(f"{self.where(block)}: '{words[0]}' is not run here; say why")
        return out


def check(path: Path, folder: Path) -> None:
    """Run a page in *folder*.

    Raises:
        Mismatch: What it shows is not what it does.
    """
    page = Page(path, folder)
    for block, printed in page.run():
        if not fits(plain(block.text), plain(printed)):
            raise Mismatch(f"{page.where(block)} shows\n{block.text}and this was printed:\n{printed}")


def update(path: Path, folder: Path) -> None:
    """Run a page and put what it prints where it shows it."""
    text = path.read_text(encoding="utf-8")
    shift = 0
    try:
        for block, printed in Page(path, folder).run():
            if fits(plain(block.text), plain(printed)):
                continue
            new = "\n".join(line.rstrip() for line in printed.strip("\n").split("\n")) + "\n"
            text = text[: block.start + shift] + new + text[block.end + shift :]
            shift += len(new) - (block.end - block.start)
    finally:  # what ran before a fault is worth seeing
        path.write_text(text, encoding="utf-8")


def _main() -> None:
    for name in sys.argv[1:]:
        path = Path(name).resolve()
        here = Path.cwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                update(path, Path(folder))
            finally:
                os.chdir(here)


if __name__ == "__main__":
    _main()
