"""What is remembered of a policy's mutants: who noticed each, and which ones nobody did.

The file is small and sorted, one line a mutant, so that it can be committed beside the scenarios and its changes read.
Reading takes text, and writing gives it: files are the caller's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

import phaseflow
from phaseflow.spec.shape import EMPTY
from phaseflow.testing.mutation.trial import Verdict
from phaseflow.testing.scenarios.reader import find


@attrs.frozen(kw_only=True)
class Memory:
    """What is known of the mutants of one policy, by their names.

    *noticed* gives the scenario that noticed each, *unnoticed* the digest of each that none did. *asked* stands for the
    scenarios and the engine of that time: while it is the same, and the digest too, the answer is.
    """

    asked: str = ""
    noticed: Mapping[str, str] = EMPTY
    unnoticed: Mapping[str, str] = EMPTY


def asked(files: Iterable[Path]) -> str:
    """A short digest of the scenarios beside some files, and of the engine's own source."""
    hashed = hashlib.sha256()
    folders = {path.parent for path in files}
    source = Path(phaseflow.__file__).parent
    for path in (*find(tuple(sorted(folders))), *sorted(source.rglob("*.py"))):
        hashed.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()[:16]


def read(text: str) -> dict[str, Memory]:
    """The memories of a file, by policy; what is no such memory counts as none."""
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    rows = told.items() if isinstance(told, dict) else ()
    return {name: _memory(row) for name, row in rows if isinstance(row, dict)}


def _memory(row: Mapping[str, Any]) -> Memory:
    return Memory(
        asked=str(row.get("asked", "")), noticed=_words(row.get("noticed")), unnoticed=_words(row.get("unnoticed"))
    )


def _words(told: Any) -> Mapping[str, str]:
    rows = told.items() if isinstance(told, dict) else ()
    return {name: word for name, word in rows if isinstance(word, str)}


def write(known: Mapping[str, Memory]) -> str:
    """The text of a file of memories."""
    told = {name: attrs.asdict(memory, recurse=False) for name, memory in known.items()}
    return json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False, default=dict) + "\n"


def remember(before: Memory, verdicts: Iterable[Verdict], key: str, names: Collection[str]) -> Memory:
    """The memory after some verdicts; of mutants that were not tried this time nothing is forgotten while *key* holds.

    Args:
        before: What was known.
        verdicts: What became of the mutants that were tried.
        key: What `asked` gives now.
        names: All mutants that there are now; others are forgotten.
    """
    verdicts = tuple(verdicts)
    left = set(names) - {one.mutant.name for one in verdicts}
    noticed = {name: by for name, by in before.noticed.items() if name in left}
    unnoticed = {name: by for name, by in before.unnoticed.items() if name in left and before.asked == key}
    noticed |= {one.mutant.name: one.by for one in verdicts if one.fate == "killed"}
    unnoticed |= {one.mutant.name: one.digest for one in verdicts if one.fate == "survived"}
    return Memory(asked=key, noticed=noticed, unnoticed=unnoticed)
