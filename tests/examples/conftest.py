"""Takes the rules of a test's clauses out of its policy, where `test_capabilities.py` asks for it."""

import os

import pytest
from tests.examples.stripping import remove


@pytest.fixture(autouse=True)
def _rules_of_the_mark(request):
    mark = request.node.get_closest_marker("capability")
    clauses = mark.kwargs.get("clauses", ()) if mark is not None else ()
    remove(frozenset(clauses) if os.environ.get("PHASEFLOW_WITHOUT_RULES") else frozenset())
    yield
    remove(frozenset())
