"""Explanations in words, in several languages: the same data as `why`, `why_not` and `what_would_it_take` give.

One file a language (``en.toml``, ``zh.toml``) holds every text; the modules here only choose and fill them. Nothing of
a policy or of what somebody sent is ever read as a template.
"""

from phaseflow.prose.answers import doing, what_would_it_take, why, why_not
from phaseflow.prose.catalogue import LANGUAGES, Catalogue, catalogue
from phaseflow.prose.names import Names

__all__ = ["LANGUAGES", "Catalogue", "Names", "catalogue", "doing", "what_would_it_take", "why", "why_not"]
