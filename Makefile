# `make help` lists what there is. Everything runs in .venv, which `setup` builds from the hashed lock file.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin

# Where it is set, every process would compile all that it imports anew: half of what a worker takes to start.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo env test lint bench soak lock generate

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/ready ## the environment, from requirements.lock

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Groundswell needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (1.5 GB on disk; a minute or two the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## watch a launch being counted; make demo ARGS="--duration 20s --exit"
	@$(BIN)/groundswell demo $(ARGS)

env: ## passwords for docker compose, into .env; make env ARGS="--brokers 3"
	@$(PYTHON) -m deploy.compose_env $(ARGS)

test: setup ## tests on real engines; make test ARGS="-k duplicates"; the long ones: make test ARGS="-m long"
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup ## what CI checks beside the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m schemas --check
	$(BIN)/python -m streams.reference --check
	$(BIN)/python -m dashboards --check

generate: setup ## rewrite the files that follow from declarations
	$(BIN)/python -m schemas
	$(BIN)/python -m streams.reference
	$(BIN)/python -m dashboards

lock: setup ## resolve requirements.lock anew (needs uv)
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
		--generate-hashes --quiet --no-header --output-file requirements.lock
	uv pip compile pyproject.toml --extra alerts --extra page --group image --constraints requirements.lock --universal \
		--python-version 3.11 --generate-hashes --quiet --no-header --output-file deploy/images/requirements.lock

bench: setup ## the benchmark's table, within a quarter of an hour; make bench ARGS="--contenders raw flink"
	@$(BIN)/python -m benchmarks $(ARGS)

soak: setup ## faults for as long as asked: make soak ARGS="--minutes 60 --seed 1"
	@$(BIN)/python -m tests.faults.soak $(ARGS)
