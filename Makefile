# One set of commands for people and for CI. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
# Address options for the torch download alone, for example a CPU or a CUDA index of your choice; see README.md.
TORCH_PIP_ARGS ?=
# Options for every other download, for example a mirror near you.
PIP_ARGS ?=
PORT ?= 8000
DATA ?= .data
VECTORS ?= tests/vectors
# Where `make corpus` and `make eval-pack` write; each has a folder of its own when this is empty.
OUT ?=
# Of `make corpus`: the language, and hours of it.
SPOKEN ?= en
HOURS ?= 1
# The longest first, so that the processes that share them end together.
TESTS ?= tests/chaos tests/e2e tests/contract tests/unit
JOBS ?= 2
# Of `make chaos`: what is broken follows from the seed (docs/reliability.md).
SEED ?= 1
FAULTS ?= 200
# What `make eval-pack` measures: speakers (all when empty), folders with more of them, and the pack.
SPEAKERS ?=
EVAL_DATA ?=
PACK ?= packs/mini
QUALITY ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off
# The stamp's name holds a digest of everything that decides what is installed: nothing changed, nothing to do.
KEY := $(shell cat pyproject.toml constraints.txt requirements-nodeps.txt deploy/local/setup.sh | sha256sum | cut -c1-16)
STAMP := $(VENV)/.voiceloom-$(KEY)
JUDGES := $(VENV)/.voiceloom-judges-$(shell sha256sum requirements-eval.txt | cut -c1-16)
BROWSER := $(VENV)/.voiceloom-browser-$(shell cat requirements-ui.txt deploy/local/ui.sh | sha256sum | cut -c1-16)

.PHONY: help setup test test-ui screenshots lint format demo up corpus protos protos-check parity bench chaos fuzz eval-pack studio clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP)  ## Create .venv and install the pinned dependencies (once)

$(STAMP):
	PYTHON="$(PYTHON)" VENV="$(VENV)" TORCH_PIP_ARGS="$(TORCH_PIP_ARGS)" PIP_ARGS="$(PIP_ARGS)" deploy/local/setup.sh
	@rm -f $(VENV)/.voiceloom-*
	@touch $@

up: setup  ## Start the whole stack for use: make up PORT=8000 DATA=.data
	exec $(BIN)/voiceloom up --port $(PORT) --data $(DATA) $(ARGS)

demo: setup  ## Train a voice from the sample recording and check every step of it
	$(BIN)/voiceloom demo

test: setup  ## Run the tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(TESTS)

test-ui: setup $(BROWSER)  ## Test the studio page in a browser (installs Playwright, and Chromium where it is missing)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/ui

screenshots: setup $(BROWSER)  ## Renew the pictures of the studio page in docs/pictures (trains a voice)
	$(BIN)/python -m tests.ui.pictures

$(BROWSER): | $(STAMP)
	VENV="$(VENV)" PIP_ARGS="$(PIP_ARGS)" deploy/local/ui.sh
	@touch $@

lint: setup  ## Check style, types, imports, protos and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir .import_linter_cache
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code
	$(BIN)/python -m deploy.local.protos --check
	$(BIN)/codespell

format: setup  ## Format the code and the protos
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/buf format --write

protos: setup  ## Generate protos/gen from protos/voiceloom
	$(BIN)/python -m deploy.local.protos

protos-check: setup  ## Fail unless protos/gen is what the protos generate
	$(BIN)/python -m deploy.local.protos --check

parity: setup  ## Compare the models with the test vectors: make parity VECTORS=tests/vectors
	$(BIN)/python -m services.voice.parity $(VECTORS)

chaos: setup  ## Prove that nothing is lost while a stack is being broken: make chaos SEED=1 FAULTS=200
	$(BIN)/python -m tests.chaos --seed $(SEED) --faults $(FAULTS) $(ARGS)

bench: setup $(BROWSER)  ## Measure the figures of docs/benchmarks.md (wants an idle machine)
	$(BIN)/python -m tests.bench $(ARGS)

fuzz: setup  ## Feed bad recordings to the upload decoder: make fuzz SECONDS=3600 SEED=1
	$(BIN)/python -m tests.fuzz.decoder --seconds $(or $(SECONDS),60) --seed $(or $(SEED),1) --out $(or $(OUT),.data/fuzz) $(ARGS)

eval-pack: setup $(JUDGES)  ## Train and measure voices: make eval-pack SPEAKERS="a b" EVAL_DATA=folder QUALITY=fast
	$(BIN)/python -m eval.pack --pack $(PACK) --out $(or $(OUT),eval-output) --quality "$(QUALITY)" \
	  --speakers $(SPEAKERS) --data $(EVAL_DATA) $(ARGS)

$(JUDGES): | $(STAMP)
	$(PIP) --quiet --only-binary=:all: $(PIP_ARGS) --no-deps -r requirements-eval.txt
	@touch $@

corpus: setup  ## Make synthetic speech for pretraining: make corpus SPOKEN=en|zh HOURS=1 OUT=.data/corpus
	VENV="$(VENV)" PIP_ARGS="$(PIP_ARGS)" deploy/local/corpus.sh $(SPOKEN) .data/corpus-parts
	$(BIN)/python -m services.training.synthetic --language $(SPOKEN) --hours $(HOURS) --out $(or $(OUT),.data/corpus) \
	  --parts .data/corpus-parts --jobs $(JOBS)

studio:  ## Bundle the studio page into gateway/static/studio (needs Node; the bundle is committed)
	cd studio && npm ci --no-audit --no-fund && npm run --silent check && npm run --silent build

clean:  ## Remove .venv, caches and outputs; your data (.data) stays
	rm -rf $(VENV) demo-output eval-output .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
