"""Sphinx settings. Nothing is fetched from anywhere: no intersphinx, no fonts and no scripts from other hosts."""

from importlib.metadata import version as _version

project = "phaseflow"
author = "the phaseflow authors"
release = version = _version("phaseflow")

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
suppress_warnings = ["misc.highlighting_failure"]  # a shown output is no program text

html_theme = "furo"
html_title = "phaseflow"
html_copy_source = False
html_show_sphinx = False
