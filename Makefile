# `make serve` and `make test` need Python 3.11+ and git, nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
SAMPLE = sample_corpora/insurance_claims
PORT ?= 8866
SERVE_FLAGS ?=
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup setup-test prepare serve lab test lint type architecture unit browser browser-install bench screenshots clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

# torch goes first and alone: resolved together with the rest, pip may bring a CUDA build of several gigabytes.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 -c constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

setup: $(VENV)/.installed ## virtual environment with everything pinned

setup-test: $(VENV)/.installed-test ## the same with the test tools

prepare: setup ## read and diagnose the sample case, so that its pages open at once
	$(BIN)/workbench intake $(SAMPLE)
	$(BIN)/workbench diagnose $(SAMPLE)

serve: prepare ## the notebooks in the browser, on http://127.0.0.1:$(PORT)
	$(BIN)/workbench serve --workspace cases --also sample_corpora --port $(PORT) $(SERVE_FLAGS)

lab: prepare ## the notebooks in JupyterLab
	$(BIN)/workbench lab --workspace cases --also sample_corpora

test: setup-test browser-install lint type architecture unit browser ## everything CI runs

lint: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: setup-test
	$(BIN)/mypy

architecture: setup-test
	$(BIN)/lint-imports

unit: setup-test ## unit tests, doctests, executed notebooks
	$(BIN)/pytest --doctest-modules workbench
	$(BIN)/pytest -n $(JOBS) --dist loadfile -m 'not browser' tests

browser-install: setup-test
	$(BIN)/python .ci/ensure_browser.py

browser: setup-test browser-install ## real-browser tests
	$(BIN)/pytest -m browser tests

bench: setup-test ## figures for speed and quality; needs the development data beside the checkout
	$(BIN)/python bench/retrieval_quality.py
	$(BIN)/python bench/encoding.py
	$(BIN)/python bench/bm25.py
	$(BIN)/python bench/retrieval_scale.py
	$(BIN)/python bench/train_reranker.py
	$(BIN)/python bench/few_labels.py
	$(BIN)/python bench/documents.py
	$(BIN)/python bench/log_lines.py
	$(BIN)/python bench/corpus_health.py
	$(BIN)/python bench/cache.py --questions ../shared/data/cache_banking77/queries.jsonl.gz --labelled ../shared/data/cache_banking77/queries.jsonl.gz
	$(BIN)/python bench/page_load.py

screenshots: setup-test prepare ## the pictures of the README
	$(BIN)/python bench/screenshots.py

clean: ## remove the environment and derived results; client files stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache $(SAMPLE)/.workbench
