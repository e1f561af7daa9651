"""Settings for all tests: no deadlines, because machines are shared and a slow second is no fault."""

from hypothesis import settings

settings.register_profile("phaseflow", deadline=None)
settings.load_profile("phaseflow")
