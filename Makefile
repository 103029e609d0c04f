# One target for each thing a person does with the project; `make help` lists them.

PYTHON ?= python3
VENV := .venv
STAGES := ingest grayscale align landmarks augment train_fusion train_transfer
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | expand -t 18

.PHONY: demo
demo: env ## run the whole pipeline on the demo faces, print the tables and where the figures are
	$(BIN)/dvc repro
	$(BIN)/fet show

.PHONY: london
london: env ## run every stage on real photographs: make london LONDON=path/to/london
	for stage in ingest grayscale align landmarks augment train-fusion train-transfer evaluate; do \
		$(BIN)/fet $$stage --dataset london --params metrics/london/params.yaml \
			$$(case $$stage in (ingest|grayscale|align|landmarks) echo --root "$(LONDON)";; esac) \
			|| exit $$?; \
	done

.PHONY: readme
readme: env ## bring the README's tables in step with metrics/
	$(BIN)/fet show --readme README.md

.PHONY: test
test: env ## run the default test suite
	$(BIN)/python -m pytest

.PHONY: test-slow
test-slow: env ## run the tests that take minutes each
	$(BIN)/python -m pytest -m slow

.PHONY: lint
lint: env ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: env
env: $(VENV)/.installed ## make the environment, pinned by requirements.lock

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "FET needs Python 3.11 or newer; say make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.PHONY: env-synthesis
env-synthesis: env ## add what renders demo faces (needs EGL: Debian's libegl1 libgl1-mesa-dri)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-synthesis.lock

.PHONY: clean
clean: ## remove stage outputs and checkpoints; sources, metrics and the environment stay
	rm -rf $(foreach stage,$(STAGES),data/*/$(stage)) checkpoints
