"""The register of a source document: its numbered statements, and which of them the policy must cite.

Here is what may be written in the file that ``clauses:`` names; comparing it with a policy is the affair of the rules
in `clauses`. A statement with a *digest* was looked at when its rule was written: if its text changes later, the rule
has to be looked at again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

import attrs

from phaseflow.spec.duties import doc
from phaseflow.spec.shape import Shape, Text, shape

DIGEST_LENGTH = 12
"""Signs of a SHA-256 that a register keeps of a text."""


@shape
class SourceSpec(Shape):
    """The document itself."""

    file: str | None = attrs.field(default=None, metadata=doc("Name of the file."))
    lines: int | None = attrs.field(default=None, metadata=doc("How many lines it has.", minimum=1))
    title: Text | None = attrs.field(default=None, metadata=doc("What it is called."))


@shape
class ClauseSpec(Shape):
    """One statement of the source document."""

    lines: tuple[int, ...] = attrs.field(default=(), metadata=doc("First and last line in the source."))
    status: Literal["encoded", "advisory", "ambiguous"] = attrs.field(
        metadata=doc("A rule says it; it creates no rule; or it can be read in several ways.")
    )
    text: Text = attrs.field(metadata=doc("What it says."))
    why: Text | None = attrs.field(default=None, metadata=doc("Why it creates no rule, or needs a reading."))
    reading: Text | None = attrs.field(default=None, metadata=doc("What the policy does with it."))
    digest: str | None = attrs.field(
        default=None, metadata=doc("First 12 signs of the SHA-256 of the text that the rule was written for.")
    )

    @property
    def present(self) -> str:
        """The digest of the text as it stands now."""
        return hashlib.sha256(str(self.text).encode()).hexdigest()[:DIGEST_LENGTH]


@shape
class Register(Shape):
    """A register of clauses."""

    source: SourceSpec = attrs.field(factory=SourceSpec, metadata=doc("Where the statements stand."))
    clauses: Mapping[str, ClauseSpec] = attrs.field(metadata=doc("The statements, by their numbers."))
