"""Where the source documents of the examples lie, if they are there: they are not ours to keep in the repository."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def sources() -> Path | None:
    """The folder named by PHASEFLOW_SOURCES, else ``shared/seeds`` beside the checkout or one folder further up."""
    named = os.environ.get("PHASEFLOW_SOURCES")
    places = [Path(named)] if named else [folder / "shared" / "seeds" for folder in (ROOT.parent, ROOT.parents[1])]
    return next((place for place in places if place.is_dir()), None)


def traced_examples() -> list[str]:
    """The examples that encode a document."""
    return sorted(path.parent.name for path in EXAMPLES.glob("*/clauses.yaml"))
