# make up · down · test · check · e2e · bench. Everything lives in .venv; nothing is installed elsewhere but what
# the tests need from Debian, and that only as root.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python

# Real clusters wait more than they compute: three at once on two cores. A file's tests stay together and share clusters.
PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: up down status test check e2e bench clean

up: .venv/ready
	@$(BIN)/sampan up --no-hint
	@$(RUN) examples/guestbook/install.py

down: .venv/ready
	@$(BIN)/sampan down

status: .venv/ready
	@$(BIN)/sampan status

test: .venv/dev
	@tools/install-test-needs
	@$(RUN) -m pytest -q $(PARALLEL) $(TESTS)

check: .venv/dev
	@$(BIN)/ruff check platform plugins addons tests tools examples
	@$(BIN)/ruff format --check platform plugins addons tests tools examples
	@$(BIN)/mypy platform/sampan $(wildcard plugins/sampan_*) $(wildcard addons/sampan_*)
	@$(BIN)/lint-imports

e2e: .venv/dev
	@tools/install-test-needs
	@$(RUN) -m pytest -q $(PARALLEL) tests/e2e

bench: .venv/dev
	@$(RUN) tests/bench $(BENCH)

clean:
	rm -rf .venv build dist *.egg-info .cache .pytest_cache .mypy_cache .ruff_cache

.venv/bin/python:
	@echo "making a virtual environment in .venv"
	@$(PYTHON) -m venv .venv

.venv/ready: .venv/bin/python setup.cfg
	@echo "installing sampan and what it needs into .venv"
	@$(RUN) -m pip install -q --disable-pip-version-check -e .
	@touch $@

.venv/dev: .venv/bin/python setup.cfg
	@echo "installing sampan and its development tools into .venv"
	@$(RUN) -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@ .venv/ready
