# One word for each thing that is done here. Each makes .venv and installs into it when pyproject.toml has changed.
#
#   make run     starts the monitor            make test    lint, types, all tests
#   make demo    a tour on sample feeds        make lint    ruff, mypy
#   make long    the tests that take minutes   make bench   speed and memory
#
# The plain commands beneath: python3 -m venv .venv; .venv/bin/pip install -c constraints.txt -e '.[test]'

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST ?= -n 2

.PHONY: run demo test lint types long bench format clean
.DEFAULT_GOAL := help

help:
	@sed -n '3,5s/^#//p' Makefile

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "no venv: on Debian and Ubuntu, apt install python3-venv" >&2; exit 1; }

# what the monitor needs
.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install --quiet -c constraints.txt -e .
	@touch $@

# and what its tests need
.venv/installed-test: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install --quiet -c constraints.txt -e '.[test]'
	@touch $@ .venv/installed

run: .venv/installed
	$(BIN)/monitor run

demo: .venv/installed
	$(BIN)/monitor demo

test: lint
	$(BIN)/python -m pytest -m 'not long' $(PYTEST)

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

long: .venv/installed-test
	$(BIN)/python -m pytest -m long --timeout 1800

bench: .venv/installed-test
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/memory.py

format: .venv/installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
