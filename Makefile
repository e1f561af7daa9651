# phaseflow: `make demo` and `make test` set up all they need; nothing else has to be installed first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types clean

help:           ## say what can be made
	@grep -E '^[a-z]+: .*##|^[a-z]+:  *##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort

setup: $(READY) ## make .venv and install phaseflow with its development tools into it

$(READY): pyproject.toml requirements/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "phaseflow needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python has no venv module; install it (Debian: apt-get install python3-venv) and run make again."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements/constraints.txt --editable '.[dev,docs]'
	@touch $@

demo: $(READY)  ## run a whole programme on SQLite in accelerated time
	@$(BIN)/python examples/district_campaign/run.py

test: $(READY)  ## run the tests
	$(BIN)/python -m pytest -m "not slow"

lint: $(READY)  ## ruff
	$(BIN)/ruff check src tests examples

types: $(READY) ## mypy --strict
	$(BIN)/mypy

check: $(READY) ## test, lint and types
	$(BIN)/python -m pytest
	$(MAKE) --no-print-directory lint types

clean:          ## remove what make made
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis docs/_build .demo
