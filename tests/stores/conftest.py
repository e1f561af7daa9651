"""Show the values of failed laws."""

import pytest

pytest.register_assert_rewrite("phaseflow.testing.store_laws")
