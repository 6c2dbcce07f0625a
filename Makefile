# `make` lists the commands. `make demo` and `make test` need only Python 3.11, git and make:
# tools/setup.sh brings the rest, and takes a moment when nothing is missing.

BIN := .venv/bin
ON_SCREEN := tools/virtual_display.sh
AT_ONCE := -n logical --maxprocesses 4 --dist loadgroup

# A Linux machine with neither X nor Wayland: draw on a virtual screen and keep the pictures.
ifeq ($(shell uname -s)$(DISPLAY)$(WAYLAND_DISPLAY),Linux)
DEMO := $(ON_SCREEN) $(BIN)/slitseg demo --screenshots demo && ls demo/*
else
DEMO := $(BIN)/slitseg demo
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench clean

help:  ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## Create .venv with everything in it (the others do this by themselves)
	@PYTHON="$(PYTHON)" tools/setup.sh

demo: setup  ## Open napari on a sample image with its slits found (no screen: pictures in demo/)
	$(DEMO)

test: lint  ## Every check: style, types, layers, tests (make test ARGS="-k points")
	$(ON_SCREEN) $(BIN)/python -m pytest $(AT_ONCE) $(ARGS)

lint: setup  ## Style, types and layers only
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: setup  ## Run the benchmarks, one file for each claim
	@status=0; for file in benchmarks/[!_]*.py; do \
		echo "== $$file"; $(ON_SCREEN) $(BIN)/python "$$file" || status=1; done; exit $$status

clean:  ## Remove .venv, caches, builds and the demo's pictures
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		build dist demo src/*.egg-info
	find src tests -name __pycache__ -prune -exec rm -rf {} +
