# `make` alone lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install demo test test-all lint unit bench schema pages screenshots lock clean

PYTHON ?= python3
VENV := .venv
RUN := PATH="$(CURDIR)/$(VENV)/bin:$(CURDIR)/node_modules/.bin:$$PATH" VIRTUAL_ENV="$(CURDIR)/$(VENV)"

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

install: $(VENV)/.installed node_modules/.installed ## install what is needed, into this folder

.bootstrap/.installed: tools/bootstrap.txt
	@echo "== installing pipenv into .bootstrap/"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .bootstrap
	@.bootstrap/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tools/bootstrap.txt
	@touch $@

# PIPENV_IGNORE_VIRTUALENVS: a shell in which another environment is active must not receive our packages.
$(VENV)/.installed: .bootstrap/.installed Pipfile Pipfile.lock
	@echo "== installing the Python packages of Pipfile.lock into .venv/"
	@PIPENV_VENV_IN_PROJECT=1 PIPENV_IGNORE_VIRTUALENVS=1 PIPENV_VERBOSITY=-1 \
	  .bootstrap/bin/pipenv --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" sync --dev
	@echo "== compiling bytecode (saves a second at each synth)"
	@$(VENV)/bin/python -m compileall -q -j 0 $(VENV)/lib >/dev/null || true
	@touch $@

node_modules/.installed: package.json package-lock.json
	@echo "== installing cdktf-cli into node_modules/"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

demo: install ## a federation in a sandbox, deployed, proven and taken down again
	@$(RUN) python -m wizard demo

test: install ## linters, types, unit, stack and end-to-end tests
	@$(MAKE) --no-print-directory -j 2 lint unit

test-all: install ## the same, with the slow tests that prove breadth, and more examples of each property
	@$(MAKE) --no-print-directory -j 2 lint unit TESTS=--hypothesis-profile=breadth

lint: install ## linters and types
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) lint-imports --no-cache
	@$(RUN) mypy
	@$(RUN) python tools/words.py

# Which tests: those of 'make test'.
TESTS := -m "not breadth" --hypothesis-profile=quick

unit: install
	@$(RUN) python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(TESTS) $(PYTEST)

bench: install ## measure how long a synth takes; writes docs/performance.md
	@$(RUN) python -m bench $(BENCH)

schema: install ## write clusters/cluster.schema.json from the models
	@$(RUN) python -m federation.model.schema

pages: install ## write docs/doctor-codes.md and docs/lint-codes.md from the rules
	@$(RUN) python -m doctor.pages
	@$(RUN) python -m review.lint.page

screenshots: install ## make the README's pictures of the terminal app
	@$(RUN) PYTHONPATH=.:tests/wizard/tui python tools/screenshots.py

lock: .bootstrap/.installed ## resolve Pipfile into Pipfile.lock
	@.bootstrap/bin/python tools/lock.py

clean: ## remove what was installed and generated here (never state/)
	@rm -rf .venv .bootstrap node_modules cdktf.out .mypy_cache .pytest_cache .ruff_cache
