# phaseflow: `make demo` and `make test` set up all they need; nothing else has to be installed first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo examples test check lint types docs fuzz soak clean

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

examples: $(READY) ## run the programmes of all examples, end to end on SQLite
	@for script in examples/*/run.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

test: $(READY)  ## run the tests
	$(BIN)/python -m pytest -m "not slow" -n auto

lint: $(READY)  ## ruff
	$(BIN)/ruff check src tests examples docs benchmarks

types: $(READY) ## mypy --strict
	$(BIN)/mypy

check: $(READY) ## all tests, lint, types, the documentation and 10,000 mutated policies
	$(BIN)/python -m pytest -n auto --timeout 300
	$(MAKE) --no-print-directory lint types docs fuzz

docs: $(READY)  ## build the documentation into docs/_build/html, offline
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html

fuzz: $(READY)  ## mutate policies and see each accepted whole or refused in its place
	$(BIN)/python tests/fuzz/fuzz_policies.py --files $${FUZZ_FILES:-10000}

soak: $(READY)  ## kill writers, relays and servers at random for SOAK_SECONDS (240), and check that nothing is lost
	$(BIN)/python tests/soak/harness.py

clean:          ## remove what make made
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis docs/_build .demo
