# make up · down · test · check · e2e · soak · bench · docs · wheel · lock · audit · test-lowest. Everything lives in .venv and .cache; nothing is
# installed elsewhere but what the tests need from Debian, and that only as root. Versions are those of requirements/.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
PIP := $(RUN) -m pip install -q --disable-pip-version-check

# Compiled modules are kept: each of the many processes of a test run would else compile a thousand of them again.
unexport PYTHONDONTWRITEBYTECODE

# Three at once keep two cores busy; a fourth would be one more collection and one more set of clusters.
# A file's tests stay together and share clusters.
PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: up down status test check e2e soak bench docs wheel lock audit test-lowest clean

up: $(VENV)/ready
	@$(BIN)/sampan up --no-hint
	@$(RUN) examples/guestbook/install.py

down: $(VENV)/ready
	@$(BIN)/sampan down

status: $(VENV)/ready
	@$(BIN)/sampan status

test: $(VENV)/dev
	@tools/install-test-needs $(RUN)
	@$(RUN) -m pytest -q $(PARALLEL) $(TESTS)

check: $(VENV)/dev
	@$(BIN)/ruff check platform plugins addons tests tools examples
	@$(BIN)/ruff format --check platform plugins addons tests tools examples
	@$(BIN)/mypy $(wildcard platform/sampan*) $(wildcard plugins/sampan_*) $(wildcard addons/sampan_*)
	@$(RUN) tools/lint-imports

e2e: $(VENV)/dev
	@tools/install-test-needs $(RUN)
	@$(RUN) -m pytest -q $(PARALLEL) tests/e2e

# A million of what make test asks ten thousand of, from other seeds each day unless SEED says which.
SEED ?= $(shell date +%j0)
soak: $(VENV)/dev
	@for turn in 0 1 2 3 4 5 6 7 8 9; do \
		FUZZ_SEED=$$(($(SEED) + turn)) FUZZ_COUNT=100000 FUZZ_EXAMPLES=20 $(RUN) -m pytest -q tests/fuzz || exit 1; \
	done

bench: $(VENV)/dev
	@$(RUN) tests/bench $(BENCH)

# What is generated in docs/: the kinds of compatibility.md, the tables of settings.md, and README's pictures.
docs: $(VENV)/dev
	@$(RUN) tools/make_compatibility.py
	@$(RUN) tools/make_settings.py
	@$(RUN) tools/make_pictures.py

# A wheel with the dashboard's full terminal in it (tools/browser-scripts wants npm); `pip wheel .` makes one without.
wheel: $(VENV)/dev
	@tools/browser-scripts
	@$(RUN) -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w dist .

# What is installed changes by this command alone.
lock:
	@PYTHON=$(PYTHON) tools/upkeep lock

audit:
	@PYTHON=$(PYTHON) tools/upkeep audit

# The tests without real clients and machines, with the oldest versions that setup.cfg admits.
test-lowest:
	@PYTHON=$(PYTHON) tools/upkeep lowest

clean:
	rm -rf .venv build dist *.egg-info .cache .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; old = sys.version_info < (3, 11); \
		sys.exit(old and "sampan needs Python 3.11 or newer, and %s is %s; name another: make up PYTHON=python3.12" \
		% (sys.executable, sys.version.split()[0]))'
	@echo "making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }  # half of one would pass for a whole one the next time

$(VENV)/ready: $(VENV)/bin/python setup.cfg requirements/run.txt
	@echo "installing sampan and what it needs into $(VENV)"
	@$(PIP) --require-hashes -r requirements/run.txt
	@rm -rf sampan.egg-info  # one that another tool left would hide the entry points of what is installed now
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: $(VENV)/bin/python setup.cfg requirements/dev.txt
	@echo "installing sampan and its development tools into $(VENV)"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@rm -rf sampan.egg-info  # one that another tool left would hide the entry points of what is installed now
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/ready
