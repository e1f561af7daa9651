"""Settings for all tests: no deadlines, because machines are shared and a slow second is no fault."""

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("phaseflow.testing.store_laws")  # the shipped laws fail with values, like our own tests

settings.register_profile("phaseflow", deadline=None)
settings.load_profile("phaseflow")
