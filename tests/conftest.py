"""Settings for all tests: no deadlines, because machines are shared and a slow second is no fault."""

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("phaseflow.testing.store_laws")  # the shipped laws fail with values, like our own tests

def pytest_terminal_summary(terminalreporter):
    """Say whether the documents behind the examples were at hand; no test is skipped where they are not."""
    from tests.examples.sources import sources

    folder = sources()
    terminalreporter.write_line(f"source documents of the examples: {folder or 'not at hand, not checked'}")


settings.register_profile("phaseflow", deadline=None)
settings.load_profile("phaseflow")
