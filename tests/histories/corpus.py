"""Kept histories: every command of the example programmes, and the head of the chain that each run must end with.

A run is decided at its level for ever (R20): a later version that decides one of these commands otherwise, writes one
byte of an entry otherwise, or cannot read it, has changed what a pinned run means.

``python -m tests.histories.corpus`` records the histories of this version into ``level1/``, one file an example. That
is done for a new example or a new language level, and never to make a test pass. A file is gzipped JSON lines: plans,
then commands in the order in which they were carried out, then heads.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import json
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import attrs

import phaseflow.engine.desk as desks
from phaseflow.engine import Refused, texts
from phaseflow.engine.answers import Kept
from phaseflow.engine.plans import PlanShelf, read_plan, write_plan
from phaseflow.stores import codec
from phaseflow.stores.base import HeadQuery, PersonalValue
from phaseflow.stores.memory import MemoryStore

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDER = Path(__file__).parent / "level1"


class Recorder:
    """Notes every command that is not itself a consequence of one, while an example runs."""

    def __init__(self) -> None:
        self.plans: dict[str, str] = {}
        self.lines: list[dict[str, Any]] = []
        self.heads: dict[str, tuple[int, str]] = {}
        self._depth = 0
        self._execute = desks.Desk.execute

    @contextlib.contextmanager
    def recording(self) -> Iterator[Recorder]:
        recorder = self
        numbers = itertools.count(1)

        def execute(self: Any, tx: Any, run: Any, command: Any, plan: Any, personal: Any) -> Any:
            recorder._depth += 1
            try:
                if recorder._depth == 1:
                    recorder._note(run, command, plan, personal)
                return recorder._execute(self, tx, run, command, plan, personal)
            finally:
                recorder._depth -= 1
                head = tx.head(run)
                if head is not None:
                    recorder.heads[run] = (head.seq, head.chain)

        with (
            mock.patch.object(desks.Desk, "execute", execute),
            mock.patch("uuid.uuid4", side_effect=lambda: mock.Mock(hex=f"id{next(numbers)}")),
            mock.patch("secrets.token_hex", side_effect=lambda _n: f"{next(numbers):032d}"),
        ):
            yield self

    def _note(self, run: str, command: Any, plan: Any, personal: Any) -> None:
        if plan is not None:
            self.plans.setdefault(plan.digest, write_plan(plan))
        bare = attrs.evolve(command, event=None) if hasattr(command, "event") else command
        self.lines.append({
            "run": run, "command": codec.encode(bare), "plan": plan.digest if plan is not None else "",
            "personal": [attrs.asdict(value) for value in personal],
        })  # fmt: skip

    def write(self, file: Path) -> None:
        """Write it all; the same history gives the same bytes."""
        lines = [{"plan": digest, "text": text} for digest, text in sorted(self.plans.items())]
        lines += self.lines
        lines += [{"head": run, "seq": seq, "chain": chain} for run, (seq, chain) in sorted(self.heads.items())]
        text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
        file.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def replay(file: Path) -> dict[str, tuple[tuple[int, str], tuple[int, str]]]:
    """Decide a kept history anew; by run, the head that was kept and the head that came out."""
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).decode().splitlines()]
    plans = {line["plan"]: read_plan(line["text"]) for line in lines if "text" in line}
    kept = {line["head"]: (line["seq"], line["chain"]) for line in lines if "head" in line}
    shelf, store = PlanShelf(), MemoryStore()
    desk = desks.Desk(shelf, {})
    for plan in plans.values():
        shelf.hold(plan)
    for line in lines:
        if "command" in line:
            _carry_out(store, desk, line, plans.get(line["plan"]))
    with store.transaction(write=False) as tx:
        found = {head.run: (head.seq, head.chain) for head in tx.heads(HeadQuery())}
    return {run: (kept.get(run, (0, "")), found.get(run, (0, ""))) for run in kept.keys() | found.keys()}


def _carry_out(store: Any, desk: Any, line: dict[str, Any], plan: Any) -> None:
    command = codec.decode(line["command"], texts.command_classes())
    personal = tuple(PersonalValue(**value) for value in line["personal"])
    with contextlib.suppress(Refused), store.transaction() as tx:
        if plan is not None:
            desk.plans.keep(tx, plan)
        with contextlib.suppress(Kept):  # refused; what was due was processed all the same
            desk.execute(tx, line["run"], command, plan, personal)


def record(example: Path) -> Recorder:
    """Run an example's script and note what it does."""
    recorder = Recorder()
    script = example / "run.py"
    with recorder.recording(), contextlib.redirect_stdout(io.StringIO()), mock.patch.object(sys, "argv", [str(script)]):
        sys.path.insert(0, str(example))
        try:
            runpy.run_path(str(script), run_name="__main__")
        finally:
            sys.path.remove(str(example))
    return recorder


def main() -> None:
    """Record every example that has a script."""
    FOLDER.mkdir(exist_ok=True)
    for script in sorted(EXAMPLES.glob("*/run.py")):
        recorder = record(script.parent)
        file = FOLDER / f"{script.parent.name}.jsonl.gz"
        recorder.write(file)
        sys.stdout.write(f"{file.name}: {len(recorder.lines)} commands, {len(recorder.heads)} runs\n")


if __name__ == "__main__":
    main()
