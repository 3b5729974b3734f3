# himaya: every target sets up what it needs by itself. Debian 12 with Python 3.11 is enough to begin.
#
#   make setup        .venv with the `himaya` command
#   make demo         a small social site, its honest crowd and its scrapers, without and with himaya
#   make test         everything; installs Debian packages when root or with SYSTEM=1, else names them
#   make test-fast    the tests that need no system package and little time
#   make soak         the property tests with many more cases, and random ones
#   make acceptance   what regulators expect, line by line: runs tests/acceptance, writes docs/acceptance.md
#   make lint         style, types, and the rule who may import whom
#   make bench-speed  himaya against a bare responder and against GoAccess
#   make bench-gate   himaya's doors against nginx alone: requests a second, waiting, memory; writes docs/benchmarks.md
#   make bench-ledger the ledger at 100 million rows: bytes a row, questions, erasing; ARGS="--rows 1000000" to try
#   make bench-people the whole matrix of `himaya bench`: people lost and people harmed; writes docs/benchmarks.md
#   make bench-notices 100,000 notices of one case, from the ledger to a mail server; ARGS="--people 2000 --runs 1" to try
#   make wheel        a wheel with the core compiled to C; the fast tests on it, and what it gains
#   make lock         the lock files in requirements/, from pyproject.toml
#   make clean        removes what the targets made

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The interpreter that builds .venv, and words handed on: make test ARGS="-k ledger", make demo ARGS=--once
PYTHON ?= $(shell tools/find_python.sh)
ARGS ?=
# Tests are shared out by file among this many processes; WORKERS=0 runs them in one.
WORKERS ?= 2
export PYTHON

BIN := .venv/bin
PYTEST := $(BIN)/pytest --numprocesses $(WORKERS) --dist loadscope
# pip is told nothing about where packages come from; that is the machine's setting.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.PHONY: help setup demo test test-fast acceptance soak lint bench-speed bench-gate bench-ledger bench-people bench-notices wheel lock clean

help:
	@sed -n 's/^#   //p' Makefile

setup: .venv/ready

# Hashes pin what is installed; himaya itself is built by the locked backend, so nothing else is fetched.
# Modules are compiled when first imported: that halves the time of a first `make demo`.
.venv/ready: requirements/dev.txt pyproject.toml
	@test -x $(BIN)/pip || { tools/system.sh setup; "$(PYTHON)" -m venv .venv; }
	@echo "setup: installing the locked packages into .venv"
	@$(PIP) install --quiet --no-compile --require-hashes --requirement requirements/dev.txt
	@$(PIP) install --quiet --no-compile --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "setup: done; the command is $(BIN)/himaya"

demo: setup
	$(BIN)/himaya demo $(ARGS)

test: setup
	@tools/system.sh test
	$(PYTEST) $(ARGS)

test-fast: setup
	$(PYTEST) -m "not slow and not system" $(ARGS)

# The page is written also when a test failed: it says so then.
acceptance: setup
	@mkdir -p build
	@$(PYTEST) tests/acceptance --junitxml build/acceptance.xml $(ARGS) || failed=$$?; \
	$(BIN)/python tools/acceptance.py build/acceptance.xml; exit $${failed:-0}

soak: setup
	@tools/system.sh test
	HIMAYA_SOAK=1 $(PYTEST) --timeout 3600 $(ARGS)

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench-speed: setup
	@tools/system.sh bench-speed
	$(BIN)/python tools/bench_speed.py $(ARGS)

bench-gate: setup
	@tools/system.sh bench-gate
	@mkdir -p build
	$(BIN)/python tools/bench_gate.py $(or $(ARGS),--json build/gate.json --page)

bench-ledger: setup
	$(BIN)/python tools/bench_ledger.py $(ARGS)

bench-notices: setup
	$(BIN)/python tools/bench_notices.py $(ARGS)

# The result is kept beside the report, so that the page can be made again without playing again.
bench-people: setup
	@mkdir -p build
	$(BIN)/himaya bench --json --report build/bench.html $(ARGS) >build/bench.json
	$(BIN)/himaya bench --vary --json >build/variations.json
	$(BIN)/himaya bench --ablate --json >build/ablation.json
	$(BIN)/python tools/bench_page.py build/bench.json build/variations.json build/ablation.json

# The same source, compiled by mypyc; ARGS go to tools/wheel/try_wheel.py, such as ARGS=--no-tests.
wheel: setup
	@tools/system.sh wheel
	@rm -rf dist build/compiled
	HATCH_BUILD_HOOK_ENABLE_CUSTOM=true $(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	$(BIN)/python tools/wheel/try_wheel.py dist/*.whl $(ARGS)
	@echo "wheel: $$(ls dist/*.whl)"

lock:
	tools/lock.sh

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests tools examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
