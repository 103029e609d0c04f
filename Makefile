# One target for each thing a person does with the project; `make help` lists them.

PYTHON ?= python3
VENV := .venv
MODELS := cgan pix2pix g2gan
STAGES := ingest grayscale align landmarks augment refine train_fusion train_transfer evaluate \
	train_fusion_plus train_transfer_plus evaluate_fet_plus \
	$(MODELS:%=train_%) $(MODELS:%=evaluate_%)
GRIDS := lambda cycle mu normalisation g2gan-identity
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST) | sort

.PHONY: demo
demo: env ## train the paper's model and FET+ on the data sets of params.yaml, at first the demo faces
	$(BIN)/fet run

.PHONY: tables
tables: env ## what `make demo` makes, the baselines too, the full tables, metrics/report.html
	$(BIN)/fet run --baselines
	$(BIN)/fet report

.PHONY: experiments
experiments: env ## run the grids of experiments/ on the demo faces
	for name in $(GRIDS); do $(BIN)/fet sweep experiments/$$name.yaml || exit $$?; done
	$(BIN)/fet report

.PHONY: london
london: env ## the full tables and experiments on real photographs: make london LONDON=path/to/london
	for set in london london-256; do \
		run() { $(BIN)/fet "$$@" --dataset $$set --params metrics/$$set/params.yaml || exit $$?; }; \
		for stage in ingest grayscale align landmarks; do run $$stage --root "$(LONDON)"; done; \
		run augment; run refine --root "$(LONDON)"; \
		for stage in train-fusion train-transfer evaluate; do run $$stage; done; \
		for stage in train-fusion-plus train-transfer-plus; do run $$stage; done; \
		run evaluate --row fet-plus; \
		for model in $(MODELS); do \
			run train-baseline --model $$model; run evaluate --row $$model; \
		done; \
		run compare; \
	done; \
	for grid in normalisation-london fet-plus; do \
		$(BIN)/fet sweep experiments/$$grid.yaml --root "$(LONDON)" || exit $$?; \
	done

.PHONY: weights
weights: env ## train the shipped weights again: make weights LONDON=path/to/london
	run() { $(BIN)/fet "$$@" --params metrics/shipped/params.yaml || exit $$?; }; \
	for set in ckplus rafd london; do \
		place="--out data/parts/$$set"; root=; \
		[ $$set = london ] && root="--root $(LONDON)"; \
		run ingest --dataset $$set $$place $$root; place="--in data/parts/$$set $$place"; \
		for stage in grayscale align landmarks; do run $$stage --dataset $$set $$place $$root; done; \
		run augment --dataset $$set $$place; run refine --dataset $$set $$place $$root; \
	done; \
	$(BIN)/fet merge data/parts/ckplus data/parts/rafd data/parts/london --out data/merged; \
	run train-fusion-plus --dataset merged --metrics metrics/shipped; \
	run train-transfer-plus --dataset merged --metrics metrics/shipped; \
	run export --dataset merged --out fet_core/weights/fet-plus-small.safetensors

.PHONY: latency
latency: env ## measure how long the shipped weights take for a picture
	$(BIN)/python benchmarks/latency.py

.PHONY: quality
quality: env ## score the shipped weights on the data sets that were run: make quality SETS="rafd london"
	$(BIN)/python benchmarks/quality.py $(SETS:%=data/%)

.PHONY: readme
readme: env ## bring the tables and pictures of README and docs/ in step with metrics/
	$(BIN)/fet readme

.PHONY: test
test: env ## run the default test suite
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

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
	@# A folder is ours where one of its stages has left its note: raw data may lie in data/ too.
	for set in data/*/; do \
		if test -f "$$set"augment/kind.json || test -f "$$set"ingest/kind.json; then \
			for stage in $(STAGES); do rm -rf "$$set$$stage"; done; \
		fi; \
	done
	rm -rf data/parts data/sweeps checkpoints
