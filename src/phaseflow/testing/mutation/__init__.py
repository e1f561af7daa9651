"""Mutation of policies: what would scenarios not notice if the policy said something else?"""

from phaseflow.testing.mutation.operators import Mutant, mutants
from phaseflow.testing.mutation.trial import Verdict, known_as, reached, score, try_mutants

__all__ = ["Mutant", "Verdict", "known_as", "mutants", "reached", "score", "try_mutants"]
