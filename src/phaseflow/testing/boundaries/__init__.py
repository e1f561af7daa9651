"""Boundaries: the values and instants at which a policy changes its answer, and which of them no scenario pins."""

from phaseflow.testing.boundaries.edges import boundaries
from phaseflow.testing.boundaries.model import Boundary
from phaseflow.testing.boundaries.pinned import Pinning, pin

__all__ = ["Boundary", "Pinning", "boundaries", "pin"]
